//! An event becomes a command line: what it may not say is refused before anything is done.

mod command;
mod values;

pub(super) use command::EventCommand;
use serde_json::{Map, Value};
use values::{
    check_key_in_aws, form_error, places_of_key, read_bundle, read_cluster, read_number, read_text,
    read_texts, usage_error,
};

use super::allowed_ca::check_ca;
use super::members::{EventMember, EventWaiver, MemberForm};
use super::settings::FunctionSettings;
use crate::aws::ConnectOptions;
use crate::cloudhsm::ClusterName;
use crate::error::{Error, ErrorKind, FactName, Result};
use crate::outside::shown_text;

/// A command to run, as an event ordered it.
#[derive(Clone, Debug)]
pub(super) struct CommandOrder {
    pub(super) command: EventCommand,
    options: Vec<String>,
    arguments: Vec<String>,
    /// The files that it reads, which lie in its directory.
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// The cluster, where the event names one alone.
    pub(super) cluster: Option<ClusterName>,
    /// The same, as the event has it: an id or an ARN.
    cluster_text: Option<String>,
    /// The bundle's file, where the command has one.
    pub(super) bundle: Option<String>,
    /// Whether the bundle belongs into the answer.
    pub(super) returns_bundle: bool,
    /// Whether the command has a limit of its own for its time.
    takes_timeout: bool,
}

impl CommandOrder {
    /// Reads an event.
    ///
    /// # Errors
    /// Class `Usage`: a member that is unknown, not this command's, of another form, or not
    /// allowed by the function's environment; `ca-not-allowed`: a CA that it does not allow. Class
    /// `Input`: a bundle that is no base64; a `ca` that is no certificate, where it matters which.
    pub(super) fn from_event(
        event: &Map<String, Value>,
        settings: &FunctionSettings,
    ) -> Result<Self> {
        let command = read_command(event)?;
        for (name, _) in given_members(event) {
            if !EventMember::all_of(command).any(|member| member.name == name) {
                return Err(refused_member_error(command, name));
            }
        }
        let mut order = CommandOrder {
            command,
            options: Vec::new(),
            arguments: Vec::new(),
            files: Vec::new(),
            cluster: None,
            cluster_text: None,
            bundle: None,
            returns_bundle: false,
            takes_timeout: false,
        };
        let mut content = None;
        let mut region = None;
        for member in EventMember::all_of(command) {
            let Some(value) = event.get(member.name).filter(|value| !value.is_null()) else {
                continue;
            };
            check_allowed(member, settings)?;
            check_operator(member, value, settings)?;
            match member.form {
                MemberForm::Cluster => {
                    order.cluster = Some(read_cluster(member, value)?);
                    order.cluster_text = value.as_str().map(str::to_owned);
                }
                MemberForm::Bundle => content = Some(read_bundle(member, value)?),
                MemberForm::Region => region = Some(read_text(member, value)?.to_owned()),
                _ => order.add_member(member, value)?,
            }
        }
        if command.acts_for_owner() {
            check_ca(command, event, settings.ca_fingerprints())?;
        }
        order.place_cluster(region)?;
        order.returns_bundle =
            command.changes_bundle() || event.get("record") == Some(&Value::Bool(true));
        order.place_bundle(content)?;
        order.takes_timeout = match command {
            EventCommand::Plan | EventCommand::Submit | EventCommand::Bootstrap => true,
            // AWS Private CA is waited for; a key is not.
            EventCommand::Sign => event.get("ca_arn").is_some_and(|arn| !arn.is_null()),
            EventCommand::Fetch | EventCommand::Verify | EventCommand::Status => false,
        };
        if matches!(command, EventCommand::Submit | EventCommand::Bootstrap) {
            order.options.push("--yes".to_owned());
        }
        Ok(order)
    }

    /// Returns the words of the command line, for a command that has this many seconds.
    pub(super) fn words(&self, seconds: u64) -> Vec<String> {
        let mut words = vec!["--output=json".to_owned(), self.command.name().to_owned()];
        words.extend_from_slice(&self.options);
        if self.takes_timeout {
            words.push(format!("--timeout={seconds}"));
        }
        words.push("--".to_owned());
        words.extend_from_slice(&self.arguments);
        words
    }

    fn add_member(&mut self, member: &EventMember, value: &Value) -> Result<()> {
        let option = member.option();
        match member.form {
            MemberForm::Flag => match value {
                Value::Bool(true) => self.options.push(option),
                Value::Bool(false) => {}
                _ => return Err(form_error(member, "true or false")),
            },
            MemberForm::Text => {
                let text = read_text(member, value)?;
                self.options.push(format!("{option}={text}"));
            }
            MemberForm::Texts => {
                for text in read_texts(member, value)? {
                    self.options.push(format!("{option}={text}"));
                }
            }
            MemberForm::Number => {
                let number = read_number(member, value)?;
                self.options.push(format!("{option}={number}"));
            }
            MemberForm::KmsKey => {
                let text = read_text(member, value)?;
                check_key_in_aws(member, text)?;
                self.options.push(format!("{option}={text}"));
            }
            MemberForm::Certificate => {
                let text = read_text(member, value)?;
                self.add_file(&option, format!("{}.crt", member.name), text);
            }
            MemberForm::Certificates => {
                for (at, text) in read_texts(member, value)?.into_iter().enumerate() {
                    let number = at + 1;
                    self.add_file(&option, format!("{}-{number}.crt", member.name), text);
                }
            }
            MemberForm::Clusters => {
                let names = read_texts(member, value)?;
                self.arguments.extend(names.into_iter().map(str::to_owned));
            }
            MemberForm::Cluster | MemberForm::Bundle | MemberForm::Region => {}
        }
        Ok(())
    }

    fn add_file(&mut self, option: &str, name: String, text: &str) {
        self.options.push(format!("{option}={name}"));
        self.files.push((name, text.as_bytes().to_vec()));
    }

    /// Names the cluster, its account and the region. The region that an ARN says is the command's.
    fn place_cluster(&mut self, region: Option<String>) -> Result<()> {
        let offline = matches!(self.command, EventCommand::Verify | EventCommand::Sign);
        let own = self
            .cluster
            .as_ref()
            .and_then(|name| name.region.clone())
            .filter(|_| !offline);
        let region = match own {
            Some(own) => {
                let given = ConnectOptions {
                    region,
                    ..ConnectOptions::default()
                };
                given.in_region(&own)?.region
            }
            None => region,
        };
        if let Some(region) = region {
            self.options.push(format!("--region={region}"));
        }
        match (&self.cluster, self.command) {
            // As it was given: the command compares an ARN's account with the credentials'.
            (Some(_), EventCommand::Plan) => self.arguments.extend(self.cluster_text.clone()),
            (Some(_), EventCommand::Fetch | EventCommand::Bootstrap | EventCommand::Status) => {
                let text = self.cluster_text.as_deref().unwrap_or_default();
                self.options.push(format!("--cluster-id={text}"));
            }
            (Some(name), EventCommand::Submit) => {
                let account = name.account.as_ref();
                self.options
                    .extend(account.map(|account| format!("--account={account}")));
            }
            (None, command) if command.works_on_cluster() => {
                let what = "`cluster` is the cluster's id or its ARN";
                return Err(missing_member_error(command, "cluster", what));
            }
            _ => {}
        }
        Ok(())
    }

    /// Puts the bundle into a file, and names that.
    fn place_bundle(&mut self, content: Option<Vec<u8>>) -> Result<()> {
        let command = self.command;
        if !command.works_on_bundle() && !command.works_on_cluster() {
            return Ok(());
        }
        let stem = match &self.cluster {
            Some(name) => name.id.as_str(),
            None => "bundle",
        };
        let file = format!("{stem}{}", crate::bundle::SUFFIX);
        match (command.works_on_bundle(), &content) {
            (true, None) => {
                let what = "`bundle` is the one-file bundle in base64, as `fetch` answered it";
                return Err(missing_member_error(command, "bundle", what));
            }
            (true, Some(_)) => self.arguments.push(file.clone()),
            (false, _) => self.options.push(format!("--bundle={file}")),
        }
        if let Some(content) = content {
            self.files.push((file.clone(), content));
        }
        self.bundle = Some(file);
        Ok(())
    }
}

/// Returns the members that say something.
fn given_members(event: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    event
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, value)| *name != "command" && !value.is_null())
}

fn read_command(event: &Map<String, Value>) -> Result<EventCommand> {
    let names = || -> Vec<&str> { EventCommand::ALL.iter().map(|one| one.name()).collect() };
    let usage = |message: String| {
        Error::new(
            ErrorKind::Usage,
            message,
            format!(
                "an event's member `command` is one of {}",
                names().join(", ")
            ),
        )
        .with_fact(FactName::Member, "command")
        .with_fact(FactName::Allowed, names())
    };
    let named = match event.get("command") {
        None | Some(Value::Null) => return Err(usage("the event names no `command`".to_owned())),
        Some(Value::String(named)) => named,
        Some(_) => return Err(usage("the event's `command` is no text".to_owned())),
    };
    EventCommand::ALL
        .into_iter()
        .find(|command| command.name() == named)
        .ok_or_else(|| {
            usage(format!("`{}` is no command of an event", shown_text(named)))
                .with_fact(FactName::Found, named)
        })
}

/// Returns the error for a member that the command does not take.
fn refused_member_error(command: EventCommand, name: &str) -> Error {
    let message = format!("a `{command}` event has no member `{}`", shown_text(name));
    let (told, name) = (name, name.to_ascii_lowercase());
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["passphrase", "password", "secret", "pin"]) && !has(&["fingerprint"]) {
        return usage_error(
            message,
            format!(
                "no secret may be in an event, and none is needed: {}",
                places_of_key()
            ),
        )
        .with_fact(FactName::Member, told);
    }
    if has(&["endpoint", "profile", "insecure"]) {
        return usage_error(
            message,
            "the function's environment says where calls go to (AWS_ENDPOINT_URL and the like)",
        )
        .with_fact(FactName::Member, told);
    }
    let members: Vec<&str> = EventMember::all_of(command)
        .map(|member| member.name)
        .collect();
    usage_error(message, format!("it takes: {}", members.join(", ")))
        .with_fact(FactName::Member, told)
        .with_fact(FactName::Allowed, members)
}

fn missing_member_error(command: EventCommand, name: &str, what: &str) -> Error {
    usage_error(
        format!("a `{command}` event needs the member `{name}`"),
        what,
    )
    .with_fact(FactName::Missing, vec![name])
}

fn check_allowed(member: &EventMember, settings: &FunctionSettings) -> Result<()> {
    let Some(waiver) = member.waiver.filter(|waiver| !settings.allows(*waiver)) else {
        return Ok(());
    };
    let what = match waiver {
        EventWaiver::Roots => "name roots to trust: they are the program's own, or the function's",
        EventWaiver::Accept => "accept a check that fails",
        EventWaiver::Unverified => "go on without the proof of the HSM",
        EventWaiver::CaFromBundle => "go on without the proof of the owner",
        EventWaiver::PlainResponse => "be answered by plain HTTP",
    };
    Err(usage_error(
        format!("`{}`: no event of this function may {what}", member.name),
        format!(
            "whoever deploys the function allows it with the word {} in the variable {}",
            waiver.word(),
            super::settings::ALLOW_VARIABLE
        ),
    )
    .with_fact(FactName::Member, member.name))
}

/// Refuses another operator than the function's environment names.
fn check_operator(member: &EventMember, value: &Value, settings: &FunctionSettings) -> Result<()> {
    let told = settings.operator().filter(|_| member.name == "operator");
    match told {
        Some(own) if value.as_str() != Some(own) => Err(usage_error(
            "the event's `operator` is another than the function's environment names",
            format!(
                "leave `operator` out: {} in the function's environment says who does the steps",
                super::settings::OPERATOR_VARIABLE
            ),
        )
        .with_fact(FactName::Member, member.name)),
        _ => Ok(()),
    }
}
