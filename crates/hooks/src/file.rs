//! The file of one subscription, as JSON. Its types are twins of those inside: what is on the disk
//! does not change because a field is renamed.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::address::{self, Reach};
use crate::entry::{Content, Signer};
use crate::event::Filter;
use crate::limits::{FILE_BYTES, SECRETS};
use crate::secret::Secret;
use crate::subscription::State;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    url: String,
    kinds: Vec<String>,
    parties: Vec<String>,
    order: String,
    secrets: Vec<FileSecret>,
    state: String,
    next: u64,
    tries: u32,
    due: u64,
    failing: u32,
    again: (u64, u64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSecret {
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    until: Option<u64>,
}

impl Drop for FileSecret {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

pub(crate) fn encode(content: &Content) -> Zeroizing<Vec<u8>> {
    let Filter {
        kinds,
        parties,
        order,
    } = &content.filter;
    let secrets = content.signers.iter().map(|Signer { secret, until }| {
        let text = secret.text();
        FileSecret {
            secret: text.as_str().to_owned(),
            until: *until,
        }
    });
    let file = File {
        url: content.url.clone(),
        kinds: kinds.clone(),
        parties: parties.iter().map(u128::to_string).collect(),
        order: order.to_string(),
        secrets: secrets.collect(),
        state: content.state.name().to_owned(),
        next: content.next,
        tries: content.tries,
        due: content.due,
        failing: content.failing,
        again: content.again,
    };
    // As long as any file is: growing would leave copies of the secrets.
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES as usize));
    serde_json::to_writer_pretty(&mut *bytes, &file).expect("a subscription is plain JSON");
    bytes.push(b'\n');
    bytes
}

/// The content, or what is wrong with it; nothing of the file is repeated.
pub(crate) fn decode(bytes: &[u8]) -> Result<Content, &'static str> {
    let file: File = serde_json::from_slice(bytes).map_err(|_| "it is no subscription in JSON")?;
    // How far webhooks go may have been narrowed since; each try is judged again.
    address::check(&file.url, Reach::Private).map_err(|_| "its URL is none")?;
    let number = |text: &String| {
        text.parse::<u128>()
            .map_err(|_| "a party or order is no number")
    };
    let parties = file.parties.iter().map(number).collect::<Result<_, _>>()?;
    let filter = Filter {
        parties,
        order: number(&file.order)?,
        kinds: file.kinds,
    };
    filter
        .check()
        .map_err(|_| "its kinds or parties are none")?;
    let signer = |file: &FileSecret| {
        let secret = Secret::parse(&file.secret).map_err(|_| "a secret is none")?;
        Ok(Signer {
            secret,
            until: file.until,
        })
    };
    let signers: Vec<_> = file
        .secrets
        .iter()
        .map(signer)
        .collect::<Result<_, &str>>()?;
    if signers.is_empty() || signers.len() > SECRETS {
        return Err("it has no secret or too many");
    }
    let state = State::ALL
        .into_iter()
        .find(|state| state.name() == file.state);
    Ok(Content {
        url: file.url,
        filter,
        signers,
        state: state.ok_or("its state is none")?,
        next: file.next,
        tries: file.tries,
        due: file.due,
        failing: file.failing,
        again: file.again,
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::entry::{Content, Signer};
    use crate::event::Filter;
    use crate::limits::FILE_BYTES;
    use crate::secret::Secret;
    use crate::subscription::State;
    use proptest::prelude::*;

    fn longest() -> Content {
        let signer = |until| Signer {
            secret: Secret::generate().expect("random"),
            until,
        };
        let parties = vec![u128::MAX; 256];
        let kinds = vec!["k".repeat(64); 64];
        Content {
            url: format!("https://example.com/{}", "x".repeat(2_000)),
            filter: Filter {
                kinds,
                parties,
                order: u128::MAX,
            },
            signers: vec![
                signer(None),
                signer(Some(u64::MAX)),
                signer(Some(5)),
                signer(Some(4)),
            ],
            state: State::Failing,
            next: u64::MAX,
            tries: u32::MAX,
            due: u64::MAX,
            failing: 3,
            again: (7, 9),
        }
    }

    #[test]
    fn the_longest_is_read_as_it_was_written() {
        let bytes = encode(&longest());
        assert!(bytes.len() as u64 <= FILE_BYTES);
        let content = decode(&bytes).expect("it is one");
        assert_eq!(content.filter, longest().filter);
        assert_eq!((content.next, content.again), (u64::MAX, (7, 9)));
        assert_eq!(*encode(&content), *bytes);
    }

    #[test]
    fn other_files_are_refused() {
        let bytes = encode(&longest());
        let text = std::str::from_utf8(&bytes).expect("JSON");
        for (from, to) in [
            ("\"next\"", "\"naxt\""),
            ("https:", "gopher:"),
            ("\"failing\",", "\"fallen\","),
            ("whsec_", "whpk_"),
            ("kk", "K K"),
            ("\"order\": \"", "\"order\": \"x"),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text, "{from}");
            assert!(decode(other.as_bytes()).is_err(), "{from}");
        }
        assert!(decode(&bytes[..bytes.len() / 2]).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
