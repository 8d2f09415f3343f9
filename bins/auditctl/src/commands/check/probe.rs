//! `auditctl probe`.

use std::process::ExitCode;
use std::sync::Arc;

use wardkit_audit::{Audit, Profile};
use wardkit_audit_live::{Error, LiveEngine, Owner, Probe};
use wardkit_cli::{Report, escaped};
use wardkit_core::SystemClock;

use super::{could_not_run, ended, rendered, write};
use crate::cli::LiveProbe;

/// Asks a running bot, and judges its answers.
pub(in crate::commands) fn probe(wanted: &LiveProbe) -> Result<ExitCode, Report> {
    let owner = if wanted.i_own_this { Owner::Caller } else { Owner::Unknown };
    let mut probe = Probe::new(&wanted.url, owner)
        .map_err(refused)?
        .with_burst(wanted.burst.into())
        .with_slowest(wanted.slowest);
    if let Some(path) = &wanted.webhook {
        probe = probe.with_webhook(path);
    }
    if let Some(path) = &wanted.health {
        probe = probe.with_health(path);
    }
    if let Some(port) = wanted.redis {
        probe = probe.with_redis(port);
    }
    if let Some(port) = wanted.postgres {
        probe = probe.with_postgres(port);
    }
    let seen = probe.run(Arc::new(SystemClock)).map_err(refused)?;
    let clock = SystemClock;
    let audit = Audit::new(&clock).with_engine(LiveEngine::new(seen)).with_profile(Profile::Full);
    let report = audit.without_tree().map_err(could_not_run)?;
    write(&wanted.output, &rendered(&report, wanted.output.format.0))?;
    Ok(ended(&report, &wanted.output))
}

fn refused(error: Error) -> Report {
    let is_strange = matches!(error, Error::NotOwned { .. });
    let report = match &error {
        Error::Unreachable { .. } | Error::Url { .. } => could_not_run(escaped(&error.to_string())),
        _ => could_not_run(error),
    };
    if is_strange {
        return report.with_hint("--i-own-this says that it is yours, and that you may ask it");
    }
    report
}
