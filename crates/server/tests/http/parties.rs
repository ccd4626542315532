//! Personal data over HTTP: kept, shown, erased, and found nowhere else.

use std::fs;
use std::path::Path;

use server::auth::{self, Scope};
use server::{Auth, Clock};

use crate::client::{Reply, Server, bearer, bound};

const ZOE: &str = "Zoë Ψυχή 李";
const BODY: &str = r#"{"name":"Zoë Ψυχή 李","phone":"+420 777 123 456"}"#;
const DATA: &str = "/v1/parties/7/data";

async fn put(server: &Server, path: &str, body: &str) -> Reply {
    let json = "Content-Type: application/json\r\n";
    server.send("PUT", path, json, body.as_bytes()).await
}

/// The party, and somebody of the staff who may look at its data.
async fn party(server: &Server) {
    let open = r#"[{"id":"1","act":"party_open","party":"7","kind":"customer"},
        {"id":"3","act":"party_open","party":"41","kind":"staff"}]"#;
    assert_eq!(server.post("/v1/commands", open).await.status, 200);
}

/// For everyone on this machine; with a token it is known who looks.
async fn open() -> (Server, String) {
    let mut desk = String::new();
    let make = |data: &Path| {
        let grant = bound(Scope::Read, 41, Some("support"));
        desk = auth::create(data, "desk", grant, 0).expect("a token");
        Auth::None
    };
    (Server::start(make, Clock::Manual).await, desk)
}

/// What is kept, as the staff sees it.
async fn look(server: &Server, desk: &str) -> Reply {
    let path = format!("{DATA}?purpose=support&reference=C-1042");
    server.send("GET", &path, &bearer(desk), b"").await
}

/// Whether a file below `dir` has the bytes of `text`.
fn holds(dir: &Path, text: &str) -> bool {
    let mut entries = fs::read_dir(dir).expect("a directory");
    entries.any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = fs::read(&path).expect("a file");
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}

async fn as_the_books_say(server: &Server) -> (String, String) {
    let party = server.get("/v1/objects/party/7").await.json();
    let text = |name: &str| party[0][name].as_str().expect(name).to_owned();
    (text("vault"), text("vault_digest"))
}

#[tokio::test]
async fn data_are_kept_shown_and_erased() {
    let (server, desk) = open().await;
    put(&server, DATA, BODY).await.refused(404, "not_found");
    party(&server).await;
    look(&server, &desk).await.refused(404, "not_found");
    let none = server.send("DELETE", DATA, "", b"").await;
    none.refused(404, "not_found");

    let kept = put(&server, DATA, BODY).await;
    assert_eq!(
        (kept.status, &kept.json()["status"]),
        (201, &"created".into())
    );
    let digest = kept.json()["digest"].as_str().expect("one").to_owned();
    assert_eq!(
        as_the_books_say(&server).await,
        ("kept".into(), digest.clone())
    );
    let again = put(&server, DATA, BODY).await;
    assert_eq!(
        (again.status, &again.json()["digest"]),
        (200, &digest.clone().into())
    );
    let shown = look(&server, &desk).await;
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    assert_eq!(shown.json()["data"]["name"], ZOE);
    assert_eq!(shown.json()["committed"], true);

    let erased = server.send("DELETE", DATA, "", b"").await;
    assert_eq!(
        (erased.status, &erased.json()["status"]),
        (200, &"erased".into())
    );
    let again = server.send("DELETE", DATA, "", b"").await;
    assert_eq!(
        (again.status, &again.json()["status"]),
        (200, &"erased_before".into())
    );
    assert_eq!(as_the_books_say(&server).await.0, "erased");
    look(&server, &desk).await.refused(404, "not_found");
    let gone = put(&server, DATA, BODY).await;
    assert_eq!(gone.status, 422);
    assert!(gone.text().contains("party_data_erased"), "{gone:?}");
}

#[tokio::test]
async fn a_party_comes_back_to_data_it_had_before() {
    let (server, desk) = open().await;
    party(&server).await;
    for name in ["a", "b", "a", "b", "a"] {
        let kept = put(&server, DATA, &format!(r#"{{"name":"{name}"}}"#)).await;
        assert_eq!(kept.status, 201, "{name}: {kept:?}");
        let digest = kept.json()["digest"].as_str().expect("one").to_owned();
        assert_eq!(as_the_books_say(&server).await.1, digest, "{name}");
        let shown = look(&server, &desk).await.json();
        assert_eq!(
            (&shown["data"]["name"], &shown["committed"]),
            (&name.into(), &true.into())
        );
    }
}

#[tokio::test]
async fn names_stand_nowhere_in_the_directory_nor_in_what_is_told() {
    let (server, _) = open().await;
    party(&server).await;
    assert_eq!(put(&server, DATA, BODY).await.status, 201);
    let wrong = put(&server, DATA, &format!(r#"{{"name":"{ZOE}","x":"{ZOE}"}}"#)).await;
    assert_eq!(wrong.status, 422);
    assert!(!wrong.text().contains(ZOE));
    // The search finds what is there.
    let witness = server.data().join("here");
    fs::write(&witness, ZOE).expect("written");
    assert!(holds(&server.data(), ZOE));
    fs::remove_file(witness).expect("removed");
    for erased in [false, true] {
        for path in ["/metrics", "/v1/events", "/v1/objects/party/7"] {
            let told = server.get(path).await;
            assert_eq!(told.status, 200, "{path}");
            assert!(!told.text().contains(ZOE), "{path}");
        }
        assert!(
            !holds(&server.data(), ZOE) && !holds(&server.data(), "777 123"),
            "{erased}"
        );
        let gone = server.send("DELETE", DATA, "", b"").await;
        assert_eq!(gone.status, 200);
    }
}

/// As after a death between the books' command and the key: the next start erases the key.
#[tokio::test]
async fn an_erasure_that_was_cut_off_is_finished_at_the_next_start() {
    let (server, _) = open().await;
    party(&server).await;
    assert_eq!(put(&server, DATA, BODY).await.status, 201);
    let erase = r#"{"id":"2","act":"party_erase","party":"7"}"#;
    assert_eq!(server.post("/v1/commands", erase).await.status, 201);
    let (ended, books, directory) = server.stop();
    ended.await.expect("it ended").expect("in good order");
    books.close().await.expect("closed");
    drop(books);
    let vault = directory.path().join("books").join(vault::DIR);
    let before = vault::Vault::open(&vault).expect("it is free");
    assert!(!before.is_erased(7) && before.get(7).expect("read").is_some());
    drop(before);
    let server = Server::again(directory, None).await;
    assert_eq!(server.get("/ready").await.status, 200);
    let (ended, books, directory) = server.stop();
    ended.await.expect("it ended").expect("in good order");
    books.close().await.expect("closed");
    let after = vault::Vault::open(&vault).expect("it is free");
    assert!(after.is_erased(7));
    drop(directory);
}

/// As after a death between the vault and the books: the data are there, the digest is not.
#[tokio::test]
async fn data_without_their_digest_are_told_entered_and_erased() {
    let (server, desk) = open().await;
    party(&server).await;
    let (ended, books, directory) = server.stop();
    ended.await.expect("it ended").expect("in good order");
    books.close().await.expect("closed");
    drop(books);
    let dir = directory.path().join("books").join(vault::DIR);
    let vault = vault::Vault::open(&dir).expect("it is free");
    let mut fields = vault::Fields::new();
    fields.set("name", ZOE).expect("a field");
    vault.put(7, &fields).expect("kept");
    drop(vault);
    let server = Server::again(directory, None).await;
    let shown = look(&server, &desk).await.json();
    assert_eq!(
        (&shown["data"]["name"], &shown["committed"]),
        (&ZOE.into(), &false.into())
    );
    let gone = server.send("DELETE", DATA, "", b"").await;
    assert_eq!(
        (gone.status, &gone.json()["status"]),
        (200, &"erased".into())
    );
    assert_eq!(as_the_books_say(&server).await.0, "erased");
}
