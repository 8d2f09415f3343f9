//! `auditctl mask`.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read, Write};
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report};
use wardkit_validation::{MaskedLines, Masker, Recogniser, Recognisers};

use super::{could_not_run, note, print};
use crate::cli::{KeySource, Mask, MaskCommand};

/// Masks standard input, or says how something is recognised.
pub(super) fn run(common: &Common, mask: &Mask) -> Result<ExitCode, Report> {
    if let Some(MaskCommand::Explain { id }) = &mask.command {
        return explain(common.format, id.as_deref());
    }
    let mut filter = Filter::new(masker(mask)?.lines());
    let ended = filter.run(io::stdin().lock(), io::stdout().lock())?;
    if common.format == Format::Json {
        let summary = json!({"lines": filter.count, "masked": filter.masked});
        // Nobody can be told that standard error is gone.
        let _ = writeln!(io::stderr(), "{summary}");
    }
    Ok(ended)
}

fn masker(mask: &Mask) -> Result<Masker, Report> {
    let mut builder = Masker::builder();
    if !mask.kinds.is_empty() {
        builder = builder.kinds(mask.kinds.iter().copied());
    }
    for name in &mask.name {
        builder = builder.name(name);
    }
    if mask.last_digits {
        builder = builder.last_digits_of_cards();
    }
    if let Some(source) = &mask.key {
        let key = match source {
            KeySource::Env(name) => std::env::var(name).ok(),
            KeySource::File(path) => wardkit_cli::read_small_text(path).ok(),
        };
        let key = key.filter(|key| key.trim().len() >= SHORTEST_KEY);
        let key = key.ok_or_else(|| could_not_run(NoKey(source.clone())))?;
        builder = builder.key(key.trim().as_bytes());
    }
    Ok(builder.build())
}

#[derive(Debug, thiserror::Error)]
#[error("{} holds no key of at least {SHORTEST_KEY} characters", name(.0))]
struct NoKey(KeySource);

fn name(source: &KeySource) -> String {
    match source {
        KeySource::Env(name) => format!("the variable {name}"),
        KeySource::File(path) => format!("the file {}", path.display()),
    }
}

/// Masks line by line.
struct Filter {
    lines: MaskedLines,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    count: u64,
    masked: u64,
    /// Whether a line was begun whose end has not come yet, and whether something of it was masked.
    is_begun: bool,
    is_masked: bool,
}

impl Filter {
    const fn new(lines: MaskedLines) -> Self {
        Self { lines, pending: Vec::new(), count: 0, masked: 0, is_begun: false, is_masked: false }
    }

    /// Masks until the input ends. What was read is written before more is waited for.
    fn run(&mut self, mut input: impl Read, mut out: impl Write) -> Result<ExitCode, Report> {
        let mut buffer = vec![0; READ];
        let mut masked = Vec::with_capacity(2 * READ);
        let ended = loop {
            let length = match input.read(&mut buffer) {
                Ok(0) => break ExitCode::SUCCESS,
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if self.count == 0 && self.pending.is_empty() && !self.is_begun => {
                    return Err(could_not_run(error));
                }
                Err(error) => {
                    note(&format!("standard input broke off after line {}: {error}", self.count));
                    break ExitCode::from(INCOMPLETE);
                }
            };
            masked.clear();
            for line in buffer[..length].split_inclusive(|byte| *byte == b'\n') {
                self.line(line, &mut masked);
            }
            if !goes_on(out.write_all(&masked).and_then(|()| out.flush()))? {
                return Ok(ExitCode::SUCCESS);
            }
        };
        masked.clear();
        if !self.pending.is_empty() {
            self.mask(&[], &mut masked);
        }
        self.masked += u64::from(self.is_masked);
        self.count += u64::from(self.is_begun);
        goes_on(out.write_all(&masked).and_then(|()| out.flush())).map(|_| ended)
    }

    /// Takes a line, or a piece of one.
    fn line(&mut self, piece: &[u8], masked: &mut Vec<u8>) {
        if piece.ends_with(b"\n") || self.pending.len() + piece.len() > LONGEST_LINE {
            self.mask(piece, masked);
        } else {
            self.pending.extend_from_slice(piece);
        }
    }

    fn mask(&mut self, piece: &[u8], masked: &mut Vec<u8>) {
        let pending = std::mem::take(&mut self.pending);
        let whole = if pending.is_empty() {
            Cow::Borrowed(piece)
        } else {
            Cow::Owned([&pending, piece].concat())
        };
        let line = self.lines.mask(&whole);
        self.is_begun = true;
        self.is_masked |= matches!(line, Cow::Owned(_));
        if line.ends_with(b"\n") {
            self.count += 1;
            self.masked += u64::from(std::mem::take(&mut self.is_masked));
            self.is_begun = false;
        }
        masked.extend_from_slice(&line);
    }
}

/// Tells whether somebody still reads.
fn goes_on(written: io::Result<()>) -> Result<bool, Report> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(could_not_run(error)),
    }
}

/// `auditctl mask explain`.
fn explain(format: Format, id: Option<&str>) -> Result<ExitCode, Report> {
    let mut text = String::new();
    for known in Recognisers::table().filter(|known| id.is_none_or(|id| known.id == id)) {
        text.push_str(&line(format, known));
    }
    if text.is_empty() {
        return Err(could_not_run(Unknown).with_hint("`auditctl mask explain` lists all"));
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn line(format: Format, known: &Recogniser) -> String {
    let (id, kind, what, check) = (known.id, known.kind.as_str(), known.what, known.check);
    match format {
        Format::Json => {
            format!("{}\n", json!({"id": id, "kind": kind, "what": what, "check": check}))
        }
        Format::Text => format!("{id:<34} {what}; told by: {check}\n"),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("nothing is recognised under that name")]
struct Unknown;

/// Digits of a shorter one could be tried out.
const SHORTEST_KEY: usize = 16;
const READ: usize = 256 * 1024;
/// A line that is longer is masked in pieces, so that memory stays bounded: what a cut goes through may be missed.
const LONGEST_LINE: usize = 16 * 1024 * 1024;
/// The exit code of a run that is incomplete.
const INCOMPLETE: u8 = 3;
