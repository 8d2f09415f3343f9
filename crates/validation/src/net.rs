//! What addresses are of: public, or somebody's inside.
//!
//! An IPv6 address may carry an IPv4 one that a translator or a tunnel uses in the end: each is taken out and judged
//! too.

mod embedding;
mod kind;
mod network;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use embedding::{Embedded, Embedding};
pub use kind::AddressKind;
pub use network::Network;

use crate::Error;

/// Knows what every address is of.
///
/// ```
/// use wardkit_validation::{AddressKind, AddressMap};
///
/// let map = AddressMap::new();
/// assert_eq!(map.kind("1.1.1.1".parse()?), AddressKind::Public);
/// // The same address of the cloud's metadata, plain and through a translator.
/// assert_eq!(map.kind("169.254.169.254".parse()?), AddressKind::Metadata);
/// assert_eq!(map.kind("64:ff9b::a9fe:a9fe".parse()?), AddressKind::Metadata);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Prefixes", into = "Prefixes"))]
pub struct AddressMap {
    nat64: Vec<Network>,
}

impl AddressMap {
    /// Creates a map of what the registries say, with the well-known prefix of NAT64 alone.
    #[must_use]
    pub const fn new() -> Self {
        Self { nat64: Vec::new() }
    }

    /// Adds the prefix that an operator's NAT64 uses, so that the IPv4 addresses behind it are seen.
    ///
    /// # Errors
    ///
    /// [`Error::Nat64Prefix`] when it is not an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits (RFC 6052, section 2.2).
    pub fn with_nat64(mut self, prefix: Network) -> Result<Self, Error> {
        let legal =
            prefix.address().is_ipv6() && matches!(prefix.bits(), 32 | 40 | 48 | 56 | 64 | 96);
        if !legal {
            return Err(Error::Nat64Prefix);
        }
        self.nat64.push(prefix);
        Ok(self)
    }

    /// Returns what the address is of. With an address inside, it is what that one is of; retired ways of carrying
    /// a public one are [`Reserved`](AddressKind::Reserved).
    #[must_use]
    pub fn kind(&self, address: IpAddr) -> AddressKind {
        match address {
            IpAddr::V4(address) => AddressKind::of_v4(address),
            IpAddr::V6(address) => self.kind_v6(address),
        }
    }

    /// Returns the IPv4 address that an IPv6 one carries.
    #[must_use]
    pub fn embedded(&self, address: IpAddr) -> Option<Embedded> {
        let IpAddr::V6(address) = address else { return None };
        let operator = self.nat64.iter().find(|prefix| prefix.contains(IpAddr::V6(address)));
        operator.map_or_else(
            || embedding::of(address),
            |prefix| Some(embedding::by_prefix(address, prefix.bits())),
        )
    }

    /// Returns the address and then the one inside it: what a list of networks has to be asked about.
    #[cfg(feature = "url")]
    pub(crate) fn readings(&self, address: IpAddr) -> impl Iterator<Item = IpAddr> {
        let inner = self.embedded(address).map(|embedded| IpAddr::V4(embedded.address));
        std::iter::once(address).chain(inner)
    }

    fn kind_v6(&self, address: Ipv6Addr) -> AddressKind {
        let Some(Embedded { by, address: inner }) = self.embedded(IpAddr::V6(address)) else {
            return AddressKind::of_v6(address);
        };
        match (AddressKind::of_v4(inner), by) {
            (AddressKind::Public, Embedding::Isatap) => AddressKind::of_v6(address),
            (
                AddressKind::Public,
                Embedding::Mapped | Embedding::Nat64 | Embedding::OperatorNat64,
            ) => AddressKind::Public,
            // Retired, or of a site's own use: no public service is reached that way.
            (AddressKind::Public, _) => AddressKind::Reserved,
            (kind, _) => kind,
        }
    }
}

impl AddressKind {
    /// Returns what the address is of, by the default [`AddressMap`].
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        AddressMap::new().kind(address)
    }
}

/// How a map is written in a configuration.
#[cfg(feature = "serde")]
#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Prefixes {
    nat64: Vec<Network>,
}

#[cfg(feature = "serde")]
impl TryFrom<Prefixes> for AddressMap {
    type Error = Error;

    fn try_from(prefixes: Prefixes) -> Result<Self, Error> {
        prefixes.nat64.into_iter().try_fold(Self::new(), Self::with_nat64)
    }
}

#[cfg(feature = "serde")]
impl From<AddressMap> for Prefixes {
    fn from(map: AddressMap) -> Self {
        Self { nat64: map.nat64 }
    }
}

/// The last 32 bits.
fn low_v4(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}
