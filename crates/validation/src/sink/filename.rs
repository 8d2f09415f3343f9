//! Names for files that somebody uploads.

use std::borrow::Cow;
use std::fmt;

use super::Untrusted;
use super::characters::{deceives, is_control, is_device};
use super::sanitizer::{Edit, Instead, Sanitizer, replace};
use crate::Error;

/// A name for an uploaded file: what is good of the name that it came with, and the extension of what it really is.
///
/// It is one name without a directory, no device, not hidden, no option, never empty, has one extension, and means
/// the same on every system. Two uploads may get the same one: [`SafePath::create`](crate::SafePath::create) says so.
///
/// ```
/// use wardkit_validation::{Filename, Untrusted};
///
/// // `png` is what the first bytes of the file say, not its name.
/// let name = Filename::for_upload(&Untrusted::new("../../.ssh/evil.php.jpg"), "png")?;
/// assert_eq!(name.as_str(), "evil_php.png");
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[must_use]
pub struct Filename(String);

impl Filename {
    /// Makes a name by the default rules.
    ///
    /// # Errors
    ///
    /// The extension is none; whatever the name is, something can be made of it.
    pub fn for_upload<T: AsRef<str>>(name: &Untrusted<T>, extension: &str) -> Result<Self, Error> {
        FilenameRules::default().for_upload(name, extension)
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides the name, which somebody else chose.
impl fmt::Debug for Filename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filename(..)")
    }
}

impl fmt::Display for Filename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How names are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilenameRules {
    /// How many bytes a name has at most before its extension; 120 by default, 16 at least.
    pub max_stem: usize,
    /// What a file is called of whose name nothing is left; `file` by default.
    pub fallback: &'static str,
}

impl Default for FilenameRules {
    fn default() -> Self {
        Self { max_stem: 120, fallback: "file" }
    }
}

impl FilenameRules {
    /// Makes a name.
    ///
    /// # Errors
    ///
    /// The extension is none; whatever the name is, something can be made of it.
    pub fn for_upload<T: AsRef<str>>(
        &self,
        name: &Untrusted<T>,
        extension: &str,
    ) -> Result<Filename, Error> {
        let parts = extension.split('.');
        let good = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if extension.len() > 16 || !parts.clone().all(good) {
            return Err(Error::Extension);
        }
        // Browsers of the past send a whole path, and of either kind.
        let name = name.inside().as_ref();
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let stem = match name.rsplit_once('.') {
            Some((stem, claimed)) if claimed.len() <= 16 => stem,
            _ => name,
        };
        Ok(Filename(format!("{}.{extension}", self.sanitize(stem))))
    }
}

/// Makes the part before the extension.
impl Sanitizer for FilenameRules {
    fn sanitize_with<'a>(&self, stem: &'a str, edits: &mut dyn FnMut(Edit)) -> Cow<'a, str> {
        let kept = replace(stem, edits, instead);
        let max = self.max_stem.max(MIN_STEM);
        let trimmed = kept.trim_start_matches([' ', '-']);
        let cut = &trimmed[..trimmed.floor_char_boundary(max)];
        let cut = cut.trim_end_matches([' ', '\u{200c}', '\u{200d}']);
        if cut.len() < kept.len() {
            edits(Edit::new(0..stem.len(), "a blank or dash at its ends, or too long a name"));
        }
        if !cut.contains(is_seen) {
            edits(Edit::new(0..stem.len(), "a name of which nothing is left"));
            return Cow::Owned(self.fallback.to_owned());
        }
        if is_device(cut) {
            edits(Edit::new(0..0, "a device on Windows"));
            return Cow::Owned(format!("_{cut}"));
        }
        match kept {
            Cow::Borrowed(kept) if cut.len() == kept.len() => Cow::Borrowed(kept),
            _ => Cow::Owned(cut.to_owned()),
        }
    }
}

fn instead(c: char) -> Option<Instead> {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '-' | '_' | '(' | ')' | '+' | ',' | '@' => None,
        // Fillers and blanks that look like nothing.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}'
        | '\u{ffa0}' => Some(Instead::Nothing("a character that nobody sees")),
        c if is_control(c) || deceives(c) => {
            Some(Instead::Nothing("a control character, or one that nobody sees"))
        }
        c if c.is_whitespace() => Some(Instead::Char(' ', "a blank of another kind")),
        // Windows turns these into `/`, `.`, `:` and their like when it makes 8-bit names of them.
        '\u{ff01}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}'
        | '\u{ff3b}'..='\u{ff40}'
        | '\u{ff5b}'..='\u{ff5e}'
        | '\u{2024}'..='\u{2026}'
        | '\u{2044}'
        | '\u{2215}'
        | '\u{2216}'
        | '\u{2236}'
        | '\u{29f5}'
        | '\u{29f8}'
        | '\u{29f9}'
        | '\u{fe52}'
        | '\u{fe55}'
        | '\u{fe68}'
        | '\u{a789}' => Some(Instead::Char('_', "a character that some system takes for another")),
        c if c.is_ascii() => {
            Some(Instead::Char('_', "a character that means something to some program"))
        }
        _ => None,
    }
}

/// Whether a character is one by which people tell names apart.
const fn is_seen(c: char) -> bool {
    !matches!(c, ' ' | '-' | '_' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Enough for the name of every device and the character before it.
const MIN_STEM: usize = 16;
