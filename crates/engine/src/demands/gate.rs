//! The gate: the one way by which rows leave.
//!
//! 1. A record of the demand says that two different people approved a scope, and a receipt of it
//!    holds: it is in the log under a checkpoint that the log's key signed. That it still is so when
//!    something leaves is judged by the books (4).
//! 2. The scope that is kept is the one that the record commits to, and asks for no more than what the
//!    authority asked.
//! 3. The bytes that would leave are read again and lie within it.
//! 4. What leaves is entered: digest, counts, scope, the tree that the approval was shown to be in.
//! 5. Only then it is encrypted, to the key by which the authority signs, and handed out.

use demands::age::{Fresh, Recipient, encrypt};
use demands::answer::{Counts, check_by_statute};
use demands::{Scope, auth001, auth002};
use machine::{DocumentRefusal, Release};
use merkle::policy::Policy;
use model::object::{Demand, DemandState as At, Disclosure, Mandate, Noun, PartyKey};
use model::{Object, Record};
use proofs::receipt::{Receipt, show};

use super::{DemandError, DemandRequest, Personal, Stands, halves, whole};
use crate::books::Books;
use crate::receipts::ReceiptAnswer;
use crate::request::Refused;

/// Rows of one answer at most.
pub const ANSWER_ROWS: usize = 1 << 20;

/// What left, and for whom.
#[derive(Clone, Debug)]
pub struct Answered {
    /// What was entered before it left.
    pub disclosure: Disclosure,
    /// The rows, encrypted to the authority: a file of age.
    pub file: Vec<u8>,
    /// The answer as ISO 20022 auth.002, where the demand came as auth.001.
    pub message: Option<String>,
}

/// An approval that was shown to be in the log.
pub(super) struct Proven {
    /// The demand as the proven record has it.
    pub(super) demand: Demand,
    /// Size of the tree.
    pub(super) size: u64,
}

impl Books {
    /// Answers a demand with rows. `personal` knows what is kept of a person beside the log; it is
    /// asked only for fields that the scope has.
    pub async fn answer_demand(
        &self,
        serial: u64,
        personal: impl Fn(u128) -> Option<Personal> + Send + Sync,
    ) -> Result<Result<Answered, DemandError>, Refused> {
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
        let laws = self.bulk_laws(stands.file.authority).await?;
        if scope.is_bulk() && !laws.contains(&scope.basis) {
            return Ok(Err(DemandError::Answer(demands::answer::AnswerError::Bulk)));
        }
        let Some(recipient) = self.recipient(stands.file.authority).await? else {
            return Ok(Err(DemandError::Key));
        };
        let until = self.inner.shared.durable().records;
        let Some(rows) = self.rows_of(&scope, ANSWER_ROWS).await? else {
            return Ok(Err(DemandError::TooManyRows));
        };
        let people = self.people_of(&scope, &rows, &personal).await?;
        let sheet = super::rows::sheet(&scope, &rows, &people);
        self.let_leave(
            &stands,
            (&proven, &scope, &laws),
            (until, &recipient, &sheet),
        )
        .await
    }

    /// What the gate does with a sheet, whoever made it.
    pub(super) async fn let_leave(
        &self,
        stands: &Stands,
        (proven, scope, laws): (&Proven, &Scope, &[String]),
        (until, recipient, sheet): (u64, &Recipient, &[u8]),
    ) -> Result<Result<Answered, DemandError>, Refused> {
        let laws: Vec<&str> = laws.iter().map(String::as_str).collect();
        let counts = match check_by_statute(sheet, scope, &laws) {
            Ok(counts) => counts,
            Err(why) => return Ok(Err(DemandError::Answer(why))),
        };
        let release = Release {
            demand: proven.demand.serial,
            digest: counts.digest,
            bytes: counts.bytes,
            rows: counts.rows,
            accounts: counts.accounts,
            scope: whole(proven.demand.scope, proven.demand.scope_more),
            proven: proven.size,
            until,
            ..Release::default()
        };
        let entered = self.ask_demand(DemandRequest::Release(release)).await?;
        let disclosure = match entered {
            Ok(Object::Disclosure(disclosure)) => disclosure,
            Ok(_) => return Err(self.stopped()),
            Err(why) => return Ok(Err(DemandError::Document(why))),
        };
        let mut random = [0; 64];
        getrandom::fill(&mut random).map_err(|e| Refused::Stopped(e.to_string()))?;
        let file = encrypt(recipient, Fresh::new(&random), sheet);
        Ok(Ok(Answered {
            disclosure,
            file,
            message: message(stands, &proven.demand, (scope, &disclosure, counts)),
        }))
    }

    /// Shows that a record of a demand is in the log that says that it is approved.
    pub(super) async fn prove_approval(
        &self,
        stands: &Demand,
    ) -> Result<Result<Proven, DemandError>, Refused> {
        if !may_answer(stands) {
            let state = DocumentRefusal::DemandState(stands.state);
            return Ok(Err(DemandError::Document(state)));
        }
        let Some(policy) = self.own_policy() else {
            return Ok(Err(DemandError::Unsigned));
        };
        let receipt = match self.demand_receipt(stands.serial).await? {
            ReceiptAnswer::Unknown => return Ok(Err(DemandError::Unproven)),
            ReceiptAnswer::Sequenced(_) => return Ok(Err(DemandError::Unpublished)),
            ReceiptAnswer::Checkpointed(receipt) | ReceiptAnswer::Witnessed(receipt) => receipt,
        };
        Ok(proven(stands.serial, &receipt, &policy))
    }

    /// A policy that trusts the key of these books alone.
    fn own_policy(&self) -> Option<Policy> {
        let key = self.signing()?.keys().first()?.verifier().clone();
        Some(Policy::of_log(key))
    }

    /// The laws by which an authority may ask for rows about everybody: those of its mandate.
    pub(super) async fn bulk_laws(&self, authority: u128) -> Result<Vec<String>, Refused> {
        let found: Option<(Mandate, _)> = self.mandate(authority).await?;
        Ok(match found {
            Some((_, model::document::Document::Mandate(text))) => text.bulk,
            _ => Vec::new(),
        })
    }

    /// To whom answers are encrypted: the key by which the authority signs.
    async fn recipient(&self, authority: u128) -> Result<Option<Recipient>, Refused> {
        let asked = vec![(PartyKey::KIND, (authority, 0))];
        let Some(Object::PartyKey(key)) = self.objects(asked).await?.pop().flatten() else {
            return Ok(None);
        };
        Ok(Recipient::of_ed25519(&whole(key.key, key.key_more)))
    }
}

fn may_answer(demand: &Demand) -> bool {
    demand.is(&[At::Approved, At::Answered])
}

/// What a receipt of a demand's record shows, where it holds.
fn proven(serial: u64, receipt: &Receipt, policy: &Policy) -> Result<Proven, DemandError> {
    let shown = show(&receipt.to_bytes(), policy).map_err(|_| DemandError::Unproven)?;
    let Record::Object(Object::Demand(demand)) = shown.record else {
        return Err(DemandError::Unproven);
    };
    if demand.serial != serial {
        return Err(DemandError::Unproven);
    }
    // The approval is newer than the checkpoint.
    if !may_answer(&demand) {
        return Err(DemandError::Unpublished);
    }
    Ok(Proven {
        demand,
        size: shown.trusted.checkpoint.head.size,
    })
}

impl Stands {
    /// The scope that may leave, and the one that was asked. What is kept has to be what was
    /// committed to, and the one no wider than the other.
    pub(super) fn approved(&self, demand: &Demand) -> Result<(Scope, Scope), DemandError> {
        let committed = |salt: &[u8; 32], scope: &str| halves(&self.commitment(salt, scope));
        let asked = (&self.kept.salt, self.kept.scope.as_str());
        if committed(asked.0, asked.1) != (demand.asked, demand.asked_more) {
            return Err(DemandError::Kept);
        }
        let narrowed = self.kept.narrowed.iter();
        let mut all = narrowed
            .map(|(salt, scope)| (salt, scope.as_str()))
            .chain([asked]);
        let (_, approved) = all
            .find(|(salt, scope)| committed(salt, scope) == (demand.scope, demand.scope_more))
            .ok_or(DemandError::Kept)?;
        let asked = Scope::parse(asked.1).map_err(DemandError::Scope)?;
        let approved = Scope::parse(approved).map_err(DemandError::Scope)?;
        if !asked.contains(&approved) {
            return Err(DemandError::Wider);
        }
        if asked.authority != self.file.authority {
            return Err(DemandError::Kept);
        }
        Ok((approved, asked))
    }
}

/// The answer in the authority's own message, where it asked in one.
fn message(
    stands: &Stands,
    demand: &Demand,
    (scope, disclosure, counts): (&Scope, &Disclosure, Counts),
) -> Option<String> {
    let asked = auth001::read(stands.kept.message.as_bytes(), 0).ok()?;
    let outcome = if counts.rows == 0 {
        auth002::Outcome::NotFound
    } else {
        auth002::Outcome::File(counts)
    };
    let status = match (counts.rows, demand.is_narrowed()) {
        (0, _) => auth002::Status::Nothing,
        (_, true) => auth002::Status::Part,
        _ => auth002::Status::Complete,
    };
    let response = auth002::Response {
        id: format!("{}-{}", demand.serial, disclosure.number),
        status,
        outcomes: vec![outcome; asked.requests.len()],
        period: Some(scope.period).filter(|_| counts.rows > 0),
        note: None,
    };
    auth002::write(&asked, &response).ok()
}
