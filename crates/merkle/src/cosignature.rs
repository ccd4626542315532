//! What a cosigner signs (C2SP tlog-cosignature).
//!
//! A cosignature is a signature line on a checkpoint that begins with its time:
//!
//! ```text
//! 0   8   time, POSIX seconds, big-endian; at most 2^63 - 1
//! 8       the signature: 64 bytes of Ed25519, or 2,420 of ML-DSA-44
//! ```
//!
//! An Ed25519 cosignature (type 04) is over two lines before the whole text of the checkpoint,
//! extension lines too:
//!
//! ```text
//! cosignature/v1
//! time 1679315147
//! example.com/behind-the-sofa
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//! ```
//!
//! An ML-DSA-44 cosignature (type 06) is over the facts alone, and over the cosigner's name:
//!
//! ```text
//! label "subtree/v1\n\0"                 12 bytes
//! length of the cosigner's name, name    1 + 1..=255
//! time                                   8, big-endian
//! length of the origin, origin           1 + 1..=255
//! start of the subtree, 0                8, big-endian
//! end of the subtree, the size           8, big-endian
//! root                                   32
//! ```
//!
//! Only whole trees are cosigned here; a subtree that starts elsewhere has no checkpoint.

use crate::checkpoint::Checkpoint;

/// Bytes of the time before a signature.
pub const TIME_LEN: usize = 8;

/// The last second that a cosignature can be of.
pub const MAX_TIME: u64 = i64::MAX.unsigned_abs();

/// The first bytes of the message of an ML-DSA cosignature, by which it is none of another kind.
pub const ML_DSA_LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// The message of an Ed25519 cosignature: two lines, and the text of the checkpoint.
pub fn v1_message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// The message of an ML-DSA-44 cosignature; `None` if the cosigner's name or the origin is empty
/// or longer than 255 bytes.
pub fn ml_dsa_message(cosigner: &str, time: u64, checkpoint: &Checkpoint) -> Option<Vec<u8>> {
    let mut message = ML_DSA_LABEL.to_vec();
    put_short(cosigner, &mut message)?;
    message.extend(time.to_be_bytes());
    put_short(&checkpoint.origin, &mut message)?;
    message.extend(0_u64.to_be_bytes());
    message.extend(checkpoint.head.size.to_be_bytes());
    message.extend(checkpoint.head.root.as_bytes());
    Some(message)
}

/// Appends a byte of length and the text: `opaque<1..2^8-1>` of RFC 8446, 3.4.
fn put_short(text: &str, message: &mut Vec<u8>) -> Option<()> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length > 0)?;
    message.push(length);
    message.extend(text.as_bytes());
    Some(())
}

/// The time of a cosignature and the signature behind it; `None` if there is none, or if it is
/// after [`MAX_TIME`].
pub fn split(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = bytes.split_first_chunk::<TIME_LEN>()?;
    let time = u64::from_be_bytes(*time);
    (time <= MAX_TIME).then_some((time, signature))
}
