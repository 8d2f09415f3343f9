//! Sections with keys and values: what supervisord and systemd have in common.

use super::ImportError;

/// A section in the order of the file.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) line: usize,
    /// Keys and values in order; a key may come more than once.
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) line: usize,
}

/// How lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Indented lines go on the value before; ` ;` begins a comment; keys in any case.
    Python,
    /// A backslash at the end goes on with the next line.
    Systemd,
}

impl Section {
    /// The last value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }

    /// The last value of a key, if it is not empty.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).map(|entry| entry.value.as_str()).filter(|value| !value.is_empty())
    }
}

pub(super) fn read(text: &str, dialect: Dialect) -> Result<Vec<Section>, ImportError> {
    let mut sections: Vec<Section> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, raw)) = lines.next() {
        let line = index + 1;
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let is_indented = raw.starts_with([' ', '\t']);
        if dialect == Dialect::Python
            && is_indented
            && let Some(entry) = sections.last_mut().and_then(|last| last.entries.last_mut())
        {
            entry.value.push('\n');
            entry.value.push_str(uncommented(trimmed));
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            sections.push(Section { name: name.0.trim().to_owned(), line, entries: Vec::new() });
            continue;
        }
        let Some(section) = sections.last_mut() else {
            return Err(ImportError::new("", "stands before any section").at(line));
        };
        let mut whole = trimmed.to_owned();
        while dialect == Dialect::Systemd && whole.ends_with('\\') {
            whole.pop();
            let Some((_, next)) = lines.next() else { break };
            // A comment within goes on as well.
            if next.trim_start().starts_with(['#', ';']) {
                whole.push('\\');
            } else {
                whole.push(' ');
                whole.push_str(next.trim());
            }
        }
        let ends: &[char] = if dialect == Dialect::Python { &['=', ':'] } else { &['='] };
        let Some((key, value)) = whole.split_once(ends) else {
            let reason = format!("has no `=` (in section {})", section.name);
            return Err(ImportError::new(whole, reason).at(line));
        };
        let (key, value) = (key.trim(), value.trim());
        let (key, value) = match dialect {
            Dialect::Python => (key.to_ascii_lowercase(), uncommented(value)),
            Dialect::Systemd => (key.to_owned(), value),
        };
        section.entries.push(Entry { key, value: value.to_owned(), line });
    }
    Ok(sections)
}

/// A comment begins with a blank and a semicolon.
fn uncommented(value: &str) -> &str {
    let mut last = ' ';
    for (place, c) in value.char_indices() {
        if c == ';' && last.is_ascii_whitespace() {
            return value[..place].trim_end();
        }
        last = c;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_are_read() {
        let text = "; a comment\n[Program:a]\nCommand = x ; why\n  y\n# no\nurl=http://h:1/a;b\n";
        let sections = read(text, Dialect::Python).unwrap();
        assert_eq!(sections[0].text("command"), Some("x\ny"));
        assert_eq!(sections[0].text("url"), Some("http://h:1/a;b"));
        let text = "[Service]\nExecStart=/a \\\n  b \\\n# not this\n  c\nExecStart=\n";
        let sections = read(text, Dialect::Systemd).unwrap();
        let values: Vec<&str> = sections[0].entries.iter().map(|entry| &*entry.value).collect();
        assert_eq!(values, ["/a  b  c", ""]);
        assert_eq!(read("a=b", Dialect::Systemd).unwrap_err().line, Some(1));
        assert_eq!(read("[a]\nb", Dialect::Python).unwrap_err().line, Some(2));
    }
}
