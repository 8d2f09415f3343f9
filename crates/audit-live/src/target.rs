//! Who is asked.

use std::net::{SocketAddr, ToSocketAddrs as _};

use url::{Host, Url};

use crate::Error;

/// Who says that a host is theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Owner {
    /// Nobody: only this host is asked, over loopback.
    #[default]
    Unknown,
    /// Whoever runs the program.
    Caller,
}

/// A web server.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    url: Url,
    host: Host,
    port: u16,
}

/// A web server whose addresses are known and may be asked.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) target: Target,
    pub(crate) address: SocketAddr,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Url { text: shown(text), reason };
        let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("it begins with neither http:// nor https://".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it has a name or a password in it".to_owned()));
        }
        let host = url.host().map(|host| host.to_owned());
        let (Some(host), Some(port)) = (host, url.port_or_known_default()) else {
            return Err(wrong("it names no host".to_owned()));
        };
        Ok(Self { url, host, port })
    }

    /// Finds the address, which takes as long as the resolver does.
    pub(crate) fn resolved(&self, owner: Owner) -> Result<Resolved, Error> {
        let host = self.host.to_string();
        let addresses: Vec<SocketAddr> = match &self.host {
            Host::Ipv4(ip) => vec![SocketAddr::from((*ip, self.port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((*ip, self.port))],
            Host::Domain(name) => (name.as_str(), self.port)
                .to_socket_addrs()
                .map_err(|source| Error::Unresolved { host: host.clone(), source })?
                .collect(),
        };
        let is_here = addresses.iter().all(|address| address.ip().is_loopback());
        let Some(address) =
            addresses.first().copied().filter(|_| is_here || owner == Owner::Caller)
        else {
            return Err(Error::NotOwned { host });
        };
        Ok(Resolved { target: self.clone(), address })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns the host's name, as certificates and TLS want it: without brackets.
    pub(crate) fn name(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        }
    }

    /// Returns what stands in the field `Host`.
    pub(crate) fn authority(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", self.host)
    }

    /// Returns the path that was given.
    pub(crate) fn path(&self) -> &str {
        self.url.path()
    }

    /// Returns the URL of a path, for people.
    pub(crate) fn url_of(&self, path: &str) -> String {
        format!("{}://{}{path}", self.url.scheme(), self.authority())
    }
}

/// What was given may hold a password.
fn shown(text: &str) -> String {
    match text.split_once('@') {
        Some((_, rest)) => format!("..@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_web_servers_are_targets() {
        for text in
            ["", "bot.example", "ftp://a/", "file:///etc/passwd", "http://", "http://u:pw@a/"]
        {
            let error = Target::parse(text).unwrap_err();
            assert!(!error.to_string().contains("pw"), "{error}");
        }
        let target = Target::parse("https://Bot.Example:8443/hook?x").unwrap();
        assert_eq!((target.authority().as_str(), target.path()), ("bot.example:8443", "/hook"));
        assert_eq!(target.url_of("/x"), "https://bot.example:8443/x");
        assert_eq!(Target::parse("http://[::1]:80/").unwrap().name(), "::1");
    }

    #[test]
    fn other_hosts_are_asked_for_their_owners_alone() {
        let check = |url: &str, owner, is_asked: bool| {
            assert_eq!(Target::parse(url).unwrap().resolved(owner).is_ok(), is_asked, "{url}");
        };
        check("http://127.0.0.1:1/", Owner::Unknown, true);
        check("http://[::1]:1/", Owner::Unknown, true);
        check("http://192.0.2.1/", Owner::Unknown, false);
        check("http://192.0.2.1/", Owner::Caller, true);
        check("http://0.0.0.0/", Owner::Unknown, false);
        check("http://2130706433/", Owner::Unknown, true);
    }
}
