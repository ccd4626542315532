//! Personal data of parties: kept in the vault, committed to in the books. This is the one place
//! where both are changed, in an order that a crash leaves whole.
//!
//! | while | afterwards |
//! |---|---|
//! | the vault has the data, the books not yet their digest | nobody was told; the same request again enters it |
//! | the books say erased, the key is there | the next start, or any request for the party, erases it |

use std::sync::Arc;

use engine::{Books, Look, LookRefusal};
use model::object::{Lookup, Noun, Party};
use model::{Act, Command, CommandStatus, Object, PartyErase, PartyVault};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use vault::{Erased, Fields, Vault, VaultError};

use crate::limits::PARTIES_CHECKED;
use crate::problem::{Kind, Problem};

/// The states of [`Party::vault`].
const KEPT: u8 = 1;
const ERASED: u8 = 2;

/// Of the states of a party the last.
const CLOSED: u8 = 2;

/// The vault beside its books.
#[derive(Clone)]
pub(crate) struct Personal {
    books: Books,
    vault: Arc<Vault>,
    /// Held from reading how a party stands until books and vault agree on it.
    turn: Arc<Mutex<()>>,
}

/// What the vault has of a party, and how the books stand to it.
pub(crate) struct Shown {
    pub fields: Fields,
    pub digest: [u8; 16],
    /// Whether the books commit to just this.
    pub committed: bool,
}

/// What became of a request to keep.
pub(crate) struct Kept {
    pub digest: [u8; 16],
    /// Nanoseconds since 1970 of the commitment; `None` where the books had it before.
    pub committed_at: Option<u64>,
}

impl Personal {
    pub fn new(books: Books, vault: Arc<Vault>) -> Self {
        Self {
            books,
            vault,
            turn: Arc::default(),
        }
    }

    /// The vault itself.
    pub fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.vault)
    }

    /// What of a person goes into the answer to a demand that asks for it.
    pub fn knows(&self) -> engine::Knows {
        let vault = self.vault();
        Arc::new(move |party| {
            let fields = vault.get(party).ok().flatten()?;
            let says = |name: &str| fields.get(name).unwrap_or_default().to_owned();
            let contact = ["address", "email", "phone"].map(says);
            let contact = contact.into_iter().filter(|text| !text.is_empty());
            Some(engine::Personal {
                name: says("name"),
                contact: contact.collect::<Vec<_>>().join("; "),
                document: says("document"),
            })
        })
    }

    /// Keeps `fields` of the party, in place of what was kept. It goes on to its end where the
    /// client does not wait for it.
    pub async fn keep(&self, party: u128, fields: Fields) -> Result<Kept, Problem> {
        let this = self.clone();
        to_its_end(async move {
            let _turn = this.turn.lock().await;
            let known = this.party(party).await?;
            if known.vault == ERASED {
                this.erase_key(party).await?;
                return Err(erased());
            }
            // The books would refuse the digest, and what was kept before would be gone.
            if known.state == CLOSED {
                return Err(refusal(CommandStatus::PartyClosed));
            }
            let digest = this
                .blocking(move |vault| {
                    // A request that is made again leaves nothing behind in the file.
                    if vault.get(party)?.as_ref() != Some(&fields) {
                        vault.put(party, &fields)?;
                    }
                    vault.digest(party)
                })
                .await?;
            let digest = digest.ok_or_else(lost)?;
            this.commit(&known, digest).await
        })
        .await
    }

    /// What is kept of the party, for itself.
    pub async fn show(&self, party: u128) -> Result<Shown, Problem> {
        let this = self.clone();
        to_its_end(async move {
            let _turn = this.turn.lock().await;
            this.read(party).await
        })
        .await
    }

    /// What is kept of the party, for a member of the staff: first the books have the look, then the
    /// vault is read.
    pub async fn look(&self, look: Look) -> Result<(Lookup, Shown), Problem> {
        let this = self.clone();
        to_its_end(async move {
            let _turn = this.turn.lock().await;
            let lookup = match this.books.look(look).await? {
                Ok(lookup) => lookup,
                Err(LookRefusal::Erased) => return Err(this.gone(look.party).await?),
                Err(refusal) => return Err(not_looked(refusal)),
            };
            let entered = format!("Look {} is entered all the same.", lookup.number);
            let shown = this.read(look.party).await;
            let shown = shown.map_err(|problem| problem.and(&entered))?;
            Ok((lookup, shown))
        })
        .await
    }

    /// Reads the vault, unless the books say that there is nothing any more.
    async fn read(&self, party: u128) -> Result<Shown, Problem> {
        let known = self.party(party).await?;
        if known.vault == ERASED {
            return Err(self.gone(party).await?);
        }
        let found = self
            .blocking(move |vault| Ok(vault.get(party)?.zip(vault.digest(party)?)))
            .await?;
        let (fields, digest) = found.ok_or_else(|| nothing(party))?;
        Ok(Shown {
            fields,
            digest,
            committed: commits(&known, digest),
        })
    }

    /// That a party's data were erased, which holds once this has returned.
    async fn gone(&self, party: u128) -> Result<Problem, Problem> {
        self.erase_key(party).await?;
        let detail = format!("The personal data of party {party} were erased.");
        Ok(Problem::new(Kind::NotFound, detail))
    }

    /// Enters in the books that the party's data are erased, and erases its key. Says whether the
    /// key was there.
    pub async fn erase(&self, party: u128) -> Result<Erased, Problem> {
        let this = self.clone();
        to_its_end(async move {
            let _turn = this.turn.lock().await;
            let known = this.party(party).await?;
            if known.vault != ERASED {
                if known.vault != KEPT {
                    let digest = this.blocking(move |vault| vault.digest(party)).await?;
                    let digest = digest.ok_or_else(|| nothing(party))?;
                    // Nobody was told that they were kept, and the books take no digest any more.
                    if known.state == CLOSED {
                        return this.erase_key(party).await;
                    }
                    // Data whose commitment a crash left away get it now, to be erased with it.
                    this.commit(&known, digest).await?;
                }
                let act = Act::PartyErase(PartyErase { party });
                this.command(command_id(*b"cf-erase", party, [0; 16], 0), act)
                    .await?;
            }
            this.erase_key(party).await
        })
        .await
    }

    /// Erases the keys of all parties of which the books say so: a crash may have left one. Gives
    /// how many there were.
    pub async fn finish_erasing(&self) -> Result<u64, Problem> {
        let (mut after, mut found) = (0, 0);
        loop {
            let parties = self.vault.kept_after(after, PARTIES_CHECKED);
            let Some(&last) = parties.last() else {
                return Ok(found);
            };
            let keys = parties.iter().map(|&party| (Party::KIND, (party, 0)));
            for object in self
                .books
                .objects(keys.collect())
                .await?
                .into_iter()
                .flatten()
            {
                if let Object::Party(party) = object
                    && party.vault == ERASED
                {
                    self.erase_key(party.id).await?;
                    found += 1;
                }
            }
            after = last;
        }
    }

    async fn party(&self, party: u128) -> Result<Party, Problem> {
        let found = self.books.objects(vec![(Party::KIND, (party, 0))]).await?;
        if let Some(Object::Party(party)) = found.into_iter().flatten().next() {
            return Ok(party);
        }
        let detail = format!("There is no party {party}; `party_open` opens one.");
        Err(Problem::new(Kind::NotFound, detail))
    }

    /// Has the books commit to `digest`. A party may come back to data that it had before, so an
    /// id that was used is followed by the next.
    async fn commit(&self, known: &Party, digest: [u8; 16]) -> Result<Kept, Problem> {
        let mut committed_at = None;
        if !commits(known, digest) {
            let act = PartyVault {
                party: known.id,
                digest: u128::from_le_bytes(digest),
            };
            for turn in 0.. {
                let id = command_id(*b"cf-vault", known.id, digest, turn);
                committed_at = self.command(id, Act::PartyVault(act)).await?;
                if committed_at.is_some() {
                    break;
                }
            }
        }
        Ok(Kept {
            digest,
            committed_at,
        })
    }

    /// Carries out one command: when, or `None` where it was carried out before.
    async fn command(&self, id: u128, act: Act) -> Result<Option<u64>, Problem> {
        let (Act::PartyVault(PartyVault { party, .. }) | Act::PartyErase(PartyErase { party })) =
            act
        else {
            unreachable!("no other acts concern the vault")
        };
        let command = Command {
            id,
            act,
            legs: Vec::new(),
        };
        let results = self.books.commands(vec![command]).await?;
        let status = CommandStatus::from_code(results[0].status);
        match status.expect("the books give statuses of the table") {
            CommandStatus::Created => Ok(Some(results[0].timestamp)),
            CommandStatus::Exists => Ok(None),
            // Erased in between, by a command of its own.
            CommandStatus::PartyDataErased => {
                self.erase_key(party).await?;
                Err(erased())
            }
            status => Err(refusal(status)),
        }
    }

    async fn erase_key(&self, party: u128) -> Result<Erased, Problem> {
        self.blocking(move |vault| vault.erase(party)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Vault) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, Problem> {
        let vault = Arc::clone(&self.vault);
        match tokio::task::spawn_blocking(move || work(&vault)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(VaultError::Erased)) => Err(erased()),
            Ok(Err(error)) => {
                tracing::error!(%error, "the vault refused");
                let detail = "The vault could not be read or written; the server's log says why.";
                Err(Problem::new(Kind::Unavailable, detail))
            }
            Err(_) => Err(cut_off()),
        }
    }
}

/// Does `work` even if nobody waits for it any longer: what has begun in the books is finished in
/// the vault.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err(cut_off()))
}

fn commits(known: &Party, digest: [u8; 16]) -> bool {
    known.vault == KEPT && known.vault_digest == u128::from_le_bytes(digest)
}

/// The id of the command that enters `digest`, the same whenever it is asked for.
fn command_id(act: [u8; 8], party: u128, digest: [u8; 16], turn: u64) -> u128 {
    let mut hash = Sha256::new();
    hash.update(act);
    hash.update(party.to_le_bytes());
    hash.update(digest);
    hash.update(turn.to_le_bytes());
    let whole: [u8; 32] = hash.finalize().into();
    let half = u128::from_le_bytes(std::array::from_fn(|byte| whole[byte]));
    half.clamp(1, u128::MAX - 1)
}

fn refusal(status: CommandStatus) -> Problem {
    let facts = (status.code(), status.name());
    let http = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    Problem::of_status(http, facts, status.sentence(), status.sentence())
}

fn erased() -> Problem {
    refusal(CommandStatus::PartyDataErased)
}

fn nothing(party: u128) -> Problem {
    let detail = format!("The vault has no personal data of party {party}.");
    Problem::new(Kind::NotFound, detail)
}

fn not_looked(refusal: LookRefusal) -> Problem {
    let kind = match refusal {
        LookRefusal::Party | LookRefusal::Erased => Kind::NotFound,
        LookRefusal::Staff => Kind::Forbidden,
        LookRefusal::Role | LookRefusal::Purpose | LookRefusal::Reference => Kind::Invalid,
    };
    Problem::new(kind, format!("Nothing is shown: {refusal}."))
}

fn lost() -> Problem {
    let detail = "What was kept a moment ago is not there; nothing was entered in the books.";
    Problem::new(Kind::Unavailable, detail)
}

pub(crate) fn cut_off() -> Problem {
    Problem::new(
        Kind::Stopped,
        "The server is closing; ask again once it is back.",
    )
}
