//! What is kept of a person: a few named texts, and their one encoding.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// Most fields of a person.
pub const FIELDS_MAX: usize = 32;

/// Most bytes of a field's name.
pub const NAME_BYTES_MAX: usize = 32;

/// Most bytes of a field's value, in UTF-8.
pub const VALUE_BYTES_MAX: usize = 1024;

/// Most bytes of all fields of a person in their encoding.
pub const FIELDS_BYTES_MAX: usize = 8192;

/// The names that a field may have, besides `x_...`.
pub const NAMES: [&str; 6] = [
    "address",
    "bank_account",
    "document",
    "email",
    "name",
    "phone",
];

/// What is kept of one person: texts by name. The values are wiped from memory when it is dropped,
/// and are not shown by `Debug`.
///
/// A name is one of [`NAMES`], or `x_` and 1 to 30 more of `a-z`, `0-9` and `_`. A value is 1 to
/// 1,024 bytes of UTF-8 of any script without control characters, kept as given (not normalized).
///
/// ```
/// let mut fields = vault::Fields::new();
/// fields.set("name", "Зоя Ψυχή 李")?;
/// fields.set("x_shoe_size", "38")?;
/// assert_eq!(fields.get("name"), Some("Зоя Ψυχή 李"));
/// assert_eq!(vault::Fields::from_bytes(&fields.to_bytes())?, fields);
/// # Ok::<(), vault::FieldError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

/// Why fields are refused. It never carries a value, and a name only if it is one that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldError {
    /// No field may have this name.
    Name,
    /// The value of this field is empty.
    Empty(String),
    /// The value of this field is longer than [`VALUE_BYTES_MAX`].
    Long(String),
    /// The value of this field has a control character, such as a line feed.
    Control(String),
    /// There are more than [`FIELDS_MAX`] fields.
    Many,
    /// All fields together are longer than [`FIELDS_BYTES_MAX`].
    Total,
    /// The bytes are no encoding of fields; what is wrong, and at which byte.
    Bytes {
        /// Where.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(
                f,
                "a field is called {}, or x_ and at most {} more of a-z, 0-9 and _",
                NAMES.join(", "),
                NAME_BYTES_MAX - 2
            ),
            Self::Empty(name) => write!(f, "{name} is empty; leave the field out instead"),
            Self::Long(name) => {
                write!(f, "{name} is longer than {VALUE_BYTES_MAX} bytes of UTF-8")
            }
            Self::Control(name) => write!(
                f,
                "{name} has a control character; a text of one line without tabs is right"
            ),
            Self::Many => write!(f, "a person has at most {FIELDS_MAX} fields"),
            Self::Total => write!(
                f,
                "all fields of a person together have at most {FIELDS_BYTES_MAX} bytes"
            ),
            Self::Bytes { at, what } => write!(f, "byte {at}: {what}"),
        }
    }
}

impl std::error::Error for FieldError {}

impl Fields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the field `name`, in place of what it had. An error changes nothing.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), FieldError> {
        check(name, value)?;
        let before = self.0.get(name).map_or(0, |old| encoded(name, old));
        if before == 0 && self.0.len() == FIELDS_MAX {
            return Err(FieldError::Many);
        }
        if self.encoded_len() - before + encoded(name, value) > FIELDS_BYTES_MAX {
            return Err(FieldError::Total);
        }
        if let Some(mut old) = self.0.insert(name.to_owned(), value.to_owned()) {
            old.zeroize();
        }
        Ok(())
    }

    /// Takes the field `name` out, and says whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let removed = self.0.remove(name).map(Zeroizing::new);
        removed.is_some()
    }

    /// The value of the field `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Names and values, in byte order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The count of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of the encoding.
    pub(crate) fn encoded_len(&self) -> usize {
        1 + self.iter().map(|(n, v)| encoded(n, v)).sum::<usize>()
    }

    /// The one encoding, at most [`FIELDS_BYTES_MAX`] bytes: the count of fields (1 byte), then
    /// each in byte order of the names: length of the name (1), name, length of the value (2,
    /// little-endian), value.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Made whole at once: a vector that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.encoded_len()));
        bytes.push(self.0.len() as u8);
        for (name, value) in self.iter() {
            bytes.push(name.len() as u8);
            bytes.extend(name.as_bytes());
            bytes.extend((value.len() as u16).to_le_bytes());
            bytes.extend(value.as_bytes());
        }
        bytes
    }

    /// Reads what [`Fields::to_bytes`] gave, and refuses whatever else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FieldError> {
        if bytes.len() > FIELDS_BYTES_MAX {
            return Err(FieldError::Total);
        }
        let mut cursor = Cursor { bytes, at: 0 };
        let mut fields = Self::new();
        let count = usize::from(cursor.take::<1>()?[0]);
        if count > FIELDS_MAX {
            return Err(FieldError::Many);
        }
        for _ in 0..count {
            let at = cursor.at;
            let len = usize::from(cursor.take::<1>()?[0]);
            let name = cursor.text(len)?;
            let len = usize::from(u16::from_le_bytes(cursor.take::<2>()?));
            let value = cursor.text(len)?;
            if fields.0.last_key_value().is_some_and(|(n, _)| &**n >= name) {
                let what = "the names do not rise";
                return Err(FieldError::Bytes { at, what });
            }
            check(name, value)?;
            fields.0.insert(name.to_owned(), value.to_owned());
        }
        if cursor.at != bytes.len() {
            return Err(cursor.wrong("the fields have ended, and bytes go on"));
        }
        Ok(fields)
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fields ")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Bytes of one field in the encoding.
fn encoded(name: &str, value: &str) -> usize {
    3 + name.len() + value.len()
}

fn check(name: &str, value: &str) -> Result<(), FieldError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let free = name.len() <= NAME_BYTES_MAX
        && name
            .strip_prefix("x_")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain));
    if !free && !NAMES.contains(&name) {
        return Err(FieldError::Name);
    }
    if value.is_empty() {
        return Err(FieldError::Empty(name.to_owned()));
    }
    if value.len() > VALUE_BYTES_MAX {
        return Err(FieldError::Long(name.to_owned()));
    }
    if value.chars().any(char::is_control) {
        return Err(FieldError::Control(name.to_owned()));
    }
    Ok(())
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn wrong(&self, what: &'static str) -> FieldError {
        FieldError::Bytes { at: self.at, what }
    }

    fn slice(&mut self, len: usize) -> Result<&'a [u8], FieldError> {
        let rest = &self.bytes[self.at..];
        let taken = rest
            .get(..len)
            .ok_or_else(|| self.wrong("the bytes end within a field"))?;
        self.at += len;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], FieldError> {
        let mut taken = [0; N];
        taken.copy_from_slice(self.slice(N)?);
        Ok(taken)
    }

    fn text(&mut self, len: usize) -> Result<&'a str, FieldError> {
        let at = self.at;
        let what = "this is not UTF-8";
        std::str::from_utf8(self.slice(len)?).map_err(|_| FieldError::Bytes { at, what })
    }
}
