//! `auditctl trail show` and `query`.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::process::ExitCode;

use wardkit_auditlog::{Query, Record};
use wardkit_cli::{Format, Report, escaped, escaped_json};
use wardkit_tlog::Checkpoint;

use super::{Log, Out};
use crate::cli::Search;
use crate::commands::could_not_run;

/// Shows one entry, or the last ones.
pub(super) fn show(log: &Log, seq: Option<u64>, last: usize) -> Result<ExitCode, Report> {
    let mut out = Out::new(std::io::stdout().lock());
    if let Some(seq) = seq {
        let record = read(log, Query::new().seqs(seq..=seq))?.next();
        let record = record.ok_or_else(|| {
            could_not_run(format!("there is no entry {seq}")).with_hint("auditctl trail show")
        })??;
        let _ = out.line(shown(log.format, &record)?.as_bytes())?;
        return out.finish().map(|()| ExitCode::SUCCESS);
    }
    let mut records = VecDeque::new();
    for record in read(log, Query::new().seqs(near_the_end(log, last)..))? {
        if records.len() == last {
            records.pop_front();
        }
        records.push_back(record?);
    }
    for record in records.iter().take(last) {
        if out.line(shown(log.format, record)?.as_bytes())? == ControlFlow::Break(()) {
            break;
        }
    }
    out.finish().map(|()| ExitCode::SUCCESS)
}

/// Shows the entries that were asked for.
pub(super) fn query(log: &Log, search: &Search) -> Result<ExitCode, Report> {
    let mut query = search.kind.iter().fold(Query::new(), Query::kind);
    if let Some(subject) = &search.subject {
        query = query.subject(subject);
    }
    if let Some(since) = search.since {
        query = query.since(since);
    }
    if let Some(until) = search.until {
        query = query.until(until);
    }
    if let Some(seqs) = &search.seq {
        query = query.seqs(seqs.clone());
    }
    let mut out = Out::new(std::io::stdout().lock());
    for record in read(log, query)?.take(search.limit.unwrap_or(usize::MAX)) {
        if out.line(shown(log.format, &record?)?.as_bytes())? == ControlFlow::Break(()) {
            break;
        }
    }
    out.finish().map(|()| ExitCode::SUCCESS)
}

fn read(log: &Log, query: Query) -> Result<impl Iterator<Item = Result<Record, Report>>, Report> {
    let query = log.archives.iter().fold(query, Query::archive);
    let records = query.read(&log.dir).map_err(|error| {
        could_not_run(error).with_hint("is there a log? name its directory: --log DIR")
    })?;
    let damaged = |error| could_not_run(error).with_hint("look: auditctl trail verify");
    Ok(records.map(move |record| record.map_err(damaged)))
}

/// Returns an entry from which on no more than the last ones are read, and a few that have no checkpoint yet.
fn near_the_end(log: &Log, last: usize) -> u64 {
    let size = log.newest_note().ok().and_then(|note| {
        note.unverified_text().parse().ok().map(|checkpoint: Checkpoint| checkpoint.head().size)
    });
    size.unwrap_or(0).saturating_sub(u64::try_from(last).unwrap_or(u64::MAX))
}

/// Returns an entry on one line.
fn shown(format: Format, record: &Record) -> Result<String, Report> {
    if format == Format::Json {
        return escaped_json(record).map_err(could_not_run);
    }
    let entry = &record.entry;
    let mut line = format!("{}  {}  {}", record.seq, record.at, escaped(&entry.kind));
    // Writing to a String cannot fail.
    if !entry.subject.is_empty() {
        let _ = write!(line, "  {}", escaped(&entry.subject));
    }
    for (name, value) in [("by", &entry.actor), ("policy", &entry.policy)] {
        if let Some(value) = value {
            let _ = write!(line, "  {name} {}", escaped(value));
        }
    }
    let detail = (!entry.detail.is_null()).then_some(&entry.detail);
    for (name, value) in [("", detail), ("old ", entry.old.as_ref()), ("new ", entry.new.as_ref())]
    {
        if let Some(value) = value {
            let _ = write!(line, "  {name}{}", escaped_json(value).map_err(could_not_run)?);
        }
    }
    Ok(line)
}
