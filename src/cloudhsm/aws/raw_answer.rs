//! The JSON of an answer, kept beside the SDK's own reading of it: the SDK ignores members that its
//! model does not know.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_cloudhsmv2::types;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context as stage;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::{Map, Value};

use crate::cloudhsm::other_members::OtherMembers;

/// An interceptor that keeps the last answer to one call. It is asked for the answer when the call
/// is over.
///
/// The size of the answer is bounded: [`crate::aws`] reads no answer beyond a length and a number
/// of values.
#[derive(Clone, Default)]
pub(super) struct AnswerRecorder(Arc<Mutex<Value>>);

impl fmt::Debug for AnswerRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Intercept for AnswerRecorder {
    fn name(&self) -> &'static str {
        "Kept"
    }

    fn read_before_deserialization(
        &self,
        context: &stage::BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An answer that is no JSON is the SDK's matter.
        let answer = context
            .response()
            .body()
            .bytes()
            .and_then(|body| serde_json::from_slice(body).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = answer.unwrap_or_default();
        Ok(())
    }
}

impl AnswerRecorder {
    /// Takes the answer out, so that one page is not held while the next one comes.
    pub(super) fn take_answer(&self) -> RawAnswer {
        RawAnswer(std::mem::take(
            &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

/// An answer as it came.
pub(super) struct RawAnswer(Value);

impl RawAnswer {
    /// Returns the structure in a member.
    pub(super) fn structure(&self, member: &str) -> RawStructure<'_> {
        RawStructure::from_value(&self.0).member_structure(member)
    }

    /// Returns the structures in a member that is a list, in the SDK's order.
    pub(super) fn structures(&self, member: &str) -> impl Iterator<Item = RawStructure<'_>> {
        RawStructure::from_value(&self.0).member_structures(member)
    }
}

/// A structure of an answer as it came; `None` where there is none.
#[derive(Clone, Copy)]
pub(super) struct RawStructure<'a>(Option<&'a Map<String, Value>>);

impl<'a> RawStructure<'a> {
    fn from_value(value: &'a Value) -> Self {
        RawStructure(value.as_object())
    }

    fn member_structure(self, member: &str) -> Self {
        self.0
            .and_then(|members| members.get(member))
            .map_or(RawStructure(None), RawStructure::from_value)
    }

    /// Returns the structures of a list, followed by empty ones without end: an item that only the
    /// SDK has is paired with an empty structure. The SDK leaves out null items (Smithy, sparse
    /// trait: these lists are dense).
    fn member_structures(self, member: &str) -> impl Iterator<Item = RawStructure<'a>> {
        let items = self
            .0
            .and_then(|members| members.get(member))
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        items
            .filter(|item| !item.is_null())
            .map(RawStructure::from_value)
            .chain(std::iter::repeat(RawStructure(None)))
    }

    /// Returns its HSMs.
    pub(super) fn hsms(self) -> impl Iterator<Item = RawStructure<'a>> {
        self.member_structures("Hsms")
    }

    pub(super) fn other_members_of_cluster(self) -> OtherMembers {
        let mut other = OtherMembers::default();
        self.add(&mut other, None, |name| {
            types::Cluster::SCHEMA.member_schema(name).is_some()
        });
        let inside = self.member_structure("Certificates");
        inside.add(&mut other, Some("Certificates"), |name| {
            types::Certificates::SCHEMA.member_schema(name).is_some()
        });
        let inside = self.member_structure("BackupRetentionPolicy");
        inside.add(&mut other, Some("BackupRetentionPolicy"), |name| {
            types::BackupRetentionPolicy::SCHEMA
                .member_schema(name)
                .is_some()
        });
        other
    }

    pub(super) fn other_members_of_hsm(self) -> OtherMembers {
        let mut other = OtherMembers::default();
        self.add(&mut other, None, |name| {
            types::Hsm::SCHEMA.member_schema(name).is_some()
        });
        other
    }

    pub(super) fn other_members_of_backup(self) -> OtherMembers {
        let mut other = OtherMembers::default();
        self.add(&mut other, None, |name| {
            types::Backup::SCHEMA.member_schema(name).is_some()
        });
        other
    }

    fn add(self, other: &mut OtherMembers, inside: Option<&str>, is_known: impl Fn(&str) -> bool) {
        if let Some(members) = self.0 {
            other.add(members, inside, is_known);
        }
    }
}
