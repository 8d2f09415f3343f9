//! `/proc/net/{netstat,snmp,snmp6,sockstat,sockstat6}`: counters of the network's protocols.

use super::file::KeptFile;
use super::parse::{lines, number, sample, words};
use super::{Part, Scope};
use crate::host::HostPaths;
use crate::{Error, Family, Kind, Samples};

#[derive(Debug)]
pub(super) struct Netstat {
    /// `netstat` and `snmp`.
    pairs: [KeptFile; 2],
    snmp6: KeptFile,
    name: String,
}

impl Netstat {
    pub(super) fn new(paths: &HostPaths) -> Self {
        let file = |name| KeptFile::new(paths.proc.join("net").join(name));
        Self { pairs: [file("netstat"), file("snmp")], snmp6: file("snmp6"), name: String::new() }
    }
}

impl Part for Netstat {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, out, .. } = scope;
        for file in &mut self.pairs {
            let mut lines = lines(file.read(scratch)?);
            // A line of names, a line of values.
            while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
                let (mut names, mut values) = (words(names), words(values));
                let protocol = names.next();
                if protocol != values.next() {
                    return Err(file.lacks("pairs of lines"));
                }
                let Some(protocol) = protocol.and_then(|word| word.strip_suffix(b":")) else {
                    continue;
                };
                for (field, value) in names.zip(values) {
                    push_counter(protocol, field, value, &mut self.name, out);
                }
            }
        }
        // Absent where IPv6 is turned off.
        let Some(text) = self.snmp6.read_if_there(scratch)? else { return Ok(()) };
        for line in lines(text) {
            let mut words = words(line);
            let (Some(key), Some(value)) = (words.next(), words.next()) else { continue };
            let Some(six) = memchr::memchr(b'6', key) else { continue };
            let (protocol, field) = key.split_at(six + 1);
            push_counter(protocol, field, value, &mut self.name, out);
        }
        Ok(())
    }
}

fn push_counter(protocol: &[u8], field: &[u8], value: &[u8], name: &mut String, out: &mut Samples) {
    if !is_wanted(protocol, field) {
        return;
    }
    // Some limits are minus one; nobody asks for those.
    let Some(value) = number(value) else { return };
    name.clear();
    name.push_str("node_netstat_");
    name.extend(protocol.iter().copied().map(char::from));
    name.push('_');
    name.extend(field.iter().copied().map(char::from));
    let help = "A counter of a network protocol.";
    out.single(Family { name, help, kind: Kind::Untyped }, sample(value));
}

/// What `node_exporter` takes unless told otherwise.
fn is_wanted(protocol: &[u8], field: &[u8]) -> bool {
    if !protocol.iter().chain(field).all(u8::is_ascii_alphanumeric) || field.len() > LONGEST_FIELD {
        return false;
    }
    matches!(field, b"InErrors" | b"InErrs")
        || match protocol {
            b"Ip" => field == b"Forwarding",
            b"Ip6" | b"IpExt" => matches!(field, b"InOctets" | b"OutOctets"),
            b"Icmp" | b"Icmp6" => matches!(field, b"InMsgs" | b"OutMsgs"),
            b"TcpExt" => {
                field.starts_with(b"Listen")
                    || field.starts_with(b"Syncookies")
                    || matches!(field, b"TCPSynRetrans" | b"TCPTimeouts")
            }
            b"Tcp" => matches!(
                field,
                b"ActiveOpens"
                    | b"InSegs"
                    | b"OutSegs"
                    | b"OutRsts"
                    | b"PassiveOpens"
                    | b"RetransSegs"
                    | b"CurrEstab"
            ),
            b"Udp" | b"Udp6" => matches!(
                field,
                b"InDatagrams" | b"OutDatagrams" | b"NoPorts" | b"RcvbufErrors" | b"SndbufErrors"
            ),
            _ => false,
        }
}

#[derive(Debug)]
pub(super) struct Sockstat {
    files: [KeptFile; 2],
    page: u64,
    name: String,
}

impl Sockstat {
    pub(super) fn new(paths: &HostPaths) -> Self {
        let file = |name| KeptFile::new(paths.proc.join("net").join(name));
        Self {
            files: [file("sockstat"), file("sockstat6")],
            page: rustix::param::page_size() as u64,
            name: String::new(),
        }
    }
}

impl Part for Sockstat {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, out, .. } = scope;
        let [four, six] = &mut self.files;
        push_sockets(four.read(scratch)?, self.page, &mut self.name, out);
        // Absent where IPv6 is turned off.
        if let Some(text) = six.read_if_there(scratch)? {
            push_sockets(text, self.page, &mut self.name, out);
        }
        Ok(())
    }
}

/// Reads `TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0`.
fn push_sockets(text: &[u8], page: u64, name: &mut String, out: &mut Samples) {
    for line in lines(text).take(MOST_LINES) {
        let mut words = words(line);
        let Some(protocol) = words.next().and_then(|word| word.strip_suffix(b":")) else {
            continue;
        };
        while let (Some(field), Some(value)) = (words.next(), words.next()) {
            let Some(value) = number(value) else { continue };
            push_socket(protocol, field, "", value, name, out);
            // In pages; the other name is in bytes.
            if field == b"mem" {
                let bytes = value.saturating_mul(page);
                push_socket(protocol, field, "_bytes", bytes, name, out);
            }
        }
    }
}

fn push_socket(
    protocol: &[u8],
    field: &[u8],
    unit: &str,
    value: u64,
    name: &mut String,
    out: &mut Samples,
) {
    let is_name = |word: &[u8]| {
        word.len() <= LONGEST_FIELD && word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    if !is_name(protocol) || !is_name(field) {
        return;
    }
    name.clear();
    name.push_str("node_sockstat_");
    name.extend(protocol.iter().copied().map(char::from));
    name.push('_');
    name.extend(field.iter().copied().map(char::from));
    name.push_str(unit);
    let help = "Sockets, and the memory that they hold.";
    out.single(Family { name, help, kind: Kind::Gauge }, sample(value));
}

const LONGEST_FIELD: usize = 64;
/// The kernel has some six a file.
const MOST_LINES: usize = 64;
