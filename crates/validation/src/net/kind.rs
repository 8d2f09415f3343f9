//! The kinds of addresses, by IANA's registries of special-purpose addresses.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What an address is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AddressKind {
    /// Anyone's, reached through the internet.
    Public,
    /// This machine.
    Loopback,
    /// A private network (RFC 1918).
    Private,
    /// The link; nothing routes it.
    LinkLocal,
    /// The cloud's own services, which give credentials to whoever asks from the machine.
    Metadata,
    /// The provider's network, behind carrier-grade NAT (RFC 6598).
    Shared,
    /// Networks for benchmarks.
    Benchmarking,
    /// Examples in documents.
    Documentation,
    /// Many at once.
    Multicast,
    /// All on the link.
    Broadcast,
    /// No address; systems take it for this machine.
    Unspecified,
    /// Not given to anyone, or given to a protocol.
    Reserved,
    /// A private network of IPv6 (RFC 4193).
    UniqueLocal,
    /// What private networks of IPv6 were before.
    SiteLocal,
}

impl AddressKind {
    /// Returns whether anyone may be sent there.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Public)
    }

    /// Returns its name, as errors write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "cloud metadata",
            Self::Shared => "carrier-grade NAT",
            Self::Benchmarking => "benchmarking",
            Self::Documentation => "documentation",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Unspecified => "unspecified",
            Self::Reserved => "reserved",
            Self::UniqueLocal => "unique-local",
            Self::SiteLocal => "site-local",
        }
    }

    pub(super) fn of_v4(address: Ipv4Addr) -> Self {
        if METADATA_V4.contains(&address.octets()) {
            return Self::Metadata;
        }
        match address.octets() {
            [0, ..] => Self::Unspecified,
            [127, ..] => Self::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Private,
            [100, 64..=127, ..] => Self::Shared,
            [169, 254, ..] => Self::LinkLocal,
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Self::Documentation,
            [198, 18..=19, ..] => Self::Benchmarking,
            [224..=239, ..] => Self::Multicast,
            [255, 255, 255, 255] => Self::Broadcast,
            // Protocol assignments, the retired relays of 6to4, and the future that never came.
            [192, 0, 0, _] | [192, 88, 99, _] | [240..=255, ..] => Self::Reserved,
            _ => Self::Public,
        }
    }

    pub(super) fn of_v6(address: Ipv6Addr) -> Self {
        if METADATA_V6.contains(&address.segments()) {
            return Self::Metadata;
        }
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0xfc00..=0xfdff, ..] => Self::UniqueLocal,
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xfec0..=0xfeff, ..] => Self::SiteLocal,
            [0xff00..=0xffff, ..] => Self::Multicast,
            [0x2001, 0x0002, 0, ..] => Self::Benchmarking,
            [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Self::Documentation,
            // Protocol assignments: Teredo, ORCHID and their like.
            [0x2001, 0..=0x01ff, ..] => Self::Reserved,
            [0x2000..=0x3fff, ..] => Self::Public,
            // Only 2000::/3 was ever given to networks.
            _ => Self::Reserved,
        }
    }
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where the clouds keep credentials for whoever asks from the machine: the well-known address, containers' and
/// pods' credentials, names and time of AWS; Alibaba; Oracle's first; Azure's, which looks public; Tencent.
const METADATA_V4: [[u8; 4]; 10] = [
    [169, 254, 169, 254],
    [169, 254, 169, 253],
    [169, 254, 169, 123],
    [169, 254, 170, 2],
    [169, 254, 170, 23],
    [169, 254, 0, 23],
    [169, 254, 42, 42],
    [100, 100, 100, 200],
    [192, 0, 0, 192],
    [168, 63, 129, 16],
];

/// The same over IPv6: AWS (metadata, pods, names, time), Google, Scaleway.
const METADATA_V6: [[u16; 8]; 6] = [
    [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254],
    [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023],
    [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0253],
    [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0123],
    [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254],
    [0xfd00, 0x0042, 0, 0, 0, 0, 0, 0x0042],
];
