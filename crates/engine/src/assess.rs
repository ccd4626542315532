//! Trying a draft of rules on the history of the books.
//!
//! The log is read once, beside the rules of its time: each payment that was made is judged by the
//! draft, with tallies of the draft's own, and so is each that was refused. What the draft would
//! have refused is not counted in its tallies, and is released by nothing; all else stays as it
//! was, so what people would have done instead is not guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use machine::State;
use machine::rules::{Facts, Found, Payment, Program, Side, TakenAs, Tallies};
use model::money::CurrencyCode;
use model::object::{Finding, FindingState};
use model::rule::{Consequence, RuleBook, Subject};
use model::transfer_flags::{POST_PENDING, VOID_PENDING};
use model::{Object, Record, Transfer};
use store::StoreError;
use store::disk::{Disk, Local};
use store::frame::{self, Header};
use store::log::{self, TornEnd};
use store::superblock::Superblock;

use crate::start::{StartError, lock};

/// Seconds of a day, in nanoseconds.
const DAY: u64 = 86_400_000_000_000;

/// Payments that are kept to choose typical ones from, for each rule and kind.
const SAMPLE: usize = 4_096;

/// Codes of accounts that are taken for a role begin here.
const ROLE_CODES: u16 = 60_000;

/// Typical cases that are told.
const CASES: usize = 10;

/// What is tried, and on what.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The rules; those that are drafts are tried as if they were in force.
    pub book: &'a RuleBook,
    /// Nanoseconds: payments from then on are told of.
    pub from: u64,
    /// Nanoseconds: up to then; 0 is to the end.
    pub to: u64,
    /// Whether the rules are tried as if they had been in force all the time, whatever their dates.
    pub always: bool,
    /// As what books are taken that never knew such rules.
    pub taken_as: TakenAs,
    /// As what act transfers of a code are taken.
    pub kinds: BTreeMap<u16, u16>,
    /// For what role of the chart accounts of a code are taken.
    pub roles: BTreeMap<u16, u8>,
}

/// How many payments, of how many people, and what they come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Payments.
    pub payments: u64,
    /// Their amounts, by ledger, in minor units.
    pub sums: BTreeMap<u32, u128>,
}

/// A payment that the draft does not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// The payment.
    pub payment: Payment,
    /// Which rule, and what was used of what.
    pub found: Found,
}

/// What a draft would have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Payments that were made in the time, and judged.
    pub judged: Count,
    /// Those that would not have been made.
    pub stopped: Count,
    /// How many people or accounts they are of.
    pub people: u64,
    /// What would have been flagged or reported, and made.
    pub noted: Count,
    /// Payments that the rules of the time refused or held.
    pub refused_then: Count,
    /// Those among them that the draft lets through.
    pub let_through_instead: Count,
    /// What would not have been made, by day since 1970 in the time zone of the rule.
    pub by_day: BTreeMap<u64, Count>,
    /// By tier of the subject; `None` where it is no party.
    pub by_tier: BTreeMap<Option<u8>, Count>,
    /// By code of the transfer.
    pub by_kind: BTreeMap<u16, Count>,
    /// By place of the rule.
    pub by_rule: BTreeMap<u16, Count>,
    /// The most typical ones: nearest to the median amount of their rule and kind, those of the
    /// largest first.
    pub cases: Vec<Case>,
    /// Currencies of the ledgers that the books declared.
    pub currencies: BTreeMap<u32, (CurrencyCode, u8)>,
    /// Records that were read.
    pub records: u64,
}

impl Count {
    fn add(&mut self, payment: &Payment) {
        self.payments += 1;
        let sum = self.sums.entry(payment.ledger).or_default();
        *sum = sum.saturating_add(payment.amount);
    }
}

/// Tries a draft on the books in `data`, which no process has open and which it does not change.
pub fn assess(
    data: &Path,
    draft: &Draft<'_>,
    progress: &dyn Fn(u64),
) -> Result<Assessment, StartError> {
    let disk: Arc<dyn Disk> = Arc::new(Local::new(data));
    let superblock = Superblock::read(&*disk)?;
    let _lock = lock(data)?;
    let mut pass = Pass::new(draft, superblock.hash_key);
    let mut visit = |header: &Header, body: &[u8]| {
        pass.frame(header, body)?;
        progress(header.at);
        Ok(())
    };
    let range = (0, TornEnd::Leave);
    log::recover(&*disk, superblock.segment_bytes, range, &mut visit)?;
    Ok(pass.finish())
}

struct Pass<'a> {
    draft: &'a Draft<'a>,
    taken_as: TakenAs,
    state: State,
    program: Program,
    tallies: Tallies,
    book: RuleBook,
    /// Pending transfers that the draft would not have let through.
    stopped: BTreeSet<u128>,
    people: BTreeSet<(bool, u128)>,
    sample: BTreeMap<(u16, u16), Vec<Case>>,
    done: Assessment,
}

impl<'a> Pass<'a> {
    fn new(draft: &'a Draft<'a>, key: [u64; 2]) -> Self {
        let mut book = draft.book.clone();
        for rule in &mut book.rules {
            if rule.is_draft() || draft.always {
                rule.from = 0;
            }
            if draft.always {
                rule.to = 0;
            }
        }
        let mut tallies = Tallies::new(key);
        tallies.keep([&book].into_iter(), 0);
        let mut state = State::new(key);
        if book.compares_classes() {
            state.watch_classes();
        }
        let mut taken_as = draft.taken_as.clone();
        for role in draft.roles.values() {
            taken_as.codes.insert(*role, ROLE_CODES + u16::from(*role));
        }
        Self {
            draft,
            taken_as,
            state,
            program: Program::new(&book, &tallies),
            tallies,
            book,
            stopped: BTreeSet::new(),
            people: BTreeSet::new(),
            sample: BTreeMap::new(),
            done: Assessment::default(),
        }
    }

    fn frame(&mut self, header: &Header, body: &[u8]) -> Result<(), StoreError> {
        let damaged = |at: u32, what: String| StoreError::Damaged {
            file: format!("batch {}", header.leaf.number),
            at: u64::from(at),
            what,
        };
        for entry in frame::records(body) {
            let entry = entry.map_err(|at| damaged(at, "a record does not fit".to_owned()))?;
            let record = Record::decode(entry.bytes);
            let record = record.map_err(|error| damaged(entry.at, error.to_string()))?;
            self.record(&record);
            let evolved = self.state.evolve(&record);
            evolved.map_err(|error| damaged(entry.at, error.to_string()))?;
            self.done.records += 1;
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) {
        match record {
            Record::TransferCreated(transfer, _) => self.transfer(transfer),
            Record::TransferExpired(expired) => self.end(expired.pending_id, 0),
            Record::Object(Object::Finding(finding)) => self.refused(finding),
            _ => {}
        }
    }

    fn is_told(&self, time: u64) -> bool {
        time >= self.draft.from && (self.draft.to == 0 || time < self.draft.to)
    }

    fn payment(&self, transfer: &Transfer) -> Option<Payment> {
        let payment = self.state.payment(transfer)?;
        Some(self.taken(payment))
    }

    /// A payment as the draft sees it.
    fn taken(&self, mut payment: Payment) -> Payment {
        if let Some(kind) = self.draft.kinds.get(&payment.kind) {
            payment.kind = *kind;
        }
        for side in [&mut payment.payer, &mut payment.payee] {
            if let Some(role) = self.draft.roles.get(&side.code) {
                side.code = ROLE_CODES + u16::from(*role);
            }
        }
        if self.draft.taken_as.person.is_some() {
            // Where nobody is known to have an account, the account is the person.
            let person = |side: Side| Side {
                party: match side.party {
                    0 => self.state.account_at(side.account).id,
                    party => party,
                },
                ..side
            };
            payment.payer = person(payment.payer);
            payment.payee = person(payment.payee);
        }
        payment
    }

    fn transfer(&mut self, transfer: &Transfer) {
        if transfer.has_any(POST_PENDING | VOID_PENDING) {
            let posts = transfer.has(POST_PENDING);
            let posted = if posts { transfer.amount } else { 0 };
            return self.end(transfer.pending_id, posted);
        }
        let Some(payment) = self.payment(transfer) else {
            return;
        };
        let found = self.judge(&payment);
        let told = self.is_told(payment.time);
        if told {
            self.done.judged.add(&payment);
        }
        let stopping = found.iter().find(|found| !found.then.lets_through());
        if let Some(found) = stopping {
            if transfer.has(model::transfer_flags::PENDING) {
                self.stopped.insert(transfer.id);
            }
            if told {
                self.stop(Case {
                    payment,
                    found: *found,
                });
            }
            return;
        }
        if told && !found.is_empty() {
            self.done.noted.add(&payment);
        }
        let facts = self.state.facts_taken_as(&self.taken_as);
        self.tallies.count(&facts, &payment);
    }

    fn judge(&self, payment: &Payment) -> Vec<Found> {
        let facts = self.state.facts_taken_as(&self.taken_as);
        self.program.judge(&self.tallies, &facts, payment)
    }

    /// A pending transfer ends, of which so much was posted.
    fn end(&mut self, pending_id: u128, posted: u128) {
        if self.stopped.remove(&pending_id) {
            return;
        }
        let Some(pending) = self.state.pending(pending_id) else {
            return;
        };
        if let Some(payment) = self.payment(&pending.transfer)
            && payment.amount > posted
        {
            let facts = self.state.facts_taken_as(&self.taken_as);
            self.tallies.give_back(&facts, &payment, posted);
        }
    }

    fn stop(&mut self, case: Case) {
        let Case { payment, found } = case;
        let done = &mut self.done;
        done.stopped.add(&payment);
        let rule = &self.book.rules[usize::from(found.rule)];
        let zone = &self.book.zones[usize::from(rule.zone)];
        let day = zone.local(payment.time / 1_000_000_000) * 1_000_000_000 / DAY;
        done.by_day.entry(day).or_default().add(&payment);
        let side = payment.side(rule.scope.subject);
        let facts = self.state.facts_taken_as(&self.taken_as);
        let tier = facts.party(side.party).map(|(_, tier)| tier);
        done.by_tier.entry(tier).or_default().add(&payment);
        done.by_kind.entry(payment.kind).or_default().add(&payment);
        done.by_rule.entry(found.rule).or_default().add(&payment);
        self.people.insert(match side.party {
            0 => (false, side.account.into()),
            party => (true, party),
        });
        let cell = self.sample.entry((found.rule, payment.kind)).or_default();
        if cell.len() < SAMPLE {
            cell.push(case);
        }
    }

    /// A payment that the rules of the time stopped.
    fn refused(&mut self, finding: &Finding) {
        let new =
            finding.state == FindingState::Noted as u8 || finding.state == FindingState::Open as u8;
        let stopped = Consequence::ALL
            .get(usize::from(finding.then))
            .is_some_and(|then| !then.lets_through());
        if !new || !stopped || !self.is_told(finding.timestamp) {
            return;
        }
        let Some(payment) = self.state.payment_found(finding) else {
            return;
        };
        let payment = self.taken(payment);
        self.done.refused_then.add(&payment);
        if self
            .judge(&payment)
            .iter()
            .all(|found| found.then.lets_through())
        {
            self.done.let_through_instead.add(&payment);
        }
    }

    fn finish(mut self) -> Assessment {
        let declared = self.state.currencies();
        let currencies = declared.map(|c| (c.ledger, (c.code, c.exponent)));
        self.done.currencies = currencies.collect();
        self.done.people = self.people.len() as u64;
        self.done.cases = typical(self.sample, &self.done.by_rule);
        self.done
    }
}

/// Of each rule and kind those nearest to the median amount, one of each in turn.
fn typical(sample: BTreeMap<(u16, u16), Vec<Case>>, by_rule: &BTreeMap<u16, Count>) -> Vec<Case> {
    let mut cells: Vec<Vec<Case>> = sample.into_values().collect();
    let weight = |cell: &Vec<Case>| {
        let rule = cell.first().map(|case| case.found.rule);
        let all = rule.and_then(|rule| by_rule.get(&rule));
        (all.map_or(0, |count| count.payments), cell.len())
    };
    cells.sort_by_key(|cell| core::cmp::Reverse(weight(cell)));
    for cell in &mut cells {
        cell.sort_unstable_by_key(|case| (case.payment.amount, case.payment.time));
        let median = cell[cell.len() / 2].payment.amount;
        cell.sort_by_key(|case| (case.payment.amount.abs_diff(median), case.payment.time));
    }
    let mut cases = Vec::new();
    for turn in 0..CASES {
        for cell in &cells {
            if let Some(case) = cell.get(turn)
                && cases.len() < CASES
            {
                cases.push(*case);
            }
        }
    }
    cases
}

impl Assessment {
    /// Whom a case is about.
    pub fn subject_of(book: &RuleBook, case: &Case) -> (Subject, u128) {
        let rule = &book.rules[usize::from(case.found.rule)];
        let subject = rule.scope.subject;
        (subject, case.payment.side(subject).party)
    }
}
