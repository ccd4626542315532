//! Canonical bytes of rule books: each has one form.
//!
//! | what | form |
//! |---|---|
//! | number | one byte with the count of the bytes that follow, 0 to 16; the number, little-endian, without leading zero bytes |
//! | text | its length as a number; UTF-8 |
//! | list | its length as a number; the items |
//! | choice | one byte with its number, from 0; its parts in the order of their definition |
//! | may be absent | a list of none or one |
//!
//! A rule book is the list of its zones (name; list of offsets: from, ahead) and that of its rules,
//! whose fields stand in the order of [`Rule`], scope and source in its place.

use super::{
    BOOK_BYTES, Condition, Consequence, DEPTH, Fraction, LIST_ITEMS, Lines, Measure, OFFSETS,
    Offset, Per, RULES, Relation, Rule, RuleBook, Scope, Source, Step, Subject, TEXT_BYTES, Tally,
    Term, Window, ZONES, Zone,
};
use crate::money::CurrencyCode;

/// Why bytes are not a rule book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BytesError {
    /// More than [`BOOK_BYTES`].
    Size,
    /// They end within it.
    Short,
    /// They go on after it.
    Long,
    /// A number, length or choice is out of its range, or not in its shortest form.
    Value,
    /// What they say is no rule book.
    Unsound(super::Unsound),
}

impl core::fmt::Display for BytesError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Size => f.write_str("a rule book has at most 48 KiB"),
            Self::Short => f.write_str("the bytes end within the rule book"),
            Self::Long => f.write_str("bytes follow the rule book"),
            Self::Value => f.write_str("a number, length or choice is out of its range"),
            Self::Unsound(unsound) => unsound.fmt(f),
        }
    }
}

impl std::error::Error for BytesError {}

/// The canonical bytes of a rule book.
pub fn encode(book: &RuleBook) -> Vec<u8> {
    let mut out = Out(Vec::new());
    out.list(&book.zones, Out::zone);
    out.list(&book.rules, Out::rule);
    out.0
}

/// Reads a rule book that takes all of `bytes`, and checks it.
pub fn decode(bytes: &[u8]) -> Result<RuleBook, BytesError> {
    if bytes.len() > BOOK_BYTES {
        return Err(BytesError::Size);
    }
    let mut from = In(bytes);
    let book = RuleBook {
        zones: from.list(ZONES, In::zone)?,
        rules: from.list(RULES, In::rule)?,
    };
    if !from.0.is_empty() {
        return Err(BytesError::Long);
    }
    book.check().map_err(BytesError::Unsound)?;
    Ok(book)
}

/// The canonical bytes of what a tally counts: its scope, its zone and itself. Two rules whose
/// tallies have the same bytes share it.
pub fn tally_bytes(zone: &Zone, scope: &Scope, tally: Tally) -> Vec<u8> {
    let mut out = Out(Vec::new());
    out.zone(zone);
    out.scope(scope);
    out.tally(tally);
    out.0
}

struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, number: impl Into<u128>) {
        let number = number.into();
        let len = (128 - number.leading_zeros()).div_ceil(8) as usize;
        self.0.push(len as u8);
        self.0.extend_from_slice(&number.to_le_bytes()[..len]);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u64);
        for each in items {
            item(self, each);
        }
    }

    fn numbers<T: Copy + Into<u128>>(&mut self, items: &[T]) {
        self.list(items, |out, item| out.number(*item));
    }

    fn zone(&mut self, zone: &Zone) {
        self.text(&zone.name);
        self.list(&zone.offsets, |out, offset| {
            out.number(offset.from);
            out.number(offset.ahead);
        });
    }

    fn rule(&mut self, rule: &Rule) {
        self.text(&rule.id);
        self.text(&rule.title);
        self.text(&rule.jurisdiction);
        self.text(&rule.source.law);
        self.text(&rule.source.article);
        self.text(&rule.source.address);
        self.number(u8::from(rule.source.verified));
        self.number(rule.from);
        self.number(rule.to);
        self.number(rule.zone);
        self.scope(&rule.scope);
        self.condition(&rule.require);
        self.list(rule.unless.as_slice(), Self::condition);
        self.0.push(rule.then as u8);
    }

    fn scope(&mut self, scope: &Scope) {
        self.0.push(scope.subject as u8);
        self.numbers(&scope.kinds);
        self.list(scope.currency.as_slice(), |out, (code, exponent)| {
            out.text(code.as_str());
            out.number(*exponent);
        });
        self.lines(&scope.payer);
        self.lines(&scope.payee);
        self.numbers(&scope.tiers);
        self.numbers(&scope.parties);
        self.numbers(&scope.channels);
        self.number(scope.party);
    }

    fn lines(&mut self, lines: &Lines) {
        self.numbers(&lines.roles);
        self.numbers(&lines.codes);
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Compare(left, relation, right) => {
                self.0.push(0);
                self.term(left);
                self.0.push(*relation as u8);
                self.term(right);
            }
            Condition::All(all) => {
                self.0.push(1);
                self.list(all, Self::condition);
            }
            Condition::Any(all) => {
                self.0.push(2);
                self.list(all, Self::condition);
            }
            Condition::Not(condition) => {
                self.0.push(3);
                self.condition(condition);
            }
            Condition::OwnName => self.0.push(4),
        }
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Number(number) => self.numbered(0, *number),
            Term::Money(amount) => self.numbered(1, *amount),
            Term::Amount => self.0.push(2),
            Term::Tally(tally) => {
                self.0.push(3);
                self.tally(*tally);
            }
            Term::Owed(lines) => {
                self.0.push(4);
                self.lines(lines);
            }
            Term::Held(lines) => {
                self.0.push(5);
                self.lines(lines);
            }
            Term::Figure(name) => {
                self.0.push(6);
                self.text(name);
            }
            Term::Part(name) => {
                self.0.push(7);
                self.text(name);
            }
            Term::Times(term, fraction) => {
                self.0.push(8);
                self.term(term);
                self.fraction(*fraction);
            }
            Term::Ladder(term, steps) => {
                self.0.push(9);
                self.term(term);
                self.list(steps, |out, step| {
                    out.number(step.up_to);
                    out.fraction(step.fraction);
                });
            }
            Term::Sum(terms) => {
                self.0.push(10);
                self.list(terms, Self::term);
            }
        }
    }

    fn numbered(&mut self, choice: u8, number: u128) {
        self.0.push(choice);
        self.number(number);
    }

    fn fraction(&mut self, fraction: Fraction) {
        self.number(fraction.times);
        self.number(fraction.of);
    }

    fn tally(&mut self, tally: Tally) {
        self.0.push(tally.measure as u8);
        self.0.push(tally.per as u8);
        let (choice, length) = match tally.window {
            Window::Day => (0, None),
            Window::Week => (1, None),
            Window::Month => (2, None),
            Window::Quarter => (3, None),
            Window::Year => (4, None),
            Window::Lifetime => (5, None),
            Window::RollingHours(hours) => (6, Some(hours)),
            Window::RollingDays(days) => (7, Some(days)),
        };
        self.0.push(choice);
        if let Some(length) = length {
            self.number(length);
        }
    }
}

struct In<'a>(&'a [u8]);

type Read<T> = Result<T, BytesError>;

impl<'a> In<'a> {
    fn take(&mut self, len: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(BytesError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn choice(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }

    fn number<T: TryFrom<u128>>(&mut self) -> Read<T> {
        let len = usize::from(self.choice()?);
        if len > 16 {
            return Err(BytesError::Value);
        }
        let taken = self.take(len)?;
        if taken.last() == Some(&0) {
            return Err(BytesError::Value);
        }
        let mut bytes = [0; 16];
        bytes[..len].copy_from_slice(taken);
        T::try_from(u128::from_le_bytes(bytes)).map_err(|_| BytesError::Value)
    }

    fn text(&mut self) -> Read<String> {
        let len = self.number::<u16>()?.into();
        if len > TEXT_BYTES {
            return Err(BytesError::Value);
        }
        let text = core::str::from_utf8(self.take(len)?);
        text.map(str::to_owned).map_err(|_| BytesError::Value)
    }

    fn list<T>(&mut self, most: usize, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let len = self.number::<u16>()?.into();
        if len > most {
            return Err(BytesError::Value);
        }
        (0..len).map(|_| item(self)).collect()
    }

    fn numbers<T: TryFrom<u128>>(&mut self) -> Read<Vec<T>> {
        self.list(LIST_ITEMS, Self::number)
    }

    fn zone(&mut self) -> Read<Zone> {
        Ok(Zone {
            name: self.text()?,
            offsets: self.list(OFFSETS, |from| {
                Ok(Offset {
                    from: from.number()?,
                    ahead: from.number()?,
                })
            })?,
        })
    }

    fn rule(&mut self) -> Read<Rule> {
        Ok(Rule {
            id: self.text()?,
            title: self.text()?,
            jurisdiction: self.text()?,
            source: Source {
                law: self.text()?,
                article: self.text()?,
                address: self.text()?,
                verified: match self.number::<u8>()? {
                    0 => false,
                    1 => true,
                    _ => return Err(BytesError::Value),
                },
            },
            from: self.number()?,
            to: self.number()?,
            zone: self.number()?,
            scope: self.scope()?,
            require: self.condition(DEPTH)?,
            unless: self.list(1, |from| from.condition(DEPTH))?.pop(),
            then: self.one_of(&Consequence::ALL)?,
        })
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Read<T> {
        let choice = usize::from(self.choice()?);
        all.get(choice).copied().ok_or(BytesError::Value)
    }

    fn scope(&mut self) -> Read<Scope> {
        Ok(Scope {
            subject: self.one_of(&[Subject::Payer, Subject::Payee])?,
            kinds: self.numbers()?,
            currency: self
                .list(1, |from| {
                    let code = CurrencyCode::new(&from.text()?).ok_or(BytesError::Value)?;
                    Ok((code, from.number()?))
                })?
                .pop(),
            payer: self.lines()?,
            payee: self.lines()?,
            tiers: self.numbers()?,
            parties: self.numbers()?,
            channels: self.numbers()?,
            party: self.number()?,
        })
    }

    fn lines(&mut self) -> Read<Lines> {
        Ok(Lines {
            roles: self.numbers()?,
            codes: self.numbers()?,
        })
    }

    fn condition(&mut self, depth: usize) -> Read<Condition> {
        let below = depth.checked_sub(1).ok_or(BytesError::Value)?;
        Ok(match self.choice()? {
            0 => Condition::Compare(
                self.term(below)?,
                self.one_of(&Relation::ALL)?,
                self.term(below)?,
            ),
            1 => Condition::All(self.list(LIST_ITEMS, |from| from.condition(below))?),
            2 => Condition::Any(self.list(LIST_ITEMS, |from| from.condition(below))?),
            3 => Condition::Not(Box::new(self.condition(below)?)),
            4 => Condition::OwnName,
            _ => return Err(BytesError::Value),
        })
    }

    fn term(&mut self, depth: usize) -> Read<Term> {
        let below = depth.checked_sub(1).ok_or(BytesError::Value)?;
        Ok(match self.choice()? {
            0 => Term::Number(self.number()?),
            1 => Term::Money(self.number()?),
            2 => Term::Amount,
            3 => Term::Tally(self.tally()?),
            4 => Term::Owed(self.lines()?),
            5 => Term::Held(self.lines()?),
            6 => Term::Figure(self.text()?),
            7 => Term::Part(self.text()?),
            8 => Term::Times(Box::new(self.term(below)?), self.fraction()?),
            9 => Term::Ladder(
                Box::new(self.term(below)?),
                self.list(LIST_ITEMS, |from| {
                    Ok(Step {
                        up_to: from.number()?,
                        fraction: from.fraction()?,
                    })
                })?,
            ),
            10 => Term::Sum(self.list(LIST_ITEMS, |from| from.term(below))?),
            _ => return Err(BytesError::Value),
        })
    }

    fn fraction(&mut self) -> Read<Fraction> {
        Ok(Fraction {
            times: self.number()?,
            of: self.number()?,
        })
    }

    fn tally(&mut self) -> Read<Tally> {
        Ok(Tally {
            measure: self.one_of(&[Measure::Sum, Measure::Count])?,
            per: self.one_of(&[Per::Party, Per::Account, Per::Pair, Per::Everyone])?,
            window: match self.choice()? {
                0 => Window::Day,
                1 => Window::Week,
                2 => Window::Month,
                3 => Window::Quarter,
                4 => Window::Year,
                5 => Window::Lifetime,
                6 => Window::RollingHours(self.number()?),
                7 => Window::RollingDays(self.number()?),
                _ => return Err(BytesError::Value),
            },
        })
    }
}
