//! The package database of Fedora, Red Hat and SUSE, read by `rpm` itself.

mod output;
mod query;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use self::output::Record;
use super::dpkg::Aliases;
use super::{
    Bookkeeping, Claim, Claims, Installed, Inventory, PathId, Phase, Revision, Standing,
    TrustSource, record, standing,
};
use crate::{Actor, Error, FileTime};

/// The database of `rpm`: SHA-256 digests of what packages bring (MD5 in old ones), and the names of their directories
/// and links.
///
/// Its format is the program's own affair, so `rpm` reads it: by its absolute path, without a shell or an environment,
/// as nobody where it can, and only when the database was written. A system without such a database has no packages, and
/// no program is run. Owners and permission bits are not looked at, so a change of these is never vouched for.
///
/// Packages of one name that are installed side by side, such as kernels, count as one with several versions.
///
/// `dnf` up to its fourth version and `yum` are scripts: what their process runs is Python. Where root runs the system's
/// own, the writer counts as the package manager.
#[derive(Clone, Debug)]
pub struct Rpm {
    root: PathBuf,
    program: PathBuf,
    owners: Vec<u32>,
    /// What the database had when its files looked like this.
    known: RefCell<Option<(Revision, Inventory)>>,
}

impl Rpm {
    /// Creates a source from the system below a root, `/` for this one.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let (program, owners) = (PathBuf::from("/usr/bin/rpm"), Vec::new());
        Self { root: root.into(), program, owners, known: RefCell::default() }
    }

    /// Trusts records and a program that these owners, beside root, may write.
    #[must_use]
    pub fn with_owners(mut self, owners: impl IntoIterator<Item = u32>) -> Self {
        self.owners.extend(owners);
        self
    }

    /// Runs this program, an absolute path, instead of `/usr/bin/rpm`.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Returns where the database is, below the root. One of the two places may be a link to the other.
    fn place(&self) -> Option<&'static str> {
        PLACES.into_iter().find(|place| {
            let directory = self.root.join(place);
            let is_directory = std::fs::symlink_metadata(&directory).is_ok_and(|one| one.is_dir());
            is_directory
                && DATABASES.iter().any(|name| directory.join(name).symlink_metadata().is_ok())
        })
    }

    /// Looks at the files of a database: what is other when it was written, and who may write it.
    fn look(&self, directory: &Path) -> (Revision, Standing) {
        let (mut stamp, mut all) = (Vec::new(), standing::standing(directory, &self.owners));
        for name in DATABASES.iter().chain(&BESIDE) {
            let Ok(found) = directory.join(name).symlink_metadata() else { continue };
            if !standing::is_guarded(&found, &self.owners) {
                all = Standing::Exposed;
            }
            // Readers write the index of the log as well.
            if *name != INDEX {
                stamp.extend(name.as_bytes());
                record::stamp(&found, &mut stamp);
            }
        }
        (Revision::of(&stamp), all)
    }

    fn query(&self, place: &str, selection: &[&str]) -> Result<Vec<Record>, Error> {
        let program = self.program.canonicalize().map_err(Error::io("find", &self.program))?;
        if standing::standing(&program, &self.owners) != Standing::Guarded {
            return Err(Error::Record { path: program, reason: "a program that others may write" });
        }
        let text = query::run(&program, &self.root, place, selection)?;
        let wrong = Error::Record { path: program, reason: "printed what is no list of packages" };
        output::parse(&text).ok_or(wrong)
    }

    fn add(&self, record: Record, aliases: &mut Aliases, claims: &mut Claims) {
        for (path, claim) in record.files {
            let Some(path) = aliases.real(&path) else { continue };
            // Packages do not list the directories of others, which change with the names in them.
            for above in path.ancestors().skip(1).take_while(|above| *above != self.root) {
                if !claims.contains_key(above) {
                    claims.insert(above.to_owned(), Claim::Listed);
                }
            }
            claims.insert(path, claim);
        }
    }

    fn read(&self, place: &str, standing: Standing) -> Result<Inventory, Error> {
        let mut by_name: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for record in self.query(place, &["-qa"])? {
            by_name.entry(record.name.clone()).or_default().push(record);
        }
        let mut aliases = Aliases::new(&self.root);
        let mut inventory = Inventory::default();
        for (name, mut records) in by_name {
            records.sort_by(|one, other| one.version.cmp(&other.version));
            let versions: Vec<&str> = records.iter().map(|one| one.version.as_str()).collect();
            let stamps: Vec<&[u8]> = records.iter().map(|one| one.stamp.as_slice()).collect();
            let mut installed =
                Installed::new(versions.join(", "), Revision::of(&stamps.join(&b'\n')));
            // To the second: one of the baseline's own second may be of after its scan began.
            let seconds = records.iter().map(|one| one.time).max().unwrap_or_default();
            installed.recorded = FileTime { seconds, nanos: 999_999_999 };
            installed.standing = standing;
            let mut claims = Claims::new();
            for record in records {
                self.add(record, &mut aliases, &mut claims);
            }
            let mut paths: Vec<PathId> = claims.keys().map(|path| PathId::of(path)).collect();
            paths.sort_unstable();
            installed.paths = paths.into();
            inventory.packages.insert(name, installed);
        }
        Ok(inventory)
    }
}

impl TrustSource for Rpm {
    fn name(&self) -> &'static str {
        "rpm"
    }

    fn inventory(&self, _before: &Inventory) -> Result<Inventory, Error> {
        let Some(place) = self.place() else { return Ok(Inventory::default()) };
        let directory = self.root.join(place);
        let lock = directory.join(".rpm.lock");
        let was_busy = is_locked(&lock)?;
        let (revision, standing) = self.look(&directory);
        let mut known = self.known.borrow_mut();
        let mut inventory = match &*known {
            Some((of, inventory)) if *of == revision => inventory.clone(),
            _ => self.read(place, standing)?,
        };
        for package in inventory.packages.values_mut() {
            package.standing = standing;
            package.phase = Phase::Complete;
        }
        *known = Some((revision, inventory.clone()));
        // What began meanwhile may have been read in part.
        if was_busy || is_locked(&lock)? {
            inventory.packages.values_mut().for_each(|package| package.phase = Phase::Partial);
        }
        Ok(inventory)
    }

    fn claims(&self, name: &str, _package: &Installed) -> Result<Claims, Error> {
        let Some(place) = self.place() else { return Ok(Claims::new()) };
        let mut aliases = Aliases::new(&self.root);
        let mut claims = Claims::new();
        let mut records = self.query(place, &["-q", "--", name])?;
        // What was installed last wrote a path that several have.
        records.sort_by_key(|record| record.time);
        for record in records.into_iter().filter(|record| record.name == name) {
            self.add(record, &mut aliases, &mut claims);
        }
        Ok(claims)
    }

    fn is_manager(&self, actor: &Actor) -> bool {
        // Anybody may run rpm, below a root of his own and with scripts of his own.
        let is_trusted = actor.uid.is_some_and(|uid| uid == 0 || self.owners.contains(&uid));
        is_trusted
            && actor.programs().any(|program| {
                // While rpm replaces itself, what runs is the one that it removed.
                let bytes = program.as_os_str().as_bytes();
                let bytes = bytes.strip_suffix(b" (deleted)").unwrap_or(bytes);
                let program = Path::new(OsStr::from_bytes(bytes));
                let Some((directory, name)) = program.parent().zip(program.file_name()) else {
                    return false;
                };
                let is_python = PYTHONS.iter().any(|one| name.as_bytes().starts_with(one));
                PROGRAMS.iter().any(|one| directory == Path::new(one))
                    && (is_python || MANAGERS.iter().any(|one| name == *one))
            })
    }

    fn bookkeeping(&self, path: &Path) -> Option<Bookkeeping> {
        let below = path.strip_prefix(&self.root).ok()?;
        let is_own = PLACES.iter().any(|place| below.starts_with(place))
            || PRODUCTS.iter().any(|one| below == Path::new(one));
        is_own.then_some(Bookkeeping::Any)
    }

    /// `rpm` unpacks `name;5f3a8c21` beside a file, after the transaction's time, before it puts it in place.
    fn draft_of(&self, path: &Path) -> Option<PathBuf> {
        let bytes = path.as_os_str().as_bytes();
        let (name, suffix) = bytes.split_at_checked(bytes.len().checked_sub(9)?)?;
        let is_draft = suffix[0] == b';' && suffix[1..].iter().all(u8::is_ascii_hexdigit);
        is_draft.then(|| Path::new(OsStr::from_bytes(name)).to_owned())
    }
}

/// Tells whether somebody holds a file's lock for writing, as `rpm` does while it installs. To try the lock would be to
/// make `rpm` wait.
fn is_locked(path: &Path) -> Result<bool, Error> {
    let Ok(found) = path.symlink_metadata() else { return Ok(false) };
    let Some((locks, _)) = record::read(Path::new("/proc/locks"))? else { return Ok(false) };
    let inode = format!(":{}", found.ino());
    Ok(String::from_utf8_lossy(&locks).lines().any(|line| {
        let mut words = line.split_ascii_whitespace();
        words.any(|word| word == "WRITE") && words.any(|word| word.ends_with(&inode))
    }))
}

/// Where newer systems have the database, and where older ones do.
const PLACES: [&str; 2] = ["usr/lib/sysimage/rpm", "var/lib/rpm"];
/// The database as `SQLite`, in `rpm`'s own format, and as Berkeley DB.
const DATABASES: [&str; 3] = ["rpmdb.sqlite", "Packages.db", "Packages"];
/// What `SQLite` keeps beside it.
const BESIDE: [&str; 2] = ["rpmdb.sqlite-wal", INDEX];
const INDEX: &str = "rpmdb.sqlite-shm";
const PROGRAMS: [&str; 2] = ["/usr/bin", "/usr/libexec"];
const MANAGERS: [&str; 7] = ["rpm", "dnf", "dnf5", "yum", "zypper", "microdnf", "packagekitd"];
const PYTHONS: [&[u8]; 2] = [b"python3", b"platform-python"];
/// What the triggers of packages make anew for the whole system.
const PRODUCTS: [&str; 3] = ["etc/ld.so.cache", "etc/ld.so.cache~", "var/cache/ldconfig/aux-cache"];
