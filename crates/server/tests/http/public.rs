//! The page for everybody: what it tells, what it does not, and to whom.

use std::collections::BTreeSet;
use std::path::Path;

use merkle::key::{KeyKind, SigningKey};
use model::document::{AppealText, DecisionText, Document, FulfilmentText, MandateText, moment_of};
use model::form::text_to_integer;
use model::object::{DECISION_KINDS, MEASURES};
use serde_json::{Value, json};
use server::auth::{self, Scope};
use server::{Auth, Clock};

use crate::client::{Reply, Server, log_key};

/// People, whose ids nobody may read on the page.
const CUSTOMER: u128 = 918_273_645_546_372_819;
const BUYER: u128 = 918_273_645_546_372_820;
const STAFF: u128 = 777_000_111_222_333_444;
const MERCHANT: u128 = 555_000_999_888_777_666;
/// Authorities, whose ids it names.
const AUTHORITY: u128 = 4_242;
const COURT: u128 = 4_343;

const ATTACK: &str = "<script>alert(\"x\")</script>' onload=\"y";

const CHART: &str = "safe own wallet escrow seller reserve commission fee_income";

fn key(party: u128) -> SigningKey {
    SigningKey::generate("party", KeyKind::Ed25519, [party as u8; 32]).expect("a name")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn act(server: &Server, commands: &Value) {
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

/// A town in which all that the page tells has happened, once its sales are added up.
async fn busy() -> (Server, Vec<String>, Value) {
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
    for _ in 0..2 {
        let made = server.send("POST", "/v1/statements", "", b"").await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let ready = |reply: &Reply| reply.status == 200 && reply.json()["market"]["as_of"].is_string();
    let facts = server.until("/public.json", ready).await.json();
    (server, digests, facts)
}

/// Every tag that is opened is closed, in order, and attributes are in double quotes.
fn is_well_formed(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut ids = BTreeSet::new();
    let mut rest = page
        .strip_prefix("<!doctype html>")
        .expect("it says what it is");
    while let Some((_, from)) = rest.split_once('<') {
        let (tag, behind) = from.split_once('>').expect("a tag ends");
        assert!(!tag.contains('<'), "{tag}");
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed in order, before {rest:.80}");
            continue;
        }
        let name = tag.split([' ', '/']).next().expect("a name");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some((_, id)) = tag.split_once(" id=\"") {
            let id = id.split('"').next().expect("an id");
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
        }
        if !["meta", "link", "br"].contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[tokio::test]
async fn everybody_sees_rules_decisions_money_and_sales() {
    let (server, digests, facts) = busy().await;
    let page = server.get("/public").await;
    is_well_formed(page.text());

    assert_eq!(facts["log"]["origin"], "books.example/log");
    assert_eq!(facts["log"]["keys"][0], log_key().verifier().to_string());

    let in_force = &facts["rules"]["in_force"];
    assert_eq!(
        (
            &in_force["version"],
            &in_force["signed_by"],
            &in_force["authority"]
        ),
        (&json!(1), &json!("staff"), &Value::Null)
    );
    let [day, guess] = in_force["rules"].as_array().expect("rules").as_slice() else {
        panic!("two rules");
    };
    assert_eq!(
        (&day["state"], &day["verified"]),
        (&json!("in_force"), &json!(true))
    );
    assert!(
        day["says"]
            .as_str()
            .expect("words")
            .contains("at most 500.00 EUR")
    );
    assert_eq!(
        (&guess["state"], &guess["verified"]),
        (&json!("draft"), &json!(false))
    );
    let to_come = &facts["rules"]["to_come"][0];
    assert_eq!(
        (&to_come["version"], &to_come["unchanged"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(to_come["rules"][0]["id"], "day-500");

    let all = facts["decisions"]["decisions"]
        .as_array()
        .expect("decisions");
    let kinds: Vec<_> = all
        .iter()
        .map(|one| one["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(
        kinds,
        [
            "approval",
            "licence",
            "lifting",
            "restriction",
            "restriction",
            "undertaking",
            "fine"
        ],
        "the newest first"
    );
    let fine = &all[6];
    assert_eq!(fine["computation"]["base"]["amount"], "100.00");
    assert_eq!(
        (&fine["appeal"], &fine["state"]),
        (&json!("lodged"), &json!("under_appeal"))
    );
    assert_eq!(
        (&fine["kept"], &all[5]["kept"]),
        (&json!("open"), &json!("fulfilled"))
    );
    assert_eq!(fine["sha256"], digests[0].as_str());
    assert_eq!(facts["decisions"]["total"], "7");

    let money = &facts["money"]["ledgers"][0];
    assert_eq!(money["client_money"]["amount"], "1000.50");
    assert_eq!(
        (&money["safe"]["amount"], &money["covered"]),
        (&json!("1000.50"), &json!(true))
    );
    assert_eq!(
        facts["money"]["statements"].as_array().expect("two").len(),
        2
    );

    let market = &facts["market"]["ledgers"][0];
    assert_eq!(market["total"]["amount_minor"], "10000");
    let shares: Vec<_> = market["categories"]
        .as_array()
        .expect("categories")
        .iter()
        .map(|one| {
            (
                one["category"].as_str().expect("a number"),
                one["total"]["share"].as_u64(),
            )
        })
        .collect();
    assert_eq!(shares, [("none", Some(7_500)), ("7", Some(2_500))]);
    assert_eq!(facts["market"]["months"][11], "2023-11");
    for part in [
        "Not looked up",
        "400.00 EUR",
        "1\u{202f}000.50 EUR",
        "<svg",
        "75.00 %",
        "/verify",
    ] {
        assert!(page.text().contains(part), "{part}");
    }
}

#[tokio::test]
async fn nobody_is_named() {
    let (server, digests, facts) = busy().await;
    let page = server.get("/public").await.text().to_owned();
    let all = facts["decisions"]["decisions"]
        .as_array()
        .expect("decisions");
    for body in [&page, &facts.to_string()] {
        for name in ["Zoe", "Quixotic", "Wolfgang", "secret.example"] {
            assert!(!body.contains(name), "{name}");
        }
        for party in [CUSTOMER, BUYER, STAFF, MERCHANT] {
            for id in [party.to_string(), format!("{party:x}")] {
                assert!(!body.contains(&id), "{id}");
            }
        }
        // With the rest of the text, a digest would tell which id it was made with.
        for (digest, number) in [2, 3, 4, 6].map(|place| (&digests[place], place + 1)) {
            assert!(!body.contains(digest.as_str()), "digest of {number}");
        }
        for (number, is_shown) in [(1, true), (3, false), (4, true), (5, false), (7, false)] {
            let reasons = format!("Reasons of number {number}:");
            assert_eq!(body.contains(&reasons), is_shown, "{reasons}");
        }
        assert!(
            body.contains(&AUTHORITY.to_string()),
            "authorities are named"
        );
    }
    let addressees: Vec<_> = all.iter().map(|one| one["addressee"].as_str()).collect();
    assert_eq!(
        addressees,
        [
            Some("party"),
            Some("institution"),
            None,
            Some("party"),
            None,
            Some("institution"),
            Some("institution")
        ]
    );
}

#[tokio::test]
async fn what_was_entered_is_never_markup() {
    let (server, _, facts) = busy().await;
    let page = server.get("/public").await;
    let text = page.text();
    for attack in ["<script", "onload=\"y", "<b>1", "href=\"javascript"] {
        assert!(!text.contains(attack), "{attack}");
    }
    let escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39; onload=&quot;y";
    assert!(
        text.matches(escaped).count() > 5,
        "laws, reasons and labels are shown"
    );
    assert!(text.contains("href=\"https://law.example/?a=1&amp;b=2\" rel=\"noreferrer nofollow\""));
    let label = &facts["market"]["ledgers"][0]["categories"][1]["label"];
    assert_eq!(label, ATTACK, "JSON has it as it is");
}

#[tokio::test]
async fn everybody_may_read_it_and_caches_may_keep_it() {
    let tokens = |data: &Path| {
        auth::create(data, "reader", Scope::Read, 0).expect("a token");
        Auth::Tokens(data.to_owned())
    };
    let server = Server::start(tokens, Clock::System).await;
    for (path, media) in [
        ("/public", "text/html; charset=utf-8"),
        ("/public.json", "application/json"),
        ("/public.css", "text/css; charset=utf-8"),
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(reply.header("content-type"), Some(media));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=5"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self';"),
            "{policy}"
        );
        assert!(
            !policy.contains("script") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
    let page = server.get("/public").await;
    is_well_formed(page.text());
    for part in [
        "sign no log",
        "No rule book is in force",
        "No authority decided anything",
    ] {
        assert!(page.text().contains(part), "{part}");
    }
    let headers = "Accept: application/json\r\n";
    let refused = server.send("GET", "/public", headers, b"").await;
    refused.refused(406, "not_acceptable");
    let document = server.get("/openapi.json").await.json();
    let schemas = &document["components"]["schemas"];
    for (schema, field) in [
        ("PublicView", "decisions"),
        ("DecisionView", "reasons"),
        ("DemandRow", "overdue"),
    ] {
        assert!(
            schemas[schema]["properties"][field].is_object(),
            "{schema}.{field}"
        );
    }
}

/// However many ask, the books are asked once.
#[tokio::test]
async fn a_crowd_is_one_reader() {
    let (server, ..) = busy().await;
    let first = server.get("/public").await.body;
    act(
        &server,
        &json!([{ "id": "9000", "act": "party_open", "party": "9000", "kind": "customer" }]),
    )
    .await;
    let before = server.books.stats();
    for _ in 0..50 {
        assert_eq!(server.get("/public").await.body, first, "as it was made");
    }
    assert_eq!(server.books.stats().batches, before.batches);
}
