//! Looks of the staff into personal data: who may, what stands of them, and who sees it.

use std::fs;
use std::path::Path;

use merkle::policy::Policy;
use model::form::text_to_integer;
use serde_json::Value;
use server::auth::{self, Scope};
use server::{Auth, Clock};

use crate::client::{Reply, Server, bearer, bound, log_key, log_verifier};

const NAME: &str = "Zdenka Nováková";
const WHY: &str = "purpose=support&reference=C-1042";

/// A server, and the tokens of its people.
struct House {
    server: Server,
    tokens: Vec<(&'static str, String)>,
}

/// Customers 7 and 8; 41 and 42 of the staff, 43 who is frozen; a program that is nobody.
async fn house() -> House {
    let mut tokens = Vec::new();
    let make = |data: &Path| {
        for (name, grant) in [
            ("zdenka", bound(Scope::Person, 7, None)),
            ("max", bound(Scope::Person, 8, None)),
            ("desk", bound(Scope::Admin, 41, Some("support"))),
            ("clerk", bound(Scope::Admin, 42, None)),
            ("frozen", bound(Scope::Admin, 43, Some("support"))),
            ("customer", bound(Scope::Admin, 8, Some("support"))),
            ("nobody", bound(Scope::Admin, 99, Some("support"))),
            ("reader", bound(Scope::Read, 41, Some("support"))),
            ("shop", Scope::Admin.into()),
        ] {
            tokens.push((name, auth::create(data, name, grant, 0).expect("a token")));
        }
        Auth::Tokens(data.to_owned())
    };
    let server = Server::start_with(make, Clock::Manual, Some(log_key()), None).await;
    let house = House { server, tokens };
    let open = r#"[{"id":"1","act":"party_open","party":"7","kind":"customer"},
        {"id":"2","act":"party_open","party":"8","kind":"customer"},
        {"id":"3","act":"party_open","party":"41","kind":"staff"},
        {"id":"4","act":"party_open","party":"42","kind":"staff"},
        {"id":"5","act":"party_open","party":"43","kind":"staff"},
        {"id":"6","act":"party_state","party":"43","state":"frozen","reason":"risk"}]"#;
    let opened = house.ask("shop", "POST", "/v1/commands", open).await;
    assert!(!opened.text().contains("detail"), "{}", opened.text());
    let data = format!(r#"{{"name":"{NAME}","phone":"+420 777 123 456"}}"#);
    let kept = house.ask("shop", "PUT", "/v1/parties/7/data", &data).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    house
}

impl House {
    fn token(&self, who: &str) -> &str {
        let found = self.tokens.iter().find(|(name, _)| *name == who);
        &found.expect("somebody").1
    }

    async fn ask(&self, who: &str, method: &str, path: &str, body: &str) -> Reply {
        let headers = bearer(self.token(who)) + "Content-Type: application/json\r\n";
        let body = body.as_bytes();
        self.server.send(method, path, &headers, body).await
    }

    async fn get(&self, who: &str, path: &str) -> Reply {
        let headers = bearer(self.token(who));
        self.server.send("GET", path, &headers, b"").await
    }

    async fn look(&self, who: &str, party: u32, why: &str) -> Reply {
        let path = format!("/v1/parties/{party}/data?{why}");
        self.get(who, &path).await
    }

    /// The looks at somebody's data, as that one sees them.
    async fn looks(&self, who: &str) -> Vec<Value> {
        let told = self.get(who, "/v1/me/lookups").await;
        assert_eq!(told.status, 200, "{}", told.text());
        let told = told.json();
        told["lookups"].as_array().expect("a list").clone()
    }
}

#[tokio::test]
async fn a_look_is_in_the_books_and_its_person_sees_it() {
    let house = house().await;
    assert!(house.looks("zdenka").await.is_empty());
    assert!(!house.server.data().join("staff.secret").exists());
    let shown = house.look("desk", 7, WHY).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let shown = shown.json();
    assert_eq!(
        (&shown["data"]["name"], &shown["look"]),
        (&NAME.into(), &"1".into())
    );
    let again = house
        .look("desk", 7, "purpose=complaint&reference=two%20words")
        .await;
    assert_eq!(again.json()["look"], "2");
    let other = house.look("clerk", 7, WHY).await;
    assert_eq!(other.json()["look"], "3");

    let looks = house.looks("zdenka").await;
    let told: Vec<_> = looks
        .iter()
        .map(|look| {
            let text = |name: &str| look[name].as_str().expect(name).to_owned();
            ["number", "role", "purpose", "reference"].map(text)
        })
        .collect();
    assert_eq!(
        told,
        [
            ["3", "staff", "support", "C-1042"],
            ["2", "support", "complaint", "two words"],
            ["1", "support", "support", "C-1042"],
        ]
    );
    let pseudonyms: Vec<_> = looks.iter().map(|look| look["pseudonym"].clone()).collect();
    assert_eq!(pseudonyms[1], pseudonyms[2], "the same member and role");
    assert_ne!(pseudonyms[0], pseudonyms[1]);
    for look in &looks {
        let fields = look.as_object().expect("an object");
        assert_eq!(fields.len(), 6, "{look}");
        assert!(fields["timestamp"].is_string());
        assert_eq!(fields["pseudonym"].as_str().map(str::len), Some(32));
    }
    // Her own look at her own data is none.
    let own = house.get("zdenka", "/v1/me/data").await.json();
    assert_eq!(
        (&own["data"]["name"], own.get("look")),
        (&NAME.into(), None)
    );
    assert_eq!(house.looks("zdenka").await.len(), 3);
    assert!(house.looks("max").await.is_empty());
    let me = house.get("zdenka", "/v1/me").await.json();
    let facts = ["token", "scope", "party", "kind", "state", "vault"];
    let facts = facts.map(|name| me[name].as_str().expect(name));
    assert_eq!(
        facts,
        ["zdenka", "person", "7", "customer", "active", "kept"]
    );
    let desk = house.get("desk", "/v1/me").await.json();
    assert_eq!(
        (&desk["role"], &desk["kind"]),
        (&"support".into(), &"staff".into())
    );
}

#[tokio::test]
async fn who_may_not_look_leaves_nothing_and_sees_nothing() {
    let house = house().await;
    for (who, status, kind) in [
        ("zdenka", 403, "forbidden"),
        ("reader", 403, "forbidden"),
        ("shop", 403, "forbidden"),
        ("customer", 403, "forbidden"),
        ("nobody", 403, "forbidden"),
        ("frozen", 403, "forbidden"),
    ] {
        let refused = house.look(who, 7, WHY).await;
        refused.refused(status, kind);
        assert!(!refused.text().contains(NAME), "{who}");
        // Nor is it told to them whether there is somebody.
        house.look(who, 77, WHY).await.refused(status, kind);
    }
    for (why, says) in [
        ("", "`purpose` once"),
        ("purpose=support", "`reference` once"),
        ("reference=C-1", "`purpose` once"),
        (
            "purpose=curiosity&reference=C-1",
            "one of support, complaint",
        ),
        ("purpose=support&reference=", "1 to 16"),
        ("purpose=support&reference=%20%20", "1 to 16"),
        ("purpose=support&reference=12345678901234567", "1 to 16"),
        ("purpose=support&reference=Zo%C3%AB", "1 to 16"),
        ("purpose=support&reference=a%00b", "1 to 16"),
        ("purpose=support&purpose=fraud&reference=C-1", "once"),
        ("purpose=support&reference=C-1&name=x", "no parameter"),
    ] {
        let refused = house.look("desk", 7, why).await;
        let problem = refused.refused(422, "invalid");
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains(says), "{why}: {detail}");
    }
    house.look("desk", 77, WHY).await.refused(404, "not_found");
    assert!(house.looks("zdenka").await.is_empty());
    let register = house.get("shop", "/v1/objects/register/1").await;
    assert_eq!(register.status, 404, "{}", register.text());
}

#[tokio::test]
async fn what_is_somebodys_own_is_nobody_elses() {
    let house = house().await;
    assert_eq!(house.look("desk", 7, WHY).await.status, 200);
    let path = "/v1/me/lookups/1/receipt";
    let receipt = loop {
        let reply = house.get("zdenka", path).await;
        if reply.status != 202 {
            break reply;
        }
        assert_eq!(reply.json()["status"], "sequenced");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(receipt.status, 200, "{}", receipt.text());
    let policy = Policy::of_log(log_verifier());
    let verdict = proofs::check(&receipt.body, None, &policy).expect("it holds");
    let verdict = verdict.to_string();
    let pseudonym = house.looks("zdenka").await[0]["pseudonym"].clone();
    let pseudonym = pseudonym.as_str().expect("text").to_owned();
    let short = |text: &str| text_to_integer(text).expect("it is short").to_string();
    for (name, value) in [
        ("record", "lookup".to_owned()),
        ("number", "1".to_owned()),
        ("role", short("support")),
        ("pseudonym", pseudonym),
        ("purpose", "support".to_owned()),
        ("reference", short("C-1042")),
    ] {
        let fact = format!("{name}: {value}\n");
        assert!(verdict.contains(&fact), "{fact} is not in:\n{verdict}");
    }
    // Others, the staff among them, have no such look.
    for who in ["max", "desk", "clerk"] {
        house.get(who, path).await.refused(404, "not_found");
    }
    for number in ["0", "2", "340282366920938463463374607431768211455"] {
        let path = format!("/v1/me/lookups/{number}/receipt");
        house.get("zdenka", &path).await.refused(404, "not_found");
    }
    let wrong = house.get("zdenka", "/v1/me/lookups/x/receipt").await;
    wrong.refused(400, "invalid_id");
    house
        .get("max", "/v1/me/data")
        .await
        .refused(404, "not_found");
    for path in ["/v1/me", "/v1/me/data", "/v1/me/lookups", path] {
        house.get("shop", path).await.refused(403, "forbidden");
        house.server.get(path).await.refused(401, "unauthorized");
    }
    house
        .get("nobody", "/v1/me")
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn looks_come_in_pages_and_outlive_the_data_and_a_restart() {
    let house = house().await;
    for _ in 0..5 {
        assert_eq!(house.look("desk", 7, WHY).await.status, 200);
    }
    assert_eq!(house.look("desk", 8, WHY).await.status, 404);
    let mut after = String::new();
    let mut numbers = Vec::new();
    loop {
        let path = format!("/v1/me/lookups?limit=2{after}");
        let page = house.get("zdenka", &path).await.json();
        let looks = page["lookups"].as_array().expect("a list").clone();
        assert!(looks.len() <= 2);
        numbers.extend(looks.iter().map(|look| look["number"].clone()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(numbers, ["5", "4", "3", "2", "1"]);
    let wrong = house.get("zdenka", "/v1/me/lookups?limit=0").await;
    wrong.refused(422, "invalid");
    // That nothing was kept of 8 is known to whoever looked, and so it is a look.
    let nothing = house.look("desk", 8, WHY).await;
    let problem = nothing.refused(404, "not_found");
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.contains("Look 7 is entered"), "{detail}");
    assert_eq!(house.looks("max").await.len(), 2);

    let gone = house.ask("shop", "DELETE", "/v1/parties/7/data", "").await;
    assert_eq!(gone.status, 200);
    house.look("desk", 7, WHY).await.refused(404, "not_found");
    let own = house.get("zdenka", "/v1/me/data").await;
    own.refused(404, "not_found");
    assert_eq!(house.looks("zdenka").await.len(), 5, "and not one more");
    let secret = fs::read(house.server.data().join("staff.secret")).expect("made");
    let before = house.looks("zdenka").await;

    let House { server, tokens } = house;
    let (ended, books, directory) = server.stop();
    ended.await.expect("it ended").expect("in good order");
    books.close().await.expect("closed");
    drop(books);
    let server = Server::again(directory, None).await;
    let house = House { server, tokens };
    assert_eq!(house.looks("zdenka").await, before);
    house.look("desk", 8, WHY).await.refused(404, "not_found");
    assert_eq!(house.looks("max").await[0]["number"], "8");
    let kept = fs::read(house.server.data().join("staff.secret")).expect("there");
    assert_eq!(kept, secret);
    // Without tokens too, what is somebody's own asks who calls.
    for path in ["/v1/me", "/v1/parties/7/data?purpose=support&reference=C-1"] {
        house.server.get(path).await.refused(401, "unauthorized");
    }
}

/// Whether a file below `dir` has the bytes.
fn holds(dir: &Path, wanted: &[u8]) -> bool {
    let mut entries = fs::read_dir(dir).expect("a directory");
    entries.any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, wanted);
        }
        let bytes = fs::read(&path).expect("a file");
        bytes.windows(wanted.len()).any(|part| part == wanted)
    })
}

#[tokio::test]
async fn looks_name_nobody() {
    let house = house().await;
    assert_eq!(house.look("desk", 7, WHY).await.status, 200);
    assert_eq!(house.look("shop", 7, WHY).await.status, 403);
    let log = house.server.data().join("log");
    assert!(holds(&log, b"C-1042"), "the search finds what is there");
    assert!(!holds(&house.server.data(), NAME.as_bytes()));
    for path in ["/metrics", "/v1/events", "/v1/objects/lookup/7"] {
        let told = house.get("shop", path).await;
        assert_eq!(told.status, 200, "{path}: {}", told.text());
        assert!(!told.text().contains(NAME), "{path}");
        assert!(!told.text().contains("desk"), "{path}");
    }
    let object = house.get("shop", "/v1/objects/lookup/7").await.json();
    let text = object[0].to_string();
    assert!(!text.contains("\"41\""), "who it was is not told: {text}");
    // A secret that others can read makes no pseudonym, and without one nothing is shown.
    let secret = house.server.data().join("staff.secret");
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&secret, all).expect("set");
    let House { server, tokens } = house;
    let (ended, books, directory) = server.stop();
    ended.await.expect("it ended").expect("in good order");
    books.close().await.expect("closed");
    drop(books);
    let server = Server::again(directory, None).await;
    let house = House { server, tokens };
    let refused = house.look("desk", 7, WHY).await;
    refused.refused(503, "unavailable");
    assert!(!refused.text().contains(NAME));
    assert_eq!(house.looks("zdenka").await.len(), 1);
}
