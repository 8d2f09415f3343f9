//! A map of the configuration whose keys are asked for one by one.

use std::cell::RefCell;
use std::time::Duration;

use super::Problem;
use crate::yaml::{Content, Node, Position, Style};

/// What was found while reading.
pub(super) struct Notes {
    file: String,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Notes {
    pub(super) fn new(file: String) -> Self {
        Self { file, found: RefCell::default() }
    }

    /// Returns the warnings, or the errors when there are any.
    pub(super) fn finish(self) -> Result<Vec<Problem>, Vec<Problem>> {
        let found = self.found.into_inner();
        let sorted = |mut problems: Vec<Problem>| {
            problems.sort_by_key(|problem| (problem.line, problem.column));
            problems
        };
        if found.errors.is_empty() { Ok(sorted(found.warnings)) } else { Err(sorted(found.errors)) }
    }

    fn problem(&self, at: Position, key: String, reason: String) -> Problem {
        Problem { file: self.file.clone(), line: at.line, column: at.column, key, reason }
    }

    fn error(&self, at: Position, key: String, reason: String) {
        let problem = self.problem(at, key, reason);
        let errors = &mut self.found.borrow_mut().errors;
        if errors.len() < MOST_PROBLEMS {
            errors.push(problem);
        }
    }

    fn warn(&self, at: Position, key: String, reason: String) {
        let problem = self.problem(at, key, reason);
        let warnings = &mut self.found.borrow_mut().warnings;
        if warnings.len() < MOST_PROBLEMS {
            warnings.push(problem);
        }
    }
}

/// A map, and which of its keys were asked for.
pub(super) struct Section<'a> {
    notes: &'a Notes,
    path: String,
    at: Position,
    pairs: &'a [(Node, Node)],
    asked: Vec<bool>,
}

impl<'a> Section<'a> {
    pub(super) fn new(notes: &'a Notes, path: String, node: &'a Node) -> Self {
        let pairs: &[(Node, Node)] = match &node.content {
            Content::Map(pairs) => pairs,
            _ if node.is_null() => &[],
            _ => {
                notes.error(node.at, path.clone(), format!("must be a map, not {}", node.kind()));
                &[]
            }
        };
        Self { notes, path, at: node.at, pairs, asked: vec![false; pairs.len()] }
    }

    /// Where it begins.
    pub(super) const fn at(&self) -> Position {
        self.at
    }

    pub(super) fn error(&self, at: Position, key: &str, reason: impl Into<String>) {
        self.notes.error(at, self.key(key), reason.into());
    }

    pub(super) fn warn(&self, at: Position, key: &str, reason: impl Into<String>) {
        self.notes.warn(at, self.key(key), reason.into());
    }

    fn key(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    /// The value of a key; none when it is missing or says nothing.
    pub(super) fn node(&mut self, key: &str) -> Option<&'a Node> {
        let at = self.pairs.iter().position(|(name, _)| name.text() == Some(key))?;
        if let Some(asked) = self.asked.get_mut(at) {
            *asked = true;
        }
        let (_, node) = self.pairs.get(at)?;
        (!node.is_null()).then_some(node)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.pairs.iter().any(|(name, node)| name.text() == Some(key) && !node.is_null())
    }

    /// A text that is not empty, and where it is.
    pub(super) fn text_at(&mut self, key: &str) -> Option<(Position, &'a str)> {
        let node = self.node(key)?;
        match node.text() {
            Some("") => None,
            Some(text) => Some((node.at, text)),
            None => {
                self.error(node.at, key, format!("must be a text, not {}", node.kind()));
                None
            }
        }
    }

    pub(super) fn text(&mut self, key: &str) -> Option<&'a str> {
        self.text_at(key).map(|(_, text)| text)
    }

    /// A text without a template in it, for what cannot differ from message to message.
    pub(super) fn plain(&mut self, key: &str) -> Option<&'a str> {
        let (at, text) = self.text_at(key)?;
        if text.contains("{{") {
            self.error(at, key, "a template is not supported here");
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let node = self.node(key)?;
        // YAML 1.1, which Alertmanager reads, has more words than one for it.
        let value = match (&node.content, node.text().unwrap_or_default()) {
            (Content::Scalar(_, Style::Plain), text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some(true),
                "false" | "no" | "off" | "n" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if value.is_none() {
            self.error(node.at, key, "must be true or false");
        }
        value
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self, key: &str) -> Option<T> {
        let node = self.node(key)?;
        let number = match &node.content {
            Content::Scalar(text, Style::Plain) => text.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.error(node.at, key, "must be a whole number that fits");
        }
        number
    }

    /// A duration as Prometheus writes them.
    pub(super) fn duration(&mut self, key: &str) -> Option<Duration> {
        let node = self.node(key)?;
        let duration = node.text().and_then(crate::duration::prometheus);
        if duration.is_none() {
            self.error(node.at, key, "must be a duration such as 30s or 1h30m");
        }
        duration
    }

    pub(super) fn list(&mut self, key: &str) -> &'a [Node] {
        let Some(node) = self.node(key) else { return &[] };
        if let Content::List(items) = &node.content {
            items
        } else {
            self.error(node.at, key, format!("must be a list, not {}", node.kind()));
            &[]
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&mut self, key: &str) -> Vec<(&'a Node, &'a str)> {
        let items = self.list(key);
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.text() {
                Some(text) => texts.push((item, text)),
                None => {
                    self.error(item.at, &format!("{key}[{index}]"), "must be a text");
                }
            }
        }
        texts
    }

    /// The pairs of a map of texts.
    pub(super) fn map(&mut self, key: &str) -> Vec<(&'a str, &'a Node, &'a str)> {
        let Some(node) = self.node(key) else { return Vec::new() };
        let Content::Map(pairs) = &node.content else {
            self.error(node.at, key, format!("must be a map, not {}", node.kind()));
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let text = if value.is_null() { Some("") } else { value.text() };
            match (name.text(), text) {
                (Some(name), Some(text)) => texts.push((name, value, text)),
                _ => self.error(value.at, key, "must be a map of texts"),
            }
        }
        texts
    }

    pub(super) fn section(&mut self, key: &str) -> Option<Section<'a>> {
        let node = self.node(key)?;
        Some(Self::new(self.notes, self.key(key), node))
    }

    pub(super) fn sections(&mut self, key: &str) -> Vec<Section<'a>> {
        let items = self.list(key).iter().enumerate();
        let path = |index| self.key(&format!("{key}[{index}]"));
        items.map(|(index, node)| Self::new(self.notes, path(index), node)).collect()
    }

    /// A key whose value changes nothing here but how something looks.
    pub(super) fn unused(&mut self, keys: &[&str]) {
        for key in keys {
            if let Some(node) = self.node(key) {
                self.warn(node.at, key, "has no effect here");
            }
        }
    }

    /// A key without which something would happen otherwise than it says.
    pub(super) fn unsupported(&mut self, keys: &[&str], reason: &str) {
        for key in keys {
            if let Some(node) = self.node(key) {
                self.error(node.at, key, reason);
            }
        }
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self) {
        for ((name, _), asked) in self.pairs.iter().zip(&self.asked) {
            if !asked {
                let key = name.text().unwrap_or_default();
                self.error(name.at, key, "is no key of Alertmanager 0.25");
            }
        }
    }
}

/// Whoever has that many has another problem.
const MOST_PROBLEMS: usize = 100;
