use serde::{Deserialize, Serialize};

use super::json::{self, UnknownFields};
use super::{FormatError, Id};

/// The version of a repository's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RepoVersion {
    /// Nothing is compressed.
    V1,
    /// Blobs and files may be compressed. New repositories are of this version.
    V2,
}

/// The configuration of a repository: one file, sealed and never compressed.
#[derive(Clone, Debug, PartialEq)]
pub struct RepoConfig {
    /// The version of its format.
    pub version: RepoVersion,
    /// 32 bytes by chance, which tell this repository from all others.
    pub id: Id,
    /// The irreducible polynomial that restic cuts files by.
    pub chunker_polynomial: u64,
    unknown: UnknownFields,
}

impl RepoConfig {
    /// The configuration of a new repository.
    #[must_use]
    pub fn new(version: RepoVersion, id: Id, chunker_polynomial: u64) -> Self {
        Self { version, id, chunker_polynomial, unknown: UnknownFields::default() }
    }

    /// Reads the opened file.
    ///
    /// # Errors
    ///
    /// When it is no configuration, or of another version.
    pub fn from_json(json: &[u8]) -> Result<Self, FormatError> {
        const WHAT: &str = "the configuration of the repository";
        let file: File = json::read(WHAT, json)?;
        let version = match file.version {
            1 => RepoVersion::V1,
            2 => RepoVersion::V2,
            version => return Err(FormatError::Version { version }),
        };
        // Digits only: Rust would take a sign too.
        let digits = file.chunker_polynomial.bytes().all(|digit| digit.is_ascii_hexdigit());
        let polynomial = u64::from_str_radix(&file.chunker_polynomial, 16);
        let (true, Ok(chunker_polynomial)) = (digits, polynomial) else {
            return Err(FormatError::Malformed { what: WHAT, reason: "has no polynomial" });
        };
        Ok(Self { version, id: file.id, chunker_polynomial, unknown: file.unknown })
    }

    /// The file, to be sealed.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        json::write(&File {
            version: self.version.number().into(),
            id: self.id,
            chunker_polynomial: format!("{:x}", self.chunker_polynomial),
            unknown: self.unknown.clone(),
        })
    }

    /// Fields of other programs, which are kept.
    #[must_use]
    pub const fn unknown(&self) -> &UnknownFields {
        &self.unknown
    }
}

impl RepoVersion {
    /// 1 or 2.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u64,
    id: Id,
    chunker_polynomial: String,
    #[serde(flatten)]
    unknown: UnknownFields,
}
