use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Probe, RestoredTree, Verdict};

/// A file that a program has to be able to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parses {
    path: PathBuf,
    format: Format,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// One value of JSON.
    Json,
    /// TOML.
    Toml,
}

impl Parses {
    /// The file at `path` is of this format.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, format: Format) -> Self {
        Self { path: path.into(), format }
    }

    /// The file at `path` is of the format that the ending of its name says.
    #[must_use]
    pub fn by_name(path: impl Into<PathBuf>) -> Option<Self> {
        let path = path.into();
        let format = match path.extension()?.to_str()? {
            "json" => Format::Json,
            "toml" => Format::Toml,
            _ => return None,
        };
        Some(Self { path, format })
    }

    fn parse(&self, tree: &RestoredTree) -> Result<(), String> {
        let text = read(tree, &self.path)?;
        match self.format {
            Format::Json => serde_json::from_str::<serde::de::IgnoredAny>(&text)
                .map(drop)
                .map_err(|error| error.to_string()),
            Format::Toml => toml::from_str::<toml::Table>(&text).map(drop).map_err(|error| {
                // The whole message would show lines of the file.
                error.message().to_owned()
            }),
        }
    }
}

impl Probe for Parses {
    fn id(&self) -> String {
        let format = match self.format {
            Format::Json => "json",
            Format::Toml => "toml",
        };
        format!("{format} {}", self.path.display())
    }

    fn run(&self, tree: &RestoredTree, _: &dyn Fn() -> bool) -> Verdict {
        match self.parse(tree) {
            Ok(()) => Verdict::passed("it parses"),
            Err(reason) => Verdict::failed(reason),
        }
    }
}

fn read(tree: &RestoredTree, path: &Path) -> Result<String, String> {
    let file = tree.open(path).map_err(|error| format!("it cannot be opened: {error}"))?;
    let mut text = String::new();
    let read = file.take(MOST_BYTES + 1).read_to_string(&mut text);
    let read = read.map_err(|error| format!("it cannot be read: {error}"))?;
    if read as u64 > MOST_BYTES {
        return Err(format!("it is larger than {} MiB", MOST_BYTES >> 20));
    }
    Ok(text)
}

/// A configuration that is larger is none.
const MOST_BYTES: u64 = 64 << 20;
