//! The part of a URL behind its question mark.

use crate::problem::{Kind, Problem, echo};

/// Names with their values, in order, as `a=1&b=2` has them; each name is one of `known`.
pub(crate) fn pairs<'a>(
    query: Option<&'a str>,
    known: &[&'static str],
) -> Result<Vec<(&'static str, String)>, Problem> {
    let parts = query.unwrap_or_default().split('&');
    let pair = |part: &'a str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = known.iter().find(|known| **known == name).ok_or_else(|| {
            let detail = format!(
                "{:?} is no parameter of the route, which has {}.",
                echo(name),
                known.join(", ")
            );
            Problem::new(Kind::Invalid, detail)
        })?;
        let value = decode(value).ok_or_else(|| {
            let detail = format!("`{name}`: a % is followed by two hexadecimal digits of UTF-8.");
            Problem::new(Kind::Invalid, detail)
        })?;
        Ok((*name, value))
    };
    parts.filter(|part| !part.is_empty()).map(pair).collect()
}

/// Replaces `%2A` and the like; `None` where it is cut short or no text.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            (digit()? * 16 + digit()?) as u8
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn queries() {
        let read = |query| pairs(Some(query), &["from", "kind"]);
        let kinds = read("kind=hold.%2a&from=7&&kind=party.*").expect("it is one");
        let expected = [("kind", "hold.*"), ("from", "7"), ("kind", "party.*")];
        assert_eq!(
            kinds,
            expected.map(|(name, value)| (name, value.to_owned()))
        );
        assert_eq!(pairs(None, &[]), Ok(Vec::new()));
        for (wrong, says) in [
            ("limits=1", "which has from, kind"),
            ("from=%", "two hexadecimal digits"),
            ("from=%4", "two hexadecimal digits"),
            ("from=%ff", "of UTF-8"),
        ] {
            let problem = read(wrong).expect_err(wrong);
            assert!(problem.body().detail().contains(says), "{problem:?}");
        }
    }
}
