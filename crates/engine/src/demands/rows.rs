//! The rows of a scope: what the books know within it, written for whoever may see it.
//!
//! A row is a transfer as one of its two accounts sees it. What is not within the scope is never
//! read into a row; whether that is so is judged again by the gate, of the bytes themselves.

use std::collections::{BTreeMap, BTreeSet};

use demands::answer::Sheet;
use demands::{Field, Place, Roles, SECOND, Scope, Subjects, id_text, nanosecond_text};
use model::limits::BATCH_EVENTS;
use model::object::{Noun, Party, is_own_transfer};
use model::rule::CHANNELS;
use model::{
    Account, AccountFilter, Act, ActFacts, Object, OrderPlace, QueryFilter, Transfer,
    account_filter_flags,
};

use super::gate::ANSWER_ROWS;
use super::{Knows, Personal};
use crate::books::Books;
use crate::query::balance;
use crate::request::{Refused, Request};

/// What a raw transfer is called; others by the act that made them.
const RAW: &str = "transfer";

/// A transfer as one of its accounts sees it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    account: u128,
    across: u128,
    is_debit: bool,
    transfer: Transfer,
    balance: Option<String>,
}

impl Row {
    fn of(transfer: &Transfer, is_debit: bool) -> Self {
        let (debit, credit) = (transfer.debit_account_id, transfer.credit_account_id);
        let (account, across) = if is_debit {
            (debit, credit)
        } else {
            (credit, debit)
        };
        Self {
            account,
            across,
            is_debit,
            transfer: *transfer,
            balance: None,
        }
    }

    fn key(&self) -> (u64, u128, bool) {
        (self.transfer.timestamp, self.transfer.id, self.is_debit)
    }
}

/// What a transfer is called in a scope.
pub(super) fn kind_of(transfer: &Transfer) -> &'static str {
    let by_act = is_own_transfer(transfer.id).then(|| ActFacts::numbered(transfer.code));
    by_act.flatten().map_or(RAW, |facts| facts.name)
}

/// Who is who in some rows.
pub(super) struct People {
    owners: BTreeMap<u128, u128>,
    tiers: BTreeMap<u128, u8>,
    personal: BTreeMap<u128, Personal>,
}

impl People {
    fn owner(&self, account: u128) -> Option<u128> {
        self.owners
            .get(&account)
            .copied()
            .filter(|party| *party != 0)
    }

    /// The party that an account belongs to, and its tier.
    pub(super) fn party(&self, account: u128) -> Option<(u128, u8)> {
        let party = self.owner(account)?;
        Some((party, self.tiers.get(&party).copied().unwrap_or(0)))
    }
}

/// The rows as a sheet, by time; those that do not lie within are left out.
pub(super) fn sheet(scope: &Scope, rows: &[Row], people: &People) -> Vec<u8> {
    let mut sheet = Sheet::new(scope);
    for row in rows {
        let (owner, across) = (people.owner(row.account), people.owner(row.across));
        let place = Place {
            account: row.account,
            time: row.transfer.timestamp,
            kind: kind_of(&row.transfer),
            transfer: Some(row.transfer.id),
            party: owner,
            counterparty_account: Some(row.across),
            counterparty_party: across,
        };
        if !scope.covers(&place) {
            continue;
        }
        let values = values(scope, row, (owner, across), people);
        let values: Vec<_> = values
            .iter()
            .map(|(field, value)| (*field, value.as_str()))
            .collect();
        sheet.push(&values);
    }
    sheet.into_bytes()
}

fn values(
    scope: &Scope,
    row: &Row,
    (owner, across): (Option<u128>, Option<u128>),
    people: &People,
) -> Vec<(Field, String)> {
    let transfer = &row.transfer;
    let id = |id: Option<u128>| id.map(id_text).unwrap_or_default();
    let person = owner.and_then(|owner| people.personal.get(&owner));
    let said = |text: fn(&Personal) -> &String| person.map(text).cloned().unwrap_or_default();
    let is_own = is_own_transfer(transfer.id);
    let value = |field: Field| match field {
        Field::Account => id_text(row.account),
        Field::Time => nanosecond_text(transfer.timestamp),
        Field::Kind => kind_of(transfer).to_owned(),
        Field::Transfer => id_text(transfer.id),
        Field::Party => id(owner),
        Field::CounterpartyAccount => id_text(row.across),
        Field::CounterpartyParty => id(across),
        Field::Ledger => transfer.ledger.to_string(),
        Field::Side => if row.is_debit { "debit" } else { "credit" }.to_owned(),
        Field::Amount => transfer.amount.to_string(),
        Field::Balance => row.balance.clone().unwrap_or_default(),
        Field::Channel => {
            let channel = CHANNELS.get(transfer.user_data_32 as usize);
            let channel = channel.filter(|_| is_own && transfer.user_data_32 != 0);
            channel.map(|name| (*name).to_owned()).unwrap_or_default()
        }
        Field::Order => {
            id((is_own && is_of_order(transfer.code)).then_some(transfer.user_data_128))
        }
        Field::Tier => {
            let tier = owner.and_then(|owner| people.tiers.get(&owner));
            tier.map(ToString::to_string).unwrap_or_default()
        }
        Field::Name => said(|person| &person.name),
        Field::Contact => said(|person| &person.contact),
        Field::Document => said(|person| &person.document),
    };
    scope
        .fields
        .iter()
        .map(|field| (*field, value(*field)))
        .collect()
}

/// Whether an act is one of the marketplace, whose transfers tell their order.
fn is_of_order(code: u16) -> bool {
    let last = Act::ALL
        .iter()
        .rev()
        .find(|facts| facts.name == "order_refund")
        .map_or(0, |facts| facts.number);
    (OrderPlace::NUMBER..=last).contains(&code)
}

impl Books {
    /// The rows of a scope of what happened before `until`, by time; `None` where there are more than
    /// [`ANSWER_ROWS`].
    pub(super) async fn rows_of(
        &self,
        scope: &Scope,
        until: u64,
    ) -> Result<Option<Vec<Row>>, Refused> {
        let most = ANSWER_ROWS;
        let mut rows = BTreeMap::new();
        match &scope.subjects {
            Subjects::Transfers(ids) => {
                let found = self.lookup_transfers(ids.iter().copied().collect()).await?;
                add_both(&mut rows, &found);
            }
            Subjects::All => {
                if !self.all_rows(scope, most, &mut rows).await? {
                    return Ok(None);
                }
            }
            Subjects::Accounts(ids) => {
                for id in ids {
                    if !self.account_rows(scope, *id, most, &mut rows).await? {
                        return Ok(None);
                    }
                }
            }
            Subjects::Persons(ids) => {
                for id in ids {
                    for account in self.accounts_of(*id).await? {
                        if !self.account_rows(scope, account, most, &mut rows).await? {
                            return Ok(None);
                        }
                    }
                }
            }
        }
        let later = (until, 0, false);
        let known = rows.len() <= most;
        Ok(known.then(|| {
            rows.into_iter()
                .take_while(|(key, _)| *key < later)
                .map(|(_, row)| row)
                .collect()
        }))
    }

    /// The accounts of a party.
    pub(super) async fn accounts_of(&self, party: u128) -> Result<Vec<u128>, Refused> {
        let mut after = 0;
        let mut ids = Vec::new();
        loop {
            let page = QueryFilter {
                user_data_128: party,
                timestamp_min: after,
                limit: BATCH_EVENTS as u32,
                ..QueryFilter::default()
            };
            let found = self.query_accounts(page).await?;
            ids.extend(found.iter().map(|account| account.id));
            match found.last() {
                Some(last) if found.len() == BATCH_EVENTS => after = last.timestamp + 1,
                _ => return Ok(ids),
            }
        }
    }

    /// Adds the rows of one account; false where there are too many.
    async fn account_rows(
        &self,
        scope: &Scope,
        account: u128,
        most: usize,
        rows: &mut Rows,
    ) -> Result<bool, Refused> {
        let Some((slot, _)) = self.ask(|reply| Request::Slot(account, reply)).await? else {
            return Ok(true);
        };
        let (mut from, to) = times(scope);
        loop {
            let filter = AccountFilter {
                timestamp_min: from,
                timestamp_max: to,
                limit: BATCH_EVENTS as u32,
                flags: account_filter_flags::DEBITS | account_filter_flags::CREDITS,
                ..AccountFilter::of(account)
            };
            let found = self
                .read(move |history| history.of_account(slot, &filter))
                .await?;
            for one in &found {
                let transfer = &one.0;
                let mut row = Row::of(transfer, transfer.debit_account_id == account);
                row.balance = balance(account, one)
                    .map(|sums| difference(sums.credits_posted, sums.debits_posted));
                if scope.roles == Roles::Any {
                    let other = Row::of(transfer, !row.is_debit);
                    rows.entry(other.key()).or_insert(other);
                }
                rows.insert(row.key(), row);
            }
            if rows.len() > most {
                return Ok(false);
            }
            match found.last() {
                Some((last, _)) if found.len() == BATCH_EVENTS => from = last.timestamp + 1,
                _ => return Ok(true),
            }
        }
    }

    async fn all_rows(&self, scope: &Scope, most: usize, rows: &mut Rows) -> Result<bool, Refused> {
        let mut more = Transfers::of(scope);
        while let Some(found) = more.next(self).await? {
            add_both(rows, &found);
            if rows.len() > most {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Who owns the accounts of some rows, and what is known of them as far as the scope asks.
    pub(super) async fn people_of(
        &self,
        scope: &Scope,
        rows: &[Row],
        personal: Knows,
    ) -> Result<People, Refused> {
        let accounts = rows.iter().flat_map(|row| [row.account, row.across]);
        let mut people = self.owners_of(accounts.collect()).await?;
        let asks = [Field::Name, Field::Contact, Field::Document];
        if asks.iter().any(|field| scope.fields.contains(field)) {
            let own: BTreeSet<_> = rows
                .iter()
                .filter_map(|row| people.owner(row.account))
                .collect();
            let known = move |party| personal(party).map(|known| (party, known));
            people.personal = self
                .read(move |_| Ok(own.into_iter().filter_map(known).collect()))
                .await?;
        }
        Ok(people)
    }

    /// Who owns these accounts, and in which tier.
    pub(super) async fn owners_of(&self, accounts: BTreeSet<u128>) -> Result<People, Refused> {
        let accounts: Vec<_> = accounts.into_iter().collect();
        let mut people = People {
            owners: BTreeMap::new(),
            tiers: BTreeMap::new(),
            personal: BTreeMap::new(),
        };
        for some in accounts.chunks(BATCH_EVENTS) {
            let found = self.lookup_accounts(some.to_vec()).await?;
            let owner = |account: &Account| (account.id, account.user_data_128);
            people.owners.extend(found.iter().map(owner));
        }
        let parties: BTreeSet<u128> = people.owners.values().copied().collect();
        let parties: Vec<_> = parties.into_iter().filter(|party| *party != 0).collect();
        for some in parties.chunks(BATCH_EVENTS) {
            let asked = some.iter().map(|party| (Party::KIND, (*party, 0)));
            for object in self.objects(asked.collect()).await?.into_iter().flatten() {
                if let Object::Party(party) = object {
                    people.tiers.insert(party.id, party.tier);
                }
            }
        }
        Ok(people)
    }
}

type Rows = BTreeMap<(u64, u128, bool), Row>;

fn add_both(rows: &mut Rows, transfers: &[Transfer]) {
    for transfer in transfers {
        for is_debit in [true, false] {
            let row = Row::of(transfer, is_debit);
            rows.insert(row.key(), row);
        }
    }
}

/// The first and the last nanosecond of a scope's period.
fn times(scope: &Scope) -> (u64, u64) {
    let period = scope.period;
    (period.from * SECOND, period.to * SECOND - 1)
}

fn difference(credits: u128, debits: u128) -> String {
    if credits >= debits {
        (credits - debits).to_string()
    } else {
        format!("-{}", debits - credits)
    }
}

/// All transfers of a scope's period, some at a time.
pub(super) struct Transfers {
    next: Option<u64>,
    to: u64,
}

impl Transfers {
    pub(super) fn of(scope: &Scope) -> Self {
        let (from, to) = times(scope);
        Self {
            next: Some(from),
            to,
        }
    }

    pub(super) async fn next(&mut self, books: &Books) -> Result<Option<Vec<Transfer>>, Refused> {
        let Some(from) = self.next else {
            return Ok(None);
        };
        let page = QueryFilter {
            timestamp_min: from,
            timestamp_max: self.to,
            limit: BATCH_EVENTS as u32,
            ..QueryFilter::default()
        };
        let found = books.query_transfers(page).await?;
        let last = found.last().filter(|_| found.len() == BATCH_EVENTS);
        self.next = last.map(|last| last.timestamp + 1);
        Ok(Some(found))
    }
}
