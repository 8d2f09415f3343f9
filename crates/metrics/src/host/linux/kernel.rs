//! Small files: load averages, open files, tracked connections, and the kernel's own name.

use super::file::KeptFile;
use super::parse::{decimal, lines, number, sample, words};
use super::{Part, Scope};
use crate::host::HostPaths;
use crate::{Error, Family, Kind};

#[derive(Debug)]
pub(super) struct Load {
    loadavg: KeptFile,
    threads_max: KeptFile,
}

impl Load {
    pub(super) fn new(paths: &HostPaths) -> Self {
        Self {
            loadavg: KeptFile::new(paths.proc.join("loadavg")),
            threads_max: KeptFile::new(paths.proc.join("sys/kernel/threads-max")),
        }
    }
}

impl Part for Load {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        // Not told by `node_exporter` here, and no reason to fail.
        let limit = self.threads_max.read_small(scratch).ok();
        facts.threads_limit = limit.and_then(|text| words(text).next().and_then(number));
        let mut words = words(self.loadavg.read_small(scratch)?);
        for (minutes, family) in LOADS.into_iter().enumerate() {
            let load = words.next().and_then(decimal);
            let load = load.ok_or_else(|| self.loadavg.lacks("three averages"))?;
            if minutes == 0 {
                facts.load1 = Some(load);
            }
            out.single(family, load);
        }
        // Running and all: `3/212`.
        let all = words.next().and_then(|word| word.split(|byte| *byte == b'/').nth(1));
        facts.threads = all.and_then(number);
        Ok(())
    }
}

#[derive(Debug)]
pub(super) struct Files {
    file_nr: KeptFile,
}

impl Files {
    pub(super) fn new(paths: &HostPaths) -> Self {
        Self { file_nr: KeptFile::new(paths.proc.join("sys/fs/file-nr")) }
    }
}

impl Part for Files {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        let mut words = words(self.file_nr.read_small(scratch)?);
        // The second has been zero since Linux 2.6.
        let open = words.next().and_then(number);
        let limit = words.nth(1).and_then(number);
        let (Some(open), Some(limit)) = (open, limit) else {
            return Err(self.file_nr.lacks("three numbers"));
        };
        out.single(FILES_OPEN, sample(open));
        out.single(FILES_LIMIT, sample(limit));
        facts.files_open = Some(open);
        facts.files_limit = Some(limit);
        Ok(())
    }
}

/// `uname`: it changes with the host's name alone.
#[derive(Debug)]
pub(super) struct Uname;

impl Part for Uname {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let uname = rustix::system::uname();
        let text = |field: &'_ std::ffi::CStr| field.to_string_lossy().into_owned();
        scope.out.family(UNAME);
        scope.out.push(
            &[
                ("domainname", &text(uname.domainname())),
                ("machine", &text(uname.machine())),
                ("nodename", &text(uname.nodename())),
                ("release", &text(uname.release())),
                ("sysname", &text(uname.sysname())),
                ("version", &text(uname.version())),
            ],
            1.0,
        );
        Ok(())
    }
}

#[derive(Debug)]
pub(super) struct Conntrack {
    count: KeptFile,
    max: KeptFile,
    stat: KeptFile,
}

impl Conntrack {
    pub(super) fn new(paths: &HostPaths) -> Self {
        let netfilter = paths.proc.join("sys/net/netfilter");
        Self {
            count: KeptFile::new(netfilter.join("nf_conntrack_count")),
            max: KeptFile::new(netfilter.join("nf_conntrack_max")),
            stat: KeptFile::new(paths.proc.join("net/stat/nf_conntrack")),
        }
    }
}

impl Part for Conntrack {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        for (file, family, fact) in [
            (&mut self.count, CONNECTIONS, &mut facts.connections),
            (&mut self.max, CONNECTIONS_LIMIT, &mut facts.connections_limit),
        ] {
            let value = words(file.read_small(scratch)?).next().and_then(number);
            let value = value.ok_or_else(|| file.lacks("number"))?;
            out.single(family, sample(value));
            *fact = Some(value);
        }
        let Some(text) = self.stat.read_if_there(scratch)? else { return Ok(()) };
        let mut lines = lines(text);
        let header = lines.next().unwrap_or_default();
        // Hexadecimal, a line a processor.
        let mut sums = [None; CONNTRACK.len()];
        for line in lines {
            for (name, word) in words(header).zip(words(line)) {
                let at = CONNTRACK.iter().position(|(wanted, _)| wanted.as_bytes() == name);
                let value = std::str::from_utf8(word)
                    .ok()
                    .and_then(|word| u64::from_str_radix(word, 16).ok());
                if let (Some(at), Some(value)) = (at, value) {
                    sums[at] = Some(sums[at].unwrap_or(0_u64).saturating_add(value));
                }
            }
        }
        for ((_, family), sum) in CONNTRACK.into_iter().zip(sums) {
            if let Some(sum) = sum {
                out.single(family, sample(sum));
            }
        }
        Ok(())
    }
}

const fn gauge(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Gauge }
}

const LOADS: [Family<'static>; 3] = [
    gauge("node_load1", "Tasks that run or want to, mean of one minute."),
    gauge("node_load5", "Tasks that run or want to, mean of five minutes."),
    gauge("node_load15", "Tasks that run or want to, mean of fifteen minutes."),
];
const FILES_OPEN: Family<'static> = gauge("node_filefd_allocated", "Open files of the whole host.");
const FILES_LIMIT: Family<'static> = gauge("node_filefd_maximum", "How many files may be open.");
const UNAME: Family<'static> =
    gauge("node_uname_info", "What the kernel says of itself, in labels; the value is 1.");
const CONNECTIONS: Family<'static> = gauge("node_nf_conntrack_entries", "Tracked connections.");
const CONNECTIONS_LIMIT: Family<'static> =
    gauge("node_nf_conntrack_entries_limit", "How many connections may be tracked.");
const CONNTRACK: [(&str, Family<'static>); 8] = [
    ("found", gauge("node_nf_conntrack_stat_found", "Entries that were searched and found.")),
    ("invalid", gauge("node_nf_conntrack_stat_invalid", "Packets that cannot be tracked.")),
    ("ignore", gauge("node_nf_conntrack_stat_ignore", "Packets of what is tracked already.")),
    ("insert", gauge("node_nf_conntrack_stat_insert", "Entries that were added.")),
    (
        "insert_failed",
        gauge(
            "node_nf_conntrack_stat_insert_failed",
            "Entries that were there when they were to be added.",
        ),
    ),
    ("drop", gauge("node_nf_conntrack_stat_drop", "Packets dropped because tracking failed.")),
    (
        "early_drop",
        gauge("node_nf_conntrack_stat_early_drop", "Entries dropped to make room for new ones."),
    ),
    (
        "search_restart",
        gauge(
            "node_nf_conntrack_stat_search_restart",
            "Searches begun again because the table was resized.",
        ),
    ),
];
