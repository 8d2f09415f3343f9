//! `auditctl trail append`.

use std::io::{self, BufRead, BufReader, Read};
use std::process::ExitCode;

use serde_json::json;
use wardkit_auditlog::{Durability, Entry, Error as LogError, Receipt};
use wardkit_cli::{Format, Report};
use wardkit_custody::{Error, Trail};

use super::{Log, refused};
use crate::commands::{could_not_run, print};

/// Appends what standard input holds, a batch at a time, and seals the log at the end.
pub(super) fn append(log: &Log) -> Result<ExitCode, Report> {
    let trail = log.custody.trail(&log.dir).map_err(refused)?;
    let mut input = Input { reader: BufReader::with_capacity(READ, io::stdin()), lines: 0 };
    let mut told = Told { format: log.format, entries: 0 };
    let outcome = copy(&trail, &mut input, &mut told);
    // Also what came before a bad line is sealed.
    let sealed = trail.seal().map_err(refused);
    outcome.map_err(|report| told.hint(report))?;
    let head = sealed.map_err(|report| told.hint(report))?;
    if log.format == Format::Json {
        let (size, root) = (head.size, head.root.to_string());
        print(&format!(
            "{}\n",
            json!({"count": told.entries, "head": {"size": size, "root": root}})
        ))?;
    } else if told.entries == 0 {
        print("appended nothing: there was no line\n")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn copy(trail: &Trail, input: &mut Input<impl Read>, told: &mut Told) -> Result<(), Report> {
    loop {
        let Batch { entries, lines, end } = input.batch();
        store(trail, entries, &lines, told)?;
        // Whoever pipes into this for days may be killed: no head that a checkpoint vouched for is forgotten.
        trail.remember().map_err(refused)?;
        match end {
            End::More => {}
            End::Last => return Ok(()),
            End::Bad(report) => return Err(report),
        }
    }
}

/// Appends a batch. Where the log refuses an entry of it, those before are appended and its line is named.
fn store(trail: &Trail, entries: Vec<Entry>, lines: &[u64], told: &mut Told) -> Result<(), Report> {
    if entries.is_empty() {
        return Ok(());
    }
    let singly = match trail.append(entries.iter().cloned(), Durability::Synced) {
        Ok(receipts) => return told.receipts(&receipts),
        Err(Error::Log { source: LogError::Entry(_) | LogError::Json(_), .. }) => entries,
        Err(error) => return Err(refused(error)),
    };
    for (entry, line) in singly.into_iter().zip(lines) {
        match trail.append([entry], Durability::Synced) {
            Ok(receipts) => told.receipts(&receipts)?,
            Err(Error::Log {
                source: source @ (LogError::Entry(_) | LogError::Json(_)), ..
            }) => {
                return Err(could_not_run(BadLine { line: *line, source: source.into() }));
            }
            Err(error) => return Err(refused(error)),
        }
    }
    Ok(())
}

/// What was acknowledged so far.
struct Told {
    format: Format,
    entries: usize,
}

impl Told {
    fn receipts(&mut self, receipts: &[Receipt]) -> Result<(), Report> {
        let [first, .., last] = receipts else {
            return receipts.first().map_or(Ok(()), |only| self.range(only.seq, only.seq, 1));
        };
        self.range(first.seq, last.seq, receipts.len())
    }

    fn range(&mut self, first: u64, last: u64, count: usize) -> Result<(), Report> {
        self.entries += count;
        print(&match self.format {
            Format::Json => format!("{}\n", json!({"first": first, "last": last, "count": count})),
            Format::Text if count == 1 => format!("appended 1 entry, seq {first}\n"),
            Format::Text => format!("appended {count} entries, seq {first}-{last}\n"),
        })
    }

    fn hint(&self, report: Report) -> Report {
        match self.entries {
            0 => report.with_hint("nothing was appended"),
            1 => report.with_hint("the entry that was acknowledged before is in the log"),
            many => report.with_hint(format!(
                "the {many} entries that were acknowledged before are in the log"
            )),
        }
    }
}

/// Entries that came together.
struct Batch {
    entries: Vec<Entry>,
    /// The line of each.
    lines: Vec<u64>,
    end: End,
}

enum End {
    /// More may come.
    More,
    /// That was all.
    Last,
    /// A line is at fault.
    Bad(Report),
}

#[derive(Debug, thiserror::Error)]
#[error("line {line} of standard input is no entry")]
struct BadLine {
    line: u64,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

struct Input<R: Read> {
    reader: BufReader<R>,
    /// How many were read.
    lines: u64,
}

impl<R: Read> Input<R> {
    /// Reads the lines that are there, and waits only for the first: whoever writes line by line is answered line by
    /// line.
    fn batch(&mut self) -> Batch {
        let mut batch = Batch { entries: Vec::new(), lines: Vec::new(), end: End::More };
        let mut line = Vec::new();
        while batch.entries.len() < MOST_ENTRIES {
            line.clear();
            let read = (&mut self.reader).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line);
            self.lines += 1;
            batch.end = match read {
                Ok(0) => End::Last,
                Ok(_) if line.trim_ascii().is_empty() => End::More,
                Ok(_) if line.len() > MAX_LINE => self.bad("it is longer than 1 MiB"),
                Ok(_) => match serde_json::from_slice(&line) {
                    Ok(entry) => {
                        batch.entries.push(entry);
                        batch.lines.push(self.lines);
                        End::More
                    }
                    Err(error) => self.bad(error),
                },
                Err(error) => End::Bad(could_not_run(error)),
            };
            if !matches!(batch.end, End::More) || !self.reader.buffer().contains(&b'\n') {
                break;
            }
        }
        batch
    }

    fn bad(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> End {
        End::Bad(could_not_run(BadLine { line: self.lines, source: source.into() }))
    }
}

/// How much is read at once: some thousand entries of the usual length share one synchronisation.
const READ: usize = 1024 * 1024;
const MOST_ENTRIES: usize = 4096;
/// No entry that the log takes is longer.
const MAX_LINE: usize = 1024 * 1024;
