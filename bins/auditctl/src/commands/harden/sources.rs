//! Where a program's needs are read from.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use wardkit_cli::{Report, escaped, read_small_text};
use wardkit_harden::{Access, Needs, Place, Program, Subject, Trace, Unit, manifest};

use super::plugin;
use crate::cli::Harden;
use crate::commands::could_not_run;

/// What is known of a program.
pub(super) struct Known {
    pub(super) subject: Subject,
    pub(super) needs: Needs,
    pub(super) unit: Option<Unit>,
    pub(super) notes: Vec<String>,
}

impl Known {
    /// Reads what the command line names.
    pub(super) fn of(harden: &Harden) -> Result<Self, Report> {
        let unit = harden.unit.as_deref().map(read_unit).transpose()?;
        let started = unit.as_ref().and_then(Unit::program);
        let path = match &harden.program {
            Some(path) => text_of(&std::path::absolute(path).map_err(|error| named(path, error))?)?,
            None => started.ok_or_else(|| {
                could_not_run("the unit names no program by its path")
                    .with_hint("name it: --program PATH")
            })?,
        };
        let mut subject = Subject::new(&path).map_err(could_not_run)?;
        if let Some(name) = &harden.name {
            subject = subject.named(name);
        }
        let mut known = Self { subject, needs: Needs::default(), unit, notes: Vec::new() };
        if let Some(unit) = &known.unit {
            known.needs.merge(unit.needs());
        }
        let is_traced = harden.trace.is_some();
        known.program(harden.program.is_some(), is_traced)?;
        if let Some(file) = &harden.manifest {
            let text = read_small_text(file).map_err(|error| named(file, error))?;
            known.needs.merge(asked(file, &text)?);
        }
        if let Some(file) = &harden.trace {
            known.trace(file)?;
        }
        if harden.manifest.is_none() && !is_traced {
            known.notes.push(
                "what it writes and whom it talks to is not known: give --manifest or --trace"
                    .to_owned(),
            );
        }
        known.needs.add_resolved(|path| text_of(&std::fs::canonicalize(path).ok()?).ok());
        Ok(known)
    }

    /// Reads the program and what starts it, until something starts by itself.
    fn program(&mut self, is_required: bool, is_traced: bool) -> Result<(), Report> {
        let mut place = self.subject.program().clone();
        for step in 0..MOST_INTERPRETERS {
            let program = match read_program(Path::new(place.path())) {
                Ok(program) => program,
                Err(report) if step == 0 && is_required => return Err(report),
                Err(report) => {
                    self.notes.push(format!("{}: {}", place.path(), report.error));
                    return Ok(());
                }
            };
            self.needs.merge(program.needs(&place).map_err(could_not_run)?);
            if !is_traced {
                self.needs.merge(Program::usual(place.name()));
                if program.is_script() {
                    self.beside(&place);
                }
            }
            let Some(next) = program.started_by().filter(|_| program.is_script()) else {
                return Ok(());
            };
            let next = Place::new(next).map_err(could_not_run)?;
            let named = program.argument().filter(|_| next.name() == "env").and_then(found);
            self.needs.use_file(next.clone(), Access::EXECUTE);
            place = named.unwrap_or(next);
        }
        self.notes.push("its interpreters are scripts without an end".to_owned());
        Ok(())
    }

    /// A script reads what is beside it, unless that belongs to the system.
    fn beside(&mut self, script: &Place) {
        let directory = script.parent();
        let is_shared =
            ["/usr", "/bin", "/sbin", "/etc", "/tmp"].iter().any(|shared| script.is_below(shared));
        if !is_shared
            && directory.matches('/').count() > 1
            && let Ok(place) = Place::new(directory)
        {
            self.needs.use_file(place.tree(), Access::BROWSE);
        }
    }

    fn trace(&mut self, file: &Path) -> Result<(), Report> {
        let opened = File::open(file).map_err(|error| named(file, error))?;
        let trace = Trace::read(BufReader::new(opened)).map_err(|error| named(file, error))?;
        let skipped = trace.skipped;
        let counts = [
            (skipped.lines, "lines are none of strace, or are cut"),
            (
                skipped.relative_paths,
                "paths are relative to unknown directories: trace with `strace -f -y`",
            ),
            (skipped.odd_paths, "paths cannot stand in a profile"),
            (skipped.unknown_calls, "calls or sockets have unknown names"),
            (skipped.surplus, "uses of files are beyond the most that a profile takes"),
        ];
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            self.notes.push(format!("{count} {what}; the needs may be too small"));
        }
        self.needs.merge(trace.needs);
        Ok(())
    }
}

/// Reads what a program needs; of a plugin's own manifest what it asks for.
fn asked(file: &Path, text: &str) -> Result<Needs, Report> {
    let is_plugin = text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("plugin"));
    if is_plugin {
        return plugin::needs(file, text);
    }
    manifest(text).map_err(|error| named(file, error))
}

fn read_unit(file: &Path) -> Result<Unit, Report> {
    let text = read_small_text(file).map_err(|error| named(file, error))?;
    Unit::parse(&text).map_err(|error| named(file, error))
}

fn read_program(path: &Path) -> Result<Program, Report> {
    let mut bytes = Vec::new();
    let metadata = std::fs::metadata(path).map_err(|error| named(path, error))?;
    if !metadata.is_file() {
        return Err(named(path, "is no file"));
    }
    let file = File::open(path).map_err(|error| named(path, error))?;
    file.take(LARGEST_PROGRAM).read_to_end(&mut bytes).map_err(|error| named(path, error))?;
    Program::read(&bytes).map_err(|error| named(path, error))
}

/// Returns the program that `env` starts: of its words the first that is no option and no variable.
fn found(words: &str) -> Option<Place> {
    let name = words
        .split_ascii_whitespace()
        .find(|word| !word.starts_with('-') && !word.contains('='))?;
    let path = PATH
        .into_iter()
        .map(|directory| format!("{directory}/{name}"))
        .find(|path| Path::new(path).is_file())?;
    Place::new(&path).ok()
}

fn text_of(path: &Path) -> Result<String, Report> {
    path.to_str().map(str::to_owned).ok_or_else(|| named(path, "its path is no UTF-8"))
}

pub(super) fn named(
    path: &Path,
    what: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Report {
    could_not_run(Named { path: escaped(&path.display().to_string()), source: what.into() })
}

#[derive(Debug, thiserror::Error)]
#[error("{path}: cannot be used")]
struct Named {
    path: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Where services are looked for by their names.
const PATH: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin"];
/// The kernel follows five.
const MOST_INTERPRETERS: usize = 5;
/// What describes a program stands before its code's notes for debuggers.
const LARGEST_PROGRAM: u64 = 512 << 20;
