use model::limits::BATCH_EVENTS;
use model::{AccountFilter, QueryFilter, account_filter_flags};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AccountFilterFlags, QueryFilterFlags, U64, U128};
use crate::problem::{Kind, Problem};

const MOST: u32 = BATCH_EVENTS as u32;

/// Chooses transfers or balances of one account. A field left out does not filter.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = AccountFilter)]
#[serde(deny_unknown_fields)]
pub struct AccountFilterBody {
    /// The account.
    pub account_id: U128,
    /// Equal to the transfer's.
    #[serde(default)]
    pub user_data_128: U128,
    /// Equal to the transfer's.
    #[serde(default)]
    pub user_data_64: U64,
    /// Equal to the transfer's.
    #[serde(default)]
    pub user_data_32: u32,
    /// Equal to the transfer's.
    #[serde(default)]
    pub code: u16,
    /// Earliest timestamp, inclusive.
    #[serde(default)]
    pub timestamp_min: U64,
    /// Latest timestamp, inclusive.
    #[serde(default)]
    pub timestamp_max: U64,
    /// Objects at most, 1 to 8,189.
    #[serde(default = "most")]
    #[schema(minimum = 1, maximum = 8189, default = 8189)]
    pub limit: u32,
    /// Which side, and whether newest first; left out, both sides, oldest first.
    #[serde(default = "both_sides")]
    pub flags: AccountFilterFlags,
}

/// Chooses accounts or transfers. A field left out does not filter.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = QueryFilter)]
#[serde(deny_unknown_fields)]
pub struct QueryFilterBody {
    /// Equal to the object's.
    #[serde(default)]
    pub user_data_128: U128,
    /// Equal to the object's.
    #[serde(default)]
    pub user_data_64: U64,
    /// Equal to the object's.
    #[serde(default)]
    pub user_data_32: u32,
    /// Equal to the object's.
    #[serde(default)]
    pub ledger: u32,
    /// Equal to the object's.
    #[serde(default)]
    pub code: u16,
    /// Earliest timestamp, inclusive.
    #[serde(default)]
    pub timestamp_min: U64,
    /// Latest timestamp, inclusive.
    #[serde(default)]
    pub timestamp_max: U64,
    /// Objects at most, 1 to 8,189.
    #[serde(default = "most")]
    #[schema(minimum = 1, maximum = 8189, default = 8189)]
    pub limit: u32,
    /// Whether newest first.
    #[serde(default)]
    pub flags: QueryFilterFlags,
}

fn most() -> u32 {
    MOST
}

fn both_sides() -> AccountFilterFlags {
    AccountFilterFlags(account_filter_flags::DEBITS | account_filter_flags::CREDITS)
}

impl AccountFilterBody {
    /// As the books take it. One that could yield nothing is refused: in JSON it is a slip of
    /// the hand, where a bulk client is answered as the published protocol says.
    pub fn to_model(&self) -> Result<AccountFilter, Problem> {
        if self.account_id.0 == 0 || self.account_id.0 == u128::MAX {
            return Err(refuse(
                "/account_id",
                "`account_id` is neither 0 nor 2^128-1.",
            ));
        }
        if self.flags.0 & both_sides().0 == 0 {
            return Err(refuse(
                "/flags",
                "`flags` names `debits`, `credits` or both.",
            ));
        }
        check_page(self.timestamp_min.0, self.timestamp_max.0, self.limit)?;
        let filter = AccountFilter {
            account_id: self.account_id.0,
            user_data_128: self.user_data_128.0,
            user_data_64: self.user_data_64.0,
            user_data_32: self.user_data_32,
            code: self.code,
            reserved: [0; 58],
            timestamp_min: self.timestamp_min.0,
            timestamp_max: self.timestamp_max.0,
            limit: self.limit,
            flags: self.flags.0,
        };
        assert!(filter.is_valid(), "every reason has been named above");
        Ok(filter)
    }
}

impl QueryFilterBody {
    /// As the books take it; refused where it could yield nothing, as for
    /// [`AccountFilterBody::to_model`].
    pub fn to_model(&self) -> Result<QueryFilter, Problem> {
        check_page(self.timestamp_min.0, self.timestamp_max.0, self.limit)?;
        let filter = QueryFilter {
            user_data_128: self.user_data_128.0,
            user_data_64: self.user_data_64.0,
            user_data_32: self.user_data_32,
            ledger: self.ledger,
            code: self.code,
            reserved: [0; 6],
            timestamp_min: self.timestamp_min.0,
            timestamp_max: self.timestamp_max.0,
            limit: self.limit,
            flags: self.flags.0,
        };
        assert!(filter.is_valid(), "every reason has been named above");
        Ok(filter)
    }
}

fn check_page(min: u64, max: u64, limit: u32) -> Result<(), Problem> {
    if limit == 0 || limit > MOST {
        return Err(refuse(
            "/limit",
            "`limit` is 1 to 8,189; page on by timestamp.",
        ));
    }
    if min == u64::MAX {
        return Err(refuse("/timestamp_min", "`timestamp_min` is below 2^64-1."));
    }
    if max == u64::MAX {
        return Err(refuse("/timestamp_max", "`timestamp_max` is below 2^64-1."));
    }
    if max != 0 && min > max {
        return Err(refuse(
            "/timestamp_min",
            "`timestamp_min` is no later than `timestamp_max`.",
        ));
    }
    Ok(())
}

fn refuse(pointer: &str, detail: &'static str) -> Problem {
    Problem::new(Kind::InvalidFilter, detail).at(pointer)
}

#[cfg(test)]
mod tests {
    use crate::wire::{parse_account_filter, parse_query_filter};
    use model::AccountFilter;

    #[test]
    fn defaults() {
        let filter = parse_account_filter(b"{\"account_id\":7}").expect("it is one");
        assert_eq!(filter, AccountFilter::of(7));
        assert!(parse_query_filter(b"{}").is_ok_and(|filter| filter.limit == 8_189));
    }

    #[test]
    fn each_slip_is_named() {
        let check = |body: &str, pointer: &str| {
            let problem = parse_account_filter(body.as_bytes()).expect_err(body);
            assert_eq!(problem.body().pointer(), Some(pointer), "{body}");
            assert_eq!(problem.body().status(), 422);
        };
        check(r#"{"account_id":0}"#, "/account_id");
        check(
            r#"{"account_id":"0xffffffffffffffffffffffffffffffff"}"#,
            "/account_id",
        );
        check(r#"{"account_id":1,"flags":["reversed"]}"#, "/flags");
        check(r#"{"account_id":1,"limit":0}"#, "/limit");
        check(r#"{"account_id":1,"limit":8190}"#, "/limit");
        check(
            r#"{"account_id":1,"timestamp_min":2,"timestamp_max":1}"#,
            "/timestamp_min",
        );
        check(
            r#"{"account_id":1,"timestamp_max":"18446744073709551615"}"#,
            "/timestamp_max",
        );
    }
}
