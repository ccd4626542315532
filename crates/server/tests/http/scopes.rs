use std::path::Path;
use std::time::Duration;

use server::auth::{self, Scope};
use server::{Access, Auth, Clock, TABLE};

use crate::client::{BULK, JSON, Server, bearer, bound, log_key, one_of_each_scope};

fn tokens(data: &Path) -> Auth {
    one_of_each_scope(data);
    Auth::Tokens(data.to_owned())
}

/// Whether a token opens a route.
fn opens(access: Access, scope: Scope, is_bound: bool) -> bool {
    match access {
        Access::Open => true,
        Access::Person => is_bound,
        Access::Needs(needed) => scope >= needed,
    }
}

/// Every route with every scope, bound and not, and with none.
#[tokio::test]
async fn all_routes_by_all_scopes() {
    let mut texts = Vec::new();
    let make = |data: &Path| {
        for (scope, text) in Scope::ALL.into_iter().zip(one_of_each_scope(data)) {
            texts.push((scope, scope == Scope::Person, text));
        }
        for scope in Scope::ALL {
            let name = format!("{}-of-8", scope.name());
            let text = auth::create(data, &name, bound(scope, 8, None), 0);
            texts.push((scope, true, text.expect("a token")));
        }
        Auth::Tokens(data.to_owned())
    };
    let server = Server::start_with(make, Clock::Manual, Some(log_key()), None).await;
    server
        .until("/log/checkpoint", |reply| reply.status == 200)
        .await;
    let mut client = server.connect().await;
    for route in &TABLE {
        let path = route
            .path
            .replace("{id}", "1")
            .replace("{serial}", "1")
            .replace("{page}", "0")
            .replace("{*path}", "0/000.p/1");
        let path = path.replace("{number}", "1").replace("{line}", "0");
        // Nobody cosigns here, and there is nothing to be in a tile.
        let missing = ["/log/witnessed", "/log/tile/0/000.p/1"].contains(&path.as_str());
        // Nor are there parties.
        let named = route.path.contains('{') || route.access == Access::Person;
        for media in [JSON, BULK] {
            let mut status = async |token: Option<&str>| {
                let headers = token.map(bearer).unwrap_or_default();
                let headers = format!("Content-Type: {media}\r\n{headers}");
                let method = route.method.as_str();
                client.send(method, &path, &headers, b"").await.status
            };
            if route.access == Access::Open {
                let open = if missing { 404 } else { 200 };
                assert_eq!(status(None).await, open, "{path}");
                assert_eq!(status(Some("cf_read_x")).await, open, "{path}");
                continue;
            }
            assert_eq!(status(None).await, 401, "{path}");
            assert_eq!(status(Some("x")).await, 401, "{path}");
            for (from, to) in [("person", "admin"), ("read", "admin"), ("admin", "person")] {
                let (.., text) = texts
                    .iter()
                    .find(|(scope, ..)| scope.name() == from)
                    .expect("one");
                let forged = text.replace(from, to);
                assert_eq!(status(Some(&forged)).await, 401, "{path}");
            }
            for (scope, is_bound, token) in &texts {
                let status = status(Some(token)).await;
                let says = format!("{path} {scope:?} {is_bound}: {status}");
                // Personal data are shown to the staff alone, whose scope is not enough.
                let of_staff = path == "/v1/parties/1/data" && route.method == "GET";
                if of_staff && *scope == Scope::Admin {
                    assert_eq!(status, if *is_bound { 422 } else { 403 }, "{says}");
                } else if opens(route.access, *scope, *is_bound) {
                    assert!(![401, 403].contains(&status), "{says}");
                    assert!(![404, 405].contains(&status) || named, "{says}");
                } else {
                    assert_eq!(status, 403, "{says}");
                }
            }
        }
    }
}

#[tokio::test]
async fn refusals_say_how_to_get_in_and_keep_the_token() {
    let server = Server::start(tokens, Clock::System).await;
    let none = server.get("/v1/ledgers").await;
    none.refused(401, "unauthorized");
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    let secret = "cf_admin_0123456789abcdef";
    let headers = format!("Authorization: Bearer {secret}\r\n");
    let wrong = server.send("GET", "/v1/ledgers", &headers, b"").await;
    wrong.refused(401, "unauthorized");
    assert!(!wrong.text().contains("0123456789"));
    // With tokens a browser's page may call: it has to know one.
    let headers = "Origin: https://example.org\r\n";
    assert_eq!(
        server.send("GET", "/health", headers, b"").await.status,
        200
    );
}

#[tokio::test]
async fn a_revoked_token_stops_working_and_a_new_one_works() {
    let server = Server::start(tokens, Clock::System).await;
    let text = auth::create(&server.data(), "late", Scope::Read, 0).expect("a token");
    let headers = format!("Authorization: Bearer {text}\r\n");
    let status = async || {
        server
            .send("GET", "/v1/ledgers", &headers, b"")
            .await
            .status
    };
    let becomes = async |wanted: u16| {
        for _ in 0..100 {
            if status().await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it never became {wanted}");
    };
    becomes(200).await;
    auth::revoke(&server.data(), "late").expect("it was there");
    becomes(401).await;
    // A file that cannot be read admits nobody.
    std::fs::write(auth::token_file(&server.data()), "nonsense").expect("written");
    becomes(401).await;
}

/// Who may write may not say who signs, what rules compare, nor let go what they hold.
#[tokio::test]
async fn acts_of_administration_need_its_scope() {
    let mut texts = Vec::new();
    let make = |data: &Path| {
        texts = one_of_each_scope(data);
        Auth::Tokens(data.to_owned())
    };
    let server = Server::start_with(make, Clock::Manual, Some(log_key()), None).await;
    let mut client = server.connect().await;
    let commands = [
        r#"{"id":"1","act":"figure_set","name":"net_assets","value":"1","day":"2026-01-01"}"#,
        r#"[{"id":"2","act":"party_open","party":"1","kind":"staff"},
            {"id":"3","act":"party_key_set","party":"1","key":"01","key_more":"02"}]"#,
        r#"{"id":"4","act":"finding_review","command":"1","number":1,"outcome":"allow"}"#,
    ];
    for command in commands {
        for (scope, token) in Scope::ALL.into_iter().zip(&texts) {
            let headers = format!("Content-Type: {JSON}\r\nAuthorization: Bearer {token}\r\n");
            let reply = client
                .send("POST", "/v1/commands", &headers, command.as_bytes())
                .await;
            let forbidden = reply.status == 403;
            assert_eq!(forbidden, scope < Scope::Admin, "{scope:?} {command}");
        }
    }
}
