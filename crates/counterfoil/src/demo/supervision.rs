//! The day after: a rule refuses, a decision takes effect and is lifted, a demand for data is narrowed,
//! answered and noticed, another one is sealed. All of it over HTTP, signed by keys of the demo's own.
//!
//! It is asked for in the same words each time, so a directory that has it already answers alike; once
//! the demand is closed nothing of it is asked again.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use demands::age::Identity;
use engine::RuleBookEntry;
use merkle::key::{KeyKind, SigningKey};
use model::document::{
    AssessmentText, CommentText, DecisionText, Document, MandateText, Step, StepText,
};
use model::form::text_to_integer;
use model::object::{DecisionKind, Measure};
use model::product::PRODUCTS;
use model::rule::bytes;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::day::{EURO, MIDNIGHT};
use super::{HOUR, SECOND};
use crate::client::Client;
use crate::config;
use crate::failure::Failure;
use crate::rule::assessment::assessed;
use crate::rule::hexadecimal;

const STAFF: u128 = 41;
const BANK: u128 = 42;
const POLICE: u128 = 43;
const COURT: u128 = 44;
const SECOND_STAFF: u128 = 45;
/// Two customers of the day.
const CUSTOMER: u128 = 1_000;
const OTHER: u128 = 1_001;

/// What nobody of the house may pay more than in a day, and a draft that halves it.
const RULES: &str = include_str!("rules.toml");
const DRAFT: &str = include_str!("draft.toml");

const MANDATE: &str = "Entered as the law asks; its text is in the file of the compliance office.";
const STOP: &str = "Draws of gifts were not shown to those who took part. Until they are, nobody \
                    sends a gift.";
const LIFT: &str = "The proofs of draws are public since this morning, and any of them can be made \
                    again. What was stopped goes on.";
const NARROWED: &str = "The order of the prosecutor names one of the two persons. What leaves is \
                        about that one alone, and about the kinds of payments that it names.";

const COMMENT: &str =
    "Half of it is enough for what is bought there on a day; say so before it begins.";

/// The assessment as it was published, below the demo's folder.
const ASSESSMENT: &str = "assessment.txt";

/// What the summary says of it.
#[derive(Debug, Serialize)]
pub(super) struct Supervision {
    /// Why a rule refused a payment.
    rule: String,
    /// Why a decision did.
    decision: String,
    /// How the decision stands.
    decision_state: String,
    /// How the demand for data stands, and whether it was narrowed.
    demand: String,
    narrowed: bool,
    /// Rows that its authority reads, as it was entered and as it decrypts them.
    rows: String,
    read: usize,
    /// Of the sealed demand: its class, and whether it is sealed.
    sealed: (String, bool),
    /// Payments of the draft, and those that it would not have let through, once it was tried.
    pub(super) tried: Option<(u64, u64)>,
}

/// Whoever signs.
struct Keys {
    seed: u64,
}

impl Keys {
    fn of(&self, party: u128) -> Result<SigningKey, Failure> {
        let seed = Sha256::digest(format!("counterfoil demo {} {party}", self.seed));
        let name = format!("demo.example/{party}");
        SigningKey::generate(&name, KeyKind::Ed25519, seed.into()).map_err(Failure::input)
    }

    fn sign(&self, party: u128, text: &str) -> Result<[u8; 64], Failure> {
        let signature = self.of(party)?.sign_message(text.as_bytes());
        let signature = signature.map_err(Failure::input)?;
        let none = |_| Failure::Input("the signature is none of Ed25519".to_owned());
        signature.try_into().map_err(none)
    }

    fn enter(&self, client: &mut Client, document: &Document) -> Result<(), Failure> {
        let text = document.to_text();
        let signature = self.sign(document.signer(), &text)?;
        let body = json!({ "text": text, "signature": hexadecimal(&signature) });
        client.post("/v1/documents", &body).map(drop)
    }
}

/// Lives through it where it was not, and sums it up. `folder` gets the keys and the answer.
pub(super) fn live(client: &mut Client, seed: u64, folder: &Path) -> Result<Supervision, Failure> {
    let keys = Keys { seed };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let is_over = state_of(client)? == "closed";
    if !is_over {
        appoint(client, &keys, folder)?;
        pay_too_much(client, &keys)?;
        decide(client, &keys)?;
        demand(client, &keys, folder)?;
    }
    sum_up(client, &keys, folder)
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Input(format!("{}: {error}", path.display()))
}

fn answer_file(folder: &Path) -> PathBuf {
    folder.join("answer.age")
}

/// How the first demand stands; nothing while there is none.
fn state_of(client: &mut Client) -> Result<String, Failure> {
    let all = view(&client.get("/v1/demands")?)?;
    if text(&all, "demands") == "0" {
        return Ok(String::new());
    }
    let demand = view(&client.get("/v1/demands/1")?)?;
    Ok(text(&demand, "state"))
}

fn view(answer: &str) -> Result<Value, Failure> {
    serde_json::from_str(answer).map_err(Failure::input)
}

fn text(view: &Value, name: &str) -> String {
    match &view[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Staff, authorities and a court, each with a key and the authorities with a mandate.
fn appoint(client: &mut Client, keys: &Keys, folder: &Path) -> Result<(), Failure> {
    let mut commands = Vec::new();
    for (party, kind) in [
        (STAFF, "staff"),
        (SECOND_STAFF, "staff"),
        (BANK, "authority"),
        (POLICE, "authority"),
        (COURT, "authority"),
    ] {
        let key = keys.of(party)?;
        let public = hexadecimal(key.verifier().public_key());
        let (first, second) = public.split_at(32);
        commands.push(
            json!({ "id": (940_000 + party).to_string(), "act": "party_open",
            "party": party.to_string(), "kind": kind }),
        );
        commands.push(
            json!({ "id": (940_100 + party).to_string(), "act": "party_key_set",
            "party": party.to_string(), "key": first, "key_more": second }),
        );
        let file = folder.join(format!("{party}.key"));
        if !file.exists() {
            config::write_key(&file, &key)?;
        }
    }
    carried_out(client, &commands)?;
    let lifting = 1 << DecisionKind::Restriction as u8 | 1 << DecisionKind::Lifting as u8;
    for (authority, court, decides) in [(BANK, 0, lifting), (POLICE, 0, 0), (COURT, 1, 0)] {
        let mandate = MandateText {
            authority,
            number: 1,
            by: STAFF,
            law: "Payments Act".to_owned(),
            jurisdiction: text_to_integer("EU").unwrap_or_default(),
            court,
            decides,
            products: if decides == 0 { 0 } else { 1 << gift() },
            reasons: MANDATE.to_owned(),
            ..MandateText::default()
        };
        keys.enter(client, &Document::Mandate(mandate))?;
    }
    Ok(())
}

fn gift() -> u8 {
    let place = PRODUCTS.iter().position(|name| *name == "gift");
    place.unwrap_or_default() as u8
}

fn carried_out(client: &mut Client, commands: &[Value]) -> Result<(), Failure> {
    for (outcome, command) in client.commands(commands)?.iter().zip(commands) {
        if !matches!(outcome.status.as_str(), "created" | "exists") {
            return Err(Failure::Input(format!("{command}: {}", outcome.detail)));
        }
    }
    Ok(())
}

/// A command that has to be refused by a rule or a decision.
fn refused(client: &mut Client, command: &Value) -> Result<(), Failure> {
    for outcome in client.commands(std::slice::from_ref(command))? {
        if outcome.status != "refused_by_rule" {
            let (status, detail) = (outcome.status, outcome.detail);
            return Err(Failure::Check(format!("{command}: {status} {detail}")));
        }
    }
    Ok(())
}

/// Rules come into force, and a payment goes beyond them.
fn pay_too_much(client: &mut Client, keys: &Keys) -> Result<(), Failure> {
    let file = rulebook::read(RULES).map_err(|error| Failure::Input(error.to_string()))?;
    let entry = RuleBookEntry {
        bytes: bytes::encode(&file.book),
        version: 1,
        begins: 0,
        party: STAFF,
        signature: [0; 64],
    };
    let signature = keys.sign(STAFF, &entry.note_text())?;
    let body = json!({ "rules": RULES, "version": 1, "party": STAFF.to_string(),
        "signature": hexadecimal(&signature) });
    client.post("/v1/rules", &body)?;
    let pay = |id: u32, amount: &str| {
        json!({ "id": id.to_string(), "act": "pay", "payer": CUSTOMER.to_string(),
            "payee": OTHER.to_string(), "ledger": EURO, "amount": amount })
    };
    let top_up = json!({ "id": "940200", "act": "top_up", "party": CUSTOMER.to_string(),
        "ledger": EURO, "amount": "100.00", "funding": "bank" });
    carried_out(client, &[top_up, pay(940_201, "40.00")])?;
    refused(client, &pay(940_202, "20.00"))
}

/// An authority stops a product, and lets it go on.
fn decide(client: &mut Client, keys: &Keys) -> Result<(), Failure> {
    let decision = |number, kind: DecisionKind, reasons: &str| DecisionText {
        authority: BANK,
        number,
        kind: kind as u8,
        law: "Payments Act".to_owned(),
        article: "section 7".to_owned(),
        jurisdiction: text_to_integer("EU").unwrap_or_default(),
        reasons: reasons.to_owned(),
        ..DecisionText::default()
    };
    let stop = DecisionText {
        product: gift(),
        measure: Measure::Stop as u8,
        appeal_until: (MIDNIGHT + 60 * 24 * HOUR) * SECOND,
        appeal_to: COURT,
        ..decision(1, DecisionKind::Restriction, STOP)
    };
    keys.enter(client, &Document::Decision(stop))?;
    let lifted = view(&client.get(&format!("/v1/decisions/{BANK}/1"))?)?;
    if text(&lifted, "state") != "lifted" {
        let send = json!({ "id": "940300", "act": "gift_send", "sender": CUSTOMER.to_string(),
            "ledger": EURO, "kind": "equal", "amount": "1.00", "parts": 2,
            "seed": "00000000000000000000000000000001" });
        refused(client, &send)?;
    }
    let lifting = DecisionText {
        lifts: 1,
        ..decision(2, DecisionKind::Lifting, LIFT)
    };
    keys.enter(client, &Document::Decision(lifting))
}

/// The text of a scope about these persons.
fn scope(persons: &[u128], reference: &str, kinds: &str, sealed: &str) -> String {
    let ids: Vec<_> = persons.iter().map(|id| format!("{id:032x}")).collect();
    let (from, to) = (MIDNIGHT, MIDNIGHT + 2 * 24 * HOUR);
    format!(
        "counterfoil/demand/v1\nauthority {POLICE:032x}\nreference {reference}\n\
         basis Criminal Procedure Act, section 94\npurpose tracing of a fraud\n\
         subjects persons {}\nroles owner\nfields account,time,kind,party,side,amount\n\
         kinds {kinds}\nfrom {}\nto {}\nsealed {sealed}\n",
        ids.join(","),
        demands::second_text(from),
        demands::second_text(to),
    )
}

/// A demand goes all its way, and another one is sealed.
fn demand(client: &mut Client, keys: &Keys, folder: &Path) -> Result<(), Failure> {
    let opens = demands::second_text(MIDNIGHT + 365 * 24 * HOUR);
    let wide = scope(&[CUSTOMER, OTHER], "INV-1", "any", "no");
    for text in [&wide, &scope(&[OTHER], "INV-2", "any", &opens)] {
        let signature = keys.sign(POLICE, text)?;
        let new = json!({ "class": "police", "scope": text, "signature": hexadecimal(&signature) });
        client.post("/v1/demands", &new)?;
    }
    let step = |client: &mut Client, by: u128, step: Step, commitment: [u8; 32], reasons: &str| {
        let text = StepText {
            by,
            demand: 1,
            step: step as u8,
            commitment,
            reasons: reasons.to_owned(),
            ..StepText::default()
        };
        keys.enter(client, &Document::Step(text))
    };
    let none = [0; 32];
    step(
        client,
        STAFF,
        Step::Examined,
        none,
        "The signature and the basis are in order.",
    )?;
    let less = scope(&[CUSTOMER], "INV-1", "pay,top_up", "no");
    let kept = view(&client.post("/v1/demands/1/scope", &json!({ "scope": less }))?)?;
    let commitment = digest(&text(&kept, "commitment"))?;
    step(client, STAFF, Step::Narrowed, commitment, NARROWED)?;
    for by in [STAFF, SECOND_STAFF] {
        let looked = "Read, and no more than the order asks for.";
        step(client, by, Step::Approved, commitment, looked)?;
    }
    if !answer_file(folder).exists() {
        let answer = view(&client.post("/v1/demands/1/answer", &json!({}))?)?;
        let file = STANDARD
            .decode(text(&answer, "file"))
            .map_err(Failure::input)?;
        let path = answer_file(folder);
        fs::write(&path, file).map_err(|error| failed(&path, &error))?;
    }
    step(
        client,
        STAFF,
        Step::Noticed,
        none,
        "The person was written to.",
    )?;
    step(client, STAFF, Step::Closed, none, "Nothing is left to do.")
}

fn digest(text: &str) -> Result<[u8; 32], Failure> {
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

fn sum_up(client: &mut Client, keys: &Keys, folder: &Path) -> Result<Supervision, Failure> {
    let mut said = |command: u32| -> Result<String, Failure> {
        let found = view(&client.get(&format!("/v1/findings/{command}"))?)?;
        let first = found.as_array().and_then(|all| all.first()).cloned();
        let first = first.unwrap_or_else(|| found["findings"][0].clone());
        Ok(text(&first, "says"))
    };
    let (rule, decision) = (said(940_202)?, said(940_300)?);
    let stands = view(&client.get(&format!("/v1/decisions/{BANK}/1"))?)?;
    let demand = view(&client.get("/v1/demands/1")?)?;
    let sealed = view(&client.get("/v1/demands/2")?)?;
    let path = answer_file(folder);
    let file = fs::read(&path).map_err(|error| failed(&path, &error))?;
    let key = keys.of(POLICE)?;
    let seed = key.ed25519_seed();
    let seed = seed.ok_or_else(|| Failure::Input("the key has no seed".to_owned()))?;
    let plain = Identity::of_ed25519(&seed).decrypt(&file);
    let plain = plain.map_err(|error| Failure::Check(error.to_string()))?;
    let read = String::from_utf8_lossy(&plain).lines().count() - 1;
    Ok(Supervision {
        rule,
        decision,
        decision_state: text(&stands, "state"),
        demand: text(&demand, "state"),
        narrowed: demand["narrowed"] == true,
        rows: text(&demand["left"][0], "rows"),
        read,
        sealed: (text(&sealed, "class"), sealed["sealed"] == true),
        tried: None,
    })
}

impl Supervision {
    /// The same in sentences.
    pub(super) fn told(&self) -> String {
        let mut told = format!(
            "the day after, supervised:\n  a rule refuses: {}\n  an authority decides: {}\n  and the \
             decision is {}\n  a demand for data is {}, answered with {} rows, {} of which the \
             authority reads, and {}\n  another one, of a {} authority, is sealed",
            self.rule,
            self.decision,
            self.decision_state,
            if self.narrowed {
                "narrowed"
            } else {
                "as it came"
            },
            self.rows,
            self.read,
            self.demand,
            self.sealed.0,
        );
        if let Some((judged, stopped)) = self.tried {
            let tried = format!("of {judged} payments it stops {stopped}");
            told.push_str("\n  a draft that halves the limit is tried: ");
            told.push_str(&tried);
        }
        told
    }
}

/// Tries the draft on the closed books: what would have come of it, as a text that can be published.
pub(super) fn try_draft(data: &Path) -> Result<AssessmentText, Failure> {
    let file = rulebook::read(DRAFT).map_err(|error| Failure::Input(error.to_string()))?;
    let draft = engine::Draft {
        book: &file.book,
        from: 0,
        to: 0,
        always: true,
        taken_as: machine::rules::TakenAs::default(),
        kinds: std::collections::BTreeMap::new(),
        roles: std::collections::BTreeMap::new(),
    };
    let done = engine::assess(data, &draft, &|_| {}).map_err(Failure::input)?;
    Ok(AssessmentText {
        by: STAFF,
        title: file.title.clone(),
        comments_until: (MIDNIGHT + 50 * 24 * HOUR) * SECOND,
        ..assessed(&draft, &done)
    })
}

/// Whether the assessment of the draft is to be published still.
pub(super) fn is_unpublished(folder: &Path) -> bool {
    !folder.join(ASSESSMENT).exists()
}

/// Publishes the assessment, and an authority says something to it.
pub(super) fn publish(
    client: &mut Client,
    seed: u64,
    (folder, assessment): (&Path, &AssessmentText),
) -> Result<(), Failure> {
    let keys = Keys { seed };
    let document = Document::Assessment(assessment.clone());
    keys.enter(client, &document)?;
    let comment = CommentText {
        by: BANK,
        assessment: Sha256::digest(document.to_text()).into(),
        reasons: COMMENT.to_owned(),
    };
    keys.enter(client, &Document::Comment(comment))?;
    let path = folder.join(ASSESSMENT);
    fs::write(&path, document.to_text()).map_err(|error| failed(&path, &error))
}
