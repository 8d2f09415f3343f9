//! The command line.

use std::path::PathBuf;

use crate::{Error, Result};

/// What the caller asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Check { package: Option<String> },
    Ci(CiOptions),
    Bench { package: Option<String>, save: bool },
    Docs { check: bool },
    Tidy,
    Help,
}

/// What `ci` may be told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CiOptions {
    /// A snapshot of the advisory database to use instead of fetching it.
    pub(crate) advisory_db: Option<PathBuf>,
    /// The steps to run; empty for all.
    pub(crate) only: Vec<String>,
    /// Print the steps and end.
    pub(crate) list: bool,
}

pub(crate) const HELP: &str = "\
The workspace's own commands.

Usage: cargo xtask COMMAND

Commands:
  check [-p CRATE]     What to run before every commit: fmt, clippy, tests, docs, tidy, generated reference.
                       With -p for one crate; `retry` and `wardkit-retry` both name it.
  ci [OPTIONS]         Everything that must be green on main; `.ci/run` calls it.
      --advisory-db DIR    use this copy of the advisory database; no DIR, no variable: it is fetched
                           [env: WARDKIT_ADVISORY_DB]
      --only STEP          run this step alone (may be repeated)
      --list               print the steps
  bench [CRATE]        Criterion benches against the saved baseline `main`; the first run saves it.
      --save               replace the baseline
  docs [--check]       Writes docs/reference from the programs; --check only compares.
  tidy                 Layers, sizes, words, crate pages and the other rules of docs/STYLE.md that need no compiler.
  help, -h, --help     This text.

Exit code: 0 done, 1 a step failed, 2 wrong usage.
";

/// Reads the arguments after the program's name.
///
/// # Errors
///
/// When a command or an option is unknown or lacks its value.
pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Command> {
    let mut args = args.into_iter();
    let Some(command) = args.next() else { return Ok(Command::Help) };
    let rest: Vec<String> = args.collect();
    if rest.iter().any(|arg| arg == "-h" || arg == "--help") {
        return Ok(Command::Help);
    }
    match command.as_str() {
        "check" => parse_check(rest),
        "ci" => parse_ci(rest),
        "bench" => parse_bench(rest),
        "docs" => Ok(Command::Docs { check: flag(&rest, "--check")? }),
        "tidy" if rest.is_empty() => Ok(Command::Tidy),
        "tidy" => Err(unknown(&rest[0])),
        "help" | "-h" | "--help" => Ok(Command::Help),
        _ => Err(Error::Usage(format!("unknown command `{command}`"))),
    }
}

fn parse_check(args: Vec<String>) -> Result<Command> {
    let mut package = None;
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-p" | "--package" => package = Some(value(&arg, args.next())?),
            _ => return Err(unknown(&arg)),
        }
    }
    Ok(Command::Check { package })
}

fn parse_ci(args: Vec<String>) -> Result<Command> {
    let mut options = CiOptions::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--advisory-db" => options.advisory_db = Some(value(&arg, args.next())?.into()),
            "--only" => options.only.push(value(&arg, args.next())?),
            "--list" => options.list = true,
            _ => return Err(unknown(&arg)),
        }
    }
    Ok(Command::Ci(options))
}

fn parse_bench(args: Vec<String>) -> Result<Command> {
    let (mut package, mut save) = (None, false);
    for arg in args {
        match arg.as_str() {
            "--save" => save = true,
            name if !name.starts_with('-') && package.is_none() => package = Some(arg),
            _ => return Err(unknown(&arg)),
        }
    }
    Ok(Command::Bench { package, save })
}

fn flag(args: &[String], name: &str) -> Result<bool> {
    match args.iter().find(|arg| *arg != name) {
        Some(arg) => Err(unknown(arg)),
        None => Ok(!args.is_empty()),
    }
}

fn value(option: &str, value: Option<String>) -> Result<String> {
    value.ok_or_else(|| Error::Usage(format!("`{option}` needs a value")))
}

fn unknown(arg: &str) -> Error {
    Error::Usage(format!("unexpected argument `{arg}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_command_and_option_is_understood() {
        let ci = |db: Option<&str>, only: &[&str], list| {
            Command::Ci(CiOptions {
                advisory_db: db.map(PathBuf::from),
                only: only.iter().map(|&step| step.to_owned()).collect(),
                list,
            })
        };
        let bench = |package: Option<&str>, save| Command::Bench {
            package: package.map(str::to_owned),
            save,
        };
        for (line, expected) in [
            ("", Command::Help),
            ("help", Command::Help),
            ("ci --help", Command::Help),
            ("check", Command::Check { package: None }),
            ("check -p retry", Command::Check { package: Some("retry".to_owned()) }),
            ("ci", ci(None, &[], false)),
            (
                "ci --advisory-db db --only deny --only tidy",
                ci(Some("db"), &["deny", "tidy"], false),
            ),
            ("ci --list", ci(None, &[], true)),
            ("bench", bench(None, false)),
            ("bench retry --save", bench(Some("retry"), true)),
            ("docs", Command::Docs { check: false }),
            ("docs --check", Command::Docs { check: true }),
            ("tidy", Command::Tidy),
        ] {
            assert_eq!(read(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn wrong_usage_names_the_argument() {
        for (line, expected) in [
            ("chekc", "unknown command `chekc`"),
            ("check -p", "`-p` needs a value"),
            ("check retry", "unexpected argument `retry`"),
            ("ci --advisory-db", "`--advisory-db` needs a value"),
            ("ci --fast", "unexpected argument `--fast`"),
            ("bench a b", "unexpected argument `b`"),
            ("docs --chek", "unexpected argument `--chek`"),
            ("tidy all", "unexpected argument `all`"),
        ] {
            assert_eq!(read(line).unwrap_err().to_string(), expected, "{line}");
        }
    }
}
