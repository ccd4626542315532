//! Transfers that were erased: what stays of them has its place among the others.

use std::collections::VecDeque;

use serde_json::Value;

use super::journal::{json_of, number};
use super::{array, text};
use crate::client::Client;
use crate::failure::Failure;

/// All of them, page by page, in order.
pub struct Erased {
    read: VecDeque<Value>,
    /// Where the next page begins; `None` behind the last.
    next: Option<String>,
}

impl Erased {
    pub fn new() -> Self {
        Self {
            read: VecDeque::new(),
            next: Some("0".to_owned()),
        }
    }

    /// Takes those of before and at `time`.
    pub fn until(&mut self, time: u64, client: &mut Client) -> Result<Vec<Value>, Failure> {
        let mut taken = Vec::new();
        loop {
            while let Some(first) = self.read.pop_front() {
                if number(&first, "timestamp") > time {
                    self.read.push_front(first);
                    return Ok(taken);
                }
                taken.push(first);
            }
            let Some(from) = &self.next else {
                return Ok(taken);
            };
            let page = json_of(&client.get(&format!("/v1/transfers/erased?from={from}"))?)?;
            let next = text(&page["next"]);
            self.next = (!next.is_empty()).then(|| next.to_owned());
            self.read.extend(array(&page["transfers"]).iter().cloned());
        }
    }
}
