//! A file's tables and values, each of which knows its line.

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::error::ReadError;

pub(crate) type Read<T> = Result<T, ReadError>;

/// A table that is read key by key; what nobody asked for is refused at the end.
pub(crate) struct Table<'a> {
    text: &'a str,
    start: usize,
    keys: &'a DeTable<'a>,
    asked: Vec<&'static str>,
}

/// A value, and the key that it stands at.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    text: &'a str,
    key: &'static str,
    item: &'a Spanned<DeValue<'a>>,
}

fn error(text: &str, at: usize, why: impl Into<String>) -> ReadError {
    let before = text.get(..at).unwrap_or_default();
    ReadError {
        line: before.matches('\n').count() + 1,
        rule: String::new(),
        why: why.into(),
    }
}

/// Parses a file and reads its outermost table.
pub(crate) fn parse<T>(text: &str, read: impl FnOnce(Table<'_>) -> Read<T>) -> Read<T> {
    let table = DeTable::parse(text).map_err(|wrong| {
        let at = wrong.span().map_or(0, |span| span.start);
        error(text, at, wrong.message().replace('\n', ", "))
    })?;
    read(Table {
        text,
        start: 0,
        keys: table.get_ref(),
        asked: Vec::new(),
    })
}

impl<'a> Table<'a> {
    /// The value at a key, where it is there.
    pub(crate) fn may(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.asked.push(key);
        let value = self.keys.get(key)?;
        Some(Value {
            text: self.text,
            key,
            item: value,
        })
    }

    /// The value at a key that has to be there.
    pub(crate) fn must(&mut self, key: &'static str) -> Read<Value<'a>> {
        let value = self.may(key);
        value.ok_or_else(|| self.error(format!("`{key}` is missing")))
    }

    /// The text at a key; empty where it is not there.
    pub(crate) fn text_or_none(&mut self, key: &'static str) -> Read<String> {
        let text = self.may(key).map(|value| value.text()).transpose()?;
        Ok(text.unwrap_or_default().to_owned())
    }

    /// The items of the list at a key; none where it is not there.
    pub(crate) fn items(&mut self, key: &'static str) -> Read<Vec<Value<'a>>> {
        let items = self.may(key).map(Value::items).transpose()?;
        Ok(items.unwrap_or_default())
    }

    /// Refuses a key that nobody asked for.
    pub(crate) fn end(self) -> Read<()> {
        for key in self.keys.keys() {
            let name = key.get_ref().as_ref();
            if !self.asked.contains(&name) {
                let mut known = self.asked;
                known.sort_unstable();
                known.dedup();
                let why = format!("`{name}` is not known here; known are {}", known.join(", "));
                return Err(error(self.text, key.span().start, why));
            }
        }
        Ok(())
    }

    pub(crate) fn error(&self, why: impl Into<String>) -> ReadError {
        error(self.text, self.start, why)
    }
}

impl<'a> Value<'a> {
    pub(crate) fn error(&self, why: impl Into<String>) -> ReadError {
        error(self.text, self.item.span().start, why)
    }

    fn is_not(&self, what: &str) -> ReadError {
        self.error(format!("`{}` is {what}", self.key))
    }

    /// What it is, without its place.
    pub(crate) fn inner(&self) -> &'a DeValue<'a> {
        self.item.get_ref()
    }

    pub(crate) fn text(&self) -> Read<&'a str> {
        self.inner()
            .as_str()
            .ok_or_else(|| self.is_not("text in quotes"))
    }

    pub(crate) fn flag(&self) -> Read<bool> {
        self.inner()
            .as_bool()
            .ok_or_else(|| self.is_not("true or false"))
    }

    /// A whole number, in quotes where it is more than TOML's integers hold.
    pub(crate) fn number<T: TryFrom<u128>>(&self) -> Read<T> {
        let digits = match self.inner() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            DeValue::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text,
            _ => return Err(self.is_not("a whole number from 0 on")),
        };
        let number: u128 = digits
            .parse()
            .map_err(|_| self.is_not("a whole number from 0 on"))?;
        number
            .try_into()
            .map_err(|_| self.is_not("less: the number is too large here"))
    }

    /// A number that may be negative.
    pub(crate) fn signed(&self) -> Read<i64> {
        let digits = self.inner().as_integer().map(DeInteger::as_str);
        digits
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| self.is_not("a whole number"))
    }

    /// Text, or a date or time without quotes.
    pub(crate) fn moment_text(&self) -> Read<String> {
        match self.inner() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Datetime(moment) => Ok(moment.to_string()),
            _ => Err(self.is_not("a date or a time")),
        }
    }

    pub(crate) fn items(self) -> Read<Vec<Self>> {
        let list = self.inner().as_array();
        let list = list.ok_or_else(|| self.is_not("a list in square brackets"))?;
        let item = |item| Self { item, ..self };
        Ok(list.iter().map(item).collect())
    }

    pub(crate) fn table(&self) -> Read<Table<'a>> {
        let keys = self.inner().as_table();
        Ok(Table {
            text: self.text,
            start: self.item.span().start,
            keys: keys.ok_or_else(|| self.is_not("a table in curly brackets"))?,
            asked: Vec::new(),
        })
    }

    /// Keys that are names of the user's, with their values.
    pub(crate) fn pairs(&self) -> Read<Vec<(&'a str, Self)>> {
        let table = self.table()?;
        let pair = |(key, item): (&'a Spanned<_>, _)| {
            let key: &std::borrow::Cow<'a, str> = key.get_ref();
            (key.as_ref(), Self { item, ..*self })
        };
        Ok(table.keys.iter().map(pair).collect())
    }

    /// The place of a name in a list of them.
    pub(crate) fn one_of(&self, names: &[&str]) -> Read<usize> {
        let text = self.text()?;
        names
            .iter()
            .position(|name| *name == text)
            .ok_or_else(|| self.is_not(&format!("one of {}, not `{text}`", names.join(", "))))
    }
}
