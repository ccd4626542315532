//! The trial balance and balances of the past over HTTP.

use std::path::Path;

use serde_json::{Value, json};
use server::{Auth, Clock};

use crate::client::{Server, one_of_each_scope};

async fn run(server: &Server, commands: &Value) {
    let done = server.post("/v1/commands", &commands.to_string()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    for outcome in done.json().as_array().expect("one each") {
        assert_eq!(outcome["status"], "created", "{outcome}");
    }
}

fn line(id: u32, code: u16, parent: u16, class: &str, role: &str) -> Value {
    json!({ "id": id.to_string(), "act": "chart_line_set", "code": code, "parent": parent,
        "class": class, "role": role, "name": format!("Line {code}") })
}

async fn books() -> Server {
    let server = Server::open().await;
    let declared = server
        .post("/v1/ledgers", r#"{"ledger":978,"code":"EUR","exponent":2}"#)
        .await;
    assert_eq!(declared.status, 201);
    run(
        &server,
        &json!([
            line(1, 1, 0, "asset", "none"),
            line(2, 10, 1, "asset", "own"),
            line(3, 11, 1, "asset", "safe"),
            line(4, 20, 0, "income", "fee_income"),
            { "id": "5", "act": "journal_post", "ledger": 978, "amount": "5.00",
              "debit_code": 10, "credit_code": 20 },
        ]),
    )
    .await;
    server
}

fn row(trial: &Value, code: u16) -> &Value {
    let lines = trial["ledgers"][0]["lines"].as_array().expect("lines");
    let line = lines.iter().find(|line| line["code"] == code);
    line.expect("it is there")
}

#[tokio::test]
async fn a_trial_balance_sums_up_by_the_chart() {
    let server = books().await;
    let before = server.get("/v1/trial-balance").await.json();
    let clock = server
        .post(
            "/v1/admin/clock",
            r#"{"nanoseconds":"1700000060000000000"}"#,
        )
        .await;
    assert_eq!(clock.status, 200);
    run(
        &server,
        &json!([{ "id": "6", "act": "journal_post", "ledger": 978, "amount": "2.50",
            "debit_code": 11, "credit_code": 20, "value_time": "1700000030000000000" }]),
    )
    .await;
    let now = server.get("/v1/trial-balance").await.json();
    assert_eq!(
        (&now["balanced"], &now["ledgers"][0]["currency"]),
        (&true.into(), &"EUR".into())
    );
    assert_eq!(row(&now, 10)["debits_posted"], "5.00");
    assert_eq!(row(&now, 20)["name"], "Line 20");
    assert_eq!(row(&now, 20)["credits_posted_minor"], "750");
    assert_eq!(row(&now, 1)["summed"]["debits_posted"], "7.50");
    assert_eq!(
        (&row(&now, 1)["accounts"], &row(&now, 10)["summed"]),
        (&0.into(), &Value::Null)
    );
    assert_eq!(now["ledgers"][0]["total"]["debits_posted"], "7.50");
    let then = "/v1/trial-balance?at=1700000050000000000";
    let then = server.get(then).await.json();
    assert_eq!(then["ledgers"], before["ledgers"]);
    let account = model::object::account_of(0, 978, 11);
    let balance = async |query: &str| {
        let path = format!("/v1/accounts/{account}/balance{query}");
        server.get(&path).await.json()["debits_posted"].clone()
    };
    assert_eq!(balance("").await, "2.50");
    assert_eq!(balance("?at=1700000050000000000").await, "0.00");
    assert_eq!(balance("?at=1700000050000000000&by=value").await, "2.50");
    assert_eq!(balance("?at=1700000029999999999&by=value").await, "0.00");
}

#[tokio::test]
async fn nothing_stays_of_what_was_not_erased() {
    let server = books().await;
    let erased = server.get("/v1/transfers/erased").await;
    assert_eq!(
        (erased.status, erased.json()),
        (200, json!({ "transfers": [] }))
    );
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told() {
    let server = books().await;
    server
        .get("/v1/accounts/77/balance")
        .await
        .refused(404, "not_found");
    for wrong in [
        "/v1/trial-balance?at=-1",
        "/v1/trial-balance?at=",
        "/v1/trial-balance?from=1",
        "/v1/trial-balance?at=1&at=2",
        "/v1/accounts/77/balance?by=value&by=booked",
        "/v1/accounts/77/balance?at=18446744073709551616",
        "/v1/accounts/77/balance?by=time",
        "/v1/transfers/erased?from=x",
        "/v1/transfers/erased?from=1&from=2",
    ] {
        let problem = server.get(wrong).await;
        assert_eq!(problem.status, 422, "{wrong}: {}", problem.text());
    }
}

#[tokio::test]
async fn balances_are_for_those_who_may_read() {
    let mut texts = Vec::new();
    let make = |data: &Path| {
        texts = one_of_each_scope(data);
        Auth::Tokens(data.to_owned())
    };
    let server = Server::start(make, Clock::Manual).await;
    let get = async |path: &str, token: Option<&str>| {
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let headers = bearer.unwrap_or_default();
        server.send("GET", path, &headers, b"").await
    };
    let [person, texts @ ..] = &texts[..] else {
        panic!("one of each")
    };
    let forged = texts[0].replace("read", "admin");
    let (trial, one) = ("/v1/trial-balance", "/v1/accounts/1/balance");
    for path in [trial, "/v1/trial-balance?at=1", one] {
        for token in [None, Some("x"), Some(&*forged)] {
            get(path, token).await.refused(401, "unauthorized");
        }
        get(path, Some(person)).await.refused(403, "forbidden");
    }
    for token in texts {
        assert_eq!(get(trial, Some(token)).await.status, 200);
        // Whether there is such an account is for those alone who may read.
        get(one, Some(token)).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn an_account_closes_at_nothing_only() {
    let server = books().await;
    run(
        &server,
        &json!([
            line(7, 30, 0, "liability", "wallet"),
            line(14, 40, 0, "asset", "suspense"),
            { "id": "8", "act": "party_open", "party": "9", "kind": "customer", "tier": 3 },
            { "id": "9", "act": "account_open", "party": "9", "ledger": 978, "code": 30 },
            { "id": "10", "act": "journal_post", "ledger": 978, "amount": "1.00",
              "debit_code": 10, "credit_code": 30, "credit_party": "9" },
        ]),
    )
    .await;
    let close = async |id: u32| {
        let close = json!({ "id": id.to_string(), "act": "account_close", "party": "9",
            "ledger": 978, "code": 30 });
        server.post("/v1/commands", &close.to_string()).await
    };
    let refused = close(11).await;
    assert_eq!(refused.json()["status_name"], "account_not_at_zero");
    run(
        &server,
        &json!([{ "id": "12", "act": "journal_post", "ledger": 978, "amount": "1.00",
            "debit_code": 30, "debit_party": "9", "credit_code": 10 }]),
    )
    .await;
    let closed = close(13).await;
    assert_eq!(closed.status, 201, "{}", closed.text());
}
