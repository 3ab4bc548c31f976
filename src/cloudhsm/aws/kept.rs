//! The JSON of an answer, kept beside what the SDK reads of it: the SDK passes over each member
//! that its model does not know.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_cloudhsmv2::types;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context as stage;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::{Map, Value};

use crate::cloudhsm::other::OtherMembers;

/// Keeps the last answer to one call: set on it as an interceptor, and asked when it is over.
///
/// What is kept has been bounded before: [`crate::aws`] reads no answer beyond a length and a
/// number of values.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Value>>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Intercept for Kept {
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

impl Kept {
    /// The answer; taken out, so that one page is not held while the next one comes.
    pub(super) fn answer(&self) -> Raw {
        Raw(std::mem::take(
            &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

/// An answer as it came.
pub(super) struct Raw(Value);

impl Raw {
    /// The structure that a member is.
    pub(super) fn one(&self, member: &str) -> Structure<'_> {
        Structure::of(&self.0).one(member)
    }

    /// The structures that a member lists, in the order in which the SDK has them.
    pub(super) fn list(&self, member: &str) -> impl Iterator<Item = Structure<'_>> {
        Structure::of(&self.0).list(member)
    }
}

/// A structure of an answer as it came; `None` where there is none.
#[derive(Clone, Copy)]
pub(super) struct Structure<'a>(Option<&'a Map<String, Value>>);

impl<'a> Structure<'a> {
    fn of(value: &'a Value) -> Self {
        Structure(value.as_object())
    }

    fn one(self, member: &str) -> Self {
        self.0
            .and_then(|members| members.get(member))
            .map_or(Structure(None), Structure::of)
    }

    /// Without end: what the SDK has more of has nothing that came. The SDK leaves out what is null
    /// (Smithy, sparse trait: these lists are dense).
    fn list(self, member: &str) -> impl Iterator<Item = Structure<'a>> {
        let items = self
            .0
            .and_then(|members| members.get(member))
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        items
            .filter(|item| !item.is_null())
            .map(Structure::of)
            .chain(std::iter::repeat(Structure(None)))
    }

    /// Its HSMs.
    pub(super) fn hsms(self) -> impl Iterator<Item = Structure<'a>> {
        self.list("Hsms")
    }

    pub(super) fn other_of_cluster(self) -> OtherMembers {
        let mut other = OtherMembers::default();
        self.add(&mut other, None, |name| {
            types::Cluster::SCHEMA.member_schema(name).is_some()
        });
        let inside = self.one("Certificates");
        inside.add(&mut other, Some("Certificates"), |name| {
            types::Certificates::SCHEMA.member_schema(name).is_some()
        });
        let inside = self.one("BackupRetentionPolicy");
        inside.add(&mut other, Some("BackupRetentionPolicy"), |name| {
            types::BackupRetentionPolicy::SCHEMA
                .member_schema(name)
                .is_some()
        });
        other
    }

    pub(super) fn other_of_hsm(self) -> OtherMembers {
        let mut other = OtherMembers::default();
        self.add(&mut other, None, |name| {
            types::Hsm::SCHEMA.member_schema(name).is_some()
        });
        other
    }

    pub(super) fn other_of_backup(self) -> OtherMembers {
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
