//! The outline that indentation gives: the YAML of package managers, and what looks like it. Anchors, aliases and tags
//! do not exist here, so that nothing can be made large by naming it often.

use super::number;

/// A line with the lines below it that are indented more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) line: u32,
    /// What stands before the colon, or the first word; without quotes.
    pub(crate) key: String,
    /// What stands behind it; without quotes.
    pub(crate) value: String,
    pub(crate) below: Vec<Self>,
}

impl Entry {
    /// Reads a text; the entry that is returned has no line of its own.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut open: Vec<(usize, Self)> = vec![(0, Self::default())];
        for (index, line) in text.lines().enumerate() {
            let content = line.trim();
            if content.is_empty() || content.starts_with('#') || content == "---" {
                continue;
            }
            let indent = 1 + line.len() - line.trim_start().len();
            while open.len() > 1 && open.last().is_some_and(|(depth, _)| *depth >= indent) {
                close(&mut open);
            }
            if open.len() > DEEPEST {
                return Err(format!("line {}: nested too deeply", index + 1));
            }
            let (key, value) = split(content);
            open.push((indent, Self { line: number(index + 1), key, value, below: Vec::new() }));
        }
        while open.len() > 1 {
            close(&mut open);
        }
        Ok(open.pop().map(|(_, root)| root).unwrap_or_default())
    }

    pub(crate) fn find(&self, key: &str) -> Option<&Self> {
        self.below.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn value_of(&self, key: &str) -> Option<&str> {
        self.find(key).map(|entry| entry.value.as_str()).filter(|value| !value.is_empty())
    }

    /// Returns the keys below an entry.
    pub(crate) fn keys(&self, key: &str) -> Vec<String> {
        let below = self.find(key).map(|entry| entry.below.as_slice()).unwrap_or_default();
        below.iter().map(|entry| entry.key.clone()).collect()
    }

    /// Returns the value of a key in a map that stands in one line, such as `{integrity: sha512-…, tarball: …}`.
    pub(crate) fn inline(&self, key: &str) -> Option<&str> {
        let map = self.value.strip_prefix('{')?.strip_suffix('}')?;
        map.split(", ").find_map(|pair| {
            let (name, value) = pair.split_once(": ")?;
            (name.trim() == key).then(|| unquoted(value.trim()))
        })
    }
}

fn close(open: &mut Vec<(usize, Entry)>) {
    if let Some((_, entry)) = open.pop()
        && let Some((_, parent)) = open.last_mut()
    {
        parent.below.push(entry);
    }
}

/// Splits `key: value`, `"key": value`, `key "value"` and `key:`.
fn split(content: &str) -> (String, String) {
    let content = content.strip_prefix("- ").unwrap_or(content);
    if let Some(quote) = content.chars().next().filter(|first| matches!(first, '"' | '\''))
        && let Some(end) = content[1..].find(quote)
    {
        // `"a", "b":` of yarn stays whole.
        let rest = content[end + 2..].trim();
        if !rest.starts_with(',') {
            let rest = rest.strip_prefix(':').unwrap_or(rest).trim();
            return (content[1..=end].to_owned(), unquoted(rest).to_owned());
        }
    }
    if let Some(head) = content.strip_suffix(':') {
        return (head.to_owned(), String::new());
    }
    if let Some((key, value)) = content.split_once(": ") {
        return (unquoted(key).to_owned(), unquoted(value.trim()).to_owned());
    }
    match content.split_once(' ') {
        Some((key, value)) => (key.to_owned(), unquoted(value.trim()).to_owned()),
        None => (content.to_owned(), String::new()),
    }
}

fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// Package managers nest three levels.
const DEEPEST: usize = 32;
