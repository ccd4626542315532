use model::{Account, AccountBalance};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::amount::major;
use super::{AccountFlags, Currencies, U64, U128};

/// An account to be created. Its sums start at nothing.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Chosen by you; neither 0 nor 2^128-1.
    pub id: U128,
    /// Number of the ledger (one currency); not 0.
    pub ledger: u32,
    /// Your kind of account; not 0.
    pub code: u16,
    /// What it may do.
    #[serde(default)]
    pub flags: AccountFlags,
    /// Yours; can be queried by.
    #[serde(default)]
    pub user_data_128: U128,
    /// Yours; can be queried by.
    #[serde(default)]
    pub user_data_64: U64,
    /// Yours; can be queried by.
    #[serde(default)]
    pub user_data_32: u32,
    /// Nanoseconds since 1970; only with the flag `imported`.
    #[serde(default)]
    pub timestamp: U64,
}

impl NewAccount {
    /// As the books take it.
    pub fn to_model(&self) -> Account {
        Account {
            id: self.id.0,
            ledger: self.ledger,
            code: self.code,
            flags: self.flags.0,
            user_data_128: self.user_data_128.0,
            user_data_64: self.user_data_64.0,
            user_data_32: self.user_data_32,
            timestamp: self.timestamp.0,
            ..Account::default()
        }
    }
}

/// The four sums, in major units where the ledger has a currency, and in minor units.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Sums {
    /// Pending transfers that debit the account, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    debits_pending: Option<String>,
    /// The same in minor units.
    debits_pending_minor: U128,
    /// Posted transfers that debit the account, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    debits_posted: Option<String>,
    /// The same in minor units.
    debits_posted_minor: U128,
    /// Pending transfers that credit the account, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    credits_pending: Option<String>,
    /// The same in minor units.
    credits_pending_minor: U128,
    /// Posted transfers that credit the account, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    credits_posted: Option<String>,
    /// The same in minor units.
    credits_posted_minor: U128,
}

impl Sums {
    /// Of debits pending and posted and credits pending and posted, in minor units.
    pub(super) fn new(minor: [u128; 4], ledger: u32, currencies: &Currencies) -> Self {
        let [
            debits_pending,
            debits_posted,
            credits_pending,
            credits_posted,
        ] = minor;
        let text = |minor| major(minor, ledger, currencies);
        Self {
            debits_pending: text(debits_pending),
            debits_pending_minor: U128(debits_pending),
            debits_posted: text(debits_posted),
            debits_posted_minor: U128(debits_posted),
            credits_pending: text(credits_pending),
            credits_pending_minor: U128(credits_pending),
            credits_posted: text(credits_posted),
            credits_posted_minor: U128(credits_posted),
        }
    }
}

/// An account as it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    id: U128,
    ledger: u32,
    code: u16,
    flags: AccountFlags,
    #[serde(flatten)]
    sums: Sums,
    user_data_128: U128,
    user_data_64: U64,
    user_data_32: u32,
    /// Nanoseconds since 1970, when it was created.
    timestamp: U64,
}

impl AccountView {
    /// As JSON shows it.
    pub fn new(account: &Account, currencies: &Currencies) -> Self {
        let minor = [
            account.debits_pending,
            account.debits_posted,
            account.credits_pending,
            account.credits_posted,
        ];
        Self {
            id: U128(account.id),
            ledger: account.ledger,
            code: account.code,
            flags: AccountFlags(account.flags),
            sums: Sums::new(minor, account.ledger, currencies),
            user_data_128: U128(account.user_data_128),
            user_data_64: U64(account.user_data_64),
            user_data_32: account.user_data_32,
            timestamp: U64(account.timestamp),
        }
    }
}

/// The sums of an account after one transfer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AccountBalance)]
pub struct BalanceView {
    #[serde(flatten)]
    sums: Sums,
    /// Nanoseconds since 1970, of the transfer.
    timestamp: U64,
}

impl BalanceView {
    /// As JSON shows it; the balance does not say its account's `ledger`.
    pub fn new(balance: &AccountBalance, ledger: u32, currencies: &Currencies) -> Self {
        let minor = [
            balance.debits_pending,
            balance.debits_posted,
            balance.credits_pending,
            balance.credits_posted,
        ];
        let sums = Sums::new(minor, ledger, currencies);
        Self {
            sums,
            timestamp: U64(balance.timestamp),
        }
    }
}
