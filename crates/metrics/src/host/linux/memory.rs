//! `/proc/meminfo` and `/proc/vmstat`.

use super::fields::Fields;
use super::file::KeptFile;
use super::parse::{lines, number, words};
use super::{Part, Scope};
use crate::host::HostPaths;
use crate::{Error, Kind};

#[derive(Debug)]
pub(super) struct Memory {
    meminfo: KeptFile,
    fields: Fields,
}

impl Memory {
    pub(super) fn new(paths: &HostPaths) -> Self {
        let fields = Fields::new("node_memory", "A field of /proc/meminfo.", Kind::Gauge);
        Self { meminfo: KeptFile::new(paths.proc.join("meminfo")), fields }
    }
}

impl Part for Memory {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        let mut found = 0;
        self.fields.begin();
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
            self.fields.push(&[key], unit, value, out);
        }
        if found == 0 { Err(self.meminfo.lacks("field")) } else { Ok(()) }
    }
}

#[derive(Debug)]
pub(super) struct Vmstat {
    vmstat: KeptFile,
    fields: Fields,
}

impl Vmstat {
    pub(super) fn new(paths: &HostPaths) -> Self {
        let fields = Fields::new("node_vmstat", "A field of /proc/vmstat.", Kind::Untyped);
        Self { vmstat: KeptFile::new(paths.proc.join("vmstat")), fields }
    }
}

impl Part for Vmstat {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        let mut found = 0;
        self.fields.begin();
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
            self.fields.push(&[key], "", value, out);
        }
        if found == 0 { Err(self.vmstat.lacks("field")) } else { Ok(()) }
    }
}

/// What `node_exporter` takes unless told otherwise: `^(oom_kill|pgpg|pswp|pg.*fault).*`.
fn is_wanted(key: &[u8]) -> bool {
    [&b"oom_kill"[..], b"pgpg", b"pswp"].iter().any(|start| key.starts_with(start))
        || (key.starts_with(b"pg") && memchr::memmem::find(&key[2..], b"fault").is_some())
}
