//! What the host answers to.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A socket that waits for others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::host) struct Listener {
    pub(in crate::host) port: u16,
    pub(in crate::host) address: IpAddr,
    pub(in crate::host) protocol: Protocol,
    pub(in crate::host) uid: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) enum Protocol {
    Tcp,
    Udp,
}

impl Listener {
    /// Whether others than the host itself reach it, were there no firewall.
    pub(in crate::host) fn is_public(&self) -> bool {
        let address = match self.address {
            IpAddr::V6(address) => address.to_ipv4_mapped().map_or(self.address, IpAddr::V4),
            address @ IpAddr::V4(_) => address,
        };
        match address {
            IpAddr::V4(address) => !address.is_loopback(),
            IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
        }
    }

    pub(in crate::host) fn shown(&self) -> String {
        let protocol = if self.protocol == Protocol::Tcp { "tcp" } else { "udp" };
        let at = std::net::SocketAddr::new(self.address, self.port);
        format!("{protocol} {at} uid {}", self.uid)
    }
}

/// The firewall that is set up, whoever does it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::host) struct Firewall {
    /// Its name; nothing when there is none.
    pub(in crate::host) name: Option<String>,
    /// Whether it has rules for IPv6, too.
    pub(in crate::host) has_ipv6: bool,
}
