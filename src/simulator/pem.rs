//! Shared PEM text. Certificates are the largest part of the state.

use std::sync::Arc;

use der::pem::{self as pem_rfc7468, LineEnding};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// PEM text, shared by its copies.
#[derive(Clone)]
pub(super) struct Pem(Arc<str>);

impl Pem {
    fn new(text: String) -> Self {
        Self(text.into())
    }

    /// Writes Writes PEM as the service returns it: 64 columns, LF (RFC 7468 2).
    pub(super) fn encode(label: &'static str, der: &[u8]) -> Result<Self, String> {
        pem_rfc7468::encode_string(label, LineEnding::LF, der)
            .map(Self::new)
            .map_err(|fault| format!("writing PEM: {fault}"))
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
