//! The page for everybody: what it tells, what it does not, and to whom.

mod town;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use server::auth::{self, Scope};
use server::{Auth, Clock};

use crate::client::{Server, log_key};
use town::{ATTACK, AUTHORITY, BUYER, CUSTOMER, MERCHANT, STAFF, act, busy};

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
async fn everybody_sees_the_log_and_the_rules() {
    let (server, _, facts) = busy().await;
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
    let of_it = &to_come["assessments"][0];
    assert_eq!(of_it, &facts["rules"]["assessments"][0]["sha256"]);
    let assessed = &facts["rules"]["assessments"][0];
    assert_eq!(
        (
            &assessed["refused"],
            &assessed["sum"]["amount"],
            &assessed["comments"]
        ),
        (&json!("3"), &json!("42.42"), &json!("1"))
    );
    assert_eq!(
        (&assessed["open"], &assessed["authority"]),
        (&json!(true), &json!("4242"))
    );

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
async fn decisions_stand_as_they_are_now() {
    let (_server, digests, facts) = busy().await;
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
}

#[tokio::test]
async fn client_money_and_sales_add_up() {
    let (_server, _, facts) = busy().await;
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

/// However many ask, the books are asked once: what happens meanwhile is not on the page yet.
#[tokio::test]
async fn a_crowd_is_one_reader() {
    let (server, ..) = busy().await;
    let first = server.get("/public").await.body;
    act(
        &server,
        &json!([{ "id": "9000", "act": "party_open", "party": "9000", "kind": "customer" }]),
    )
    .await;
    for _ in 0..50 {
        assert_eq!(server.get("/public").await.body, first, "as it was made");
    }
}
