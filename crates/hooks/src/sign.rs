//! Signing, and what a receiver does with it ([Standard Webhooks] 1.0.0, symmetric, `v1`).
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use core::fmt;
use core::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::limits::SIGNATURES;
use crate::secret::Secret;

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// The values of the three headers of a webhook.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// `webhook-id`: the same for every try of one event to one subscription.
    pub id: &'a str,
    /// `webhook-timestamp`: when it was sent, in seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or more of `v1,` and base64, with spaces between.
    pub signature: &'a str,
}

/// Why a webhook is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// The timestamp is no number of seconds.
    Timestamp,
    /// It was sent too long ago: perhaps somebody sends it again.
    Old,
    /// It was sent in the future.
    Future,
    /// None of the signatures is by this secret.
    Signature,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timestamp => "webhook-timestamp is no number of seconds since 1970",
            Self::Old => "webhook-timestamp is too long ago",
            Self::Future => "webhook-timestamp is in the future",
            Self::Signature => "no signature of webhook-signature is by this secret",
        })
    }
}

impl std::error::Error for VerifyError {}

/// The value of `webhook-signature`: one signature for each secret. `timestamp` is in seconds
/// since 1970; neither it nor `id` has a dot, or two contents could be signed alike.
pub fn sign<'a>(
    secrets: impl IntoIterator<Item = &'a Secret>,
    id: &str,
    timestamp: u64,
    body: &[u8],
) -> String {
    let mut text = String::new();
    let timestamp = timestamp.to_string();
    for secret in secrets {
        let gap = if text.is_empty() { "" } else { " " };
        let code = STANDARD.encode(code(secret, id, &timestamp, body));
        write!(text, "{gap}v1,{code}").expect("a string takes all");
    }
    text
}

/// Whether a webhook is by who shares `secret`, and of this time: `now` is in nanoseconds since
/// 1970, and the timestamp may be `tolerance` away from it (the specification's libraries take
/// five minutes). Compares in constant time. Whoever acts on it keeps the `webhook-id` as well:
/// the same one may come again.
///
/// ```
/// use hooks::{Headers, Secret, verify};
/// use std::time::Duration;
///
/// let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let headers = Headers {
///     id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
///     timestamp: "1614265330",
///     signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
/// };
/// let now = 1_614_265_331_000_000_000;
/// let body = br#"{"test": 2432232314}"#;
/// assert_eq!(verify(&secret, headers, body, now, Duration::from_mins(5)), Ok(()));
/// # Ok::<(), hooks::SecretError>(())
/// ```
pub fn verify(
    secret: &Secret,
    headers: Headers<'_>,
    body: &[u8],
    now: u64,
    tolerance: Duration,
) -> Result<(), VerifyError> {
    let sent = seconds(headers.timestamp).ok_or(VerifyError::Timestamp)?;
    let now = now / SECOND;
    if now.saturating_sub(sent) > tolerance.as_secs() {
        return Err(VerifyError::Old);
    }
    if sent.saturating_sub(now) > tolerance.as_secs() {
        return Err(VerifyError::Future);
    }
    // Signed is what stands in the header, digit by digit.
    let expected = code(secret, headers.id, headers.timestamp, body);
    let signatures = headers.signature.split(' ').take(SIGNATURES);
    let found = signatures
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .filter_map(|encoded| STANDARD.decode(encoded).ok())
        .fold(0u8, |found, given| {
            found | given.ct_eq(&expected).unwrap_u8()
        });
    if found == 1 {
        Ok(())
    } else {
        Err(VerifyError::Signature)
    }
}

fn seconds(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn code(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes any key");
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::{Headers, SECOND, VerifyError, sign, verify};
    use crate::secret::Secret;
    use proptest::prelude::*;
    use std::time::Duration;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SENT: u64 = 1_614_265_330;
    const FIVE: Duration = Duration::from_mins(5);

    fn secret() -> Secret {
        Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret")
    }

    fn check(signature: &str, timestamp: &str, now: u64) -> Result<(), VerifyError> {
        let headers = Headers {
            id: ID,
            timestamp,
            signature,
        };
        verify(&secret(), headers, BODY, now * SECOND, FIVE)
    }

    /// The vector of the specification's own libraries.
    #[test]
    fn as_the_specification_signs() {
        let signature = sign([&secret()], ID, SENT, BODY);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(check(&signature, "1614265330", SENT), Ok(()));
    }

    #[test]
    fn one_of_several_is_enough() {
        let other = Secret::generate().expect("random");
        let both = sign([&other, &secret()], ID, SENT, BODY);
        assert_eq!(both.split(' ').count(), 2);
        assert_eq!(check(&both, "1614265330", SENT), Ok(()));
        let strange = format!("v1a,AAAA v2,x {both} nothing");
        assert_eq!(check(&strange, "1614265330", SENT), Ok(()));
        let wrong = sign([&other], ID, SENT, BODY);
        assert_eq!(
            check(&wrong, "1614265330", SENT),
            Err(VerifyError::Signature)
        );
    }

    #[test]
    fn other_content_times_and_texts_are_refused() {
        let good = sign([&secret()], ID, SENT, BODY);
        let headers = Headers {
            id: ID,
            timestamp: "1614265330",
            signature: &good,
        };
        let other = verify(&secret(), headers, b"{}", SENT * SECOND, FIVE);
        assert_eq!(other, Err(VerifyError::Signature));
        let headers = Headers {
            id: "msg_other",
            ..headers
        };
        let other = verify(&secret(), headers, BODY, SENT * SECOND, FIVE);
        assert_eq!(other, Err(VerifyError::Signature));

        assert_eq!(check(&good, "1614265330", SENT + 300), Ok(()));
        assert_eq!(
            check(&good, "1614265330", SENT + 301),
            Err(VerifyError::Old)
        );
        assert_eq!(
            check(&good, "1614265330", SENT - 301),
            Err(VerifyError::Future)
        );
        assert_eq!(
            check(&good, "1614265331", SENT),
            Err(VerifyError::Signature)
        );
        for text in [
            "",
            "hello",
            "+1614265330",
            "-1",
            "1614265330.0",
            &"9".repeat(99),
        ] {
            assert_eq!(
                check(&good, text, SENT),
                Err(VerifyError::Timestamp),
                "{text}"
            );
        }
        for text in [
            "",
            "v1,",
            "v1,dawfeoifkpqwoekfpqoekf",
            &good[..8],
            &good[3..],
        ] {
            assert_eq!(
                check(text, "1614265330", SENT),
                Err(VerifyError::Signature),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_signed_is_accepted_and_nothing_else(body: Vec<u8>, flip: usize) {
            let secret = Secret::generate().expect("random");
            let signature = sign([&secret], ID, SENT, &body);
            let headers = Headers { id: ID, timestamp: "1614265330", signature: &signature };
            prop_assert_eq!(verify(&secret, headers, &body, SENT * SECOND, FIVE), Ok(()));
            let mut other = body.clone();
            match other.len() {
                0 => other.push(0),
                length => other[flip % length] ^= 1,
            }
            let refused = verify(&secret, headers, &other, SENT * SECOND, FIVE);
            prop_assert_eq!(refused, Err(VerifyError::Signature));
        }

        #[test]
        fn nothing_panics(timestamp: String, signature: String) {
            let _ = check(&signature, &timestamp, SENT);
        }
    }
}
