use serde_json::{Value, json};

use crate::client::{Server, crowns};

fn transfer(id: u32, debit: u32, credit: u32, amount: &Value) -> String {
    json!({
        "id": id, "debit_account_id": debit, "credit_account_id": credit, "amount": amount,
        "ledger": 1, "code": 7,
    })
    .to_string()
}

#[tokio::test]
async fn ledgers() {
    let server = Server::open().await;
    assert_eq!(server.get("/v1/ledgers").await.json(), json!([]));
    let euro = r#"{"ledger":978,"code":"EUR","exponent":2}"#;
    let made = server.post("/v1/ledgers", euro).await;
    assert_eq!(made.status, 201);
    let view = made.json();
    assert_eq!(
        (&view["code"], &view["exponent"]),
        (&json!("EUR"), &json!(2))
    );
    assert_eq!(server.post("/v1/ledgers", euro).await.status, 200);
    let other = server
        .post("/v1/ledgers", r#"{"ledger":978,"code":"EUR","exponent":3}"#)
        .await;
    let problem = other.refused(409, "ledger_conflict");
    assert!(
        problem["detail"]
            .as_str()
            .expect("text")
            .contains("EUR with 2 decimal places")
    );
    assert_eq!(server.get("/v1/ledgers").await.json(), json!([view]));
    for (body, pointer) in [
        (r#"{"ledger":0,"code":"EUR","exponent":2}"#, "/ledger"),
        (r#"{"ledger":1,"code":"eur","exponent":2}"#, "/code"),
        (r#"{"ledger":1,"code":"EUR","exponent":19}"#, "/exponent"),
    ] {
        let problem = server
            .post("/v1/ledgers", body)
            .await
            .refused(422, "invalid_currency");
        assert_eq!(problem["pointer"], pointer);
    }
}

#[tokio::test]
async fn a_single_transfer_answers_by_its_status() {
    let server = Server::open().await;
    crowns(&server).await;
    let pay = transfer(1, 1, 2, &json!("12.50"));
    let made = server.post("/v1/transfers", &pay).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let outcome = made.json();
    assert_eq!(
        (&outcome["id"], &outcome["status"]),
        (&json!("1"), &json!("created"))
    );
    let again = server.post("/v1/transfers", &pay).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["status"], "exists");
    assert_eq!(again.json()["timestamp"], outcome["timestamp"]);

    let other = server
        .post("/v1/transfers", &transfer(1, 1, 2, &json!(1251)))
        .await;
    let problem = other.refused(409, "status:exists_with_different_amount");
    assert_eq!(problem["pointer"], "/amount");
    let much = server
        .post("/v1/transfers", &transfer(2, 2, 1, &json!("12.51")))
        .await;
    let problem = much.refused(422, "status:exceeds_credits");
    assert_eq!(
        (&problem["status_code"], &problem["status_name"]),
        (&json!(54), &json!("exceeds_credits"))
    );
    let burnt = server
        .post("/v1/transfers", &transfer(2, 2, 1, &json!(1)))
        .await;
    burnt.refused(409, "status:id_already_failed");
    let fine = server
        .post("/v1/transfers", &transfer(3, 2, 1, &json!("0.001")))
        .await;
    assert_eq!(fine.refused(422, "invalid_amount")["pointer"], "/amount");

    let found = server.get("/v1/transfers/0x1").await;
    assert_eq!(found.status, 200);
    assert_eq!(found.header("cache-control"), Some("no-store"));
    let found = found.json();
    assert_eq!(
        (&found["amount"], &found["amount_minor"]),
        (&json!("12.50"), &json!("1250"))
    );
    let account = server.get("/v1/accounts/2").await.json();
    assert_eq!(account["credits_posted"], "12.50");
    assert_eq!(account["credits_posted_minor"], "1250");
    assert_eq!(account["flags"], json!(["debits_must_not_exceed_credits"]));
}

#[tokio::test]
async fn an_array_is_one_batch() {
    let server = Server::open().await;
    crowns(&server).await;
    let linked = r#"[
        {"id":1,"debit_account_id":1,"credit_account_id":2,"amount":"1","ledger":1,"code":7,"flags":["linked"]},
        {"id":2,"debit_account_id":1,"credit_account_id":9,"amount":"1","ledger":1,"code":7},
        {"id":3,"debit_account_id":1,"credit_account_id":2,"amount":"2","ledger":1,"code":7}]"#;
    let reply = server.post("/v1/transfers", linked).await;
    assert_eq!(reply.status, 200);
    let outcomes = reply.json();
    let names: Vec<_> = outcomes
        .as_array()
        .expect("an array")
        .iter()
        .map(|it| &it["status"])
        .collect();
    assert_eq!(
        names,
        ["linked_event_failed", "credit_account_not_found", "created"]
    );
    assert_eq!(outcomes[1]["status_code"], 22);
    assert!(
        outcomes[1]["detail"]
            .as_str()
            .expect("text")
            .contains("`credit_account_id`")
    );
    assert!(outcomes[2].get("detail").is_none());
    assert_eq!(server.post("/v1/transfers", "[]").await.json(), json!([]));

    let wrong = r#"[{"id":4,"amount":1},{"id":5,"amount":"1","ledger":3}]"#;
    let problem = server
        .post("/v1/transfers", wrong)
        .await
        .refused(422, "ledger_not_declared");
    assert_eq!(problem["pointer"], "/1/amount");
    server
        .get("/v1/transfers/4")
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn two_phases() {
    let server = Server::open().await;
    crowns(&server).await;
    let mut hold: Value = serde_json::from_str(&transfer(1, 1, 2, &json!("10"))).expect("JSON");
    hold["flags"] = json!(["pending"]);
    hold["timeout"] = json!(60);
    assert_eq!(
        server.post("/v1/transfers", &hold.to_string()).await.status,
        201
    );
    assert_eq!(
        server.get("/v1/accounts/2").await.json()["credits_pending"],
        "10.00"
    );
    let post = r#"{"id":2,"pending_id":1,"amount":"all","flags":["post_pending_transfer"]}"#;
    assert_eq!(server.post("/v1/transfers", post).await.status, 201);
    assert_eq!(
        server.get("/v1/accounts/2").await.json()["credits_posted"],
        "10.00"
    );
    let void = r#"{"id":3,"pending_id":1,"flags":["void_pending_transfer"]}"#;
    let late = server.post("/v1/transfers", void).await;
    late.refused(409, "status:pending_transfer_already_posted");

    hold["id"] = json!(4);
    assert_eq!(
        server.post("/v1/transfers", &hold.to_string()).await.status,
        201
    );
    let later = r#"{"nanoseconds":"1700000100000000000"}"#;
    let clock = server.post("/v1/admin/clock", later).await;
    assert_eq!(clock.json()["nanoseconds"], "1700000100000000000");
    assert_eq!(
        server.get("/v1/accounts/2").await.json()["credits_pending"],
        "0.00"
    );
    let expired = r#"{"id":5,"pending_id":4,"flags":["void_pending_transfer"]}"#;
    server
        .post("/v1/transfers", expired)
        .await
        .refused(409, "status:pending_transfer_expired");
}

#[tokio::test]
async fn finding() {
    let server = Server::open().await;
    crowns(&server).await;
    for id in 1..=3 {
        let made = server
            .post("/v1/transfers", &transfer(id, 1, 2, &json!(id)))
            .await;
        assert_eq!(made.status, 201);
    }
    let ids = |reply: &Value| -> Vec<String> {
        let all = reply.as_array().expect("an array").iter();
        all.map(|it| it["id"].as_str().expect("text").to_owned())
            .collect()
    };
    let found = server
        .post("/v1/transfers/lookup", r#"["3","0x1",99]"#)
        .await
        .json();
    assert_eq!(ids(&found), ["3", "1"]);
    let found = server.post("/v1/accounts/lookup", "[2]").await.json();
    assert_eq!(ids(&found), ["2"]);
    let found = server
        .post("/v1/accounts/query", r#"{"code":10}"#)
        .await
        .json();
    assert_eq!(ids(&found), ["1"]);
    let newest = r#"{"ledger":1,"limit":2,"flags":["reversed"]}"#;
    let found = server.post("/v1/transfers/query", newest).await.json();
    assert_eq!(ids(&found), ["3", "2"]);
    let found = server
        .post(
            "/v1/account-transfers",
            r#"{"account_id":2,"flags":["credits"]}"#,
        )
        .await;
    assert_eq!(ids(&found.json()), ["1", "2", "3"]);
    let balances = server
        .post("/v1/account-balances", r#"{"account_id":1}"#)
        .await
        .json();
    let debits: Vec<_> = balances
        .as_array()
        .expect("an array")
        .iter()
        .map(|it| &it["debits_posted"])
        .collect();
    assert_eq!(debits, ["0.01", "0.03", "0.06"]);
    let none = server
        .post("/v1/account-transfers", r#"{"account_id":1,"limit":0}"#)
        .await;
    assert_eq!(none.refused(422, "invalid_filter")["pointer"], "/limit");
}

#[tokio::test]
async fn amounts_without_a_currency_are_minor_units() {
    let server = Server::open().await;
    let accounts = r#"[{"id":1,"ledger":7,"code":1},{"id":2,"ledger":7,"code":1}]"#;
    assert_eq!(server.post("/v1/accounts", accounts).await.status, 200);
    let big = r#"{"id":1,"debit_account_id":1,"credit_account_id":2,"ledger":7,"code":1,
        "amount_minor":"340282366920938463463374607431768211454"}"#;
    assert_eq!(server.post("/v1/transfers", big).await.status, 201);
    let found = server.get("/v1/transfers/1").await.json();
    assert_eq!(
        found["amount_minor"],
        "340282366920938463463374607431768211454"
    );
    assert!(found.get("amount").is_none());
}
