//! Puts together what the page shows, from the books as they stand.

use std::sync::Arc;

use engine::{Books, Checkpoints, Refused, RuleBookVersion, Signed};
use merkle::checkpoint::Checkpoint;
use merkle::note::encode_base64;
use model::Object;
use model::money::format_amount;
use model::object::{Assessment, Noun, Party};
use model::rule::{CONSEQUENCES, Rule, RuleBook, bytes};
use sha2::{Digest, Sha256};

use super::decisions::cut;
use super::papers::Papers;
use super::view::{
    AmountView, AssessmentView, CheckpointView, LogView, RuleView, RulesView, VersionView,
    WitnessView,
};
use crate::wire::{Currencies, U64, U128, digest_text};

/// Place of `authority` in [`model::object::PARTY_KINDS`].
const AUTHORITY: u8 = 3;

impl AmountView {
    /// An amount in minor units of a ledger.
    pub fn new(ledger: u32, minor: u128, currencies: &Currencies) -> Self {
        let currency = currencies.get(&ledger);
        Self {
            ledger,
            currency: currency.map(|currency| currency.code.to_string()),
            amount: currency.map(|currency| format_amount(minor, currency.exponent)),
            amount_minor: U128(minor),
        }
    }
}

/// The log, its newest checkpoints, and who cosigned them.
pub(super) async fn log(books: &Books) -> Result<LogView, Refused> {
    let now = books.checkpoints().map(|now| now.borrow().clone());
    let now = now.unwrap_or_default();
    let signing = books.signing();
    let keys = signing.map(|signing| {
        let keys = signing.keys().iter();
        keys.map(|key| key.verifier().to_string()).collect()
    });
    Ok(LogView {
        origin: signing.map(|signing| signing.origin().to_owned()),
        keys: keys.unwrap_or_default(),
        checkpoint: checkpoint(books, now.latest.as_ref()).await?,
        witnessed: checkpoint(books, now.witnessed.as_ref()).await?,
        witnesses: witnesses(books, &now),
    })
}

async fn checkpoint(
    books: &Books,
    signed: Option<&Signed>,
) -> Result<Option<CheckpointView>, Refused> {
    let Some(signed) = signed else {
        return Ok(None);
    };
    let head = Checkpoint::parse(&signed.note.text).map(|checkpoint| checkpoint.head);
    let Ok(head) = head else { return Ok(None) };
    let time = match head.size.checked_sub(1) {
        Some(last) => books.time_of_batch(last).await?,
        None => None,
    };
    Ok(Some(CheckpointView {
        size: U64(head.size),
        root: encode_base64(head.root.as_bytes()),
        time: time.map(U64),
    }))
}

fn witnesses(books: &Books, now: &Checkpoints) -> Vec<WitnessView> {
    let policy = books.signing().and_then(|signing| signing.policy());
    let Some(policy) = policy else {
        return Vec::new();
    };
    let newest = [now.latest.as_ref(), now.witnessed.as_ref()];
    let view = |witness: &merkle::policy::WitnessEntry| {
        let key = &witness.key;
        let cosigned = newest.into_iter().flatten().find_map(|signed| {
            let mut lines = signed.note.signatures.iter().filter(|line| key.made(line));
            let time = lines.find_map(|line| key.verify(&signed.note.text, &line.bytes).ok())?;
            Some((signed.size, time))
        });
        WitnessView {
            name: key.name().to_owned(),
            key: key.to_string(),
            cosigned: cosigned.map(|(size, _)| U64(size)),
            time: cosigned.and_then(|(_, time)| time).map(U64),
        }
    };
    policy.witnesses().iter().map(view).collect()
}

/// The rules in force, and those that begin later.
pub(super) async fn rules(
    books: &Books,
    papers: &Papers,
    (now, currencies): (u64, &Currencies),
) -> Result<RulesView, Refused> {
    let assessments = assessments(books, papers, (now, currencies)).await?;
    let in_force = books.rule_book_in_force().await?;
    let mut to_come = Vec::new();
    let mut next = in_force.as_ref().map_or(1, |(head, _)| head.version + 1);
    while let Some(version) = books.rule_book(next).await? {
        let standing = in_force.as_ref().map(|(_, book)| book);
        let mut view = version_view(books, &version, standing, now).await?;
        view.assessments = assessed(&version.1, &assessments);
        to_come.push(view);
        next += 1;
    }
    let in_force = match &in_force {
        Some(version) => Some(version_view(books, version, None, now).await?),
        None => None,
    };
    Ok(RulesView {
        in_force,
        to_come,
        assessments,
        assessments_left_out: U64(papers.assessments.left_out()),
    })
}

/// Which assessments are of these rules, with dates or without.
fn assessed(book: &RuleBook, assessments: &[AssessmentView]) -> Vec<String> {
    let digest = |book: &RuleBook| digest_text(&Sha256::digest(bytes::encode(book)).into());
    let drafts = [digest(book), digest(&book.undated())];
    let of_it = assessments.iter().filter(|one| drafts.contains(&one.draft));
    of_it.map(|one| one.sha256.clone()).collect()
}

async fn assessments(
    books: &Books,
    papers: &Papers,
    (now, currencies): (u64, &Currencies),
) -> Result<Vec<AssessmentView>, Refused> {
    let asked = papers.assessments.newest_first().map(|paper| {
        let [first, second] = [0, 1].map(|half| paper.sha256.as_chunks::<16>().0[half]);
        let key = (u128::from_le_bytes(first), u128::from_le_bytes(second));
        (Assessment::KIND, key)
    });
    let standing = books.objects(asked.collect()).await?;
    let mut views = Vec::new();
    for (paper, object) in papers.assessments.newest_first().zip(standing) {
        let text = &paper.text;
        let comments = match object {
            Some(Object::Assessment(standing)) => standing.comments,
            _ => 0,
        };
        let (signed_by, authority) = signer(books, text.by).await?;
        let (reasons, left_out) = cut(&text.reasons);
        let some = |value: u64| (value != 0).then_some(U64(value));
        views.push(AssessmentView {
            sha256: digest_text(&paper.sha256),
            draft: digest_text(&text.draft),
            title: Some(text.title.clone()).filter(|title| !title.is_empty()),
            signed_by,
            authority,
            entered: U64(paper.entered),
            from: some(text.from),
            to: some(text.to),
            payments: U64(text.payments),
            refused: U64(text.refused),
            people: U64(text.people),
            sum: (text.ledger != 0).then(|| AmountView::new(text.ledger, text.sum, currencies)),
            comments_until: U64(text.comments_until),
            open: text.comments_until > now,
            comments: U64(comments),
            reasons: reasons.to_owned(),
            reasons_left_out: U64(left_out),
        });
    }
    Ok(views)
}

async fn version_view(
    books: &Books,
    (head, book): &RuleBookVersion,
    standing: Option<&RuleBook>,
    now: u64,
) -> Result<VersionView, Refused> {
    let (signed_by, authority) = signer(books, head.party).await?;
    let stands = |rule: &Rule| standing.is_some_and(|standing| has(standing, book, rule));
    let shown: Vec<_> = book.rules.iter().filter(|rule| !stands(rule)).collect();
    let at = now.max(head.begins);
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(&head.digest.to_le_bytes());
    digest[16..].copy_from_slice(&head.digest_more.to_le_bytes());
    Ok(VersionView {
        version: head.version,
        digest: digest_text(&digest),
        begins: U64(head.begins),
        signed_by,
        authority,
        unchanged: book.rules.len() - shown.len(),
        assessments: Vec::new(),
        rules: shown
            .into_iter()
            .map(|rule| rule_view(book, rule, at))
            .collect(),
    })
}

/// Whether a book has a rule just so, with the same days.
fn has(standing: &RuleBook, book: &RuleBook, rule: &Rule) -> bool {
    let zone = |book: &RuleBook, rule: &Rule| book.zones.get(usize::from(rule.zone)).cloned();
    let same = standing.rules.iter().find(|other| other.id == rule.id);
    same.is_some_and(|other| {
        let placed = Rule {
            zone: rule.zone,
            ..other.clone()
        };
        placed == *rule && zone(standing, other) == zone(book, rule)
    })
}

/// Whether a member of the staff or an authority signed, and which authority.
pub(super) async fn signer(
    books: &Books,
    party: u128,
) -> Result<(&'static str, Option<U128>), Refused> {
    let asked = vec![(Party::KIND, (party, 0))];
    let found = books.objects(asked).await?.pop().flatten();
    Ok(match found {
        Some(Object::Party(found)) if found.kind == AUTHORITY => ("authority", Some(U128(party))),
        // Members of the staff are people.
        _ => ("staff", None),
    })
}

fn rule_view(book: &RuleBook, rule: &Rule, at: u64) -> RuleView {
    let state = if rule.is_draft() {
        "draft"
    } else if rule.holds_at(at) {
        "in_force"
    } else if rule.from > at {
        "to_come"
    } else {
        "over"
    };
    RuleView {
        id: rule.id.clone(),
        title: rule.title.clone(),
        jurisdiction: rule.jurisdiction.clone(),
        law: rule.source.law.clone(),
        article: rule.source.article.clone(),
        address: rule.source.address.clone(),
        verified: rule.source.verified,
        state,
        from: (!rule.is_draft()).then_some(U64(rule.from)),
        to: (rule.to != 0).then_some(U64(rule.to)),
        then: CONSEQUENCES[rule.then as usize],
        says: rulebook::in_words(book, rule),
    }
}

/// The declared currencies, those that were declared just now with them.
pub(super) async fn currencies(books: &Books) -> Result<Arc<Currencies>, Refused> {
    let declared = books.ledgers().await?.into_iter();
    Ok(Arc::new(declared.map(|one| (one.ledger, one)).collect()))
}
