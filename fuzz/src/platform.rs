//! Commands of the platform: as they are written in JSON, and as they are carried out.

use std::sync::LazyLock;

use machine::{RING_MOMENTS, Recalled, State};
use model::document::Document;
use model::limits::COMMAND_LEGS;
use model::money::CurrencyCode;
use model::object::{ROLES, Role};
use model::record::Record;
use model::{Act, ChartLineSet, Command, CommandStatus, Currency, Leg, PartyOpen, account_flags};
use server::wire::{self, Posted};

use crate::targets;

const KEY: [u64; 2] = [0x5EED, 0xBEEF];

/// Commands of one input at most, and moments of time that are worked off in it.
const STEPS: usize = 192;

/// In place of an act: time goes on.
const WAIT: u8 = u8::MAX;

/// When the books begin: 5 January 2026.
const START: u64 = 1_767_571_200 * SECOND;
const SECOND: u64 = 1_000_000_000;

fn currency(ledger: u32, code: &str, exponent: u8) -> Currency {
    Currency {
        ledger,
        code: CurrencyCode::new(code).expect("it is one"),
        exponent,
        timestamp: 0,
    }
}

/// Commands in JSON: what is read is an act with values that fit it.
pub fn command(data: &[u8]) {
    let currencies = [currency(978, "EUR", 2), currency(392, "JPY", 0)];
    let currencies: wire::Currencies = currencies.map(|one| (one.ledger, one)).into();
    let read = |new: &wire::NewCommand| {
        let Ok(command) = new.to_model(&currencies) else {
            return;
        };
        let (number, values) = (command.act.number(), command.act.values());
        assert_eq!(Act::from_values(number, &values), Some(command.act));
        assert!(command.legs.len() <= COMMAND_LEGS);
        // A channel that is not said is left out.
        let fields = command.act.facts().fields;
        let silent = fields.last().is_some_and(|field| field.name == "channel")
            && command.act.channel() == 0;
        let said = values.len() - usize::from(silent);
        let length = 4 + 16 * (said + 4 * command.legs.len());
        assert_eq!(command.canonical().len(), length);
    };
    match wire::parse_commands(data) {
        Ok(Posted::One(new)) => read(&new),
        Ok(Posted::Many(new)) => new.iter().for_each(read),
        Err(_) => {}
    }
}

/// Documents of authorities: what is read is written as it stood, and nothing else is read of it.
pub fn document(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    if let Ok(document) = Document::parse(text) {
        assert_eq!(document.to_text(), text);
        if let Document::Decision(text) = &document {
            let (method, computation) = text.computation();
            let _ = computation.amount(method);
        }
    }
}

/// A command or a wait as bytes: what [`act`] reads.
#[derive(Clone, Debug)]
pub enum Step {
    /// Asks for this.
    Ask(Command),
    /// So many seconds go by.
    Wait(u64),
}

impl Step {
    /// The place of the act, the values of the id and the fields, each behind its count of bytes,
    /// the count of the parts and their values.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut push = |place: u8, values: &[u128], legs: &[Leg]| {
            bytes.push(place);
            for value in values {
                write(*value, &mut bytes);
            }
            if place != WAIT {
                bytes.push(legs.len() as u8);
            }
            for leg in legs {
                for value in [
                    leg.party,
                    leg.amount,
                    leg.listing.into(),
                    leg.quantity.into(),
                ] {
                    write(value, &mut bytes);
                }
            }
        };
        match self {
            Self::Wait(seconds) => push(WAIT, &[(*seconds).into()], &[]),
            Self::Ask(command) => {
                let number = command.act.number();
                let place = Act::ALL.iter().position(|facts| facts.number == number);
                let mut values = vec![command.id];
                values.extend(command.act.values());
                push(place.expect("it is there") as u8, &values, &command.legs);
            }
        }
        bytes
    }

    /// The step that bytes begin with; the values of fields are cut to what fits them.
    fn read(data: &mut &[u8]) -> Option<Self> {
        let place = byte(data)?;
        let first = value(data)?;
        if place == WAIT {
            return Some(Self::Wait(first as u64 % (400 * 86_400)));
        }
        let facts = &Act::ALL[usize::from(place) % Act::ALL.len()];
        let mut values = Vec::new();
        for field in facts.fields {
            let most = u128::MAX >> (128 - field.bits);
            values.push(value(data)? & most);
        }
        let count = byte(data)?;
        let mut legs = Vec::new();
        for _ in 0..count {
            legs.push(Leg {
                party: value(data)?,
                amount: value(data)?,
                listing: value(data)? as u32,
                quantity: value(data)? as u32,
            });
        }
        let act = Act::from_values(facts.number, &values).expect("the values fit");
        Some(Self::Ask(Command {
            id: first,
            act,
            legs,
        }))
    }
}

fn write(value: u128, bytes: &mut Vec<u8>) {
    let len = 16 - value.leading_zeros() as usize / 8;
    bytes.push(len as u8);
    bytes.extend_from_slice(&value.to_le_bytes()[..len]);
}

fn byte(data: &mut &[u8]) -> Option<u8> {
    data.split_off_first().copied()
}

fn value(data: &mut &[u8]) -> Option<u128> {
    let len = usize::from(byte(data)? % 17);
    let taken = data.split_off(..len)?;
    let mut bytes = [0; 16];
    bytes[..len].copy_from_slice(taken);
    Some(u128::from_le_bytes(bytes))
}

/// Two ledgers, a chart with a line for each role, customers 11 to 14 and merchants 21 to 23.
static BEGUN: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let mut books = Books {
        state: State::new(KEY),
        records: Vec::new(),
        time: START - 1_000 * SECOND,
    };
    for mut currency in [currency(978, "EUR", 2), currency(392, "JPY", 0)] {
        books.time += 1;
        currency.timestamp = books.time;
        books.state.declare_ledger(currency, &mut books.records);
    }
    for (place, role) in Role::ALL.iter().enumerate().skip(1) {
        let covered = role.is_per_party() && *role != Role::SellerReceivable || role.is_held();
        let flags = if covered {
            account_flags::DEBITS_MUST_NOT_EXCEED_CREDITS
        } else {
            0
        };
        let line = ChartLineSet {
            code: 1_000 + place as u16,
            role: place as u8,
            flags,
            name: model::form::text_to_integer(&ROLES[place][..ROLES[place].len().min(16)])
                .expect("it is short"),
            ..ChartLineSet::default()
        };
        books.has_to(1 << 100 | place as u128, line.into());
    }
    for (party, kind) in [11, 12, 13, 14]
        .map(|party| (party, 0))
        .into_iter()
        .chain([21, 22, 23].map(|party| (party, 1)))
    {
        let open = PartyOpen {
            party,
            kind,
            commission: 50_000 * u32::from(kind),
            reserve: 100_000 * u32::from(kind),
            reserve_days: 90 * u16::from(kind),
            ..PartyOpen::default()
        };
        books.has_to(1 << 101 | party, open.into());
    }
    books.records
});

/// Books, their records and the clock on the wall.
struct Books {
    state: State,
    records: Vec<Record>,
    time: u64,
}

impl Books {
    fn begun() -> Self {
        let mut state = State::new(KEY);
        for record in BEGUN.iter() {
            state.evolve(record).expect("it was decided");
        }
        state.end_group();
        Self {
            state,
            records: BEGUN.clone(),
            time: START,
        }
    }

    /// Carries out a command; the status.
    fn ask(&mut self, command: &Command) -> CommandStatus {
        let moments = State::moments(command);
        self.time = self.time.max(self.state.last_timestamp()) + moments as u64;
        let first = self.records.len();
        let past = Recalled::default();
        let result = self
            .state
            .command(&past, self.time, command, &mut self.records);
        assert!(self.records.len() - first <= moments, "it has so many");
        let status = CommandStatus::from_code(result.status).expect("it is a status");
        let made = self.records.len() > first;
        assert_eq!(made, status == CommandStatus::Created, "{command:?}");
        status
    }

    fn has_to(&mut self, id: u128, act: Act) {
        let legs = Vec::new();
        let status = self.ask(&Command { id, act, legs });
        assert_eq!(status, CommandStatus::Created, "{act:?}");
    }

    /// Lets time go on, and does what comes due; whether all was.
    fn wait(&mut self, seconds: u64, rings: &mut usize) -> bool {
        let until = self.time + seconds * SECOND;
        while let Some(due) = self.state.next_deadline().filter(|due| *due <= until) {
            if *rings == 0 {
                return false;
            }
            *rings -= 1;
            self.time = self.time.max(due).max(self.state.last_timestamp()) + RING_MOMENTS as u64;
            if self.state.rings(self.time, 1) == 1 {
                self.state.ring(self.time, &mut self.records);
            } else {
                let due = self.state.due(self.time, 1);
                self.state
                    .expire(self.time, self.time, due, &mut self.records);
            }
        }
        self.time = self.time.max(until);
        true
    }
}

/// Commands that are carried out: what follows of them are records, and these add up to the same
/// state again.
pub fn act(data: &[u8]) {
    let mut books = Books::begun();
    let (mut rest, mut rings) = (data, STEPS);
    for _ in 0..STEPS {
        match Step::read(&mut rest) {
            None => break,
            Some(Step::Ask(command)) => _ = books.ask(&command),
            Some(Step::Wait(seconds)) => {
                if !books.wait(seconds, &mut rings) {
                    break;
                }
            }
        }
    }
    let mut again = State::new(KEY);
    for record in &books.records {
        targets::record(&record.to_bytes());
        again
            .evolve(record)
            .unwrap_or_else(|error| panic!("{error}: {record:?}"));
    }
    assert_eq!(books.state.digest(), again.digest());
}
