use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};

use crate::{Error, Procfs, Stat};

/// What all processes are at one moment, read when it is first asked for: many trees share one look.
#[derive(Debug, Default)]
pub struct Scan {
    listed: OnceCell<Listed>,
    children: OnceCell<Option<HashSet<u32>>>,
}

impl Scan {
    pub(crate) fn listed(&self, procfs: &Procfs) -> Result<&Listed, Error> {
        if let Some(listed) = self.listed.get() {
            return Ok(listed);
        }
        let all = procfs.processes()?;
        Ok(self.listed.get_or_init(|| Listed::new(all)))
    }

    /// Returns the children of this process; `None` where the kernel does not list them.
    pub(crate) fn children(&self, procfs: &Procfs) -> Option<&HashSet<u32>> {
        let read = || procfs.children(std::process::id()).map(HashSet::from_iter);
        self.children.get_or_init(read).as_ref()
    }
}

/// By process and name; `None` for one that is not there.
type Variables = HashMap<(u32, OsString), Option<Vec<u8>>>;

/// All processes, by their relations.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) all: Vec<Stat>,
    by_pid: HashMap<u32, Stat>,
    children: HashMap<u32, Vec<Stat>>,
    /// Variables that were asked for; a process is asked once.
    variables: RefCell<Variables>,
}

impl Listed {
    pub(crate) fn new(all: Vec<Stat>) -> Self {
        let by_pid = all.iter().map(|stat| (stat.pid, *stat)).collect();
        let mut children: HashMap<u32, Vec<Stat>> = HashMap::new();
        for stat in &all {
            children.entry(stat.parent).or_default().push(*stat);
        }
        Self { all, by_pid, children, variables: RefCell::default() }
    }

    pub(crate) fn get(&self, pid: u32) -> Option<&Stat> {
        self.by_pid.get(&pid)
    }

    pub(crate) fn children(&self, pid: u32) -> &[Stat] {
        self.children.get(&pid).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn variable(&self, procfs: &Procfs, pid: u32, name: &OsStr) -> Option<Vec<u8>> {
        let mut variables = self.variables.borrow_mut();
        let key = (pid, name.to_owned());
        variables.entry(key).or_insert_with(|| procfs.variable(pid, name)).clone()
    }
}
