//! What runs when this program begins: from records, from the guardian, and from what processes carry.

use std::collections::{HashMap, HashSet};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use wardkit_guardian::{Client, Held, MARKER};
use wardkit_process::{PidFile, Procfs, search_marked};
use wardkit_supervise::{Process, RecordPhase};

use crate::{Error, Options};

/// Makes the folder ready and keeps others out of it.
pub(crate) fn hold(directory: &Path) -> Result<PidFile, Error> {
    for path in [
        directory.to_owned(),
        directory.join("fifo"),
        directory.join("notify"),
        directory.join("logs"),
    ] {
        match DirBuilder::new().recursive(true).mode(0o700).create(&path) {
            Ok(()) => {}
            Err(source) => return Err(Error::File { path, source }),
        }
    }
    let path = directory.join("master.pid");
    PidFile::acquire(path).map_err(|error| match error {
        wardkit_process::Error::Held { pid, .. } => Error::Held { path: directory.into(), pid },
        wardkit_process::Error::File { path, source } => Error::File { path, source },
        error => Error::System(io::Error::other(error)),
    })
}

/// Returns how a guardian is started and met.
pub(crate) fn guardian_options(options: &Options) -> wardkit_guardian::Options {
    let mut guardian = wardkit_guardian::Options::default();
    guardian.socket = options.directory.join("guardian.sock");
    guardian.guardian.clone_from(&options.guardian);
    guardian.master.instance.clone_from(&options.instance);
    guardian.master.command.clone_from(&options.master);
    guardian.master.environment.clone_from(&options.master_environment);
    guardian
}

/// Attaches to the guardian that is there, or starts one; returns whether it was started.
pub(crate) fn guardian(options: &Options) -> Result<(Client, bool), Error> {
    let options = guardian_options(options);
    match Client::attach(&options).map_err(Error::Guardian)? {
        Some(client) => Ok((client, false)),
        None => Ok((Client::start(&options).map_err(Error::Guardian)?, true)),
    }
}

/// Completes what was kept by what runs: a record may be older than a run, or lost.
pub(crate) fn complete(
    records: &mut Vec<wardkit_supervise::Record>,
    listed: &HashMap<String, Held>,
    instance: &str,
    boot_id: &str,
    is_fresh: bool,
) -> Result<(), Error> {
    let mut known: HashMap<String, usize> =
        records.iter().enumerate().map(|(at, record)| (record.service.clone(), at)).collect();
    let mut runs: Vec<(String, u64, Option<Process>)> = listed
        .values()
        .map(|held| {
            let record = &held.record;
            (record.service.clone(), record.generation, Some(process(record)))
        })
        .collect();
    // A guardian that was just started knows nothing of what the last one held.
    if is_fresh {
        runs.extend(marked_runs(instance)?.into_iter().map(|(name, number)| (name, number, None)));
    }
    for (service, generation, process) in runs {
        let at = *known.entry(service.clone()).or_insert_with(|| {
            records.push(wardkit_supervise::Record::new(service, boot_id));
            records.len() - 1
        });
        let record = &mut records[at];
        let is_known = record.boot_id == boot_id && record.generation >= generation;
        if !is_known {
            boot_id.clone_into(&mut record.boot_id);
            record.generation = generation;
            (record.phase, record.process) = (RecordPhase::Live, process);
        }
    }
    Ok(())
}

/// Lists the runs of which something may be left, by service and generation.
pub(crate) fn known(
    records: &[wardkit_supervise::Record],
    listed: &HashMap<String, Held>,
) -> HashSet<(String, u64)> {
    let kept = records.iter().map(|record| (record.service.clone(), record.generation));
    let held = listed.values().map(|held| (held.record.service.clone(), held.record.generation));
    kept.chain(held).collect()
}

/// Lists the runs of an installation by what their processes carry.
fn marked_runs(instance: &str) -> Result<Vec<(String, u64)>, Error> {
    let procfs = Procfs::default();
    let prefix = format!("{instance}/");
    let found = search_marked(MARKER, |value| value.starts_with(prefix.as_bytes()))
        .map_err(|error| Error::Guardian(error.into()))?;
    let mut latest: HashMap<String, u64> = HashMap::new();
    for process in found {
        let Some(value) = procfs.variable(process.pid(), MARKER.as_ref()) else { continue };
        let Ok(value) = String::from_utf8(value) else { continue };
        let Some((service, generation)) =
            value.strip_prefix(&prefix).and_then(|rest| rest.rsplit_once('/'))
        else {
            continue;
        };
        let Ok(generation) = generation.parse::<u64>() else { continue };
        let known = latest.entry(service.to_owned()).or_default();
        *known = generation.max(*known);
    }
    Ok(latest.into_iter().collect())
}

/// Finds a run by what its processes carry: its first process where that lives, otherwise whatever is left.
pub(crate) fn marked(
    service: &str,
    generation: u64,
    marker: &str,
) -> Result<Option<wardkit_guardian::Record>, wardkit_process::Error> {
    let procfs = Procfs::default();
    let found = search_marked(MARKER, |value| value == marker.as_bytes())?;
    let oldest = found.iter().min_by_key(|process| (process.identity().started, process.pid()));
    let Some(oldest) = oldest else { return Ok(None) };
    // A service's first process leads a session from the start on, and who leads one cannot leave it.
    let leads = |process: &&wardkit_process::Process| {
        procfs.stat(process.pid()).is_ok_and(|stat| stat.session == stat.pid)
    };
    let identity = oldest.identity().clone();
    let identity = if leads(&oldest) {
        identity
    } else {
        // Held as ended: what is left of it is killed before the next start.
        wardkit_process::Identity::new(identity.boot, identity.pid, 0)
    };
    Ok(Some(wardkit_guardian::Record::new(service, generation, identity)))
}

/// Writes down what names a run's process.
pub(crate) fn process(record: &wardkit_guardian::Record) -> Process {
    let identity = serde_json::to_string(record).unwrap_or_default();
    Process::new(record.identity.pid, identity)
}

/// Reads what was written down of a run's process.
pub(crate) fn record(process: &Process) -> Option<wardkit_guardian::Record> {
    serde_json::from_str(&process.identity).ok()
}
