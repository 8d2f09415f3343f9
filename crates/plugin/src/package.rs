//! A plugin as one file: `.tar.zst`, the same bytes for the same plugin.

mod folder;
mod tar;

use std::collections::BTreeMap;
use std::io::Read as _;

use crate::manifest::{Artifact, FilePath};
use crate::{Error, Manifest};

/// A plugin with its files, in memory. Nothing of it was judged yet: that is the [`Validator`](crate::Validator)'s.
///
/// ```
/// use wardkit_plugin::Package;
///
/// let manifest = r#"
///     [plugin]
///     id = "org.example.hello"
///     name = "Hello"
///     version = "0.1.0"
///     description = "Greets whoever is named"
///     kind = "native"
///     entry = "hello.py"
///     api = "1"
/// "#;
/// let files = [("plugin.toml", manifest), ("hello.py", "print('{}')\n")];
/// let package = Package::from_files(files.map(|(name, text)| (name.to_owned(), text.into())))?;
/// let bytes = package.pack()?;
/// assert_eq!(bytes, package.pack()?); // the same, whenever and wherever
/// let read = Package::read(&bytes)?;
/// assert_eq!(read.file("hello.py"), package.file("hello.py"));
/// # Ok::<(), wardkit_plugin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    manifest: Manifest,
    files: BTreeMap<String, Vec<u8>>,
    /// The digest of the archive that it was read from.
    digest: Option<String>,
}

impl Package {
    /// Takes files by their paths. One of them is the manifest: `plugin.toml`, `plugin.yaml` or `plugin.yml`.
    ///
    /// # Errors
    ///
    /// When there is no manifest, more than one, or a wrong one; when a path leads elsewhere, there are too many files
    /// or too large ones, or one is machine code.
    pub fn from_files(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, Error> {
        let mut all = BTreeMap::new();
        let mut total = 0;
        for (name, bytes) in files {
            check_file(&name, &bytes)?;
            total += bytes.len();
            if all.len() == MOST_FILES || total > MOST_BYTES {
                return Err(refused("it has too many files, or too large ones"));
            }
            if all.insert(name.clone(), bytes).is_some() {
                return Err(refused(format!("{name} is there twice")));
            }
        }
        let manifest = read_manifest(&all)?;
        Ok(Self { manifest, files: all, digest: None })
    }

    /// Reads an archive that [`pack`](Self::pack) made. Anything else is refused: other headers, links, paths that lead
    /// elsewhere, names that are there twice, and what grows too large when it is decompressed.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(archive: &[u8]) -> Result<Self, Error> {
        if archive.len() > MOST_COMPRESSED {
            return Err(refused(format!("it is longer than {MOST_COMPRESSED} bytes")));
        }
        let files = tar::read(&decompressed(archive)?).map_err(refused)?;
        let mut package = Self::from_files(files)?;
        package.digest = Some(blake3::hash(archive).to_hex().to_string());
        Ok(package)
    }

    /// Writes it as an archive. The manifest becomes `plugin.toml` with the digest of the entry.
    ///
    /// # Errors
    ///
    /// When the entry is not there, or the manifest holds what TOML cannot.
    pub fn pack(&self) -> Result<Vec<u8>, Error> {
        let missing = || refused(format!("{} is not there", self.manifest.plugin.entry));
        let mut manifest = self.manifest.clone();
        manifest.artifact = Some(Artifact::of(self.entry().ok_or_else(missing)?));
        let text = manifest.to_toml()?;
        let others = self.files.iter().filter(|(name, _)| !MANIFESTS.contains(&name.as_str()));
        let mut files: BTreeMap<&str, &[u8]> =
            others.map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        files.insert(MANIFESTS[0], text.as_bytes());
        compressed(&tar::write(&files))
    }

    /// Returns the manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the bytes of the entry, if it is there.
    #[must_use]
    pub fn entry(&self) -> Option<&[u8]> {
        self.file(self.manifest.plugin.entry.as_str())
    }

    /// Returns the bytes of a file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// Returns all files in the order of their names.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// Returns the BLAKE3 of the archive in hexadecimal, when it was read from one.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }
}

fn read_manifest(files: &BTreeMap<String, Vec<u8>>) -> Result<Manifest, Error> {
    let mut there =
        MANIFESTS.iter().filter_map(|name| files.get(*name).map(|bytes| (*name, bytes)));
    let (name, bytes) = there.next().ok_or_else(|| refused("it has no plugin.toml"))?;
    if there.next().is_some() {
        return Err(refused("it has more than one manifest"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| refused("its manifest is no text"))?;
    Manifest::parse(name, text)
}

fn check_file(name: &str, bytes: &[u8]) -> Result<(), Error> {
    if name.parse::<FilePath>().is_err() {
        let shown: String = name.chars().take(60).flat_map(char::escape_debug).collect();
        return Err(refused(format!("{shown} is no path within a plugin")));
    }
    if MACHINE_CODE.iter().any(|magic| bytes.starts_with(magic)) {
        return Err(refused(format!("{name} is machine code, which a package never holds")));
    }
    Ok(())
}

fn compressed(tar: &[u8]) -> Result<Vec<u8>, Error> {
    let compress = || {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        compressor.include_checksum(true)?;
        compressor.compress(tar)
    };
    compress().map_err(|source| Error::Io { what: "compress the package", source })
}

fn decompressed(archive: &[u8]) -> Result<Vec<u8>, Error> {
    let mut rest = archive;
    let mut tar = Vec::new();
    let mut decompress = || {
        let mut decoder = zstd::Decoder::with_buffer(&mut rest)?.single_frame();
        decoder.window_log_max(WINDOW_LOG)?;
        decoder.take(MOST_TAR + 1).read_to_end(&mut tar)
    };
    let read = decompress().map_err(|_| refused("it is no zstd archive, or a broken one"))?;
    if read as u64 > MOST_TAR {
        return Err(refused(format!("it is longer than {MOST_TAR} bytes when decompressed")));
    }
    if !rest.is_empty() {
        return Err(refused("there is something behind its end"));
    }
    Ok(tar)
}

fn refused(reason: impl Into<String>) -> Error {
    Error::Package { reason: reason.into() }
}

/// The names that a manifest may have; archives have the first.
const MANIFESTS: [&str; 3] = ["plugin.toml", "plugin.yaml", "plugin.yml"];

/// How programs of Linux, macOS and Windows begin, and what engines compile ahead of time.
const MACHINE_CODE: [&[u8]; 8] = [
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"!<arch>\n",
];

const MOST_FILES: usize = 256;
const MOST_BYTES: usize = 32 << 20;
const MOST_COMPRESSED: usize = 16 << 20;
/// The files with a header and an end for each.
const MOST_TAR: u64 = (MOST_BYTES + MOST_FILES * 1024 + 1024) as u64;
/// What level 19 asks for at most; an archive that wants more memory is no package.
const WINDOW_LOG: u32 = 23;
const LEVEL: i32 = 19;
