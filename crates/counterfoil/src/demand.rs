//! `demand`: demands for data, from what an authority asks to what it reads.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use demands::Scope;
use demands::age::Identity;
use model::document::{Document, STEPS, StepText};
use serde_json::{Value, json};

use crate::ask::integer;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Output, say};
use crate::rule::{hexadecimal, signing_key};
use crate::show;
use crate::target::{Target, with_client};

/// Demands for data: what an authority asks, what becomes of it, and what leaves.
#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  counterfoil demand check scope.txt
  counterfoil demand send scope.txt --class police --key authority.key
  counterfoil demand send request.xml --class police --key authority.key --authority 42
  counterfoil demand step 1 examined --by 41 --key staff.key
  counterfoil demand narrow 1 narrower.txt --by 41 --key staff.key --reason \"...\"
  counterfoil demand step 1 approved --by 41 --key staff.key
  counterfoil demand step 1 approved --by 45 --key other.key
  counterfoil demand answer 1 --out answer.age
  counterfoil demand read answer.age --key authority.key
  counterfoil demand show 1

docs/demands.md has the form of a scope, the steps, and who may take them.")]
pub enum Demand {
    /// Checks the form of a scope.
    Check {
        /// Its text.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    Send(Send),
    /// Lists the newest demands.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Shows a demand as everyone may see it, and what left by it.
    Show {
        #[command(flatten)]
        target: Target,
        /// Its serial.
        serial: u64,
    },
    /// Shows what a demand asks, sealed or not.
    Scope {
        #[command(flatten)]
        target: Target,
        /// Its serial.
        serial: u64,
    },
    Narrow(Narrow),
    Step(Taken),
    /// Answers a demand with rows, encrypted to the authority.
    Answer {
        #[command(flatten)]
        target: Target,
        /// Its serial.
        serial: u64,
        /// The file for the rows, not there yet.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The file for the message auth.002, where it came as auth.001.
        #[arg(long, value_name = "FILE")]
        message: Option<PathBuf>,
    },
    Totals(Totals),
    /// Decrypts an answer with the authority's own key.
    Read {
        /// The answer.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The file with the authority's private key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Shows a key as the tools of age take it.
    Identity {
        /// The file with the private key.
        #[arg(value_name = "FILE")]
        key: PathBuf,
        /// Prints the secret as well.
        #[arg(long)]
        secret: bool,
    },
}

/// Signs a demand and sends it.
#[derive(Args)]
pub struct Send {
    #[command(flatten)]
    target: Target,
    /// The text of a scope, or a message auth.001.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Class of the authority.
    #[arg(long)]
    class: String,
    /// The file with the authority's private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Of a message: the party that asks.
    #[arg(long, value_name = "ID", value_parser = integer)]
    authority: Option<u128>,
    /// Of a message: what it is for.
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// Of a message that is confidential: when it is opened at the latest.
    #[arg(long, value_name = "TIME")]
    sealed: Option<String>,
}

/// Who signs a step, and why.
#[derive(Args)]
pub struct Signer {
    /// Who signs.
    #[arg(long, value_name = "ID", value_parser = integer)]
    by: u128,
    /// The file with their private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What there is to say; a refusal, a narrowing and whatever a court does need 80 bytes.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "Looked at, and found in order."
    )]
    reason: String,
}

/// Keeps a narrower scope, and signs that less may leave.
#[derive(Args)]
pub struct Narrow {
    #[command(flatten)]
    target: Target,
    /// Serial of the demand.
    serial: u64,
    /// The text of the narrower scope.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    by: Signer,
}

/// Signs a step of a demand and enters it.
#[derive(Args)]
pub struct Taken {
    #[command(flatten)]
    target: Target,
    /// Serial of the demand.
    serial: u64,
    /// The step.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(STEPS))]
    step: String,
    #[command(flatten)]
    by: Signer,
    /// Of an extension: until when, as 2027-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Of an extension: the order of the court.
    #[arg(long, value_name = "TEXT")]
    order: Option<String>,
}

/// Answers a demand that names nobody, with noise.
#[derive(Args)]
pub struct Totals {
    #[command(flatten)]
    target: Target,
    /// Serial of the demand.
    serial: u64,
    /// What cells are made by: day, kind, tier.
    #[arg(long, value_delimiter = ',')]
    by: Vec<String>,
    /// Tiers there are.
    #[arg(long)]
    tiers: Option<u8>,
    /// With which amount a row counts at most, in minor units; without it there are no sums.
    #[arg(long)]
    sums: Option<u64>,
    /// How many rows of a party count.
    #[arg(long, default_value_t = 16)]
    rows: u32,
    /// How many parties a cell has at least.
    #[arg(long, default_value_t = 10)]
    minimum: u32,
    /// How private the answer is, as 1/2.
    #[arg(long, default_value = "1/2")]
    epsilon: String,
}

/// `demand`.
pub fn run(demand: &Demand, output: Output) -> Result<(), Failure> {
    match demand {
        Demand::Check { file } => {
            let scope = read_scope(file)?;
            output::write(format_args!("{scope}"));
            Ok(())
        }
        Demand::Send(send) => with_client(&send.target, |client| send.run(client, output)),
        Demand::List { target } => with_client(target, |client| list(client, output)),
        Demand::Show { target, serial } => with_client(target, |client| {
            print(&client.get(&format!("/v1/demands/{serial}"))?, output)
        }),
        Demand::Scope { target, serial } => with_client(target, |client| {
            let answer = client.get(&format!("/v1/demands/{serial}/scope"))?;
            show::print(&answer, output);
            Ok(())
        }),
        Demand::Narrow(narrow) => with_client(&narrow.target, |client| narrow.run(client, output)),
        Demand::Step(step) => with_client(&step.target, |client| step.run(client, output)),
        Demand::Answer {
            target,
            serial,
            out,
            message,
        } => with_client(target, |client| {
            answer(client, *serial, (out, message.as_deref()), output)
        }),
        Demand::Totals(totals) => with_client(&totals.target, |client| totals.run(client, output)),
        Demand::Read { file, key } => decrypt(file, key),
        Demand::Identity { key, secret } => identity(key, *secret, output),
    }
}

fn read_text(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    fs::read_to_string(file).map_err(|error| Failure::Input(format!("{name}: {error}")))
}

fn read_scope(file: &Path) -> Result<Scope, Failure> {
    let name = file.display();
    Scope::parse(&read_text(file)?).map_err(|error| Failure::Input(format!("{name}: {error}")))
}

/// The signature of a key over a text, in hexadecimal.
fn sign(key: &Path, text: &str) -> Result<String, Failure> {
    let signature = signing_key(key)?.sign_message(text.as_bytes());
    let signature = signature.map_err(|error| Failure::Input(format!("the key: {error}")))?;
    Ok(hexadecimal(&signature))
}

impl Send {
    fn run(&self, client: &mut Client, output: Output) -> Result<(), Failure> {
        let text = read_text(&self.file)?;
        let mut new = json!({ "class": self.class, "signature": sign(&self.key, &text)? });
        if text.starts_with("counterfoil/demand/v1\n") {
            read_scope(&self.file)?;
            new["scope"] = text.into();
        } else {
            let authority = self.authority.ok_or_else(|| {
                Failure::Input("a message needs --authority, the party that asks".to_owned())
            })?;
            new["message"] = text.into();
            new["authority"] = authority.to_string().into();
            for (name, value) in [("purpose", &self.purpose), ("sealed", &self.sealed)] {
                if let Some(value) = value {
                    new[name] = value.as_str().into();
                }
            }
        }
        print(&client.post("/v1/demands", &new)?, output)
    }
}

impl Signer {
    /// Signs a step and enters it.
    fn enter(&self, client: &mut Client, step: StepText, output: Output) -> Result<(), Failure> {
        let document = Document::Step(StepText {
            by: self.by,
            reasons: self.reason.clone(),
            ..step
        });
        let text = document.to_text();
        Document::parse(&text).map_err(|error| Failure::Input(error.to_string()))?;
        let body = json!({ "text": text, "signature": sign(&self.key, &text)? });
        client.post("/v1/documents", &body)?;
        let Document::Step(step) = document else {
            return Ok(());
        };
        print(
            &client.get(&format!("/v1/demands/{}", step.demand))?,
            output,
        )
    }
}

/// The place of a step.
fn place(step: &str) -> u8 {
    let place = STEPS.iter().position(|name| *name == step);
    place.unwrap_or_default() as u8
}

impl Narrow {
    fn run(&self, client: &mut Client, output: Output) -> Result<(), Failure> {
        let scope = read_scope(&self.file)?.to_string();
        let path = format!("/v1/demands/{}/scope", self.serial);
        let kept = client.post(&path, &json!({ "scope": scope }))?;
        let step = StepText {
            demand: self.serial,
            step: place("narrowed"),
            commitment: commitment(&kept)?,
            ..StepText::default()
        };
        self.by.enter(client, step, output)
    }
}

/// The commitment in an answer.
fn commitment(answer: &str) -> Result<[u8; 32], Failure> {
    let answer: Value = serde_json::from_str(answer).map_err(Failure::input)?;
    let text = answer["commitment"].as_str().unwrap_or_default();
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let none = || Failure::Input("the answer has no commitment".to_owned());
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(none)
}

impl Taken {
    fn run(&self, client: &mut Client, output: Output) -> Result<(), Failure> {
        let mut step = StepText {
            demand: self.serial,
            step: place(&self.step),
            order: self.order.clone().unwrap_or_default(),
            ..StepText::default()
        };
        if let Some(until) = &self.until {
            let second = demands::read_second(until).ok_or_else(|| {
                Failure::Input("--until is written as 2027-01-01T00:00:00Z".to_owned())
            })?;
            step.until = second * demands::SECOND;
        }
        // What is approved is what stands: whoever signs looks at it first.
        if self.step == "approved" {
            let scope = client.get(&format!("/v1/demands/{}/scope", self.serial))?;
            step.commitment = commitment(&scope)?;
        }
        self.by.enter(client, step, output)
    }
}

fn answer(
    client: &mut Client,
    serial: u64,
    (out, message): (&Path, Option<&Path>),
    output: Output,
) -> Result<(), Failure> {
    let open = |path: &Path| {
        let name = path.display().to_string();
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let opened = options.open(path);
        opened.map_err(|error| Failure::Input(format!("{name}: {error}")))
    };
    // Before anything is entered: what left and cannot be kept has left all the same.
    let mut file = open(out)?;
    let answer = client.post(&format!("/v1/demands/{serial}/answer"), &json!({}));
    let answer = answer.inspect_err(|_| drop(fs::remove_file(out)))?;
    let mut answer: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
    let bytes = STANDARD.decode(answer["file"].as_str().unwrap_or_default());
    let bytes = bytes.map_err(Failure::input)?;
    file.write_all(&bytes)
        .and_then(|()| file.sync_all())
        .map_err(|error| Failure::Input(format!("{}: {error}", out.display())))?;
    if let (Some(path), Some(text)) = (message, answer["message"].as_str()) {
        open(path)?
            .write_all(text.as_bytes())
            .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    }
    let disclosure = answer["disclosure"].take();
    show::print(&disclosure.to_string(), output);
    Ok(())
}

impl Totals {
    fn run(&self, client: &mut Client, output: Output) -> Result<(), Failure> {
        let mut question = json!({
            "by": self.by,
            "rows": self.rows,
            "minimum": self.minimum,
            "epsilon": self.epsilon,
        });
        if let Some(tiers) = self.tiers {
            question["tiers"] = tiers.into();
        }
        if let Some(sums) = self.sums {
            question["sums"] = sums.into();
        }
        let answer = client.post(&format!("/v1/demands/{}/totals", self.serial), &question)?;
        if output == Output::Json {
            show::print(&answer, output);
            return Ok(());
        }
        let answer: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
        output::write(format_args!(
            "{}",
            answer["table"].as_str().unwrap_or_default()
        ));
        Ok(())
    }
}

/// The seed of a private key of Ed25519.
fn own(key: &Path) -> Result<Identity, Failure> {
    let key = signing_key(key)?;
    let none = || Failure::Input("the key is none of Ed25519".to_owned());
    let seed = key.ed25519_seed().ok_or_else(none)?;
    Ok(Identity::of_ed25519(&seed))
}

fn decrypt(file: &Path, key: &Path) -> Result<(), Failure> {
    let name = file.display();
    let bytes = fs::read(file).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    let plain = own(key)?.decrypt(&bytes);
    let plain = plain.map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    output::write(format_args!("{}", String::from_utf8_lossy(&plain)));
    Ok(())
}

fn identity(key: &Path, secret: bool, output: Output) -> Result<(), Failure> {
    let own = own(key)?;
    let recipient = own.recipient().to_string();
    match (output, secret) {
        (Output::Text, true) => say!("# public key: {recipient}\n{}", *own.secret_text()),
        (Output::Text, false) => say!("{recipient}"),
        (Output::Json, true) => {
            say!(
                "{}",
                json!({ "recipient": recipient, "secret": *own.secret_text() })
            );
        }
        (Output::Json, false) => say!("{}", json!({ "recipient": recipient })),
    }
    Ok(())
}

/// How many there are, and the newest in a line each.
fn list(client: &mut Client, output: Output) -> Result<(), Failure> {
    let answer = client.get("/v1/demands")?;
    if output == Output::Json {
        show::print(&answer, output);
        return Ok(());
    }
    let view: Value = serde_json::from_str(&answer).map_err(Failure::input)?;
    let text = |view: &Value, name: &str| view[name].as_str().unwrap_or_default().to_owned();
    for one in view["newest"].as_array().into_iter().flatten() {
        let mut state = text(one, "state");
        for (name, says) in [("narrowed", ", narrowed"), ("sealed", ", sealed")] {
            if one[name] == true {
                state += says;
            }
        }
        if text(one, "overdue") == "yes" {
            state += ", overdue";
        }
        say!(
            "{:>8}  {:12}  {state}",
            text(one, "serial"),
            text(one, "class")
        );
    }
    say!(
        "{} demands, {} overdue, {} disclosures, {} looks",
        text(&view, "demands"),
        text(&view, "overdue"),
        text(&view, "disclosures"),
        text(&view, "lookups"),
    );
    Ok(())
}

/// The fields, and behind them the public lines as they stand.
fn print(answer: &str, output: Output) -> Result<(), Failure> {
    if output == Output::Json {
        show::print(answer, output);
        return Ok(());
    }
    let mut view: Value = serde_json::from_str(answer).map_err(Failure::input)?;
    let mut part = |name: &str| view.as_object_mut().and_then(|view| view.remove(name));
    let (text, left) = (part("text"), part("left"));
    show::print(&view.to_string(), output);
    for left in left
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        output::write(format_args!("\n"));
        show::print(&left.to_string(), output);
    }
    if let Some(Value::String(text)) = text {
        output::write(format_args!("\n{text}"));
    }
    Ok(())
}
