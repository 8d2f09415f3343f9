//! Which names a request may call the listener by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wardkit_validation::{Accept, Error};

/// The names by which a request may call the listener.
///
/// A web page can point a name of its own at 127.0.0.1 and so make a browser on this machine talk to the listener
/// for it. Its requests carry that name.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    listen: IpAddr,
    names: Vec<String>,
}

impl Hosts {
    pub(crate) fn new(listen: IpAddr, names: &[String]) -> Self {
        Self { listen, names: names.to_vec() }
    }

    fn is_own(&self, address: IpAddr) -> bool {
        let local = match address {
            IpAddr::V4(four) => four.is_loopback(),
            IpAddr::V6(six) => six == Ipv6Addr::LOCALHOST,
        };
        local || address == self.listen
    }
}

/// Accepts an authority, a host with or without port, that is one of ours.
impl Accept<str> for Hosts {
    type Safe = ();

    fn accept(&self, authority: &str) -> Result<(), Error> {
        let is_ours = match split(authority) {
            Some(Host::Address(address)) => self.is_own(address),
            Some(Host::Name(name)) => {
                name.eq_ignore_ascii_case("localhost")
                    || self.names.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
            }
            None => false,
        };
        if is_ours { Ok(()) } else { Err(Error::NotListed) }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Host<'a> {
    Name(&'a str),
    Address(IpAddr),
}

/// Splits `host[:port]` and reads the host; `None` when it is neither a name nor an address in its usual form.
fn split(authority: &str) -> Option<Host<'_>> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        is_port_suffix(port).then_some(())?;
        return address.parse().ok().map(IpAddr::V6).map(Host::Address);
    }
    let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
    if host.is_empty() || !is_port_suffix(port) {
        return None;
    }
    Some(host.parse::<Ipv4Addr>().map_or(Host::Name(host), |four| Host::Address(four.into())))
}

/// Nothing, or a colon and a port.
fn is_port_suffix(text: &str) -> bool {
    text.strip_prefix(':').map_or(text.is_empty(), |port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_names_and_configured_ones_are_allowed_whatever_the_port() {
        let listen = "127.0.0.1".parse().unwrap();
        let hosts = Hosts::new(listen, &["status.example.org".to_owned()]);
        for (authority, allowed) in [
            ("localhost", true),
            ("LocalHost:80", true),
            ("127.0.0.1:9180", true),
            ("127.8.9.1", true),
            ("[::1]", true),
            ("[::1]:65535", true),
            ("status.example.org", true),
            ("STATUS.example.org:443", true),
            ("", false),
            (":80", false),
            ("localhost:", false),
            ("localhost:+80", false),
            ("localhost:65536", false),
            ("localhost:80:80", false),
            ("localhost.", false),
            ("localhost@evil.example", false),
            ("evil.example", false),
            ("status.example.org.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("2130706433", false),
            ("0x7f.1", false),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("::1", false),
            ("[::1", false),
            ("[::1]x", false),
            ("[::ffff:127.0.0.1]", false),
            ("[127.0.0.1]", false),
        ] {
            assert_eq!(hosts.accept(authority).is_ok(), allowed, "{authority}");
        }
    }

    #[test]
    fn the_listen_address_is_allowed() {
        let hosts = Hosts::new("192.0.2.7".parse().unwrap(), &[]);
        assert!(hosts.accept("192.0.2.7:9180").is_ok());
        assert!(hosts.accept("192.0.2.8:9180").is_err());
    }
}
