//! Identifiers like the service's, from the system's randomness.

use ring::rand::SecureRandom as _;

/// Returns `N` random octets.
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    #[cfg(any(fuzzing, test))]
    if counted::fill(&mut bytes) {
        return Ok(bytes);
    }
    let rng = ring::rand::SystemRandom::new();
    rng.fill(&mut bytes)
        .map_err(|_| String::from("the system gave no random bytes"))?;
    Ok(bytes)
}

/// Makes an id of `prefix-` and eleven of `a-z2-7`: genuine ids are lower case, though their
/// pattern `[2-7a-zA-Z]{11,16}` allows more.
pub(super) fn resource_id(prefix: &str) -> Result<String, String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let letters = random_bytes::<11>()?.into_iter().filter_map(|byte| {
        ALPHABET
            .get(usize::from(byte & 31))
            .copied()
            .map(char::from)
    });
    Ok(format!("{prefix}-{}", letters.collect::<String>()))
}

/// Makes an id of `prefix-` and seventeen hexadecimal digits, as EC2 names its resources.
pub(super) fn ec2_id(prefix: &str) -> Result<String, String> {
    Ok(ec2_id_from(prefix, &random_bytes::<9>()?))
}

/// Does the same as [`ec2_id`] with given octets, for resources that are derived rather than made.
pub(super) fn ec2_id_from(prefix: &str, bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}-{}", digits.chars().take(17).collect::<String>())
}

/// Makes a request id: a random UUID (RFC 9562 5.4), as every AWS service puts into
/// `x-amzn-RequestId`.
pub(super) fn request_id() -> String {
    let random = u128::from_be_bytes(random_bytes::<16>().unwrap_or_default());
    let uuid = (random & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{uuid:032x}");
    let mut out = String::with_capacity(36);
    for (index, digit) in hex.chars().enumerate() {
        if [8, 12, 16, 20].contains(&index) {
            out.push('-');
        }
        out.push(digit);
    }
    out
}

/// Octets that are counted instead, so that what a fuzz target finds is found again.
#[cfg(any(fuzzing, test))]
pub(super) mod counted {
    use std::cell::Cell;

    thread_local! {
        static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Begins to count on this thread, from 1.
    pub(crate) fn begin() {
        COUNT.set(Some(0));
    }

    /// Ends it.
    pub(crate) fn end() {
        COUNT.set(None);
    }

    /// Writes the next number, the lowest octet first. Returns `false` where nothing is counted.
    pub(super) fn fill(bytes: &mut [u8]) -> bool {
        let Some(count) = COUNT.get().map(|count| count.wrapping_add(1)) else {
            return false;
        };
        COUNT.set(Some(count));
        for (octet, of_count) in bytes.iter_mut().zip(count.to_le_bytes()) {
            *octet = of_count;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_form_of_the_service() {
        let id = resource_id("cluster").unwrap();
        assert_eq!(id.len(), "cluster-".len() + 11);
        assert_eq!(ec2_id("eni").unwrap().len(), "eni-".len() + 17);
        let request = request_id();
        assert_eq!(request.len(), 36);
        assert_eq!(request.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&request.as_bytes()[19]));
    }
}
