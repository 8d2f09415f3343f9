//! File systems: which there are, and what `statvfs` says of them.

mod asker;
mod mounts;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::asker::{Answer, Asker};
pub(super) use self::asker::{Ask, Statvfs};
use self::mounts::Mount;
use super::file::KeptFile;
use super::parse::sample;
use super::{Part, Scope};
use crate::host::{FileSystemUse, HostConfig, HostPaths};
use crate::{Error, Family, Kind, Samples};

#[derive(Debug)]
pub(super) struct FileSystems {
    /// Those of the first process, which are the host's; and ours, where its are not to be seen.
    tables: [KeptFile; 2],
    root: PathBuf,
    exclude_mount_points: Vec<PathBuf>,
    exclude_types: Vec<String>,
    deadline: Duration,
    asker: Asker,
}

impl FileSystems {
    pub(super) fn new(paths: &HostPaths, config: &HostConfig, ask: Arc<dyn Ask>) -> Self {
        let table = |process: &str| KeptFile::new(paths.proc.join(process).join("mounts"));
        Self {
            tables: [table("1"), table("self")],
            root: paths.root.clone(),
            exclude_mount_points: config.exclude_mount_points.clone(),
            exclude_types: config.exclude_file_systems.clone(),
            deadline: config.file_system_deadline,
            asker: Asker::new(ask),
        }
    }

    fn takes(&self, mount: &Mount) -> bool {
        !self.exclude_types.contains(&mount.kind)
            && !self.exclude_mount_points.iter().any(|path| mount.path.starts_with(path))
    }
}

impl Part for FileSystems {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, .. } = scope;
        let [host, ours] = &mut self.tables;
        let text = match host.read(scratch) {
            Ok(text) => mounts::parse(text),
            Err(_) => mounts::parse(ours.read(scratch)?),
        };
        let mut mounts: Vec<Mount> = text.into_iter().filter(|mount| self.takes(mount)).collect();
        // What is mounted over something hides it.
        mounts::drop_hidden(&mut mounts);
        let paths: Vec<PathBuf> =
            mounts.iter().map(|mount| mounts::below(&self.root, &mount.path)).collect();
        let answers = self.asker.ask(&paths, self.deadline)?;
        push(&mounts, &answers, out);
        for (mount, answer) in mounts.iter().zip(&answers) {
            if let Reply::Answered(answer) = answer {
                facts.file_systems.push(FileSystemUse {
                    mount_point: mount.point.clone(),
                    size: answer.size,
                    available: answer.available,
                    files: answer.files,
                    files_free: answer.files_free,
                });
            }
        }
        let mut silent =
            mounts.iter().zip(&answers).filter(|(_, reply)| matches!(reply, Reply::Silent));
        match silent.next() {
            None => Ok(()),
            Some((mount, _)) => Err(Error::NoAnswer {
                path: mount.path.clone(),
                others: silent.count(),
                deadline: self.deadline,
            }),
        }
    }
}

/// What came of asking a file system.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    Answered(Answer),
    /// It said that it cannot answer: no longer connected, not to be seen by this user.
    Failed,
    /// It said nothing.
    Silent,
}

fn push(mounts: &[Mount], replies: &[Reply], out: &mut Samples) {
    out.family(DEVICE_ERROR);
    for (mount, reply) in mounts.iter().zip(replies) {
        let failed = !matches!(reply, Reply::Answered(_));
        out.push(&labels(mount), f64::from(u8::from(failed)));
    }
    out.family(READONLY);
    for (mount, reply) in mounts.iter().zip(replies) {
        if let Reply::Answered(_) = reply {
            out.push(&labels(mount), f64::from(u8::from(mount.is_readonly)));
        }
    }
    for (family, value) in VALUES {
        out.family(family);
        for (mount, reply) in mounts.iter().zip(replies) {
            if let Reply::Answered(answer) = reply {
                out.push(&labels(mount), sample(value(answer)));
            }
        }
    }
}

fn labels(mount: &Mount) -> [(&'static str, &str); 3] {
    [("device", &mount.device), ("fstype", &mount.kind), ("mountpoint", &mount.point)]
}

const fn gauge(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Gauge }
}

const DEVICE_ERROR: Family<'static> = gauge(
    "node_filesystem_device_error",
    "Whether a file system gave no answer, or an error, when it was asked.",
);
const READONLY: Family<'static> =
    gauge("node_filesystem_readonly", "Whether a file system is mounted for reading only.");

type Value = fn(&Answer) -> u64;

const VALUES: [(Family<'static>, Value); 5] = [
    (gauge("node_filesystem_size_bytes", "The size of a file system."), |answer| answer.size),
    (
        gauge("node_filesystem_free_bytes", "What is free, the administrator's reserve included."),
        |answer| answer.free,
    ),
    (gauge("node_filesystem_avail_bytes", "What ordinary users can still write."), |answer| {
        answer.available
    }),
    (gauge("node_filesystem_files", "How many files can be in it."), |answer| answer.files),
    (gauge("node_filesystem_files_free", "How many files can still be made."), |answer| {
        answer.files_free
    }),
];
