use serde::Deserialize;

use crate::{Access, Capability, Error, Family, Needs, Network, Place, SystemCall};

/// Reads needs from a manifest in TOML.
///
/// All keys: `reads`, `lists`, `writes`, `executes` (paths; one that ends with a slash is a directory with everything
/// below), `capabilities`, `system-calls` (names, and groups of systemd such as `@system-service`), `writes-code`,
/// `makes-namespaces`, `user`, and the table `network` with `families`, `listen`, `connect` (ports) and
/// `beyond-host`. Without the table the program has no network.
///
/// ```
/// let needs = wardkit_harden::manifest("writes = [\"/var/lib/bot/\"]\n[network]\nfamilies = [\"unix\"]")?;
/// assert_eq!(needs.files.len(), 1);
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Manifest`], [`Error::Path`] and [`Error::Unknown`] name what is wrong.
pub fn manifest(text: &str) -> Result<Needs, Error> {
    let read: Manifest = toml::from_str(text).map_err(|error| Error::Manifest(Box::new(error)))?;
    let mut needs = Needs {
        writes_code: read.writes_code,
        makes_namespaces: read.makes_namespaces,
        ..Needs::default()
    };
    let lists = [
        (&read.reads, Access::READ),
        (&read.lists, Access::LIST),
        (&read.writes, Access::WRITE),
        (&read.executes, Access::EXECUTE),
    ];
    for (paths, access) in lists {
        for path in paths {
            needs.use_file(Place::new(path)?, access);
        }
    }
    for name in &read.capabilities {
        needs.capabilities.insert(known("capability", name, Capability::named)?);
    }
    for name in &read.system_calls {
        if name.starts_with('@') {
            needs.system_calls.extend(known("group of system calls", name, SystemCall::group)?);
        } else {
            needs.system_calls.insert(known("system call", name, SystemCall::named)?);
        }
    }
    needs.user = read.user.map(|name| user(&name)).transpose()?;
    needs.network = Some(network(&read.network)?);
    Ok(needs)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Manifest {
    reads: Vec<String>,
    lists: Vec<String>,
    writes: Vec<String>,
    executes: Vec<String>,
    capabilities: Vec<String>,
    system_calls: Vec<String>,
    writes_code: bool,
    makes_namespaces: bool,
    user: Option<String>,
    network: Sockets,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Sockets {
    families: Vec<String>,
    listen: Vec<u16>,
    connect: Vec<u16>,
    beyond_host: Option<bool>,
}

fn network(read: &Sockets) -> Result<Network, Error> {
    let families: Result<_, _> =
        read.families.iter().map(|name| known("family of sockets", name, Family::named)).collect();
    let families: std::collections::BTreeSet<Family> = families?;
    let is_internet = families.iter().any(|family| family.name().starts_with("inet"));
    Ok(Network {
        beyond_host: read.beyond_host.unwrap_or(is_internet),
        families,
        listen: read.listen.iter().copied().collect(),
        connect: read.connect.iter().copied().collect(),
    })
}

/// Refuses what systemd would not take as a user, or take as something else.
pub(crate) fn user(name: &str) -> Result<String, Error> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let is_user = !name.is_empty()
        && name.len() <= 31
        && !name.starts_with('-')
        && name.chars().all(is_letter);
    if is_user {
        Ok(name.to_owned())
    } else {
        Err(Error::Unknown { what: "user's name", name: name.to_owned() })
    }
}

fn known<T>(what: &'static str, name: &str, find: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
    find(name).ok_or_else(|| Error::Unknown { what, name: name.to_owned() })
}
