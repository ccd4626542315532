//! Lines of documents, and the values in them.

use super::{BULK_LAWS, DOCUMENT_BYTES, DOCUMENT_LINES, DocumentError, LINE_BYTES, moment};
use crate::form::text_to_integer;

/// How a value is read, and written so again.
pub(super) struct Form<T> {
    pub(super) read: fn(&str) -> Option<T>,
    pub(super) write: fn(&T) -> String,
    /// What a line has to say.
    pub(super) says: &'static str,
}

/// Checks all that every document keeps to, whatever its kind.
pub(super) fn check_size(text: &str) -> Result<(), DocumentError> {
    let whole = |why| DocumentError { line: 0, why };
    if text.len() > DOCUMENT_BYTES {
        return Err(whole("a document has at most 48 KiB"));
    }
    if text.split('\n').count() > DOCUMENT_LINES + 1 {
        return Err(whole("a document has at most 1024 lines"));
    }
    if !text.ends_with('\n') {
        return Err(whole("a document ends in a line feed"));
    }
    for (line, content) in (1..).zip(text.split('\n')) {
        if content.chars().any(char::is_control) {
            let why = "a document has no control characters but line feeds";
            return Err(DocumentError { line, why });
        }
    }
    Ok(())
}

/// The lines of a document, one after the other.
pub(super) struct Lines<'a> {
    rest: &'a str,
    /// Of the last line that was taken, from 1.
    pub(super) number: u32,
}

impl<'a> Lines<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            number: 0,
        }
    }

    /// The next line, without its end.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        self.number += 1;
        Some(line)
    }

    /// The value of the next line, which is the field `name`.
    pub(super) fn field<T>(&mut self, name: &str, form: &Form<T>) -> Result<T, DocumentError> {
        let line = self.next().unwrap_or_default();
        let error = |why| DocumentError {
            line: self.number,
            why,
        };
        if line.len() > LINE_BYTES {
            return Err(error("a field has at most 512 bytes"));
        }
        let value = line.strip_prefix(name);
        let value = value.and_then(|rest| rest.strip_prefix(' '));
        let value = value.ok_or_else(|| {
            error("it is not the field that stands here; all stand in their order, or say -")
        })?;
        (form.read)(value).ok_or_else(|| error(form.says))
    }

    /// The empty line and the words behind it.
    pub(super) fn reasons(&mut self) -> Result<String, DocumentError> {
        let empty = self.next() == Some("");
        let error = |why| DocumentError {
            line: self.number,
            why,
        };
        if !empty {
            return Err(error("an empty line follows the last field"));
        }
        let words = self.rest.strip_suffix('\n').unwrap_or_default();
        if words.is_empty() || words.starts_with('\n') || words.ends_with('\n') {
            return Err(error("words follow, without empty lines around them"));
        }
        Ok(words.to_owned())
    }
}

fn number<T: TryFrom<u128>>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_shortest = digits && (text == "0" || !text.starts_with('0'));
    let value = is_shortest.then(|| text.parse::<u128>().ok())??;
    T::try_from(value).ok()
}

/// A number from 1 on.
fn counted<T: TryFrom<u128>>(text: &str) -> Option<T> {
    number(text).filter(|_| text != "0")
}

/// A number from 1 on, or `-` for 0.
fn maybe<T: TryFrom<u128> + Default>(text: &str) -> Option<T> {
    if text == "-" {
        return Some(T::default());
    }
    counted(text)
}

fn or_dash<T: PartialEq + Default>(value: &T, write: impl Fn(&T) -> String) -> String {
    if *value == T::default() {
        "-".to_owned()
    } else {
        write(value)
    }
}

fn party(text: &str) -> Option<u128> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_one = text.len() == 32 && text.bytes().all(digit);
    let id = is_one.then(|| u128::from_str_radix(text, 16).ok())??;
    (id != 0).then_some(id)
}

/// A party.
pub(super) const PARTY: Form<u128> = Form {
    read: party,
    write: |id| format!("{id:032x}"),
    says: "a party is 32 small hexadecimal digits",
};

/// A party or none.
pub(super) const MAYBE_PARTY: Form<u128> = Form {
    read: |text| if text == "-" { Some(0) } else { party(text) },
    write: |id| or_dash(id, PARTY.write),
    says: "a party is 32 small hexadecimal digits, or -",
};

/// A number of 64 bits.
pub(super) const NUMBER: Form<u64> = Form {
    read: counted,
    write: ToString::to_string,
    says: "a number has digits without leading zeros, and is not 0",
};

/// A number of 32 bits.
pub(super) const SMALL_NUMBER: Form<u32> = Form {
    read: counted,
    write: ToString::to_string,
    says: "a number has digits without leading zeros, and is not 0",
};

const MAYBE: &str = "a number has digits without leading zeros; nothing is -";

/// A number of 16 bits or none.
pub(super) const MAYBE_16: Form<u16> = Form {
    read: maybe,
    write: |value| or_dash(value, ToString::to_string),
    says: MAYBE,
};

/// A number of 32 bits or none.
pub(super) const MAYBE_32: Form<u32> = Form {
    read: maybe,
    write: |value| or_dash(value, ToString::to_string),
    says: MAYBE,
};

/// A number of 64 bits or none.
pub(super) const MAYBE_64: Form<u64> = Form {
    read: maybe,
    write: |value| or_dash(value, ToString::to_string),
    says: MAYBE,
};

/// A number of 128 bits or none.
pub(super) const MAYBE_128: Form<u128> = Form {
    read: maybe,
    write: |value| or_dash(value, ToString::to_string),
    says: MAYBE,
};

/// A moment or none, in nanoseconds since 1970. What would be 0 cannot be said.
pub(super) const MAYBE_MOMENT: Form<u64> = Form {
    read: |text| {
        if text == "-" {
            return Some(0);
        }
        moment::read(text).filter(|moment| *moment != 0)
    },
    write: |value| or_dash(value, |moment| moment::write(*moment)),
    says: "a moment is written as 2026-01-05T00:00:00Z, up to 2199; none is -",
};

/// A fixed time zone or none.
pub(super) const MAYBE_ZONE: Form<u16> = Form {
    read: |text| {
        if text == "-" {
            return Some(0);
        }
        moment::read_zone(text)
    },
    write: |value| or_dash(value, |zone| moment::write_zone(*zone)),
    says: "a time zone is written as +08:00; none is -",
};

/// One line of words.
pub(super) const WORDS: Form<String> = Form {
    read: |text| is_words(text).then(|| text.to_owned()),
    write: Clone::clone,
    says: "words stand here, without spaces around them; - is none",
};

/// One line of words, or none.
pub(super) const MAYBE_WORDS: Form<String> = Form {
    read: |text| match text {
        "-" => Some(String::new()),
        text => is_words(text).then(|| text.to_owned()),
    },
    write: |words| or_dash(words, Clone::clone),
    says: "words stand here, without spaces around them; none is -",
};

fn is_words(text: &str) -> bool {
    !text.is_empty() && text != "-" && text.trim() == text
}

/// Up to 16 characters of ASCII, as [`crate::form::Form::Text`] has them.
pub(super) const SHORT: Form<u128> = Form {
    read: |text| is_words(text).then(|| text_to_integer(text))?,
    write: |value| crate::form::integer_to_text(*value).unwrap_or_default(),
    says: "a short name of up to 16 letters stands here",
};

/// Laws, or none.
pub(super) const LAWS: Form<Vec<String>> = Form {
    read: |text| {
        if text == "-" {
            return Some(Vec::new());
        }
        let laws: Vec<_> = text.split("; ").map(str::to_owned).collect();
        let each = laws.iter().all(|law| is_words(law) && !law.contains(';'));
        (each && laws.len() <= BULK_LAWS).then_some(laws)
    },
    write: |laws| or_dash(laws, |laws| laws.join("; ")),
    says: "up to 8 laws stand here with a semicolon and a space between; none is -",
};

/// SHA-256 in hexadecimal, or none.
pub(super) const MAYBE_SHA256: Form<[u8; 32]> = Form {
    read: |text| {
        if text == "-" {
            return Some([0; 32]);
        }
        (SHA256.read)(text).filter(|hash| *hash != [0; 32])
    },
    write: |hash| or_dash(hash, SHA256.write),
    says: "it is 64 small hexadecimal digits; none is -",
};

/// SHA-256, in hexadecimal.
pub(super) const SHA256: Form<[u8; 32]> = Form {
    read: |text| {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(digit) {
            return None;
        }
        let mut hash = [0; 32];
        for (place, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
        }
        Some(hash)
    },
    write: |hash| {
        let (halves, _) = hash.as_chunks::<16>();
        let hex = |half: &[u8; 16]| format!("{:032x}", u128::from_be_bytes(*half));
        halves.iter().map(hex).collect::<Vec<_>>().concat()
    },
    says: "SHA-256 is 64 small hexadecimal digits",
};

/// The place of a name; the first one is written as itself.
pub(super) fn place_of(text: &str, names: &[&str]) -> Option<u8> {
    let place = names.iter().position(|name| *name == text)?;
    Some(place as u8)
}

/// The place of a name; the first one stands for nothing and is `-`.
pub(super) fn maybe_place_of(text: &str, names: &[&str]) -> Option<u8> {
    match text {
        "-" => Some(0),
        text => place_of(text, names).filter(|place| *place != 0),
    }
}

/// The bits of names, which stand in their order; none is `-`.
pub(super) fn bits_of(text: &str, names: &[&str]) -> Option<u16> {
    if text == "-" {
        return Some(0);
    }
    let mut bits = 0u16;
    for word in text.split(' ') {
        let bit = 1 << place_of(word, names)?;
        if bit <= bits {
            return None;
        }
        bits |= bit;
    }
    Some(bits)
}

/// The names of bits, as [`bits_of`] reads them.
pub(super) fn names_of(bits: u16, names: &[&str]) -> String {
    if bits == 0 {
        return "-".to_owned();
    }
    let named = names.iter().enumerate();
    let set = named.filter(|(place, _)| bits >> place & 1 == 1);
    let set: Vec<_> = set.map(|(_, name)| *name).collect();
    set.join(" ")
}
