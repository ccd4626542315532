//! What a monitor remembers of a register: how far it was right, and which demands go on.

use std::collections::BTreeMap;

use merkle::note::parse_decimal;
use model::object::Demand;

/// Demands that go on, at most: of more, a monitor would forget some.
pub(crate) const MAX_OPEN: usize = 8_192;

/// Bytes of the longest lines of a register in a state.
pub(crate) const MAX_LINES: usize = (MAX_OPEN + 1) * 96;

/// What goes on of a demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// How many disclosures named it.
    pub(crate) disclosures: u64,
    /// Nanoseconds since 1970: when it is opened at the latest; 0 where it is not sealed, or opened.
    pub(crate) opens: u64,
}

/// A register, as far as it was right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Entries of the log whose register this is.
    pub(crate) size: u64,
    /// Demands that were seen.
    pub(crate) demands: u64,
    /// Disclosures that were seen.
    pub(crate) disclosures: u64,
    /// Those demands among them of which something may come yet, by serial.
    pub(crate) open: BTreeMap<u64, Open>,
}

impl Known {
    /// Whether there was nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.demands == 0 && self.disclosures == 0
    }

    /// Remembers a demand that goes on; forgets one that has ended.
    pub(crate) fn note(&mut self, demand: &Demand, disclosures: u64, is_final: bool) {
        if is_final {
            self.open.remove(&demand.serial);
            return;
        }
        let opens = if demand.is_sealed() { demand.opens } else { 0 };
        self.open.insert(demand.serial, Open { disclosures, opens });
    }

    /// Demands whose seal was to be opened by the second `now`, and when.
    pub(crate) fn overdue(&self, now: u64) -> impl Iterator<Item = (u64, u64)> {
        let seals = self.open.iter().filter(|(_, open)| open.opens != 0);
        let seals = seals.map(|(serial, open)| (*serial, open.opens / 1_000_000_000));
        seals.filter(move |(_, opens)| *opens <= now)
    }

    /// Its lines in a state; none where there was nothing in it.
    pub(crate) fn to_lines(&self) -> String {
        use std::fmt::Write;
        let mut lines = String::new();
        if self.is_empty() {
            return lines;
        }
        let (size, demands, disclosures) = (self.size, self.demands, self.disclosures);
        let open = self.open.len();
        let written = writeln!(lines, "register {size} {demands} {disclosures} {open}");
        written.expect("a text takes what is written");
        for (serial, open) in &self.open {
            let Open { disclosures, opens } = open;
            let written = writeln!(lines, "demand {serial} {disclosures} {opens}");
            written.expect("a text takes what is written");
        }
        lines
    }

    /// Reads its lines at the beginning of a text, and gives what follows them.
    pub(crate) fn from_lines(text: &str) -> Option<(Self, &str)> {
        let Some((first, mut rest)) = field(text, "register ") else {
            return Some((Self::default(), text));
        };
        let [size, demands, disclosures, open] = numbers(first)?;
        let mut known = Self {
            size,
            demands,
            disclosures,
            open: BTreeMap::new(),
        };
        if known.is_empty() || open > MAX_OPEN as u64 {
            return None;
        }
        for _ in 0..open {
            let (line, after) = field(rest, "demand ")?;
            let [serial, disclosures, opens] = numbers(line)?;
            let last = known.open.last_key_value().map_or(0, |(last, _)| *last);
            if serial <= last || serial > demands || disclosures > known.disclosures {
                return None;
            }
            known.open.insert(serial, Open { disclosures, opens });
            rest = after;
        }
        Some((known, rest))
    }
}

/// The numbers of a line, with a space between.
fn numbers<const N: usize>(line: &str) -> Option<[u64; N]> {
    let numbers: Option<Vec<u64>> = line.split(' ').map(parse_decimal).collect();
    numbers?.try_into().ok()
}

/// The value of the first line, and the lines behind it.
fn field<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(name)?.split_once('\n')
}
