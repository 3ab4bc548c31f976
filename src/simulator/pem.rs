//! PEM text that answers hold again and again: its JSON form is made once, because writing a text's JSON form means to look
//! at every octet of it, and certificates are most of what DescribeClusters answers.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// PEM text and its JSON form. Copies share both.
#[derive(Clone)]
pub(super) struct Pem(Arc<Forms>);

struct Forms {
    text: String,
    json: Box<RawValue>,
}

impl Pem {
    pub(super) fn new(text: String) -> Result<Self, String> {
        let json = to_raw_value(&text).map_err(|e| format!("writing PEM as JSON: {e}"))?;
        Ok(Self(Arc::new(Forms { text, json })))
    }
}

impl std::ops::Deref for Pem {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0.text
    }
}

impl Serialize for Pem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_is_the_text_s() {
        let text = "-----BEGIN X-----\nAA+/\n-----END X-----\n";
        let pem = Pem::new(text.to_owned()).unwrap();
        assert_eq!(pem.as_str(), text);
        let json = serde_json::to_string(&pem).unwrap();
        assert_eq!(json, serde_json::to_string(text).unwrap());
        assert_eq!(serde_json::to_value(&pem).unwrap(), text);
        assert_eq!(serde_json::from_str::<Pem>(&json).unwrap().as_str(), text);
    }
}
