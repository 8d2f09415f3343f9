//! A list of checksums that somebody keeps.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::{Claim, Claims, Installed, Inventory, PathId, Revision, TrustSource, record, standing};
use crate::{Actor, Digest, Error};

/// A list as `sha256sum` writes it, as the record of one package: a deployment's own files, for one.
#[derive(Clone, Debug)]
pub struct ChecksumList {
    name: String,
    file: PathBuf,
    root: PathBuf,
    owners: Vec<u32>,
    managers: Vec<PathBuf>,
}

impl ChecksumList {
    /// Creates a source from a list whose names lie below a root. Its package has this name, and no version.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        file: impl Into<PathBuf>,
        root: impl Into<PathBuf>,
    ) -> Self {
        Self {
            name: name.into(),
            file: file.into(),
            root: root.into(),
            owners: Vec::new(),
            managers: Vec::new(),
        }
    }

    /// Trusts a list that these owners, beside root, may write.
    #[must_use]
    pub fn with_owners(mut self, owners: impl IntoIterator<Item = u32>) -> Self {
        self.owners.extend(owners);
        self
    }

    /// Names the programs that deploy: where a writer is known, it must descend from one.
    #[must_use]
    pub fn with_managers<P: Into<PathBuf>>(
        mut self,
        programs: impl IntoIterator<Item = P>,
    ) -> Self {
        self.managers.extend(programs.into_iter().map(Into::into));
        self
    }

    fn parse(&self, text: &[u8]) -> Result<Claims, Error> {
        let refused = || Error::Record { path: self.file.clone(), reason: "no list of sha256sum" };
        let mut claims = Claims::new();
        for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let (is_escaped, line) = match line.strip_prefix(b"\\") {
                Some(line) => (true, line),
                None => (false, line),
            };
            let (digest, name) = line.split_at_checked(64).ok_or_else(refused)?;
            let digest = record::hex::<32>(digest).ok_or_else(refused)?;
            let name = name.strip_prefix(b"  ").or(name.strip_prefix(b" *")).ok_or_else(refused)?;
            let name = if is_escaped { unescape(name) } else { name.to_vec() };
            let path = record::resolve(&self.root, Path::new(std::ffi::OsStr::from_bytes(&name)));
            let path = path.filter(|path| path.starts_with(&self.root)).ok_or_else(refused)?;
            claims.insert(path, Claim::Sha256(Digest::from_bytes(digest)));
        }
        Ok(claims)
    }
}

impl TrustSource for ChecksumList {
    fn name(&self) -> &'static str {
        "list"
    }

    fn inventory(&self, _before: &Inventory) -> Result<Inventory, Error> {
        let mut inventory = Inventory::default();
        let Some((text, found)) = record::read(&self.file)? else { return Ok(inventory) };
        let mut stamp = Vec::new();
        record::stamp(&found, &mut stamp);
        let mut installed = Installed::new("", Revision::of(&stamp));
        let mut paths: Vec<PathId> =
            self.parse(&text)?.keys().map(|path| PathId::of(path)).collect();
        paths.sort_unstable();
        installed.paths = paths.into();
        installed.recorded = record::ctime(&found);
        installed.standing = standing::standing(&self.file, &self.owners);
        inventory.packages.insert(self.name.clone(), installed);
        Ok(inventory)
    }

    fn claims(&self, _name: &str, _package: &Installed) -> Result<Claims, Error> {
        record::read(&self.file)?.map_or_else(|| Ok(Claims::new()), |(text, _)| self.parse(&text))
    }

    fn is_manager(&self, actor: &Actor) -> bool {
        actor.programs().any(|program| self.managers.iter().any(|manager| manager == program))
    }
}

/// Undoes what `sha256sum` does to names with line breaks and backslashes.
fn unescape(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name.iter();
    while let Some(&byte) = rest.next() {
        plain.push(match (byte, rest.as_slice().first()) {
            (b'\\', Some(b'n' | b'r' | b'\\')) => match rest.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                _ => b'\\',
            },
            _ => byte,
        });
    }
    plain
}
