use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::{Access, Capability, Family, Place, SystemCall};

/// What a program needs of its host. What is not here is denied by a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Needs {
    /// The files that it uses.
    #[serde(serialize_with = "as_list")]
    pub files: BTreeMap<Place, Access>,
    /// Whom it talks to; `None` when that is not known. Then it may talk as a bot does, to sockets of the host and of
    /// the internet.
    pub network: Option<Network>,
    /// What it may do beyond its user's rights.
    pub capabilities: BTreeSet<Capability>,
    /// Every system call that it makes; none when they are not known. Then it may make those that a service makes.
    pub system_calls: BTreeSet<SystemCall>,
    /// Whether it makes code while it runs, as just-in-time compilers do.
    pub writes_code: bool,
    /// Whether it makes namespaces of its own, as sandboxes do.
    pub makes_namespaces: bool,
    /// The user that it runs as.
    pub user: Option<String>,
}

/// Whom a program talks to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Network {
    /// The kinds of its sockets.
    pub families: BTreeSet<Family>,
    /// The ports that it listens on.
    pub listen: BTreeSet<u16>,
    /// The ports that it connects to.
    pub connect: BTreeSet<u16>,
    /// Whether it talks to other hosts.
    pub beyond_host: bool,
}

impl Network {
    /// What a program is given when nothing is known of it.
    #[must_use]
    pub fn usual() -> Self {
        let families =
            ["unix", "inet", "inet6", "netlink"].into_iter().filter_map(Family::named).collect();
        Self { families, beyond_host: true, ..Self::default() }
    }

    fn merge(&mut self, other: Self) {
        self.families.extend(other.families);
        self.listen.extend(other.listen);
        self.connect.extend(other.connect);
        self.beyond_host |= other.beyond_host;
    }
}

impl Needs {
    /// Adds a use of a file to those that are known.
    pub fn use_file(&mut self, place: Place, access: Access) {
        let known = self.files.entry(place).or_default();
        *known = known.union(access);
    }

    /// Adds what another source knows.
    pub fn merge(&mut self, other: Self) {
        for (place, access) in other.files {
            self.use_file(place, access);
        }
        if let Some(network) = other.network {
            self.network.get_or_insert_default().merge(network);
        }
        self.capabilities.extend(other.capabilities);
        self.system_calls.extend(other.system_calls);
        self.writes_code |= other.writes_code;
        self.makes_namespaces |= other.makes_namespaces;
        self.user = self.user.take().or(other.user);
    }

    /// Adds where links lead: enforcers judge the path that is behind them. `resolve` gives the path without links,
    /// or nothing for what is not there.
    pub fn add_resolved(&mut self, resolve: impl Fn(&str) -> Option<String>) {
        let mut behind = Vec::new();
        // Links below `/proc` lead elsewhere for each process.
        for (place, access) in self.files.iter().filter(|(place, _)| !place.is_below("/proc")) {
            let end = resolve(place.path()).map(|path| (path, ""));
            // A file that is not there yet is made in a directory that is.
            let end = end.or_else(|| Some((resolve(place.parent())?, place.name())));
            let Some(Ok(resolved)) = end.map(|(path, name)| match name {
                "" => Place::new(&path),
                name => Place::new(&format!("{path}/{name}")),
            }) else {
                continue;
            };
            let resolved = if place.is_tree() { resolved.tree() } else { resolved };
            if resolved != *place {
                behind.push((resolved, *access));
            }
        }
        for (place, access) in behind {
            self.use_file(place, access);
        }
    }

    /// Returns the files without those that a directory above them allows already.
    pub(crate) fn distinct_files(&self) -> Vec<(&Place, Access)> {
        let trees: HashMap<&str, Access> = self
            .files
            .iter()
            .filter(|(place, _)| place.is_tree())
            .map(|(place, access)| (place.path(), *access))
            .collect();
        let is_allowed = |place: &Place, access: Access| {
            let own = (!place.is_tree()).then_some(place.path());
            own.into_iter()
                .chain(place.above())
                .any(|above| trees.get(above).is_some_and(|all| all.includes(access)))
        };
        let all = self.files.iter().map(|(place, access)| (place, *access));
        all.filter(|(place, access)| !is_allowed(place, *access)).collect()
    }

    /// Returns whom it talks to, or what it is given when that is not known.
    pub(crate) fn known_network(&self) -> Network {
        self.network.clone().unwrap_or_else(Network::usual)
    }

    pub(crate) fn uses(&self, directory: &str) -> bool {
        self.files.keys().any(|place| place.is_below(directory))
    }

    pub(crate) fn writes(&self) -> impl Iterator<Item = &Place> {
        self.files.iter().filter(|(_, access)| access.write).map(|(place, _)| place)
    }
}

fn as_list<S: serde::Serializer>(
    files: &BTreeMap<Place, Access>,
    to: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct File<'f> {
        path: &'f Place,
        #[serde(flatten)]
        access: Access,
    }
    to.collect_seq(files.iter().map(|(path, access)| File { path, access: *access }))
}
