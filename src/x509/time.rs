//! A moment, to the second, as certificates know it.

use std::fmt;
use std::str::FromStr;

use super::Malformed;
use super::der::{Tlv, encode_tlv, tag};

const EPOCH: jiff::civil::DateTime = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A moment: whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// Makes a moment from seconds since the Unix epoch. Moments beyond the years that RFC 3339 can
    /// write become the first or the last of those.
    pub fn from_unix(seconds: i64) -> Self {
        Moment(seconds.clamp(-62_135_596_800, 253_402_300_799))
    }

    /// Does the same as [`Moment::from_unix`], for the crate's own tables.
    pub(crate) const fn from_constant(seconds: i64) -> Self {
        Moment(seconds)
    }

    /// Seconds since the Unix epoch.
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }

    /// Adds so many seconds to this moment (negative: earlier).
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        // Saturating: what lies beyond all time is the last moment that can be written.
        Self::from_unix(self.0.saturating_add(seconds))
    }

    /// Reads a UTCTime or GeneralizedTime (RFC 5280 4.1.2.5): two-digit years from 50 on are the
    /// twentieth century.
    ///
    /// # Errors
    /// Another tag, or digits that are no date.
    pub fn from_der(time: &Tlv<'_>, what: &'static str) -> Result<Self, Malformed> {
        let fault = || {
            Malformed::new(format!(
                "{what}: a validity time that is no date (RFC 5280 4.1.2.5)"
            ))
        };
        let digits = |at: usize, count: usize| -> Option<i16> {
            let text = time.content.get(at..at.checked_add(count)?)?;
            std::str::from_utf8(text).ok()?.parse().ok()
        };
        let year_length = match time.tag {
            tag::UTC_TIME => 2,
            tag::GENERALIZED_TIME => 4,
            found => {
                return Err(Malformed::new(format!(
                    "{what}: a validity time with tag {found:02x}, expected UTCTime or \
                     GeneralizedTime"
                )));
            }
        };
        let written = digits(0, year_length).ok_or_else(fault)?;
        let year = match (year_length, written) {
            (2, 50..) => written + 1900,
            (2, _) => written + 2000,
            _ => written,
        };
        let two = |n: usize| -> Result<i8, Malformed> {
            digits(year_length + n, 2)
                .and_then(|v| i8::try_from(v).ok())
                .ok_or_else(fault)
        };
        let civil =
            jiff::civil::DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0)
                .map_err(|_| fault())?;
        // The way round a Timestamp is the quick one; it ends a day before 99991231235959Z.
        Ok(Moment(
            jiff::tz::Offset::UTC.to_timestamp(civil).map_or_else(
                |_| civil.duration_since(EPOCH).as_secs(),
                |stamp| stamp.as_second(),
            ),
        ))
    }

    /// Writes the moment as RFC 5280 4.1.2.5 wants it: UTCTime through 2049, GeneralizedTime after.
    pub fn to_der(self) -> Vec<u8> {
        let civil = self.to_civil();
        let tail = format!(
            "{:02}{:02}{:02}{:02}{:02}Z",
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        );
        match civil.year() {
            year @ 1950..=2049 => encode_tlv(
                tag::UTC_TIME,
                &[
                    format!("{:02}", year.rem_euclid(100)).as_bytes(),
                    tail.as_bytes(),
                ],
            ),
            year => encode_tlv(
                tag::GENERALIZED_TIME,
                &[format!("{year:04}").as_bytes(), tail.as_bytes()],
            ),
        }
    }

    fn to_civil(self) -> jiff::civil::DateTime {
        if let Ok(stamp) = jiff::Timestamp::from_second(self.0) {
            return jiff::tz::Offset::UTC.to_datetime(stamp);
        }
        // In range by construction (`from_unix` clamps); jiff's Timestamp ends a day before RFC
        // 5280's 99991231235959Z, its civil time does not.
        EPOCH
            .checked_add(jiff::SignedDuration::from_secs(self.0))
            .unwrap_or(jiff::civil::DateTime::MAX)
    }
}

impl fmt::Display for Moment {
    /// RFC 3339, in UTC: `2026-11-21T18:46:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // jiff's own way is the quick one, for all but the last day of the year 9999.
        if let (Ok(stamp), 0..) = (jiff::Timestamp::from_second(self.0), self.0) {
            return write!(f, "{stamp}");
        }
        let c = self.to_civil();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year(),
            c.month(),
            c.day(),
            c.hour(),
            c.minute(),
            c.second()
        )
    }
}

impl FromStr for Moment {
    type Err = Malformed;

    /// RFC 3339 with any offset; fractions of a second are dropped.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let fault = || {
            Malformed::new(format!(
                "`{text}` is not an RFC 3339 time such as 2026-01-31T12:00:00Z"
            ))
        };
        // jiff takes forms beyond RFC 3339 (`+02`, a comma, a bracketed zone), and its Timestamp
        // ends before the year 9999 does.
        let (civil, rest) = text.split_at_checked(19).ok_or_else(fault)?;
        let offset = parse_offset(rest).ok_or_else(fault)?;
        let shaped = civil.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => matches!(byte, b'T' | b't' | b' '),
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
        if !shaped {
            return Err(fault());
        }
        let civil: jiff::civil::DateTime = civil.parse().map_err(|_| fault())?;
        Ok(Self::from_unix(
            civil.duration_since(EPOCH).as_secs() - offset,
        ))
    }
}

/// Reads what follows the seconds in RFC 3339 5.6, `["." 1*DIGIT] ("Z" / ("+" / "-") hour ":"
/// minute)`, and returns the offset in seconds.
fn parse_offset(rest: &str) -> Option<i64> {
    let zone = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
    };
    let (sign, time) = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => return Some(0),
        ("+", time) => (1, time),
        ("-", time) => (-1, time),
        _ => return None,
    };
    let (hours, minutes) = time.split_once(':')?;
    let two = |text: &str, most: i64| -> Option<i64> {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|value| digits && *value <= most)
    };
    let minutes = two(hours, 23)?
        .checked_mul(60)?
        .checked_add(two(minutes, 59)?)?;
    minutes.checked_mul(60)?.checked_mul(sign)
}

impl serde::Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_as_rfc_5280_says() {
        for (der, text) in [
            (&b"\x17\x0d490101000000Z"[..], "2049-01-01T00:00:00Z"),
            (b"\x17\x0d500101000000Z", "1950-01-01T00:00:00Z"),
            (b"\x17\x0d251116135525Z", "2025-11-16T13:55:25Z"),
            (b"\x18\x0f20500101000000Z", "2050-01-01T00:00:00Z"),
            (b"\x18\x0f99991231235959Z", "9999-12-31T23:59:59Z"),
        ] {
            let tlv = super::super::der::Reader::new(der, "t").read_any().unwrap();
            let moment = Moment::from_der(&tlv, "t").unwrap();
            assert_eq!(moment.to_string(), text);
            assert_eq!(moment.to_der(), der);
            assert_eq!(text.parse::<Moment>().unwrap(), moment);
        }
        let tlv = super::super::der::Reader::new(b"\x17\x0d250230000000Z", "t")
            .read_any()
            .unwrap();
        assert!(Moment::from_der(&tlv, "t").is_err());
    }

    #[test]
    fn every_form_of_rfc_3339_is_read_and_no_other() {
        for (text, utc) in [
            ("2025-01-01T01:00:00.5+01:00", "2025-01-01T00:00:00Z"),
            ("2025-01-01t00:00:00z", "2025-01-01T00:00:00Z"),
            ("2025-01-01 00:00:00.123456789012Z", "2025-01-01T00:00:00Z"),
            ("2024-12-31T12:29:59-11:30", "2024-12-31T23:59:59Z"),
            ("2025-01-01T00:00:00-00:00", "2025-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(
                text.parse::<Moment>()
                    .map(|moment| moment.to_string())
                    .as_deref(),
                Ok(utc),
                "{text}"
            );
        }
        for bad in [
            "",
            "now",
            "2025-01-01",
            "2025-01-01T00:00Z",
            "2025-01-01T00:00:00",
            "2025-02-30T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:00:00Z[UTC]",
            "2025-01-01T00:00:00.Z",
            "2025-01-01T00:00:00,5Z",
            "2025-01-01T00:00:00+02",
            "2025-01-01T00:00:00+0200",
            "2025-01-01T00:00:00+02:00:00",
            "2025-01-01T00:00:00+24:00",
            "2025-01-01T00:00:00+00:60",
            "2025-01-01T00:00:00+-1:00",
            "2025-01-01T00:00:00Zulu",
            "+025-01-01T00:00:00Z",
            "2025-01-01T00:00:0\u{e9}Z",
        ] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }
}
