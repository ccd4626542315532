use merkle::policy::Policy;
use proofs::balance::BalanceProof;

use crate::client::{Reply, Server, crowns, log_verifier, pay};

#[tokio::test]
async fn a_balance_is_shown_to_be_counted() {
    let server = Server::signing(None).await;
    crowns(&server).await;
    pay(&server, 1).await;
    assert_eq!(
        server.get("/v1/statements").await.json(),
        serde_json::json!([])
    );
    let made = server.send("POST", "/v1/statements", "", b"").await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!(made["number"], "1");
    let shown = server.get("/v1/statements/1").await.json();
    assert_eq!(shown, made);
    let list = server.get("/v1/statements").await.json();
    assert_eq!(list[0]["number"], "1");
    assert_eq!(
        list[0]["lines"],
        made["lines"].as_array().expect("lines").len()
    );

    let proof = server.get("/v1/accounts/2/balance-proof").await;
    assert_eq!(proof.status, 200, "{}", proof.text());
    assert_eq!(
        server
            .get("/v1/accounts/0x2/balance-proof?statement=1")
            .await
            .body,
        proof.body
    );
    let told = BalanceProof::parse(&proof.body).expect("a balance proof");
    assert_eq!((told.account, told.amount), (2, 101));
    let lines = made["lines"].as_array().expect("lines");
    let is_its = |line: &&serde_json::Value| {
        line["code"] == told.code
            && line["ledger"] == told.ledger
            && line["side"] == told.side.name()
    };
    let line = lines.iter().find(is_its).expect("its line");
    assert_eq!(
        (&line["total"], &line["total_minor"]),
        (&"1.01".into(), &"101".into())
    );
    assert_eq!(line["root"].as_str().map(str::len), Some(64));

    let path = format!("/v1/statements/1/receipts/{}", line["line"]);
    let receipt = server
        .until(&path, |reply: &Reply| reply.status == 200)
        .await;
    assert_eq!(receipt.header("counterfoil-status"), Some("checkpointed"));
    let policy = Policy::of_log(log_verifier());
    let verdict = proofs::check(&proof.body, Some(&receipt.body), &policy);
    let verdict = verdict.expect("it was counted").to_string();
    assert!(verdict.contains("amount: 101\n"), "{verdict}");
}

#[tokio::test]
async fn what_is_not_stated() {
    let server = Server::signing(None).await;
    crowns(&server).await;
    let get = async |path: &str| server.get(path).await;
    get("/v1/accounts/2/balance-proof")
        .await
        .refused(404, "not_found");
    get("/v1/accounts/2/balance-proof?statement=1")
        .await
        .refused(404, "not_found");
    let made = server.send("POST", "/v1/statements", "", b"").await;
    assert_eq!(made.status, 201, "{}", made.text());
    get("/v1/accounts/2/balance-proof?statement=2")
        .await
        .refused(404, "not_found");
    get("/v1/accounts/9/balance-proof")
        .await
        .refused(404, "not_found");
    get("/v1/accounts/x/balance-proof")
        .await
        .refused(400, "invalid_id");
    for query in [
        "statement=",
        "statement=x",
        "number=1",
        "statement=1&statement=1",
    ] {
        let path = format!("/v1/accounts/2/balance-proof?{query}");
        let problem = get(&path).await.refused(422, "invalid");
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|it| it.contains("?statement=1"))
        );
    }
    for path in [
        "/v1/statements/0",
        "/v1/statements/2",
        "/v1/statements/1/receipts/99",
        "/v1/statements/2/receipts/0",
        "/v1/statements/1/receipts/4294967296",
    ] {
        get(path).await.refused(404, "not_found");
    }
    get("/v1/statements/x").await.refused(400, "invalid_id");
    let body = server.post("/v1/statements", "{}").await;
    body.refused(413, "body_too_large");
}
