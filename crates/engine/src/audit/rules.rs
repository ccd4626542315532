//! What an audit says of rules and documents: whether they were in force, and who signed them.
//!
//! Keys are those that the log gave the parties before: the auditor's state knows each at the time at
//! which the record of a version or a document passes.

use model::batch::OuterLeaf;
use model::object::{DecisionKind, Finding, FindingState};
use model::{Object, Record};
use store::frame::Header;

use super::Pass;

impl Pass<'_> {
    /// Whether a version of the rule book, or a document, is signed by whom it says. `place` is its
    /// batch, and its number in that.
    pub(super) fn check_signed(&mut self, (batch, number): (u64, u32), record: &Record) {
        let (what, fault) = match record {
            Record::Object(Object::RuleVersion(head)) => {
                let checked = self.state.check_version(head);
                let (version, document) = (head.version, head.document);
                let what = format!("version {version} of the rules (document {document})");
                (what, checked.err().map(|fault| fault.to_string()))
            }
            Record::Object(Object::DocumentHead(head)) => {
                let checked = self.state.check_document(head);
                let what = format!("document {}", head.number);
                (what, checked.err().map(|fault| fault.to_string()))
            }
            _ => return,
        };
        if let Some(fault) = fault {
            self.differs(&format!("batch {batch}: record {number}: {what}: {fault}"));
        }
    }

    pub(super) fn check_rule_book(&mut self, leaf: &OuterLeaf) {
        if leaf.rule_book != self.state.rules_digest(leaf.timestamp) {
            let what = "its outer leaf names another rule book than the one in force";
            self.differs(&format!("batch {}: {what}", leaf.number));
        }
    }

    /// A rule applies while its version is in force: when the batch began, or when it ended.
    pub(super) fn check_finding(&mut self, header: &Header, finding: &Finding) {
        let noted =
            finding.state == FindingState::Noted as u8 || finding.state == FindingState::Open as u8;
        let version = |time| {
            let in_force = self.state.rule_book_at(time);
            in_force.map(|(head, book)| (head.version, book.rules.len()))
        };
        if finding.authority != 0 {
            self.check_forbidden(header, finding);
            return;
        }
        let times = [self.chain.timestamp, finding.timestamp];
        let in_force = times
            .into_iter()
            .filter_map(version)
            .any(|(version, rules)| {
                version == finding.version && usize::from(finding.rule) < rules
            });
        if noted && finding.cause == 0 && !in_force {
            let (number, version) = (finding.number, finding.version);
            let what = format!("finding {number} applies version {version} of the rules");
            let batch = header.leaf.number;
            self.differs(&format!("batch {batch}: {what}, which was not in force"));
        }
    }

    /// What a decision forbids it forbids in its term, and it is a restriction.
    fn check_forbidden(&mut self, header: &Header, finding: &Finding) {
        let (authority, number) = (finding.authority, finding.decision);
        let decision = self.state.decision(authority, number);
        let restricts = decision.is_some_and(|decision| {
            decision.is_of(DecisionKind::Restriction)
                && decision.begins <= finding.timestamp
                && (decision.ends == 0 || self.chain.timestamp < decision.ends)
        });
        if !restricts {
            let what = format!("finding {} applies decision {number}", finding.number);
            let batch = header.leaf.number;
            self.differs(&format!(
                "batch {batch}: {what} of {authority:032x}, which restricts nothing then"
            ));
        }
    }
}
