use model::Transfer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::amount::{major, minor_units};
use super::{Amount, Currencies, TransferFlags, U64, U128};
use crate::problem::Problem;

/// A transfer to be created. What a post or a void leaves out is taken from the pending
/// transfer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransfer<'a> {
    /// Chosen by you, the key of idempotency; neither 0 nor 2^128-1.
    pub id: U128,
    /// The account that is debited.
    #[serde(default)]
    pub debit_account_id: U128,
    /// The account that is credited.
    #[serde(default)]
    pub credit_account_id: U128,
    /// How much; only a void may leave it out.
    #[serde(borrow)]
    #[schema(value_type = Option<Amount>)]
    pub amount: Option<Amount<'a>>,
    /// Instead of `amount`: minor units, beyond 2^53 too.
    pub amount_minor: Option<U128>,
    /// The pending transfer that this one posts or voids.
    #[serde(default)]
    pub pending_id: U128,
    /// Yours; can be queried by.
    #[serde(default)]
    pub user_data_128: U128,
    /// Yours; can be queried by.
    #[serde(default)]
    pub user_data_64: U64,
    /// Yours; can be queried by.
    #[serde(default)]
    pub user_data_32: u32,
    /// Seconds until a pending transfer expires by itself; 0 never.
    #[serde(default)]
    pub timeout: u32,
    /// Number of the ledger of both accounts.
    #[serde(default)]
    pub ledger: u32,
    /// Your kind of transfer.
    #[serde(default)]
    pub code: u16,
    /// What it does.
    #[serde(default)]
    pub flags: TransferFlags,
    /// Nanoseconds since 1970; only with the flag `imported`.
    #[serde(default)]
    pub timestamp: U64,
}

impl NewTransfer<'_> {
    /// As the books take it.
    pub fn to_model(&self, currencies: &Currencies) -> Result<Transfer, Problem> {
        Ok(Transfer {
            id: self.id.0,
            debit_account_id: self.debit_account_id.0,
            credit_account_id: self.credit_account_id.0,
            amount: minor_units(self, currencies)?,
            pending_id: self.pending_id.0,
            user_data_128: self.user_data_128.0,
            user_data_64: self.user_data_64.0,
            user_data_32: self.user_data_32,
            timeout: self.timeout,
            ledger: self.ledger,
            code: self.code,
            flags: self.flags.0,
            timestamp: self.timestamp.0,
        })
    }
}

/// A transfer as it was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Transfer)]
pub struct TransferView {
    id: U128,
    debit_account_id: U128,
    credit_account_id: U128,
    /// In major units, where the ledger has a currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// In minor units.
    amount_minor: U128,
    pending_id: U128,
    user_data_128: U128,
    user_data_64: U64,
    user_data_32: u32,
    /// Seconds.
    timeout: u32,
    ledger: u32,
    code: u16,
    flags: TransferFlags,
    /// Nanoseconds since 1970, when it was created.
    timestamp: U64,
}

impl TransferView {
    /// As JSON shows it.
    pub fn new(transfer: &Transfer, currencies: &Currencies) -> Self {
        Self {
            id: U128(transfer.id),
            debit_account_id: U128(transfer.debit_account_id),
            credit_account_id: U128(transfer.credit_account_id),
            amount: major(transfer.amount, transfer.ledger, currencies),
            amount_minor: U128(transfer.amount),
            pending_id: U128(transfer.pending_id),
            user_data_128: U128(transfer.user_data_128),
            user_data_64: U64(transfer.user_data_64),
            user_data_32: transfer.user_data_32,
            timeout: transfer.timeout,
            ledger: transfer.ledger,
            code: transfer.code,
            flags: TransferFlags(transfer.flags),
            timestamp: U64(transfer.timestamp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NewTransfer, TransferView};
    use crate::wire::Currencies;
    use model::money::CurrencyCode;
    use model::{AMOUNT_ALL, Currency};

    fn crowns() -> Currencies {
        let code = CurrencyCode::new("CZK").expect("it is one");
        Currencies::from([(
            1,
            Currency {
                ledger: 1,
                code,
                exponent: 2,
                timestamp: 9,
            },
        )])
    }

    /// The amount in minor units, or what the refusal says.
    fn amount(fields: &str) -> Result<u128, String> {
        let text = format!("{{\"id\":1,{fields}}}");
        let new: NewTransfer = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let made = new.to_model(&crowns());
        made.map(|transfer| transfer.amount).map_err(|problem| {
            assert_eq!(problem.body().pointer(), Some("/amount"));
            problem.body().detail().to_owned()
        })
    }

    #[test]
    fn amounts() {
        assert_eq!(amount(r#""ledger":1,"amount":"12.5""#), Ok(1250));
        assert_eq!(amount(r#""ledger":1,"amount":"1\u0032""#), Ok(1200));
        assert_eq!(amount(r#""ledger":1,"amount":1250"#), Ok(1250));
        assert_eq!(amount(r#""amount":"all""#), Ok(AMOUNT_ALL));
        assert_eq!(
            amount(r#""amount_minor":"18446744073709551616""#),
            Ok(1 << 64)
        );
        assert_eq!(amount(r#""flags":["void_pending_transfer"]"#), Ok(0));
    }

    #[test]
    fn what_is_no_amount() {
        let check = |fields: &str, says: &str| {
            let detail = amount(fields).expect_err(fields);
            assert!(detail.contains(says), "{fields}: {detail}");
        };
        check(r#""ledger":1"#, "`amount` is missing");
        check(r#""ledger":1,"amount":1,"amount_minor":1"#, "not both");
        check(r#""ledger":1,"amount":"12.505""#, "2 decimal places");
        check(r#""ledger":1,"amount":"-1""#, "digits");
        check(r#""ledger":2,"amount":"1""#, "Ledger 2 has no currency");
        check(r#""amount":"1""#, "needs `ledger`");
        check(r#""ledger":1,"amount":12.5"#, "expected an amount");
        check(r#""ledger":1,"amount":-1"#, "expected an amount");
        check(
            r#""ledger":1,"amount":9007199254740993"#,
            "expected an amount",
        );
    }

    #[test]
    fn view() {
        let new = r#"{"id":"0x10","debit_account_id":1,"credit_account_id":2,"amount":"12.50",
            "ledger":1,"code":7,"flags":["pending","linked"],"timeout":60}"#;
        let new: NewTransfer = serde_json::from_str(new).expect("it is one");
        let transfer = new.to_model(&crowns()).expect("it is one");
        let text = |currencies: &Currencies| {
            serde_json::to_string(&TransferView::new(&transfer, currencies)).expect("plain JSON")
        };
        let full = r#"{"id":"16","debit_account_id":"1","credit_account_id":"2","amount":"12.50","amount_minor":"1250","pending_id":"0","user_data_128":"0","user_data_64":"0","user_data_32":0,"timeout":60,"ledger":1,"code":7,"flags":["linked","pending"],"timestamp":"0"}"#;
        assert_eq!(text(&crowns()), full);
        assert_eq!(
            text(&Currencies::new()),
            full.replace(r#""amount":"12.50","#, "")
        );
    }
}
