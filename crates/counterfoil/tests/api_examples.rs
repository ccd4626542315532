//! The examples of `docs/api.md`, run as they stand against a server on new books.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Server(Child, String);

impl Server {
    fn start(data: &Path) -> Self {
        let binary = env!("CARGO_BIN_EXE_counterfoil");
        let made = Command::new(binary)
            .arg("init")
            .arg("--data")
            .arg(data)
            .output();
        assert!(made.expect("the binary runs").status.success());
        let mut child = Command::new(binary)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--no-auth",
                "--clock",
                "manual",
                "--data",
            ])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut ready = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout)
            .read_line(&mut ready)
            .expect("a line");
        let address = ready
            .trim()
            .rsplit("http://")
            .next()
            .expect("an address")
            .to_owned();
        Self(child, address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn examples() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let text = std::fs::read_to_string(path).expect("the page is there");
    let mut script = String::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside {
            script.push_str(line);
            script.push('\n');
        }
    }
    script
}

#[test]
fn every_example_answers_as_the_page_says() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: no curl");
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let server = Server::start(&folder.path().join("books"));
    let script = examples().replace("127.0.0.1:7411", &server.1);
    let binary = Path::new(env!("CARGO_BIN_EXE_counterfoil"));
    let path = std::env::var("PATH").expect("bash is somewhere");
    let path = format!("{}:{path}", binary.parent().expect("a folder").display());
    let output = Command::new("bash")
        .args(["-euc", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .output()
        .expect("bash runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // In the order of the page.
    let expected = [
        "\"code\":\"CZK\"",
        "\"status\":\"created\"",
        "\"amount\":\"12.50\"",
        "\"debits_posted\":\"12.50\"",
        "\"kind\":\"ledger.declared\"",
        "\"kind\":\"transfer.created\"",
        "{\"events\":[],\"next\":",
        "id: 1\ndata: {\"position\":\"1\"",
        "\"secret\":\"whsec_",
        "\"state\":\"paused\"",
        "{\"removed\":",
        "\"id\":\"7\",\"status\":\"created\"",
        "\"id\":\"8\",\"status\":\"created\"",
        "\"id\":\"9\",\"status\":\"created\"",
        "\"kind\":\"merchant\"",
        "\"state\":\"wait_seller_send_goods\"",
        "\"role\":\"escrow\"",
        "]32\n",
        "\"listing\":0",
        "\"listing\":1",
        "\"listing\":1",
        "\"texts\":\"agree\"",
        "\"title\":\"Zelená čajová konvice\"",
        "\"matches\":\"1\"",
        "\"price\":\"299.00\"",
        "{\"in_force\":null}",
        "c2sp.org/tlog-proof@v1",
        "\"number\":\"1\"",
        "counterfoil/balance-proof@v1",
        "\"status\":\"created\"",
        "\"status\":\"created\"",
        "\"status\":\"created\"",
        "\"name\":\"Zoe Novak\"",
        "\"look\":\"1\"",
        "\"scope\":\"person\"",
        "\"name\":\"Zoe Novak\"",
        "\"reference\":\"C-1042\"",
        "c2sp.org/tlog-proof@v1",
        "\"status\":\"erased\"",
        "1800000000000000000",
        "128",
        "urn:counterfoil:status:exceeds_credits",
    ];
    let mut rest = &text[..];
    for part in expected {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part} is missing in:\n{rest}"));
        rest = &rest[at + part.len()..];
    }
    let refusals = text.matches("urn:counterfoil:").count();
    assert_eq!(
        refusals, 1,
        "only the example of a refusal is refused:\n{text}"
    );
}
