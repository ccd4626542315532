//! The register: how many demands, disclosures and look-ups there were.

use model::object::Register;

use crate::State;

impl State {
    /// The register as it stands; all of it is 0 while nothing was entered.
    pub fn register(&self) -> Register {
        let there = self.books.business.open((1, 0));
        there.copied().unwrap_or(Register {
            id: 1,
            ..Register::default()
        })
    }
}
