//! The facts of an error: what stands in its sentence, for programs.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::outside::{Lines, OutsideText, shown_path};

macro_rules! fact_names {
    ($($fact:ident, $name:literal, $form:ident, $meaning:literal;)+) => {
        /// The name of a fact. docs/exit-codes.md lists every one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FactName {
            $(#[doc = $meaning] $fact,)+
        }

        impl FactName {
            /// Every name, as docs/exit-codes.md lists them.
            pub const ALL: &'static [FactName] = &[$(FactName::$fact,)+];

            /// The stable name, in snake_case: `cluster_id`.
            pub const fn name(self) -> &'static str {
                match self { $(FactName::$fact => $name,)+ }
            }

            /// What its values look like in JSON.
            pub const fn form(self) -> FactForm {
                match self { $(FactName::$fact => FactForm::$form,)+ }
            }

            /// What it says, as docs/exit-codes.md has it (Markdown).
            pub const fn meaning(self) -> &'static str {
                match self { $(FactName::$fact => $meaning,)+ }
            }
        }
    };
}

/// What the values of a fact look like in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactForm {
    /// A string in its shown form: nothing in it is obeyed by a terminal.
    Text,
    /// 64 hexadecimal digits.
    Sha256,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A list of strings.
    Texts,
}

impl FactForm {
    /// The form's name in docs/exit-codes.md.
    pub const fn name(self) -> &'static str {
        match self {
            FactForm::Text => "string",
            FactForm::Sha256 => "SHA-256",
            FactForm::Number => "number",
            FactForm::Flag => "boolean",
            FactForm::Texts => "strings",
        }
    }
}

fact_names! {
    ClusterId, "cluster_id", Text, "the cluster";
    HsmId, "hsm_id", Text, "the HSM";
    BackupId, "backup_id", Text, "the backup";
    State, "state", Text, "the state that the cluster, HSM or backup was seen in last, as the \
        service spells it";
    Target, "target", Text, "the state that was waited for, or asked for";
    File, "file", Text, "the file, or directory, that the message is about";
    Line, "line", Number, "the line of that file";
    Option, "option", Text, "the option of the command line";
    ConflictsWith, "conflicts_with", Texts, "the options that it cannot be used with";
    Missing, "missing", Texts, "what is missing: options, arguments, variables, numbers of codes";
    Variable, "variable", Text, "the variable of the environment";
    Member, "member", Text, "the member of an event, or the property of a stack's resource";
    Step, "step", Number, "the step of the transcript";
    CaKey, "ca_key", Text, "the CA's key in AWS KMS, as it was named";
    Role, "role", Text, "the role that was to be assumed";
    Token, "token", Text, "the PKCS#11 token";
    CaArn, "ca_arn", Text, "the CA in AWS Private CA";
    CertificateArn, "certificate_arn", Text, "the certificate in AWS Private CA";
    Cause, "cause", Text, "what the system says, or what reads the file or the value";
    Expected, "expected", Text, "what was expected; a SHA-256 is 64 hexadecimal digits";
    Found, "found", Text, "what was found instead, in the same form";
    Allowed, "allowed", Texts, "the values, or the names, that are allowed there";
    Limit, "limit", Number, "the most that is allowed, in the message's unit";
    Size, "size", Number, "what was found to be more; a file that is larger than the limit may not \
        have been read to its end";
    Checks, "checks", Texts, "the ids of the checks that failed";
    CaSha256, "ca_sha256", Sha256, "the fingerprint of the CA certificate that the operator named, \
        or that signs";
    CertificateSha256, "certificate_sha256", Sha256, "the fingerprint of the certificate that the \
        cluster is claimed with";
    CertificateSubject, "certificate_subject", Text, "its subject";
    CertificateIssuer, "certificate_issuer", Text, "its issuer";
    SignedCsrSha256, "signed_csr_sha256", Sha256, "the digest of the CSR that was signed";
    LiveCsrSha256, "live_csr_sha256", Sha256, "the digest of the CSR that the cluster has now";
    InitializeSent, "initialize_sent", Flag, "whether InitializeCluster was sent before";
    Sends, "sends", Number, "how often InitializeCluster was sent";
    WaitedSeconds, "waited_seconds", Number, "how long was waited";
    Action, "action", Text, "the API's name of the call that failed";
    Endpoint, "endpoint", Text, "where that call went: the endpoint, or region and account";
    ServiceCode, "service_code", Text, "the service's error code";
    ServiceMessage, "service_message", Text, "the service's own words";
}

impl Serialize for FactName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The value of a fact.
///
/// Text is kept in its shown form, as in a message: whatever it was made of, no terminal obeys it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FactValue(Value);

impl FactValue {
    /// The value in JSON.
    pub const fn as_json(&self) -> &Value {
        &self.0
    }

    /// Whether there is nothing to tell: such a fact is left out.
    pub(super) fn is_absent(&self) -> bool {
        self.0.is_null()
    }
}

impl From<Lines> for FactValue {
    fn from(text: Lines) -> Self {
        FactValue(Value::String(text.as_str().to_owned()))
    }
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        Lines::from(text).into()
    }
}

impl From<String> for FactValue {
    fn from(text: String) -> Self {
        Lines::from(text).into()
    }
}

impl From<&String> for FactValue {
    fn from(text: &String) -> Self {
        Lines::from(text).into()
    }
}

impl From<&OutsideText> for FactValue {
    fn from(text: &OutsideText) -> Self {
        text.to_string().into()
    }
}

impl From<&Path> for FactValue {
    fn from(path: &Path) -> Self {
        shown_path(path).into()
    }
}

impl From<u64> for FactValue {
    fn from(number: u64) -> Self {
        FactValue(number.into())
    }
}

impl From<u32> for FactValue {
    fn from(number: u32) -> Self {
        FactValue(number.into())
    }
}

impl From<usize> for FactValue {
    fn from(number: usize) -> Self {
        FactValue(number.into())
    }
}

impl From<bool> for FactValue {
    fn from(flag: bool) -> Self {
        FactValue(flag.into())
    }
}

impl<T: Into<FactValue>> From<Vec<T>> for FactValue {
    fn from(values: Vec<T>) -> Self {
        FactValue(values.into_iter().map(|value| value.into().0).collect())
    }
}

impl<T: Into<FactValue>> From<Option<T>> for FactValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(FactValue(Value::Null), Into::into)
    }
}
