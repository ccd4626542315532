use crate::client::Server;

/// The browser is told to fetch the page's own script, style and code, and nothing else.
#[tokio::test]
async fn the_page_comes_with_what_it_needs() {
    let server = Server::open().await;
    for (path, media) in [
        ("/verify", "text/html; charset=utf-8"),
        ("/verify.js", "text/javascript; charset=utf-8"),
        ("/verify.css", "text/css; charset=utf-8"),
        ("/verify.wasm", "application/wasm"),
    ] {
        let asset = server.get(path).await;
        assert_eq!(asset.status, 200, "{path}");
        assert_eq!(asset.header("content-type"), Some(media));
        assert_eq!(asset.header("x-content-type-options"), Some("nosniff"));
        let policy = asset.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }
    let page = server.get("/verify").await;
    for part in ["/verify.js", "/verify.css"] {
        assert!(page.text().contains(part), "{part}");
    }
    // What the policy forbids would not work in the page.
    for forbidden in ["<style", "style=\"", "onclick=", "<script>", "http://"] {
        assert!(!page.text().contains(forbidden), "{forbidden}");
    }
    assert!(
        server
            .get("/verify.wasm")
            .await
            .body
            .starts_with(b"\0asm\x01\0\0\0")
    );
}
