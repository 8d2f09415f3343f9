//! Entries: what goes in, what is stored, what is acknowledged.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wardkit_core::Timestamp;
use wardkit_tlog::Hash;

use crate::mask::{mask, mask_text};
use crate::{Error, LineFault, MaskedFields, Redact};

/// Something to put on record.
///
/// As JSON it is `{"kind", "subject", "detail"}` and, where they are known, `actor`, `old`, `new` and `policy`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// What happened, for programs: `integrity.file.changed`.
    pub kind: String,
    /// What it happened to. Empty when it concerns the whole host.
    #[serde(default)]
    pub subject: String,
    /// What else there is to say.
    #[serde(default)]
    pub detail: Value,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// The rule that allowed, denied or noticed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// An entry as it stands in the log. It serialises as its line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// Its number, from zero.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What is on record.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Says that an entry is in the log, as durable as was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Receipt {
    /// The entry's number, from zero: its index in the tree.
    pub seq: u64,
    /// The leaf hash of its line.
    pub leaf: Hash,
}

/// What an entry must survive before it is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The end of this process. [`Log::maintain`](crate::Log::maintain) makes it survive the host's soon after.
    Written,
    /// The end of this host: the file is synchronised.
    #[default]
    Synced,
    /// As `Synced`, and whoever removes it: a durable checkpoint covers it.
    Sealed,
}

impl Entry {
    /// Creates an entry without detail.
    #[must_use]
    pub fn new(kind: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            subject: subject.into(),
            detail: Value::Null,
            actor: None,
            old: None,
            new: None,
            policy: None,
        }
    }

    /// Adds a named detail. A [`Secret`](wardkit_core::Secret) is written as `***`.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON.
    pub fn with(mut self, name: &str, value: impl Serialize) -> Result<Self, Error> {
        let value = serde_json::to_value(value).map_err(|error| Error::Json(Arc::new(error)))?;
        match &mut self.detail {
            Value::Object(map) => {
                map.insert(name.to_owned(), value);
            }
            detail => *detail = Value::Object([(name.to_owned(), value)].into_iter().collect()),
        }
        Ok(self)
    }

    /// Sets who did it.
    #[must_use]
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Masks the entry and returns its line from the kind on, newline included.
    pub(crate) fn body(
        mut self,
        fields: &MaskedFields,
        redact: &dyn Redact,
    ) -> Result<Vec<u8>, Error> {
        if self.kind.is_empty()
            || self.kind.len() > MAX_KIND
            || self.kind.contains(char::is_control)
        {
            return Err(Error::Entry("its kind is empty, too long or holds a control character"));
        }
        if [BEGUN, CERTIFIED].contains(&self.kind.as_str()) {
            return Err(Error::Entry("its kind is the log's own"));
        }
        mask_text(&mut self.subject, redact);
        for text in self.actor.iter_mut().chain(&mut self.policy) {
            mask_text(text, redact);
        }
        let values = [Some(&mut self.detail), self.old.as_mut(), self.new.as_mut()];
        values.into_iter().flatten().for_each(|value| mask(value, fields, redact));
        let body = self.into_body()?;
        if body.len() > MAX_LINE - HEADER_ROOM {
            return Err(Error::Entry("it is too long"));
        }
        Ok(body)
    }

    /// Returns the line from the kind on, newline included.
    pub(crate) fn into_body(self) -> Result<Vec<u8>, Error> {
        let mut body = serde_json::to_vec(&self).map_err(|error| Error::Json(Arc::new(error)))?;
        body.push(b'\n');
        // What comes before is written when the number is known.
        body.remove(0);
        Ok(body)
    }
}

/// Writes a whole line.
pub(crate) fn write_line(line: &mut Vec<u8>, seq: u64, at: &str, body: &[u8]) {
    line.extend_from_slice(format!("{{\"seq\":{seq},\"at\":\"{at}\",").as_bytes());
    line.extend_from_slice(body);
}

/// A line, as far as the log itself looks at it.
#[derive(Deserialize)]
pub(crate) struct Line<'l> {
    seq: u64,
    #[serde(borrow)]
    pub(crate) kind: Cow<'l, str>,
}

impl<'l> Line<'l> {
    /// Reads a line and checks its place.
    pub(crate) fn parse(line: &'l [u8], expected: u64) -> Result<Self, LineFault> {
        let line: Self = serde_json::from_slice(line).map_err(|_| LineFault::Malformed)?;
        if line.seq == expected {
            return Ok(line);
        }
        Err(LineFault::Sequence { expected, found: line.seq })
    }
}

/// A stored line in full.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    seq: u64,
    at: String,
    kind: String,
    subject: String,
    detail: Value,
    actor: Option<String>,
    old: Option<Value>,
    new: Option<Value>,
    policy: Option<String>,
}

impl Record {
    /// Reads a line without its newline.
    ///
    /// # Errors
    ///
    /// When it is no line of a log.
    pub fn parse(line: &[u8]) -> Result<Self, Error> {
        let Stored { seq, at, kind, subject, detail, actor, old, new, policy } =
            serde_json::from_slice(line).map_err(|error| Error::Json(Arc::new(error)))?;
        let at = at.parse().map_err(|_| Error::Entry("its time is none"))?;
        let entry = Entry { kind, subject, detail, actor, old, new, policy };
        Ok(Self { seq, at, entry })
    }
}

/// The kind of the first entry: names the log, its host and its key.
pub(crate) const BEGUN: &str = "trail.log.begun";
/// The kind of an entry that hands over to the next key. It ends its segment.
pub(crate) const CERTIFIED: &str = "trail.key.certified";

/// The longest line, newline included: a reader needs a bound.
pub(crate) const MAX_LINE: usize = 1024 * 1024;
/// What number and time take at most.
const HEADER_ROOM: usize = 128;
const MAX_KIND: usize = 128;
