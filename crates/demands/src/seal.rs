//! Sealed demands: what is public of them while they are sealed, and that they are what they were.
//!
//! ```text
//! counterfoil/sealed/v1
//! serial 42
//! class police
//! basis Criminal Procedure Act, section 94
//! opens 2027-01-01T00:00:00Z
//! commitment 9f…
//! ```
//!
//! The commitment is SHA-256 over the name of its purpose, a salt of 32 random bytes, the public
//! lines above it and the text of the scope, each behind its length. The salt keeps whoever guesses
//! a scope from finding out that the guess is right; once it is published with the scope,
//! [`Sealed::open`] shows that nothing was exchanged.

use core::fmt;

use crate::digest::{digest_text, hash, read_digest};
use crate::limits::BASIS_BYTES;
use crate::scope::{Scope, ScopeError, is_plain};
use crate::time::{read_second, second_text};

/// The first line, which is also the purpose of the hash.
const HEAD: &str = "counterfoil/sealed/v1";

/// Makes the classes and their names.
macro_rules! classes {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal,)*) => {
        /// Which class an authority is of: all that is said of it while a demand is sealed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Class {
            $($(#[doc = $doc])* $name,)*
        }

        impl Class {
            /// All of them.
            pub const ALL: &'static [Class] = &[$(Class::$name,)*];

            /// Its name in text.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Class::$name => $text,)*
                }
            }
        }
    };
}

classes! {
    /// A court.
    Court "court",
    /// Police and prosecution.
    Police "police",
    /// A tax authority.
    Tax "tax",
    /// Customs.
    Customs "customs",
    /// Who supervises banks, payments, markets.
    Supervision "supervision",
    /// A financial intelligence unit.
    Intelligence "intelligence",
    /// Who protects competition.
    Competition "competition",
    /// Who protects data.
    Privacy "privacy",
    /// Any other.
    Other "other",
}

impl Class {
    /// The class of this name.
    pub fn from_name(name: &str) -> Option<Class> {
        Class::ALL.iter().copied().find(|one| one.name() == name)
    }
}

/// What is public of a demand while it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its serial, which has no gaps.
    pub serial: u64,
    /// Which class of authority asks.
    pub class: Class,
    /// By what right.
    pub basis: String,
    /// The second at which it is opened at the latest.
    pub opens: u64,
    /// To the rest.
    pub commitment: [u8; 32],
}

/// Why something is not sealed, or does not open a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealError {
    /// The scope is not confidential, so there is nothing to seal.
    Open,
    /// A line of the public part is not what must stand there.
    Line {
        /// Which, from 1 on.
        number: usize,
    },
    /// The scope is none.
    Scope(ScopeError),
    /// The salt and the scope are not those that were committed to.
    Commitment,
    /// The scope says another basis than its public part.
    Basis,
    /// The scope says another latest opening than its public part.
    Opens,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("the scope is not confidential, so there is nothing to seal"),
            Self::Line { number } => write!(
                f,
                "line {number} of the sealed demand is not what must stand there"
            ),
            Self::Scope(error) => error.fmt(f),
            Self::Commitment => {
                f.write_str("the salt and the scope are not those that were committed to")
            }
            Self::Basis => f.write_str("the scope says another basis than its public part"),
            Self::Opens => {
                f.write_str("the scope says another latest opening than its public part")
            }
        }
    }
}

impl std::error::Error for SealError {}

impl Sealed {
    /// Seals a confidential scope under its serial, with 32 random bytes that stay secret until it
    /// is opened.
    pub fn new(
        serial: u64,
        class: Class,
        scope: &Scope,
        salt: &[u8; 32],
    ) -> Result<Sealed, SealError> {
        let mut sealed = Sealed {
            serial,
            class,
            basis: scope.basis.clone(),
            opens: scope.sealed.ok_or(SealError::Open)?,
            commitment: [0; 32],
        };
        sealed.commitment = sealed.commit(salt, &scope.to_string());
        Ok(sealed)
    }

    fn commit(&self, salt: &[u8; 32], scope: &str) -> [u8; 32] {
        hash(HEAD, &[salt, self.public().as_bytes(), scope.as_bytes()])
    }

    /// All lines but that of the commitment.
    fn public(&self) -> String {
        format!(
            "{HEAD}\nserial {}\nclass {}\nbasis {}\nopens {}\n",
            self.serial,
            self.class.name(),
            self.basis,
            second_text(self.opens)
        )
    }

    /// The scope that was sealed, where the salt and its text are those that were committed to.
    pub fn open(&self, salt: &[u8; 32], scope: &str) -> Result<Scope, SealError> {
        if self.commit(salt, scope) != self.commitment {
            return Err(SealError::Commitment);
        }
        let scope = Scope::parse(scope).map_err(SealError::Scope)?;
        if scope.basis != self.basis {
            return Err(SealError::Basis);
        }
        if scope.sealed != Some(self.opens) {
            return Err(SealError::Opens);
        }
        Ok(scope)
    }

    /// Whether it should have been opened by this second.
    pub const fn is_overdue(&self, now: u64) -> bool {
        self.opens <= now
    }

    /// Reads the public part: exactly what is written.
    pub fn parse(text: &str) -> Result<Sealed, SealError> {
        const NAMES: [&str; 5] = ["serial ", "class ", "basis ", "opens ", "commitment "];
        let mut lines = text.split('\n');
        if lines.next() != Some(HEAD) {
            return Err(SealError::Line { number: 1 });
        }
        let mut values = [""; 5];
        for (index, name) in NAMES.iter().enumerate() {
            let value = lines.next().and_then(|line| line.strip_prefix(name));
            let number = index + 2;
            values[index] = value.ok_or(SealError::Line { number })?;
        }
        if lines.next() != Some("") || lines.next().is_some() {
            return Err(SealError::Line { number: 7 });
        }
        let line = |number| SealError::Line { number };
        let [serial, class, basis, opens, commitment] = values;
        let sealed = Sealed {
            serial: serial.parse().map_err(|_| line(2))?,
            class: Class::from_name(class).ok_or(line(3))?,
            basis: basis.to_owned(),
            opens: read_second(opens).ok_or(line(5))?,
            commitment: read_digest(commitment).ok_or(line(6))?,
        };
        if sealed.serial.to_string() != serial {
            return Err(line(2));
        }
        if !is_plain(basis, BASIS_BYTES) {
            return Err(line(4));
        }
        Ok(sealed)
    }
}

impl fmt::Display for Sealed {
    /// The public part, with the newline at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commitment = digest_text(&self.commitment);
        writeln!(f, "{}commitment {commitment}", self.public())
    }
}
