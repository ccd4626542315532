//! A witness over real sockets, asked by a log that does what a test says.

use std::net::SocketAddr;
use std::path::Path;

use merkle::checkpoint::Checkpoint;
use merkle::key::{KeyKind, SigningKey, VerifierKey};
use merkle::note::{Note, SignatureLine};
use merkle::policy::Policy;
use merkle::witness::AddCheckpoint;
use merkle::{Hash, Head};
use server::fetch::{Fetcher, Posted};
use server::witness::{WitnessError, WitnessOptions, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{log_key, log_verifier};

/// A running witness.
pub struct Running {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), WitnessError>>,
}

pub fn witness_key(seed: u8, kind: KeyKind) -> SigningKey {
    SigningKey::generate(&format!("witness{seed}.example"), kind, [seed; 32]).expect("a name")
}

impl Running {
    pub async fn start(dir: &Path, keys: Vec<SigningKey>, logs: Vec<VerifierKey>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let (stop, stopped) = oneshot::channel();
        let dir = dir.to_owned();
        let options = WitnessOptions { dir, keys, logs };
        let ended = tokio::spawn(serve(options, listener, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            ended,
        }
    }

    /// One Ed25519 key, the log of every test.
    async fn usual(dir: &Path) -> Self {
        let keys = vec![witness_key(1, KeyKind::CosignatureV1)];
        Self::start(dir, keys, vec![log_verifier()]).await
    }

    async fn post(&self, body: Vec<u8>) -> Posted {
        let url = format!("http://{}/add-checkpoint", self.address);
        let posted = tokio::task::spawn_blocking(move || Fetcher::new().post(&url, &body, 1 << 16));
        posted.await.expect("it ran").expect("an answer")
    }

    async fn page(&self) -> String {
        let url = format!("http://{}/", self.address);
        let page = tokio::task::spawn_blocking(move || Fetcher::new().get(&url, 1 << 16));
        let page = page.await.expect("it ran").expect("an answer");
        String::from_utf8(page.expect("a page")).expect("text")
    }

    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.ended.await.expect("it ran").expect("it ended well");
    }
}

/// A log of numbered leaves, and another one that says otherwise from leaf `fork` on.
struct Log {
    leaves: Vec<Hash>,
}

impl Log {
    fn new(fork: usize) -> Self {
        let leaf =
            |n: usize| merkle::leaf(format!("{}{n}", if n < fork { "" } else { "x" }).as_bytes());
        Self {
            leaves: (0..200).map(leaf).collect(),
        }
    }

    fn checkpoint(&self, size: usize) -> Checkpoint {
        let root = merkle::root_of(&mut self.leaves[..size].to_vec());
        Checkpoint {
            origin: log_verifier().name().to_owned(),
            head: Head {
                size: size as u64,
                root,
            },
        }
    }

    fn request(&self, old: usize, size: usize) -> AddCheckpoint {
        let old = old as u64;
        let proof = if old < size as u64 {
            merkle::consistency(&self.leaves[..size], old).expect("it grew")
        } else {
            Vec::new()
        };
        let note = self.checkpoint(size).sign(&[log_key()]).expect("it signs");
        AddCheckpoint { old, proof, note }
    }

    async fn ask(&self, witness: &Running, old: usize, size: usize) -> Posted {
        witness.post(self.request(old, size).to_bytes()).await
    }
}

fn said(posted: &Posted) -> (u16, &str) {
    (
        posted.status,
        std::str::from_utf8(&posted.body).expect("text"),
    )
}

fn pieces(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir.join("evidence"))
        .expect("a directory")
        .map(|entry| {
            entry
                .expect("a name")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// Each status of tlog-witness, provoked once.
#[tokio::test]
async fn all_answers() {
    let (dir, log) = (directory(), Log::new(1_000));
    let witness = Running::usual(dir.path()).await;
    let first = log.ask(&witness, 0, 5).await;
    assert_eq!(first.status, 200);
    let lines = SignatureLine::parse_all(&first.body).expect("signature lines");
    let key = witness_key(1, KeyKind::CosignatureV1).verifier().clone();
    let time = key
        .verify(&log.checkpoint(5).text(), &lines[0].bytes)
        .expect("it holds");
    assert!(lines.len() == 1 && time > Some(1_700_000_000));

    let stale = log.ask(&witness, 0, 9).await;
    assert_eq!(
        (said(&stale), stale.media.as_str()),
        ((409, "5\n"), "text/x.tlog.size")
    );
    assert_eq!(log.ask(&witness, 5, 9).await.status, 200);
    assert_eq!(log.ask(&witness, 9, 9).await.status, 200, "the same again");
    assert_eq!(log.ask(&witness, 9, 5).await.status, 400, "old above new");
    assert_eq!(log.ask(&witness, 5, 5).await.status, 409, "an older one");

    let mut unknown = log.request(9, 12);
    let other = SigningKey::generate("other.example", KeyKind::Ed25519, [7; 32]).expect("a name");
    let mut checkpoint = log.checkpoint(12);
    checkpoint.origin = "other.example".to_owned();
    unknown.note = checkpoint.sign(&[other]).expect("it signs");
    assert_eq!(witness.post(unknown.to_bytes()).await.status, 404);

    let mut forged = log.request(9, 12);
    forged.note.signatures[0].bytes[9] ^= 1;
    assert_eq!(witness.post(forged.to_bytes()).await.status, 403);
    let mut stranger = log.request(9, 12);
    stranger.note.signatures[0].id ^= 1;
    assert_eq!(witness.post(stranger.to_bytes()).await.status, 403);

    for malformed in [
        &b""[..],
        b"old 1",
        b"old 01\n\n",
        b"\xff",
        &vec![b'x'; 300 << 10],
    ] {
        let posted = witness.post(malformed.to_vec()).await;
        let status = if malformed.len() > 256 << 10 {
            413
        } else {
            400
        };
        assert_eq!(posted.status, status);
        assert_eq!(said(&posted).1.lines().count(), 1, "{posted:?}");
    }
    assert!(pieces(dir.path()).is_empty());
    let mut wrong = log.request(9, 12);
    wrong.proof[0] = merkle::leaf(b"");
    assert_eq!(witness.post(wrong.to_bytes()).await.status, 422);
    assert_eq!(pieces(dir.path()).len(), 1);
    let root = log.checkpoint(9).head.root;
    let page = witness.page().await;
    for line in [
        format!("key {key}"),
        "log books.example/log".to_owned(),
        "  size 9".to_owned(),
        format!("  root {root}"),
        "evidence 1".to_owned(),
    ] {
        assert!(
            page.contains(&format!("{line}\n")),
            "{line} is not in:\n{page}"
        );
    }
    witness.stop().await;
}

/// A log that shows two histories is caught, whichever way it asks, and what it signed is kept.
#[tokio::test]
async fn a_split_view_is_refused_and_kept() {
    let (dir, log, liar) = (directory(), Log::new(1_000), Log::new(7));
    let witness = Running::usual(dir.path()).await;
    assert_eq!(log.ask(&witness, 0, 10).await.status, 200);
    let fork = liar.request(10, 10).to_bytes();
    let posted = witness.post(fork.clone()).await;
    assert_eq!(
        said(&posted),
        (422, "another root was cosigned for the same size\n")
    );
    let names = pieces(dir.path());
    assert!(
        names.len() == 1 && names[0].starts_with("fork-"),
        "{names:?}"
    );
    let piece = std::fs::read(dir.path().join("evidence").join(&names[0])).expect("it is there");
    assert!(piece.starts_with(b"counterfoil/evidence@v1\nverdict fork\ntime "));
    assert!(
        piece.ends_with(&fork),
        "the request stands in it as it came"
    );
    let known = log.checkpoint(10).text();
    assert!(
        String::from_utf8_lossy(&piece).contains(&known),
        "so does what it contradicts"
    );

    // The same again adds nothing, and neither does a wrong old size hide it.
    assert_eq!(witness.post(fork).await.status, 422);
    assert_eq!(liar.ask(&witness, 3, 10).await.status, 409);
    assert_eq!(pieces(dir.path()), names);
    assert_eq!(liar.ask(&witness, 10, 12).await.status, 422);
    assert_eq!(pieces(dir.path()).len(), 2);
    // The honest history goes on.
    assert_eq!(log.ask(&witness, 10, 12).await.status, 200);
    witness.stop().await;
}

#[tokio::test]
async fn a_witness_that_is_started_again_remembers() {
    let (dir, log, liar) = (directory(), Log::new(1_000), Log::new(7));
    let witness = Running::usual(dir.path()).await;
    assert_eq!(log.ask(&witness, 0, 50).await.status, 200);
    // Not a second process beside it.
    let second = Running::usual(dir.path())
        .await
        .ended
        .await
        .expect("it ran");
    assert!(matches!(second, Err(WitnessError::Locked)), "{second:?}");
    // Killed: nothing is finished, nothing is said.
    witness.ended.abort();
    let ended = witness.ended.await;
    assert!(ended.is_err_and(|error| error.is_cancelled()));
    // What a writer leaves that dies before the rename.
    let state = dir.path().join("state");
    std::fs::write(state.join("ab.new"), b"half").expect("written");
    let witness = reopened(dir.path()).await;
    assert!(!state.join("ab.new").exists());
    assert_eq!(said(&log.ask(&witness, 0, 20).await), (409, "50\n"));
    assert_eq!(liar.ask(&witness, 50, 50).await.status, 422);
    assert_eq!(log.ask(&witness, 50, 60).await.status, 200);
    witness.stop().await;

    let file = std::fs::read_dir(&state)
        .expect("a directory")
        .next()
        .expect("a file");
    let file = file.expect("a name").path();
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .expect("text");
    assert!(
        name.len() == 64 && name.bytes().all(|b| b"0123456789abcdef".contains(&b)),
        "{name}"
    );
    let whole = std::fs::read(&file).expect("it is there");
    let text = whole
        .windows(2)
        .position(|two| two == b"\n\n")
        .expect("a note");
    let mut damages: Vec<Vec<u8>> = (0..text).step_by(3).map(|at| flipped(&whole, at)).collect();
    damages.extend([
        Vec::new(),
        whole[..whole.len() / 2].to_vec(),
        b"x\n".to_vec(),
    ]);
    for damaged in damages {
        std::fs::write(&file, &damaged).expect("written");
        let refused = Running::usual(dir.path())
            .await
            .ended
            .await
            .expect("it ran");
        let refused = refused.expect_err("it is damaged");
        assert!(matches!(refused, WitnessError::Damaged { .. }), "{refused}");
    }
    std::fs::write(&file, &whole).expect("written");
    let witness = Running::usual(dir.path()).await;
    assert_eq!(said(&log.ask(&witness, 0, 20).await), (409, "60\n"));
    witness.stop().await;
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    damaged[at] ^= 1;
    damaged
}

/// The lock of a witness that was killed goes once its last request has.
async fn reopened(dir: &Path) -> Running {
    for _ in 0..100 {
        let witness = Running::usual(dir).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if !witness.ended.is_finished() {
            return witness;
        }
    }
    panic!("it is locked for good");
}

/// However requests come in between each other, the witness never goes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn races_never_roll_back() {
    let (dir, log) = (directory(), Log::new(1_000));
    let witness = std::sync::Arc::new(Running::usual(dir.path()).await);
    let log = std::sync::Arc::new(log);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..12_usize {
        let (witness, log) = (witness.clone(), log.clone());
        tasks.spawn(async move {
            let (mut seen, mut cosigned) = (0, 0);
            for step in 0..12 {
                // Sizes that cross those of the others.
                let size = (step * 16 + task * 37 % 64).clamp(1, 199);
                for _ in 0..4 {
                    if seen > size {
                        break;
                    }
                    let posted = log.ask(&witness, seen, size).await;
                    let now = match said(&posted) {
                        (200, _) => size,
                        (409, text) => text.trim_end().parse().expect("a size"),
                        other => panic!("{other:?}"),
                    };
                    assert!(now >= seen, "{now} after {seen}");
                    seen = now;
                    if posted.status == 200 {
                        cosigned = size;
                        break;
                    }
                }
            }
            cosigned
        });
    }
    let largest = tasks.join_all().await.into_iter().max().expect("some");
    assert!(largest > 100);
    assert_eq!(
        said(&log.ask(&witness, 0, 199).await).1,
        format!("{largest}\n")
    );
    assert!(pieces(dir.path()).is_empty());
    let file = std::fs::read_dir(dir.path().join("state"))
        .expect("a directory")
        .next();
    let note = std::fs::read(file.expect("a file").expect("a name").path()).expect("it is there");
    let note = Note::parse(&note).expect("a note");
    assert_eq!(note.text, log.checkpoint(largest).text());
}

/// ML-DSA cosigns beside Ed25519, and a log whose keys overlap is one log.
#[tokio::test]
async fn several_keys_of_either_side() {
    let (dir, log) = (directory(), Log::new(1_000));
    let keys = || {
        vec![
            witness_key(1, KeyKind::CosignatureV1),
            witness_key(2, KeyKind::MlDsa44),
        ]
    };
    let new_key = SigningKey::generate(log_verifier().name(), KeyKind::Ed25519, [8; 32]);
    let new_key = new_key.expect("a name");
    let logs = vec![log_verifier(), new_key.verifier().clone()];
    let witness = Running::start(dir.path(), keys(), logs).await;
    let [classic, lasting] = [0, 1].map(|index| keys()[index].verifier().to_string());
    let policy = format!(
        "log {}\nwitness classic {classic}\nwitness lasting {lasting}\n\
         group both all classic lasting\nquorum both\n",
        log_verifier()
    );
    let policy = Policy::parse(policy.as_bytes()).expect("a policy");
    let mut request = log.request(0, 5);
    let posted = witness.post(request.to_bytes()).await;
    let lines = SignatureLine::parse_all(&posted.body).expect("signature lines");
    request.note.append(lines).expect("they fit");
    let trusted = policy.check(&request.note).expect("it holds");
    assert!(trusted.quorum && trusted.witnesses.len() == 2);

    let mut rotated = log.request(5, 8);
    rotated.note = log.checkpoint(8).sign(&[new_key]).expect("it signs");
    assert_eq!(witness.post(rotated.to_bytes()).await.status, 200);
    witness.stop().await;
    let none = Running::start(dir.path(), Vec::new(), Vec::new())
        .await
        .ended
        .await;
    assert!(matches!(none.expect("it ran"), Err(WitnessError::NoKey)));
    let none = Running::start(dir.path(), vec![log_key()], Vec::new())
        .await
        .ended
        .await;
    assert!(matches!(none.expect("it ran"), Err(WitnessError::Kind(_))));
}
