//! Listings over HTTP: numbers and prices of the books, texts of the catalogue, found by words.

use std::fs;

use catalogue::digest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Reply, Server};

const LISTINGS: &str = "/v1/listings";
const LEDGER: &str = r#"{"ledger":978,"code":"EUR","exponent":2}"#;
const CHART: &str = r#"[
    {"id":"1","act":"chart_line_set","code":2020,"class":"liability","role":"seller","flags":2,"name":"Sellers"},
    {"id":"2","act":"party_open","party":"21","kind":"merchant"},
    {"id":"3","act":"party_open","party":"22","kind":"merchant"},
    {"id":"4","act":"party_open","party":"11","kind":"customer"}]"#;

async fn market() -> Server {
    let server = Server::open().await;
    assert_eq!(server.post("/v1/ledgers", LEDGER).await.status, 201);
    let done = server.post("/v1/commands", CHART).await.json();
    let done = done.as_array().expect("outcomes");
    assert!(
        done.iter().all(|one| one["status"] == "created"),
        "{done:?}"
    );
    server
}

/// A listing as it is added, id as told, 12.50 each.
fn lamp(id: u64, title: &str) -> Value {
    json!({ "id": id.to_string(), "seller": "21", "ledger": 978, "category": 7, "price": "12.50",
        "stock": 3, "title": title, "text": "A lamp for the table.", "category_label": "Home/Lamps" })
}

async fn add(server: &Server, listing: &Value) -> Reply {
    server.post(LISTINGS, &listing.to_string()).await
}

async fn put(server: &Server, number: u32, body: &Value) -> Reply {
    let (path, json) = (
        format!("{LISTINGS}/{number}"),
        "Content-Type: application/json\r\n",
    );
    let body = body.to_string();
    server.send("PUT", &path, json, body.as_bytes()).await
}

async fn shown(server: &Server, number: u32) -> Value {
    server.get(&format!("{LISTINGS}/{number}")).await.json()
}

/// What is found once all that was added can be.
async fn found(server: &Server, query: &str) -> Value {
    let path = format!("{LISTINGS}?{query}");
    let reply = server.until(&path, |reply| {
        reply.status != 200 || reply.json()["waiting_bytes"] == "0"
    });
    let reply = reply.await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn numbers(found: &Value) -> Vec<u64> {
    let listings = found["listings"].as_array().expect("an array").iter();
    listings
        .map(|one| one["number"].as_u64().expect("a number"))
        .collect()
}

fn hex(title: &str, text: &str) -> String {
    format!("{:032x}", u128::from_be_bytes(digest(title, text)))
}

/// The directory of a server that has ended.
async fn end(server: Server) -> TempDir {
    let (ended, books, directory) = server.stop();
    ended.await.expect("it ended").expect("in good order");
    books.close().await.expect("closed");
    directory
}

fn percent(text: &str) -> String {
    let digits = text.bytes().map(|byte| format!("{byte:02X}"));
    digits.fold(String::new(), |text, byte| text + "%" + &byte)
}

#[tokio::test]
async fn a_listing_is_added_shown_found_and_set() {
    let server = market().await;
    let first = add(&server, &lamp(70, "Green desk lamp")).await;
    let done = first.json();
    assert_eq!(
        (first.status, &done["status"]),
        (201, &"created".into()),
        "{done}"
    );
    assert_eq!(done["listing"], 0);
    let digest = hex("Green desk lamp", "A lamp for the table.");
    assert_eq!(done["digest"], digest);
    let again = add(&server, &lamp(70, "Green desk lamp")).await;
    let done = again.json();
    assert_eq!((again.status, &done["status"]), (200, &"exists".into()));
    assert_eq!(
        (&done["listing"], &done["digest"]),
        (&0.into(), &digest.clone().into())
    );

    let one = shown(&server, 0).await;
    assert_eq!(
        (&one["title"], &one["texts"]),
        (&"Green desk lamp".into(), &"agree".into())
    );
    assert_eq!(
        (&one["price"], &one["price_minor"]),
        (&"12.50".into(), &"1250".into())
    );
    assert_eq!(
        (&one["seller"], &one["stock"], &one["state"]),
        (&"21".into(), &3.into(), &"offered".into())
    );
    assert_eq!(
        (&one["digest"], &one["cause"]),
        (&digest.into(), &"listing_add".into())
    );
    // The object of the books has the digest as well.
    let object = server.get("/v1/objects/listing/0").await.json();
    assert_eq!(object[0]["text"], one["digest"]);
    assert_eq!(numbers(&found(&server, "q=lamp+green").await), [0]);
    assert_eq!(numbers(&found(&server, "q=lam&last=beginning").await), [0]);

    let set = json!({ "id": "71", "ledger": 978, "price": "9.00", "stock": 2,
        "title": "Blue desk lamp", "text": "", "category_label": "Home/Lamps" });
    let reply = put(&server, 0, &set).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.json()["listing"], 0);
    assert_eq!(put(&server, 0, &set).await.status, 200);
    let one = shown(&server, 0).await;
    assert_eq!(
        (&one["title"], &one["texts"], &one["cause"]),
        (
            &"Blue desk lamp".into(),
            &"agree".into(),
            &"listing_set".into()
        )
    );
    assert_eq!(
        (&one["price"], &one["digest"]),
        (&"9.00".into(), &hex("Blue desk lamp", "").into())
    );
    assert_eq!(numbers(&found(&server, "q=green").await), [0_u64; 0]);
    let hits = found(&server, "q=blue").await;
    assert_eq!(
        (&hits["listings"][0]["price"], &hits["matches"]),
        (&"9.00".into(), &"1".into())
    );
    // The first request again takes nothing back.
    assert_eq!(add(&server, &lamp(70, "Green desk lamp")).await.status, 200);
    assert_eq!(shown(&server, 0).await["title"], "Blue desk lamp");
}

#[tokio::test]
async fn names_in_every_script_are_kept_and_found() {
    let server = market().await;
    let names = [
        ("Чайник зелёный", "чайник"),
        ("茶壶 绿色 陶瓷", "茶壶"),
        ("やかん 緑", "やかん"),
        ("초록색 주전자", "주전자"),
        ("إبريق شاي أخضر", "إبريق"),
        ("קומקום ירוק", "קומקום"),
        ("हरी केतली", "केतली"),
        ("Πράσινη τσαγιέρα", "τσαγιερα"),
        ("Zelená konvice na čaj", "CAJ"),
        ("กาน้ำชาสีเขียว", "กาน้ำชา"),
        ("Teekanne 🫖 grün", "grun"),
    ];
    let listings: Vec<Value> = (100..)
        .zip(names)
        .map(|(id, (name, _))| lamp(id, name))
        .collect();
    let done = server
        .post(LISTINGS, &Value::from(listings).to_string())
        .await;
    assert_eq!(done.status, 200, "{}", done.text());
    for (number, (name, word)) in (0..).zip(names) {
        assert_eq!(done.json()[number as usize]["listing"], number);
        let one = shown(&server, number).await;
        assert_eq!(
            (&one["title"], &one["texts"]),
            (&name.into(), &"agree".into())
        );
        let hits = found(&server, &format!("q={}", percent(word))).await;
        assert_eq!(numbers(&hits), [u64::from(number)], "{name}");
        assert_eq!(hits["listings"][0]["title"], name);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let server = market().await;
    let with = |name: &str, value: Value| {
        let mut listing = lamp(80, "Lamp");
        listing[name] = value;
        listing
    };
    for (listing, status, kind, pointer) in [
        (with("title", "".into()), 422, "invalid", "/title"),
        (
            with("title", "x".repeat(201).into()),
            422,
            "invalid",
            "/title",
        ),
        (
            with("text", "x".repeat(2_001).into()),
            422,
            "invalid",
            "/text",
        ),
        (
            with("category_label", "x".repeat(101).into()),
            422,
            "invalid",
            "/category_label",
        ),
        (with("text", 7.into()), 400, "malformed_json", "/text"),
        (with("prize", 7.into()), 400, "malformed_json", "/prize"),
        (with("act", "pay".into()), 400, "malformed_json", "/act"),
        (with("seller", "x".into()), 400, "malformed_json", "/seller"),
        (
            with("price", "1.234".into()),
            422,
            "invalid_amount",
            "/price",
        ),
        (
            with("ledger", 5.into()),
            422,
            "ledger_not_declared",
            "/ledger",
        ),
        (
            with("seller", "99".into()),
            422,
            "party_not_found",
            "/seller",
        ),
        (
            with("seller", "11".into()),
            422,
            "party_not_merchant",
            "/seller",
        ),
    ] {
        let problem = add(&server, &listing).await.refused(status, kind);
        assert_eq!(problem["pointer"], pointer, "{problem}");
        let batch = json!([lamp(81, "Lamp"), listing]).to_string();
        let batch = server.post(LISTINGS, &batch).await;
        if kind.starts_with("party") {
            let done = batch.json();
            assert_eq!(
                (&done[1]["status"], &done[1]["pointer"]),
                (&kind.into(), &pointer.into())
            );
        } else {
            let pointed = batch.refused(status, kind)["pointer"].clone();
            assert_eq!(pointed, format!("/1{pointer}"));
        }
    }
    let many: Vec<Value> = (0..512).map(|id| lamp(1_000 + id, "Lamp")).collect();
    let many = server.post(LISTINGS, &Value::from(many).to_string()).await;
    many.refused(413, "too_many_events");
    assert_eq!(server.post(LISTINGS, "[]").await.json(), json!([]));
    // Of all that, only the sound one of the batches was added.
    assert_eq!(shown(&server, 0).await["title"], "Lamp");
    server.get("/v1/listings/1").await.refused(404, "not_found");
    server
        .get("/v1/listings/x")
        .await
        .refused(400, "invalid_id");
    server
        .get("/v1/listings/4294967296")
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn what_is_wrong_with_a_change_or_a_search_is_named() {
    let server = market().await;
    assert_eq!(add(&server, &lamp(80, "Lamp")).await.status, 201);
    let set = json!({ "id": "90", "ledger": 978, "price": 1, "stock": 1, "title": "Lamp" });
    put(&server, 1, &set)
        .await
        .refused(422, "listing_not_found");
    let mut wrong = set.clone();
    wrong["seller"] = "22".into();
    put(&server, 0, &wrong).await.refused(400, "malformed_json");
    put(&server, 0, &json!([set]))
        .await
        .refused(400, "malformed_json");
    for (query, says) in [
        ("", "needs a word, a category or a seller"),
        ("?q=%21%21", "needs a word, a category or a seller"),
        ("?limit=0&q=a", "`limit`"),
        ("?sort=price&q=a", "`ledger`"),
        ("?words=a", "\"words\""),
        (
            "?q=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q",
            "`q`: the query has 17 words",
        ),
    ] {
        let problem = server.get(&format!("{LISTINGS}{query}")).await;
        let problem = problem.refused(422, "invalid");
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains(says), "{query}: {detail}");
    }
}

/// As after a death between the command and the texts.
#[tokio::test]
async fn texts_that_are_missing_are_told_and_added_by_the_same_request() {
    let server = market().await;
    let text = "A lamp for the table.";
    let command = json!({ "id": "70", "act": "listing_add", "seller": "21", "ledger": 978,
        "category": 7, "price": "12.50", "stock": 3, "text": hex("Green lamp", text) });
    let made = server.post("/v1/commands", &command.to_string()).await;
    assert_eq!((made.status, &made.json()["listing"]), (201, &0.into()));
    let one = shown(&server, 0).await;
    assert_eq!(
        (&one["texts"], &one["title"]),
        (&"missing".into(), &Value::Null)
    );
    // Other texts than those of the first command are not taken.
    add(&server, &lamp(70, "Red lamp"))
        .await
        .refused(409, "exists_with_different_content");
    assert_eq!(shown(&server, 0).await["texts"], "missing");
    let again = add(&server, &lamp(70, "Green lamp")).await;
    assert_eq!((again.status, &again.json()["listing"]), (200, &0.into()));
    let one = shown(&server, 0).await;
    assert_eq!(
        (&one["texts"], &one["title"]),
        (&"agree".into(), &"Green lamp".into())
    );
    assert_eq!(numbers(&found(&server, "q=green").await), [0]);

    // The same of a change: what the books commit to and what is kept differ, and are named.
    let set = json!({ "id": "71", "act": "listing_set", "listing": 0, "ledger": 978,
        "price": "8.00", "stock": 3, "text": hex("Red lamp", "") });
    assert_eq!(
        server.post("/v1/commands", &set.to_string()).await.status,
        201
    );
    let one = shown(&server, 0).await;
    assert_eq!(
        (&one["texts"], &one["digest"]),
        (&"differ".into(), &hex("Red lamp", "").into())
    );
    assert_eq!(
        (&one["kept_digest"], &one["title"]),
        (&hex("Green lamp", text).into(), &"Green lamp".into())
    );
    let body =
        json!({ "id": "71", "ledger": 978, "price": "8.00", "stock": 3, "title": "Red lamp" });
    assert_eq!(put(&server, 0, &body).await.status, 200);
    let one = shown(&server, 0).await;
    assert_eq!(
        (&one["texts"], &one["title"]),
        (&"agree".into(), &"Red lamp".into())
    );
    assert_eq!(numbers(&found(&server, "q=red").await), [0]);

    // A listing of books that commit to no text has none.
    let bare = json!({ "id": "72", "act": "listing_add", "seller": "21", "ledger": 978,
        "price": 1, "stock": 1 });
    assert_eq!(
        server.post("/v1/commands", &bare.to_string()).await.status,
        201
    );
    assert_eq!(shown(&server, 1).await["texts"], "none");
}

#[tokio::test]
async fn hits_have_the_price_and_the_state_of_the_books() {
    let server = market().await;
    let mut listings: Vec<Value> = (200..206).map(|id| lamp(id, "Reading lamp")).collect();
    for (place, price) in [300, 100, 500, 200, 400, 600].into_iter().enumerate() {
        listings[place]["price"] = price.into();
    }
    listings[5]["seller"] = "22".into();
    listings[4]["category"] = 8.into();
    let done = server
        .post(LISTINGS, &Value::from(listings).to_string())
        .await;
    assert_eq!(done.status, 200);
    let by_price = "q=lamp&ledger=978&sort=price";
    assert_eq!(numbers(&found(&server, by_price).await), [1, 3, 0, 4, 2, 5]);
    let down = "q=lamp&ledger=978&sort=price_down&limit=2&offset=1";
    assert_eq!(numbers(&found(&server, down).await), [2, 4]);
    assert_eq!(numbers(&found(&server, "seller=22").await), [5]);
    assert_eq!(numbers(&found(&server, "category=8").await), [4]);
    let between = "q=lamp&ledger=978&least=2.00&most=4.00&sort=price";
    assert_eq!(numbers(&found(&server, between).await), [3, 0, 4]);
    assert_eq!(
        numbers(&found(&server, "q=lamp&ledger=1").await),
        [0_u64; 0]
    );

    // By commands alone, which tell the index nothing.
    let sets = json!([
        { "id": "301", "act": "listing_set", "listing": 1, "ledger": 978, "price": 100, "stock": 3,
            "state": "withdrawn", "text": hex("Reading lamp", "A lamp for the table.") },
        { "id": "302", "act": "listing_set", "listing": 3, "ledger": 978, "price": 390, "stock": 1,
            "text": hex("Reading lamp", "A lamp for the table.") },
        { "id": "303", "act": "listing_set", "listing": 4, "ledger": 978, "price": 900, "stock": 1,
            "text": hex("Reading lamp", "A lamp for the table.") }]);
    let done = server.post("/v1/commands", &sets.to_string()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let hits = found(&server, by_price).await;
    assert_eq!(numbers(&hits), [0, 3, 2, 5, 4]);
    assert_eq!(
        (&hits["withdrawn"], &hits["changed"]),
        (&1.into(), &0.into())
    );
    assert_eq!(
        (&hits["listings"][1]["price"], &hits["listings"][1]["stock"]),
        (&"3.90".into(), &1.into())
    );
    let hits = found(&server, between).await;
    assert_eq!((numbers(&hits), &hits["changed"]), (vec![0, 3], &1.into()));
}

#[tokio::test]
async fn the_index_is_built_again_and_texts_outlive_it() {
    let server = market().await;
    let both = json!([lamp(70, "Green lamp"), lamp(71, "Red lamp")]).to_string();
    assert_eq!(server.post(LISTINGS, &both).await.status, 200);
    assert_eq!(numbers(&found(&server, "q=red").await), [1]);
    let directory = end(server).await;
    let catalogue = directory.path().join("books").join(catalogue::DIR);
    fs::remove_dir_all(catalogue.join("search")).expect("it is there");
    let server = Server::again(directory, None).await;
    assert_eq!(numbers(&found(&server, "q=red").await), [1]);
    assert_eq!(shown(&server, 0).await["texts"], "agree");
    // Without the texts, the books still know what they were to be.
    let directory = end(server).await;
    fs::remove_dir_all(&catalogue).expect("it is there");
    let server = Server::again(directory, None).await;
    let one = shown(&server, 0).await;
    assert_eq!(
        (&one["texts"], &one["price"]),
        (&"missing".into(), &"12.50".into())
    );
    assert_eq!(add(&server, &lamp(70, "Green lamp")).await.status, 200);
    assert_eq!(shown(&server, 0).await["texts"], "agree");
    assert_eq!(numbers(&found(&server, "q=green").await), [0]);
}
