//! `hsmboot lambda`: the function of AWS Lambda. Each event is a command, which runs as on the
//! command line.

mod allowed_ca;
mod answer;
mod child;
mod event;
mod members;
mod runtime_api;
mod settings;
mod stack;
mod stack_answer;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use serde_json::{Map, Value, json};

use super::ui::{CommandOutput, Ui};
use crate::bundle::Bundle;
use crate::bundle::archive::MAX_ARCHIVE;
use crate::error::{Class, Error, ErrorKind, FactName, Result, Retry};
use crate::fsio::{self, NewFile, ScratchDir};
use crate::x509::to_hex;
use answer::FunctionAnswer;
use child::{CommandEnd, run_command};
use event::{CommandOrder, EventCommand};
use runtime_api::{FunctionEvent, RuntimeApi};
use settings::FunctionSettings;
use stack::{StackAction, StackRequest};
use stack_answer::{StackAnswer, send_answer};

/// Answer events as a function of AWS Lambda (runtime provided.al2023)
#[derive(Debug, clap::Args)]
#[command(after_help = "\
AWS Lambda starts it, as the function's `bootstrap`. An event is a JSON object: {\"command\": \
\"plan\"}, or fetch, verify, sign, submit, bootstrap, status, with the command's options under \
their names, bundles and certificates as text. docs/runbooks/lambda.md has them all.

Examples:
  exec hsmboot lambda

Exit codes: it answers events until Lambda ends it; 2 it was started elsewhere, or a variable of \
the function says nothing known; 6 the Runtime API does not answer")]
pub struct Args {}

/// The time before the end at which a command has to give up by itself: it says then how far it
/// came.
const GIVE_UP_MARGIN: Duration = Duration::from_secs(3);

/// The time before the end in which a stack is told what came of its request.
const STACK_MARGIN: Duration = Duration::from_secs(10);

/// The pause before a claim for a stack is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(3);

pub(crate) fn run(ui: &Ui) -> Result<CommandOutput> {
    let api = RuntimeApi::from_env()?;
    let settings = match FunctionSettings::from_env() {
        Ok(settings) => settings,
        Err(error) => {
            api.refuse_start(&error);
            return Err(error);
        }
    };
    loop {
        let event = api.next_event()?;
        let begun = Instant::now();
        let answer = answer_event(&event, &settings, ui);
        ui.say(format!(
            "request {}: {} after {:.1} s",
            event.request_id,
            answer.word(),
            begun.elapsed().as_secs_f32()
        ));
        api.answer_event(&event.request_id, &answer)?;
    }
}

fn answer_event(event: &FunctionEvent, settings: &FunctionSettings, ui: &Ui) -> FunctionAnswer {
    let object = match read_event(&event.body) {
        Ok(object) => object,
        Err(error) => return error.into(),
    };
    match StackRequest::from_event(&object, settings) {
        Ok(None) => FunctionAnswer::from_end(run_event(&object, event, event.end, settings)),
        Ok(Some(request)) => answer_stack(&request, event, settings, ui),
        Err(error) => error.into(),
    }
}

/// Does what an event orders, until `end` at the latest.
fn run_event(
    object: &Map<String, Value>,
    event: &FunctionEvent,
    end: Instant,
    settings: &FunctionSettings,
) -> CommandEnd {
    CommandOrder::from_event(object, settings)
        .and_then(|order| run_order(&order, event, end))
        .unwrap_or_else(CommandEnd::from)
}

/// Does what a stack asks for, and answers it. Whatever came of it: the invocation has failed only
/// if the stack could not be told.
fn answer_stack(
    request: &StackRequest,
    event: &FunctionEvent,
    settings: &FunctionSettings,
    ui: &Ui,
) -> FunctionAnswer {
    let answer = match request.action {
        StackAction::Delete => StackAnswer::to_deletion(request),
        StackAction::Create | StackAction::Update => {
            StackAnswer::to_claim(request, &claim_for_stack(request, event, settings))
        }
    };
    ui.say(format!(
        "request {}: the stack is told {}",
        event.request_id,
        answer.status()
    ));
    let document = answer.to_document(request);
    match send_answer(&request.response_url, &document, event.end) {
        Ok(()) => FunctionAnswer::Result(document),
        Err(error) => error.into(),
    }
}

/// Claims the cluster. What passes by itself is tried again for as long as there is time.
fn claim_for_stack(
    request: &StackRequest,
    event: &FunctionEvent,
    settings: &FunctionSettings,
) -> CommandEnd {
    let bootstrap = match request.to_bootstrap_event() {
        Ok(bootstrap) => bootstrap,
        Err(error) => return error.into(),
    };
    let now = Instant::now();
    let left = event.end.saturating_duration_since(now);
    let left = request
        .service_timeout()
        .map_or(left, |limit| limit.min(left));
    let end = now + left.saturating_sub(STACK_MARGIN.min(left / 3));
    loop {
        let done = run_event(&bootstrap, event, end, settings);
        let left = end.saturating_duration_since(Instant::now());
        if !passes_by_itself(&done) || left <= AGAIN_AFTER + GIVE_UP_MARGIN {
            return done;
        }
        thread::sleep(AGAIN_AFTER);
    }
}

/// Tells whether the same command may succeed later.
fn passes_by_itself(end: &CommandEnd) -> bool {
    let retry = end.document.pointer("/error/retry").and_then(Value::as_str);
    let class = matches!(
        end.failure,
        Some(Class::Service | Class::Unfinished | Class::Interrupted)
    );
    class && retry == Some(Retry::SameCommand.name())
}

fn read_event(body: &[u8]) -> Result<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Error::new(
            ErrorKind::Usage,
            "the event is no JSON object",
            concat!(
                "an event is {\"command\": \"plan\", ...}: ",
                page!("runbooks/lambda.md")
            ),
        )),
    }
}

/// Runs a command in a directory of its own, which is gone afterwards.
fn run_order(order: &CommandOrder, event: &FunctionEvent, end: Instant) -> Result<CommandEnd> {
    let unique = to_hex(&super::random_octets::<8>()?);
    let scratch = ScratchDir::create(format!("hsmboot-{unique}"))?;
    let files: Vec<NewFile<'_>> = order
        .files
        .iter()
        .map(|(name, content)| NewFile {
            name: name.clone(),
            content,
            mode: 0o600,
            replace: false,
        })
        .collect();
    fsio::write_all(scratch.path(), &files)?;
    check_cluster(order, scratch.path())?;
    let left = end.saturating_duration_since(Instant::now());
    let words = order.words(left.saturating_sub(GIVE_UP_MARGIN).as_secs());
    let mut done = run_command(&words, scratch.path(), event.trace.as_deref(), end);
    put_bundle(&mut done, order, scratch.path())?;
    scratch.remove()?;
    Ok(done)
}

/// Refuses a bundle of another cluster than the event names.
fn check_cluster(order: &CommandOrder, dir: &Path) -> Result<()> {
    let (Some(cluster), Some(file)) = (&order.cluster, &order.bundle) else {
        return Ok(());
    };
    if !order.files.iter().any(|(name, _)| name == file) {
        return Ok(());
    }
    let bundle = Bundle::open(&dir.join(file))?;
    if *bundle.id() == cluster.id {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::AnotherCluster,
        format!(
            "the event names {}, and its bundle is {}'s",
            cluster.id,
            bundle.id()
        ),
        "send that cluster's own bundle; nothing was done",
    )
    .with_fact(FactName::ClusterId, cluster.id.as_str()))
}

/// Puts the bundle into the answer, in place of the path that the command gave it.
fn put_bundle(end: &mut CommandEnd, order: &CommandOrder, dir: &Path) -> Result<()> {
    let Some(document) = end.document.as_object_mut() else {
        return Ok(());
    };
    document.shift_remove("bundle");
    // What was kept aside is the event's own bundle, which its sender has; the copy goes with the
    // directory.
    document.shift_remove("kept_aside");
    let Some(file) = order
        .bundle
        .as_deref()
        .filter(|_| order.returns_bundle && end.failure.is_none())
    else {
        return Ok(());
    };
    let path = dir.join(file);
    if fsio::is_there(&path) {
        let content = fsio::read(&path, "the bundle", MAX_ARCHIVE)?;
        document.insert("bundle".to_owned(), json!(Base64::encode_string(&content)));
    }
    Ok(())
}
