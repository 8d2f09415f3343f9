//! `/proc/meminfo` and `/proc/vmstat`.

use super::file::KeptFile;
use super::parse::{lines, number, sample, words};
use super::{Part, Scope};
use crate::host::HostPaths;
use crate::{Error, Family, Kind};

#[derive(Debug)]
pub(super) struct Memory {
    meminfo: KeptFile,
    /// The name being built; kept for its memory.
    name: String,
}

impl Memory {
    pub(super) fn new(paths: &HostPaths) -> Self {
        Self { meminfo: KeptFile::new(paths.proc.join("meminfo")), name: String::new() }
    }
}

impl Part for Memory {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        let mut found = 0;
        for line in lines(self.meminfo.read(scratch)?) {
            let mut words = words(line);
            let Some(key) = words.next().and_then(|key| key.strip_suffix(b":")) else { continue };
            let Some(value) = words.next().and_then(number) else { continue };
            let (unit, value) = match words.next() {
                Some(b"kB") => ("_bytes", value.saturating_mul(1024)),
                _ => ("", value),
            };
            found += 1;
            match key {
                b"MemTotal" => facts.memory_total = Some(value),
                b"MemAvailable" => facts.memory_available = Some(value),
                b"SwapTotal" => facts.swap_total = Some(value),
                b"SwapFree" => facts.swap_free = Some(value),
                _ => {}
            }
            if name_of("node_memory_", key, unit, &mut self.name) {
                let help = "A field of /proc/meminfo.";
                out.single(Family { name: &self.name, help, kind: Kind::Gauge }, sample(value));
            }
            if found == MOST_FIELDS {
                break;
            }
        }
        if found == 0 { Err(self.meminfo.lacks("field")) } else { Ok(()) }
    }
}

#[derive(Debug)]
pub(super) struct Vmstat {
    vmstat: KeptFile,
    name: String,
}

impl Vmstat {
    pub(super) fn new(paths: &HostPaths) -> Self {
        Self { vmstat: KeptFile::new(paths.proc.join("vmstat")), name: String::new() }
    }
}

impl Part for Vmstat {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        let mut found = 0;
        for line in lines(self.vmstat.read(scratch)?) {
            // Most of the file's lines go here, by their first letters.
            if !matches!(line.first_chunk(), Some(b"pg" | b"ps" | b"oo")) {
                continue;
            }
            let mut words = words(line);
            let Some(key) = words.next().filter(|key| is_wanted(key)) else { continue };
            let Some(value) = words.next().and_then(number) else { continue };
            found += 1;
            if key == b"oom_kill" {
                facts.oom_kills = Some(value);
            }
            if name_of("node_vmstat_", key, "", &mut self.name) {
                let help = "A field of /proc/vmstat.";
                out.single(Family { name: &self.name, help, kind: Kind::Untyped }, sample(value));
            }
            if found == MOST_FIELDS {
                break;
            }
        }
        if found == 0 { Err(self.vmstat.lacks("field")) } else { Ok(()) }
    }
}

/// What `node_exporter` takes unless told otherwise: `^(oom_kill|pgpg|pswp|pg.*fault).*`.
fn is_wanted(key: &[u8]) -> bool {
    [&b"oom_kill"[..], b"pgpg", b"pswp"].iter().any(|start| key.starts_with(start))
        || (key.starts_with(b"pg") && memchr::memmem::find(&key[2..], b"fault").is_some())
}

/// Builds the name of a field's metric; `Active(anon)` is `Active_anon` there. Tells whether it is a name.
fn name_of(prefix: &str, key: &[u8], unit: &str, name: &mut String) -> bool {
    name.clear();
    name.push_str(prefix);
    for &byte in key {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => name.push(char::from(byte)),
            b'(' => name.push('_'),
            b')' => {}
            _ => return false,
        }
    }
    name.push_str(unit);
    !key.is_empty() && key.len() <= LONGEST_KEY
}

/// The kernel has some sixty and two hundred.
const MOST_FIELDS: usize = 512;
const LONGEST_KEY: usize = 64;
