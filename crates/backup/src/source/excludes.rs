//! What is left out, in restic's pattern language.

use std::fmt;

use self::pattern::{Pattern, path_names};

mod file;
mod pattern;

/// Patterns of paths that are left out, with the meaning that restic gives them.
///
/// A pattern without a `/` at its beginning matches anywhere in a path: `target` leaves out every file or directory of
/// this name and what is in it. `*`, `?` and `[a-z]` match within a name, `**` any number of names. A pattern that
/// begins with `!` takes back in what those before it left out, though not from within a directory that is left out.
///
/// ```
/// use wardkit_backup::source::Excludes;
///
/// let mut excludes = Excludes::default();
/// excludes.add(b"*.o")?;
/// excludes.add(b"/users/*/.cache")?;
/// assert!(excludes.matches(b"/src/main.o"));
/// assert!(excludes.matches(b"/users/ann/.cache/x"));
/// assert!(!excludes.matches(b"/srv/users/ann/.cache"));
/// # Ok::<(), wardkit_backup::source::PatternError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Excludes {
    exact: Vec<Pattern>,
    any_case: Vec<Pattern>,
}

/// A pattern that cannot be understood: an open `[`, or a `\` at its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a pattern: `{pattern}`")]
pub struct PatternError {
    pattern: String,
}

impl Excludes {
    /// Adds a pattern. An empty one matches nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be understood.
    pub fn add(&mut self, pattern: &[u8]) -> Result<(), PatternError> {
        push(&mut self.exact, pattern, pattern)
    }

    /// Adds a pattern for which upper and lower case are the same.
    ///
    /// # Errors
    ///
    /// When it cannot be understood.
    pub fn add_any_case(&mut self, pattern: &[u8]) -> Result<(), PatternError> {
        push(&mut self.any_case, &to_lower(pattern), pattern)
    }

    /// Adds the patterns of a file, one a line. Empty lines and those that begin with `#` are skipped; `$NAME` and
    /// `${NAME}` become what `environment` says of the name, and `$$` becomes `$`.
    ///
    /// # Errors
    ///
    /// When one of them cannot be understood; those before it are added.
    pub fn add_lines(
        &mut self,
        text: &[u8],
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), PatternError> {
        file::patterns(text, environment).try_for_each(|pattern| self.add(&pattern))
    }

    /// Adds the patterns of a file as [`add_lines`](Self::add_lines) does, with upper and lower case the same.
    ///
    /// # Errors
    ///
    /// When one of them cannot be understood; those before it are added.
    pub fn add_lines_any_case(
        &mut self,
        text: &[u8],
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), PatternError> {
        file::patterns(text, environment).try_for_each(|pattern| self.add_any_case(&pattern))
    }

    /// Whether a path is left out. A walk asks for each path on its way and does not go into what is left out.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        is_left_out(&self.exact, path)
            || (!self.any_case.is_empty() && is_left_out(&self.any_case, &to_lower(path)))
    }

    /// Whether there is no pattern.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.any_case.is_empty()
    }
}

impl fmt::Display for Excludes {
    /// The patterns, one a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut patterns = self.exact.iter().chain(&self.any_case);
        patterns.try_for_each(|pattern| writeln!(f, "{pattern}"))
    }
}

fn push(list: &mut Vec<Pattern>, pattern: &[u8], given: &[u8]) -> Result<(), PatternError> {
    if !pattern.is_empty() {
        let wrong = || PatternError { pattern: String::from_utf8_lossy(given).into_owned() };
        list.push(Pattern::parse(pattern, given).ok_or_else(wrong)?);
    }
    Ok(())
}

/// The last pattern that matches decides.
fn is_left_out(patterns: &[Pattern], path: &[u8]) -> bool {
    if patterns.is_empty() {
        return false;
    }
    let names = path_names(path);
    let last = patterns.iter().rev().find(|pattern| pattern.matches(&names));
    last.is_some_and(|pattern| !pattern.is_negated())
}

/// Letters in lower case; bytes that are no text become the sign for that, each of them.
fn to_lower(text: &[u8]) -> Vec<u8> {
    let mut lower = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        lower.extend(chunk.valid().chars().filter_map(|letter| letter.to_lowercase().next()));
        lower.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    lower.into_bytes()
}
