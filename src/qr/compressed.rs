//! Compression and decompression (RFC 1951).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::bundle::archive::MAX_ARCHIVE;

/// Compresses bytes at the best level.
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    deflate_after(&[], bytes)
}

/// Compresses bytes that follow after others, which whoever decompresses them has too.
pub(super) fn deflate_after(before: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut machine = Compress::new(Compression::best(), false);
    if !before.is_empty() {
        // What it makes of them ends at an octet, by an empty block (RFC 1951 3.2.4); none of it is
        // told.
        run(&mut machine, before, FlushCompress::Sync);
    }
    run(&mut machine, bytes, FlushCompress::Finish)
}

fn run(machine: &mut Compress, bytes: &[u8], flush: FlushCompress) -> Vec<u8> {
    // An output longer than its input by a kilobyte cannot be (RFC 1951 3.2.4: five octets to
    // 65535); nothing that this could fail on.
    let mut out = Vec::with_capacity(bytes.len() + 1024);
    let begin = machine.total_in();
    loop {
        let rest = output_tail(bytes, machine.total_in().saturating_sub(begin));
        let status = machine.compress_vec(rest, &mut out, flush);
        let done = match status {
            Ok(Status::StreamEnd) | Err(_) => true,
            Ok(_) => flush == FlushCompress::Sync && out.len() < out.capacity(),
        };
        if done {
            return out;
        }
        out.reserve(1024);
    }
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

/// Decompresses bytes that follow after others, up to the size limit of an archive for both.
pub(super) fn inflate_after(before: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    // Those before as a block that is stored as it is (RFC 1951 3.2.4).
    let length = u16::try_from(before.len()).ok()?;
    let stored = [
        &[0][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        before,
    ];
    let mut out = inflate(&[&stored.concat()[..], bytes].concat())?;
    (out.len() >= before.len()).then(|| out.split_off(before.len()))
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
            assert_eq!(inflate_after(b"known", &bomb), None);
        }
    }

    #[test]
    fn what_both_sides_have_is_not_told() {
        let before = b"what both sides have, and what is told after it".repeat(3);
        for bytes in [&b""[..], b"what is told after it", &before] {
            let told = deflate_after(&before, bytes);
            assert_eq!(inflate_after(&before, &told).unwrap(), bytes);
            assert!(told.len() < 20, "{told:?}");
        }
        assert_eq!(inflate_after(b"a", b""), None);
    }
}
