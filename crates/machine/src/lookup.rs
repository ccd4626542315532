//! Looks of the staff into personal data: each is a record before anything is shown.

use core::fmt;

use model::form::integer_to_text;
use model::object::{Lookup, PARTY_KINDS, PURPOSES, Party, Register};

use crate::State;
use crate::deed::Work;
use crate::fact::Sink;
use crate::past::Recalled;

/// Records that a look makes: its own, and the register.
pub const LOOK_MOMENTS: usize = 2;

/// Places in [`PARTY_KINDS`], [`model::object::PARTY_STATES`] and [`model::object::VAULT_STATES`].
const STAFF: u8 = 4;
const ACTIVE: u8 = 0;
const ERASED: u8 = 2;
const _: () = assert!(PARTY_KINDS.len() == 5);

/// A look that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whose data.
    pub party: u128,
    /// Who looks. It is judged and does not stand in the record.
    pub staff: u128,
    /// In which role, see [`model::form::text_to_integer`].
    pub role: u128,
    /// What stands in the record for who looks.
    pub pseudonym: u128,
    /// For what, by place in [`PURPOSES`].
    pub purpose: u8,
    /// A reference of the institution, see [`model::form::text_to_integer`].
    pub reference: u128,
}

/// Why nobody may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookRefusal {
    /// Who looks is no active member of the staff.
    Staff,
    /// There is no such party.
    Party,
    /// The party's data were erased: there is nothing to look at.
    Erased,
    /// There is no role, or it is no text.
    Role,
    /// There is no such purpose.
    Purpose,
    /// There is no reference, or it is no text.
    Reference,
}

impl fmt::Display for LookRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party => write!(f, "there is no such party"),
            Self::Erased => write!(f, "its personal data were erased"),
            Self::Staff => write!(
                f,
                "only an active party of kind staff looks at personal data of others"
            ),
            Self::Role => write!(f, "a role has 1 to 16 characters of ASCII"),
            Self::Purpose => write!(f, "a purpose is one of {}", PURPOSES.join(", ")),
            Self::Reference => write!(
                f,
                "a reference has 1 to 16 characters of ASCII, as the number of a case; never a name"
            ),
        }
    }
}

impl core::error::Error for LookRefusal {}

impl State {
    /// Enters a look: its record, and the register that counts it. The last of its
    /// [moments](LOOK_MOMENTS) is `time`; all are later than every record so far. Every look is one of
    /// its own, also where the same is asked again.
    ///
    /// # Errors
    ///
    /// Where there is no such party, or who looks may not, or does not say what for.
    pub fn look<S: Sink>(
        &mut self,
        time: u64,
        look: &Look,
        sink: &mut S,
    ) -> Result<Lookup, LookRefusal> {
        self.check_look(look)?;
        let register = self.register();
        let number = register.lookups + 1;
        let first = time + 1 - LOOK_MOMENTS as u64;
        let lookup = Lookup {
            party: look.party,
            number,
            role: look.role,
            pseudonym: look.pseudonym,
            purpose: look.purpose,
            reference: look.reference,
            cause: 0,
            timestamp: first,
        };
        let nothing = Recalled::default();
        let mut work = Work::new(self, &nothing, sink, (first, time), (0, 0));
        work.put(lookup);
        work.put(Register {
            lookups: number,
            ..register
        });
        Ok(lookup)
    }

    fn check_look(&self, look: &Look) -> Result<(), LookRefusal> {
        let party = |id: u128| -> Option<&Party> { self.books.business.open((id, 0)) };
        let may_look = |staff: &Party| staff.kind == STAFF && staff.state == ACTIVE;
        if !party(look.staff).is_some_and(may_look) {
            return Err(LookRefusal::Staff);
        }
        if !is_text(look.role) {
            return Err(LookRefusal::Role);
        }
        if usize::from(look.purpose) >= PURPOSES.len() {
            return Err(LookRefusal::Purpose);
        }
        if !is_text(look.reference) {
            return Err(LookRefusal::Reference);
        }
        match party(look.party) {
            None => Err(LookRefusal::Party),
            Some(party) if party.vault == ERASED => Err(LookRefusal::Erased),
            Some(_) => Ok(()),
        }
    }
}

/// Whether it is a short text that says something.
fn is_text(value: u128) -> bool {
    integer_to_text(value).is_some_and(|text| !text.trim().is_empty())
}
