//! What a proof shows, as named facts: the same names in every verifier and in both outputs.

use std::fmt;

use merkle::policy::{Policy, Trusted};
use model::form::Form;
use model::record::{Expired, StatementLine};
use model::{Account, ActFacts, Object, Record, Transfer};

/// What holds, fact by fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    facts: Vec<(&'static str, String)>,
}

impl Verdict {
    pub(crate) fn new(kind: &str) -> Self {
        Self {
            facts: vec![("kind", kind.to_owned())],
        }
    }

    /// Name and value of each fact, in order. A name may come more than once (`witness`).
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }

    pub(crate) fn add(&mut self, name: &'static str, value: impl fmt::Display) {
        self.facts.push((name, value.to_string()));
    }

    /// Who says so: the log, and the witnesses that the policy names.
    pub(crate) fn trust(&mut self, trusted: &Trusted, policy: &Policy) {
        let status = if trusted.quorum {
            "witnessed"
        } else {
            "checkpointed"
        };
        self.add("status", status);
        self.add("origin", &trusted.checkpoint.origin);
        self.add("size", trusted.checkpoint.head.size);
        for &(witness, time) in &trusted.witnesses {
            self.add(
                "witness",
                format_args!("{} {time}", policy.witnesses()[witness].key.name()),
            );
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.facts {
            writeln!(f, "{name}: {value}")?;
        }
        Ok(())
    }
}

pub(crate) fn record_facts(record: &Record, verdict: &mut Verdict) {
    match record {
        Record::LedgerDeclared(currency) => {
            verdict.add("record", "ledger_declared");
            verdict.add("ledger", currency.ledger);
            verdict.add("exponent", currency.exponent);
            verdict.add("code", currency.code.as_str());
        }
        Record::AccountCreated(account) => account_facts(account, verdict),
        Record::TransferCreated(transfer, _) => transfer_facts(transfer, verdict),
        Record::TransferExpired(expired) => expired_facts(expired, verdict),
        Record::TransferFailed(failed) => {
            verdict.add("record", "transfer_failed");
            verdict.add("id", failed.id);
            verdict.add("status_code", failed.status);
        }
        Record::RecordErased(erasure) => {
            verdict.add("record", "record_erased");
            verdict.add("erased_batch", erasure.batch);
            verdict.add("erased_index", erasure.index);
            verdict.add("retention_days", erasure.retention_days);
        }
        Record::StatementLine(line) => {
            verdict.add("record", "statement_line");
            line_facts(line, verdict);
        }
        Record::Deed(deed) => {
            verdict.add("record", "deed");
            verdict.add("id", deed.id);
            let act = ActFacts::numbered(deed.act);
            verdict.add("act", act.map_or("unknown", |facts| facts.name));
            verdict.add("transfers", deed.transfers);
            verdict.add("first_transfer", deed.first_transfer);
            verdict.add("number", deed.number);
        }
        Record::Object(object) => object_facts(object, verdict),
        Record::Page(page) => {
            verdict.add("record", "page");
            verdict.add("document", page.document);
            verdict.add("part", page.part);
            verdict.add("length", page.length);
        }
        Record::Erased(_) => verdict.add("record", "erased"),
    }
    verdict.add("timestamp", record.timestamp());
}

/// All fields but the last, which is the timestamp; names and causes by their names.
fn object_facts(object: &Object, verdict: &mut Verdict) {
    verdict.add("record", object.name());
    let values = object.values();
    let fields = object.fields().iter().zip(values);
    for (field, value) in fields.filter(|(field, _)| field.name != "timestamp") {
        match field.form {
            Form::Name(names) => {
                let name = names.get(value as usize);
                verdict.add(field.name, name.copied().unwrap_or("unknown"));
            }
            Form::Cause => {
                let act = ActFacts::numbered(value as u16);
                verdict.add(field.name, act.map_or("time", |facts| facts.name));
            }
            Form::Digest => verdict.add(field.name, format_args!("{:032x}", value.swap_bytes())),
            _ => verdict.add(field.name, value),
        }
    }
}

fn account_facts(account: &Account, verdict: &mut Verdict) {
    verdict.add("record", "account_created");
    verdict.add("id", account.id);
    verdict.add("user_data_128", account.user_data_128);
    verdict.add("user_data_64", account.user_data_64);
    verdict.add("user_data_32", account.user_data_32);
    verdict.add("ledger", account.ledger);
    verdict.add("code", account.code);
    verdict.add("flags", account.flags);
}

fn transfer_facts(transfer: &Transfer, verdict: &mut Verdict) {
    verdict.add("record", "transfer_created");
    verdict.add("id", transfer.id);
    verdict.add("debit_account_id", transfer.debit_account_id);
    verdict.add("credit_account_id", transfer.credit_account_id);
    verdict.add("amount", transfer.amount);
    verdict.add("pending_id", transfer.pending_id);
    verdict.add("user_data_128", transfer.user_data_128);
    verdict.add("user_data_64", transfer.user_data_64);
    verdict.add("user_data_32", transfer.user_data_32);
    verdict.add("timeout", transfer.timeout);
    verdict.add("ledger", transfer.ledger);
    verdict.add("code", transfer.code);
    verdict.add("flags", transfer.flags);
}

fn expired_facts(expired: &Expired, verdict: &mut Verdict) {
    verdict.add("record", "transfer_expired");
    verdict.add("pending_id", expired.pending_id);
    verdict.add("debit_account_id", expired.debit_account_id);
    verdict.add("credit_account_id", expired.credit_account_id);
    verdict.add("amount", expired.amount);
    verdict.add("flags", expired.flags);
}

pub(crate) fn line_facts(line: &StatementLine, verdict: &mut Verdict) {
    verdict.add("statement", line.statement);
    verdict.add("line", line.line);
    verdict.add("lines", line.lines);
    verdict.add("ledger", line.ledger);
    verdict.add("code", line.code);
    verdict.add("side", line.side.name());
    verdict.add("height", line.height);
    verdict.add("batches", line.batches);
    verdict.add("total", line.total);
}
