//! Sockets that wait, and the firewall before them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::facts::{Fact, Firewall, Listener, Protocol};
use super::reader::Reader;

pub(super) fn listeners(reader: &Reader) -> Fact<Vec<Listener>> {
    let mut listeners = Vec::new();
    for (name, protocol) in TABLES {
        match reader.text(&format!("proc/net/{name}")) {
            Fact::Known(text) => {
                listeners.extend(text.lines().skip(1).filter_map(|line| listener(line, protocol)));
            }
            // A kernel without IPv6 has no such table; without any there is no procfs.
            Fact::Absent if name.ends_with('6') => {}
            Fact::Absent => return Fact::Unknown(format!("no /proc/net/{name}")),
            Fact::Unknown(why) => return Fact::Unknown(why),
        }
    }
    listeners.sort();
    listeners.dedup();
    Fact::Known(listeners)
}

/// Reads a line of the kernel's table: `0: 0100007F:1538 00000000:0000 0A ..`.
fn listener(line: &str, protocol: Protocol) -> Option<Listener> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (local, state, uid) = (fields.get(1)?, fields.get(3)?, fields.get(7)?);
    let waits = match protocol {
        Protocol::Tcp => *state == "0A",
        // A socket that is connected to one peer answers that one only.
        Protocol::Udp => *state == "07",
    };
    let (address, port) = local.split_once(':')?;
    waits.then_some(())?;
    Some(Listener {
        port: u16::from_str_radix(port, 16).ok()?,
        address: self::address(address)?,
        protocol,
        uid: uid.parse().ok()?,
    })
}

/// Each word of 32 bits is in the order of the machine.
fn address(hex: &str) -> Option<IpAddr> {
    let mut bytes = Vec::with_capacity(16);
    for at in (0..hex.len()).step_by(8) {
        let word = u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    if let Ok(v4) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(Ipv4Addr::from(v4).into());
    }
    <[u8; 16]>::try_from(bytes.as_slice()).ok().map(|v6| Ipv6Addr::from(v6).into())
}

pub(super) fn has_global_ipv6(reader: &Reader) -> Fact<bool> {
    match reader.text("proc/net/if_inet6") {
        // The fourth field is the scope; zero is the whole internet.
        Fact::Known(text) => Fact::Known(text.lines().any(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields.get(3) == Some(&"00") && fields.first().is_some_and(|ip| !is_private(ip))
        })),
        Fact::Absent => Fact::Known(false),
        Fact::Unknown(why) => Fact::Unknown(why),
    }
}

/// Unique local addresses are `fc00::/7`.
fn is_private(hex: &str) -> bool {
    hex.starts_with("fc") || hex.starts_with("fd")
}

/// Finds what is set up to start with the host. The rules that the kernel has can only be asked for as root.
pub(super) fn firewall(reader: &Reader, enabled: &[String]) -> Fact<Firewall> {
    let starts = |name: &str| enabled.iter().any(|unit| unit == name);
    let found =
        |name: &str, has_ipv6| Fact::Known(Firewall { name: Some(name.to_owned()), has_ipv6 });
    match reader.text("etc/ufw/ufw.conf") {
        Fact::Known(text) if setting(&text, "ENABLED") == Some("yes") => {
            let defaults = reader.text("etc/default/ufw");
            let has_ipv6 = defaults.known().is_none_or(|text| setting(text, "IPV6") != Some("no"));
            return found("ufw", has_ipv6);
        }
        Fact::Unknown(why) => return Fact::Unknown(format!("/etc/ufw/ufw.conf: {why}")),
        _ => {}
    }
    if starts("firewalld.service") {
        return found("firewalld", true);
    }
    if starts("nftables.service") {
        match reader.text("etc/nftables.conf") {
            Fact::Known(text) if filters(&text) => {
                let has_ipv6 = text.contains("table inet") || text.contains("table ip6");
                return found("nftables", has_ipv6);
            }
            Fact::Unknown(why) => return Fact::Unknown(format!("/etc/nftables.conf: {why}")),
            _ => {}
        }
    }
    match reader.text("etc/iptables/rules.v4") {
        Fact::Known(text) if filters(&text) => {
            let v6 = reader.text("etc/iptables/rules.v6");
            found("iptables", v6.known().is_some_and(|text| filters(text)))
        }
        Fact::Unknown(why) => Fact::Unknown(format!("/etc/iptables/rules.v4: {why}")),
        _ => Fact::Known(Firewall { name: None, has_ipv6: false }),
    }
}

/// Whether rules refuse anything.
fn filters(text: &str) -> bool {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.into_iter().any(|line| {
        let line = line.to_ascii_lowercase();
        line.contains("drop") || line.contains("reject")
    })
}

/// Returns the value of a line of shell: `KEY=value`.
pub(super) fn setting<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let value = |line: &'t str| line.trim().strip_prefix(key)?.trim_start().strip_prefix('=');
    text.lines().rev().find_map(value).map(|value| value.trim().trim_matches(['"', '\'']))
}

const TABLES: [(&str, Protocol); 4] = [
    ("tcp", Protocol::Tcp),
    ("tcp6", Protocol::Tcp),
    ("udp", Protocol::Udp),
    ("udp6", Protocol::Udp),
];
