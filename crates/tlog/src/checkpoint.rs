//! Checkpoints: what a log signs.

use std::fmt;
use std::str::FromStr;

use crate::text::{from_decimal, has_control};
use crate::{ConsistencyProof, Error, Note, Relation, SigningKey, TreeHead, VerifierKey};

/// A tree head with the name of its log.
///
/// Prints and parses as C2SP tlog-checkpoint: a line each for origin, size and root, then the extension lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    origin: String,
    head: TreeHead,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The most extension lines that are read.
    pub const MAX_EXTENSIONS: usize = 16;

    /// Creates the checkpoint of a log: `origin` names the log for everybody, best as a URL without scheme.
    ///
    /// # Errors
    ///
    /// When the origin is empty or holds control characters.
    pub fn new(origin: impl Into<String>, head: TreeHead) -> Result<Self, Error> {
        let origin = origin.into();
        check_line(&origin)?;
        Ok(Self { origin, head, extensions: Vec::new() })
    }

    /// Adds a line of which only the signature is checked. What matters belongs into an entry of the log instead.
    ///
    /// # Errors
    ///
    /// When the line is empty or holds control characters, or there are too many.
    pub fn with_extension(mut self, line: impl Into<String>) -> Result<Self, Error> {
        let line = line.into();
        check_line(&line)?;
        if self.extensions.len() == Self::MAX_EXTENSIONS {
            return Err(Error::Checkpoint("too many extension lines"));
        }
        self.extensions.push(line);
        Ok(self)
    }

    /// Verifies a note and returns the checkpoint in it.
    ///
    /// # Errors
    ///
    /// When no signature is by a known key, or one says so and is wrong, or the text is no checkpoint of this log.
    pub fn open<'k>(
        note: &Note,
        origin: &str,
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<Self, Error> {
        Self::of_log(note.verify(keys)?.text(), origin)
    }

    /// Signs the checkpoint.
    ///
    /// # Errors
    ///
    /// When it is too long for a note.
    pub fn sign(&self, key: &SigningKey) -> Result<Note, Error> {
        Note::sign(self.to_string(), key)
    }

    /// Returns the name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns size and root of the log's tree.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.head
    }

    /// Returns the extension lines.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Tells how a later checkpoint relates to this one, where `proof` leads from the smaller size to the larger.
    ///
    /// # Errors
    ///
    /// When it is of another log, or is larger and the proof does not show that it continues this one.
    pub fn relation(&self, later: &Self, proof: &ConsistencyProof) -> Result<Relation, Error> {
        later.expect_origin(&self.origin)?;
        self.head.relation(later.head, proof)
    }

    /// Parses a text that was verified.
    pub(crate) fn of_log(text: &str, origin: &str) -> Result<Self, Error> {
        let checkpoint: Self = text.parse()?;
        checkpoint.expect_origin(origin).map(|()| checkpoint)
    }

    fn expect_origin(&self, expected: &str) -> Result<(), Error> {
        if self.origin == expected {
            return Ok(());
        }
        Err(Error::Origin { expected: expected.to_owned(), found: self.origin.clone() })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, self.head.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_suffix('\n').ok_or(Error::Checkpoint("no newline at the end"))?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(Error::Checkpoint("fewer than three lines"));
        };
        let size = from_decimal(size).ok_or(Error::Checkpoint("the second line is no size"))?;
        let root = root.parse().map_err(|_| Error::Checkpoint("the third line is no root"))?;
        lines.try_fold(Self::new(origin, TreeHead { size, root })?, Self::with_extension)
    }
}

fn check_line(line: &str) -> Result<(), Error> {
    match line {
        "" => Err(Error::Checkpoint("an empty line")),
        line if has_control(line) => Err(Error::Checkpoint("a control character")),
        _ => Ok(()),
    }
}
