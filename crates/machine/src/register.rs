//! How many demands, disclosures and looks there were.

use model::object::Register;

use crate::State;

impl State {
    /// The register as it stands; one of nothing where nothing was entered yet.
    pub fn register(&self) -> Register {
        let open: Option<&Register> = self.books.business.open((1, 0));
        open.copied().unwrap_or(Register {
            id: 1,
            ..Register::default()
        })
    }
}
