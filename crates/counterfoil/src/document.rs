//! `document`: what authorities say: signs and enters it, shows it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use merkle::key::SigningKey;
use model::document::Document as Text;
use serde_json::{Value, json};

use crate::ask::integer;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::rule::hexadecimal;
use crate::show;

/// Mandates, decisions, fulfilments, appeals, assessments and comments: signed texts that the books
/// keep.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil document check decision.txt
  counterfoil document enter decision.txt --key authority.key
  counterfoil document mandate 42
  counterfoil document decision 42 1

The key is that of whoever the text names as its signer; the books know it by `act party_key_set`.
docs/decisions.md has the forms.")]
pub enum Document {
    /// Checks the form of a document.
    Check {
        /// The text.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Signs a document and enters it.
    Enter {
        /// The text.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The file with the private key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Shows a document by its SHA-256.
    Show { sha256: String },
    /// Shows what an authority may decide.
    Mandate {
        /// The authority, decimal or 0x hexadecimal.
        #[arg(value_parser = integer)]
        authority: u128,
    },
    /// Shows a decision of an authority as it stands.
    Decision {
        /// The authority, decimal or 0x hexadecimal.
        #[arg(value_parser = integer)]
        authority: u128,
        /// Its number, from 1.
        number: u64,
    },
}

/// `document check` needs no books.
pub fn check(file: &Path, output: Output) -> Result<(), Failure> {
    let document = read(file)?;
    let kind = model::document::DOCUMENT_KINDS[usize::from(document.kind())];
    let signer = document.signer().to_string();
    show::print(
        &json!({ "kind": kind, "signer": signer }).to_string(),
        output,
    );
    Ok(())
}

/// `document`, on books.
pub fn run(document: &Document, client: &mut Client, output: Output) -> Result<(), Failure> {
    let answer = match document {
        Document::Check { file } => return check(file, output),
        Document::Enter { file, key } => {
            let text = read(file)?.to_text();
            let line = signing_key(key)?.sign_note_text(&text);
            let line = line.map_err(|error| Failure::Input(format!("the key: {error}")))?;
            let signature = hexadecimal(&line.bytes);
            let body = json!({ "text": text, "signature": signature });
            client.post("/v1/documents", &body)?
        }
        Document::Show { sha256 } => client.get(&format!("/v1/documents/{sha256}"))?,
        Document::Mandate { authority } => client.get(&format!("/v1/mandates/{authority}"))?,
        Document::Decision { authority, number } => {
            client.get(&format!("/v1/decisions/{authority}/{number}"))?
        }
    };
    print(&answer, output)
}

/// The fields, and behind them the text as it stands.
fn print(answer: &str, output: Output) -> Result<(), Failure> {
    if output == Output::Json {
        show::print(answer, output);
        return Ok(());
    }
    let mut view: Value = serde_json::from_str(answer).map_err(Failure::input)?;
    let text = view.as_object_mut().and_then(|view| view.remove("text"));
    show::print(&view.to_string(), output);
    if let Some(Value::String(text)) = text {
        output::write(format_args!("\n{text}"));
    }
    Ok(())
}

fn read(file: &Path) -> Result<Text, Failure> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| Failure::Input(format!("{name}: {error}")));
    Text::parse(&text?).map_err(|error| Failure::Input(format!("{name}: {error}")))
}

fn signing_key(path: &Path) -> Result<SigningKey, Failure> {
    let name = path.display();
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    SigningKey::parse(text.trim_end()).map_err(|error| Failure::Input(format!("{name}: {error}")))
}
