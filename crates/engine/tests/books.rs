//! Books through their handle: real directories, real threads.

use std::path::Path;

use engine::{Books, Init, Options, init};
use model::{Account, AccountFilter, Transfer, transfer_flags};

fn open(data: &Path) -> Books {
    Books::open(&Options {
        data: data.to_owned(),
        manual_clock: true,
        signing: None,
    })
    .expect("the books open")
}

fn account(id: u128) -> Account {
    Account {
        id,
        ledger: 1,
        code: 1,
        ..Account::default()
    }
}

fn transfer(id: u128, debit: u128, credit: u128, amount: u128) -> Transfer {
    Transfer {
        id,
        debit_account_id: debit,
        credit_account_id: credit,
        amount,
        ledger: 1,
        code: 1,
        ..Transfer::default()
    }
}

const CREATED: u32 = u32::MAX;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(work)
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let data = tempfile::tempdir().expect("a directory");
    init(data.path(), &Init::default()).expect("books are made");
    block_on(async {
        let books = open(data.path());
        let results = books
            .create_accounts(vec![account(1), account(2)])
            .await
            .expect("taken");
        assert!(
            results.iter().all(|result| result.status == CREATED),
            "{results:?}"
        );
        for batch in 0..20u128 {
            let events = (0..100)
                .map(|i| transfer(batch * 100 + i + 1, 1, 2, 3))
                .collect();
            let results = books.create_transfers(events).await.expect("taken");
            assert!(
                results.iter().all(|result| result.status == CREATED),
                "{results:?}"
            );
        }
        let again = books
            .create_transfers(vec![transfer(7, 1, 2, 3)])
            .await
            .expect("taken");
        assert_eq!(again[0].status, 46, "it exists");
        let found = books
            .lookup_transfers(vec![7, 9999, 8])
            .await
            .expect("found");
        assert_eq!(found.iter().map(|t| t.id).collect::<Vec<_>>(), [7, 8]);
        let filter = AccountFilter {
            limit: 10,
            flags: 7,
            ..AccountFilter::of(1)
        };
        let found = books.account_transfers(filter).await.expect("found");
        assert_eq!(
            found.iter().map(|t| t.id).collect::<Vec<_>>(),
            (1991..=2000).rev().collect::<Vec<_>>()
        );
        books.close().await.expect("closed");
    });
    block_on(async {
        let books = open(data.path());
        assert_eq!(books.recovery().records, 2002);
        let accounts = books.lookup_accounts(vec![1, 2]).await.expect("found");
        assert_eq!(
            (accounts[0].debits_posted, accounts[1].credits_posted),
            (6000, 6000)
        );
        let again = books
            .create_transfers(vec![transfer(7, 1, 2, 3)])
            .await
            .expect("taken");
        assert_eq!(again[0].status, 46, "it exists");
        books.close().await.expect("closed");
    });
}

#[test]
fn pending_transfers_expire_when_their_time_comes() {
    let data = tempfile::tempdir().expect("a directory");
    init(data.path(), &Init::default()).expect("books are made");
    block_on(async {
        let books = open(data.path());
        books.set_clock(1_000_000_000).await.expect("taken");
        books
            .create_accounts(vec![account(1), account(2)])
            .await
            .expect("taken");
        let pending = Transfer {
            timeout: 10,
            flags: transfer_flags::PENDING,
            ..transfer(1, 1, 2, 5)
        };
        books.create_transfers(vec![pending]).await.expect("taken");
        let held = books.lookup_accounts(vec![1]).await.expect("found");
        assert_eq!(held[0].debits_pending, 5);
        books.set_clock(12_000_000_000).await.expect("taken");
        let held = books.lookup_accounts(vec![1]).await.expect("found");
        assert_eq!(held[0].debits_pending, 0);
        let post = Transfer {
            pending_id: 1,
            flags: transfer_flags::POST_PENDING,
            ..transfer(2, 0, 0, u128::MAX)
        };
        let results = books.create_transfers(vec![post]).await.expect("taken");
        assert_eq!(results[0].status, 35, "it expired");
        books.close().await.expect("closed");
    });
}

#[test]
fn an_imported_account_takes_no_time_of_a_transfer() {
    let data = tempfile::tempdir().expect("a directory");
    init(data.path(), &Init::default()).expect("books are made");
    block_on(async {
        let books = open(data.path());
        books.set_clock(1_000_000).await.expect("taken");
        let imported = |id, timestamp| Account {
            flags: model::account_flags::IMPORTED,
            timestamp,
            ..account(id)
        };
        let accounts = vec![imported(1, 100), imported(2, 200)];
        books.create_accounts(accounts).await.expect("taken");
        let events = [300, 400, 500].map(|timestamp| Transfer {
            flags: transfer_flags::IMPORTED,
            timestamp,
            ..transfer(u128::from(timestamp), 1, 2, 3)
        });
        let results = books
            .create_transfers(events.to_vec())
            .await
            .expect("taken");
        assert!(
            results.iter().all(|result| result.status == CREATED),
            "{results:?}"
        );
        let accounts = vec![imported(3, 250), imported(4, 400), imported(5, 450)];
        let results = books.create_accounts(accounts).await.expect("taken");
        let statuses: Vec<_> = results.iter().map(|result| result.status).collect();
        assert_eq!(
            statuses,
            [CREATED, 26, CREATED],
            "400 is that of a transfer"
        );
        books.close().await.expect("closed");
    });
}

#[test]
fn a_full_queue_refuses_and_what_it_takes_it_answers() {
    let data = tempfile::tempdir().expect("a directory");
    init(data.path(), &Init::default()).expect("books are made");
    block_on(async {
        let books = open(data.path());
        let accounts = vec![account(1), account(2)];
        books.create_accounts(accounts).await.expect("taken");
        // All are asked before the first answer is looked at, and deciding a hundred events takes
        // longer than asking for it.
        let asked: Vec<_> = (0..12_000)
            .map(|number| {
                let books = books.clone();
                let ids = number * 100 + 1..=number * 100 + 100;
                let events = ids.map(|id| transfer(id, 1, 2, 1)).collect();
                tokio::spawn(async move { books.create_transfers(events).await })
            })
            .collect();
        let (mut taken, mut busy) = (0u32, 0u32);
        for answer in asked {
            match answer.await.expect("no panic") {
                Ok(results) => taken += u32::from(results.iter().all(|r| r.status == CREATED)),
                Err(refused) => busy += u32::from(refused == engine::Refused::Busy),
            }
        }
        assert_eq!(taken + busy, 12_000);
        let queue = engine::QUEUE_REQUESTS as u32;
        assert!(taken >= queue && busy > 0, "{taken} taken, {busy} busy");
        let accounts = books.lookup_accounts(vec![1]).await.expect("found");
        let posted = u128::from(taken) * 100;
        assert_eq!(
            accounts[0].debits_posted, posted,
            "a refusal changes nothing"
        );
        books.close().await.expect("closed");
    });
}
