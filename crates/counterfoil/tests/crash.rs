//! The server is killed under load, again and again: what a client got an answer for is there when
//! it is served again. (`crates/engine/tests/crash.rs` does the same more often, without HTTP.)
//!
//! `COUNTERFOIL_CRASH_ROUNDS` says how often (12 here, at most).

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use model::object::account_of;
use model::{
    Account, CommandResult, CommandStatus, EventResult, OrderEvent, Transfer, order_flags,
    transfer_flags,
};
use sim::workload::Random;
use zerocopy::{FromBytes, Immutable, IntoBytes};

const CREATED: u32 = u32::MAX;
const CLIENTS: u64 = 4;

/// A server on a port of its own.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
            .args(["serve", "--listen", "127.0.0.1:0", "--no-auth", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line
            .trim()
            .rsplit_once("http://")
            .expect("an address")
            .1
            .to_owned();
        Self { child, address }
    }

    fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        let status = self.child.wait().expect("it ended");
        assert_eq!(
            status.code(),
            None,
            "it ended by itself before it was killed"
        );
    }
}

impl Drop for Server {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Posts records in bulk on an open connection, and reads the records of the answer.
fn post<T: IntoBytes + Immutable, A: FromBytes>(
    stream: &mut BufReader<TcpStream>,
    path: &str,
    records: &[T],
) -> io::Result<Vec<A>> {
    let body = records.as_bytes();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream
        .get_mut()
        .write_all(&[head.as_bytes(), body].concat())?;
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line)?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    assert!(line.contains(" 200 "), "{line}");
    while line.trim() != "" {
        line.clear();
        stream.read_line(&mut line)?;
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().expect("a length");
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    let records = answer.chunks_exact(size_of::<A>());
    Ok(records
        .map(|bytes| A::read_from_bytes(bytes).expect("whole records"))
        .collect())
}

fn connect(address: &str) -> io::Result<BufReader<TcpStream>> {
    TcpStream::connect(address).map(BufReader::new)
}

/// Chains of three, as many in a request as `number` says, until the server is gone: the ids that
/// were acknowledged, and those of which nobody knows.
fn pay(address: &str, first: u128) -> (Vec<u128>, Vec<u128>) {
    let mut acknowledged = Vec::new();
    let mut next = first;
    let Ok(mut stream) = connect(address) else {
        return (acknowledged, Vec::new());
    };
    loop {
        let ids: Vec<u128> = (next..next + 3 * (1 + next % 9)).collect();
        next += ids.len() as u128;
        let event = |(number, &id): (usize, &u128)| Transfer {
            id,
            debit_account_id: 1 + id % 3,
            credit_account_id: 4,
            amount: id % 100,
            ledger: 1,
            code: 1,
            flags: if number % 3 == 2 {
                0
            } else {
                transfer_flags::LINKED
            },
            ..Transfer::default()
        };
        let events: Vec<Transfer> = ids.iter().enumerate().map(event).collect();
        match post::<_, EventResult>(&mut stream, "/v1/transfers", &events) {
            Ok(results) => {
                assert!(
                    results.iter().all(|result| result.status == CREATED),
                    "{results:?}"
                );
                acknowledged.extend(ids);
            }
            Err(_) => return (acknowledged, ids),
        }
    }
}

#[test]
fn what_a_client_was_answered_survives_a_killed_server() {
    let rounds = std::env::var("COUNTERFOIL_CRASH_ROUNDS");
    let rounds = rounds
        .map_or(12, |text| text.parse::<u64>().expect("a number"))
        .min(12);
    let parent = tempfile::tempdir().expect("a directory");
    let data = parent.path().join("books");
    command(&["init"], &data);
    let mut random = Random::new(5);
    let (mut acknowledged, mut unknown) = (BTreeSet::new(), Vec::new());
    for round in 0..=rounds {
        let server = Server::start(&data);
        check(&server.address, &acknowledged, &unknown);
        let clients = (0..CLIENTS).map(|client| {
            let first = u128::from((round * CLIENTS + client + 1) << 32);
            let address = server.address.clone();
            thread::spawn(move || pay(&address, first))
        });
        let clients: Vec<_> = clients.collect();
        thread::sleep(Duration::from_millis(20 + random.below(200)));
        server.kill();
        for client in clients {
            let (sure, unsure) = client.join().expect("it pays");
            acknowledged.extend(sure);
            unknown.push(unsure);
        }
    }
    let count = acknowledged.len() as u64;
    println!("{count} transfers were acknowledged in {rounds} rounds");
    assert!(count > 10 * rounds, "hardly anything was paid");
    command(&["audit"], &data);
}

/// Runs a command on the directory, which must succeed.
fn command(words: &[&str], data: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    let output = command.args(words).arg("--data").arg(data).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{words:?}: {said}");
}

/// Lines of each order, and what each line costs in minor units.
const LINES: usize = 3;
const PRICE: u128 = 7;

/// An order of several lines, each a transfer and a record, which are there together or not at all.
fn order(id: u128) -> [OrderEvent; LINES] {
    std::array::from_fn(|line| OrderEvent {
        order: id,
        buyer: 11,
        seller: 21 + line as u128 % 2,
        amount: PRICE,
        ledger: 978,
        flags: if line + 1 < LINES {
            order_flags::PAY | order_flags::LINKED
        } else {
            order_flags::PAY
        },
        ..OrderEvent::default()
    })
}

/// Places orders, some in a request, until the server is gone: those that were acknowledged, and
/// those of which nobody knows.
fn buy(address: &str, first: u128) -> (Vec<u128>, Vec<u128>) {
    let mut acknowledged = Vec::new();
    let mut next = first;
    let Ok(mut stream) = connect(address) else {
        return (acknowledged, Vec::new());
    };
    loop {
        let ids: Vec<u128> = (next..next + 1 + next % 5).collect();
        next += ids.len() as u128;
        let lines: Vec<OrderEvent> = ids.iter().flat_map(|id| order(*id)).collect();
        match post::<_, CommandResult>(&mut stream, "/v1/orders", &lines) {
            Ok(results) => {
                assert!(
                    results.iter().all(|result| result.status == CREATED),
                    "{results:?}"
                );
                acknowledged.extend(ids);
            }
            Err(_) => return (acknowledged, ids),
        }
    }
}

/// The orders that were acknowledged are there, the others whole or not at all: placed again, all
/// lines of each get the same answer; and escrow has what all of them together cost.
fn check_orders(address: &str, acknowledged: &BTreeSet<u128>, unknown: &[u128]) {
    let mut stream = connect(address).expect("it serves");
    let mut again = |id: u128| {
        let results: Vec<CommandResult> =
            post(&mut stream, "/v1/orders", &order(id)).expect("answered");
        let statuses: BTreeSet<u32> = results.iter().map(|result| result.status).collect();
        assert_eq!(
            statuses.len(),
            1,
            "order {id} is there by half: {results:?}"
        );
        statuses.into_iter().next().expect("one")
    };
    for id in acknowledged {
        assert_eq!(
            again(*id),
            CommandStatus::Exists.code(),
            "order {id} is gone"
        );
    }
    for id in unknown {
        let status = again(*id);
        let known = [CREATED, CommandStatus::Exists.code()];
        assert!(known.contains(&status), "order {id}: {status}");
    }
    let escrow = account_of(0, 978, 2010);
    let found: Vec<Account> = post(&mut stream, "/v1/accounts/lookup", &[escrow]).expect("found");
    let orders = (acknowledged.len() + unknown.len()) as u128;
    assert_eq!(found[0].credits_posted, orders * LINES as u128 * PRICE);
}

#[test]
fn orders_survive_a_killed_server_whole_or_not_at_all() {
    let parent = tempfile::tempdir().expect("a directory");
    let data = parent.path().join("books");
    command(&["init"], &data);
    command(&["ledger", "declare", "978", "EUR", "2"], &data);
    command(&["chart", "load"], &data);
    for words in [
        "party_open party=11 kind=customer",
        "party_open party=21 kind=merchant",
        "party_open party=22 kind=merchant",
        "top_up party=11 ledger=978 amount=100000000.00 funding=bank",
        // Escrow is there before it is asked for.
        "order_place buyer=11 ledger=978 pay=now --id 1 --leg party=21,amount=0.07 --leg party=22,amount=0.07 --leg party=21,amount=0.07",
    ] {
        let words: Vec<&str> = ["act"].into_iter().chain(words.split(' ')).collect();
        command(&words, &data);
    }
    let mut random = Random::new(6);
    let (mut acknowledged, mut unknown) = (BTreeSet::from([1]), Vec::new());
    let rounds = 6;
    for round in 0..=rounds {
        let server = Server::start(&data);
        check_orders(&server.address, &acknowledged, &unknown);
        // What was placed again is there from now on.
        acknowledged.extend(unknown.drain(..));
        let clients = (0..CLIENTS).map(|client| {
            let first = u128::from((round * CLIENTS + client + 1) << 32);
            let address = server.address.clone();
            thread::spawn(move || buy(&address, first))
        });
        let clients: Vec<_> = clients.collect();
        thread::sleep(Duration::from_millis(20 + random.below(100)));
        server.kill();
        for client in clients {
            let (sure, unsure) = client.join().expect("it buys");
            acknowledged.extend(sure);
            unknown.extend(unsure);
        }
    }
    let count = acknowledged.len() as u64;
    println!("{count} orders were acknowledged in {rounds} rounds");
    assert!(count > 5 * rounds, "hardly anything was bought");
    command(&["audit"], &data);
}

/// All that was acknowledged is there, of every chain all or nothing, and the books balance.
fn check(address: &str, acknowledged: &BTreeSet<u128>, unknown: &[Vec<u128>]) {
    let mut stream = connect(address).expect("it serves");
    let accounts = (1..=4).map(|id| Account {
        id,
        ledger: 1,
        code: 1,
        ..Account::default()
    });
    let accounts: Vec<Account> = accounts.collect();
    post::<_, EventResult>(&mut stream, "/v1/accounts", &accounts).expect("answered");
    let mut count = 0;
    let all: Vec<u128> = acknowledged.iter().copied().collect();
    for ids in all.chunks(8_000) {
        let found: Vec<Transfer> =
            post(&mut stream, "/v1/transfers/lookup", ids).expect("answered");
        count += found.len();
    }
    assert_eq!(count, all.len(), "of those acknowledged some are gone");
    for chain in unknown.iter().flat_map(|ids| ids.chunks(3)) {
        let found: Vec<Transfer> =
            post(&mut stream, "/v1/transfers/lookup", chain).expect("answered");
        assert!(
            [0, 3].contains(&found.len()),
            "a chain is there by half: {found:?}"
        );
    }
    let ids = [1u128, 2, 3, 4];
    let found: Vec<Account> = post(&mut stream, "/v1/accounts/lookup", &ids).expect("answered");
    let debits: u128 = found.iter().map(|account| account.debits_posted).sum();
    let credits: u128 = found.iter().map(|account| account.credits_posted).sum();
    assert_eq!((found.len(), debits), (4, credits), "the books balance");
}
