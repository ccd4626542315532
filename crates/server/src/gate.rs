//! Lets a request in, or not.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use axum::http::request::Parts;
use axum::http::{Uri, header};

use crate::app::Auth;
use crate::auth::{self, Bound, Scope, Token};
use crate::problem::{Kind, Problem, echo};
use crate::route::Access;

/// Decides who may call what.
pub(crate) struct Gate {
    door: Door,
    tokens: Tokens,
}

/// Whom the gate lets in.
enum Door {
    /// Everyone on this machine. A token opens nothing more; it says who calls.
    Local,
    /// Holders of tokens.
    Tokens,
}

/// Who calls, as the token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Of the token.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Who has it; `None` where it is bound to nobody.
    pub bound: Option<Bound>,
}

impl From<&Token> for Caller {
    fn from(token: &Token) -> Self {
        Self {
            name: token.name.clone(),
            scope: token.scope,
            bound: token.bound.clone(),
        }
    }
}

/// The tokens of a data directory, as last read.
struct Tokens {
    data: PathBuf,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    tokens: Vec<Token>,
    seen: Option<Version>,
}

/// Tells one state of the file from another: each change renames a new file into place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    inode: u64,
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Version {
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let facts = fs::metadata(path).ok()?;
        let modified = facts.modified().ok();
        Some(Self {
            inode: facts.ino(),
            modified,
            bytes: facts.len(),
        })
    }
}

impl Gate {
    /// `data` is the directory of the books, whose tokens say who calls where everyone may.
    pub fn new(auth: Auth, data: PathBuf) -> Self {
        let (door, data) = match auth {
            Auth::None => (Door::Local, data),
            Auth::Tokens(data) => (Door::Tokens, data),
        };
        let known = RwLock::default();
        let tokens = Tokens { data, known };
        tokens.read();
        Self { door, tokens }
    }

    /// Lets the request in and says who calls, as far as that was asked; or says why not.
    pub fn admit(&self, access: Access, request: &Parts) -> Result<Option<Caller>, Problem> {
        if matches!(self.door, Door::Local) {
            admit_local(request)?;
        }
        match (access, &self.door) {
            (Access::Open, _) => Ok(None),
            (Access::Person, _) => self.tokens.admit_person(request).map(Some),
            (Access::Needs(_), Door::Local) => Ok(self.tokens.caller(request).ok()),
            (Access::Needs(scope), Door::Tokens) => self.tokens.admit(scope, request).map(Some),
        }
    }

    /// Reads the token file again where it has changed.
    pub fn refresh(&self) {
        let known = self.tokens.known.read();
        let seen = known.unwrap_or_else(PoisonError::into_inner).seen;
        if seen != Version::of(&auth::token_file(&self.tokens.data)) {
            self.tokens.read();
        }
    }
}

impl Tokens {
    /// Whoever cannot be checked is not let in: where the file cannot be read, nobody is.
    fn read(&self) {
        // Before the content, so that a change in between is read the next time.
        let seen = Version::of(&auth::token_file(&self.data));
        let tokens = auth::load(&self.data).unwrap_or_else(|error| {
            tracing::error!(%error, "no token is accepted");
            Vec::new()
        });
        tracing::info!(tokens = tokens.len(), "tokens read");
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { tokens, seen };
    }

    /// Whose token the request has.
    fn caller(&self, request: &Parts) -> Result<Caller, Problem> {
        let header = request.headers.get(header::AUTHORIZATION);
        let token = header.and_then(|header| auth::parse_bearer(header.as_bytes()));
        let Some(token) = token else {
            let detail = "Send `Authorization: Bearer <token>`.";
            return Err(Problem::new(Kind::Unauthorized, detail));
        };
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = auth::check(&known.tokens, token);
        known.map(Caller::from).ok_or_else(|| {
            let detail = "The token is not known, or revoked.";
            Problem::new(Kind::Unauthorized, detail)
        })
    }

    fn admit(&self, needed: Scope, request: &Parts) -> Result<Caller, Problem> {
        let caller = self.caller(request)?;
        if caller.scope < needed {
            let (has, needs) = (caller.scope.name(), needed.name());
            let detail = format!("The token's scope is `{has}`; the route needs `{needs}`.");
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        Ok(caller)
    }

    fn admit_person(&self, request: &Parts) -> Result<Caller, Problem> {
        let caller = self.caller(request)?;
        caller.bound()?;
        Ok(caller)
    }
}

impl Caller {
    /// Who has the token.
    pub fn bound(&self) -> Result<&Bound, Problem> {
        self.bound.as_ref().ok_or_else(|| {
            let detail = "The token is bound to nobody; the route needs one that is bound to a \
                          party (`counterfoil token new --party`).";
            Problem::new(Kind::Forbidden, detail)
        })
    }
}

/// Without tokens, whatever runs on this machine may call; but a page of a foreign site that a
/// browser of this machine shows may not. Such a page either says its origin, or, where its name
/// was rebound to this address, its name is in `Host`.
fn admit_local(request: &Parts) -> Result<(), Problem> {
    if let Some(origin) = request.headers.get(header::ORIGIN) {
        let origin = echo(&String::from_utf8_lossy(origin.as_bytes()));
        let detail = format!(
            "Pages ({origin}) may not call an API that is served without tokens; use a client \
             that is no browser, or serve with tokens."
        );
        return Err(Problem::new(Kind::ForeignOrigin, detail));
    }
    let host = request
        .headers
        .get(header::HOST)
        .map_or("", |host| host.to_str().unwrap_or("?"));
    let named = request
        .uri
        .authority()
        .is_none_or(|authority| is_local(authority.as_str()));
    if named && is_local(host) {
        return Ok(());
    }
    let detail = format!(
        "Without tokens `Host` must be localhost or a loopback address, not {:?}.",
        echo(host)
    );
    Err(Problem::new(Kind::ForeignOrigin, detail))
}

/// Whether `host`, with or without a port, is a name of this machine that nobody else can give.
fn is_local(host: &str) -> bool {
    if host.is_empty() || host.contains('@') {
        return false;
    }
    let Ok(uri) = host.parse::<Uri>() else {
        return false;
    };
    let Some(name) = uri.host() else { return false };
    let v6 = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
        || v6.is_some_and(|v6| {
            v6.parse::<Ipv6Addr>()
                .is_ok_and(|address| address.is_loopback())
        })
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn hosts() {
        for host in [
            "localhost",
            "LocalHost:7411",
            "127.0.0.1",
            "127.3.2.1:80",
            "[::1]:7411",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "10.0.0.1",
            "0.0.0.0:7411",
            "[::]",
            "x@localhost",
            "localhost/",
            "127.1",
            "2130706433",
            "?",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
