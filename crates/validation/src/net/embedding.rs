//! IPv4 addresses inside IPv6 ones.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::low_v4;

/// An IPv4 address that an IPv6 one carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Embedded {
    /// How it is carried.
    pub by: Embedding,
    /// The address that a packet reaches in the end.
    pub address: Ipv4Addr,
}

/// How an IPv6 address carries an IPv4 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Embedding {
    /// `::ffff:a.b.c.d`, what sockets of both families use.
    Mapped,
    /// `::a.b.c.d`, retired.
    Compatible,
    /// `::ffff:0:a.b.c.d`, stateless translation (RFC 2765).
    Translated,
    /// `64:ff9b::a.b.c.d`, NAT64 (RFC 6052).
    Nat64,
    /// Somewhere in `64:ff9b:1::/48`, NAT64 of local use (RFC 8215); read at the end.
    LocalNat64,
    /// In the prefix that the operator named.
    OperatorNat64,
    /// `2002:ab:cd::/48`, retired.
    SixToFour,
    /// `2001::/32`: the client's address, inverted, at the end.
    Teredo,
    /// An interface of `0:5efe:a.b.c.d` on any network.
    Isatap,
}

pub(super) fn of(address: Ipv6Addr) -> Option<Embedded> {
    let low = low_v4(address);
    let (by, address) = match address.segments() {
        // `::` and `::1` are IPv6's own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => return None,
        [0, 0, 0, 0, 0, 0xffff, ..] => (Embedding::Mapped, low),
        [0, 0, 0, 0, 0, 0, ..] => (Embedding::Compatible, low),
        [0, 0, 0, 0, 0xffff, 0, ..] => (Embedding::Translated, low),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => (Embedding::Nat64, low),
        [0x64, 0xff9b, 1, ..] => (Embedding::LocalNat64, low),
        [0x2002, high, rest, ..] => {
            (Embedding::SixToFour, Ipv4Addr::from(u32::from(high) << 16 | u32::from(rest)))
        }
        [0x2001, 0, ..] => (Embedding::Teredo, Ipv4Addr::from(!u32::from(low))),
        [.., 0 | 0x0200, 0x5efe, _, _] => (Embedding::Isatap, low),
        _ => return None,
    };
    Some(Embedded { by, address })
}

/// By RFC 6052, section 2.2: the address follows the prefix and jumps over bits 64 to 71.
pub(super) fn by_prefix(address: Ipv6Addr, bits: u8) -> Embedded {
    let octets = address.octets();
    let mut inner = [0; 4];
    let mut at = usize::from(bits / 8);
    for octet in &mut inner {
        if at == RESERVED_OCTET && bits != 96 {
            at += 1;
        }
        *octet = octets.get(at).copied().unwrap_or_default();
        at += 1;
    }
    Embedded { by: Embedding::OperatorNat64, address: Ipv4Addr::from(inner) }
}

/// Always zero in an address with an IPv4 one inside, unless the prefix is 96 bits long.
const RESERVED_OCTET: usize = 8;
