//! Bearer tokens: made, kept as hashes, checked.
//!
//! A token is 256 random bits as text, `cf_<scope>_<64 hexadecimal digits>`, shown once. The file
//! `tokens` of the data directory (mode 0600) holds a line for each:
//!
//! ```text
//! <SHA-256 of the text, 64 hexadecimal digits> <scope> <name> <seconds since 1970> [<party> [<role>]]
//! ```
//!
//! A token with a party (32 hexadecimal digits) is bound to it: whoever has it is that party. One of
//! scope `person` always is, and sees what is that party's own. A bound one of another scope is of a
//! member of the staff, in a role.
//!
//! A plain hash is enough: nobody can try 2^256 tokens. Whoever reads the file cannot use it to
//! get in, and the check takes the same time wherever the first difference lies.

use core::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::limits::{ROLE_BYTES, TOKEN_NAME_BYTES, TOKENS};

/// What a token may do. Each scope may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// See what is the bearer's own, and nothing else.
    Person,
    /// Look up and query.
    Read,
    /// Create accounts and transfers.
    Write,
    /// Declare currencies, set a manual clock.
    Admin,
}

impl Scope {
    /// All of them, the smallest first.
    pub const ALL: [Self; 4] = [Self::Person, Self::Read, Self::Write, Self::Admin];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The scope with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// What a token is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What it may do.
    pub scope: Scope,
    /// Who has it; `None` where it is nobody in particular, a program.
    pub bound: Option<Bound>,
}

impl From<Scope> for Grant {
    fn from(scope: Scope) -> Self {
        Self { scope, bound: None }
    }
}

/// Who has a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Id of the party; not 0.
    pub party: u128,
    /// Of a member of the staff: in which role, 1 to 16 letters, digits, `.`, `-` and `_`. A token of
    /// scope `person` has none.
    pub role: Option<String>,
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    hash: [u8; 32],
    /// What it may do.
    pub scope: Scope,
    /// What it is called, to tell it from the others; letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// Seconds since 1970.
    pub created: u64,
    /// Who has it.
    pub bound: Option<Bound>,
}

/// Why tokens were not read or written.
#[derive(Debug)]
pub enum TokenError {
    /// The file could not be read or written.
    Io(PathBuf, io::Error),
    /// The file is not as it was written; the line, from 1.
    Malformed(usize),
    /// The name is empty, too long or has other characters.
    Name,
    /// The scope `person` needs a party.
    Unbound,
    /// No party has the id 0.
    Party,
    /// A role is of the staff, and has few letters.
    Role,
    /// There is a token with this name.
    Exists,
    /// There is no token with this name.
    Unknown,
    /// There are as many as a file takes.
    Full,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Malformed(line) => write!(
                f,
                "line {line} of the token file is not `<hash> <scope> <name> <seconds> \
                 [<party> [<role>]]`; mend or remove it"
            ),
            Self::Name => write!(
                f,
                "a token's name has 1 to {TOKEN_NAME_BYTES} letters, digits, dots, dashes and \
                 underscores"
            ),
            Self::Unbound => write!(
                f,
                "a token of scope person is bound to a party; say whose it is"
            ),
            Self::Party => write!(f, "no party has the id 0; say whose token it is"),
            Self::Role => write!(
                f,
                "a role has 1 to {ROLE_BYTES} letters, digits, dots, dashes and underscores, and \
                 belongs to a party of the staff: not to a token of scope person, nor to one that \
                 is bound to nobody"
            ),
            Self::Exists => write!(
                f,
                "a token has this name; revoke it first or choose another"
            ),
            Self::Unknown => write!(f, "no token has this name"),
            Self::Full => write!(f, "there are {TOKENS} tokens; revoke one first"),
        }
    }
}

impl std::error::Error for TokenError {}

/// The token file of a data directory.
pub fn token_file(data: &Path) -> PathBuf {
    data.join("tokens")
}

/// Makes a token and gives its text, which is kept nowhere.
///
/// `created` is in seconds since 1970.
pub fn create(
    data: &Path,
    name: &str,
    grant: impl Into<Grant>,
    created: u64,
) -> Result<String, TokenError> {
    let Grant { scope, bound } = grant.into();
    if !is_name(name) {
        return Err(TokenError::Name);
    }
    check_bound(scope, bound.as_ref())?;
    let _change = lock(data)?;
    let mut tokens = load(data)?;
    if tokens.iter().any(|token| token.name == name) {
        return Err(TokenError::Exists);
    }
    if tokens.len() == TOKENS {
        return Err(TokenError::Full);
    }
    let mut secret = [0; 32];
    let randomness = |error| TokenError::Io(token_file(data), io::Error::from(error));
    getrandom::fill(&mut secret).map_err(randomness)?;
    let text = format!("cf_{}_{}", scope.name(), Hex(&secret));
    let hash = Sha256::digest(text.as_bytes()).into();
    tokens.push(Token {
        hash,
        scope,
        name: name.to_owned(),
        created,
        bound,
    });
    store(data, &tokens)?;
    Ok(text)
}

/// Takes a token back. A server that runs notices within a second.
pub fn revoke(data: &Path, name: &str) -> Result<(), TokenError> {
    let _change = lock(data)?;
    let mut tokens = load(data)?;
    let before = tokens.len();
    tokens.retain(|token| token.name != name);
    if tokens.len() == before {
        return Err(TokenError::Unknown);
    }
    store(data, &tokens)
}

/// The tokens of a data directory; none where it has no token file.
pub fn load(data: &Path) -> Result<Vec<Token>, TokenError> {
    let path = token_file(data);
    let wrap = |error| TokenError::Io(path.clone(), error);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrap(error)),
    };
    let mut bytes = Vec::new();
    // One byte more than the largest file, so that a larger one is refused and not cut.
    file.take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(wrap)?;
    parse(&bytes)
}

const LINE_BYTES: usize = 64 + 1 + 6 + 1 + TOKEN_NAME_BYTES + 1 + 20 + 1 + 32 + 1 + ROLE_BYTES + 1;
const FILE_BYTES: u64 = (TOKENS * LINE_BYTES) as u64;

/// Reads the bytes of a token file; strictly, because a line misread is a door left open.
pub fn parse(bytes: &[u8]) -> Result<Vec<Token>, TokenError> {
    let text = core::str::from_utf8(bytes).map_err(|_| TokenError::Malformed(1))?;
    let mut tokens: Vec<Token> = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let token = line.strip_suffix('\n').and_then(parse_line);
        let token = token.ok_or(TokenError::Malformed(index + 1))?;
        if tokens.len() == TOKENS || tokens.iter().any(|other| other.name == token.name) {
            return Err(TokenError::Malformed(index + 1));
        }
        tokens.push(token);
    }
    Ok(tokens)
}

fn parse_line(line: &str) -> Option<Token> {
    let mut words = line.split(' ');
    let token = Token {
        hash: parse_hash(words.next()?)?,
        scope: Scope::from_name(words.next()?)?,
        name: words.next().filter(|name| is_name(name))?.to_owned(),
        created: words.next()?.parse().ok()?,
        bound: match words.next() {
            None => None,
            Some(party) => Some(Bound {
                party: u128::from_str_radix(party, 16).ok()?,
                role: words.next().map(str::to_owned),
            }),
        },
    };
    check_bound(token.scope, token.bound.as_ref()).ok()?;
    (words.next().is_none() && Line(&token).to_string() == line).then_some(token)
}

fn check_bound(scope: Scope, bound: Option<&Bound>) -> Result<(), TokenError> {
    let Some(Bound { party, role }) = bound else {
        let needs_nobody = scope != Scope::Person;
        return needs_nobody.then_some(()).ok_or(TokenError::Unbound);
    };
    if *party == 0 {
        return Err(TokenError::Party);
    }
    let may_have = |role: &String| scope != Scope::Person && is_role(role);
    if role.as_ref().is_none_or(may_have) {
        Ok(())
    } else {
        Err(TokenError::Role)
    }
}

fn parse_hash(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(hash)
}

fn is_name(name: &str) -> bool {
    is_word(name) && name.len() <= TOKEN_NAME_BYTES
}

fn is_role(role: &str) -> bool {
    is_word(role) && role.len() <= ROLE_BYTES
}

fn is_word(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    !text.is_empty() && text.bytes().all(good)
}

/// The token that `text` is, where it is one of `tokens`. All are looked at, whichever it is.
pub fn check<'a>(tokens: &'a [Token], text: &[u8]) -> Option<&'a Token> {
    let hash: [u8; 32] = Sha256::digest(text).into();
    // From 1; 0 is none.
    let mut found = 0u64;
    for (place, token) in (1u64..).zip(tokens) {
        let same: Choice = token.hash.ct_eq(&hash);
        found.conditional_assign(&place, same);
    }
    tokens.get(usize::try_from(found).ok()?.checked_sub(1)?)
}

/// The token of an `Authorization` header: `Bearer` and one word.
pub fn parse_bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(7)?;
    let plain = !token.is_empty() && token.len() <= 128 && token.iter().all(u8::is_ascii_graphic);
    (scheme.eq_ignore_ascii_case(b"Bearer ") && plain).then_some(token)
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

struct Line<'a>(&'a Token);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Token {
            hash,
            scope,
            name,
            created,
            bound,
        } = self.0;
        write!(f, "{} {} {name} {created}", Hex(hash), scope.name())?;
        if let Some(Bound { party, role }) = bound {
            write!(f, " {party:032x}")?;
            role.iter().try_for_each(|role| write!(f, " {role}"))?;
        }
        Ok(())
    }
}

/// Keeps two changes from overlapping. The file stays: removing it would let a third change lock
/// a file that the second no longer sees.
fn lock(data: &Path) -> Result<File, TokenError> {
    let path = data.join("tokens.lock");
    let wrap = |error| TokenError::Io(path.clone(), error);
    let file = private().open(&path).map_err(wrap)?;
    file.lock().map_err(wrap)?;
    Ok(file)
}

/// Written beside and renamed: a crash leaves the file as it was before or as it is after.
fn store(data: &Path, tokens: &[Token]) -> Result<(), TokenError> {
    let (path, new) = (token_file(data), data.join("tokens.new"));
    let write = || -> io::Result<()> {
        let mut file = private().truncate(true).open(&new)?;
        for token in tokens {
            writeln!(file, "{}", Line(token))?;
        }
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(data)?.sync_all()
    };
    write().map_err(|error| TokenError::Io(path.clone(), error))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::{
        Bound, Grant, Scope, TokenError, check, create, load, parse, parse_bearer, revoke,
        token_file,
    };
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn made_used_and_revoked() {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path();
        assert!(load(data).expect("none yet").is_empty());
        let text = create(data, "till-1", Scope::Write, 1_700_000_000).expect("made");
        assert!(text.starts_with("cf_write_") && text.len() == 9 + 64);
        let other = create(data, "auditor", Scope::Read, 1_700_000_001).expect("made");
        let tokens = load(data).expect("both");
        let scope = |text: &str| check(&tokens, text.as_bytes()).map(|token| token.scope);
        assert_eq!(scope(&text), Some(Scope::Write));
        assert_eq!(scope(&other), Some(Scope::Read));
        assert_eq!(
            check(&tokens, text.replace("write", "admin").as_bytes()),
            None
        );
        assert_eq!(check(&tokens, b""), None);

        let file = std::fs::read_to_string(token_file(data)).expect("it is text");
        assert!(!file.contains(&text[9..]), "the text is not kept");
        let mode = std::fs::metadata(token_file(data))
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);

        let again = create(data, "till-1", Scope::Read, 0);
        assert!(matches!(again, Err(TokenError::Exists)));
        revoke(data, "till-1").expect("it was there");
        assert!(matches!(revoke(data, "till-1"), Err(TokenError::Unknown)));
        assert_eq!(check(&load(data).expect("one"), text.as_bytes()), None);
        for name in ["", "a b", "a\nb", &"x".repeat(65)] {
            assert!(
                matches!(create(data, name, Scope::Read, 0), Err(TokenError::Name)),
                "{name}"
            );
        }
    }

    fn bound(scope: Scope, party: u128, role: Option<&str>) -> Grant {
        let role = role.map(str::to_owned);
        let bound = Some(Bound { party, role });
        Grant { scope, bound }
    }

    #[test]
    fn tokens_are_bound_to_parties() {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path();
        let grants = [
            ("zoe", bound(Scope::Person, 7, None)),
            ("desk", bound(Scope::Admin, u128::MAX, Some("support"))),
            ("clerk", bound(Scope::Read, 41, None)),
            ("shop", Scope::Write.into()),
        ];
        let texts = grants.clone().map(|(name, grant)| {
            let text = create(data, name, grant, 7);
            text.unwrap_or_else(|error| panic!("{name}: {error}"))
        });
        let tokens = load(data).expect("all of them");
        for ((name, grant), text) in grants.into_iter().zip(&texts) {
            let token = check(&tokens, text.as_bytes()).expect(name);
            let kept = (token.name.as_str(), token.scope, token.bound.clone());
            assert_eq!(kept, (name, grant.scope, grant.bound));
        }
        let file = std::fs::read_to_string(token_file(data)).expect("it is text");
        let ends: Vec<_> = file.lines().map(|line| &line[65..]).collect();
        assert_eq!(
            ends,
            [
                "person zoe 7 00000000000000000000000000000007",
                "admin desk 7 ffffffffffffffffffffffffffffffff support",
                "read clerk 7 00000000000000000000000000000029",
                "write shop 7",
            ]
        );
        for (grant, says) in [
            (Scope::Person.into(), "bound to a party"),
            (bound(Scope::Read, 0, None), "the id 0"),
            (
                bound(Scope::Person, 7, Some("boss")),
                "belongs to a party of the staff",
            ),
            (bound(Scope::Read, 7, Some("")), "a role has 1 to 16"),
            (bound(Scope::Read, 7, Some("a b")), "a role has 1 to 16"),
            (
                bound(Scope::Read, 7, Some(&"x".repeat(17))),
                "a role has 1 to 16",
            ),
        ] {
            let error = create(data, "other", grant, 7).expect_err(says);
            assert!(error.to_string().contains(says), "{error}");
        }
        assert_eq!(load(data).expect("as before").len(), 4);
    }

    #[test]
    fn other_lines_are_refused() {
        let hash = "ab".repeat(32);
        let good = format!("{hash} read a 7\n");
        assert!(parse(good.as_bytes()).is_ok());
        let party = "0".repeat(31) + "7";
        for bad in [
            format!("{hash} read a 7"),
            format!("{hash} read a 7 \n"),
            format!("{hash} read a +7\n"),
            format!("{hash} read a 07\n"),
            format!("{hash}  read a 7\n"),
            format!("{hash} root a 7\n"),
            format!("{hash} person a 7\n"),
            format!("{hash} person a 7 {party} boss\n"),
            format!("{hash} read a 7 {party} \n"),
            format!("{hash} read a 7 {party} boss more\n"),
            format!("{hash} read a 7 7\n"),
            format!("{hash} read a 7 {}\n", "0".repeat(32)),
            format!("{hash} read a 7 +{}\n", &party[1..]),
            format!("{hash} read a 7 {}\n", party.replace('7', "A")),
            format!("{} read a 7\n", hash.to_uppercase()),
            format!("{} read a 7\n", &hash[1..]),
            "\n".to_owned(),
        ] {
            assert!(
                matches!(parse(bad.as_bytes()), Err(TokenError::Malformed(1))),
                "{bad:?}"
            );
        }
        let twice = format!("{good}{good}");
        assert!(matches!(
            parse(twice.as_bytes()),
            Err(TokenError::Malformed(2))
        ));
    }

    #[test]
    fn bearers() {
        assert_eq!(parse_bearer(b"Bearer x"), Some(&b"x"[..]));
        assert_eq!(parse_bearer(b"bearer x"), Some(&b"x"[..]));
        for other in ["", "Bearer", "Bearer ", "Basic x", "Bearer x y", "Bearerx"] {
            assert_eq!(parse_bearer(other.as_bytes()), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes: Vec<u8>) {
            let _ = parse(&bytes);
            let _ = parse_bearer(&bytes);
        }
    }
}
