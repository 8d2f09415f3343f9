//! Control groups, of version 2, of version 1, and of both side by side.

mod members;
mod sources;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

pub(super) use self::members::members;
use self::sources::{Column, SOURCES, Source, Values};
use super::file::{Scratch, open};
use super::{Part, Scope};
use crate::host::{CgroupUse, HostConfig, HostPaths};
use crate::{Error, Family, Kind};

#[derive(Debug)]
pub(super) struct Cgroups {
    root: PathBuf,
    names: Vec<String>,
    /// What this host has, found out at the first collection: a hierarchy is mounted at boot.
    sources: Option<Vec<&'static Source>>,
    /// Seconds throttled at the last collection.
    throttled: HashMap<String, f64>,
}

impl Cgroups {
    pub(super) fn new(paths: &HostPaths, config: &HostConfig) -> Self {
        Self {
            root: paths.sys.join("fs/cgroup"),
            names: config.cgroups.clone(),
            sources: None,
            throttled: HashMap::new(),
        }
    }
}

impl Part for Cgroups {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, elapsed } = scope;
        let root = &self.root;
        let sources = self.sources.get_or_insert_with(|| {
            SOURCES.iter().filter(|source| source.hierarchy.is_at(root)).collect()
        });
        let read = |name: &String| (read(root, sources, name, scratch), name.clone());
        let found: Vec<(Values, String)> = self.names.iter().map(read).collect();
        out.family(EXISTS);
        for (values, name) in &found {
            let exists = values.iter().any(Option::is_some);
            out.push(&[("cgroup", name)], f64::from(u8::from(exists)));
        }
        for column in Column::ALL {
            let at = column as usize;
            if found.iter().any(|(values, _)| values[at].is_some()) {
                out.family(column.family());
            }
            for (values, name) in &found {
                if let Some(value) = values[at] {
                    out.push(&[("cgroup", name)], value);
                }
            }
        }
        for (values, path) in found {
            let value = |column: Column| values[column as usize];
            let throttled = value(Column::Throttled);
            let before = self.throttled.remove(&path);
            let grown = throttled.zip(before).zip(elapsed);
            facts.cgroups.push(CgroupUse {
                throttled: grown.map(|((now, before), elapsed)| {
                    ((now - before) / elapsed.as_secs_f64()).clamp(0.0, 1.0)
                }),
                memory: value(Column::Memory).map(whole),
                memory_limit: value(Column::MemoryLimit).map(whole),
                tasks: value(Column::Tasks).map(whole),
                tasks_limit: value(Column::TasksLimit).map(whole),
                oom_kills: value(Column::OomKills).map(whole),
                path: path.clone(),
            });
            if let Some(throttled) = throttled {
                self.throttled.insert(path, throttled);
            }
        }
        Ok(())
    }
}

fn read(root: &Path, sources: &[&Source], name: &str, scratch: &mut Scratch) -> Values {
    let mut values = Values::default();
    for source in sources {
        let directory = below(&source.hierarchy.root(root), name);
        // Not there: the group, or the controller in it. Files of groups that come and go are not kept open.
        let Ok(file) = open(&directory.join(source.file)) else { continue };
        if let Ok(text) = scratch.read_small(&file) {
            (source.read)(text, &mut values);
        }
    }
    values
}

/// Returns where a group is below its hierarchy's root.
fn below(root: &Path, name: &str) -> PathBuf {
    match name.trim_start_matches('/') {
        "" => root.to_owned(),
        rest => root.join(rest),
    }
}

/// Values were whole numbers below 2^53 before they were samples, or are rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the conversion saturates, and no count is below zero"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

const EXISTS: Family<'static> =
    Family { name: "cgroup_exists", help: "Whether a control group is there.", kind: Kind::Gauge };
