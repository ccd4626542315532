//! A town in which all that the public page tells has happened.

use merkle::key::{KeyKind, SigningKey};
use model::document::{
    AppealText, AssessmentText, CommentText, DecisionText, Document, FulfilmentText, MandateText,
    moment_of,
};
use model::form::text_to_integer;
use model::object::{DECISION_KINDS, MEASURES};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Reply, Server};

/// People, whose ids nobody may read on the page.
pub const CUSTOMER: u128 = 918_273_645_546_372_819;
pub const BUYER: u128 = 918_273_645_546_372_820;
pub const STAFF: u128 = 777_000_111_222_333_444;
pub const MERCHANT: u128 = 555_000_999_888_777_666;
/// Authorities, whose ids it names.
pub const AUTHORITY: u128 = 4_242;
const COURT: u128 = 4_343;

pub const ATTACK: &str = "<script>alert(\"x\")</script>' onload=\"y";

const CHART: &str = "safe own wallet escrow seller reserve commission fee_income";

fn key(party: u128) -> SigningKey {
    SigningKey::generate("party", KeyKind::Ed25519, [party as u8; 32]).expect("a name")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub async fn act(server: &Server, commands: &Value) {
    let done = server.post("/v1/commands", &commands.to_string()).await;
    let done = done.json();
    let done = done.as_array().expect("outcomes");
    let good = |one: &Value| one["status"] == "created";
    assert!(done.iter().all(good), "{done:?}");
}

async fn enter(server: &Server, document: &Document) -> String {
    let text = document.to_text();
    let signature = key(document.signer())
        .sign_note_text(&text)
        .expect("a note");
    let body = json!({ "text": text, "signature": hex(&signature.bytes) });
    let entered = server.post("/v1/documents", &body.to_string()).await;
    assert_eq!(entered.status, 201, "{}", entered.text());
    entered.json()["sha256"]
        .as_str()
        .expect("a digest")
        .to_owned()
}

fn place(names: &[&str], name: &str) -> u8 {
    names
        .iter()
        .position(|known| *known == name)
        .expect("a name") as u8
}

/// Parties of every kind, with keys, money and a name in the vault.
async fn town(server: &Server) {
    let declared = r#"{"ledger":978,"code":"EUR","exponent":2}"#;
    assert_eq!(server.post("/v1/ledgers", declared).await.status, 201);
    let mut commands = Vec::new();
    for (place, role) in CHART.split(' ').enumerate() {
        let (code, class) = (1_000 + place, if place < 2 { "asset" } else { "liability" });
        commands.push(
            json!({ "id": code.to_string(), "act": "chart_line_set", "code": code,
            "class": class, "role": role, "name": role }),
        );
    }
    for (place, (party, kind)) in [
        (CUSTOMER, "customer"),
        (BUYER, "customer"),
        (STAFF, "staff"),
        (MERCHANT, "merchant"),
        (AUTHORITY, "authority"),
        (COURT, "authority"),
    ]
    .into_iter()
    .enumerate()
    {
        commands.push(
            json!({ "id": (2_000 + place).to_string(), "act": "party_open",
            "party": party.to_string(), "kind": kind }),
        );
        let public = key(party).verifier().public_key().to_vec();
        commands.push(json!({ "id": (3_000 + place).to_string(), "act": "party_key_set",
            "party": party.to_string(), "key": hex(&public[..16]), "key_more": hex(&public[16..]) }));
    }
    commands.push(
        json!({ "id": "4000", "act": "top_up", "party": CUSTOMER.to_string(),
        "ledger": 978, "amount": "100.00", "funding": "bank" }),
    );
    commands.push(
        json!({ "id": "4001", "act": "top_up", "party": BUYER.to_string(),
        "ledger": 978, "amount": "900.50", "funding": "bank" }),
    );
    act(server, &json!(commands)).await;
    for (party, name) in [(CUSTOMER, "Zoe Quixotic"), (STAFF, "Wolfgang Obscure")] {
        let data = json!({ "name": name, "email": "zoe@secret.example" }).to_string();
        let path = format!("/v1/parties/{party}/data");
        let headers = "Content-Type: application/json\r\n";
        let kept = server.send("PUT", &path, headers, data.as_bytes()).await;
        assert_eq!(kept.status, 201, "{}", kept.text());
    }
}

/// What is sold: two listings of a category that calls itself something nasty, one of none.
async fn sales(server: &Server) {
    let listing = json!({ "id": "5000", "seller": MERCHANT.to_string(), "ledger": 978, "category": 7,
        "price": "12.50", "stock": 9, "title": "A lamp", "text": "It glows.",
        "category_label": ATTACK });
    let added = server.post("/v1/listings", &listing.to_string()).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let indexed = |reply: &Reply| reply.json()["waiting_bytes"] == "0";
    server.until("/v1/listings?category=7", indexed).await;
    act(server, &json!([
        { "id": "5001", "act": "order_place", "buyer": BUYER.to_string(), "ledger": 978, "pay": "now",
          "legs": [{ "party": MERCHANT.to_string(), "amount": "25.00", "listing": 0, "quantity": 2 },
                   { "party": MERCHANT.to_string(), "amount": "75.00" }] },
        { "id": "5002", "act": "order_ship", "order": "5001", "delivery": "express" },
        { "id": "5003", "act": "order_confirm", "order": "5001" },
    ]))
    .await;
}

fn mandate(authority: u128) -> Document {
    Document::Mandate(MandateText {
        authority,
        number: 1,
        by: STAFF,
        law: "Law of the town".to_owned(),
        jurisdiction: text_to_integer("EU").expect("short"),
        court: u8::from(authority == COURT),
        decides: if authority == COURT { 0 } else { 0b111_1111 },
        products: 0b1111_1110,
        reasons: "As the law asks.".to_owned(),
        ..MandateText::default()
    })
}

fn decision(number: u64, kind: &str, addressee: u128) -> DecisionText {
    let mut text = DecisionText {
        authority: AUTHORITY,
        number,
        kind: place(DECISION_KINDS, kind),
        addressee,
        law: format!("Act {ATTACK}"),
        article: "9".to_owned(),
        jurisdiction: text_to_integer("EU").expect("short"),
        reasons: format!(
            "Reasons of number {number}: {ATTACK} and enough of them that nobody can say \
             that there are none, which the law asks for."
        ),
        ..DecisionText::default()
    };
    if ["veto", "restriction", "fine"].contains(&kind) {
        text.appeal_until = moment_of("2024-06-01T00:00:00Z").expect("a moment");
        text.appeal_to = COURT;
    }
    text
}

/// One decision of every sort; returns the digest of each.
async fn decisions(server: &Server) -> Vec<String> {
    enter(server, &mandate(AUTHORITY)).await;
    enter(server, &mandate(COURT)).await;
    let fine = DecisionText {
        ledger: 978,
        amount: 400,
        method: place(model::fine::METHODS, "share_of_sales"),
        base: 10_000,
        share: 40,
        due: moment_of("2024-02-01T00:00:00Z").expect("a moment"),
        ..decision(1, "fine", 0)
    };
    let undertaking = DecisionText {
        due: moment_of("2024-03-01T00:00:00Z").expect("a moment"),
        ..decision(2, "undertaking", 0)
    };
    let freeze = DecisionText {
        measure: place(MEASURES, "freeze"),
        ..decision(3, "restriction", CUSTOMER)
    };
    let stop = DecisionText {
        measure: place(MEASURES, "stop"),
        product: place(model::product::PRODUCTS, "exchange"),
        ..decision(4, "restriction", MERCHANT)
    };
    let lifting = DecisionText {
        lifts: 3,
        ..decision(5, "lifting", CUSTOMER)
    };
    let licence = decision(6, "licence", 0);
    let approval = decision(7, "approval", BUYER);
    let mut digests = Vec::new();
    for text in [fine, undertaking, freeze, stop, lifting, licence, approval] {
        digests.push(enter(server, &Document::Decision(text)).await);
    }
    let kept = FulfilmentText {
        by: STAFF,
        authority: AUTHORITY,
        number: 2,
        sha256: [9; 32],
        reasons: "It was done.".to_owned(),
    };
    enter(server, &Document::Fulfilment(kept)).await;
    let appeal = AppealText {
        by: STAFF,
        authority: AUTHORITY,
        number: 1,
        outcome: 0,
        reasons: "It is too much.".to_owned(),
    };
    enter(server, &Document::Appeal(appeal)).await;
    digests
}

const RULES: &str = r#"
currency = "EUR"
jurisdiction = "EU"
zone = "Europe/Berlin"

[[rule]]
id = "day-500"
title = "A day"
source = { law = "Terms <b>1</b>", article = "3 \"x\"", address = "https://law.example/?a=1&b=2", verified = true }
valid = { from = "2020-01-01" }
scope = { kind = ["pay"], only = "918273645546372819" }
require = { sum = { per = "party", within = "day" }, at_most = "500.00" }
then = "refuse"

[[rule]]
id = "guess"
title = "A guess"
source = { law = "Somewhere", article = "not looked up", address = "javascript:alert(1)", verified = false }
draft = true
require = { amount = true, at_most = "1000.00" }
then = "flag"
"#;

async fn rules(server: &Server, version: u32, text: &str, begins: u64) {
    let book = rulebook::read(text).expect("it is sound").book;
    let entry = engine::RuleBookEntry {
        bytes: model::rule::bytes::encode(&book),
        version,
        begins,
        party: STAFF,
        signature: [0; 64],
    };
    let signature = key(STAFF)
        .sign_note_text(&entry.note_text())
        .expect("a note");
    let body = json!({ "rules": text, "version": version, "begins": begins.to_string(),
        "party": STAFF.to_string(), "signature": hex(&signature.bytes) });
    let entered = server.post("/v1/rules", &body.to_string()).await;
    assert_eq!(entered.status, 201, "{}", entered.text());
}

/// A draft that would change a rule, what it would have done, and what a customer says to it.
async fn assessment(server: &Server) {
    // That of version 2, before anybody said from when on it holds.
    let draft = rulebook::read(&RULES.replace("\"500.00\"", "\"400.00\"")).expect("it is sound");
    let text = AssessmentText {
        by: AUTHORITY,
        draft: Sha256::digest(model::rule::bytes::encode(&draft.book.undated())).into(),
        title: format!("Ten a day {ATTACK}"),
        payments: 12,
        refused: 3,
        people: 2,
        ledger: 978,
        sum: 4_242,
        comments_until: moment_of("2024-01-01T00:00:00Z").expect("a moment"),
        reasons: "Three of twelve would not have been made.".to_owned(),
        ..AssessmentText::default()
    };
    let text = Document::Assessment(text);
    enter(server, &text).await;
    let comment = CommentText {
        by: CUSTOMER,
        assessment: Sha256::digest(text.to_text()).into(),
        reasons: "I, Zoe Quixotic, have to pay my rent.".to_owned(),
    };
    enter(server, &Document::Comment(comment)).await;
}

/// A town in which all that the page tells has happened, once its sales are added up.
pub async fn busy() -> (Server, Vec<String>, Value) {
    let server = Server::signing(None).await;
    town(&server).await;
    sales(&server).await;
    let digests = decisions(&server).await;
    rules(&server, 1, RULES, 0).await;
    let later = moment_of("2024-01-01T00:00:00Z").expect("a moment");
    rules(
        &server,
        2,
        &RULES.replace("\"500.00\"", "\"400.00\""),
        later,
    )
    .await;
    assessment(&server).await;
    for _ in 0..2 {
        let made = server.send("POST", "/v1/statements", "", b"").await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let ready = |reply: &Reply| reply.status == 200 && reply.json()["market"]["as_of"].is_string();
    let facts = server.until("/public.json", ready).await.json();
    (server, digests, facts)
}
