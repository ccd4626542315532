//! The parts of the message, element by element.

use super::{
    AccountName, Criterion, Demand, DemandError, Period, PersonName, REFERENCE_BYTES, Request,
    Roles, SUBJECTS, Version, is_plain,
};
use crate::time::{read_day, read_moment};
use crate::xml::Element;

/// An element and its path, for whoever is told what is wrong with it.
struct At<'a> {
    element: &'a Element,
    path: String,
}

impl<'a> At<'a> {
    fn path_of(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        }
    }

    /// All elements of this name.
    fn all(&self, name: &str) -> Vec<At<'a>> {
        let path = self.path_of(name);
        let all = self.element.children.iter().filter(|one| one.name == name);
        all.map(|element| At {
            element,
            path: path.clone(),
        })
        .collect()
    }

    /// The element of this name, if it is there; an error where it is there twice.
    fn maybe(&self, name: &str) -> Result<Option<At<'a>>, DemandError> {
        let mut all = self.all(name);
        let one = all.pop();
        if !all.is_empty() {
            let path = self.path_of(name);
            return Err(DemandError::Twice { path });
        }
        Ok(one)
    }

    /// The element of this name.
    fn one(&self, name: &str) -> Result<At<'a>, DemandError> {
        let path = self.path_of(name);
        self.maybe(name)?.ok_or(DemandError::Missing { path })
    }

    /// The one of these that is there; an error where none is, or several.
    fn choice(&self, names: &[&str], wanted: &'static str) -> Result<At<'a>, DemandError> {
        let mut found = Vec::new();
        for name in names {
            found.extend(self.maybe(name)?);
        }
        let one = found.pop();
        one.filter(|_| found.is_empty())
            .ok_or_else(|| self.wrong(wanted))
    }

    fn name(&self) -> &'a str {
        &self.element.name
    }

    fn wrong(&self, wanted: &'static str) -> DemandError {
        let path = self.path.clone();
        DemandError::Wrong { path, wanted }
    }

    /// Its text, of at most so many letters.
    fn text(&self, letters: usize) -> Result<String, DemandError> {
        let text = &self.element.text;
        let is_text = self.element.children.is_empty()
            && is_plain(text, 4 * letters)
            && text.chars().count() <= letters;
        let wanted = "a text on one line, of the length that the standard allows";
        is_text
            .then(|| text.clone())
            .ok_or_else(|| self.wrong(wanted))
    }

    /// The text of the element of this name, if it is there.
    fn maybe_text(&self, name: &str, letters: usize) -> Result<Option<String>, DemandError> {
        let one = self.maybe(name)?;
        one.map(|one| one.text(letters)).transpose()
    }
}

/// What the message says.
pub(super) fn demand(
    document: &Element,
    version: Version,
    offset: i32,
) -> Result<Demand, DemandError> {
    let document = At {
        element: document,
        path: String::new(),
    };
    let message = document.one("InfReqOpng")?;
    let message = At {
        path: String::new(),
        ..message
    };
    let basis = message.one("LglMndtBsis")?;
    let due = message.maybe("DueDt")?;
    let search = message.one("SchCrit")?;
    let (criterion, requests) = criterion(&search)?;
    Ok(Demand {
        version,
        reference: message.one("InvstgtnId")?.text(REFERENCE_BYTES / 4)?,
        paragraph: basis.one("Prgrph")?.text(35)?,
        disclaimer: basis.maybe_text("Dsclmr", 350)?,
        is_confidential: truth(&message.one("CnfdtltySts")?)?,
        due: match &due {
            Some(due) => due_day(due, offset)?,
            None => None,
        },
        due_note: match &due {
            Some(due) => due.maybe_text("AddtlInf", 140)?,
            None => None,
        },
        period: period(&message.one("InvstgtnPrd")?, offset)?,
        criterion,
        requests,
        search: search.element.clone(),
    })
}

fn truth(at: &At<'_>) -> Result<bool, DemandError> {
    match at.element.text.as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(at.wrong("true or false")),
    }
}

fn due_day(at: &At<'_>, offset: i32) -> Result<Option<u64>, DemandError> {
    let Some(day) = at.maybe("DueDt")? else {
        return Ok(None);
    };
    let (_, end) = read_day(&day.element.text, offset).ok_or_else(|| day.wrong("a day"))?;
    Ok(Some(end))
}

fn period(at: &At<'_>, offset: i32) -> Result<Period, DemandError> {
    let span = at.choice(&["Dt", "DtTm"], "one of Dt and DtTm")?;
    let period = if span.name() == "Dt" {
        let day = |at: At<'_>| {
            read_day(&at.element.text, offset).ok_or_else(|| at.wrong("a day after 1969"))
        };
        let (from, _) = day(span.one("FrDt")?)?;
        let (_, to) = day(span.one("ToDt")?)?;
        Period { from, to }
    } else {
        let moment = |at: At<'_>| {
            read_moment(&at.element.text, offset).ok_or_else(|| at.wrong("a moment after 1969"))
        };
        let (second, nanosecond) = moment(span.one("FrDtTm")?)?;
        let (to, _) = moment(span.one("ToDtTm")?)?;
        let from = second + u64::from(nanosecond > 0);
        Period { from, to }
    };
    if period.from >= period.to {
        return Err(at.wrong("a period that begins before it ends"));
    }
    Ok(period)
}

fn criterion(search: &At<'_>) -> Result<(Criterion, Vec<Request>), DemandError> {
    let transactions = search.all("OrgnlTxNb");
    let others = ["Acct", "CstmrId", "PmtInstrm"];
    if !transactions.is_empty() {
        if others.iter().any(|name| !search.all(name).is_empty()) {
            return Err(search.wrong("one of Acct, CstmrId, PmtInstrm and OrgnlTxNb"));
        }
        return of_transactions(&transactions);
    }
    let wanted = "one of Acct, CstmrId, PmtInstrm and OrgnlTxNb";
    let one = search.choice(&others, wanted)?;
    match one.name() {
        "Acct" => of_account(&one),
        "CstmrId" => of_customer(&one),
        _ => of_card(&one),
    }
}

fn of_account(at: &At<'_>) -> Result<(Criterion, Vec<Request>), DemandError> {
    let account = at.one("Id")?;
    let name = match (account.maybe("Id")?, account.maybe("Prxy")?) {
        (Some(id), _) => {
            let id = id.choice(&["IBAN", "Othr"], "one of IBAN and Othr")?;
            if id.name() == "IBAN" {
                let iban = id.text(34)?;
                if !is_iban(&iban) {
                    return Err(id.wrong("an IBAN with a checksum that is right"));
                }
                AccountName::Iban(iban)
            } else {
                AccountName::Other(id.one("Id")?.text(34)?)
            }
        }
        (None, Some(proxy)) => AccountName::Proxy(proxy.one("Id")?.text(2_048)?),
        (None, None) => {
            let path = account.path_of("Id");
            return Err(DemandError::Missing { path });
        }
    };
    let roles = roles(&at.one("InvstgtdPties")?)?;
    Ok((Criterion::Account(name, roles), requests(at)?))
}

fn of_customer(at: &At<'_>) -> Result<(Criterion, Vec<Request>), DemandError> {
    let person = person(&at.one("Pty")?)?;
    let asked = at.all("AuthrtyReq");
    let mut found = None;
    let mut requests = Vec::new();
    for one in &asked {
        requests.push(request(&one.one("Tp")?)?);
        let own = roles(&one.one("InvstgtdRoles")?)?;
        let others = one.maybe("AddtlInvstgtdPties")?;
        let others = others.map(|others| roles(&others)).transpose()?;
        let is_same = others.is_none_or(|others| others == own);
        if !is_same || *found.get_or_insert(own) != own {
            return Err(DemandError::Roles);
        }
    }
    let path = at.path_of("AuthrtyReq");
    let roles = found.ok_or(DemandError::Missing { path })?;
    Ok((Criterion::Customer(person, roles), requests))
}

fn of_card(at: &At<'_>) -> Result<(Criterion, Vec<Request>), DemandError> {
    let card = at.one("CardNb")?;
    let number = card.text(28)?;
    if number.len() < 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(card.wrong("8 to 28 digits"));
    }
    Ok((Criterion::Card(number), requests(at)?))
}

/// Transactions name no message: what is wanted of each is its details (DTTX) or its record
/// (OREC), which are the same fields here.
fn of_transactions(all: &[At<'_>]) -> Result<(Criterion, Vec<Request>), DemandError> {
    let mut numbers = Vec::new();
    for at in all {
        if numbers.len() == SUBJECTS {
            return Err(at.wrong("one of at most 256"));
        }
        numbers.push(at.one("Nb")?.text(35)?);
        let types = at.all("Tp");
        if types.is_empty() {
            let path = at.path_of("Tp");
            return Err(DemandError::Missing { path });
        }
        for one in types {
            if !matches!(one.element.text.as_str(), "DTTX" | "OREC") {
                return Err(one.wrong("DTTX or OREC"));
            }
        }
    }
    let request = Request {
        name: "camt.054.001.08".to_owned(),
        title: None,
    };
    Ok((Criterion::Transactions(numbers), vec![request]))
}

fn requests(at: &At<'_>) -> Result<Vec<Request>, DemandError> {
    let all = at.all("AuthrtyReqTp");
    if all.is_empty() {
        let path = at.path_of("AuthrtyReqTp");
        return Err(DemandError::Missing { path });
    }
    all.iter().map(request).collect()
}

fn request(at: &At<'_>) -> Result<Request, DemandError> {
    Ok(Request {
        name: at.one("MsgNmId")?.text(35)?,
        title: at.maybe_text("MsgNm", 140)?,
    })
}

fn roles(at: &At<'_>) -> Result<Roles, DemandError> {
    let code = at.one("Cd")?;
    match code.element.text.as_str() {
        "OWNE" => Ok(Roles::Owner),
        "ALLP" => Ok(Roles::Any),
        _ => Err(code.wrong("ALLP or OWNE")),
    }
}

fn person(at: &At<'_>) -> Result<PersonName, DemandError> {
    let mut person = PersonName {
        name: at.maybe_text("Nm", 140)?,
        ..PersonName::default()
    };
    if let Some(id) = at.maybe("Id")? {
        let id = id.choice(&["OrgId", "PrvtId"], "one of OrgId and PrvtId")?;
        person.bic = id.maybe_text("AnyBIC", 11)?;
        person.lei = id.maybe_text("LEI", 20)?;
        for other in id.all("Othr") {
            person.ids.push(other.one("Id")?.text(256)?);
        }
        if let Some(birth) = id.maybe("DtAndPlcOfBirth")? {
            person.birth_date = Some(birth.one("BirthDt")?.text(16)?);
        }
    }
    if person == PersonName::default() {
        return Err(at.wrong("anything that says who it is"));
    }
    Ok(person)
}

/// ISO 13616: moved to the end, and with letters as numbers from 10 on, it leaves 1 over when it
/// is divided by 97.
fn is_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_form = (5..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(u8::is_ascii_alphanumeric);
    if !is_form {
        return false;
    }
    let turned = bytes[4..].iter().chain(&bytes[..4]);
    let rest = turned.fold(0u32, |rest, byte| {
        let digit = (*byte as char).to_digit(36).expect("letters and digits");
        (rest * if digit < 10 { 10 } else { 100 } + digit) % 97
    });
    rest == 1
}
