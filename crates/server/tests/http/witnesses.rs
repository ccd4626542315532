//! The log asks its witnesses.

use std::net::TcpListener;
use std::time::Duration;

use merkle::key::{KeyKind, VerifierKey};
use merkle::note::Note;
use merkle::policy::Policy;
use tempfile::TempDir;

use crate::client::{Reply, Server, crowns, log_verifier, pay};
use crate::witness::{Running, witness_key};

/// Witnesses with a key each, and where they are.
struct Named {
    key: VerifierKey,
    url: String,
}

fn policy(witnesses: &[Named], quorum: usize) -> Policy {
    let lines = witnesses.iter().enumerate();
    let lines = lines.map(|(index, Named { key, url })| format!("witness w{index} {key} {url}\n"));
    let names: Vec<_> = (0..witnesses.len())
        .map(|index| format!("w{index}"))
        .collect();
    let text = format!(
        "log {}\n{}group enough {quorum} {}\nquorum enough\n",
        log_verifier(),
        lines.collect::<String>(),
        names.join(" ")
    );
    Policy::parse(text.as_bytes()).expect("a policy")
}

async fn live(seed: u8, kind: KeyKind) -> (Named, Running, TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let key = witness_key(seed, kind);
    let verifier = key.verifier().clone();
    let running = Running::start(dir.path(), vec![key], vec![log_verifier()]).await;
    let url = format!("http://{}", running.address);
    (Named { key: verifier, url }, running, dir)
}

/// One that takes the connection and never answers.
fn hanging(seed: u8) -> (Named, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("its number"));
    let key = witness_key(seed, KeyKind::CosignatureV1).verifier().clone();
    (Named { key, url }, listener)
}

fn status(reply: &Reply) -> Option<&str> {
    reply.header("counterfoil-status")
}

/// A receipt's life: sequenced, and then witnessed by two of three though one hangs.
#[tokio::test]
async fn a_receipt_is_witnessed_though_one_of_three_is_dead() {
    let (one, _one, _dir_one) = live(1, KeyKind::CosignatureV1).await;
    let (two, _two, _dir_two) = live(2, KeyKind::CosignatureV1).await;
    let (dead, _socket) = hanging(3);
    let policy = policy(&[one, dead, two], 2);
    let server = Server::signing(Some(policy.clone())).await;
    crowns(&server).await;
    for id in 1..=40 {
        pay(&server, id).await;
    }
    let witnessed = |reply: &Reply| status(reply) == Some("witnessed");
    let receipt = server.until("/v1/transfers/40/receipt", witnessed).await;
    assert_eq!(
        receipt.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(receipt.header("cache-control"), Some("no-store"));
    assert!(receipt.body.len() < 3_000, "{} bytes", receipt.body.len());
    let verdict = proofs::check(&receipt.body, None, &policy)
        .expect("it holds")
        .to_string();
    for fact in [
        "status: witnessed",
        "id: 40",
        "amount: 140",
        "origin: books.example/log",
    ] {
        assert!(
            verdict.contains(&format!("{fact}\n")),
            "{fact} is not in:\n{verdict}"
        );
    }
    let note = server.get("/log/witnessed").await;
    let note = Note::parse(&note.body).expect("a note");
    assert!(policy.check(&note).expect("it holds").quorum);

    let metrics = server.get("/metrics").await;
    let value = |name: &str| {
        let line = metrics
            .text()
            .lines()
            .find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse::<u64>().ok())
            .expect("a number")
    };
    assert!(value("counterfoil_witness_cosignatures_total{witness=\"w0\"}") > 0);
    assert!(value("counterfoil_witness_cosignatures_total{witness=\"w2\"}") > 0);
    assert_eq!(
        value("counterfoil_witness_cosignatures_total{witness=\"w1\"}"),
        0
    );
    assert!(value("counterfoil_witnessed_size") > 40);
    assert!(value("counterfoil_checkpoint_size") >= value("counterfoil_witnessed_size"));
}

/// A witness that goes leaves receipts checkpointed; once it is back they are witnessed.
#[tokio::test]
async fn a_quorum_that_goes_and_comes_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let key = || witness_key(1, KeyKind::CosignatureV1);
    let running = Running::start(dir.path(), vec![key()], vec![log_verifier()]).await;
    let address = running.address;
    let named = Named {
        key: key().verifier().clone(),
        url: format!("http://{address}/"),
    };
    let policy = policy(&[named], 1);
    let server = Server::signing(Some(policy.clone())).await;
    crowns(&server).await;
    pay(&server, 1).await;
    server
        .until("/v1/transfers/1/receipt", |reply| {
            status(reply) == Some("witnessed")
        })
        .await;
    running.stop().await;
    pay(&server, 2).await;
    let receipt = server
        .until("/v1/transfers/2/receipt", |reply| reply.status == 200)
        .await;
    assert_eq!(status(&receipt), Some("checkpointed"));
    let refused = proofs::check(&receipt.body, None, &policy).expect_err("nobody cosigned it");
    assert_eq!(refused.code.name(), "quorum");
    proofs::check(&receipt.body, None, &Policy::of_log(log_verifier())).expect("the log signed it");
    // What was witnessed stays so.
    let first = server.get("/v1/transfers/1/receipt").await;
    assert_eq!(status(&first), Some("witnessed"));

    let listener = tokio::net::TcpListener::bind(address)
        .await
        .expect("its port again");
    let (_stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let options = server::witness::WitnessOptions {
        dir: dir.path().to_owned(),
        keys: vec![key()],
        logs: vec![log_verifier()],
    };
    let _again = tokio::spawn(server::witness::serve(options, listener, async {
        let _ = stopped.await;
    }));
    let receipt = server
        .until("/v1/transfers/2/receipt", |reply| {
            status(reply) == Some("witnessed")
        })
        .await;
    proofs::check(&receipt.body, None, &policy).expect("it holds now");
}

/// A witness that cosigned this log before the log asked it first: the log takes its size.
#[tokio::test]
async fn a_witness_that_knows_the_log_already() {
    let (named, _running, _dir) = live(4, KeyKind::MlDsa44).await;
    let policy = policy(&[named], 1);
    let server = Server::signing(Some(policy.clone())).await;
    crowns(&server).await;
    server
        .until("/log/witnessed", |reply| reply.status == 200)
        .await;
    // The same books under a server that remembers nothing of its witnesses.
    let (ended, books, directory) = server.stop();
    ended.await.expect("it ran").expect("it ended well");
    books.close().await.expect("they close");
    drop(books);
    let server = Server::again(directory, Some(policy.clone())).await;
    pay(&server, 1).await;
    let witnessed = |reply: &Reply| status(reply) == Some("witnessed");
    let receipt = server.until("/v1/transfers/1/receipt", witnessed).await;
    proofs::check(&receipt.body, None, &policy).expect("it holds");
    let failures = server.get("/metrics").await;
    let none = "counterfoil_witness_failures_total{witness=\"w0\"} 0\n";
    assert!(failures.text().contains(none), "{}", failures.text());
}

/// A dead witness delays no commit, and the end of the server neither.
#[tokio::test]
async fn a_hanging_witness_holds_nobody_up() {
    let (dead, _socket) = hanging(3);
    let server = Server::signing(Some(policy(&[dead], 1))).await;
    let all = async {
        crowns(&server).await;
        for id in 1..=20 {
            pay(&server, id).await;
        }
        let receipt = server
            .until("/v1/transfers/20/receipt", |reply| reply.status == 200)
            .await;
        assert_eq!(status(&receipt), Some("checkpointed"));
    };
    tokio::time::timeout(Duration::from_secs(4), all)
        .await
        .expect("nobody waits");
    let (ended, books, _directory) = server.stop();
    let end = async {
        ended.await.expect("it ran").expect("it ended well");
        books.close().await.expect("they close");
    };
    tokio::time::timeout(Duration::from_secs(4), end)
        .await
        .expect("nobody waits");
}
