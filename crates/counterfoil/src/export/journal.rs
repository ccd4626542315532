//! The journal: every transfer that posted, page by page, also where it was erased since.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::RangeInclusive;

use model::ActFacts;
use model::money::format_amount;
use model::object::is_own_transfer;
use serde_json::{Value, json};

use super::erased::Erased;
use super::names::{Names, quoted};
use super::{Format, Journal, array, cell, text};
use crate::client::Client;
use crate::failure::Failure;

/// Transfers asked for at once.
const PAGE: usize = 8_000;

/// Accounts by id: name and type.
type Known = BTreeMap<String, (String, Option<char>)>;

/// One entry, ready to be written.
struct Entry<'a> {
    time: u64,
    value: u64,
    act: &'a str,
    id: &'a str,
    debit: &'a str,
    credit: &'a str,
    amount: String,
    currency: String,
}

/// Writes the journal; how many entries it has.
pub fn write(asked: &Journal, client: &mut Client, file: &mut dyn Write) -> Result<usize, Failure> {
    let ledgers = json_of(&client.get("/v1/ledgers")?)?;
    let names = Names::new(&json_of(&client.get("/v1/chart")?)?, &ledgers);
    let mut known = Known::new();
    match asked.format {
        Format::Csv => line(file, "time,value_time,act,id,debit,credit,amount,currency")?,
        Format::Hledger => {
            for ledger in array(&ledgers) {
                commodity(&names, ledger["ledger"].as_u64().unwrap_or(0), file)?;
            }
        }
    }
    let mut declared: Vec<u64> = array(&ledgers)
        .iter()
        .filter_map(|ledger| ledger["ledger"].as_u64())
        .collect();
    let (mut from, mut entries) = (asked.from.unwrap_or(0), 0);
    let mut erased = Erased::new();
    let to = asked.to.map_or(u64::MAX - 1, |to| to.saturating_sub(1));
    while from <= to && to > 0 {
        let filter = json!({ "limit": PAGE, "timestamp_min": from.to_string(),
            "timestamp_max": to.to_string() });
        let page = json_of(&client.post("/v1/transfers/query", &filter)?)?;
        let page = array(&page);
        let last = page.last().filter(|_| page.len() == PAGE);
        let last = last.map(|last| number(last, "timestamp"));
        let page = &with_erased(page, from..=last.unwrap_or(to), &mut erased, client)?;
        look_up(page, client, &names, &mut known)?;
        for transfer in page.iter().filter(|transfer| posts(transfer)) {
            let ledger = transfer["ledger"].as_u64().unwrap_or(0);
            if asked.format == Format::Hledger && !declared.contains(&ledger) {
                declared.push(ledger);
                commodity(&names, ledger, file)?;
            }
            entry(&of(transfer, &names, &known), asked.format, file)?;
            entries += 1;
        }
        let Some(last) = last else { break };
        from = last + 1;
    }
    if asked.format == Format::Hledger {
        for (name, kind) in known.values() {
            let kind = kind.map_or(String::new(), |kind| format!("  ; type:{kind}"));
            line(file, &format!("account {name}{kind}"))?;
        }
    }
    Ok(entries)
}

/// The transfers of a page and what stays of the erased ones of the same times, in order.
fn with_erased(
    page: &[Value],
    times: RangeInclusive<u64>,
    erased: &mut Erased,
    client: &mut Client,
) -> Result<Vec<Value>, Failure> {
    let mut all = erased.until(*times.end(), client)?;
    all.retain(|transfer| number(transfer, "timestamp") >= *times.start());
    all.extend_from_slice(page);
    all.sort_by_key(|transfer| number(transfer, "timestamp"));
    Ok(all)
}

pub fn json_of(answer: &str) -> Result<Value, Failure> {
    serde_json::from_str(answer).map_err(Failure::input)
}

fn line(file: &mut dyn Write, text: &str) -> Result<(), Failure> {
    writeln!(file, "{text}").map_err(Failure::input)
}

pub fn number(value: &Value, name: &str) -> u64 {
    text(&value[name]).parse().unwrap_or(0)
}

/// Declares a currency with its decimal places.
fn commodity(names: &Names, ledger: u64, file: &mut dyn Write) -> Result<(), Failure> {
    let (currency, exponent) = names.currency(ledger);
    let decimals = "0".repeat(usize::from(exponent));
    line(
        file,
        &format!("commodity 1000.{decimals} {}", quoted(&currency)),
    )
}

/// Whether a transfer posted something: it reserved nothing and gave nothing back.
fn posts(transfer: &Value) -> bool {
    let not = |flag: &Value| flag != "pending" && flag != "void_pending_transfer";
    array(&transfer["flags"]).iter().all(not)
}

/// Names the accounts of a page that have none yet.
fn look_up(
    page: &[Value],
    client: &mut Client,
    names: &Names,
    known: &mut Known,
) -> Result<(), Failure> {
    let sides = ["debit_account_id", "credit_account_id"];
    let ids = page.iter().filter(|transfer| posts(transfer));
    let ids = ids.flat_map(|transfer| sides.map(|side| text(&transfer[side])));
    let mut new: Vec<&str> = ids.filter(|id| !known.contains_key(*id)).collect();
    new.sort_unstable();
    new.dedup();
    for some in new.chunks(PAGE) {
        let found = json_of(&client.post("/v1/accounts/lookup", &json!(some))?)?;
        for account in array(&found) {
            known.insert(text(&account["id"]).to_owned(), names.account(account));
        }
    }
    Ok(())
}

fn of<'a>(transfer: &'a Value, names: &Names, known: &'a Known) -> Entry<'a> {
    let (time, id) = (number(transfer, "timestamp"), text(&transfer["id"]));
    let own = id.parse().is_ok_and(is_own_transfer);
    let code = transfer["code"]
        .as_u64()
        .and_then(|code| u16::try_from(code).ok());
    let facts = code.filter(|_| own).and_then(ActFacts::numbered);
    let value = number(transfer, "user_data_64");
    let (currency, exponent) = names.currency(transfer["ledger"].as_u64().unwrap_or(0));
    let minor = text(&transfer["amount_minor"]).parse().unwrap_or(0);
    let name = |side: &str| {
        known
            .get(text(&transfer[side]))
            .map_or("", |(name, _)| name)
    };
    // What stays of an erased transfer has no id.
    let act = if id.is_empty() { "erased" } else { "transfer" };
    Entry {
        time,
        value: if own && value != 0 { value } else { time },
        act: facts.map_or(act, |facts| facts.name),
        id,
        debit: name("debit_account_id"),
        credit: name("credit_account_id"),
        amount: format_amount(minor, exponent),
        currency,
    }
}

fn entry(entry: &Entry<'_>, format: Format, file: &mut dyn Write) -> Result<(), Failure> {
    let Entry {
        act,
        id,
        debit,
        credit,
        amount,
        ..
    } = entry;
    let (time, value) = (written(entry.time), written(entry.value));
    if format == Format::Csv {
        let currency = cell(&entry.currency);
        return line(
            file,
            &format!("{time},{value},{act},{id},{debit},{credit},{amount},{currency}"),
        );
    }
    let day = |time: &str| time.split('T').next().unwrap_or_default().to_owned();
    let date = if day(&time) == day(&value) {
        day(&time)
    } else {
        format!("{}={}", day(&time), day(&value))
    };
    let currency = quoted(&entry.currency);
    let code = if id.is_empty() {
        String::new()
    } else {
        format!("({id}) ")
    };
    line(file, &format!("{date} {code}{act}  ; {time}"))?;
    line(file, &format!("    {debit}  {amount} {currency}"))?;
    line(file, &format!("    {credit}  -{amount} {currency}"))?;
    line(file, "")
}

fn written(nanoseconds: u64) -> String {
    let time = jiff::Timestamp::from_nanosecond(nanoseconds.into());
    time.map_or_else(|_| nanoseconds.to_string(), |time| format!("{time:.9}"))
}
