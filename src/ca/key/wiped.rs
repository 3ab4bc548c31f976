//! Reads what is secret into memory that is wiped.

use std::io::{self, Read};

use zeroize::Zeroizing;

use crate::ca::secret::Secret;

/// Reads to the end, into memory that is wiped; `None`: there is more than `limit`.
///
/// `expected` is how many bytes there should be. A buffer that grows by itself leaves copies
/// behind, so where there is more, all of it goes into another one, and the first is wiped.
pub(super) fn read_to_end(
    mut from: impl Read,
    expected: u64,
    limit: u64,
) -> io::Result<Option<Secret>> {
    let room = |octets: u64| usize::try_from(octets).unwrap_or(0).saturating_add(1);
    let most = room(limit);
    let mut bytes: Secret = Zeroizing::new(vec![0; room(expected).min(most)]);
    let mut length = 0;
    loop {
        if length == bytes.len() {
            if length == most {
                return Ok(None);
            }
            let mut larger: Secret = Zeroizing::new(vec![0; most]);
            for (to, from) in larger.iter_mut().zip(bytes.iter()) {
                *to = *from;
            }
            bytes = larger;
        }
        match from.read(bytes.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(Some(bytes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, and is interrupted in between.
    struct Slow(Vec<u8>, bool);

    impl Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = into.len().min(self.0.len()).min(7);
            for (to, from) in into.iter_mut().zip(self.0.drain(..count)) {
                *to = from;
            }
            Ok(count)
        }
    }

    #[test]
    fn all_of_it_is_read_whatever_was_expected_and_never_more_than_the_limit() {
        for length in [0_u8, 1, 6, 7, 8, 99, 100] {
            let content: Vec<u8> = (0..length).collect();
            for expected in [0, 1, 7, 99, 100, 5000, u64::MAX] {
                let read = read_to_end(Slow(content.clone(), false), expected, 100).unwrap();
                assert_eq!(read.unwrap().as_slice(), content, "{expected}");
            }
        }
        for expected in [0, 100, 101, u64::MAX] {
            let more = read_to_end(Slow(vec![1; 101], false), expected, 100).unwrap();
            assert!(more.is_none(), "{expected}");
        }
    }

    #[test]
    fn a_fault_of_the_disk_is_no_end_of_the_file() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::Other.into())
            }
        }
        assert!(read_to_end(Broken, 10, 100).is_err());
    }
}
