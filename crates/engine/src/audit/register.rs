//! Demands for data, disclosures and looks: whether none is missing, and nothing left that was not
//! approved.

use std::collections::{BTreeMap, BTreeSet};

use model::batch::Counts;
use model::limits::BATCH_RINGS;
use model::object::{Demand, DemandState, Disclosure};
use model::{Object, Record};
use store::frame::Header;

use super::Pass;

/// What was seen so far, beside the state.
#[derive(Default)]
pub(super) struct RegisterCheck {
    /// The last serial of each.
    last: Counts,
    /// When seals end that are neither opened nor marked as overdue, and whose.
    ends: BTreeSet<(u64, u64)>,
    /// The same, by serial.
    sealed: BTreeMap<u64, u64>,
}

impl RegisterCheck {
    /// Notes until when a demand is sealed.
    fn note(&mut self, demand: &Demand) {
        self.forget(demand.serial);
        if demand.is_sealed() && demand.overdue == 0 {
            self.sealed.insert(demand.serial, demand.opens);
            self.ends.insert((demand.opens, demand.serial));
        }
    }

    fn forget(&mut self, serial: u64) {
        if let Some(opens) = self.sealed.remove(&serial) {
            self.ends.remove(&(opens, serial));
        }
    }

    /// The next demand whose seal ended by `time`; each is told once.
    fn late(&mut self, time: u64) -> Option<(u64, u64)> {
        let first = self.ends.first().copied();
        let (opens, serial) = first.filter(|(opens, _)| *opens <= time)?;
        self.forget(serial);
        Some((serial, opens))
    }
}

impl Pass<'_> {
    /// Checks a record that was folded.
    pub(super) fn check_register_record(&mut self, header: &Header, record: &Record) {
        let Record::Object(object) = record else {
            return;
        };
        let last = self.register.last;
        let (what, number, last) = match object {
            // A demand is written anew with each of its steps.
            Object::Demand(demand) => {
                self.register.note(demand);
                if demand.serial <= last.demands {
                    return;
                }
                self.register.last.demands = demand.serial;
                ("demand", demand.serial, last.demands)
            }
            Object::Disclosure(disclosure) => {
                self.check_disclosure(header, disclosure);
                self.register.last.disclosures = disclosure.number;
                ("disclosure", disclosure.number, last.disclosures)
            }
            Object::Lookup(lookup) => {
                self.register.last.lookups = lookup.number;
                ("look", lookup.number, last.lookups)
            }
            _ => return,
        };
        if last.checked_add(1) != Some(number) {
            self.register_differs(
                header,
                &format!("{what} {number} follows {what} {last}: serials have no gaps"),
            );
        }
    }

    /// What left, left by a demand that two members of the staff had approved, and within the scope
    /// that they approved.
    fn check_disclosure(&mut self, header: &Header, disclosure: &Disclosure) {
        let (number, serial) = (disclosure.number, disclosure.demand);
        let Some(demand) = self.state.demand(serial) else {
            let what = format!("disclosure {number} is by demand {serial}, which is not there");
            return self.register_differs(header, &what);
        };
        let file = self.state.demand_file(serial).unwrap_or_default();
        let is_approved = demand.is(&[DemandState::Approved, DemandState::Answered]);
        if !is_approved || file.first == 0 || file.second == 0 || file.first == file.second {
            let what =
                format!("disclosure {number} is by demand {serial}, which two did not approve");
            self.register_differs(header, &what);
        }
        if (disclosure.scope, disclosure.scope_more) != (demand.scope, demand.scope_more) {
            let what = format!(
                "disclosure {number} lies within another scope than demand {serial} was approved for"
            );
            self.register_differs(header, &what);
        }
    }

    /// Checks what stands at the end of a batch: the register, its counts in the outer leaf, and that
    /// no seal is past its date without being marked so.
    pub(super) fn check_register(&mut self, header: &Header) {
        let counts = Counts::from(&self.state.register());
        let seen = self.register.last;
        for (what, counted, last) in [
            ("demands", counts.demands, seen.demands),
            ("disclosures", counts.disclosures, seen.disclosures),
            ("looks", counts.lookups, seen.lookups),
        ] {
            if counted != last {
                let what = format!("the register counts {counted} {what}, the log has {last}");
                self.register_differs(header, &what);
            }
        }
        if header.leaf.register != counts {
            let what =
                "its outer leaf counts other demands, disclosures or looks than the register";
            self.register_differs(header, what);
        }
        // Deadlines are worked off at the beginning of a batch, so many at a time: those that had
        // come when the batch before ended are done, unless this one was full of them.
        if self.spans.len() < BATCH_RINGS {
            while let Some((serial, opens)) = self.register.late(self.chain.timestamp) {
                let what = format!(
                    "demand {serial} was to be opened at {opens}, and is neither open nor marked as overdue"
                );
                self.register_differs(header, &what);
            }
        }
    }

    fn register_differs(&mut self, header: &Header, what: &str) {
        let batch = header.leaf.number;
        self.differs(&format!("batch {batch}: {what}"));
    }
}
