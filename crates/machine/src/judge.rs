//! Judging transfers by the rules, and what was found.
//!
//! What rules find waits in [`FoundNow`] until [`State::enter_findings`] makes records of it, right
//! after the request and in the same batch: so a payment that was refused, and one that was let
//! through and is to be looked at, both leave a record or are not answered at all.

use model::limits::BATCH_FINDINGS;
use model::object::{Finding, FindingState, Noun};
use model::rule::Consequence;
use model::{CommandResult, CommandStatus, CreateTransferStatus as Status, Object, Transfer};

use crate::State;
use crate::apply::Everything;
use crate::fact::{Fact, Sink, Slots};
use crate::rules::standing::{kind_of, payment_of};

/// What rules found that is no record yet.
#[derive(Default)]
pub(crate) struct FoundNow {
    list: Vec<Finding>,
    /// The last one because of which a payment is not made; it is taken by whoever answers.
    refused: Option<Finding>,
    /// Findings of this group that were let through.
    let_through: usize,
}

impl FoundNow {
    pub(crate) const fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes back what a chain found that broke.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.let_through -= self.list.len() - len;
        self.list.truncate(len);
    }

    pub(crate) fn end_group(&mut self) {
        assert!(self.list.is_empty(), "findings are entered");
        self.let_through = 0;
    }
}

/// Whether a finding is of this consequence.
const fn is(finding: &Finding, then: Consequence) -> bool {
    finding.then == then as u8
}

impl State {
    /// Judges a transfer that nothing else forbids. `command` asked for it.
    #[inline]
    pub(crate) fn judge(
        &mut self,
        transfer: &Transfer,
        slots: Slots,
        command: u128,
    ) -> Result<(), Status> {
        if transfer.amount == 0 || !self.books.rules.judges(kind_of(transfer)) {
            return Ok(());
        }
        let books = &self.books;
        let payment = payment_of(&books.accounts, transfer, slots);
        let found = books.rules.judge(&books.business, &books.ledgers, &payment);
        if found.is_empty() {
            Ok(())
        } else {
            let asked = Finding {
                command,
                channel: payment.channel,
                debit_account_id: transfer.debit_account_id,
                credit_account_id: transfer.credit_account_id,
                ..Finding::default()
            };
            self.weigh(found, &asked)
        }
    }

    /// What follows: a rule that refuses goes before one that holds, and that before the others.
    #[cold]
    fn weigh(&mut self, mut found: Vec<Finding>, asked: &Finding) -> Result<(), Status> {
        for finding in &mut found {
            finding.command = asked.command;
            finding.channel = asked.channel;
            finding.debit_account_id = asked.debit_account_id;
            finding.credit_account_id = asked.credit_account_id;
        }
        if let Some(refused) = found.iter().find(|found| is(found, Consequence::Refuse)) {
            self.found.refused = Some(*refused);
            return Err(Status::RefusedByRule);
        }
        for finding in found
            .iter_mut()
            .filter(|found| is(found, Consequence::Hold))
        {
            let held = self.held(finding);
            match held {
                Some(held) if held.state == FindingState::Allowed as u8 => {
                    *finding = Finding {
                        state: FindingState::Used as u8,
                        ..held
                    };
                }
                Some(held) if held.state == FindingState::Declined as u8 => {
                    self.found.refused = Some(held);
                    return Err(Status::RefusedByRule);
                }
                held => {
                    let open = Finding {
                        state: FindingState::Open as u8,
                        ..*finding
                    };
                    self.found.refused = Some(held.unwrap_or(open));
                    return Err(Status::HeldForReview);
                }
            }
        }
        if self.found.let_through + found.len() > BATCH_FINDINGS {
            return Err(Status::FindingsFull);
        }
        self.found.let_through += found.len();
        for finding in found {
            self.note_finding(finding);
        }
        Ok(())
    }

    /// The finding that holds, or held, the same payment by the same rule.
    fn held(&self, finding: &Finding) -> Option<Finding> {
        let same = |held: &Finding| {
            let payment = |of: &Finding| {
                let accounts = (of.debit_account_id, of.credit_account_id);
                (of.kind, of.channel, of.ledger, of.amount, accounts)
            };
            (held.command, held.version, held.rule)
                == (finding.command, finding.version, finding.rule)
                && payment(held) == payment(finding)
                && is(held, Consequence::Hold)
        };
        let waiting = self.found.list.iter().rev().copied().find(&same);
        waiting.or_else(|| self.books.business.finding(finding.command, same))
    }

    /// Puts a finding among those that become records; returns its number.
    fn note_finding(&mut self, mut finding: Finding) -> u64 {
        if finding.number == 0 {
            let last = self.books.rules.findings;
            let new = self.found.list.iter().filter(|found| found.number > last);
            finding.number = last + new.count() as u64 + 1;
        }
        self.found.list.push(finding);
        finding.number
    }

    /// Number of the finding because of which a transfer is not made.
    #[cold]
    pub(crate) fn found_refused(&mut self, status: u32) -> Option<u64> {
        let refused = self.found.refused.take()?;
        if status != Status::RefusedByRule.code() && status != Status::HeldForReview.code() {
            return None;
        }
        if refused.number > 0 {
            return Some(refused.number);
        }
        Some(self.note_finding(refused))
    }

    /// The answer to a command that was refused, with the number of the finding where a rule did.
    pub(crate) fn found_in(&mut self, result: CommandResult) -> CommandResult {
        let status = match CommandStatus::from_code(result.status) {
            Some(CommandStatus::RefusedByRule) => Status::RefusedByRule,
            Some(CommandStatus::HeldForReview) => Status::HeldForReview,
            _ => Status::Created,
        };
        match self.found_refused(status.code()) {
            Some(number) => CommandResult {
                number,
                transfers: 0,
                ..result
            },
            None => result,
        }
    }

    /// How many findings have to be [entered](State::enter_findings).
    pub fn findings_waiting(&self) -> usize {
        self.found.len()
    }

    /// Makes records of what the requests before found. The last of them happens at `time`; all are
    /// later than every record so far.
    pub fn enter_findings<S: Sink>(&mut self, time: u64, sink: &mut S) {
        let found = std::mem::take(&mut self.found.list);
        let first = time + 1 - found.len() as u64;
        assert!(
            found.is_empty() || first > self.books.clock.last,
            "time only rises"
        );
        for (timestamp, mut finding) in (first..).zip(found) {
            finding.stamp(0, timestamp);
            self.group.stamp(timestamp);
            let object = Object::Finding(finding);
            self.books.apply_object(&object, Everything);
            sink.push(Fact::Object(&object));
        }
    }
}
