//! Debian's package database, read without `dpkg`.

mod paths;
mod status;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use self::paths::Aliases;
use self::paths::Diversions;
use self::status::Paragraph;
use super::{
    Bookkeeping, Claim, Claims, Installed, Inventory, PathId, Revision, Standing, TrustSource,
    record, standing,
};
use crate::{Actor, Error, FileTime};

/// The database of `dpkg`: MD5 digests of what packages bring, and the names of their directories and links.
///
/// It has no owners and no permission bits, so a change of these is never vouched for.
#[derive(Clone, Debug)]
pub struct Dpkg {
    root: PathBuf,
    admin: PathBuf,
    owners: Vec<u32>,
    managers: Vec<PathBuf>,
}

impl Dpkg {
    /// Creates a source from the system below a root, `/` for this one.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let admin = root.join("var/lib/dpkg");
        Self { root, admin, owners: Vec::new(), managers: MANAGERS.map(PathBuf::from).into() }
    }

    /// Trusts records that these owners, beside root, may write.
    #[must_use]
    pub fn with_owners(mut self, owners: impl IntoIterator<Item = u32>) -> Self {
        self.owners.extend(owners);
        self
    }

    /// Names the package manager's programs, instead of `dpkg` and `apt` in `/usr/bin`. What they run, as the packages'
    /// own scripts, descends from them.
    #[must_use]
    pub fn with_managers<P: Into<PathBuf>>(
        mut self,
        programs: impl IntoIterator<Item = P>,
    ) -> Self {
        self.managers = programs.into_iter().map(Into::into).collect();
        self
    }

    /// Reads the list of packages, and over it what has not been merged into it yet.
    fn status(&self) -> Result<BTreeMap<String, Paragraph>, Error> {
        let mut paragraphs = BTreeMap::new();
        let path = self.admin.join("status");
        let missing = || Error::Record { path: path.clone(), reason: "missing" };
        let (text, _) = record::read(&path)?.ok_or_else(missing)?;
        status::parse(&text, &mut paragraphs);
        let updates = self.admin.join("updates");
        let mut names: Vec<PathBuf> = match std::fs::read_dir(&updates) {
            Ok(entries) => entries.take(MOST_UPDATES).flatten().map(|one| one.path()).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::io("list", &updates)(error)),
        };
        let is_number = |path: &Path| {
            path.file_name().is_some_and(|name| name.as_bytes().iter().all(u8::is_ascii_digit))
        };
        names.retain(|path| is_number(path));
        names.sort();
        for path in names {
            // One that was merged meanwhile is in the list by the next time.
            if let Some((text, _)) = record::read(&path)? {
                status::parse(&text, &mut paragraphs);
            }
        }
        Ok(paragraphs)
    }

    fn info(&self, package: &str, extension: &str) -> PathBuf {
        self.admin.join("info").join(format!("{package}.{extension}"))
    }

    fn installed(
        &self,
        name: &str,
        paragraph: Paragraph,
        before: Option<&Installed>,
        places: &mut Places,
    ) -> Result<Installed, Error> {
        let mut stamp = paragraph.version.clone().into_bytes();
        let mut recorded = FileTime::default();
        let mut standing = places.standing;
        for extension in ["list", "md5sums"] {
            let Ok(found) = std::fs::symlink_metadata(self.info(name, extension)) else { continue };
            record::stamp(&found, &mut stamp);
            recorded = recorded.max(record::ctime(&found));
            if !standing::is_guarded(&found, &self.owners) {
                standing = Standing::Exposed;
            }
        }
        let mut installed = Installed::new(paragraph.version, Revision::of(&stamp));
        installed.recorded = recorded;
        installed.standing = standing;
        installed.phase = paragraph.phase;
        for (path, md5) in paragraph.conffiles {
            if let Some(path) = places.aliases.real(&path) {
                installed.inline.push((path, Claim::Md5(md5)));
            }
        }
        installed.paths = match before {
            Some(before) if before.revision == installed.revision => Arc::clone(&before.paths),
            _ => {
                let listed = self.listed(name, places)?;
                let mut paths: Vec<PathId> = listed.iter().map(|path| PathId::of(path)).collect();
                paths.sort_unstable();
                paths.into()
            }
        };
        Ok(installed)
    }

    /// Returns the paths that a package lists, where they really are.
    fn listed(&self, name: &str, places: &mut Places) -> Result<Vec<PathBuf>, Error> {
        let Some((text, _)) = record::read(&self.info(name, "list"))? else {
            return Ok(Vec::new());
        };
        let lines = text.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"/"));
        Ok(lines.filter_map(|line| places.real(name, line)).collect())
    }

    fn places(&self) -> Result<Places, Error> {
        Ok(Places {
            aliases: Aliases::new(&self.root),
            diversions: Diversions::read(&self.admin.join("diversions"))?,
            standing: standing::standing(&self.admin.join("info"), &self.owners),
        })
    }
}

/// Where listed paths really are, and who may write their lists.
struct Places {
    aliases: Aliases,
    diversions: Diversions,
    standing: Standing,
}

impl Places {
    fn real(&mut self, package: &str, listed: &[u8]) -> Option<PathBuf> {
        let path = self.diversions.target(package, listed);
        self.aliases.real(Path::new(OsStr::from_bytes(path)))
    }
}

impl TrustSource for Dpkg {
    fn name(&self) -> &'static str {
        "dpkg"
    }

    fn inventory(&self, before: &Inventory) -> Result<Inventory, Error> {
        let mut inventory = Inventory::default();
        let mut places = self.places()?;
        for (name, paragraph) in self.status()? {
            if paragraph.is_installed {
                let known = before.packages.get(&name);
                let installed = self.installed(&name, paragraph, known, &mut places)?;
                inventory.packages.insert(name, installed);
            }
        }
        Ok(inventory)
    }

    fn claims(&self, name: &str, package: &Installed) -> Result<Claims, Error> {
        let mut places = self.places()?;
        let listed = self.listed(name, &mut places)?;
        let mut claims: Claims = listed.into_iter().map(|path| (path, Claim::Listed)).collect();
        if let Some((text, _)) = record::read(&self.info(name, "md5sums"))? {
            for line in text.split(|&byte| byte == b'\n') {
                let Some((digest, file)) = line.split_at_checked(32) else { continue };
                let (Some(md5), Some(file)) = (record::hex(digest), file.strip_prefix(b"  "))
                else {
                    continue;
                };
                if let Some(path) = places.real(name, &[b"/", file].concat()) {
                    claims.insert(path, Claim::Md5(md5));
                }
            }
        }
        claims.extend(package.inline.iter().cloned());
        Ok(claims)
    }

    fn is_manager(&self, actor: &Actor) -> bool {
        // Anybody may run dpkg, below a root of his own and with scripts of his own.
        let is_trusted = actor.uid.is_some_and(|uid| uid == 0 || self.owners.contains(&uid));
        is_trusted
            && actor.programs().any(|program| {
                // While dpkg replaces itself, what runs is the one that it removed.
                let bytes = program.as_os_str().as_bytes();
                let name = bytes.strip_suffix(b" (deleted)").unwrap_or(bytes);
                self.managers.iter().any(|manager| manager.as_os_str().as_bytes() == name)
            })
    }

    fn bookkeeping(&self, path: &Path) -> Option<Bookkeeping> {
        if let Ok(product) = path.strip_prefix(&self.root) {
            let is_cache = CACHES.iter().any(|cache| product.starts_with(cache));
            if is_cache || PRODUCTS.iter().any(|one| product == Path::new(one)) {
                return Some(Bookkeeping::Any);
            }
        }
        let below = path.strip_prefix(&self.admin).ok()?;
        let mut names = below.components().map(|name| name.as_os_str().as_bytes());
        match (names.next(), names.next(), names.next()) {
            (None, ..) => Some(Bookkeeping::Any),
            (Some(name), None, _) if DATABASE.contains(&name) => Some(Bookkeeping::Any),
            (Some(b"updates" | b"triggers" | b"tmp.ci" | b"reassemble.deb"), ..) => {
                Some(Bookkeeping::Any)
            }
            // The scripts of a package run as root: nobody but that package's own upgrade may touch them.
            (Some(b"info"), Some(file), None) => {
                let file = std::str::from_utf8(file).ok()?;
                let (name, _) = file.rsplit_once('.')?;
                Some(Bookkeeping::Of(name.to_owned()))
            }
            _ => None,
        }
    }

    fn is_derived(&self, path: &Path) -> bool {
        let mut names = path.components().rev().map(std::path::Component::as_os_str);
        let (last, parent) = (names.next(), names.next());
        let is_bytecode = path.extension().is_some_and(|extension| extension == "pyc");
        let is_of_python =
            last == Some(OsStr::new(PYTHON)) || is_bytecode && parent == Some(OsStr::new(PYTHON));
        is_of_python && path.starts_with(self.root.join("usr"))
    }

    fn draft_of(&self, path: &Path) -> Option<PathBuf> {
        let bytes = path.as_os_str().as_bytes();
        let path = DRAFTS.iter().find_map(|draft| bytes.strip_suffix(*draft))?;
        Some(Path::new(OsStr::from_bytes(path)).to_owned())
    }
}

/// What every transaction writes. What steers later ones is not among it: diversions, and the overrides of modes.
const DATABASE: [&[u8]; 11] = [
    b"status",
    b"status-new",
    b"status-old",
    b"available",
    b"available-new",
    b"available-old",
    b"lock",
    b"lock-frontend",
    b"info",
    b"updates",
    b"triggers",
];
/// `apt` takes the locks itself, before it runs `dpkg`.
const MANAGERS: [&str; 3] = ["/usr/bin/dpkg", "/usr/bin/apt-get", "/usr/bin/apt"];
/// What the triggers of packages make anew for the whole system. Nothing in it gives anybody a right, and who can write
/// it can write the records as well.
const PRODUCTS: [&str; 6] = [
    "etc/ld.so.cache",
    "etc/ld.so.cache~",
    "usr/share/applications/mimeinfo.cache",
    "usr/share/info/dir",
    "usr/share/info/dir.old",
    "var/cache/ldconfig/aux-cache",
];
/// Whole directories of such files.
const CACHES: [&str; 3] = ["var/cache/debconf", "var/cache/fontconfig", "var/cache/man"];
/// Where Python keeps what it compiled.
const PYTHON: &str = "__pycache__";
/// What `dpkg` unpacks beside a file before it puts it in place, and keeps of the old one until then.
const DRAFTS: [&[u8]; 2] = [b".dpkg-new", b".dpkg-tmp"];
/// `dpkg` merges them after 250.
const MOST_UPDATES: usize = 4096;
