//! What a program costs its host, as every Prometheus client library tells it of itself.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Collector, Error, Family, Kind, Samples};

/// Measures this process under the names that all Prometheus clients use: `process_cpu_seconds_total`,
/// `process_resident_memory_bytes`, `process_open_fds` and so on.
///
/// Reads `/proc`, so it is for Linux; elsewhere it cannot be made.
#[derive(Debug)]
pub struct ProcessCollector {
    process: Proc,
}

impl ProcessCollector {
    /// Creates the collector for this process.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] and [`Error::Malformed`] where `/proc` is not as Linux has it.
    pub fn new() -> Result<Self, Error> {
        Proc::new(Path::new("/proc")).map(|process| Self { process })
    }
}

impl Collector for ProcessCollector {
    fn name(&self) -> &'static str {
        "process"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        let process = &self.process;
        let now = process.stat()?;
        out.single(CPU, now.cpu_ticks / process.ticks);
        out.single(RESIDENT, now.resident_pages * process.page);
        out.single(VIRTUAL, now.virtual_bytes);
        out.single(THREADS, now.threads);
        out.single(STARTED, process.booted + now.start_ticks / process.ticks);
        out.single(OPEN, process.open_files()?);
        out.single(LIMIT, process.file_limit()?);
        Ok(())
    }
}

/// This process's files and what is needed to understand them.
#[derive(Debug)]
pub(crate) struct Proc {
    root: PathBuf,
    /// Ticks in a second, and bytes in a page.
    ticks: f64,
    page: f64,
    /// When the host was started, in seconds since 1970. Read once: it moves when the clock is set, and the start
    /// of a process does not.
    booted: f64,
}

struct Stat {
    cpu_ticks: f64,
    threads: f64,
    start_ticks: f64,
    virtual_bytes: f64,
    resident_pages: f64,
}

impl Proc {
    pub(crate) fn new(root: &Path) -> Result<Self, Error> {
        let path = root.join("self/auxv");
        let auxiliary = fs::read(&path).map_err(unreadable(&path))?;
        let ticks = auxiliary_value(&auxiliary, AT_CLKTCK).filter(|ticks| *ticks > 0);
        let page = auxiliary_value(&auxiliary, AT_PAGESZ).filter(|page| *page > 0);
        let (Some(ticks), Some(page)) = (ticks, page) else {
            return Err(Error::Malformed { path, what: "length of a tick or a page" });
        };
        let path = root.join("stat");
        let host = fs::read_to_string(&path).map_err(unreadable(&path))?;
        let booted = host.lines().find_map(|line| line.strip_prefix("btime "));
        let booted = booted.and_then(|text| text.trim().parse().ok());
        let booted = booted.ok_or(Error::Malformed { path, what: "start of the host" })?;
        Ok(Self { root: root.to_owned(), ticks: f64::from(ticks), page: f64::from(page), booted })
    }

    /// Returns the bytes of memory that the process has in use.
    pub(crate) fn resident_bytes(&self) -> Result<f64, Error> {
        self.stat().map(|stat| stat.resident_pages * self.page)
    }

    fn stat(&self) -> Result<Stat, Error> {
        let path = self.root.join("self/stat");
        let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
        parse_stat(&text).ok_or(Error::Malformed { path, what: "numbers that all processes have" })
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody has as many files open")]
    fn open_files(&self) -> Result<f64, Error> {
        let path = self.root.join("self/fd");
        let count = fs::read_dir(&path).map_err(unreadable(&path))?.count();
        // One of them is the directory itself, which is open to be read.
        Ok(count.saturating_sub(1) as f64)
    }

    fn file_limit(&self) -> Result<f64, Error> {
        let path = self.root.join("self/limits");
        let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
        let limit = text.lines().find_map(|line| line.strip_prefix("Max open files"));
        match limit.and_then(|rest| rest.split_whitespace().next()) {
            Some("unlimited") => Ok(f64::INFINITY),
            Some(number) => number.parse().map_err(|_| Error::Malformed { path, what: LIMIT.name }),
            None => Err(Error::Malformed { path, what: LIMIT.name }),
        }
    }
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    |source| Error::Unreadable { path: path.to_owned(), source }
}

/// Reads the fields behind the program's name, which stands in parentheses and may contain any of its own.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // proc(5) counts from one and has two fields before these.
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    Some(Stat {
        cpu_ticks: field(14)? + field(15)?,
        threads: field(20)?,
        start_ticks: field(22)?,
        virtual_bytes: field(23)?,
        resident_pages: field(24)?,
    })
}

/// Returns an entry of the auxiliary vector: pairs of machine words.
fn auxiliary_value(vector: &[u8], key: usize) -> Option<u32> {
    let (words, _) = vector.as_chunks::<{ size_of::<usize>() }>();
    let (pairs, _) = words.as_chunks::<2>();
    let pair = pairs.iter().find(|pair| usize::from_ne_bytes(pair[0]) == key)?;
    u32::try_from(usize::from_ne_bytes(pair[1])).ok()
}

/// Keys of the auxiliary vector, from the kernel's `auxvec.h`.
const AT_PAGESZ: usize = 6;
const AT_CLKTCK: usize = 17;

const CPU: Family<'_> = Family {
    name: "process_cpu_seconds_total",
    help: "Processor time used by the process.",
    kind: Kind::Counter,
};
const RESIDENT: Family<'_> = Family {
    name: "process_resident_memory_bytes",
    help: "Memory that the process has in use.",
    kind: Kind::Gauge,
};
const VIRTUAL: Family<'_> = Family {
    name: "process_virtual_memory_bytes",
    help: "Address space of the process.",
    kind: Kind::Gauge,
};
const THREADS: Family<'_> =
    Family { name: "process_threads", help: "Threads of the process.", kind: Kind::Gauge };
const STARTED: Family<'_> = Family {
    name: "process_start_time_seconds",
    help: "When the process was started, in seconds since 1970.",
    kind: Kind::Gauge,
};
const OPEN: Family<'_> = Family {
    name: "process_open_fds",
    help: "File descriptors that the process has open.",
    kind: Kind::Gauge,
};
const LIMIT: Family<'_> = Family {
    name: "process_max_fds",
    help: "File descriptors that the process may have open.",
    kind: Kind::Gauge,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 11 22 0 0 20 0 3 0 500 4096000 250 18446";
        let stat = parse_stat(stat).expect("all fields are there");
        let numbers = [
            stat.cpu_ticks,
            stat.threads,
            stat.start_ticks,
            stat.virtual_bytes,
            stat.resident_pages,
        ];
        assert_eq!(numbers.map(|number| number.to_string()), ["33", "3", "500", "4096000", "250"]);
        for broken in ["", "7 (a", "7 (a)", "7 (a) S 1 2 3", "7 (a) S x x x x x x x x x x x x x x"]
        {
            assert!(parse_stat(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn the_auxiliary_vector_may_end_anywhere() {
        let words = [AT_PAGESZ, 4096, AT_CLKTCK, 100, 0, 0];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        assert_eq!(auxiliary_value(&bytes, AT_CLKTCK), Some(100));
        assert_eq!(auxiliary_value(&bytes, AT_PAGESZ), Some(4096));
        for length in 0..4 * size_of::<usize>() {
            assert_eq!(auxiliary_value(&bytes[..length], AT_CLKTCK), None);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_measured() {
        let mut samples = Samples::new();
        let mut collector = ProcessCollector::new().expect("/proc is there");
        collector.collect(&mut samples).expect("/proc is there");
        let value = |name: &str| {
            let family = samples.families().find(|family| family.name() == name);
            family.and_then(|family| family.samples().next()).expect("it is measured").value
        };
        assert_eq!(samples.len(), 7);
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_open_fds") >= 1.0);
        assert!(value("process_max_fds") >= value("process_open_fds"));
        assert!(value("process_threads") >= 1.0);
        assert!(value("process_start_time_seconds") > 1.6e9);
    }
}
