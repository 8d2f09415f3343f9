//! `auditctl check baseline`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use wardkit_cli::{Report, escaped};
use wardkit_core::SystemClock;

use super::{could_not_run, engines, named, note, print, profile, secrets, settings};
use crate::cli::{Baseline, BaselineVerb};

pub(super) fn run(wanted: &Baseline) -> Result<ExitCode, Report> {
    let clock = SystemClock;
    let settings = settings(&wanted.path)?;
    let audit = engines::audit(&engines::Wanted {
        clock: &clock,
        profile: profile(wanted.profile),
        kinds: &[],
        settings: &settings,
        facts: None,
        secrets: secrets::Wanted::default(),
        knowledge: &wanted.knowledge,
        own_rules: &[],
    })?;
    let report = audit.of_tree(&wanted.path).map_err(could_not_run)?;
    match wanted.what {
        BaselineVerb::Create => {
            let text = wardkit_audit::Baseline::of(&report).to_json();
            // What somebody else wrote there is not replaced.
            let mut file =
                File::create_new(&wanted.file).map_err(|error| named(&wanted.file, &error))?;
            file.write_all(text.as_bytes()).map_err(|error| named(&wanted.file, &error))?;
            Ok(ExitCode::SUCCESS)
        }
        BaselineVerb::Diff => {
            let diff = read(&wanted.file)?.diff(&report);
            let lines = |mark: char, entries: &[[String; 3]]| -> String {
                let line = |[print, id, path]: &[String; 3]| {
                    format!("{mark} {} {} {}\n", escaped(id), escaped(path), escaped(print))
                };
                entries.iter().map(line).collect()
            };
            print(&(lines('+', &diff.new) + &lines('-', &diff.gone)))?;
            Ok(ExitCode::from(u8::from(!diff.new.is_empty())))
        }
        BaselineVerb::Prune => {
            let before = read(&wanted.file)?;
            if !report.is_complete() {
                return Err(could_not_run(
                    "not everything could be looked at, so nothing is known to be gone",
                ));
            }
            let gone = before.diff(&report).gone.len();
            let text = before.pruned(&report).to_json();
            fs::write(&wanted.file, text).map_err(|error| named(&wanted.file, &error))?;
            note(&format!("{gone} entries taken out"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

pub(super) fn read(file: &Path) -> Result<wardkit_audit::Baseline, Report> {
    let text = fs::read_to_string(file).map_err(|error| named(file, &error))?;
    let hint = format!("in {}", escaped(&file.display().to_string()));
    wardkit_audit::Baseline::parse(&text).map_err(|error| could_not_run(error).with_hint(hint))
}
