use merkle::policy::Policy;

use crate::client::{Server, crowns, log_verifier, pay};

/// First the place alone, then the whole.
#[tokio::test]
async fn a_receipt_is_there_within_a_second() {
    let server = Server::signing(None).await;
    crowns(&server).await;
    // A checkpoint is signed every 100 ms: one of a few receipts is asked for before.
    let mut early = None;
    let mut id = 0;
    while early.is_none() && id < 50 {
        id += 1;
        pay(&server, id).await;
        let reply = server.get(&format!("/v1/transfers/{id}/receipt")).await;
        early = Some(reply).filter(|reply| reply.status == 202);
    }
    let early = early.expect("a receipt before its checkpoint");
    assert_eq!(early.header("retry-after"), Some("1"));
    assert_eq!(early.header("cache-control"), Some("no-store"));
    let place = early.json();
    assert_eq!(
        (&place["status"], &place["index"]),
        (&"sequenced".into(), &0.into())
    );
    let batch: u64 = place["batch"]
        .as_str()
        .expect("text")
        .parse()
        .expect("a number");

    let path = format!("/v1/transfers/{id}/receipt");
    let receipt = server.until(&path, |reply| reply.status == 200).await;
    assert_eq!(receipt.header("counterfoil-status"), Some("checkpointed"));
    assert_eq!(
        receipt.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let policy = Policy::of_log(log_verifier());
    let verdict = proofs::check(&receipt.body, None, &policy)
        .expect("it holds")
        .to_string();
    for fact in [
        "status: checkpointed".to_owned(),
        format!("batch: {batch}"),
        format!("id: {id}"),
        format!("amount: {}", 100 + id),
    ] {
        assert!(
            verdict.contains(&format!("{fact}\n")),
            "{fact} is not in:\n{verdict}"
        );
    }
    let hexadecimal = server.get(&format!("/v1/transfers/0x{id:x}/receipt")).await;
    assert_eq!(hexadecimal.status, 200);
    let mut tampered = receipt.body.clone();
    let at = tampered
        .windows(6)
        .position(|six| six == b"extra ")
        .expect("it has one")
        + 200;
    tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
    proofs::check(&tampered, None, &policy).expect_err("it was changed");
}

#[tokio::test]
async fn what_has_no_receipt() {
    let server = Server::signing(None).await;
    crowns(&server).await;
    let problem = server
        .get("/v1/transfers/9/receipt")
        .await
        .refused(404, "not_found");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("no transfer 9"))
    );
    // An account's id is none of a transfer, and a refused transfer has none.
    server
        .get("/v1/transfers/1/receipt")
        .await
        .refused(404, "not_found");
    server
        .get("/v1/transfers/x/receipt")
        .await
        .refused(400, "invalid_id");
    server
        .get("/v1/transfers/1/receipts")
        .await
        .refused(404, "route_not_found");
    let json = server.send(
        "GET",
        "/v1/transfers/1/receipt",
        "Accept: application/json\r\n",
        b"",
    );
    json.await.refused(406, "not_acceptable");
}
