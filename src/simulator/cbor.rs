//! CBOR (RFC 8949) as in Smithy RPC v2, to and from the JSON values that the actions work on.
//!
//! Reading is bounded: no length alone makes it allocate memory, nesting ends at
//! [`DEEPEST_NESTING`], and a request has at most [`MOST_ITEMS`] data items. Indefinite lengths are
//! taken, as the protocol requires; a key that comes twice is refused (RFC 8949 5.6), and so are
//! octets after the first item.

// For its feature `std`, which lets an `Encoder` write into a `Vec`.
use ciborium_io as _;
use ciborium_ll::{Decoder, Encoder, Header, simple};
use serde_json::{Map, Number, Value};

/// "Epoch-based date/time" (RFC 8949 3.4.2), the form of every timestamp.
const TIMESTAMP_TAG: u64 = 1;

/// The members of this API's answers that are timestamps. They are numbers in JSON, and tagged
/// numbers in CBOR.
const TIMESTAMPS: [&str; 4] = [
    "CreateTimestamp",
    "CopyTimestamp",
    "DeleteTimestamp",
    "HsmTypeRollbackExpiration",
];

/// The number of arrays and maps that may be nested. No request of this API nests deeper than four.
const DEEPEST_NESTING: u8 = 32;

/// The most data items of a request. Keys and values count, arrays and maps themselves too; a break
/// is no item (RFC 8949 3.2.1). The largest request of this API has some hundreds.
const MOST_ITEMS: u32 = 50_000;

/// A fault in the octets, with its position.
#[derive(Debug, PartialEq)]
pub(super) struct MalformedCbor {
    at: usize,
    what: &'static str,
}

impl std::fmt::Display for MalformedCbor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at octet {}", self.what, self.at)
    }
}

/// Reads the single item that the octets must hold.
pub(super) fn decode(octets: &[u8]) -> Result<Value, MalformedCbor> {
    let mut reader = CborReader {
        decoder: Decoder::from(octets),
        left: MOST_ITEMS,
    };
    let header = reader.pull_header()?;
    let value = reader.read_value(header, 0)?;
    match reader.decoder.offset() {
        read if read == octets.len() => Ok(value),
        read => Err(MalformedCbor {
            at: read,
            what: "there is more after the first item",
        }),
    }
}

struct CborReader<'a> {
    decoder: Decoder<&'a [u8]>,
    left: u32,
}

impl CborReader<'_> {
    fn pull_header(&mut self) -> Result<Header, MalformedCbor> {
        let at = self.decoder.offset();
        let header = self.decoder.pull().map_err(|_| MalformedCbor {
            at,
            what: "an item ends early or is not well-formed",
        })?;
        if header != Header::Break {
            self.left = self.left.checked_sub(1).ok_or(MalformedCbor {
                at,
                what: "there are too many items",
            })?;
        }
        Ok(header)
    }

    fn read_value(&mut self, header: Header, depth: u8) -> Result<Value, MalformedCbor> {
        let at = self.decoder.offset();
        let refused = |what| Err(MalformedCbor { at, what });
        if depth >= DEEPEST_NESTING && matches!(header, Header::Array(_) | Header::Map(_)) {
            return refused("items are nested too deeply");
        }
        // At most `DEEPEST_NESTING`, tags aside, which do not nest.
        let inside = depth + 1;
        match header {
            Header::Positive(number) => Ok(number.into()),
            // The number is -1 minus what stands there.
            Header::Negative(number) => match i64::try_from(number) {
                Ok(number) => Ok((!number).into()),
                Err(_) => refused("an integer is too small"),
            },
            Header::Float(number) => Number::from_f64(number).map_or_else(
                || refused("a number is not finite"),
                |number| Ok(number.into()),
            ),
            Header::Simple(simple::FALSE) => Ok(false.into()),
            Header::Simple(simple::TRUE) => Ok(true.into()),
            Header::Simple(simple::NULL | simple::UNDEFINED) => Ok(Value::Null),
            Header::Simple(_) => refused("a simple value has no meaning"),
            Header::Tag(TIMESTAMP_TAG) => match self.pull_header()? {
                number @ (Header::Positive(_) | Header::Negative(_) | Header::Float(_)) => {
                    self.read_value(number, inside)
                }
                _ => refused("a timestamp is not a number"),
            },
            Header::Tag(_) => refused("a tag other than 1 has no meaning"),
            Header::Text(length) => self.read_text(length).map(Value::String),
            Header::Bytes(_) => refused("a byte string is no value of this API"),
            Header::Array(length) => self.read_array(length, inside),
            Header::Map(length) => self.read_map(length, inside),
            Header::Break => refused("a break ends nothing"),
        }
    }

    fn read_text(&mut self, length: Option<usize>) -> Result<String, MalformedCbor> {
        let at = self.decoder.offset();
        let wrong = |_| MalformedCbor {
            at,
            what: "a text ends early or is not UTF-8",
        };
        let mut text = String::new();
        let mut buffer = [0_u8; 4096];
        let mut segments = self.decoder.text(length);
        while let Some(mut segment) = segments.pull().map_err(wrong)? {
            while let Some(piece) = segment.pull(&mut buffer).map_err(wrong)? {
                text.push_str(piece);
            }
        }
        Ok(text)
    }

    /// Returns the next item of an array or map, or none at its end.
    fn next(&mut self, left: &mut Option<usize>) -> Result<Option<Header>, MalformedCbor> {
        match left {
            Some(0) => Ok(None),
            Some(left) => {
                // Not zero here.
                *left -= 1;
                self.pull_header().map(Some)
            }
            None => self
                .pull_header()
                .map(|header| (header != Header::Break).then_some(header)),
        }
    }

    fn read_array(&mut self, mut length: Option<usize>, depth: u8) -> Result<Value, MalformedCbor> {
        let mut items = Vec::new();
        while let Some(header) = self.next(&mut length)? {
            items.push(self.read_value(header, depth)?);
        }
        Ok(items.into())
    }

    fn read_map(&mut self, mut length: Option<usize>, depth: u8) -> Result<Value, MalformedCbor> {
        let mut members = Map::new();
        while let Some(header) = self.next(&mut length)? {
            let at = self.decoder.offset();
            let Header::Text(key) = header else {
                return Err(MalformedCbor {
                    at,
                    what: "a key is not a text",
                });
            };
            let key = self.read_text(key)?;
            let header = self.pull_header()?;
            let value = self.read_value(header, depth)?;
            if members.insert(key, value).is_some() {
                return Err(MalformedCbor {
                    at,
                    what: "a key comes twice",
                });
            }
        }
        Ok(members.into())
    }
}

/// Writes an answer. `null` becomes the empty structure.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let mut octets = Vec::with_capacity(512);
    let mut encoder = Encoder::from(&mut octets);
    // Memory takes whatever is written to it.
    match value {
        Value::Null => encoder.push(Header::Map(Some(0))).unwrap_or_default(),
        value => write(&mut encoder, value).unwrap_or_default(),
    }
    octets
}

fn write(encoder: &mut Encoder<&mut Vec<u8>>, value: &Value) -> std::io::Result<()> {
    match value {
        Value::Null => encoder.push(Header::Simple(simple::NULL)),
        Value::Bool(flag) => encoder.push(Header::Simple(if *flag {
            simple::TRUE
        } else {
            simple::FALSE
        })),
        Value::Number(number) => encoder.push(number_header(number)),
        Value::String(text) => encoder.text(text, None),
        Value::Array(items) => {
            encoder.push(Header::Array(Some(items.len())))?;
            items.iter().try_for_each(|item| write(encoder, item))
        }
        Value::Object(members) => {
            encoder.push(Header::Map(Some(members.len())))?;
            members.iter().try_for_each(|(name, value)| {
                encoder.text(name, None)?;
                if value.is_number() && TIMESTAMPS.contains(&name.as_str()) {
                    encoder.push(Header::Tag(TIMESTAMP_TAG))?;
                }
                write(encoder, value)
            })
        }
    }
}

fn number_header(number: &Number) -> Header {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => Header::Positive(number),
        (None, Some(negative)) => Header::Negative(u64::try_from(!negative).unwrap_or(0)),
        (None, None) => Header::Float(number.as_f64().unwrap_or(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal_of(octets: &[u8]) -> &'static str {
        decode(octets).unwrap_err().what
    }

    #[test]
    fn what_is_written_is_read_back() {
        let value = json!({
            "a": [1, -1, 0.5, true, false, null, "é", 18_446_744_073_709_551_615_u64, i64::MIN],
            "b": {}, "c": "x".repeat(9000),
        });
        assert_eq!(decode(&encode(&value)).unwrap(), value);
    }

    /// The octets are those of RFC 8949, appendix A.
    #[test]
    fn the_examples_of_the_rfc_are_read_and_written() {
        for (octets, value) in [
            (&b"\x00"[..], json!(0)),
            (b"\x18\x18", json!(24)),
            (
                b"\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00",
                json!(1_000_000_000_000_u64),
            ),
            (b"\x38\x63", json!(-100)),
            (b"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", json!(1.1)),
            (b"\xf4", json!(false)),
            (b"\x62\xc3\xbc", Value::Null),
            (
                b"\xa2\x61a\x01\x61b\x82\x02\x03",
                json!({ "a": 1, "b": [2, 3] }),
            ),
        ] {
            let value = if value.is_null() { json!("ü") } else { value };
            assert_eq!(decode(octets).unwrap(), value);
            assert_eq!(encode(&value), octets);
        }
        assert_eq!(decode(b"\xf9\x3e\x00").unwrap(), json!(1.5));
        assert_eq!(
            decode(b"\xc1\x1a\x51\x4b\x67\xb0").unwrap(),
            json!(1_363_896_240)
        );
        assert_eq!(
            decode(b"\xbf\x61a\x01\x61b\x9f\x02\x03\xff\xff").unwrap(),
            json!({ "a": 1, "b": [2, 3] })
        );
        assert_eq!(
            decode(b"\x7f\x65strea\x64ming\xff").unwrap(),
            json!("streaming")
        );
    }

    #[test]
    fn timestamps_are_tagged_and_nothing_else_is() {
        let octets = encode(
            &json!({ "CreateTimestamp": 1.5, "Other": 1.5, "DeleteTimestamp": "no number" }),
        );
        assert_eq!(octets.iter().filter(|octet| **octet == 0xC1).count(), 1);
        assert_eq!(encode(&Value::Null), b"\xA0");
    }

    #[test]
    fn what_is_malformed_is_refused() {
        assert_eq!(refusal_of(b""), "an item ends early or is not well-formed");
        assert_eq!(
            refusal_of(b"\x1c"),
            "an item ends early or is not well-formed"
        );
        assert_eq!(refusal_of(b"\xff"), "a break ends nothing");
        assert_eq!(refusal_of(b"\xa2\x61a\x01\x61a\x02"), "a key comes twice");
        assert_eq!(refusal_of(b"\xa1\x01\x01"), "a key is not a text");
        assert_eq!(
            refusal_of(b"\x00\x00"),
            "there is more after the first item"
        );
        assert_eq!(
            refusal_of(b"\x41x"),
            "a byte string is no value of this API"
        );
        assert_eq!(
            refusal_of(b"\xc2\x41x"),
            "a tag other than 1 has no meaning"
        );
        assert_eq!(refusal_of(b"\xc1\x61x"), "a timestamp is not a number");
        assert_eq!(
            refusal_of(b"\x62\xc3("),
            "a text ends early or is not UTF-8"
        );
        assert_eq!(refusal_of(b"\x61\xc3"), "a text ends early or is not UTF-8");
        assert_eq!(refusal_of(b"\xf9\x7e\x00"), "a number is not finite");
        assert_eq!(
            refusal_of(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff"),
            "an integer is too small"
        );
        assert_eq!(refusal_of(b"\xbf\x61a\xff"), "a break ends nothing");
    }

    #[test]
    fn lengths_and_depths_cost_nothing() {
        let huge = [b"\x7b", b"\x9b", b"\xbb"];
        for start in huge {
            let octets = [&start[..], &[0x7F; 8][..], &[0x00]].concat();
            assert!(decode(&octets).is_err());
        }
        assert_eq!(
            refusal_of(&[0x81; 1_000_000]),
            "items are nested too deeply"
        );
        assert_eq!(
            refusal_of(&[0x9F; 1_000_000]),
            "items are nested too deeply"
        );
        assert_eq!(
            refusal_of(&[0xC1; 1_000_000]),
            "a timestamp is not a number"
        );
        let nested = |depth: usize| [vec![0x81; depth], vec![0x00]].concat();
        assert!(decode(&nested(32)).is_ok());
        assert_eq!(refusal_of(&nested(33)), "items are nested too deeply");
        let maps = |depth: usize| [b"\xa1\x61a".repeat(depth), vec![0x00]].concat();
        assert!(decode(&maps(32)).is_ok());
        assert_eq!(refusal_of(&maps(33)), "items are nested too deeply");
        let items = |count: usize| [vec![0x9F], vec![0x00; count - 1], vec![0xFF]].concat();
        assert!(decode(&items(50_000)).is_ok());
        assert_eq!(refusal_of(&items(50_001)), "there are too many items");
        let many = [&b"\x9a\x00\x0f\x42\x40"[..], &vec![0; 1_000_000]].concat();
        assert_eq!(refusal_of(&many), "there are too many items");
    }
}
