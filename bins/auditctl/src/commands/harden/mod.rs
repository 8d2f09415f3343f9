//! `auditctl harden`.

mod plugin;
mod sources;

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report};
use wardkit_harden::{Exposure, Row, Unit, apparmor, exposure, policy, seccomp, selinux};

use super::{could_not_run, note, print};
use crate::cli::{Harden, ProfileKind};
use sources::Known;

/// Prints a profile for what a program needs.
pub(super) fn run(common: &Common, harden: &Harden) -> Result<ExitCode, Report> {
    if harden.file_contexts && harden.kind != ProfileKind::Selinux {
        return Err(could_not_run("only `selinux` labels files"));
    }
    let known = Known::of(harden)?;
    let mut profile = profile(harden, &known)?;
    profile.notes.splice(0..0, known.notes);
    match common.format {
        Format::Json => {
            let text = json!({
                "kind": profile.kind,
                "program": known.subject.program(),
                "name": known.subject.name(),
                "needs": known.needs,
                "profile": profile.text,
                "file_contexts": profile.file_contexts,
                "exposure": profile.exposure,
                "notes": profile.notes,
            });
            print(&format!("{text}\n"))?;
        }
        Format::Text => {
            let is_contexts = harden.file_contexts;
            print(profile.file_contexts.as_ref().filter(|_| is_contexts).unwrap_or(&profile.text))?;
            for text in &profile.notes {
                note(text);
            }
            if let Some([before, after]) = profile.exposure {
                let said = format!("exposure before: {before}\nexposure after: {after}\n");
                // Nobody can be told that standard error is gone.
                let _ = std::io::stderr().write_all(said.as_bytes());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

struct Profile {
    kind: &'static str,
    text: String,
    file_contexts: Option<String>,
    /// Of the unit before and after.
    exposure: Option<[String; 2]>,
    notes: Vec<String>,
}

fn profile(harden: &Harden, known: &Known) -> Result<Profile, Report> {
    let (subject, needs) = (&known.subject, &known.needs);
    let plain =
        |kind, text| Profile { kind, text, file_contexts: None, exposure: None, notes: Vec::new() };
    Ok(match harden.kind {
        ProfileKind::Apparmor => plain("apparmor", apparmor(subject, needs)),
        ProfileKind::Seccomp => plain("seccomp", seccomp(needs)),
        ProfileKind::Sandbox => {
            let mut policy = policy(subject, needs);
            // A sandbox shows no place that is not there.
            policy.grants.binds.retain(|bind| bind.path.exists());
            plain("sandbox", toml::to_string(&policy).map_err(could_not_run)?)
        }
        ProfileKind::Selinux => {
            let module = selinux(subject, needs);
            Profile { file_contexts: Some(module.file_contexts), ..plain("selinux", module.rules) }
        }
        ProfileKind::Systemd => {
            let unit = match &known.unit {
                Some(unit) => unit.clone(),
                None => Unit::starting(subject, needs).map_err(could_not_run)?,
            };
            let hardened = unit.hardened(needs);
            let after = Unit::parse(&hardened.text).map_err(could_not_run)?;
            let (before, reached) = (exposure(&unit), exposure(&after));
            let mut notes = hardened.notes;
            if reached.tenths > MOST_EXPOSED {
                notes.push(format!("what keeps it exposed: {}", heaviest(&reached)));
            }
            Profile {
                exposure: Some([before.shown(), reached.shown()]),
                notes,
                ..plain("systemd", hardened.text)
            }
        }
    })
}

/// Names what counts most of an exposure: the unit itself allows it, or the program needs it.
fn heaviest(exposure: &Exposure) -> String {
    let cost = |row: &Row| row.badness * row.weight * 100 / row.range.max(1);
    let mut rows: Vec<&Row> = exposure.rows.iter().filter(|row| row.badness > 0).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(cost(row)));
    rows.iter().take(NAMED).map(|row| row.setting).collect::<Vec<_>>().join(", ")
}

/// Up to 2.0 a unit is as closed as a service that does something can be.
const MOST_EXPOSED: u64 = 20;

/// Those that count most; the rest is in `systemd-analyze security`.
const NAMED: usize = 5;
