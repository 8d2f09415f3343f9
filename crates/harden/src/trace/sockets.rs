//! Whom a call talks to.

use std::net::IpAddr;

use super::line::{Words, unquoted};
use super::{Reader, files};
use crate::{Access, Capability, Family};

/// Takes a call on sockets into the needs.
pub(super) fn take(reader: &mut Reader, process: u32, name: &str, words: &Words<'_>) {
    match name {
        "socket" | "socketpair" if words.succeeded() => made(reader, words),
        "bind" if words.succeeded() => named(reader, process, words.argument(1), Side::Own),
        // It may be under way when the call returns.
        "connect" if words.succeeded() || words.result.contains("EINPROGRESS") => {
            named(reader, process, words.argument(1), Side::Other);
        }
        "sendto" if words.succeeded() => named(reader, process, words.argument(4), Side::Other),
        _ => {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Own,
    Other,
}

fn made(reader: &mut Reader, words: &Words<'_>) {
    let Some(family) = Family::named(words.argument(0)) else {
        reader.trace.skipped.unknown_calls += 1;
        return;
    };
    let needs = &mut reader.trace.needs;
    if words.argument(1).contains("SOCK_RAW") && family.name() != "netlink"
        || family.name() == "packet"
    {
        needs.capabilities.extend(Capability::named("NET_RAW"));
    }
    needs.network.get_or_insert_default().families.insert(family);
}

fn named(reader: &mut Reader, process: u32, address: &str, side: Side) {
    if let Some(path) =
        field(address, "sun_path=").and_then(|word| unquoted(word.trim_end_matches('}')))
    {
        let path = match reader.directories.get(&process) {
            Some(directory) if !path.starts_with('/') => format!("{directory}/{path}"),
            _ => path,
        };
        return files::add(reader, &path, Access::WRITE);
    }
    let Some(port) = field(address, "port=htons(").and_then(number) else { return };
    let host = address.split('"').find_map(|word| word.parse::<IpAddr>().ok());
    let needs = &mut reader.trace.needs;
    let network = needs.network.get_or_insert_default();
    // Port 0 is any that is free, and asking for a way to a host without a message.
    if port != 0 {
        let ports = if side == Side::Own { &mut network.listen } else { &mut network.connect };
        ports.insert(port);
        network.beyond_host |= host.is_none_or(|host| !host.is_loopback());
    }
    if side == Side::Own && (1..FIRST_FREE).contains(&port) {
        needs.capabilities.extend(Capability::named("NET_BIND_SERVICE"));
    }
}

/// Returns what stands behind a key to the end of the word.
fn field<'w>(address: &'w str, key: &str) -> Option<&'w str> {
    let value = &address[address.find(key)? + key.len()..];
    // A name with commas and brackets stands in quotes.
    if value.starts_with('"') { Some(value) } else { value.split([',', ')', '}']).next() }
}

fn number(word: &str) -> Option<u16> {
    word.parse().ok()
}

/// The ports below are root's.
const FIRST_FREE: u16 = 1024;
