//! YAML as a tree that knows where everything stands: the formats of Prometheus and Alertmanager.
//!
//! serde would lose the positions and be stricter than these programs are: they take any scalar for a text.

use std::collections::HashMap;
use std::fmt;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

/// A node of a document.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it begins.
    pub at: Position,
    /// What it holds.
    pub content: Content,
}

/// A place in a file; both count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub line: usize,
    pub column: usize,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A text, and whether it was written without quotes, so that it may mean a number or nothing.
    Scalar(String, Style),
    List(Vec<Node>),
    /// Keys and values in order; no key is there twice.
    Map(Vec<(Node, Node)>),
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: it may mean a number, yes or no, or nothing.
    Plain,
    /// It means itself.
    Quoted,
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YamlError {
    pub at: Position,
    pub reason: String,
}

impl YamlError {
    pub(crate) fn new(at: Position, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into() }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.at.line, self.at.column, self.reason)
    }
}

/// Reads the first document; none when there is nothing.
///
/// # Errors
///
/// Returns what is not YAML, what is too large, and keys that are there twice.
pub(crate) fn read(text: &str) -> Result<Option<Node>, YamlError> {
    let mut reader = Reader::default();
    for next in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) = next.map_err(|error| scan_error(&error))?;
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        reader.take(event, span)?;
    }
    Ok(reader.root)
}

impl Node {
    /// Returns the text of a scalar; whatever it may mean besides.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// Returns whether it says nothing: `null`, `~` or no text at all.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(text, Style::Plain)
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Returns whether it is a list or map without anything in it.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Scalar(..) => false,
            Content::List(items) => items.is_empty(),
            Content::Map(pairs) => pairs.is_empty(),
        }
    }

    /// Returns what sort of node it is, for an error.
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Scalar(..) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }

    /// Returns how many nodes it holds, itself included, and their text in bytes.
    fn weight(&self) -> (usize, usize) {
        let add = |sum: (usize, usize), node: &Self| {
            let (nodes, bytes) = node.weight();
            (sum.0 + nodes, sum.1 + bytes)
        };
        match &self.content {
            Content::Scalar(text, _) => (1, text.len()),
            Content::List(items) => items.iter().fold((1, 0), add),
            Content::Map(pairs) => {
                pairs.iter().fold((1, 0), |sum, (key, value)| add(add(sum, key), value))
            }
        }
    }
}

/// Builds the tree from the parser's events, without recursion.
#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    nodes: usize,
    copied: usize,
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Node>,
    /// Keys by text, to find one that is there twice.
    keys: HashMap<String, Position>,
    merged: Vec<Node>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        let at = Position { line: span.start.line(), column: span.start.col() + 1 };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain if !is_text(tag.as_deref()) => Style::Plain,
                    _ => Style::Quoted,
                };
                self.weigh(at, 1)?;
                self.close(Node { at, content: Content::Scalar(text.into_owned(), style) }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.open(at, Content::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => self.open(at, Content::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let anchor = open.anchor;
                    let node = open.finish()?;
                    self.close(node, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(YamlError::new(at, "an alias stands inside what it names"));
                };
                let (nodes, bytes) = node.weight();
                let node = Node { at, content: node.content.clone() };
                self.copied += bytes;
                self.weigh(at, nodes)?;
                self.close(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn weigh(&mut self, at: Position, nodes: usize) -> Result<(), YamlError> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES || self.copied > MOST_COPIED {
            return Err(YamlError::new(at, "the document is too large, or repeats too much"));
        }
        Ok(())
    }

    fn open(&mut self, at: Position, content: Content, anchor: usize) -> Result<(), YamlError> {
        self.weigh(at, 1)?;
        let node = Node { at, content };
        let keys = HashMap::new();
        self.open.push(Open { node, anchor, key: None, keys, merged: Vec::new() });
        Ok(())
    }

    /// Puts a whole node where it belongs.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), YamlError> {
        if anchor != 0 {
            let (nodes, bytes) = node.weight();
            self.copied += bytes;
            self.weigh(node.at, nodes)?;
            self.anchors.insert(anchor, node.clone());
        }
        if let Some(open) = self.open.last_mut() {
            return open.push(node);
        }
        self.root.get_or_insert(node);
        Ok(())
    }
}

impl Open {
    fn push(&mut self, node: Node) -> Result<(), YamlError> {
        let pairs = match &mut self.node.content {
            Content::Map(pairs) => pairs,
            Content::List(items) => {
                items.push(node);
                return Ok(());
            }
            Content::Scalar(..) => return Ok(()),
        };
        let Some(key) = self.key.take() else {
            self.key = Some(node);
            return Ok(());
        };
        let Content::Scalar(name, style) = &key.content else {
            return Err(YamlError::new(key.at, format!("a key is {}, not a text", key.kind())));
        };
        if name == "<<" && *style == Style::Plain {
            self.merged.push(node);
            return Ok(());
        }
        if let Some(before) = self.keys.insert(name.clone(), key.at) {
            let reason = format!("key {name:?} is there twice; before in line {}", before.line);
            return Err(YamlError::new(key.at, reason));
        }
        pairs.push((key, node));
        Ok(())
    }

    /// Takes in the maps behind `<<`; what the map says itself goes before, and the first of them before the others.
    fn finish(mut self) -> Result<Node, YamlError> {
        let Content::Map(pairs) = &mut self.node.content else {
            return Ok(self.node);
        };
        let mut sources = Vec::new();
        for merged in self.merged {
            match merged.content {
                Content::List(items) => sources.extend(items),
                _ => sources.push(merged),
            }
        }
        for source in sources {
            let Content::Map(more) = source.content else {
                return Err(YamlError::new(source.at, "what is merged is not a map"));
            };
            for (key, value) in more {
                let name = key.text().unwrap_or_default().to_owned();
                if self.keys.insert(name, key.at).is_none() {
                    pairs.push((key, value));
                }
            }
        }
        Ok(self.node)
    }
}

/// Returns whether a tag says that a scalar is a text.
fn is_text(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|tag| tag.suffix() == "str" || tag.handle() == "!")
}

fn scan_error(error: &ScanError) -> YamlError {
    let at = Position { line: error.marker().line(), column: error.marker().col() + 1 };
    YamlError::new(at, error.info())
}

/// A file of ten thousand rules has a quarter million.
const MOST_NODES: usize = 1_000_000;
/// Text that aliases may repeat.
const MOST_COPIED: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = match read(text) {
            Ok(Some(node)) => show(&node),
            Ok(None) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "{text}");
    }

    fn show(node: &Node) -> String {
        match &node.content {
            Content::Scalar(_, _) if node.is_null() => "null".to_owned(),
            Content::Scalar(text, Style::Plain) => text.clone(),
            Content::Scalar(text, Style::Quoted) => format!("{text:?}"),
            Content::List(items) => {
                format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", "))
            }
            Content::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| show(key) + ": " + &show(value));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[test]
    fn the_first_document_becomes_a_tree() {
        check("", "nothing");
        check("# only words\n", "nothing");
        check("a: 1\nb: ['x', \"y\", ~, ]\nc:\n", "{a: 1, b: [\"x\", \"y\", null], c: null}");
        check("a: |\n  two\n  lines\n---\nb: 1\n", "{a: \"two\\nlines\\n\"}");
        check("a: &x {b: 1}\nc: *x\n", "{a: {b: 1}, c: {b: 1}}");
        check("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3\n", "{a: {b: 1, c: 2}, d: {b: 3, c: 2}}");
    }

    #[test]
    fn what_is_wrong_says_where() {
        check("a: 1\na: 2\n", "2:1: key \"a\" is there twice; before in line 1");
        check("? [a]\n: 1\n", "1:3: a key is a list, not a text");
        check("a: &x [*x]\n", "1:8: an alias stands inside what it names");
        assert!(read("a: {b: 1\nc: 2").is_err());
        assert!(read("a: [1, 2\nb: 3\n").is_err());
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            let items = vec![before; 10].join(", ");
            text = format!("{text}a{level}: &a{level} [{items}]\n");
        }
        let reason = read(&text).unwrap_err().reason;
        assert_eq!(reason, "the document is too large, or repeats too much");
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&"- ".repeat(100_000)).is_err());
    }
}
