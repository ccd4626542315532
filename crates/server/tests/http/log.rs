use std::time::{Duration, Instant};

use merkle::checkpoint::Checkpoint;
use merkle::note::Note;
use merkle::policy::Policy;
use merkle::tile::{Bundle, Tile, TileSet, new_bundles, tiles};

use crate::client::{BULK, Reply, Server, crowns, log_verifier, pay};

/// The checkpoint of a reply, which must hold.
fn trusted(reply: &Reply) -> Checkpoint {
    let note = Note::parse(&reply.body).expect("a note");
    let trusted = Policy::of_log(log_verifier())
        .check(&note)
        .expect("it holds");
    trusted.checkpoint
}

#[tokio::test]
async fn a_commit_is_in_a_checkpoint_within_a_second() {
    let server = Server::signing(None).await;
    crowns(&server).await;
    for id in 1..=3 {
        let batches = server.books.stats().batches;
        pay(&server, id).await;
        #[expect(clippy::disallowed_methods, reason = "it is about how long it takes")]
        let paid = Instant::now();
        let covers = |reply: &Reply| reply.status == 200 && trusted(reply).head.size > batches;
        let reply = server.until("/log/checkpoint", covers).await;
        assert!(
            paid.elapsed() < Duration::from_secs(1),
            "{:?}",
            paid.elapsed()
        );
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        let cache = reply.header("cache-control").expect("a bound on caches");
        assert!(cache.contains("max-age=1,"), "{cache}");
        assert_eq!(trusted(&reply).origin, "books.example/log");
    }
    let none = server.get("/log/witnessed").await;
    none.refused(404, "no_checkpoint");
    assert_eq!(none.header("cache-control"), Some("no-store"));
}

/// What anyone downloads leads to the root that was signed, at every size on the way.
#[tokio::test]
async fn tiles_lead_to_the_signed_root() {
    let server = Server::signing(None).await;
    crowns(&server).await;
    for id in 1..=300 {
        pay(&server, id).await;
    }
    let batches = server.books.stats().batches;
    assert!(batches > 256);
    let all = |reply: &Reply| reply.status == 200 && trusted(reply).head.size == batches;
    let head = trusted(&server.until("/log/checkpoint", all).await).head;
    let mut set = TileSet::new();
    for tile in tiles(head.size) {
        let reply = server.get(&format!("/log/{}", tile.path())).await;
        assert_eq!(
            (reply.status, reply.body.len()),
            (200, tile.length()),
            "{tile:?}"
        );
        assert_eq!(reply.header("content-type"), Some(BULK));
        let cache = reply.header("cache-control");
        assert_eq!(cache, Some("public, max-age=31536000, immutable"));
        set.insert(tile, &reply.body).expect("a tile");
    }
    set.check(&head).expect("they lead to the root");
    let mut leaves = Vec::new();
    for bundle in new_bundles(0, head.size) {
        let reply = server.get(&format!("/log/{}", bundle.path())).await;
        let entries = bundle.split(&reply.body).expect("a bundle");
        leaves.extend(entries.into_iter().map(merkle::leaf));
    }
    assert_eq!(merkle::root_of(&mut leaves), head.root);
    partial_widths(&server, head.size).await;
}

/// Every width up to what is there is served, with the beginning of what follows; no more.
async fn partial_widths(server: &Server, size: u64) {
    let full = server.get("/log/tile/0/000").await.body;
    for width in [1, 2, 100, 255] {
        let tile = server.get(&format!("/log/tile/0/000.p/{width}")).await;
        assert_eq!(tile.body, full[..width * 32], "{width}");
    }
    let there = Tile::of_tree(0, 1, size).expect("it is there").width;
    let bundle = Bundle {
        index: 1,
        width: there,
    };
    let last = server.get(&format!("/log/{}", bundle.path())).await;
    assert_eq!(
        bundle.split(&last.body).expect("a bundle").len(),
        usize::from(there)
    );
    for missing in [
        "0/001",
        "0/002.p/1",
        "2/000.p/1",
        "63/000",
        "entries/001",
        "0/x001/000",
    ] {
        let reply = server.get(&format!("/log/tile/{missing}")).await;
        let problem = reply.refused(404, "no_tile");
        let detail = problem["detail"].as_str().expect("text");
        assert!(
            detail.contains("/log/checkpoint says its size"),
            "{missing}: {detail}"
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    let one_more = format!("/log/tile/0/001.p/{}", there + 1);
    server.get(&one_more).await.refused(404, "no_tile");
}

#[tokio::test]
async fn other_paths_are_told_what_a_right_one_looks_like() {
    let server = Server::signing(None).await;
    crowns(&server).await;
    for wrong in [
        "0/0",
        "0/0000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "00/000",
        "64/000",
        "-1/000",
        "0/x000/000",
        "0/000/",
        "0/000.p/",
        "entries",
        "entries/0",
        "data/000",
        "0/%30%30%30",
        "0//000",
    ] {
        let reply = server.get(&format!("/log/tile/{wrong}")).await;
        let problem = reply.refused(404, "no_tile");
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains("tile/0/x001/x234/067"), "{wrong}: {detail}");
    }
    server
        .get("/log/tile/")
        .await
        .refused(404, "route_not_found");
    let wrong = server.send("POST", "/log/tile/0/000", "", b"").await;
    let problem = wrong.refused(405, "method_not_allowed");
    assert_eq!(problem["detail"], "The route takes GET.");
}

#[tokio::test]
async fn heads_have_no_bodies() {
    let server = Server::signing(None).await;
    server
        .until("/log/checkpoint", |reply| reply.status == 200)
        .await;
    crowns(&server).await;
    let length = server.get("/log/tile/0/000.p/2").await.body.len();
    let mut client = server.connect().await;
    client
        .write(b"HEAD /log/tile/0/000.p/2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    let head = client.head().await;
    assert_eq!(head.status, 200);
    assert_eq!(
        head.header("content-length"),
        Some(length.to_string().as_str())
    );
}

#[tokio::test]
async fn books_without_a_key_say_so() {
    let server = Server::open().await;
    crowns(&server).await;
    pay(&server, 1).await;
    for path in [
        "/log/checkpoint",
        "/log/witnessed",
        "/v1/transfers/1/receipt",
    ] {
        let problem = server.get(path).await.refused(404, "no_checkpoint");
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains("sign no checkpoints"), "{path}: {detail}");
    }
}
