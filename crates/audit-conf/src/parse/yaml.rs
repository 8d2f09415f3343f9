//! YAML with places.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span};

/// A value and where it begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    #[default]
    Null,
    Scalar(String),
    List(Vec<Node>),
    /// Keys as they stand, each with its place and value.
    Map(Vec<(String, usize, Node)>),
}

/// Reads the documents of a stream. `Err` says why it is none, in words for a note.
pub(crate) fn documents(text: &str) -> Result<Vec<Node>, String> {
    let mut options = Options::default();
    options.block_nesting_limit = DEEPEST;
    options.flow_nesting_limit = DEEPEST;
    let mut reader = Reader::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| format!("no YAML: {error}"))?;
        reader.take(event, &span)?;
    }
    Ok(reader.documents)
}

impl Node {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        self.text().is_some_and(|text| is_any(text, &["true", "yes", "on"]))
    }

    pub(crate) fn is_false(&self) -> bool {
        self.text().is_some_and(|text| is_any(text, &["false", "no", "off"]))
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    pub(crate) fn list(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the entries of a map, also of what is merged into it; a key of its own hides a merged one.
    pub(crate) fn entries(&self) -> Vec<(&str, usize, &Node)> {
        let Value::Map(own) = &self.value else { return Vec::new() };
        let of = |(key, at, node): &'_ (String, usize, Node)| -> (usize, bool) {
            (*at, key == "<<" && !matches!(node.value, Value::Scalar(_)))
        };
        let mut entries: Vec<(&str, usize, &Node)> = own
            .iter()
            .filter(|entry| !of(entry).1)
            .map(|(key, at, node)| (key.as_str(), *at, node))
            .collect();
        for (_, _, merged) in own.iter().filter(|entry| of(entry).1) {
            let several = merged.list();
            let sources = if several.is_empty() { std::slice::from_ref(merged) } else { several };
            for entry in sources.iter().flat_map(Self::entries) {
                if !entries.iter().any(|(key, _, _)| *key == entry.0) {
                    entries.push(entry);
                }
            }
        }
        entries
    }

    pub(crate) fn entry(&self, name: &str) -> Option<(usize, &Node)> {
        let Value::Map(own) = &self.value else { return None };
        let found = own.iter().find(|(key, _, _)| key == name);
        let found = found.map(|(_, at, node)| (*at, node));
        found.or_else(|| {
            let all = self.entries().into_iter();
            all.filter(|(key, _, _)| *key == name).map(|(_, at, node)| (at, node)).next()
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|(_, node)| node)
    }

    /// Follows keys.
    pub(crate) fn at_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// Returns a scalar, or the scalars of a list.
    pub(crate) fn texts(&self) -> Vec<(usize, &str)> {
        let one = self.text().map(|text| (self.at, text));
        let many = self.list().iter().filter_map(|item| Some((item.at, item.text()?)));
        one.into_iter().chain(many).collect()
    }

    /// Calls with each scalar below, the keys that lead to it last first, and its place.
    pub(crate) fn each_scalar<'n>(&'n self, call: &mut dyn FnMut(&[&'n str], &'n str, usize)) {
        self.walk(&mut Vec::new(), call);
    }

    /// Goes no deeper than what was read, which is bounded.
    fn walk<'n>(
        &'n self,
        keys: &mut Vec<&'n str>,
        call: &mut dyn FnMut(&[&'n str], &'n str, usize),
    ) {
        match &self.value {
            Value::Null => {}
            Value::Scalar(text) => call(keys, text, self.at),
            Value::List(items) => items.iter().for_each(|item| item.walk(keys, call)),
            Value::Map(entries) => {
                for (key, _, node) in entries {
                    keys.push(key);
                    node.walk(keys, call);
                    keys.pop();
                }
            }
        }
    }

    fn count(&self) -> usize {
        1 + match &self.value {
            Value::Null | Value::Scalar(_) => 0,
            Value::List(items) => items.iter().map(Self::count).sum(),
            Value::Map(entries) => entries.iter().map(|(_, _, node)| node.count()).sum(),
        }
    }
}

fn is_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[derive(Default)]
struct Reader {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// How many nodes aliases made, over all documents.
    copied: usize,
}

/// A list or map that has not ended; of a map, the key whose value is awaited.
struct Open {
    node: Node,
    key: Option<(String, usize)>,
    anchor: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), String> {
        let at = span.start.byte_offset().unwrap_or_default();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let value = if is_null { Value::Null } else { Value::Scalar(text.into_owned()) };
                self.finish(Node { at, value }, anchor);
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(at, Value::List(Vec::new()), anchor)?;
            }
            Event::MappingStart(_, anchor, _) => self.begin(at, Value::Map(Vec::new()), anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.finish(open.node, open.anchor);
                }
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().unwrap_or_default();
                self.copied += node.count();
                if self.copied > MOST_COPIED {
                    return Err(format!("aliases stand for more than {MOST_COPIED} values"));
                }
                self.finish(node, 0);
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, at: usize, value: Value, anchor: usize) -> Result<(), String> {
        if self.open.len() >= DEEPEST {
            return Err(format!("nested deeper than {DEEPEST}"));
        }
        self.open.push(Open { node: Node { at, value }, key: None, anchor });
        Ok(())
    }

    fn finish(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return;
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some((key, at))) => entries.push((key, at, node)),
            // A key that is no scalar has no name that anybody asks for.
            (_, _) => open.key = Some((node.text().unwrap_or_default().to_owned(), node.at)),
        }
    }
}

/// Files that people write nest a dozen deep.
const DEEPEST: usize = 64;

/// A compose file of fifty services that share everything has a thousand.
const MOST_COPIED: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_keys_are_hidden_by_own_ones_and_keep_their_places() {
        let text = "x: &x\n  a: 1\n  b: 2\ny:\n  <<: *x\n  b: 3\n";
        let read = documents(text).unwrap_or_default();
        let merged = read[0].get("y").map(Node::entries).unwrap_or_default();
        let shown: Vec<_> = merged.iter().map(|(key, at, node)| (*key, *at, node.text())).collect();
        assert_eq!(shown, [("b", 34, Some("3")), ("a", 8, Some("1"))]);
    }

    #[test]
    fn bombs_of_aliases_and_of_depth_are_refused() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let list = vec![format!("*a{}", level - 1); 9].join(",");
            bomb.extend([format!("a{level}: &a{level} [{list}]\n")]);
        }
        assert!(documents(&bomb).is_err_and(|why| why.contains("aliases")));
        assert!(documents(&"[".repeat(100_000)).is_err());
        assert!(documents(&"- ".repeat(100_000)).is_err());
        assert!(documents("a: [b").is_err());
    }
}
