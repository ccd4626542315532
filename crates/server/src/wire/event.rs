use engine::{Event, Events};
use merkle::Hash;
use model::object::own_transfer;
use model::record::{Erasure, Expired, Failed, Page, StatementLine};
use model::{ActFacts, CreateTransferStatus, Deed, ListingAdd, Record};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::amount::major;
use super::command::object_view;
use super::{AccountView, Currencies, LedgerView, TransferView, U64, U128};

/// One thing that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Index of its record in the whole log. Positions rise, and have gaps.
    position: U64,
    /// Number of the batch of its record.
    batch: U64,
    /// Index of its record in the batch.
    index: u32,
    /// What happened.
    #[schema(example = "transfer.created")]
    kind: String,
    /// Nanoseconds since 1970.
    time: U64,
    /// Whom it concerns.
    parties: Vec<U128>,
    /// The order that it belongs to, where it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<U128>,
    /// What stands in the log: the object, the transfer, the account and so on.
    #[schema(value_type = Object)]
    record: Value,
}

/// A stretch of events.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Events)]
pub struct EventsView {
    /// In order.
    events: Vec<EventView>,
    /// The `from` of the next page, whether there are more yet or not.
    next: U64,
}

impl EventsView {
    /// As JSON shows them.
    pub fn new(events: &Events, currencies: &Currencies) -> Self {
        let views = events.events.iter();
        Self {
            events: views
                .map(|event| EventView::new(event, currencies))
                .collect(),
            next: U64(events.next),
        }
    }
}

impl EventView {
    /// As JSON shows it.
    pub fn new(event: &Event, currencies: &Currencies) -> Self {
        Self {
            position: U64(event.position),
            batch: U64(event.place.batch),
            index: event.place.index,
            kind: event.kind.to_string(),
            time: U64(event.time),
            parties: event.parties.iter().copied().map(U128).collect(),
            order: (event.order != 0).then_some(U128(event.order)),
            record: record_view(&event.record, currencies),
        }
    }

    /// As JSON text in one line.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("the twins are plain JSON")
    }
}

fn record_view(record: &Record, currencies: &Currencies) -> Value {
    match record {
        Record::LedgerDeclared(currency) => plain(&LedgerView::from(*currency)),
        Record::AccountCreated(account) => plain(&AccountView::new(account, currencies)),
        Record::TransferCreated(transfer, _) => plain(&TransferView::new(transfer, currencies)),
        Record::TransferExpired(expired) => expired_view(expired),
        Record::TransferFailed(failed) => failed_view(failed),
        Record::RecordErased(erasure) => erasure_view(erasure),
        Record::StatementLine(line) => line_view(line, currencies),
        Record::Deed(deed) => deed_view(deed),
        Record::Object(object) => object_view(object, currencies),
        Record::Page(page) => page_view(page),
        // No event is of one.
        Record::Erased(_) => Value::Null,
    }
}

fn plain(view: &impl Serialize) -> Value {
    serde_json::to_value(view).expect("the twins are plain JSON")
}

fn expired_view(expired: &Expired) -> Value {
    json!({
        "pending_id": U128(expired.pending_id),
        "debit_account_id": U128(expired.debit_account_id),
        "credit_account_id": U128(expired.credit_account_id),
        "amount_minor": U128(expired.amount),
        "timestamp": U64(expired.timestamp),
    })
}

fn failed_view(failed: &Failed) -> Value {
    let status = CreateTransferStatus::from_code(failed.status);
    json!({
        "id": U128(failed.id),
        "status": status.map_or("unknown", CreateTransferStatus::name),
        "status_code": failed.status,
        "timestamp": U64(failed.timestamp),
    })
}

fn page_view(page: &Page) -> Value {
    json!({
        "document": U64(page.document),
        "part": page.part,
        "length": page.length,
        "timestamp": U64(page.timestamp),
    })
}

fn erasure_view(erasure: &Erasure) -> Value {
    json!({
        "batch": U64(erasure.batch),
        "index": erasure.index,
        "retention_days": erasure.retention_days,
        "timestamp": U64(erasure.timestamp),
    })
}

fn line_view(line: &StatementLine, currencies: &Currencies) -> Value {
    let mut view = json!({
        "statement": U64(line.statement),
        "line": line.line,
        "lines": line.lines,
        "ledger": line.ledger,
        "code": line.code,
        "side": line.side.name(),
        "total_minor": U128(line.total),
        "root": Hash::from_bytes(line.root).to_string(),
        "timestamp": U64(line.timestamp),
    });
    if let Some(total) = major(line.total, line.ledger, currencies) {
        view["total"] = total.into();
    }
    view
}

/// What a command came to. What it was asked in is no part of it.
fn deed_view(deed: &Deed) -> Value {
    let ids = (0..u64::from(deed.transfers)).map(|k| own_transfer(deed.first_transfer + k));
    let act = ActFacts::numbered(deed.act).map_or("time", |facts| facts.name);
    let mut view = json!({
        "id": U128(deed.id),
        "act": act,
        "transfers": ids.map(U128).collect::<Vec<_>>(),
        "timestamp": U64(deed.timestamp),
    });
    if deed.act == ListingAdd::NUMBER {
        view["listing"] = deed.number.into();
    }
    view
}
