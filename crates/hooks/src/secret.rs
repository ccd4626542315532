//! What signs, and its text.

use core::fmt;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::limits::{SECRET_LEAST, SECRET_MOST};

/// What the text of a secret begins with.
const PREFIX: &str = "whsec_";

/// Bytes of a secret that is made here.
const MADE: usize = 32;

/// A key that sender and receiver share: 24 to 64 bytes. Wiped from memory when it is dropped, and
/// shown by [`Secret::text`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

/// Why a text is no secret. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// It does not begin with `whsec_`, or what follows is no base64.
    Malformed,
    /// It stands for too few bytes or too many.
    Length,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => write!(f, "a secret is {PREFIX} and base64"),
            Self::Length => write!(f, "a secret has {SECRET_LEAST} to {SECRET_MOST} bytes"),
        }
    }
}

impl std::error::Error for SecretError {}

impl Secret {
    /// A new secret of 32 random bytes.
    pub fn generate() -> io::Result<Self> {
        let mut bytes = Zeroizing::new(vec![0; MADE]);
        getrandom::fill(&mut bytes).map_err(io::Error::from)?;
        Ok(Self(bytes))
    }

    /// The secret that `text` stands for: `whsec_` and the base64 of 24 to 64 bytes.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretError::Malformed)?;
        // Longer than any secret in base64: not worth decoding.
        if encoded.len() > SECRET_MOST * 2 {
            return Err(SecretError::Length);
        }
        let bytes = STANDARD.decode(encoded);
        let bytes = Zeroizing::new(bytes.map_err(|_| SecretError::Malformed)?);
        if !(SECRET_LEAST..=SECRET_MOST).contains(&bytes.len()) {
            return Err(SecretError::Length);
        }
        Ok(Self(bytes))
    }

    /// What the receiver is given, once.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + SECRET_MOST * 2));
        text.push_str(PREFIX);
        STANDARD.encode_string(&*self.0, &mut text);
        text
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, SecretError};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    #[test]
    fn made_read_and_never_shown() {
        let secret = Secret::generate().expect("random");
        let text = secret.text();
        assert_eq!(Secret::parse(&text).as_ref(), Ok(&secret));
        assert_ne!(secret, Secret::generate().expect("random"));
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn only_24_to_64_bytes() {
        for (length, fits) in [
            (23, false),
            (24, true),
            (64, true),
            (65, false),
            (500, false),
        ] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; length]));
            let read = Secret::parse(&text).map(|_| ());
            assert_eq!(
                read,
                if fits {
                    Ok(())
                } else {
                    Err(SecretError::Length)
                },
                "{length}"
            );
        }
        for text in [
            "",
            "whsec_",
            "whpk_AAAA",
            "whsec_A",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert!(Secret::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text: String) {
            let _ = Secret::parse(&text);
            let _ = Secret::parse(&format!("whsec_{text}"));
        }
    }
}
