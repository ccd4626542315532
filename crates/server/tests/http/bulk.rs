use model::{
    Account, AccountBalance, AccountFilter, EventResult, QueryFilter, Transfer, account_flags,
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::client::{BULK, Reply, Server};

const CREATED: u32 = u32::MAX;

fn records<T: FromBytes + Immutable + IntoBytes>(reply: &Reply) -> Vec<T> {
    assert_eq!(
        reply.status,
        200,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    assert_eq!(reply.header("content-type"), Some(BULK));
    let mut records = T::new_vec_zeroed(reply.body.len() / size_of::<T>()).expect("memory");
    records.as_mut_bytes().copy_from_slice(&reply.body);
    records
}

fn accounts() -> [Account; 2] {
    let flags = account_flags::HISTORY;
    [1, 2].map(|id| Account {
        id,
        ledger: 1,
        code: 1,
        flags,
        ..Account::default()
    })
}

fn transfer(id: u128) -> Transfer {
    Transfer {
        id,
        debit_account_id: 1,
        credit_account_id: 2,
        amount: 1,
        ledger: 1,
        code: 1,
        ..Transfer::default()
    }
}

#[tokio::test]
async fn every_resource() {
    let server = Server::open().await;
    let made: Vec<EventResult> = records(&server.bulk("/v1/accounts", accounts().as_bytes()).await);
    assert_eq!(
        made.iter().map(|it| it.status).collect::<Vec<_>>(),
        [CREATED; 2]
    );
    let batch: Vec<Transfer> = (1..=8_189).map(transfer).collect();
    let made: Vec<EventResult> = records(&server.bulk("/v1/transfers", batch.as_bytes()).await);
    assert!(made.len() == 8_189 && made.iter().all(|it| it.status == CREATED));
    assert!(made.is_sorted_by(|a, b| a.timestamp < b.timestamp));

    let ids: [u128; 3] = [2, 99, 1];
    let found: Vec<Account> = records(&server.bulk("/v1/accounts/lookup", ids.as_bytes()).await);
    assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(found[1].debits_posted, 8_189);
    let found: Vec<Transfer> = records(&server.bulk("/v1/transfers/lookup", ids.as_bytes()).await);
    assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [2, 99, 1]);
    assert_eq!(found[2].timestamp, made[0].timestamp);

    let query = QueryFilter {
        limit: 8_189,
        ledger: 1,
        ..QueryFilter::default()
    };
    let found: Vec<Account> = records(&server.bulk("/v1/accounts/query", query.as_bytes()).await);
    assert_eq!(found.len(), 2);
    let found: Vec<Transfer> = records(&server.bulk("/v1/transfers/query", query.as_bytes()).await);
    assert_eq!(found.len(), 8_189);
    let filter = AccountFilter {
        limit: 3,
        ..AccountFilter::of(1)
    };
    let found: Vec<Transfer> = records(
        &server
            .bulk("/v1/account-transfers", filter.as_bytes())
            .await,
    );
    assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [1, 2, 3]);
    let found: Vec<AccountBalance> =
        records(&server.bulk("/v1/account-balances", filter.as_bytes()).await);
    assert_eq!(
        found.iter().map(|it| it.debits_posted).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let none = AccountFilter { limit: 0, ..filter };
    let found = server.bulk("/v1/account-transfers", none.as_bytes()).await;
    assert!(
        records::<Transfer>(&found).is_empty(),
        "an invalid filter yields nothing"
    );
}

#[tokio::test]
async fn nothing_asked_nothing_answered() {
    let server = Server::open().await;
    for path in [
        "/v1/accounts",
        "/v1/transfers",
        "/v1/accounts/lookup",
        "/v1/transfers/lookup",
    ] {
        let reply = server.bulk(path, b"").await;
        assert_eq!((reply.status, reply.body.len()), (200, 0), "{path}");
        assert_eq!(reply.header("content-type"), Some(BULK));
    }
    assert_eq!(server.books.stats().records, 0);
}

#[tokio::test]
async fn lengths_that_do_not_fit() {
    let server = Server::open().await;
    let cut = server.bulk("/v1/transfers", &[0; 200]).await;
    let problem = cut.refused(400, "malformed_bulk");
    assert_eq!(problem["offset"], 128);
    assert!(
        problem["detail"]
            .as_str()
            .expect("text")
            .contains("no multiple of 128")
    );
    server
        .bulk("/v1/accounts/lookup", &[0; 15])
        .await
        .refused(400, "malformed_bulk");
    server
        .bulk("/v1/transfers/query", &[0; 63])
        .await
        .refused(400, "malformed_bulk");
    server
        .bulk("/v1/transfers/query", b"")
        .await
        .refused(400, "malformed_bulk");
    server
        .bulk("/v1/transfers/query", &[0; 128])
        .await
        .refused(413, "body_too_large");
    let over = vec![0; 8_190 * 128];
    server
        .bulk("/v1/transfers", &over)
        .await
        .refused(413, "body_too_large");
}

/// Without a length beforehand, in pieces that cut records anywhere.
#[tokio::test]
async fn in_chunks() {
    let server = Server::open().await;
    records::<EventResult>(&server.bulk("/v1/accounts", accounts().as_bytes()).await);
    let batch: Vec<Transfer> = (1..=1_000).map(transfer).collect();
    let mut client = server.connect().await;
    let head = "POST /v1/transfers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\
        Content-Type: application/octet-stream\r\n\r\n";
    client.write(head.as_bytes()).await;
    for piece in batch.as_bytes().chunks(777) {
        client
            .write(format!("{:x}\r\n", piece.len()).as_bytes())
            .await;
        client.write(piece).await;
        client.write(b"\r\n").await;
    }
    client.write(b"0\r\n\r\n").await;
    let made: Vec<EventResult> = records(&client.reply().await);
    assert!(made.len() == 1_000 && made.iter().all(|it| it.status == CREATED));

    let head = "POST /v1/transfers HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\
        Content-Type: application/octet-stream\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    client.write(head.as_bytes()).await;
    client.reply().await.refused(400, "malformed_bulk");
}
