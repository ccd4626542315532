//! What authorities send: messages that ask, and scopes as text.

use demands::age::Identity;
use demands::auth001::{ById, Demand, Terms, read};
use demands::auth002::{Outcome, Response, Status, write};
use demands::{Period, Scope};

/// A message that asks: what is a scope is written as one, and every demand can be answered.
pub fn auth001(data: &[u8]) {
    let demand = match read(data, 3_600) {
        Ok(demand) => demand,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let terms = Terms {
        authority: 1,
        purpose: None,
        sealed: demand.is_confidential.then_some(demand.period.to),
    };
    match demand.scope(&terms, &ById) {
        Ok(scope) => {
            assert!(!scope.is_bulk());
            whole(&scope);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    answered(&demand);
}

fn answered(demand: &Demand) {
    let response = Response {
        id: "R".to_owned(),
        status: Status::Nothing,
        outcomes: vec![Outcome::NotApplicable; demand.requests.len()],
        period: Some(demand.period),
        note: None,
    };
    let answer = write(demand, &response).expect("every demand can be answered");
    // What stood in the demand is no markup of the answer: read as a demand, it is refused for its
    // namespace, and not because it is malformed.
    let error = read(answer.as_bytes(), 0).expect_err("an answer asks for nothing");
    let is_large = answer.len() > demands::limits::MESSAGE_BYTES;
    assert!(
        is_large || error == demands::auth001::DemandError::Version,
        "{error}"
    );
}

/// The text of a scope: what is read is written again. The same bytes as a file of age are none that
/// was encrypted to anybody here.
pub fn scope(data: &[u8]) {
    assert!(Identity::of_ed25519(&[7; 32]).decrypt(data).is_err());
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    match Scope::parse(text) {
        Ok(scope) => {
            assert_eq!(scope.to_string(), text);
            whole(&scope);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A scope is read as it is written, and contains itself and what is narrower.
fn whole(scope: &Scope) {
    assert_eq!(Scope::parse(&scope.to_string()).as_ref(), Ok(scope));
    assert!(scope.contains(scope));
    let Period { from, to } = scope.period;
    let mut asked = scope.clone().into_asked();
    asked.period.from = from + (to - from) / 2;
    let narrow = Scope::new(asked).expect("half a period is one");
    assert!(scope.contains(&narrow));
    assert!(narrow == *scope || !narrow.contains(scope));
}
