//! Groups of unsigned integers in few bytes, each value in one way only.
//!
//! A group of `n` integers is `ceil(n / 2)` bytes of widths and then the values. Width `i` is a
//! nibble, the low one of a byte first: 0 to 14 is the count of bytes the value takes, 15 means
//! 16 bytes. Each value stands little-endian without its leading zero bytes; one that needs 15
//! bytes takes 16. Where `n` is odd the last high nibble is free and carries marks of the caller.

/// Why bytes are not a packed group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpacked {
    /// They end within the group.
    Short,
    /// A value stands in more bytes than it needs.
    Wide,
}

/// The bytes that a group of `n` values can take at most, and the slack that writing it needs.
pub const fn packed_max(n: usize) -> usize {
    n.div_ceil(2) + 16 * (n + 1)
}

/// Writes `values` and the free nibble `marks` to the front of `out`, which holds at least
/// [`packed_max`] bytes; what it returns is the length. Bytes past it may have been written.
#[inline]
pub fn pack<const N: usize>(values: &[u128; N], marks: u8, out: &mut [u8]) -> usize {
    let widths = N.div_ceil(2);
    let out = &mut out[..packed_max(N)];
    let mut end = widths;
    let mut i = 0;
    while i < N {
        let low = put(values[i], out, &mut end);
        let high = if i + 1 < N {
            put(values[i + 1], out, &mut end)
        } else {
            marks
        };
        out[i / 2] = low | high << 4;
        i += 2;
    }
    end
}

#[inline]
fn put(value: u128, out: &mut [u8], end: &mut usize) -> u8 {
    out[*end..*end + 16].copy_from_slice(&value.to_le_bytes());
    let bytes = (128 - value.leading_zeros()).div_ceil(8);
    if bytes >= 15 {
        *end += 16;
        15
    } else {
        *end += bytes as usize;
        bytes as u8
    }
}

/// Reads a group from the front of `bytes` and moves them past it.
#[inline]
pub fn unpack<const N: usize>(bytes: &mut &[u8]) -> Result<([u128; N], u8), Unpacked> {
    let (widths, mut rest) = bytes
        .split_at_checked(N.div_ceil(2))
        .ok_or(Unpacked::Short)?;
    let mut values = [0; N];
    for (i, value) in values.iter_mut().enumerate() {
        *value = take(widths[i / 2] >> (4 * (i % 2)) & 15, &mut rest)?;
    }
    *bytes = rest;
    let marks = if N % 2 == 1 { widths[N / 2] >> 4 } else { 0 };
    Ok((values, marks))
}

#[inline]
fn take(width: u8, rest: &mut &[u8]) -> Result<u128, Unpacked> {
    let len = if width == 15 { 16 } else { usize::from(width) };
    let (value, after) = rest.split_at_checked(len).ok_or(Unpacked::Short)?;
    let mut whole = [0; 16];
    whole[..len].copy_from_slice(value);
    let value = u128::from_le_bytes(whole);
    *rest = after;
    let least = if len == 0 {
        0
    } else {
        1 << (8 * (len.min(15) - 1))
    };
    if value < least {
        Err(Unpacked::Wide)
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Unpacked, pack, packed_max, unpack};

    #[test]
    fn every_width_comes_back() {
        for bits in 0..=128u32 {
            let value = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
            let mut out = [0xEE; packed_max(3)];
            let len = pack(&[value, 0, 1], 9, &mut out);
            let mut bytes = &out[..len];
            assert_eq!(unpack::<3>(&mut bytes), Ok(([value, 0, 1], 9)));
            assert!(bytes.is_empty());
            assert_eq!(unpack::<3>(&mut &out[..len - 1]), Err(Unpacked::Short));
        }
    }

    #[test]
    fn a_value_stands_in_one_way_only() {
        assert_eq!(unpack::<1>(&mut &[0x02, 7, 0][..]), Err(Unpacked::Wide));
        let mut long = [0; 17];
        (long[0], long[14]) = (0x0F, 1); // 14 bytes would do
        assert_eq!(unpack::<1>(&mut &long[..]), Err(Unpacked::Wide));
        long[15] = 1;
        assert!(unpack::<1>(&mut &long[..]).is_ok());
    }
}
