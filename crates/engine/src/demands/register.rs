//! The register as everyone sees it, each line with what shows that it is in the log; and what one
//! person sees of it.

use demands::{Scope, Subjects};
use model::document::Document;
use model::object::{Demand, Disclosure, Noun};
use model::{Object, Record};

use super::Stands;
use crate::books::Books;
use crate::receipts::{ReceiptAnswer, Receipts};
use crate::request::Refused;

/// Lines of one page of the register.
pub const REGISTER_PAGE: u64 = 64;

/// A line of the register: its number, the public text of a demand, and the receipt of its newest
/// record.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The serial of a demand, or the number of a disclosure.
    pub number: u64,
    /// Of a demand: its public lines.
    pub text: Option<String>,
    /// What shows that it is in the log.
    pub receipt: ReceiptAnswer,
}

/// What one person sees of a demand that concerns them.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The demand.
    pub demand: Demand,
    /// What was asked.
    pub asked: Scope,
    /// The text of what may leave, where it was narrowed.
    pub narrowed: Option<Scope>,
    /// Salts of both, so that the commitments can be checked.
    pub salts: ([u8; 32], Option<[u8; 32]>),
    /// What left.
    pub disclosures: Vec<Disclosure>,
}

impl Books {
    /// The receipt of the newest record of a demand that a checkpoint covers.
    pub async fn demand_receipt(&self, serial: u64) -> Result<ReceiptAnswer, Refused> {
        self.newest_receipt(Demand::KIND, serial.into()).await
    }

    /// The receipt of a disclosure.
    pub async fn disclosure_receipt(&self, number: u64) -> Result<ReceiptAnswer, Refused> {
        self.newest_receipt(Disclosure::KIND, number.into()).await
    }

    /// The receipt of the newest record that a checkpoint covers; of the newest, where none is.
    async fn newest_receipt(&self, kind: u8, id: u128) -> Result<ReceiptAnswer, Refused> {
        let checkpoints = self.checkpoints_now();
        self.show(move |receipts| {
            let mut answer = ReceiptAnswer::Unknown;
            for at in places(receipts, kind, id)?.into_iter().rev() {
                let receipt = receipts.of_position(at, &checkpoints)?;
                let is_covered = !matches!(receipt, ReceiptAnswer::Sequenced(_));
                if is_covered || answer == ReceiptAnswer::Unknown {
                    answer = receipt;
                }
                if is_covered {
                    break;
                }
            }
            Ok(answer)
        })
        .await
    }

    /// A page of the register of demands, from page 0 on.
    pub async fn listed_demands(&self, page: u64) -> Result<Vec<Listed>, Refused> {
        let last = self.register().await?.demands;
        let mut listed = Vec::new();
        for number in numbers(page, last) {
            let Some(demand) = self.demand(number).await? else {
                continue;
            };
            let entry = self.demand_entry(&demand).await?;
            listed.push(Listed {
                number,
                text: entry.map(|entry| Document::Entry(entry).to_text()),
                receipt: self.demand_receipt(number).await?,
            });
        }
        Ok(listed)
    }

    /// A page of the register of disclosures, from page 0 on.
    pub async fn listed_disclosures(&self, page: u64) -> Result<Vec<Listed>, Refused> {
        let last = self.register().await?.disclosures;
        let mut listed = Vec::new();
        for number in numbers(page, last) {
            listed.push(Listed {
                number,
                text: None,
                receipt: self.disclosure_receipt(number).await?,
            });
        }
        Ok(listed)
    }

    /// The disclosures of a demand, in order.
    pub async fn disclosures_of(&self, serial: u64) -> Result<Vec<Disclosure>, Refused> {
        let last = self.register().await?.disclosures;
        let asked = (1..=last).map(|number| (Disclosure::KIND, (number.into(), 0)));
        let asked: Vec<_> = asked.collect();
        let mut all = Vec::new();
        for some in asked.chunks(model::limits::BATCH_EVENTS) {
            for object in self.objects(some.to_vec()).await?.into_iter().flatten() {
                if let Object::Disclosure(disclosure) = object
                    && disclosure.demand == serial
                {
                    all.push(disclosure);
                }
            }
        }
        Ok(all)
    }

    /// What a person sees: the demands that concern them and are not sealed, the newest first.
    pub async fn demands_about(&self, party: u128) -> Result<Vec<Seen>, Refused> {
        let accounts = self.accounts_of(party).await?;
        let mut all = Vec::new();
        for serial in (1..=self.register().await?.demands).rev() {
            let Ok(stands) = self.stands(serial).await? else {
                continue;
            };
            if stands.demand.is_sealed() {
                continue;
            }
            let Some(mut seen) = seen(&stands) else {
                continue;
            };
            if self.concerns(&seen.asked, party, &accounts).await? {
                seen.disclosures = self.disclosures_of(serial).await?;
                all.push(seen);
            }
        }
        Ok(all)
    }

    /// Whether a scope names a person: itself, an account of theirs, or a transfer of one.
    async fn concerns(
        &self,
        scope: &Scope,
        party: u128,
        accounts: &[u128],
    ) -> Result<bool, Refused> {
        Ok(match &scope.subjects {
            Subjects::All => true,
            Subjects::Persons(ids) => ids.contains(&party),
            Subjects::Accounts(ids) => accounts.iter().any(|account| ids.contains(account)),
            Subjects::Transfers(ids) => {
                let found = self.lookup_transfers(ids.iter().copied().collect()).await?;
                found.iter().any(|transfer| {
                    accounts.contains(&transfer.debit_account_id)
                        || accounts.contains(&transfer.credit_account_id)
                })
            }
        })
    }
}

fn seen(stands: &Stands) -> Option<Seen> {
    let asked = Scope::parse(&stands.kept.scope).ok()?;
    let less = stands.narrowed();
    let narrowed = less
        .as_ref()
        .and_then(|less| Scope::parse(&less.scope).ok());
    Some(Seen {
        demand: stands.demand,
        asked,
        narrowed,
        salts: (stands.kept.salt, less.map(|less| less.salt)),
        disclosures: Vec::new(),
    })
}

/// The numbers of a page, up to the last there is.
fn numbers(page: u64, last: u64) -> std::ops::RangeInclusive<u64> {
    let first = page.saturating_mul(REGISTER_PAGE).saturating_add(1);
    first..=last.min(first.saturating_add(REGISTER_PAGE - 1))
}

/// Where the records of an object stand, in order.
fn places(receipts: &Receipts, kind: u8, id: u128) -> Result<Vec<u64>, String> {
    let mut records = receipts.history.records(id)?;
    records.retain(|(record, _)| matches!(record, Record::Object(object) if object.kind() == kind));
    Ok(records.into_iter().map(|(_, at)| at).collect())
}
