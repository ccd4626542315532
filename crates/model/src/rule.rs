//! Rules: what a payment must keep to, as data.
//!
//! A [`RuleBook`] is a version of all rules. A [`Rule`] says from where it comes, when it holds,
//! which payments it is about ([`Scope`]), what must hold for them ([`Condition`]) and what follows
//! where it does not ([`Consequence`]). A payment is what one transfer moves: the debit account's
//! party pays, the credit account's is paid.
//!
//! All numbers are integers. There is no code in a rule, only comparisons of terms of this module,
//! so that every rule ends, costs what it looks like, and means the same for ever. [`bytes`] has
//! the canonical form: what is signed, and what the log keeps.

pub mod bytes;
mod condition;

pub use condition::{Condition, Fraction, Measure, Per, Relation, Step, Tally, Term, Window};

use std::collections::BTreeSet;

use crate::limits::CURRENCY_EXPONENT;
use crate::money::CurrencyCode;

/// Rules of one rule book at most.
pub const RULES: usize = 128;
/// Canonical bytes of one rule book at most.
pub const BOOK_BYTES: usize = 48 << 10;
/// Bytes of one text at most.
pub const TEXT_BYTES: usize = 400;
/// Bytes of the id of a rule at most.
pub const ID_BYTES: usize = 64;
/// Bytes of the name of a figure or part at most.
pub const NAME_BYTES: usize = 32;
/// Items of one list at most.
pub const LIST_ITEMS: usize = 64;
/// Offsets of one time zone at most.
pub const OFFSETS: usize = 192;
/// Seconds between two offsets of one time zone at least. As offsets are a day at most, local time
/// that was put back has come to where it was before the next change.
pub const OFFSET_SECONDS: u64 = 2 * 86_400;
/// Time zones of one rule book at most.
pub const ZONES: usize = 16;
/// Levels of one condition at most.
pub const DEPTH: usize = 8;
/// Tallies of one rule book at most, the same ones counted once.
pub const TALLIES: usize = 256;

/// Names of what follows, see [`Consequence`].
pub const CONSEQUENCES: &[&str] = &["refuse", "hold", "flag", "report"];

/// By which way a payment was made. Grades a to d are those of payments by QR code.
pub const CHANNELS: &[&str] = &[
    "none", "app", "web", "in_store", "api", "card", "qr_a", "qr_b", "qr_c", "qr_d",
];

/// All rules of one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleBook {
    /// Where days begin, as rules mean it.
    pub zones: Vec<Zone>,
    /// In the order in which they are judged; their ids differ.
    pub rules: Vec<Rule>,
}

/// When days begin somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// As people call it: `Asia/Shanghai`, `+08:00`.
    pub name: String,
    /// From when on which offset holds, rising by [`OFFSET_SECONDS`] at least; the first holds
    /// before as well.
    pub offsets: Vec<Offset>,
}

/// The offset of a time zone from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Seconds since 1970.
    pub from: u64,
    /// Minutes that local time is ahead, plus [`Offset::ZERO`].
    pub ahead: u16,
}

impl Offset {
    /// What stands for no difference: offsets are unsigned.
    pub const ZERO: u16 = 1_440;
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Small letters, digits and hyphens.
    pub id: String,
    /// What it says, in one line.
    pub title: String,
    /// Whose rule it is: `CN`, `EU`, `GB`.
    pub jurisdiction: String,
    /// Where it is written.
    pub source: Source,
    /// Nanoseconds since 1970: from when on it holds; [`Rule::DRAFT`] is never.
    pub from: u64,
    /// Nanoseconds since 1970: from when on it holds no more; 0 is never.
    pub to: u64,
    /// Place of its time zone in [`RuleBook::zones`].
    pub zone: u8,
    /// Which payments it is about.
    pub scope: Scope,
    /// What must hold, the payment counted in.
    pub require: Condition,
    /// Where this holds, nothing is required.
    pub unless: Option<Condition>,
    /// What follows where it is required and does not hold.
    pub then: Consequence,
}

/// The law, contract or decision that a rule comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name and number.
    pub law: String,
    /// The place in it.
    pub article: String,
    /// Where it can be read.
    pub address: String,
    /// Whether somebody compared the rule with the text.
    pub verified: bool,
}

/// What follows where a rule is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Consequence {
    /// The payment is not made.
    Refuse,
    /// It is not made until a person has looked at it.
    Hold,
    /// It is made, and looked at afterwards.
    Flag,
    /// It is made, and told to the authority.
    Report,
}

impl Consequence {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [Self::Refuse, Self::Hold, Self::Flag, Self::Report];

    /// Whether the payment is made all the same.
    pub const fn lets_through(self) -> bool {
        matches!(self, Self::Flag | Self::Report)
    }
}

/// Whom a rule is about: one side of the payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Subject {
    /// The party of the debit account.
    #[default]
    Payer,
    /// The party of the credit account.
    Payee,
}

/// Which payments a rule is about; an empty list and `None` mean any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Whom tiers, classes and tallies per party are of.
    pub subject: Subject,
    /// Codes of transfers: the numbers of acts.
    pub kinds: Vec<u16>,
    /// Currency and its exponent: amounts of the rule are in its minor units.
    pub currency: Option<(CurrencyCode, u8)>,
    /// Of which lines of the chart the debit account is.
    pub payer: Lines,
    /// Of which lines the credit account is.
    pub payee: Lines,
    /// How well the subject was identified.
    pub tiers: Vec<u8>,
    /// What the subject is, by place in [`crate::object::PARTY_KINDS`].
    pub parties: Vec<u8>,
    /// By place in [`CHANNELS`].
    pub channels: Vec<u8>,
    /// This subject only; 0 is any.
    pub party: u128,
}

/// Lines of the chart of accounts: an account is among them if one of the two lists has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// By what they are for: numbers of [`crate::object::Role`].
    pub roles: Vec<u8>,
    /// By their codes.
    pub codes: Vec<u16>,
}

/// Why a rule book is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsound {
    /// Id of the rule; empty where it is none's.
    pub rule: String,
    /// What is wrong, and what would be right.
    pub why: &'static str,
}

impl core::fmt::Display for Unsound {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.rule.is_empty() {
            f.write_str(self.why)
        } else {
            write!(f, "rule {}: {}", self.rule, self.why)
        }
    }
}

impl std::error::Error for Unsound {}

impl RuleBook {
    /// Checks all that a rule book must keep to for itself.
    pub fn check(&self) -> Result<(), Unsound> {
        let whole = |why| Unsound {
            rule: String::new(),
            why,
        };
        if self.rules.len() > RULES {
            return Err(whole("a rule book has at most 128 rules"));
        }
        if self.zones.len() > ZONES || !self.zones.iter().all(Zone::is_sound) {
            return Err(whole(
                "a rule book has at most 16 time zones, each with a name and at most 192 offsets \
                 of at most a day, two days apart at least",
            ));
        }
        let names: BTreeSet<_> = self.zones.iter().map(|zone| &zone.name).collect();
        if names.len() < self.zones.len() {
            return Err(whole("the names of a rule book's time zones differ"));
        }
        let mut ids: Vec<_> = self.rules.iter().map(|rule| &rule.id).collect();
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Unsound {
                rule: twice[0].clone(),
                why: "another rule has the same id",
            });
        }
        for rule in &self.rules {
            rule.check(self.zones.len()).map_err(|why| Unsound {
                rule: rule.id.clone(),
                why,
            })?;
        }
        if bytes::encode(self).len() > BOOK_BYTES {
            return Err(whole("a rule book has at most 48 KiB"));
        }
        if self.tallies() > TALLIES {
            return Err(whole("the rules of a book need at most 256 tallies"));
        }
        Ok(())
    }

    /// The same rules before anybody said when they hold: all of them drafts.
    #[must_use]
    pub fn undated(&self) -> Self {
        let mut draft = self.clone();
        for rule in &mut draft.rules {
            (rule.from, rule.to) = (Rule::DRAFT, 0);
        }
        draft
    }

    /// How many tallies its rules name, the same ones counted once.
    fn tallies(&self) -> usize {
        let mut tallies = BTreeSet::new();
        for rule in &self.rules {
            let zone = &self.zones[usize::from(rule.zone)];
            rule.each_term(&mut |term| {
                if let Term::Tally(tally) = term {
                    tallies.insert(bytes::tally_bytes(zone, &rule.scope, *tally));
                }
            });
        }
        tallies.len()
    }
}

impl RuleBook {
    /// Whether a rule compares what accounts of some lines have together.
    pub fn compares_classes(&self) -> bool {
        let mut compares = false;
        for rule in &self.rules {
            rule.each_term(&mut |term| {
                compares |= matches!(term, Term::Owed(_) | Term::Held(_));
            });
        }
        compares
    }
}

impl Zone {
    /// One that is always so many minutes ahead, plus [`Offset::ZERO`].
    pub fn fixed(ahead: u16) -> Self {
        Self {
            name: crate::document::moment::write_zone(ahead),
            offsets: vec![Offset { from: 0, ahead }],
        }
    }

    fn is_sound(&self) -> bool {
        let rises = |pair: &[Offset]| {
            let since = pair[1].from.checked_sub(pair[0].from);
            since.is_some_and(|since| since >= OFFSET_SECONDS)
        };
        is_text(&self.name)
            && !self.name.is_empty()
            && !self.offsets.is_empty()
            && self.offsets.len() <= OFFSETS
            && self.offsets.windows(2).all(rises)
            && self
                .offsets
                .iter()
                .all(|offset| offset.ahead <= 2 * Offset::ZERO)
    }

    /// Seconds of local time since 1970, at `seconds` since 1970; never before 1970. Where clocks
    /// are put back, local time stands still until it would have come there again, so that no
    /// day and no hour begins twice.
    pub fn local(&self, seconds: u64) -> u64 {
        let after = self
            .offsets
            .partition_point(|offset| offset.from <= seconds);
        let place = after.saturating_sub(1);
        let offset = self.offsets[place];
        let before = place.checked_sub(1).map_or(0, |before| {
            self.offsets[before].local(offset.from.saturating_sub(1))
        });
        offset.local(seconds).max(before)
    }

    /// The first second since 1970 at which local time is at least `local`; 2^64-1 where it does
    /// not come there.
    pub fn moment(&self, local: u64) -> u64 {
        if local == 0 {
            return 0;
        }
        let mut first = u64::MAX;
        for (place, offset) in self.offsets.iter().enumerate() {
            let zero = u64::from(Offset::ZERO) * 60;
            let start = if place == 0 { 0 } else { offset.from };
            let seconds = local
                .saturating_add(zero)
                .saturating_sub(u64::from(offset.ahead) * 60);
            let end = self
                .offsets
                .get(place + 1)
                .map_or(u64::MAX, |next| next.from);
            let seconds = seconds.max(start);
            if seconds < end {
                first = first.min(seconds);
            }
        }
        first
    }
}

impl Offset {
    const fn local(self, seconds: u64) -> u64 {
        let ahead = seconds.saturating_add(self.ahead as u64 * 60);
        ahead.saturating_sub(Self::ZERO as u64 * 60)
    }
}

impl Rule {
    /// [`Rule::from`] of a draft: it is in the book to be read and tried, and judges nothing.
    pub const DRAFT: u64 = u64::MAX;

    /// Whether it holds at this moment.
    pub const fn holds_at(&self, time: u64) -> bool {
        self.from <= time && (self.to == 0 || time < self.to) && !self.is_draft()
    }

    /// Whether it never came into force.
    pub const fn is_draft(&self) -> bool {
        self.from == Self::DRAFT
    }

    /// Tells each term that it names.
    pub fn each_term<'a>(&'a self, tell: &mut impl FnMut(&'a Term)) {
        self.require.each_term(tell);
        if let Some(unless) = &self.unless {
            unless.each_term(tell);
        }
    }

    fn check(&self, zones: usize) -> Result<(), &'static str> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let texts = [
            &self.title,
            &self.jurisdiction,
            &self.source.law,
            &self.source.article,
            &self.source.address,
        ];
        if self.id.is_empty() || self.id.len() > ID_BYTES || !self.id.bytes().all(good) {
            return Err("an id is 1 to 64 small letters, digits and hyphens");
        }
        if !texts.iter().all(|text| is_text(text)) {
            return Err("a text has at most 400 bytes and no control characters");
        }
        if self.title.is_empty() || self.jurisdiction.is_empty() || self.source.law.is_empty() {
            return Err("title, jurisdiction and source.law must be said");
        }
        if self.to != 0 && self.to <= self.from {
            return Err("it ends before it begins");
        }
        if usize::from(self.zone) >= zones {
            return Err("its time zone is not one of the rule book");
        }
        self.scope.check()?;
        self.require.check(DEPTH)?;
        if let Some(unless) = &self.unless {
            unless.check(DEPTH)?;
        }
        let money =
            self.require.names_money() || self.unless.as_ref().is_some_and(Condition::names_money);
        if money && self.scope.currency.is_none() {
            return Err("it compares amounts, so scope.currency must be said");
        }
        Ok(())
    }
}

impl Scope {
    fn check(&self) -> Result<(), &'static str> {
        let lengths = [
            self.kinds.len(),
            self.tiers.len(),
            self.parties.len(),
            self.channels.len(),
        ];
        if lengths.iter().any(|&length| length > LIST_ITEMS) {
            return Err("a list of the scope has at most 64 items");
        }
        let named = |value: &u8, names: &[&str]| usize::from(*value) < names.len();
        let known = self.tiers.iter().all(|tier| *tier <= 3)
            && self
                .parties
                .iter()
                .all(|kind| named(kind, crate::object::PARTY_KINDS))
            && self.channels.iter().all(|channel| named(channel, CHANNELS))
            && self.kinds.iter().all(|kind| *kind != 0);
        self.payer.check()?;
        self.payee.check()?;
        if self
            .currency
            .is_some_and(|(_, exponent)| exponent > CURRENCY_EXPONENT)
        {
            return Err("a currency has at most 18 decimal places");
        }
        if known {
            Ok(())
        } else {
            Err("the scope names a tier, party class, channel or kind that there is not")
        }
    }
}

impl Lines {
    /// Whether no line is named.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.codes.is_empty()
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.roles.len().max(self.codes.len()) > LIST_ITEMS {
            return Err("a list of lines has at most 64 items");
        }
        let role = |role: &u8| *role != 0 && usize::from(*role) < crate::object::ROLES.len();
        if self.roles.iter().all(role) && !self.codes.contains(&0) {
            Ok(())
        } else {
            Err("a role or code of the chart is one that there is not")
        }
    }
}

/// Whether a text is short enough and has no control characters.
fn is_text(text: &str) -> bool {
    text.len() <= TEXT_BYTES && !text.chars().any(char::is_control)
}
