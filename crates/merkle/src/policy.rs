//! Policies: which logs a verifier knows, and which witnesses must have cosigned a checkpoint
//! (C2SP tlog-policy).
//!
//! ```text
//! log <vkey> [<url>]
//! witness <name> <vkey> [<url>]
//! group <name> all|any|<k> <name>...
//! quorum <name>|none
//! ```
//!
//! A line each, items parted by spaces and tabs; empty lines and lines that begin with `#` say
//! nothing. Names stand for a witness or a group, are defined on a line before they are used, and
//! are a member of one group at most. A group has witnessed a checkpoint if `k` of its members
//! have. There is exactly one `quorum`, and `none` stands for none. Names and URLs are octets: a
//! policy need not be UTF-8, and no two spellings of a name are the same.
//!
//! A log's key has the origin of the log as its name and may be of any kind; a witness has a
//! cosigner's key. No two logs and no two witnesses may have the same public key.

use std::collections::BTreeMap;
use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::{KeyError, KeyKind, VerifierKey};
use crate::note::{Note, SignatureLine, parse_decimal};

/// Bytes of the longest policy.
pub const MAX_POLICY: usize = 256 << 10;

/// Logs, witnesses and groups that a policy may have, of each; tlog-policy wants 32 at least.
pub const MAX_ENTRIES: usize = 64;

/// A name or URL of a policy: octets without spaces, tabs and newlines, at least one. `Display`
/// replaces what is not UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(Vec<u8>);

impl Word {
    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(&self.0), f)
    }
}

/// A log that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogEntry {
    /// Its key, whose name is its origin.
    pub key: VerifierKey,
    /// Where it can be reached.
    pub url: Option<Word>,
}

/// A witness that is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitnessEntry {
    /// What it is called in this policy.
    pub name: Word,
    /// Its key, which has a name of its own.
    pub key: VerifierKey,
    /// Where it can be reached.
    pub url: Option<Word>,
}

/// Witnesses and groups of which some must have witnessed a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// What it is called in this policy.
    pub name: Word,
    /// How many of its members must have, from 1 to all.
    pub threshold: usize,
    /// Its members, at least one; groups among them stand before this one.
    pub members: Vec<Member>,
}

/// Who is meant by a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Member {
    /// The witness of that index.
    Witness(usize),
    /// The group of that index.
    Group(usize),
}

/// Why bytes are no policy, and on which line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PolicyError {
    /// Line from 1 on; 0 if it is about the whole.
    pub line: usize,
    /// What is wrong.
    pub what: PolicyFault,
}

/// What is wrong with a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyFault {
    /// It has more than [`MAX_POLICY`] bytes.
    TooLarge,
    /// The line has a control character other than the tab.
    Control,
    /// The line does not end in a newline.
    Unended,
    /// The line begins with another word than `log`, `witness`, `group` and `quorum`.
    Keyword,
    /// The line has too few or too many items.
    Items,
    /// The key is none.
    Key(KeyError),
    /// Keys of this kind are not those of a witness.
    Kind(KeyKind),
    /// Another log, or another witness, has the same public key.
    SameKey,
    /// Another key of that name has the same id: its signatures could not be told apart.
    SameId,
    /// The name is defined already, or is `none`.
    Defined,
    /// The name is not defined before.
    Undefined,
    /// The name is a member of a group already.
    Member,
    /// The threshold is neither `all`, `any` nor a number from 1 to the count of members.
    Threshold,
    /// There are more than [`MAX_ENTRIES`] logs, witnesses or groups.
    TooMany,
    /// There is more than one quorum.
    Quorums,
    /// There is no quorum.
    NoQuorum,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PolicyFault::TooLarge => {
                return write!(f, "a policy has at most {MAX_POLICY} bytes");
            }
            PolicyFault::Control => "a control character other than the tab",
            PolicyFault::Unended => "the line does not end in a newline",
            PolicyFault::Keyword => "a line begins with log, witness, group, quorum or #",
            PolicyFault::Items => "the line has too few or too many items",
            PolicyFault::Key(error) => return error.fmt(f),
            PolicyFault::Kind(kind) => {
                return write!(f, "a witness has no key of kind {kind}");
            }
            PolicyFault::SameKey => "the same public key stands on a line before",
            PolicyFault::SameId => "another key with this name has the same id",
            PolicyFault::Defined => "the name is defined already",
            PolicyFault::Undefined => "the name is not defined on a line before",
            PolicyFault::Member => "the name is a member of a group already",
            PolicyFault::Threshold => {
                "the threshold is not all, any or a number from 1 to the count of members"
            }
            PolicyFault::TooMany => {
                return write!(
                    f,
                    "a policy has at most {MAX_ENTRIES} logs, witnesses and groups each"
                );
            }
            PolicyFault::Quorums => "there is a quorum already",
            PolicyFault::NoQuorum => "there is no quorum; `quorum none` asks for no witness",
        })
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => self.what.fmt(f),
            line => write!(f, "line {line}: {}", self.what),
        }
    }
}

impl std::error::Error for PolicyError {}

/// What a policy finds in a checkpoint that it trusts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trusted {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// Index of the log whose key signed it, the first one if several did.
    pub log: usize,
    /// Indexes of the witnesses that cosigned it, each once, and the time that the first
    /// cosignature of each states, in POSIX seconds; in the order of the lines.
    pub witnesses: Vec<(usize, u64)>,
    /// Whether the policy has a quorum, which was met. Without one, only the log says so.
    pub quorum: bool,
}

/// Why a policy does not trust a checkpoint, in the order in which this is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Distrust {
    /// The text is no checkpoint, or has extension lines.
    Malformed(CheckpointError),
    /// No log of that origin is known.
    UnknownLog {
        /// The origin.
        origin: String,
    },
    /// A signature says to be by a known key of the log or of a witness, and is not.
    BadSignature {
        /// Name of the key.
        name: String,
        /// Id of the key.
        id: u32,
    },
    /// No signature is by a known key of the log.
    NotSigned {
        /// The origin.
        origin: String,
    },
    /// The cosignatures do not reach the quorum.
    Quorum {
        /// How many witnesses that are known cosigned it.
        cosigned: usize,
    },
}

impl Distrust {
    /// The stable code of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Distrust::Malformed(_) => "malformed",
            Distrust::UnknownLog { .. } => "unknown_log",
            Distrust::BadSignature { .. } => "bad_signature",
            Distrust::NotSigned { .. } => "not_signed",
            Distrust::Quorum { .. } => "quorum",
        }
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrust::Malformed(error) => error.fmt(f),
            Distrust::UnknownLog { origin } => write!(f, "no log of origin {origin} is known"),
            Distrust::BadSignature { name, id } => {
                write!(f, "the signature of {name}+{id:08x} is wrong")
            }
            Distrust::NotSigned { origin } => {
                write!(f, "no known key of the log {origin} signed the checkpoint")
            }
            Distrust::Quorum { cosigned } => {
                write!(f, "{cosigned} known witnesses do not make the quorum")
            }
        }
    }
}

impl std::error::Error for Distrust {}

/// Which logs are known, which witnesses, and how many of these it takes.
///
/// The default knows no log and trusts nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    logs: Vec<LogEntry>,
    witnesses: Vec<WitnessEntry>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

impl Policy {
    /// The policy that knows one log and asks for no witness.
    pub fn of_log(key: VerifierKey) -> Policy {
        Policy {
            logs: vec![LogEntry { key, url: None }],
            witnesses: Vec::new(),
            groups: Vec::new(),
            quorum: None,
        }
    }

    /// The logs in the order of their lines.
    pub fn logs(&self) -> &[LogEntry] {
        &self.logs
    }

    /// The witnesses in the order of their lines.
    pub fn witnesses(&self) -> &[WitnessEntry] {
        &self.witnesses
    }

    /// The groups in the order of their lines.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Who must have witnessed a checkpoint; `None` if nobody must.
    pub fn quorum(&self) -> Option<Member> {
        self.quorum
    }

    /// Reads a policy of at most [`MAX_POLICY`] bytes and [`MAX_ENTRIES`] lines of a sort.
    pub fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
        let fault = |line, what| PolicyError { line, what };
        if bytes.len() > MAX_POLICY {
            return Err(fault(0, PolicyFault::TooLarge));
        }
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            reader.take(line).map_err(|what| fault(number, what))?;
        }
        if reader.has_quorum {
            Ok(reader.policy)
        } else {
            Err(fault(0, PolicyFault::NoQuorum))
        }
    }

    /// The policy in its one plain form, which is read as the same policy: logs, witnesses, groups
    /// with numbers as thresholds, the quorum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for LogEntry { key, url } in &self.logs {
            let key = key.to_string();
            let items = [b"log", key.as_bytes()];
            put_line(items.into_iter().chain(words(url.as_ref())), &mut bytes);
        }
        for WitnessEntry { name, key, url } in &self.witnesses {
            let key = key.to_string();
            let items = [b"witness", name.as_bytes(), key.as_bytes()];
            put_line(items.into_iter().chain(words(url.as_ref())), &mut bytes);
        }
        for group in &self.groups {
            let threshold = group.threshold.to_string();
            let items = [b"group", group.name.as_bytes(), threshold.as_bytes()];
            let members = group.members.iter().map(|member| self.name(*member));
            put_line(items.into_iter().chain(members), &mut bytes);
        }
        let quorum = self.quorum.map_or(NONE, |member| self.name(member));
        put_line([b"quorum", quorum], &mut bytes);
        bytes
    }

    fn name(&self, member: Member) -> &[u8] {
        match member {
            Member::Witness(index) => &self.witnesses[index].name.0,
            Member::Group(index) => &self.groups[index].name.0,
        }
    }

    /// Whether the quorum is met if those witnesses cosigned for whose index this holds.
    pub fn is_met(&self, cosigned: impl Fn(usize) -> bool) -> bool {
        let has = |member: &Member, groups: &[bool]| match member {
            Member::Witness(index) => cosigned(*index),
            Member::Group(index) => groups[*index],
        };
        // Members of a group are defined before it: one pass is enough, however deep they nest.
        let mut groups = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let count = group.members.iter().filter(|member| has(member, &groups));
            groups.push(count.count() >= group.threshold);
        }
        self.quorum.is_none_or(|member| has(&member, &groups))
    }

    /// Checks a note as a checkpoint, in this order: it is one, without extension lines; a log of
    /// its origin is known; no signature of a key of such a log or of a witness is wrong; such a
    /// log signed it; the witnesses make the quorum. Other signatures do not count.
    pub fn check(&self, note: &Note) -> Result<Trusted, Distrust> {
        let checkpoint = Checkpoint::parse(&note.text).map_err(Distrust::Malformed)?;
        let origin = || checkpoint.origin.clone();
        let is_of_log = |entry: &LogEntry| entry.key.name() == checkpoint.origin;
        if !self.logs.iter().any(is_of_log) {
            return Err(Distrust::UnknownLog { origin: origin() });
        }
        let mut log: Option<usize> = None;
        let mut witnesses: Vec<(usize, u64)> = Vec::new();
        for line in &note.signatures {
            // A key may stand for a log and for a witness; then it counts as both.
            for (index, entry) in self.logs.iter().enumerate() {
                if is_of_log(entry) && entry.key.made(line) {
                    verify(&entry.key, &note.text, line)?;
                    log = Some(log.map_or(index, |first| first.min(index)));
                }
            }
            for (index, entry) in self.witnesses.iter().enumerate() {
                if entry.key.made(line)
                    && let Some(time) = verify(&entry.key, &note.text, line)?
                    && !witnesses.iter().any(|(other, _)| *other == index)
                {
                    witnesses.push((index, time));
                }
            }
        }
        let log = log.ok_or_else(|| Distrust::NotSigned { origin: origin() })?;
        if !self.is_met(|index| witnesses.iter().any(|(other, _)| *other == index)) {
            let cosigned = witnesses.len();
            return Err(Distrust::Quorum { cosigned });
        }
        Ok(Trusted {
            checkpoint,
            log,
            witnesses,
            quorum: self.quorum.is_some(),
        })
    }
}

fn verify(key: &VerifierKey, text: &str, line: &SignatureLine) -> Result<Option<u64>, Distrust> {
    key.verify(text, &line.bytes)
        .map_err(|_| Distrust::BadSignature {
            name: line.name.clone(),
            id: line.id,
        })
}

fn words(url: Option<&Word>) -> impl Iterator<Item = &[u8]> {
    url.into_iter().map(Word::as_bytes)
}

/// Appends items with spaces between them, and a newline.
fn put_line<'a>(items: impl IntoIterator<Item = &'a [u8]>, bytes: &mut Vec<u8>) {
    for item in items {
        bytes.extend(item);
        bytes.push(b' ');
    }
    bytes.pop();
    bytes.push(b'\n');
}

/// The name of the quorum that needs nobody.
const NONE: &[u8] = b"none";

/// What the lines so far said.
#[derive(Default)]
struct Reader {
    policy: Policy,
    /// Whether a line told the quorum, be it `none`.
    has_quorum: bool,
    /// What the names stand for, and whether they are members of a group already.
    names: BTreeMap<Word, (Member, bool)>,
}

impl Reader {
    /// Takes a line with its newline.
    fn take(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        let line = line.strip_suffix(b"\n").ok_or(PolicyFault::Unended)?;
        if line
            .iter()
            .any(|byte| matches!(byte, 0..=8 | 10..=31 | 127))
        {
            return Err(PolicyFault::Control);
        }
        let items: Vec<&[u8]> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|item| !item.is_empty())
            .collect();
        match items[..] {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] => self.log(key, None),
            [b"log", key, url] => self.log(key, Some(url)),
            [b"witness", name, key] => self.witness(name, key, None),
            [b"witness", name, key, url] => self.witness(name, key, Some(url)),
            [b"group", name, threshold, ref members @ ..] if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            [b"quorum", name] => self.set_quorum(name),
            [b"log" | b"witness" | b"group" | b"quorum", ..] => Err(PolicyFault::Items),
            _ => Err(PolicyFault::Keyword),
        }
    }

    fn log(&mut self, key: &[u8], url: Option<&[u8]>) -> Result<(), PolicyFault> {
        let logs = &mut self.policy.logs;
        let key = parse_key(key, logs.iter().map(|entry| &entry.key))?;
        let url = url.map(|url| Word(url.to_vec()));
        push(logs, LogEntry { key, url })
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), PolicyFault> {
        let witnesses = &self.policy.witnesses;
        let key = parse_key(key, witnesses.iter().map(|entry| &entry.key))?;
        if !key.kind().is_timed() {
            return Err(PolicyFault::Kind(key.kind()));
        }
        let name = self.define(name, Member::Witness(witnesses.len()))?;
        let url = url.map(|url| Word(url.to_vec()));
        push(&mut self.policy.witnesses, WitnessEntry { name, key, url })
    }

    fn group(
        &mut self,
        name: &[u8],
        threshold: &[u8],
        members: &[&[u8]],
    ) -> Result<(), PolicyFault> {
        let number = |text: &[u8]| parse_decimal(std::str::from_utf8(text).ok()?);
        let threshold = match threshold {
            b"all" => members.len(),
            b"any" => 1,
            text => number(text)
                .filter(|threshold| (1..=members.len()).contains(threshold))
                .ok_or(PolicyFault::Threshold)?,
        };
        let members = members.iter().map(|name| self.join(name));
        let members = members.collect::<Result<_, _>>()?;
        let name = self.define(name, Member::Group(self.policy.groups.len()))?;
        let group = Group {
            name,
            threshold,
            members,
        };
        push(&mut self.policy.groups, group)
    }

    /// Makes what the name stands for a member of a group.
    fn join(&mut self, name: &[u8]) -> Result<Member, PolicyFault> {
        let name = Word(name.to_vec());
        let (member, taken) = self.names.get_mut(&name).ok_or(PolicyFault::Undefined)?;
        if std::mem::replace(taken, true) {
            return Err(PolicyFault::Member);
        }
        Ok(*member)
    }

    fn set_quorum(&mut self, name: &[u8]) -> Result<(), PolicyFault> {
        if std::mem::replace(&mut self.has_quorum, true) {
            return Err(PolicyFault::Quorums);
        }
        if name != NONE {
            let found = self.names.get(&Word(name.to_vec()));
            let (member, _) = found.ok_or(PolicyFault::Undefined)?;
            self.policy.quorum = Some(*member);
        }
        Ok(())
    }

    fn define(&mut self, name: &[u8], member: Member) -> Result<Word, PolicyFault> {
        let word = Word(name.to_vec());
        if name == NONE || self.names.contains_key(&word) {
            return Err(PolicyFault::Defined);
        }
        self.names.insert(word.clone(), (member, false));
        Ok(word)
    }
}

fn push<T>(entries: &mut Vec<T>, entry: T) -> Result<(), PolicyFault> {
    if entries.len() == MAX_ENTRIES {
        return Err(PolicyFault::TooMany);
    }
    entries.push(entry);
    Ok(())
}

/// Reads a key that none of the others is.
fn parse_key<'a>(
    text: &[u8],
    mut others: impl Iterator<Item = &'a VerifierKey>,
) -> Result<VerifierKey, PolicyFault> {
    let text = std::str::from_utf8(text).map_err(|_| PolicyFault::Key(KeyError::Form))?;
    let key = VerifierKey::parse(text).map_err(PolicyFault::Key)?;
    let clash = others.find_map(|other| {
        if other.public_key() == key.public_key() {
            Some(PolicyFault::SameKey)
        } else if (other.name(), other.id()) == (key.name(), key.id()) {
            Some(PolicyFault::SameId)
        } else {
            None
        }
    });
    clash.map_or(Ok(key), Err)
}
