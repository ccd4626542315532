//! The corpus of good and damaged proofs, which other programs made and other verifiers judge as
//! well (`tests/corpus`): every case gets the verdict that is written beside it.

use std::fs;
use std::path::Path;

use merkle::note::decode_base64;
use merkle::policy::Policy;
use proofs::Code;
use serde_json::Value;

fn bytes(case: &Value, name: &str) -> Option<Vec<u8>> {
    let text = case.get(name)?.as_str()?;
    Some(decode_base64(text).expect("the corpus is in base64"))
}

#[test]
fn every_case_gets_its_verdict() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/corpus.json");
    let corpus = fs::read_to_string(path).expect("the corpus");
    let corpus: Value = serde_json::from_str(&corpus).expect("the corpus is JSON");
    let cases = corpus.as_array().expect("a list of cases");
    let mut seen = [0; Code::ALL.len() + 1];
    let mut wrong = Vec::new();
    for case in cases {
        let text = |name: &str| case[name].as_str().expect("a text");
        let file = bytes(case, "file").expect("a file");
        let statement = bytes(case, "statement");
        let policy = Policy::parse(text("policy").as_bytes()).expect("a policy");
        let verdict = proofs::check(&file, statement.as_deref(), &policy);
        let said = match &verdict {
            Err(refusal) => refusal.code.name(),
            // A file of another kind than the one that was asked for is not in its form.
            Ok(verdict) if verdict.facts()[0].1 != text("kind") => Code::Malformed.name(),
            Ok(_) => "ok",
        };
        if said != text("expect") {
            wrong.push(format!(
                "{}: {said}, not {}: {verdict:?}",
                text("name"),
                text("expect")
            ));
        }
        let code = Code::ALL
            .iter()
            .position(|code| code.name() == text("expect"));
        seen[code.map_or(Code::ALL.len(), |code| code)] += 1;
        if let (Ok(verdict), Some(facts)) = (&verdict, case.get("facts")) {
            let facts: Vec<(String, String)> =
                serde_json::from_value(facts.clone()).expect("facts are pairs");
            let found = verdict
                .facts()
                .iter()
                .map(|(name, value)| (*name, value.as_str()));
            assert!(
                found.eq(facts
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))),
                "{}: {:?}, not {facts:?}",
                text("name"),
                verdict.facts()
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    assert!(
        seen.iter().all(|count| *count > 0),
        "every verdict is asked for: {seen:?}"
    );
}
