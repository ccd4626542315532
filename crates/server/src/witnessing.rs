//! Has the log's checkpoints cosigned: the client of tlog-witness.
//!
//! Each witness of the policy that has a URL gets a task of its own, so a slow or dead one delays
//! nobody: not the others, not the commits. A task has one request in flight at most and then
//! takes the newest checkpoint there is; those in between are never asked about. Cosignatures go
//! to [`Books::cosign`], which keeps those that hold. What stays open when a checkpoint is served
//! without its quorum is asked for still, until a newer one takes its place.
//!
//! A witness is told the size that it cosigned last and proof that the log continues it. Where it
//! says another size (409 and `text/x.tlog.size`), the proof is made for that one. Any other
//! answer is a failure: it is logged with what the witness said, counted, and the witness left
//! alone for a while that grows.

use std::time::Duration;

use engine::{Books, Checkpoints, Signed};
use merkle::note::{SignatureLine, parse_decimal};
use merkle::policy::{Policy, WitnessEntry};
use merkle::witness::{AddCheckpoint, SIZE_TYPE};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::app::App;
use crate::fetch::{FetchError, Fetcher, Posted};
use crate::limits::{COSIGNATURE_BYTES, WITNESS_PAUSE, WITNESS_PAUSE_MOST, WITNESS_TRIES};
use crate::metrics::WitnessMetrics;
use crate::problem::echo;

/// Starts asking the witnesses of the books' policy; they are left alone when this is dropped.
pub(crate) fn start(app: &App) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let policy = app.books.signing().and_then(|signing| signing.policy());
    let (Some(policy), Some(checkpoints)) = (policy, app.books.checkpoints()) else {
        return tasks;
    };
    let fetcher = Fetcher::new();
    for (url, entries) in by_url(policy) {
        let name = entries[0].name.to_string();
        let witness = Witness {
            metrics: app.metrics.witness(&name),
            name,
            entries,
            url,
            fetcher: fetcher.clone(),
            books: app.books.clone(),
            old: 0,
        };
        tasks.spawn(witness.run(checkpoints.clone()));
    }
    tasks
}

/// The witnesses that can be reached, by where they ask to be sent checkpoints: several keys at one
/// URL are those of one witness.
fn by_url(policy: &Policy) -> Vec<(String, Vec<WitnessEntry>)> {
    let mut all: Vec<(String, Vec<WitnessEntry>)> = Vec::new();
    for entry in policy.witnesses() {
        let Some(url) = entry.url.as_ref() else {
            continue;
        };
        let prefix = url.to_string();
        let url = format!("{}/add-checkpoint", prefix.trim_end_matches('/'));
        match all.iter_mut().find(|(other, _)| *other == url) {
            Some((_, entries)) => entries.push(entry.clone()),
            None => all.push((url, vec![entry.clone()])),
        }
    }
    all
}

/// A witness, as the log knows it.
struct Witness {
    name: String,
    entries: Vec<WitnessEntry>,
    url: String,
    fetcher: Fetcher,
    books: Books,
    metrics: WitnessMetrics,
    /// Batches of the checkpoint that it cosigned last, as far as is known.
    old: u64,
}

impl Witness {
    async fn run(mut self, mut checkpoints: watch::Receiver<Checkpoints>) {
        let mut done: Option<u64> = None;
        let mut pause = WITNESS_PAUSE;
        loop {
            let newest = newest(&checkpoints.borrow_and_update());
            let Some(signed) = newest.filter(|signed| done != Some(signed.size)) else {
                if checkpoints.changed().await.is_err() {
                    return;
                }
                continue;
            };
            match self.ask(&signed).await {
                Ok(()) => {
                    self.metrics.cosignatures.inc();
                    done = Some(signed.size);
                    pause = WITNESS_PAUSE;
                }
                Err(why) => {
                    self.metrics.failures.inc();
                    let (witness, size, pause_ms) = (&self.name, signed.size, pause.as_millis());
                    tracing::warn!(witness, size, why, pause_ms, "no cosignature");
                    sleep(pause).await;
                    pause = longer(pause);
                }
            }
        }
    }

    /// Gets a checkpoint cosigned, or says why not.
    async fn ask(&mut self, signed: &Signed) -> Result<(), String> {
        for _ in 0..WITNESS_TRIES {
            if self.old > signed.size {
                let (old, size) = (self.old, signed.size);
                // It may have been the answer to a request that this one does not know of.
                self.old = 0;
                return Err(format!(
                    "it cosigned {old} batches, this checkpoint has {size}"
                ));
            }
            let answer = self.post(signed).await.map_err(|error| error.to_string())?;
            match answer.status {
                200 => return self.take(signed, &answer.body).await,
                409 if answer.media.eq_ignore_ascii_case(SIZE_TYPE) => {
                    self.old = size(&answer.body).ok_or("it says 409 and no size")?;
                }
                status => return Err(format!("it says {status}: {}", first_line(&answer.body))),
            }
        }
        Err(format!("it says 409 after {WITNESS_TRIES} tries"))
    }

    async fn post(&self, signed: &Signed) -> Result<Posted, FetchError> {
        let proof = if 0 < self.old && self.old < signed.size {
            let proof = self.books.consistency(self.old, signed.size).await;
            proof.map_err(|refused| FetchError::Broken(refused.to_string()))?
        } else {
            Vec::new()
        };
        let request = AddCheckpoint {
            old: self.old,
            proof,
            note: signed.note.clone(),
        };
        let (body, url, fetcher) = (request.to_bytes(), self.url.clone(), self.fetcher.clone());
        let (sender, answer) = oneshot::channel();
        // Not of the runtime's blocking threads: its end would wait for a witness that hangs.
        let asking = std::thread::Builder::new()
            .name("witness".to_owned())
            .spawn(move || sender.send(fetcher.post(&url, &body, COSIGNATURE_BYTES)));
        asking.map_err(|error| FetchError::Broken(error.to_string()))?;
        let gone = |_| FetchError::Broken("its thread ended".to_owned());
        answer.await.map_err(gone)?
    }

    /// Takes the lines that hold.
    async fn take(&mut self, signed: &Signed, body: &[u8]) -> Result<(), String> {
        let lines = SignatureLine::parse_all(body).map_err(|error| error.to_string())?;
        let text = &signed.note.text;
        let holds = |line: &SignatureLine| {
            let mut keys = self.entries.iter().map(|entry| &entry.key);
            keys.any(|key| key.made(line) && key.verify(text, &line.bytes).is_ok())
        };
        let good: Vec<_> = lines.into_iter().filter(holds).collect();
        if good.is_empty() {
            return Err("it says 200 and has no cosignature by the policy's key".to_owned());
        }
        self.old = signed.size;
        let taken = self.books.cosign(signed.size, good).await;
        taken.map_err(|refused| refused.to_string())
    }
}

/// The newest checkpoint that is signed.
fn newest(now: &Checkpoints) -> Option<Signed> {
    now.waiting.as_ref().or(now.latest.as_ref()).cloned()
}

fn longer(pause: Duration) -> Duration {
    (pause * 2).min(WITNESS_PAUSE_MOST)
}

/// The size that a stale answer says.
fn size(body: &[u8]) -> Option<u64> {
    let text = str::from_utf8(body).ok()?;
    parse_decimal(text.strip_suffix('\n').unwrap_or(text))
}

fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    echo(text.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{by_url, first_line, longer, size};
    use crate::limits::{WITNESS_PAUSE, WITNESS_PAUSE_MOST};
    use merkle::key::{KeyKind, SigningKey};
    use merkle::policy::Policy;

    #[test]
    fn answers() {
        assert_eq!(size(b"20852014\n"), Some(20_852_014));
        assert_eq!(size(b"7"), Some(7));
        for wrong in [
            &b""[..],
            b"07\n",
            b"-1\n",
            b"1\n\n",
            b"\xff\n",
            b"99999999999999999999\n",
        ] {
            assert_eq!(size(wrong), None, "{wrong:?}");
        }
        assert_eq!(first_line(b"no such log\nat all"), "no such log");
        let pauses = std::iter::successors(Some(WITNESS_PAUSE), |pause| Some(longer(*pause)));
        assert_eq!(pauses.take(20).last(), Some(WITNESS_PAUSE_MOST));
    }

    #[test]
    fn keys_at_one_url_are_one_witness() {
        let key = |seed: u8, kind| {
            let key = SigningKey::generate("w.example", kind, [seed; 32]).expect("a name");
            key.verifier().to_string()
        };
        let log = SigningKey::generate("log.example", KeyKind::Ed25519, [9; 32]).expect("a name");
        let policy = format!(
            "log {}\nwitness a {} https://w.example/x\nwitness b {} https://w.example/x/\n\
             witness c {}\nquorum none\n",
            log.verifier(),
            key(1, KeyKind::CosignatureV1),
            key(2, KeyKind::MlDsa44),
            key(3, KeyKind::CosignatureV1),
        );
        let policy = Policy::parse(policy.as_bytes()).expect("a policy");
        let all = by_url(&policy);
        assert_eq!(all.len(), 1);
        let (url, entries) = &all[0];
        assert_eq!(
            (url.as_str(), entries.len()),
            ("https://w.example/x/add-checkpoint", 2)
        );
    }
}
