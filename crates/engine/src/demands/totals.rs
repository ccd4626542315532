//! Questions about everybody: counts and sums with noise, paid for from a budget that only shrinks.

use std::collections::BTreeSet;

use demands::Scope;
use demands::aggregate::{Asking, Budget as Purse, Fact, Question as Questioned, Table};
use machine::Release;
use model::object::{Disclosure, Noun, Question};
use model::{Object, Transfer};
use sha2::{Digest, Sha256};

use super::rows::{Transfers, kind_of};
use super::{DemandError, DemandRequest, halves, whole};
use crate::books::Books;
use crate::request::Refused;

/// An answer with noise, and what was entered of it.
#[derive(Clone, Debug)]
pub struct Totalled {
    /// What was entered before it left.
    pub disclosure: Disclosure,
    /// The answer.
    pub table: Table,
}

/// One transfer, as it counts: for whoever pays, or is paid where nobody pays.
struct Counted {
    party: u128,
    tier: u8,
    transfer: Transfer,
}

impl Books {
    /// Answers a demand that names nobody. `now` is in seconds since 1970.
    pub async fn total_demand(
        &self,
        serial: u64,
        asking: Asking,
        now: u64,
    ) -> Result<Result<Totalled, DemandError>, Refused> {
        let stands = match self.stands(serial).await? {
            Ok(stands) => stands,
            Err(why) => return Ok(Err(why)),
        };
        let proven = match self.prove_approval(&stands.demand).await? {
            Ok(proven) => proven,
            Err(why) => return Ok(Err(why)),
        };
        let (scope, _) = match stands.approved(&proven.demand) {
            Ok(scope) => scope,
            Err(why) => return Ok(Err(why)),
        };
        let question = match Questioned::new(scope.clone(), asking) {
            Ok(question) => question,
            Err(why) => return Ok(Err(DemandError::Question(why))),
        };
        let digest = question.digest();
        let mut purse = match self.purse(stands.file.authority, digest).await? {
            Ok(purse) => purse,
            Err(why) => return Ok(Err(why)),
        };
        let allowed = match purse.ask(&question, now) {
            Ok(allowed) => allowed,
            Err(why) => return Ok(Err(DemandError::Purse(why))),
        };
        let secret = self.demand_secret().await?;
        let until = self.inner.shared.durable().records;
        let counted = self.counted(&scope).await?;
        let facts = counted.iter().map(|one| Fact {
            party: one.party,
            time: one.transfer.timestamp,
            kind: kind_of(&one.transfer),
            tier: one.tier,
            amount: one.transfer.amount,
        });
        let table = match allowed.answer(&secret, facts) {
            Ok(table) => table,
            Err(why) => return Ok(Err(DemandError::Question(why))),
        };
        let text = table.to_string();
        let release = Release {
            demand: serial,
            release: 1,
            digest: Sha256::digest(text.as_bytes()).into(),
            bytes: text.len() as u64,
            rows: table.cells.len() as u64,
            scope: whole(proven.demand.scope, proven.demand.scope_more),
            proven: proven.size,
            until,
            question: digest,
            cost: question.cost(),
            ..Release::default()
        };
        Ok(
            match self.ask_demand(DemandRequest::Release(release)).await? {
                Ok(Object::Disclosure(disclosure)) => Ok(Totalled { disclosure, table }),
                Ok(_) => return Err(self.stopped()),
                Err(why) => Err(DemandError::Document(why)),
            },
        )
    }

    /// What an authority has left; a question that was asked before is among its entries.
    async fn purse(
        &self,
        authority: u128,
        digest: [u8; 32],
    ) -> Result<Result<Purse, DemandError>, Refused> {
        let budget = (model::object::Budget::KIND, (authority, 0));
        let question = (Question::KIND, halves(&digest));
        let found = self.objects(vec![budget, question]).await?;
        let [budget, question] = found.as_slice() else {
            return Err(self.stopped());
        };
        let Some(Object::Budget(budget)) = budget else {
            let why = machine::DocumentRefusal::NoBudget;
            return Ok(Err(DemandError::Document(why)));
        };
        let left = u32::try_from(budget.granted - budget.spent).unwrap_or(u32::MAX);
        let asked = question.as_ref().map(|_| (digest, 0));
        Ok(Purse::restore(authority, left, asked).map_err(DemandError::Purse))
    }

    /// The transfers of a scope's period and kinds, in the order of the log, that are somebody's.
    async fn counted(&self, scope: &Scope) -> Result<Vec<Counted>, Refused> {
        let mut counted = Vec::new();
        let mut all = Transfers::of(scope);
        while let Some(found) = all.next(self).await? {
            let found: Vec<_> = found
                .into_iter()
                .filter(|transfer| is_asked(scope, transfer))
                .collect();
            let sides =
                |transfer: &Transfer| [transfer.debit_account_id, transfer.credit_account_id];
            let accounts: BTreeSet<u128> = found.iter().flat_map(sides).collect();
            let people = self.owners_of(accounts).await?;
            for transfer in found {
                let party = sides(&transfer)
                    .into_iter()
                    .find_map(|account| people.party(account));
                if let Some((party, tier)) = party {
                    counted.push(Counted {
                        party,
                        tier,
                        transfer,
                    });
                }
            }
        }
        Ok(counted)
    }
}

fn is_asked(scope: &Scope, transfer: &Transfer) -> bool {
    let kind = kind_of(transfer);
    let is_kind = scope
        .kinds
        .as_ref()
        .is_none_or(|kinds| kinds.iter().any(|one| one.as_str() == kind));
    is_kind && scope.period.has(transfer.timestamp)
}
