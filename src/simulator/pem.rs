//! PEM text that many places hold: certificates are most of what the state has in it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// PEM text. Copies share it.
#[derive(Clone)]
pub(super) struct Pem(Arc<str>);

impl Pem {
    pub(super) fn new(text: String) -> Self {
        Self(text.into())
    }
}

impl std::ops::Deref for Pem {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Pem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Pem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
