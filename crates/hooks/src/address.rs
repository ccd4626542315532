//! Where nothing is delivered to, whatever a URL or the name service says.
//!
//! A subscription's URL is the wish of a stranger, and this process stands inside a network. So
//! the address is judged that is connected to, behind the look-up of its name: a name that leads
//! elsewhere the next time leads nowhere. What was looked up is kept for a moment, its judgement is not.

use core::fmt;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Instant;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::error::UrlRefusal;
use crate::limits::{NAME_AGE, URL_BYTES};

/// How far webhooks go. Link-local addresses, and so the metadata services of clouds, are refused
/// in any case, as are those that are no receiver's: multicast, unspecified, reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// `https` to public addresses; `https` and `http` to this machine, if the URL says so
    /// (`localhost`, `127.0.0.1`, `[::1]`).
    #[default]
    Public,
    /// Private addresses and this machine as well, and `http` everywhere.
    Private,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// This machine.
    Loopback,
    /// A network that somebody keeps for themselves.
    Private,
    /// Link-local, or no receiver's.
    Never,
    /// Everybody's.
    Public,
}

/// An address that a name led to, and that nothing is sent to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused(pub IpAddr);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no address to deliver to", self.0)
    }
}

impl std::error::Error for Refused {}

/// Refuses a URL that could never be delivered to.
pub(crate) fn check(url: &str, reach: Reach) -> Result<(), UrlRefusal> {
    if url.len() > URL_BYTES {
        return Err(UrlRefusal::Long);
    }
    if url.contains('#') {
        return Err(UrlRefusal::Fragment);
    }
    let uri: Uri = url.parse().map_err(|_| UrlRefusal::Malformed)?;
    let authority = uri.authority().ok_or(UrlRefusal::Malformed)?;
    if authority.as_str().contains('@') {
        return Err(UrlRefusal::Credentials);
    }
    if authority.host().is_empty() || uri.scheme().is_none() {
        return Err(UrlRefusal::Malformed);
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if reach == Reach::Private || is_here(&uri) => {}
        Some("http") => return Err(UrlRefusal::Plain),
        _ => return Err(UrlRefusal::Scheme),
    }
    match literal(&uri) {
        Some(address) if !permits(reach, &uri, address) => Err(UrlRefusal::Address),
        _ => Ok(()),
    }
}

fn literal(uri: &Uri) -> Option<IpAddr> {
    let host = uri.host()?;
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

/// Whether the URL itself says that it leads to this machine.
fn is_here(uri: &Uri) -> bool {
    let named = uri
        .host()
        .is_some_and(|host| host.eq_ignore_ascii_case("localhost"));
    named || literal(uri).is_some_and(|address| place(address) == Place::Loopback)
}

fn permits(reach: Reach, uri: &Uri, address: IpAddr) -> bool {
    match (place(address), reach) {
        (Place::Never, _) | (Place::Private, Reach::Public) => false,
        (_, Reach::Private) => true,
        (Place::Loopback, Reach::Public) => is_here(uri),
        (Place::Public, Reach::Public) => uri.scheme_str() == Some("https"),
    }
}

fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place4(address),
        IpAddr::V6(address) => place6(address),
    }
}

/// The IANA registry of special addresses (RFC 6890), with what is reserved.
fn place4(address: Ipv4Addr) -> Place {
    match address.octets() {
        [127, ..] => Place::Loopback,
        // Private, and shared behind a provider's translation (RFC 6598).
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Place::Private,
        // This network, link-local, protocols, documentation, 6to4 relays, benchmarks, multicast,
        // reserved, broadcast.
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Place::Never,
        _ => Place::Public,
    }
}

fn place6(address: Ipv6Addr) -> Place {
    if address == Ipv6Addr::LOCALHOST {
        return Place::Loopback;
    }
    if let Some(inner) = address.to_ipv4_mapped() {
        return place4(inner);
    }
    let inner =
        |high: u16, low: u16| place4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Place::Private,
        // Translated to IPv4 (RFC 6052), and 6to4: what counts is inside.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => inner(high, low),
        // Protocols (Teredo is one), documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Place::Never,
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Never,
    }
}

/// Looks names up, and keeps of their addresses only those that may be connected to.
///
/// It is asked for each event, whether a connection is there already or not, and each look-up is a
/// thread and a question to the name service: so what was found a moment ago is found again.
#[derive(Debug)]
pub(crate) struct Guard {
    reach: Reach,
    names: DefaultResolver,
    found: Mutex<BTreeMap<String, Found>>,
}

/// The addresses of a name, and when they were looked up.
#[derive(Debug)]
struct Found {
    at: Instant,
    addresses: Vec<SocketAddr>,
}

impl Guard {
    pub fn new(reach: Reach) -> Self {
        Self {
            reach,
            names: DefaultResolver::default(),
            found: Mutex::default(),
        }
    }

    fn look_up(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<Vec<SocketAddr>, Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "how old a look-up is shows nowhere"
        )]
        let now = Instant::now();
        // The scheme gives the port where none is named.
        let scheme = uri.scheme_str().unwrap_or_default();
        let name = format!(
            "{scheme}://{}",
            uri.authority().map_or("", Authority::as_str)
        );
        let fresh = |found: &Found| now.duration_since(found.at) < NAME_AGE;
        {
            let mut known = self.found.lock().expect("no holder panics");
            known.retain(|_, found| fresh(found));
            if let Some(found) = known.get(&name) {
                return Ok(found.addresses.clone());
            }
        }
        let addresses = self.names.resolve(uri, config, timeout)?.to_vec();
        let found = Found {
            at: now,
            addresses: addresses.clone(),
        };
        let mut known = self.found.lock().expect("no holder panics");
        known.insert(name, found);
        Ok(addresses)
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.look_up(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found
            .iter()
            .filter(|found| permits(self.reach, uri, found.ip()))
        {
            kept.push(*address);
        }
        match (kept.first(), found.first()) {
            (Some(_), _) => Ok(kept),
            (None, Some(refused)) => {
                let refused = Refused(refused.ip());
                Err(Error::Io(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    refused,
                )))
            }
            (None, None) => Err(Error::HostNotFound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Reach, check, permits, place};
    use crate::error::UrlRefusal;
    use ureq::http::Uri;

    #[test]
    fn addresses_and_their_places() {
        use Place::{Loopback, Never, Private, Public};
        for (address, expected) in [
            ("127.0.0.1", Loopback),
            ("127.255.0.9", Loopback),
            ("::1", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("10.0.0.1", Private),
            ("172.15.0.1", Public),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("172.32.0.1", Public),
            ("192.168.1.1", Private),
            ("100.64.0.1", Private),
            ("fc00::1", Private),
            ("fd00:ec2::254", Private),
            ("::ffff:10.0.0.1", Private),
            ("64:ff9b::a00:1", Private),
            ("2002:c0a8:101::1", Private),
            ("169.254.169.254", Never),
            ("::ffff:169.254.169.254", Never),
            ("64:ff9b::a9fe:a9fe", Never),
            ("2002:a9fe:a9fe::", Never),
            ("fe80::1", Never),
            ("fec0::1", Never),
            ("0.0.0.0", Never),
            ("::", Never),
            ("::10.0.0.1", Never),
            ("224.0.0.1", Never),
            ("255.255.255.255", Never),
            ("ff02::1", Never),
            ("2001::1", Never),
            ("2001:db8::1", Never),
            ("198.18.0.1", Never),
            ("192.0.2.1", Never),
            ("1.1.1.1", Public),
            ("2606:4700::1111", Public),
            ("64:ff9b::101:101", Public),
        ] {
            assert_eq!(
                place(address.parse().expect("an address")),
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn urls() {
        use UrlRefusal::{Address, Credentials, Fragment, Long, Malformed, Plain, Scheme};
        type Judged = Result<(), UrlRefusal>;
        let long = format!("https://example.com/{}", "x".repeat(2_048));
        let table: &[(&str, Judged, Judged)] = &[
            ("https://example.com/hook?a=b", Ok(()), Ok(())),
            ("https://example.com:8443", Ok(()), Ok(())),
            ("http://example.com/", Err(Plain), Ok(())),
            ("http://localhost:9/x", Ok(()), Ok(())),
            ("http://127.0.0.1:9/x", Ok(()), Ok(())),
            ("http://[::1]:9/x", Ok(()), Ok(())),
            ("https://10.0.0.1/", Err(Address), Ok(())),
            ("http://10.0.0.1/", Err(Plain), Ok(())),
            ("https://[fd00::1]/", Err(Address), Ok(())),
            ("https://169.254.169.254/", Err(Address), Err(Address)),
            (
                "https://[::ffff:169.254.169.254]/",
                Err(Address),
                Err(Address),
            ),
            ("https://0.0.0.0/", Err(Address), Err(Address)),
            ("ftp://example.com/", Err(Scheme), Err(Scheme)),
            (
                "https://a:b@example.com/",
                Err(Credentials),
                Err(Credentials),
            ),
            ("https://example.com/#x", Err(Fragment), Err(Fragment)),
            ("https://", Err(Malformed), Err(Malformed)),
            ("https:///x", Err(Malformed), Err(Malformed)),
            ("/x", Err(Malformed), Err(Malformed)),
            ("example.com", Err(Malformed), Err(Malformed)),
            ("https://exa mple.com/", Err(Malformed), Err(Malformed)),
            (
                "https://example.com/\r\nx: y",
                Err(Malformed),
                Err(Malformed),
            ),
            (&long, Err(Long), Err(Long)),
        ];
        for (url, public, private) in table {
            assert_eq!(check(url, Reach::Public), *public, "{url}");
            assert_eq!(check(url, Reach::Private), *private, "{url}");
        }
    }

    /// A name is judged by where it leads at this moment.
    #[test]
    fn names_that_lead_inside() {
        let table = [
            ("https://evil.example/", "127.0.0.1", false),
            ("https://evil.example/", "10.1.2.3", false),
            ("https://good.example/", "1.1.1.1", true),
            ("https://localhost/", "127.0.0.1", true),
            ("http://localhost/", "1.1.1.1", false),
        ];
        for (url, address, allowed) in table {
            let (uri, address) = (Uri::from_static(url), address.parse().expect("an address"));
            assert_eq!(
                permits(Reach::Public, &uri, address),
                allowed,
                "{url} {address}"
            );
        }
    }
}
