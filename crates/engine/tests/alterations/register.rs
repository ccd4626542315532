//! Demands that were hidden, and rows that left without approval, in a log that is well made.
//!
//! Each row changes one thing in a story that is right: a demand comes in, two approve it, something
//! leaves, and somebody looks at a person's data.

use model::batch::Counts;
use model::document::{Document, EntryText};
use model::object::{
    Budget, Demand, DemandFile, DemandState, Disclosure, DocumentHead, Lookup, Noun, Register,
};
use model::record::Page;
use model::{Object, Record};
use sha2::{Digest, Sha256};

use crate::Alteration;
use crate::books::Files;
use crate::forge::Log;

/// What is entered behind the log, batch by batch.
struct Story {
    demand: Demand,
    file: DemandFile,
    disclosure: Disclosure,
    look: Lookup,
    /// The register behind the disclosure.
    released: Register,
    /// The register in the end.
    looked: Register,
    /// What the last outer leaf counts.
    leaf: Counts,
}

impl Story {
    fn of(opens: u64) -> Self {
        let demand = Demand {
            serial: 1,
            document: 1,
            subjects: 1,
            named: 1,
            asked: 5,
            asked_more: 6,
            scope: 5,
            scope_more: 6,
            opens,
            opened: u8::from(opens == 0),
            received: 1,
            ..Demand::default()
        };
        let released = Register {
            id: 1,
            demands: 1,
            disclosures: 1,
            ..Register::default()
        };
        let looked = Register {
            lookups: 1,
            ..released
        };
        Self {
            demand,
            file: DemandFile {
                serial: 1,
                authority: 42,
                examiner: 41,
                first: 41,
                second: 45,
                ..DemandFile::default()
            },
            disclosure: Disclosure {
                number: 1,
                demand: 1,
                scope: 5,
                scope_more: 6,
                ..Disclosure::default()
            },
            look: Lookup {
                party: 12,
                number: 1,
                ..Lookup::default()
            },
            released,
            looked,
            leaf: Counts::from(&looked),
        }
    }

    /// The public lines of the demand, and what names them.
    fn document(&self) -> [Record; 2] {
        let entry = EntryText {
            serial: self.demand.serial,
            class: 1,
            basis: "Criminal Procedure Act, section 94".to_owned(),
            opens: 0,
            commitment: [5; 32],
            reasons: "-".to_owned(),
        };
        let document = Document::Entry(entry);
        let text = document.to_text();
        let digest: [u8; 32] = Sha256::digest(&text).into();
        let half = |place: usize| {
            let bytes = &digest[16 * place..16 * (place + 1)];
            u128::from_le_bytes(bytes.try_into().expect("16 bytes"))
        };
        let head = DocumentHead {
            digest: half(0),
            digest_more: half(1),
            number: self.demand.document,
            kind: document.kind(),
            ..DocumentHead::default()
        };
        let page = Page::of(self.demand.document, text.as_bytes()).next();
        [
            Record::Page(page.expect("it has a page")),
            Record::Object(head.into()),
        ]
    }

    fn batches(&self) -> Vec<Vec<Object>> {
        let received = DemandFile {
            first: 0,
            second: 0,
            ..self.file
        };
        let approved = Demand {
            state: DemandState::Approved as u8,
            ..self.demand
        };
        let one = Register {
            id: 1,
            demands: self.released.demands,
            ..Register::default()
        };
        let filler = Budget {
            authority: 42,
            granted: 1,
            ..Budget::default()
        };
        vec![
            vec![self.demand.into(), received.into(), one.into()],
            vec![self.file.into(), approved.into()],
            vec![self.disclosure.into(), self.released.into()],
            vec![self.look.into(), self.looked.into()],
            vec![filler.into()],
        ]
    }
}

/// Puts a story behind the log: every hash and link fits, but for what needs the key or a secret.
fn tell(files: &mut Files, opens: impl FnOnce(u64) -> u64, change: impl FnOnce(&mut Story)) {
    let mut log = Log::read(files);
    let from = log.batches.len();
    let mut time = log.batches[from - 1].leaf.timestamp;
    let mut story = Story::of(opens(time));
    let documents = |record: &Vec<u8>| {
        let record = Record::decode(record).expect("a record");
        matches!(
            record,
            Record::Object(Object::DocumentHead(_) | Object::RuleVersion(_))
        )
    };
    let records = log.batches.iter().flat_map(|batch| &batch.records);
    story.demand.document = records.filter(|record| documents(record)).count() as u64 + 1;
    change(&mut story);
    let mut counts = Counts::default();
    for objects in story.batches() {
        let mut batch = log.batches[from - 1].clone();
        batch.records.clear();
        let document = log.batches.len() == from;
        let document = document.then(|| story.document());
        let objects = objects.into_iter().map(Record::Object);
        for record in document.into_iter().flatten().chain(objects) {
            time += 1;
            if let Record::Object(Object::Register(register)) = &record {
                counts = Counts::from(register);
            }
            batch.records.push(stamped(record, time));
        }
        batch.leaf.timestamp = time;
        batch.leaf.register = counts;
        log.batches.push(batch);
    }
    let last = log.batches.len() - 1;
    log.batches[last].leaf.register = story.leaf;
    (from..=last).for_each(|number| log.reroot(number));
    log.relink(from);
    log.write_with_tree(files);
}

fn stamped(mut record: Record, time: u64) -> Vec<u8> {
    let object = match &mut record {
        Record::Page(page) => {
            page.timestamp = time;
            return record.to_bytes();
        }
        Record::Object(object) => object,
        other => panic!("{other:?} is not of this story"),
    };
    match object {
        Object::DocumentHead(object) => object.stamp(0, time),
        Object::Demand(object) => object.stamp(0, time),
        Object::DemandFile(object) => object.stamp(0, time),
        Object::Disclosure(object) => object.stamp(0, time),
        Object::Lookup(object) => object.stamp(0, time),
        Object::Register(object) => object.stamp(0, time),
        Object::Budget(object) => object.stamp(0, time),
        other => panic!("{other:?} is not of this story"),
    }
    record.to_bytes()
}

fn told(files: &mut Files, change: impl FnOnce(&mut Story)) {
    tell(files, |_| 0, change);
}

/// What must not be said of a story that is right.
const WORDS: [&str; 4] = ["demand", "disclosure", "look ", "register"];

#[test]
fn a_story_that_is_right_passes() {
    for opens in [0, u64::MAX >> 1] {
        let mut files = crate::whole().clone();
        tell(&mut files, |_| opens, |_| ());
        let found = crate::findings(&files);
        let about = |what: &&String| WORDS.iter().any(|word| what.contains(word));
        assert_eq!(found.iter().find(about), None);
        assert!(
            found.iter().any(|what| what.starts_with("salt")),
            "{found:?}"
        );
    }
}

#[test]
fn what_was_hidden_or_left_unapproved_is_found() {
    crate::check(REGISTER);
}

const REGISTER: &[Alteration] = &[
    Alteration(
        "a demand left out",
        &["demand 2 follows demand 0", "no gaps"],
        |files| {
            told(files, |story| {
                story.demand.serial = 2;
                story.file.serial = 2;
                story.disclosure.demand = 2;
                story.released.demands = 2;
                story.looked.demands = 2;
                story.leaf.demands = 2;
            });
        },
    ),
    Alteration(
        "a disclosure left out",
        &["disclosure 2 follows disclosure 0"],
        |files| told(files, |story| story.disclosure.number = 2),
    ),
    Alteration("a look left out", &["look 2 follows look 0"], |files| {
        told(files, |story| story.look.number = 2);
    }),
    Alteration(
        "a demand that the register does not count",
        &["the register counts 0 demands, the log has 1"],
        |files| {
            told(files, |story| {
                story.released.demands = 0;
                story.looked.demands = 0;
                story.leaf.demands = 0;
            });
        },
    ),
    Alteration(
        "a look that the register does not count",
        &["the register counts 0 looks, the log has 1"],
        |files| {
            told(files, |story| {
                story.looked.lookups = 0;
                story.leaf.lookups = 0;
            });
        },
    ),
    Alteration(
        "a disclosure that the outer leaf does not count",
        &["its outer leaf counts other demands"],
        |files| told(files, |story| story.leaf.disclosures = 0),
    ),
    Alteration(
        "a disclosure by no demand",
        &["disclosure 1 is by demand 7, which is not there"],
        |files| told(files, |story| story.disclosure.demand = 7),
    ),
    Alteration(
        "a disclosure that nobody approved second",
        &["disclosure 1 is by demand 1, which two did not approve"],
        |files| told(files, |story| story.file.second = 0),
    ),
    Alteration(
        "a disclosure of more than was approved",
        &["disclosure 1 lies within another scope than demand 1"],
        |files| told(files, |story| story.disclosure.scope = 9),
    ),
    Alteration(
        "a seal that was not opened and is not marked so",
        &["demand 1 was to be opened at", "neither open nor marked"],
        |files| tell(files, |time| time + 2, |_| ()),
    ),
];
