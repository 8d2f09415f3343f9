//! Python packages, by the records that installers leave.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{
    Bookkeeping, Claim, Claims, Installed, Inventory, PathId, Revision, Standing, TrustSource,
    record, standing,
};
use crate::{Actor, Digest, Error};

/// The packages of one `site-packages` directory: SHA-256 digests from each `RECORD`.
///
/// Where a bot owns its virtual environment, whoever took the bot over can write a file and the `RECORD` that vouches for
/// it. Such a record groups a transaction into one report and makes it no less.
///
/// `pip` is a script: what its process runs is the interpreter. A writer counts as the package manager when it runs, or
/// descends from, a program whose name begins with `pip`, `python` or `uv`.
#[derive(Clone, Debug)]
pub struct Pip {
    site_packages: PathBuf,
    /// Where the files of its packages may lie: the virtual environment, or `/usr`.
    prefix: PathBuf,
    owners: Vec<u32>,
}

impl Pip {
    /// Creates a source from a directory such as `/srv/bot/venv/lib/python3.13/site-packages`. What its packages list
    /// beside that virtual environment is not believed.
    #[must_use]
    pub fn new(site_packages: impl Into<PathBuf>) -> Self {
        let site_packages = site_packages.into();
        let prefix = site_packages.ancestors().nth(3).unwrap_or(&site_packages).to_owned();
        Self { site_packages, prefix, owners: Vec::new() }
    }

    /// Trusts records that these owners, beside root, may write.
    #[must_use]
    pub fn with_owners(mut self, owners: impl IntoIterator<Item = u32>) -> Self {
        self.owners.extend(owners);
        self
    }

    fn installed(
        &self,
        directory: &Path,
        before: Option<&Installed>,
        outer: Standing,
    ) -> Result<Option<(String, Installed)>, Error> {
        let Some((name, version)) = identity(directory) else { return Ok(None) };
        let path = directory.join("RECORD");
        let Ok(found) = std::fs::symlink_metadata(&path) else { return Ok(None) };
        let mut stamp = version.clone().into_bytes();
        record::stamp(&found, &mut stamp);
        let mut installed = Installed::new(version, Revision::of(&stamp));
        installed.recorded = record::ctime(&found);
        let directory = std::fs::symlink_metadata(directory);
        let is_guarded = directory.is_ok_and(|found| standing::is_guarded(&found, &self.owners))
            && standing::is_guarded(&found, &self.owners);
        installed.standing = if is_guarded { outer } else { Standing::Exposed };
        installed.paths = match before {
            Some(before) if before.revision == installed.revision => Arc::clone(&before.paths),
            _ => {
                let claims = self.read(&path)?;
                let mut paths: Vec<PathId> = claims.keys().map(|path| PathId::of(path)).collect();
                paths.sort_unstable();
                paths.into()
            }
        };
        Ok(Some((name, installed)))
    }

    fn read(&self, path: &Path) -> Result<Claims, Error> {
        let Some((text, _)) = record::read(path)? else { return Ok(Claims::new()) };
        let mut claims = Claims::new();
        for line in text.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some((name, digest)) = row(line) else { continue };
            let file = record::resolve(&self.site_packages, Path::new(OsStr::from_bytes(&name)));
            let Some(file) = file.filter(|file| file.starts_with(&self.prefix)) else { continue };
            let digest = digest.strip_prefix(b"sha256=").and_then(base64);
            let claim =
                digest.map_or(Claim::Listed, |bytes| Claim::Sha256(Digest::from_bytes(bytes)));
            // Directories are not in the record; those below the environment that lead to a file are the package's.
            for above in file.ancestors().skip(1).take_while(|above| *above != self.prefix) {
                claims.entry(above.to_owned()).or_insert(Claim::Listed);
            }
            claims.insert(file, claim);
        }
        Ok(claims)
    }
}

impl TrustSource for Pip {
    fn name(&self) -> &'static str {
        "pip"
    }

    fn inventory(&self, before: &Inventory) -> Result<Inventory, Error> {
        let mut inventory = Inventory::default();
        let listing = match std::fs::read_dir(&self.site_packages) {
            Ok(listing) => listing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(inventory),
            Err(error) => return Err(Error::io("list", &self.site_packages)(error)),
        };
        let outer = standing::standing(&self.site_packages, &self.owners);
        let is_record = |path: &PathBuf| path.extension() == Some(OsStr::new("dist-info"));
        let mut directories: Vec<PathBuf> =
            listing.flatten().map(|one| one.path()).filter(is_record).take(MOST_PACKAGES).collect();
        directories.sort();
        for directory in directories {
            let known = identity(&directory).and_then(|(name, _)| before.packages.get(&name));
            if let Some((name, installed)) = self.installed(&directory, known, outer)? {
                inventory.packages.insert(name, installed);
            }
        }
        Ok(inventory)
    }

    fn claims(&self, name: &str, package: &Installed) -> Result<Claims, Error> {
        let directory = format!("{name}-{}.dist-info", package.version);
        self.read(&self.site_packages.join(directory).join("RECORD"))
    }

    fn is_manager(&self, actor: &Actor) -> bool {
        let is_python = |program: &Path| {
            let name = program.file_name().unwrap_or_default().as_bytes();
            MANAGERS.iter().any(|manager| name.starts_with(manager))
        };
        actor.programs().any(is_python)
    }

    fn bookkeeping(&self, path: &Path) -> Option<Bookkeeping> {
        let directory =
            path.ancestors().find(|above| above.parent() == Some(&self.site_packages))?;
        let (name, _) = identity(directory)?;
        let is_record = path == directory || path == directory.join("RECORD");
        is_record.then_some(Bookkeeping::Of(name))
    }
}

/// Splits `name-1.2.dist-info`: neither part has a hyphen, by the standard for installed projects.
fn identity(directory: &Path) -> Option<(String, String)> {
    let name = directory.file_name()?.to_str()?.strip_suffix(".dist-info")?;
    let (name, version) = name.split_once('-')?;
    Some((name.to_owned(), version.to_owned()))
}

/// Returns the path and the digest of a line of comma-separated values: quotes are doubled within quotes. A name with a
/// line break is in two lines, and none is believed.
fn row(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = line.strip_prefix(b"\"") else {
        let comma = line.iter().position(|&byte| byte == b',')?;
        return Some((line[..comma].to_vec(), field(&line[comma + 1..])));
    };
    let (mut name, mut at) = (Vec::new(), 0);
    loop {
        match (quoted.get(at)?, quoted.get(at + 1)) {
            (b'"', Some(b'"')) => {
                name.push(b'"');
                at += 2;
            }
            (b'"', Some(b',')) => return Some((name, field(&quoted[at + 2..]))),
            (b'"', _) => return None,
            (byte, _) => {
                name.push(*byte);
                at += 1;
            }
        }
    }
}

fn field(rest: &[u8]) -> &[u8] {
    rest.split(|&byte| byte == b',').next().unwrap_or_default()
}

/// Decodes 32 bytes of URL-safe base64 without padding, in their one spelling.
fn base64(text: &[u8]) -> Option<[u8; 32]> {
    let (mut bytes, mut at) = ([0; 32], 0);
    let (mut bits, mut held): (u32, u32) = (0, 0);
    if text.len() != 43 {
        return None;
    }
    for &letter in text {
        let digit = ALPHABET.iter().position(|&one| one == letter)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes[at] = u8::try_from(bits >> held).ok()?;
            bits &= (1 << held) - 1;
            at += 1;
        }
    }
    (bits == 0).then_some(bytes)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const MANAGERS: [&[u8]; 3] = [b"pip", b"python", b"uv"];
const MOST_PACKAGES: usize = 100_000;
