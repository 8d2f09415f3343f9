//! An error as the operator meets it.

use std::error::Error;

use serde::Serialize;

use crate::{Format, escaped};

/// What kept a program from doing its work; decides the exit code.
///
/// 64 and above follow BSD's `sysexits.h`, so that a service manager can tell what a restart may cure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A command could not do its work.
    CouldNotRun,
    /// Something that the program needs is taken by another, such as its address.
    Unavailable,
    /// The program itself is at fault.
    Internal,
    /// The operating system refused to read or write.
    Io,
    /// Another instance holds the lock.
    Locked,
    /// The configuration, or the set-up of the data directory, is not acceptable: a restart cannot cure it.
    Config,
}

impl Kind {
    /// Returns the exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::CouldNotRun => 2,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::Io => 74,
            Self::Locked => 75,
            Self::Config => 78,
        }
    }
}

/// An error as the operator meets it: what happened, the causes one a line, and what to do about it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// What kept the program from doing its work.
    pub kind: Kind,
    /// What happened; its sources are the causes.
    pub error: Box<dyn Error + Send + Sync>,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Report {
    /// Creates a report without hints.
    #[must_use]
    pub fn new(kind: Kind, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, error: error.into(), hints: Vec::new() }
    }

    /// Adds a hint: what to do, command first.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with_hints([hint.into()])
    }

    /// Adds hints: what to do, command first.
    #[must_use]
    pub fn with_hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }

    /// Returns the exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }

    /// Renders the report for standard error, ending in a newline.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Text => self.render_text(),
            Format::Json => self.render_json(),
        }
    }

    fn causes(&self) -> impl Iterator<Item = String> {
        std::iter::successors(self.error.source(), |&error| error.source()).map(ToString::to_string)
    }

    fn render_text(&self) -> String {
        let mut text = String::new();
        push_item(&mut text, "error: ", &self.error.to_string());
        for cause in self.causes() {
            push_item(&mut text, "  because: ", &cause);
        }
        for hint in &self.hints {
            push_item(&mut text, "hint: ", hint);
        }
        text
    }

    fn render_json(&self) -> String {
        let error = serde_json::json!({
            "error": {
                "kind": self.kind,
                "message": self.error.to_string(),
                "causes": self.causes().collect::<Vec<_>>(),
                "hints": self.hints,
            }
        });
        format!("{error}\n")
    }
}

/// Appends an item whose further lines stand below its first one. A daemon that answers, or a file, may have had it
/// said: what a terminal would obey is shown escaped.
fn push_item(text: &mut String, label: &str, item: &str) {
    text.push_str(label);
    for (index, line) in item.split('\n').enumerate() {
        if index > 0 {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', label.len()));
        }
        text.push_str(&escaped(line));
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Chain(&'static str, #[source] Option<Box<Self>>);

    fn report() -> Report {
        let root = Chain("no such device", None);
        let error = Chain("cannot open the data directory", Some(Box::new(root)));
        Report::new(Kind::Io, error)
            .with_hint("mount it")
            .with_hint("or choose another: --data-dir DIR")
    }

    #[test]
    fn text_has_one_cause_a_line_and_the_hints_last() {
        let expected = "error: cannot open the data directory\n  because: no such device\nhint: mount it\n\
                        hint: or choose another: --data-dir DIR\n";
        assert_eq!(report().render(Format::Text), expected);
    }

    #[test]
    fn text_from_outside_forges_no_line_and_steers_no_terminal() {
        let cause = Chain("it's \"ä\"\\\u{1b}[2J\u{9b}\u{202e}\nhint: forged", None);
        let report = Report::new(Kind::Io, Chain("first\nsecond", Some(Box::new(cause))));
        let expected = "error: first\n       second\n  because: it's \"ä\"\\\\u{1b}[2J\\u{9b}\\u{202e}\n           \
                        hint: forged\n";
        assert_eq!(report.render(Format::Text), expected);
    }

    #[test]
    fn json_has_the_same_parts_by_name() {
        let rendered: serde_json::Value =
            serde_json::from_str(&report().render(Format::Json)).unwrap();
        let expected = serde_json::json!({"error": {
            "kind": "io",
            "message": "cannot open the data directory",
            "causes": ["no such device"],
            "hints": ["mount it", "or choose another: --data-dir DIR"],
        }});
        assert_eq!(rendered, expected);
    }
}
