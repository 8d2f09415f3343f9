//! What a project depends on.

use std::fmt;

/// Where packages come from, and how their versions are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ecosystem {
    /// The registry of Rust's crates.
    Cargo,
    /// The registry of JavaScript.
    Npm,
    /// The index of Python.
    PyPi,
    /// Modules of Go.
    Go,
    /// Gems of Ruby.
    RubyGems,
    /// Composer's registry for PHP.
    Packagist,
    /// A release of Debian; zero where it is not known.
    Debian(u16),
}

impl Ecosystem {
    /// Returns the name that OSV has for it.
    #[must_use]
    pub fn osv_name(self) -> String {
        match self {
            Self::Cargo => RUST.to_owned(),
            Self::Npm => "npm".to_owned(),
            Self::PyPi => "PyPI".to_owned(),
            Self::Go => "Go".to_owned(),
            Self::RubyGems => "RubyGems".to_owned(),
            Self::Packagist => "Packagist".to_owned(),
            Self::Debian(release) => format!("Debian:{release}"),
        }
    }

    /// Returns the ecosystem that OSV calls so, when it is one of those known here.
    #[must_use]
    pub fn from_osv_name(name: &str) -> Option<Self> {
        Some(match name {
            RUST => Self::Cargo,
            "npm" => Self::Npm,
            "PyPI" => Self::PyPi,
            "Go" => Self::Go,
            "RubyGems" => Self::RubyGems,
            "Packagist" => Self::Packagist,
            _ => Self::Debian(name.strip_prefix("Debian:")?.parse().ok()?),
        })
    }

    /// Returns the type of a package URL.
    #[must_use]
    pub const fn purl_type(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Npm => "npm",
            Self::PyPi => "pypi",
            Self::Go => "golang",
            Self::RubyGems => "gem",
            Self::Packagist => "composer",
            Self::Debian(_) => "deb",
        }
    }

    /// Returns the one spelling of a name that its registry takes in several.
    #[must_use]
    pub fn normal(self, name: &str) -> String {
        match self {
            Self::PyPi => normal_python(name),
            Self::Packagist => name.to_lowercase(),
            _ => name.to_owned(),
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.osv_name())
    }
}

/// A package in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Package {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// Its name in the one spelling of its registry.
    pub name: String,
    /// Its version, as it is written.
    pub version: String,
    /// The line of the file, from one.
    pub line: u32,
    /// What it was taken from.
    pub source: Source,
    /// The names of what it needs.
    pub needs: Vec<String>,
    /// Whether the project itself asks for it.
    pub is_direct: bool,
    /// Whether the file says what its content hashes to. Where the format has no place for it, it does.
    pub has_hash: bool,
    /// Whether installing it runs a program of its own.
    pub has_install_script: bool,
    /// What its registry says instead of recommending it.
    pub deprecated: Option<String>,
    /// Its licence, as it says.
    pub licence: Option<String>,
    /// Hashes of its content, as the file has them: `sha256:…` or `sha512-…`.
    pub hashes: Vec<String>,
}

impl Package {
    /// Creates a package from its registry.
    #[must_use]
    pub fn new(ecosystem: Ecosystem, name: &str, version: &str, line: u32) -> Self {
        Self {
            ecosystem,
            name: ecosystem.normal(name),
            version: version.to_owned(),
            line,
            source: Source::Registry,
            needs: Vec::new(),
            is_direct: false,
            has_hash: true,
            has_install_script: false,
            deprecated: None,
            licence: None,
            hashes: Vec::new(),
        }
    }
}

/// What a package is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The registry of its ecosystem.
    Registry,
    /// A repository, at a commit when one is named.
    Git {
        /// The commit.
        commit: Option<String>,
    },
    /// An archive at an address.
    Url(String),
    /// The project's own tree.
    Path,
}

/// What a project asks for, before it is known which version that becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wish {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// The name in the one spelling of its registry.
    pub name: String,
    /// Which versions would do, as it is written.
    pub range: String,
    /// The line of the file, from one.
    pub line: u32,
    /// Whether it can only become one thing.
    pub is_pinned: bool,
    /// What it is taken from.
    pub source: Source,
}

/// What one file says of dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inventory {
    /// The path from the root.
    pub path: String,
    /// What is there, or will be.
    pub packages: Vec<Package>,
    /// What is asked for.
    pub wishes: Vec<Wish>,
    /// Settings of the file that weaken what it promises.
    pub remarks: Vec<Remark>,
}

/// A setting that weakens what a file of dependencies promises.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remark {
    /// What it does.
    pub kind: RemarkKind,
    /// The line, from one.
    pub line: u32,
    /// The setting.
    pub text: String,
}

/// What a setting does to the promises of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemarkKind {
    /// Packages may come from a second index, whoever has the higher version there.
    ExtraIndex,
    /// Packages come over a connection that others can change.
    Insecure,
}

/// The registry of Rust has the name of its host.
const RUST: &str = concat!("crates", ".io");

fn normal_python(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            letter => normal.push(letter.to_ascii_lowercase()),
        }
    }
    normal
}
