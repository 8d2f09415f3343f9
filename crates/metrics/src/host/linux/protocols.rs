//! `/proc/net/{netstat,snmp,snmp6,sockstat,sockstat6}`: counters of the network's protocols.

use super::fields::Fields;
use super::file::KeptFile;
use super::parse::{lines, number, words};
use super::{Part, Scope};
use crate::host::HostPaths;
use crate::{Error, Kind, Samples};

#[derive(Debug)]
pub(super) struct Netstat {
    /// `netstat` and `snmp`.
    pairs: [KeptFile; 2],
    snmp6: KeptFile,
    fields: Fields,
}

impl Netstat {
    pub(super) fn new(paths: &HostPaths) -> Self {
        let file = |name| KeptFile::new(paths.proc.join("net").join(name));
        let fields = Fields::new("node_netstat", "A counter of a network protocol.", Kind::Untyped);
        Self { pairs: [file("netstat"), file("snmp")], snmp6: file("snmp6"), fields }
    }
}

impl Part for Netstat {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, out, .. } = scope;
        self.fields.begin();
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
                    push_counter(protocol, field, value, &mut self.fields, out);
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
            push_counter(protocol, field, value, &mut self.fields, out);
        }
        Ok(())
    }
}

fn push_counter(
    protocol: &[u8],
    field: &[u8],
    value: &[u8],
    fields: &mut Fields,
    out: &mut Samples,
) {
    // Some limits are minus one; nobody asks for those.
    if let Some(value) = number(value).filter(|_| is_wanted(protocol, field)) {
        fields.push(&[protocol, field], "", value, out);
    }
}

/// What `node_exporter` takes unless told otherwise.
fn is_wanted(protocol: &[u8], field: &[u8]) -> bool {
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
    fields: Fields,
}

impl Sockstat {
    pub(super) fn new(paths: &HostPaths) -> Self {
        let file = |name| KeptFile::new(paths.proc.join("net").join(name));
        Self {
            files: [file("sockstat"), file("sockstat6")],
            page: rustix::param::page_size() as u64,
            fields: Fields::new("node_sockstat", "Sockets, and their memory.", Kind::Gauge),
        }
    }
}

impl Part for Sockstat {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, out, .. } = scope;
        self.fields.begin();
        let [four, six] = &mut self.files;
        push_sockets(four.read(scratch)?, self.page, &mut self.fields, out);
        // Absent where IPv6 is turned off.
        if let Some(text) = six.read_if_there(scratch)? {
            push_sockets(text, self.page, &mut self.fields, out);
        }
        Ok(())
    }
}

/// Reads `TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0`.
fn push_sockets(text: &[u8], page: u64, fields: &mut Fields, out: &mut Samples) {
    for line in lines(text) {
        let mut words = words(line);
        let Some(protocol) = words.next().and_then(|word| word.strip_suffix(b":")) else {
            continue;
        };
        while let (Some(field), Some(value)) = (words.next(), words.next()) {
            let Some(value) = number(value) else { continue };
            fields.push(&[protocol, field], "", value, out);
            // In pages; the other name is in bytes.
            if field == b"mem" {
                fields.push(&[protocol, field], "_bytes", value.saturating_mul(page), out);
            }
        }
    }
}
