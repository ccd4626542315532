//! Balance proofs: an account's balance was counted in a statement.
//!
//! ```text
//! counterfoil/balance-proof@v1
//! statement 12
//! ledger 978
//! code 10
//! side credit
//! account 4711
//! amount 125000
//! leaf 77
//! blind <base64 of 16 bytes>
//! <base64 of a sibling's hash and sum>
//! ...
//! ```
//!
//! Numbers are decimal without leading zeros, amounts in minor units. A sibling is the 32 bytes of
//! its hash and then its sum, big-endian without leading zero bytes; the siblings go from that of
//! the leaf upward. The file ends with the last of them. What the leaf and its siblings lead to is
//! compared with the statement's line in the log, which comes as a receipt of its own, the same
//! for every account of the class.

use std::fmt::Write;

use merkle::note::{decode_base64, encode_base64, parse_decimal};
use merkle::policy::Policy;
use merkle::sum_tree::{self, Sum};
use merkle::{Hash, Salt};
use model::Record;
use model::record::{HEIGHT_MAX, Side, StatementLine};

use crate::BALANCE;
use crate::facts::{Verdict, line_facts};
use crate::receipt;
use crate::refusal::{Code, Refusal};

/// One account's place in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceProof {
    /// Number of the statement.
    pub statement: u64,
    /// Ledger of the account.
    pub ledger: u32,
    /// Code of the account.
    pub code: u16,
    /// The side its balance stands on.
    pub side: Side,
    /// Id of the account.
    pub account: u128,
    /// Its balance, in minor units.
    pub amount: u128,
    /// Index of its leaf.
    pub leaf: u64,
    /// What blinds the leaf.
    pub blind: Salt,
    /// The siblings, from that of the leaf upward.
    pub path: Vec<Sum>,
}

impl BalanceProof {
    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = String::from_utf8_lossy(BALANCE).into_owned();
        let numbers = [
            ("statement", self.statement.to_string()),
            ("ledger", self.ledger.to_string()),
            ("code", self.code.to_string()),
            ("side", self.side.name().to_owned()),
            ("account", self.account.to_string()),
            ("amount", self.amount.to_string()),
            ("leaf", self.leaf.to_string()),
            ("blind", encode_base64(self.blind.as_bytes())),
        ];
        for (name, value) in numbers {
            let _ = writeln!(text, "{name} {value}");
        }
        for sibling in &self.path {
            let amount = sibling.amount.to_be_bytes();
            let zeros = sibling.amount.leading_zeros() as usize / 8;
            let bytes = [&sibling.hash.as_bytes()[..], &amount[zeros..]].concat();
            let _ = writeln!(text, "{}", encode_base64(&bytes));
        }
        text
    }

    /// Reads the text of a file.
    pub fn parse(file: &[u8]) -> Result<Self, Refusal> {
        let refuse = |what: &str| Refusal::new(Code::Malformed, what);
        let text = std::str::from_utf8(file).map_err(Refusal::malformed)?;
        let text = text
            .strip_suffix('\n')
            .ok_or_else(|| refuse("the file does not end with a line break"))?;
        let mut lines = text.split('\n');
        if lines.next().map(str::as_bytes) != BALANCE.strip_suffix(b"\n") {
            return Err(refuse("it does not begin as a balance proof"));
        }
        let mut field = |name: &str| {
            let line = lines.next().unwrap_or_default();
            line.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(' '))
                .ok_or_else(|| Refusal::malformed(format!("the line `{name}` is not in its place")))
        };
        let statement = number("statement", field("statement")?)?;
        let ledger = number("ledger", field("ledger")?)?;
        let code = number("code", field("code")?)?;
        let side = match field("side")? {
            "credit" => Side::Credit,
            "debit" => Side::Debit,
            _ => return Err(refuse("a side is credit or debit")),
        };
        let account = number("account", field("account")?)?;
        let amount = number("amount", field("amount")?)?;
        let leaf = number("leaf", field("leaf")?)?;
        let blind = decode_base64(field("blind")?).and_then(|bytes| bytes.try_into().ok());
        let blind = blind.ok_or_else(|| refuse("a blind is 16 bytes in base64"))?;
        let mut path = Vec::new();
        for line in lines {
            if path.len() == usize::from(HEIGHT_MAX) {
                return Err(refuse("it has more siblings than any tree has levels"));
            }
            path.push(sibling(line).ok_or_else(|| refuse("a sibling is not in its form"))?);
        }
        Ok(Self {
            statement,
            ledger,
            code,
            side,
            account,
            amount,
            leaf,
            blind: Salt::from_bytes(blind),
            path,
        })
    }

    /// Whether it leads to this line of a statement.
    pub fn leads_to(&self, line: &StatementLine) -> Result<(), Refusal> {
        let own = (self.statement, self.ledger, self.code, self.side);
        if own != (line.statement, line.ledger, line.code, line.side) {
            let what = format!(
                "the receipt is of statement {}, ledger {}, code {}, {} side",
                line.statement,
                line.ledger,
                line.code,
                line.side.name()
            );
            return Err(Refusal::new(Code::OtherStatement, &what));
        }
        let refuse = |what: &str| Err(Refusal::new(Code::NotCounted, what));
        if self.path.len() != usize::from(line.height) {
            return refuse("the path is not as long as the tree is high");
        }
        let leaf = sum_tree::leaf(self.blind, self.account, self.amount);
        match sum_tree::root_from_path(leaf, self.leaf, &self.path) {
            Err(why) => refuse(&why.to_string()),
            Ok(root) if root.hash.to_bytes() != line.root => {
                refuse("the hashes lead to another root")
            }
            Ok(root) if root.amount != line.total => refuse("the sums lead to another total"),
            Ok(_) => Ok(()),
        }
    }
}

pub(crate) fn check(
    file: &[u8],
    statement: Option<&[u8]>,
    policy: &Policy,
) -> Result<Verdict, Refusal> {
    let proof = BalanceProof::parse(file)?;
    let statement = statement.ok_or_else(|| {
        let what = "a balance proof is checked against the receipt of its statement's line, \
                    which was not given";
        Refusal::new(Code::NotAStatement, what)
    })?;
    let shown = receipt::show(statement, policy)?;
    let line = match shown.record {
        Record::StatementLine(line) if line.is_sound() => line,
        _ => {
            let what = "the receipt is not of a statement's line";
            return Err(Refusal::new(Code::NotAStatement, what));
        }
    };
    proof.leads_to(&line)?;
    let mut verdict = Verdict::new("balance");
    verdict.trust(&shown.trusted, policy);
    verdict.add("account", proof.account);
    verdict.add("amount", proof.amount);
    line_facts(&line, &mut verdict);
    Ok(verdict)
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Refusal> {
    let number = parse_decimal(text);
    number.ok_or_else(|| Refusal::malformed(format!("`{name}` is not a number in its range")))
}

fn sibling(line: &str) -> Option<Sum> {
    let bytes = decode_base64(line)?;
    let (hash, sum) = bytes.split_first_chunk()?;
    if sum.len() > 16 || sum.first() == Some(&0) {
        return None;
    }
    let mut amount = [0; 16];
    amount[16 - sum.len()..].copy_from_slice(sum);
    Some(Sum {
        hash: Hash::from_bytes(*hash),
        amount: u128::from_be_bytes(amount),
    })
}
