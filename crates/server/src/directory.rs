//! By which id the books know those whom a message names.

use std::sync::Arc;

use demands::auth001::{AccountName, ById, Directory, PersonName};
use vault::{Fields, Vault};

/// Persons whose data are read at once.
const PAGE: usize = 1_024;

/// Persons by what the vault has of them, everything else by its id. It reads the whole vault: it is
/// asked on a thread that may block.
pub(crate) struct Known {
    vault: Arc<Vault>,
}

impl Known {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        Self { vault }
    }

    /// The one person of whom all of this is true; nobody where there are two.
    fn the_one(&self, name: &PersonName) -> Option<u128> {
        let (mut after, mut found) = (0, None);
        loop {
            let page = self.vault.kept_after(after, PAGE);
            let Some(last) = page.last() else {
                return found;
            };
            after = *last;
            for party in page {
                let fields = self.vault.get(party).ok().flatten();
                if !fields.is_some_and(|fields| is_said(&fields, name)) {
                    continue;
                }
                if found.replace(party).is_some() {
                    return None;
                }
            }
        }
    }
}

/// Whether all that a message says of a person is kept of this one.
fn is_said(fields: &Fields, name: &PersonName) -> bool {
    let says = |field: &str, text: &String| fields.get(field) == Some(text.as_str());
    let has = |text: &String| {
        let mut words = fields.get("document").unwrap_or_default().split(' ');
        words.any(|word| word == text)
    };
    let all =
        |field: &str, text: &Option<String>| text.as_ref().is_none_or(|text| says(field, text));
    all("name", &name.name)
        && name.ids.iter().all(has)
        && all("x_bic", &name.bic)
        && all("x_lei", &name.lei)
        && all("x_birth_date", &name.birth_date)
}

impl Directory for Known {
    fn account(&self, name: &AccountName) -> Option<u128> {
        ById.account(name)
    }

    fn party(&self, name: &PersonName) -> Option<u128> {
        let by_id = name.name.is_none().then(|| ById.party(name)).flatten();
        by_id.or_else(|| self.the_one(name))
    }

    fn card(&self, number: &str) -> Option<u128> {
        ById.card(number)
    }

    fn transfer(&self, number: &str) -> Option<u128> {
        ById.transfer(number)
    }
}
