//! Makes checksums fit again, so that a mutation reaches what stands behind them.

use crc32c::{crc32c, crc32c_append};

const BLOCK: usize = 4096;

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn set(bytes: &mut [u8], at: usize, sum: u32) {
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}

/// The checksum at the end of a file, over all before.
pub fn last_word(bytes: &mut [u8]) {
    if let Some(end) = bytes.len().checked_sub(4) {
        let sum = crc32c(&bytes[..end]);
        set(bytes, end, sum);
    }
}

/// The records of a body.
pub fn records(body: &mut [u8]) {
    let mut at = 0;
    while let Some(prefix) = body.get(at..at + 2) {
        let len = usize::from(u16::from_le_bytes([prefix[0], prefix[1]]));
        let Some(record) = body.get(at + 6..at + 6 + len) else {
            return;
        };
        let sum = crc32c(record);
        set(body, at + 2, sum);
        at += 6 + len;
    }
}

/// The frames of a segment: records, lengths, positions, links and checksums.
pub fn frames(segment: &mut [u8]) {
    let (mut at, mut number, mut first, mut previous, mut time) = (0, 0u64, 0u64, [0; 32], 0u64);
    while at + BLOCK <= segment.len() {
        if !segment[at..].starts_with(b"cf-frame") {
            at += BLOCK;
            continue;
        }
        let most = segment.len() - at - 256;
        let body = word(segment, at + 16)
            .map_or(0, |len| len as usize)
            .min(most);
        let len = (256 + body).next_multiple_of(BLOCK);
        records(&mut segment[at + 256..at + 256 + body]);
        let sum = crc32c(&segment[at + 256..at + 256 + body]);
        let header = &mut segment[at..at + 256];
        header[12..16].copy_from_slice(&sum.to_le_bytes());
        header[16..20].copy_from_slice(&(body as u32).to_le_bytes());
        header[20..24].copy_from_slice(&(len as u32).to_le_bytes());
        header[24..32].copy_from_slice(&(at as u64).to_le_bytes());
        let leaf = &mut header[64..232];
        leaf[8..16].copy_from_slice(&number.to_le_bytes());
        leaf[16..24].copy_from_slice(&first.to_le_bytes());
        leaf[72..104].copy_from_slice(&previous);
        let stamp = u64::from_le_bytes(leaf[32..40].try_into().expect("8 bytes"));
        time = stamp.max(time.saturating_add(1));
        leaf[32..40].copy_from_slice(&time.to_le_bytes());
        previous = merkle::leaf(leaf).to_bytes();
        first = first.wrapping_add(u64::from(word(leaf, 24).expect("it is there")));
        let sum = crc32c(&header[12..]);
        set(header, 8, sum);
        number += 1;
        at += len;
    }
}

/// A snapshot: its beginning, its chunks and its trailer.
pub fn snapshot(bytes: &mut [u8]) {
    let Some(meta_len) = word(bytes, 8) else {
        return;
    };
    let mut at = 16usize.saturating_add(meta_len as usize);
    let Some(meta) = bytes.get(16..at) else {
        return;
    };
    let sum = crc32c(meta);
    set(bytes, 12, sum);
    while let (Some(number), Some(len)) = (word(bytes, at), word(bytes, at + 4)) {
        let len = if number == u32::MAX { 0 } else { len as usize };
        let Some(content) = bytes.get(at + 20..at + 20 + len) else {
            return;
        };
        let sum = crc32c_append(crc32c(&bytes[at..at + 16]), content);
        set(bytes, at + 16, sum);
        at += 20 + len;
    }
}

/// Run 1 of an index, and the manifest that names it; `None` where it is no run at all.
pub fn run(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    bytes.truncate(bytes.len() / BLOCK * BLOCK);
    let blocks = (bytes.len() / BLOCK) as u64;
    let footer = bytes.len().checked_sub(BLOCK)?;
    bytes[footer + 24..footer + 32].copy_from_slice(&1u64.to_le_bytes());
    for (place, block) in bytes.chunks_mut(BLOCK).enumerate() {
        let seed = crc32c_append(crc32c(&1u64.to_le_bytes()), &(place as u64).to_le_bytes());
        let sum = crc32c_append(seed, &block[4..]);
        set(block, 0, sum);
    }
    let footer = &bytes[footer..];
    let mut manifest = b"COUNTMAN".to_vec();
    manifest.extend([1u32, 1].iter().flat_map(|word| word.to_le_bytes()));
    manifest.extend([2u64, 1].iter().flat_map(|word| word.to_le_bytes()));
    manifest.extend(&footer[32..48]);
    manifest.extend(blocks.to_le_bytes());
    manifest.extend(u32::from(footer[5]).to_le_bytes());
    manifest.extend(&footer[..4]);
    let sum = crc32c(&manifest);
    manifest.extend(sum.to_le_bytes());
    Some(manifest)
}
