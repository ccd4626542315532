use engine::{ErasedTransfer, ErasedTransfers};
use serde::Serialize;
use utoipa::ToSchema;

use super::amount::major;
use super::{Currencies, TransferFlags, U64, U128};

/// What stays of a transfer that was erased.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ErasedTransfer)]
pub struct ErasedTransferView {
    /// Number of its batch.
    batch: U64,
    /// Index of its record in the batch.
    index: u32,
    debit_account_id: U128,
    credit_account_id: U128,
    /// In major units, where the ledger has a currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// In minor units.
    amount_minor: U128,
    ledger: u32,
    flags: TransferFlags,
    /// Nanoseconds since 1970, when it was created.
    timestamp: U64,
}

/// A stretch of erased transfers.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ErasedTransfers)]
pub struct ErasedTransfersView {
    /// In the order in which they were made.
    transfers: Vec<ErasedTransferView>,
    /// The `from` of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<U64>,
}

impl ErasedTransfersView {
    /// As JSON shows them.
    pub fn new(erased: &ErasedTransfers, currencies: &Currencies) -> Self {
        let one = |erased: &ErasedTransfer| ErasedTransferView {
            batch: U64(erased.place.batch),
            index: erased.place.index,
            debit_account_id: U128(erased.moved.debit_account_id),
            credit_account_id: U128(erased.moved.credit_account_id),
            amount: major(erased.moved.amount, erased.ledger, currencies),
            amount_minor: U128(erased.moved.amount),
            ledger: erased.ledger,
            flags: TransferFlags(erased.moved.flags),
            timestamp: U64(erased.moved.timestamp),
        };
        Self {
            transfers: erased.transfers.iter().map(one).collect(),
            next: erased.next.map(U64),
        }
    }
}
