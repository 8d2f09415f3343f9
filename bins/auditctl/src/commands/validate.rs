//! `auditctl validate`.

mod explain;
mod judge;

use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wardkit_cli::{Common, Format, Report};
use wardkit_validation::Policies;

use super::lines::{Line, Lines};
use super::{could_not_run, note};
use crate::cli::{Validate, ValidateCommand};
use judge::{Answer, Judge};

/// Ends with 1 when an attack was found and `--fail` was given.
pub(super) fn run(common: &Common, validate: &Validate) -> Result<ExitCode, Report> {
    if let Some(ValidateCommand::Explain { rule }) = &validate.command {
        return explain::explain(common.format, rule.as_deref());
    }
    let policies = validate.policy.as_deref().map(policies).transpose()?.unwrap_or_default();
    let judge = Judge::new(&policies, validate.sink, validate.strictness);
    let (attacks, ended) = stream(&judge, common.format)?;
    Ok(match ended {
        Ended::Broken => ExitCode::from(INCOMPLETE),
        Ended::Whole => ExitCode::from(u8::from(validate.fail && attacks)),
    })
}

#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("cannot read the policies {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the policies {} are not acceptable: line {line}: {message}", path.display())]
    Refused { path: PathBuf, line: usize, message: String },
}

fn policies(path: &Path) -> Result<Policies, Report> {
    let text = wardkit_cli::read_small_text(path)
        .map_err(|source| could_not_run(Unusable::Unreadable { path: path.to_owned(), source }))?;
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let message = error.message().replace('\n', ", ");
        could_not_run(Unusable::Refused { path: path.to_owned(), line, message })
    })
}

/// How the stream ended.
enum Ended {
    /// With the last line, or because nobody reads the answers any more.
    Whole,
    /// The input failed in its midst, which was said.
    Broken,
}

/// Answers each line of standard input, and tells whether there was an attack.
fn stream(judge: &Judge, format: Format) -> Result<(bool, Ended), Report> {
    let mut lines = Lines::new(io::stdin().lock(), LONGEST_LINE);
    let mut out = io::BufWriter::with_capacity(ANSWERS, io::stdout().lock());
    let (mut number, mut attacks) = (0_u64, false);
    loop {
        if !lines.is_ready() && !goes_on(out.flush())? {
            return Ok((attacks, Ended::Whole));
        }
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok((attacks, Ended::Whole)),
            Err(error) if number == 0 => return Err(could_not_run(error)),
            Err(error) => {
                note(&format!("standard input broke off after line {number}: {error}"));
                return Ok((attacks, Ended::Broken));
            }
        };
        number += 1;
        let answer = match (line, format) {
            (Line::TooLong, Format::Text) => Answer::error(number.into(), TOO_LONG),
            (Line::TooLong, Format::Json) => Answer::error(serde_json::Value::Null, TOO_LONG),
            (Line::Whole(line), Format::Text) => judge.text(number, line),
            (Line::Whole(line), Format::Json) => judge.object(line),
        };
        attacks |= answer.is_attack();
        let written = serde_json::to_writer(&mut out, &answer).map_err(io::Error::from);
        if !goes_on(written.and_then(|()| out.write_all(b"\n")))? {
            return Ok((attacks, Ended::Whole));
        }
    }
}

/// Tells whether somebody still reads the answers.
fn goes_on(written: io::Result<()>) -> Result<bool, Report> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(could_not_run(error)),
    }
}

/// A payload at the cap whose every byte is escaped as `\u0000` has less.
const LONGEST_LINE: usize = 16 * 1024 * 1024;

const TOO_LONG: &str = "the line is longer than 16 MiB";

/// The exit code of a run that is incomplete.
const INCOMPLETE: u8 = 3;

const ANSWERS: usize = 64 * 1024;
