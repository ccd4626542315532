//! Runs a script of commands on real books, and writes down what became of each.
//!
//! A line of a script is one of
//!
//! - `7 pay payer=11 payee=21 ledger=978 amount=10.00`: a command: its id, its act, its fields;
//!   the parts of an act that has some follow, each behind a `|`;
//! - `wait 3d` (`h`, `s`): time goes on, and what comes due on the way is done;
//! - `until 2026-02-28` (`2026-02-28T12:00:00`): the same, to a day or a moment;
//! - `balances`: the accounts that do not stand at zero.
//!
//! Amounts are minor units, or major ones where they have a point; `max` is 2^128-1. Shares may end
//! in `%`, days are dates, names and flags (`saturday+sunday`) are words.
//!
//! After every step the records are encoded, decoded and folded into other books, whose digest has
//! to be the same; what was refused must have changed nothing; and a snapshot that is copied while
//! the script goes on takes the place of the books as soon as it is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use expect_test::Expect;
use machine::{RING_MOMENTS, Recalled, Restore, SnapshotHeader, State};
use model::money::{CurrencyCode, format_amount};
use model::object::{ACCOUNT_CLASSES, ROLES, account_of};
use model::{
    Account, Command, CommandResult, CommandStatus, Currency, Object, Record, Transfer,
    transfer_flags as tf,
};

use crate::text::{answer, duration, moment, parse, show_moment, show_object, status};

/// The key of the hash tables.
const KEY: [u64; 2] = [0x5EED, 0xBEEF];

/// When scripts begin: Monday, 5 January 2026.
const START: &str = "2026-01-05";

/// Code, class, role and flags of the lines of the chart.
const CHART: &[(u16, &str, &str, u16)] = &[
    (1000, "asset", "safe", 0),
    (1010, "asset", "own", 0),
    (1020, "asset", "scheme_receivable", 0),
    (1030, "asset", "seller_receivable", 0),
    (1040, "asset", "dispute", 0),
    (1050, "asset", "suspense", 0),
    (2000, "liability", "wallet", 2),
    (2010, "liability", "escrow", 2),
    (2020, "liability", "seller", 2),
    (2030, "liability", "reserve", 2),
    (2040, "liability", "gift", 2),
    (2050, "liability", "sharing", 2),
    (2060, "liability", "unallocated", 0),
    (2070, "liability", "exchange", 0),
    (3000, "equity", "none", 0),
    (4000, "income", "commission", 0),
    (4010, "income", "fee_income", 0),
    (5000, "expense", "acquiring", 0),
    (5010, "expense", "dispute_fee", 0),
    (5020, "expense", "credit_loss", 0),
    (5030, "expense", "bank_fee", 0),
];

/// Number, code and decimal places of the ledgers.
const LEDGERS: &[(u32, &str, u8)] = &[
    (356, "INR", 2),
    (392, "JPY", 0),
    (840, "USD", 2),
    (978, "EUR", 2),
];

/// The ledger whose currency transcripts leave away.
const EUR: u32 = 978;

/// Parties that are there: customers 11 to 15, merchants 21 to 23 with a commission of 5 %.
const PARTIES: &[(u128, &str, &str)] = &[
    (11, "customer", "0"),
    (12, "customer", "0"),
    (13, "customer", "0"),
    (14, "customer", "0"),
    (15, "customer", "0"),
    (21, "merchant", "5%"),
    (22, "merchant", "5%"),
    (23, "merchant", "5%"),
];

/// Books with a chart, ledgers and parties, and all that they are held against.
pub struct Platform {
    pub state: State,
    /// Adds up the records alone.
    twin: State,
    pub records: Vec<Record>,
    /// Nanoseconds since 1970; the clock on the wall.
    pub time: u64,
    /// Records that are on disk: what the group being decided does not remember.
    durable: usize,
    steps: usize,
    copying: Option<Copying>,
    /// How each object stood last.
    objects: BTreeMap<(u8, (u128, u128)), Object>,
    /// Statuses that were given.
    pub seen: BTreeSet<CommandStatus>,
}

/// A snapshot that is being copied.
struct Copying {
    header: SnapshotHeader,
    restore: Restore,
    next: u32,
    replayed: usize,
}

/// Runs a script and compares its transcript.
pub fn check(script: &str, expect: &Expect) {
    let mut platform = Platform::new();
    expect.assert_eq(&platform.run(script));
}

/// Runs what [`Platform::refusals`] takes and compares its answers; every status of `all` has to
/// be among them.
pub fn check_refusals(script: &str, all: &[CommandStatus], expect: &Expect) {
    let mut platform = Platform::new();
    expect.assert_eq(&platform.refusals(script));
    for status in all {
        let seen = platform.seen.contains(status);
        assert!(seen, "nothing is refused as {}", status.name());
    }
}

impl Platform {
    /// With the chart, the ledgers and the parties.
    pub fn new() -> Self {
        static START: LazyLock<Vec<Record>> = LazyLock::new(|| Platform::with_chart(CHART).records);
        let mut platform = Self::empty();
        for record in START.iter() {
            for state in [&mut platform.state, &mut platform.twin] {
                assert_eq!(state.evolve(record), Ok(()));
            }
        }
        platform.records.clone_from(&START);
        platform.durable = platform.records.len();
        platform.story(0);
        platform
    }

    fn empty() -> Self {
        Self {
            state: State::new(KEY),
            twin: State::new(KEY),
            records: Vec::new(),
            time: moment(START),
            durable: 0,
            steps: 0,
            copying: None,
            objects: BTreeMap::new(),
            seen: BTreeSet::new(),
        }
    }

    /// With the ledgers, the parties, and these lines of the chart.
    pub fn with_chart(chart: &[(u16, &str, &str, u16)]) -> Self {
        let mut platform = Self::empty();
        for &(ledger, code, exponent) in LEDGERS {
            platform.step(1, |state, _, timestamp, sink| {
                let code = CurrencyCode::new(code).expect("it is one");
                let currency = Currency {
                    ledger,
                    code,
                    exponent,
                    timestamp,
                };
                state.declare_ledger(currency, sink)
            });
        }
        for (code, class, role, flags) in chart {
            let name = &role[..role.len().min(16)];
            platform.created(&format!(
                "{} chart_line_set code={code} class={class} role={role} flags={flags} name={name}",
                1_000_000 + u32::from(*code)
            ));
        }
        for (party, kind, commission) in PARTIES {
            platform.created(&format!(
                "{} party_open party={party} kind={kind} commission={commission}",
                2_000_000 + party
            ));
        }
        platform.time = moment(START);
        platform
    }

    /// Runs all lines of a script; returns the transcript.
    pub fn run(&mut self, script: &str) -> String {
        let lines = script.lines().map(str::trim);
        let mut out = String::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let _ = writeln!(out, "{line}");
            out += &self.line(line);
        }
        out
    }

    /// Runs one line; returns what became of it, one line each, indented.
    pub fn line(&mut self, line: &str) -> String {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("wait", time) => self.wait(self.time + duration(time)),
            ("until", time) => self.wait(moment(time)),
            ("balances", _) => self.balances(),
            _ => {
                let first = self.records.len();
                let (command, result) = self.command(line);
                let answer = answer(&command, &result);
                format!("  {answer}\n{}", self.story(first))
            }
        }
    }

    /// Runs a command that has to be carried out.
    pub fn created(&mut self, line: &str) {
        let (_, result) = self.command(line);
        let status = status(&result);
        assert_eq!(status, CommandStatus::Created, "{line}");
    }

    /// Runs commands that prepare, which begin with `+`, and commands that are refused; returns
    /// for each of these its answer behind the code of the status.
    pub fn refusals(&mut self, script: &str) -> String {
        let lines = script.lines().map(str::trim);
        let mut out = String::new();
        for line in lines.filter(|line| !line.is_empty()) {
            match line.split_once(' ') {
                Some(("+", line)) => self.created(line),
                Some(("wait", time)) => {
                    self.wait(self.time + duration(time));
                }
                _ => {
                    let (command, result) = self.command(line);
                    let status = status(&result);
                    assert_ne!(status, CommandStatus::Created, "{line}");
                    let answer = answer(&command, &result);
                    let shown = line.get(..110).unwrap_or(line);
                    let _ = writeln!(out, "{:<3} {answer}: {shown}", status.code());
                }
            }
        }
        out
    }

    /// Carries out the command of a line.
    pub fn command(&mut self, line: &str) -> (Command, CommandResult) {
        let command = parse(line);
        let before = self.state.digest();
        let moments = State::moments(&command);
        let result = self.step(moments, |state, past, time, sink| {
            state.command(past, time, &command, sink)
        });
        self.seen.insert(status(&result));
        let by_rule = [CommandStatus::RefusedByRule, CommandStatus::HeldForReview];
        if status(&result) != CommandStatus::Created && !by_rule.contains(&status(&result)) {
            let kept = before == self.state.digest();
            assert!(kept, "what is refused changes nothing: {line}");
        }
        (command, result)
    }

    /// Decides something that takes so many moments, and checks all that has to hold after it.
    pub fn step<T>(
        &mut self,
        moments: usize,
        decide: impl FnOnce(&mut State, &Recalled, u64, &mut Vec<Record>) -> T,
    ) -> T {
        let time = self.time.max(self.state.last_timestamp()) + moments as u64;
        let past = self.recalled();
        let first = self.records.len();
        let result = decide(&mut self.state, &past, time, &mut self.records);
        assert!(self.records.len() - first <= moments, "it has so many");
        let found = self.state.findings_waiting();
        if found > 0 {
            let time = time + found as u64;
            self.state.enter_findings(time, &mut self.records);
        }
        self.fold(first);
        self.steps += 1;
        if self.steps.is_multiple_of(3) {
            self.state.end_group();
            self.durable = self.records.len();
        }
        self.copy();
        self.time = self.time.max(self.state.last_timestamp());
        result
    }

    /// All that is on disk, as it stood last.
    fn recalled(&self) -> Recalled {
        let mut past = Recalled::default();
        for record in &self.records[..self.durable] {
            match record {
                Record::Deed(deed) => past.insert_deed(*deed),
                Record::Object(object) => past.insert_object(*object),
                _ => {}
            }
        }
        past
    }

    /// Adds the new records up in the other books.
    fn fold(&mut self, first: usize) {
        for record in &self.records[first..] {
            let decoded = Record::decode(&record.to_bytes());
            assert_eq!(decoded.as_ref(), Ok(record));
            let evolved = self.twin.evolve(record);
            assert_eq!(evolved, Ok(()), "{record:?}");
        }
        assert_eq!(self.twin.digest(), self.state.digest(), "twins are equal");
    }

    /// Copies a part of a snapshot; once it is whole, the books go on from it.
    fn copy(&mut self) {
        let state = &self.state;
        let copying = self.copying.get_or_insert_with(|| {
            let header = state.snapshot_header();
            Copying {
                restore: Restore::new(header.clone(), KEY),
                next: 0,
                replayed: header.records() as usize,
                header,
            }
        });
        let chunks = copying.header.chunks();
        let end = chunks.min(copying.next + 90);
        for chunk in copying.next..end {
            let mut bytes = Vec::new();
            state.write_chunk(&copying.header, chunk, &mut bytes);
            let loaded = copying.restore.load(chunk, state.records(), &bytes);
            assert_eq!(loaded, Ok(()), "chunk {chunk}");
        }
        copying.next = end;
        if end < chunks {
            return;
        }
        let mut copying = self.copying.take().expect("it is there");
        for (index, record) in self.records.iter().enumerate().skip(copying.replayed) {
            let replayed = copying.restore.replay(index as u64, record);
            assert_eq!(replayed, Ok(()), "{record:?}");
        }
        let restored = copying.restore.finish(self.records.len() as u64);
        let restored = restored.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(restored.digest(), self.state.digest(), "it is restored");
        self.state = restored;
        self.durable = self.records.len();
    }

    /// Lets time go on, and does what comes due on the way.
    pub fn wait(&mut self, until: u64) -> String {
        let mut out = String::new();
        while let Some(due) = self.state.next_deadline().filter(|due| *due <= until) {
            self.time = self.time.max(due);
            let first = self.records.len();
            assert_eq!(self.state.rings(self.time, 1), 1);
            self.step(RING_MOMENTS, |state, _, time, sink| state.ring(time, sink));
            let _ = writeln!(out, "  at {}", show_moment(due));
            out += &self.story(first);
        }
        self.time = self.time.max(until);
        out
    }

    /// What the records from `first` on say, a line for each transfer and object.
    pub fn story(&mut self, first: usize) -> String {
        let mut out = String::new();
        for at in first..self.records.len() {
            match self.records[at] {
                Record::TransferCreated(transfer, _) => {
                    out += &self.transfer(&transfer);
                }
                Record::Object(object) => {
                    let key = (object.kind(), object.key());
                    let before = self.objects.insert(key, object);
                    out += &show_object(&object, before.as_ref());
                }
                _ => {}
            }
        }
        self.check_sharing();
        out
    }

    /// What waits to be shared adds up to the accounts that it waits on.
    fn check_sharing(&self) {
        let mut rests = BTreeMap::new();
        for object in self.objects.values() {
            let Object::Payment(payment) = object else {
                continue;
            };
            let rest: &mut u128 = rests.entry(payment.ledger).or_default();
            if payment.state == 1 {
                let fee_back = payment.fee * payment.refunded / payment.amount;
                let gone = payment.fee + payment.shared + payment.refunded;
                *rest += payment.amount + fee_back - gone;
            }
        }
        for (ledger, rest) in rests {
            assert_eq!(self.balance("sharing", 0, ledger), rest.cast_signed());
        }
    }

    /// What stands on an account of the chart: credits less debits, in minor units.
    pub fn balance(&self, role: &str, party: u128, ledger: u32) -> i128 {
        let line = CHART.iter().find(|line| line.2 == role);
        let code = line.expect("it is a role").0;
        let account = self.state.account(account_of(party, ledger, code));
        account.map_or(0, |account| {
            account.credits_posted.cast_signed() - account.debits_posted.cast_signed()
        })
    }

    fn transfer(&self, transfer: &Transfer) -> String {
        let what = match transfer.flags {
            0 => "",
            tf::PENDING => "hold ",
            tf::POST_PENDING => "post ",
            tf::VOID_PENDING => "void ",
            _ => "special ",
        };
        let debit = self.account_name(transfer.debit_account_id);
        let credit = self.account_name(transfer.credit_account_id);
        let amount = self.amount(transfer.amount, transfer.ledger);
        format!("  {what}Dr {debit} {amount} / Cr {credit}\n")
    }

    fn account_name(&self, id: u128) -> String {
        let account = self.state.account(id).expect("it is there");
        name_of(account)
    }

    fn amount(&self, amount: u128, ledger: u32) -> String {
        let currency = self.state.currency(ledger).expect("it is declared");
        let text = format_amount(amount, currency.exponent);
        if ledger == EUR {
            return text;
        }
        format!("{text} {}", currency.code.as_str())
    }

    fn balances(&self) -> String {
        let mut out = String::new();
        let accounts = (0..self.state.account_count()).map(|slot| slot as u32);
        let mut all: Vec<&Account> = accounts.map(|slot| self.state.account_at(slot)).collect();
        all.sort_by_key(|account| (account.code, account.user_data_128, account.ledger));
        for account in all {
            let (debits, credits) = (account.debits_posted, account.credits_posted);
            let held = account.debits_pending;
            if debits == credits && held == 0 {
                continue;
            }
            let name = name_of(account);
            let amount = self.amount(debits.abs_diff(credits), account.ledger);
            let side = if debits > credits { " Dr" } else { " Cr" };
            let _ = write!(out, "  {name} {amount}{side}");
            if held > 0 {
                let _ = write!(out, ", held {}", self.amount(held, account.ledger));
            }
            out += "\n";
        }
        out
    }
}

/// The role, and the party where it is one's.
fn name_of(account: &Account) -> String {
    let line = CHART.iter().find(|line| line.0 == account.code);
    let role = line.map_or("other", |line| line.2);
    let role = if role == "none" { "equity" } else { role };
    match account.user_data_128 {
        0 => role.to_owned(),
        party => format!("{role}[{party}]"),
    }
}

const _: () = assert!(ROLES.len() == CHART.len() && ACCOUNT_CLASSES.len() == 6);
