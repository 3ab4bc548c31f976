//! Compression and decompression (RFC 1951).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::bundle::archive::MAX_ARCHIVE;

/// Compresses bytes at the best level.
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 1024);
    let mut machine = Compress::new(Compression::best(), false);
    // An output longer than its input by a kilobyte cannot be (RFC 1951 3.2.4: five octets to
    // 65535); nothing that this could fail on.
    while !matches!(
        machine.compress_vec(
            output_tail(bytes, machine.total_in()),
            &mut out,
            FlushCompress::Finish
        ),
        Ok(Status::StreamEnd) | Err(_)
    ) {
        out.reserve(1024);
    }
    out
}

fn output_tail(bytes: &[u8], done: u64) -> &[u8] {
    usize::try_from(done)
        .ok()
        .and_then(|done| bytes.get(done..))
        .unwrap_or_default()
}

/// Decompresses bytes, up to the size limit of an archive.
pub(super) fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    // Room for one more: what fills it is too much.
    let room = usize::try_from(MAX_ARCHIVE).ok()?.checked_add(1)?;
    let mut out = Vec::with_capacity(room);
    let mut machine = Decompress::new(false);
    let status = machine
        .decompress_vec(bytes, &mut out, FlushDecompress::Finish)
        .ok()?;
    let whole = status == Status::StreamEnd
        && output_tail(bytes, machine.total_in()).is_empty()
        && out.len() < room;
    whole.then_some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_not_unpacked() {
        let most = usize::try_from(MAX_ARCHIVE).unwrap();
        assert_eq!(inflate(&deflate(&vec![0; most])).unwrap().len(), most);
        for size in [most + 1, most * 40] {
            let bomb = deflate(&vec![0; size]);
            assert!(bomb.len() < 50_000);
            assert_eq!(inflate(&bomb), None);
        }
    }
}
