//! The rule books of a state: those in force and to come, what they count, what they found.

use std::collections::BTreeMap;

use model::document::Document;
use model::money::CurrencyCode;
use model::object::{
    Decision, DocumentHead, Figure, Finding, FindingState, Party, PartyKey, RuleVersion,
    is_own_transfer,
};
use model::record::{DOCUMENT_BYTES, Page};
use model::rule::{Lines, RuleBook, bytes};
use model::{Account, Capture, Currency, HoldMake, Transfer, transfer_flags};
use sha2::{Digest, Sha256};

use super::restrictions::Restrictions;
use super::{Facts, LOW_KINDS, Payment, Program, ShardsBy, Side, Tallies};
use crate::State;
use crate::accounts::Accounts;
use crate::business::Business;
use crate::create_transfer::ENDING;
use crate::fact::Slots;
use crate::index::Key;
use crate::snapshot::RulesHeader;

/// Versions of the rule book that are in force or to come, at most.
pub(crate) const VERSIONS: usize = 16;

/// The rule books of a state, and the decisions that are judged beside them.
pub(crate) struct Rules {
    /// In force and to come, by version; an older one is let go as another is entered.
    versions: Vec<Version>,
    /// What authorities stopped or capped.
    restrictions: Restrictions,
    /// Kinds that a version or a restriction is about, whenever: a bit for each of the low ones.
    about: [u64; LOW_KINDS as usize / 64],
    pub(crate) tallies: Tallies,
    /// By ledger and code, the posted debits and credits of all accounts, where a rule compares
    /// such sums.
    sums: Option<Sums>,
    /// Number of the last document.
    pub(crate) documents: u64,
    /// Number of the last finding.
    pub(crate) findings: u64,
    /// What was entered of the document whose record is still to come.
    pages: Vec<u8>,
}

type Sums = BTreeMap<(u32, u16), (u128, u128)>;

/// A version of the rule book.
pub(crate) struct Version {
    pub(crate) head: RuleVersion,
    book: RuleBook,
    program: Program,
}

/// What rules ask of the books, seen from the parts of the state that say it.
pub(crate) struct Seen<'a> {
    business: &'a Business,
    ledgers: &'a BTreeMap<u32, Currency>,
    sums: Option<&'a Sums>,
}

impl Rules {
    pub(crate) fn new(key: Key) -> Self {
        let tallies = Tallies::with_key(key);
        Self {
            versions: Vec::new(),
            restrictions: Restrictions::new(&tallies),
            about: [0; LOW_KINDS as usize / 64],
            tallies,
            sums: None,
            documents: 0,
            findings: 0,
            pages: Vec::new(),
        }
    }

    /// Whether no payment has to be judged.
    #[inline]
    pub(crate) const fn is_idle(&self) -> bool {
        self.versions.is_empty() && self.restrictions.is_empty()
    }

    /// Whether no rule book and no document was ever entered.
    pub(crate) const fn is_blank(&self) -> bool {
        self.documents == 0
    }

    pub(crate) const fn restrictions(&self) -> &Restrictions {
        &self.restrictions
    }

    /// The version in force at a moment.
    #[inline]
    pub(crate) fn in_force(&self, time: u64) -> Option<&Version> {
        let begun = |version: &&Version| version.head.begins <= time;
        self.versions.iter().rev().find(begun)
    }

    pub(crate) fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Number of the last version; 0 where there is none.
    pub(crate) fn last_version(&self) -> u32 {
        self.versions
            .last()
            .map_or(0, |version| version.head.version)
    }

    /// What a snapshot has of them, beside the tallies.
    pub(crate) fn header(&self) -> RulesHeader {
        let (tallies, next_tally) = self.tallies.numbers();
        let version = |version: &Version| (version.head, version.book.clone());
        RulesHeader {
            documents: self.documents,
            findings: self.findings,
            next_tally,
            tallies: tallies.clone(),
            versions: self.versions.iter().map(version).collect(),
            decisions: self.restrictions.decisions().to_vec(),
            shards_by: ShardsBy::Subject,
        }
    }

    /// As they were when a snapshot began.
    pub(crate) fn restore(&mut self, header: &RulesHeader, ledgers: &BTreeMap<u32, Currency>) {
        self.documents = header.documents;
        self.findings = header.findings;
        self.tallies
            .set_numbers(header.tallies.clone(), header.next_tally);
        self.tallies.set_shards(header.shards_by);
        self.restrictions.set(header.decisions.clone(), ledgers);
        self.set_versions(header.versions.clone(), 0);
    }

    /// Whether a page is the next one.
    pub(crate) fn takes_page(&self, page: &Page) -> bool {
        let before = self.pages.len();
        page.document == self.documents + 1
            && usize::from(page.part) * model::record::PAGE_BYTES == before
            && before + page.content().len() <= DOCUMENT_BYTES
    }

    pub(crate) fn apply_page(&mut self, page: &Page) {
        self.pages.extend_from_slice(page.content());
    }

    /// The rule book that the pages before `head` are, where they are what it says.
    pub(crate) fn book_of(&self, head: &RuleVersion) -> Option<RuleBook> {
        let fits = head.version == self.last_version() + 1
            && self.have_come(head.document, (head.digest, head.digest_more));
        let book = bytes::decode(&self.pages).ok().filter(|_| fits)?;
        (book.rules.len() == usize::from(head.rules)).then_some(book)
    }

    /// The pages of the document whose record is still to come; empty where they are no text.
    pub(crate) fn pages_as_text(&self) -> &str {
        core::str::from_utf8(&self.pages).unwrap_or_default()
    }

    /// Whether the pages before are those of this document.
    fn have_come(&self, document: u64, digest: (u128, u128)) -> bool {
        document == self.documents + 1 && digest == digest_of(&self.pages)
    }

    /// Whether the pages before `head` are the document that it says.
    pub(crate) fn is_document(&self, head: &DocumentHead) -> bool {
        self.have_come(head.number, (head.digest, head.digest_more))
            && Document::parse(self.pages_as_text())
                .is_ok_and(|document| document.kind() == head.kind)
    }

    /// Enters the document whose pages were entered before.
    pub(crate) fn apply_document(&mut self, head: &DocumentHead) {
        self.documents = head.number;
        self.pages.clear();
    }

    /// A decision stands so from now on.
    pub(crate) fn apply_decision(
        &mut self,
        decision: &Decision,
        ledgers: &BTreeMap<u32, Currency>,
    ) {
        if self.restrictions.apply(decision, ledgers) {
            let versions = self.versions.drain(..).map(|v| (v.head, v.book)).collect();
            self.set_versions(versions, decision.timestamp);
        }
    }

    /// Enters the version whose pages were entered before. `accounts` are those of the books.
    pub(crate) fn apply_version(&mut self, head: &RuleVersion, accounts: &Accounts) {
        self.documents = head.document;
        let pages = std::mem::take(&mut self.pages);
        let book = bytes::decode(&pages).expect("a rule book is checked before it is entered");
        let current = self.in_force(head.timestamp);
        let current = current.map_or(0, |current| current.head.version);
        self.versions
            .retain(|version| version.head.version >= current);
        let mut kept: Vec<_> = self.versions.drain(..).map(|v| (v.head, v.book)).collect();
        kept.push((*head, book));
        self.set_versions(kept, head.timestamp);
        if self.sums.is_none() {
            self.count_sums(accounts);
        }
    }

    /// Stands on these versions, and counts for them.
    pub(crate) fn set_versions(&mut self, versions: Vec<(RuleVersion, RuleBook)>, since: u64) {
        let books = versions.iter().map(|(_, book)| book);
        self.tallies
            .keep(books.chain([self.restrictions.book()]), since);
        self.restrictions.compile(&self.tallies);
        let compile = |(head, book): (RuleVersion, RuleBook)| Version {
            program: Program::new(&book, &self.tallies),
            head,
            book,
        };
        self.versions = versions.into_iter().map(compile).collect();
        self.about = [0; LOW_KINDS as usize / 64];
        for kind in 0..LOW_KINDS {
            let mut versions = self.versions.iter();
            let is_about = self.restrictions.is_about(kind)
                || versions.any(|version| version.program.is_about(kind));
            self.about[usize::from(kind / 64)] |= u64::from(is_about) << (kind % 64);
        }
    }

    /// Whether a payment of this kind may have to be judged.
    #[inline]
    pub(crate) fn judges(&self, kind: u16) -> bool {
        let low = self.about.get(usize::from(kind / 64));
        low.is_none_or(|bits| bits >> (kind % 64) & 1 == 1)
    }

    /// Adds up the accounts by class, where a rule compares such sums.
    pub(crate) fn count_sums(&mut self, accounts: &Accounts) {
        let mut versions = self.versions.iter();
        let compares = versions.any(|version| version.book.compares_classes());
        self.sums = compares.then(|| sums_of(accounts));
    }

    /// An account changed: `before` is how it stood.
    #[inline]
    pub(crate) fn follow(&mut self, now: &Account, before: &Account) {
        if let Some(sums) = &mut self.sums {
            add_to(sums, now, before);
        }
    }

    /// Whether sums of classes have to follow each account.
    #[inline]
    pub(crate) const fn follows(&self) -> bool {
        self.sums.is_some()
    }

    /// The state beside the rules, as they see it, and the tallies.
    #[inline]
    pub(crate) fn seen<'a>(
        &'a mut self,
        business: &'a Business,
        ledgers: &'a BTreeMap<u32, Currency>,
    ) -> (&'a mut Tallies, Seen<'a>) {
        let seen = Seen {
            business,
            ledgers,
            sums: self.sums.as_ref(),
        };
        (&mut self.tallies, seen)
    }

    /// The state beside the rules, as they see it.
    fn sees<'a>(
        &'a self,
        business: &'a Business,
        ledgers: &'a BTreeMap<u32, Currency>,
    ) -> Seen<'a> {
        Seen {
            business,
            ledgers,
            sums: self.sums.as_ref(),
        }
    }

    /// What the decisions and the version in force find in a payment: a decision goes before a rule.
    #[inline]
    pub(crate) fn judge(
        &self,
        business: &Business,
        ledgers: &BTreeMap<u32, Currency>,
        payment: &Payment,
    ) -> Vec<Finding> {
        let seen = self.sees(business, ledgers);
        let all = self.restrictions.judge(&self.tallies, &seen, payment);
        let Some(version) = self.in_force(payment.time) else {
            return all;
        };
        let found = version.program.judge(&self.tallies, &seen, payment);
        if found.is_empty() {
            return all;
        }
        version.findings(all, found, payment)
    }
}

impl Version {
    /// Adds what its rules found.
    #[cold]
    fn findings(
        &self,
        mut all: Vec<Finding>,
        found: Vec<super::Found>,
        payment: &Payment,
    ) -> Vec<Finding> {
        let version = self;
        let finding = |found: super::Found| Finding {
            version: version.head.version,
            rule: found.rule,
            then: found.then as u8,
            state: FindingState::Noted as u8,
            party: version
                .program
                .rule(found.rule)
                .map_or(0, |rule| payment.side(rule.scope.subject).party),
            kind: payment.kind,
            ledger: payment.ledger,
            amount: payment.amount,
            used: found.used,
            limit: found.limit,
            again: found.again,
            ..Finding::default()
        };
        all.extend(found.into_iter().map(finding));
        all
    }

    pub(crate) fn book(&self) -> &RuleBook {
        &self.book
    }
}

/// What an account has more than it had.
fn add_to(sums: &mut Sums, now: &Account, before: &Account) {
    let debits = now.debits_posted.wrapping_sub(before.debits_posted);
    let credits = now.credits_posted.wrapping_sub(before.credits_posted);
    let sum = sums.entry((now.ledger, now.code)).or_default();
    // Of all accounts together they may pass 2^128-1, and come back when a chain is taken back.
    sum.0 = sum.0.wrapping_add(debits);
    sum.1 = sum.1.wrapping_add(credits);
}

/// The two halves of SHA-256.
pub(crate) fn digest_of(bytes: &[u8]) -> (u128, u128) {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let (first, second) = hash.split_at(16);
    let half = |half: &[u8]| u128::from_le_bytes(half.try_into().expect("16 bytes"));
    (half(first), half(second))
}

/// The kind of a transfer, as rules see it. What a capture reserves anew is held still.
#[inline]
pub(crate) fn kind_of(transfer: &Transfer) -> u16 {
    let is_rest = transfer.code == Capture::NUMBER
        && transfer.has(transfer_flags::PENDING)
        && is_own_transfer(transfer.id);
    if is_rest {
        HoldMake::NUMBER
    } else {
        transfer.code
    }
}

/// What a transfer moves, as rules see it. Parties are known of the accounts that commands keep.
#[inline]
pub(crate) fn payment_of(accounts: &Accounts, transfer: &Transfer, slots: Slots) -> Payment {
    let own = is_own_transfer(transfer.id);
    let side = |slot: u32| {
        let account = accounts.at(slot);
        Side {
            party: if own { account.user_data_128 } else { 0 },
            account: slot,
            code: account.code,
        }
    };
    Payment {
        time: transfer.timestamp,
        kind: kind_of(transfer),
        ledger: transfer.ledger,
        amount: transfer.amount,
        channel: if own { transfer.user_data_32 as u8 } else { 0 },
        payer: side(slots.debit),
        payee: side(slots.credit),
    }
}

impl Facts for Seen<'_> {
    #[inline]
    fn currency(&self, ledger: u32) -> Option<(CurrencyCode, u8)> {
        let currency = self.ledgers.get(&ledger)?;
        Some((currency.code, currency.exponent))
    }

    #[inline]
    fn party(&self, id: u128) -> Option<(u8, u8)> {
        let party: &Party = self.business.open((id, 0))?;
        Some((party.kind, party.tier))
    }

    #[inline]
    fn code_of(&self, role: u8) -> u16 {
        self.business.code_of(role)
    }

    fn sums(&self, currency: (CurrencyCode, u8), lines: &Lines) -> (u128, u128) {
        sum_of(self.sums, self, currency, lines)
    }

    fn figure(&self, name: &str) -> Option<u128> {
        let (first, second) = name.split_at_checked(16).unwrap_or((name, ""));
        let key = |half| model::form::text_to_integer(half);
        let figure: &Figure = self.business.open((key(first)?, key(second)?))?;
        Some(figure.value)
    }

    /// Transfers have no parts.
    fn part(&self, _: &str) -> Option<u128> {
        None
    }
}

/// The public key of a party.
pub(crate) fn key_of(business: &Business, party: u128) -> Option<[u8; 32]> {
    let key: &PartyKey = business.open((party, 0))?;
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&key.key.to_le_bytes());
    bytes[16..].copy_from_slice(&key.key_more.to_le_bytes());
    Some(bytes)
}

impl State {
    /// What a transfer moves or reserves, as rules see it; `None` of one that ends a pending one,
    /// that moves nothing, or whose accounts are not there.
    pub fn payment(&self, transfer: &Transfer) -> Option<Payment> {
        if transfer.has_any(ENDING) || transfer.amount == 0 {
            return None;
        }
        let accounts = &self.books.accounts;
        let slots = Slots {
            debit: accounts.find(transfer.debit_account_id)?,
            credit: accounts.find(transfer.credit_account_id)?,
        };
        Some(payment_of(accounts, transfer, slots))
    }

    /// The payment that a rule found something in; `None` where its accounts are not there.
    pub fn payment_found(&self, finding: &Finding) -> Option<Payment> {
        let accounts = &self.books.accounts;
        let debit = accounts.find(finding.debit_account_id)?;
        let credit = accounts.find(finding.credit_account_id)?;
        let side = |slot: u32| {
            let account = accounts.at(slot);
            let kept = self.is_kept(account);
            Side {
                party: if kept { account.user_data_128 } else { 0 },
                account: slot,
                code: account.code,
            }
        };
        Some(Payment {
            time: finding.timestamp,
            kind: finding.kind,
            ledger: finding.ledger,
            amount: finding.amount,
            channel: finding.channel,
            payer: side(debit),
            payee: side(credit),
        })
    }

    /// What rules ask of the books, as they stand, where some of it is taken as something else.
    pub fn facts_taken_as<'a>(&'a self, taken: &'a TakenAs) -> impl Facts + 'a {
        let seen = self
            .books
            .rules
            .sees(&self.books.business, &self.books.ledgers);
        Taken { seen, taken }
    }

    /// Adds up accounts by class from now on, whether a rule of the books compares such sums or not.
    pub fn watch_classes(&mut self) {
        let books = &mut self.books;
        books.rules.sums = Some(sums_of(&books.accounts));
    }
}

/// Books that are taken as something else: those of another bank, tried under rules that they never
/// knew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenAs {
    /// Currencies of ledgers.
    pub currencies: BTreeMap<u32, (CurrencyCode, u8)>,
    /// Codes of accounts by role of the chart.
    pub codes: BTreeMap<u8, u16>,
    /// What a party is that the books do not know, and its tier.
    pub person: Option<(u8, u8)>,
}

struct Taken<'a> {
    seen: Seen<'a>,
    taken: &'a TakenAs,
}

impl Facts for Taken<'_> {
    fn currency(&self, ledger: u32) -> Option<(CurrencyCode, u8)> {
        let taken = self.taken.currencies.get(&ledger).copied();
        taken.or_else(|| self.seen.currency(ledger))
    }

    fn party(&self, id: u128) -> Option<(u8, u8)> {
        self.seen
            .party(id)
            .or(self.taken.person.filter(|_| id != 0))
    }

    fn code_of(&self, role: u8) -> u16 {
        let taken = self.taken.codes.get(&role).copied();
        taken.unwrap_or_else(|| self.seen.code_of(role))
    }

    fn sums(&self, currency: (CurrencyCode, u8), lines: &Lines) -> (u128, u128) {
        sum_of(self.seen.sums, self, currency, lines)
    }

    fn figure(&self, name: &str) -> Option<u128> {
        self.seen.figure(name)
    }

    fn part(&self, name: &str) -> Option<u128> {
        self.seen.part(name)
    }
}

/// Sums of the classes among `lines`, of ledgers with this currency.
fn sum_of(
    sums: Option<&Sums>,
    facts: &impl Facts,
    currency: (CurrencyCode, u8),
    lines: &Lines,
) -> (u128, u128) {
    let (mut debits, mut credits) = (0u128, 0u128);
    for (&(ledger, code), sum) in sums.into_iter().flatten() {
        let among = facts.currency(ledger) == Some(currency)
            && (lines.codes.contains(&code)
                || lines.roles.iter().any(|&role| facts.code_of(role) == code));
        if among {
            debits = debits.saturating_add(sum.0);
            credits = credits.saturating_add(sum.1);
        }
    }
    (debits, credits)
}

/// Sums of the accounts by class.
fn sums_of(accounts: &Accounts) -> Sums {
    let mut sums = Sums::new();
    for slot in 0..accounts.len() as u32 {
        add_to(&mut sums, accounts.at(slot), &Account::default());
    }
    sums
}
