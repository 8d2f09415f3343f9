use std::io::Read;

use super::{Node, decode};
use crate::format::FormatError;

/// Reads a tree node by node, in the form that restic, its kin and [`TreeWriter`](super::TreeWriter) write: a directory
/// of a million entries need not be in memory as nodes or as text.
pub(crate) struct NodeReader<R> {
    text: R,
    buffer: Vec<u8>,
    /// Where in the buffer the rest begins.
    at: usize,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    First,
    Later,
    End,
}

impl<R: Read> NodeReader<R> {
    pub(crate) fn new(text: R) -> Self {
        Self { text, buffer: Vec::new(), at: 0, place: Place::Start }
    }

    /// The next node; none behind the last one. What comes behind the list is not looked at.
    pub(crate) fn next(&mut self) -> Result<Option<Node>, FormatError> {
        if self.place == Place::Start {
            self.begin()?;
        }
        match (self.place, self.peek()?) {
            (Place::End, _) => return Ok(None),
            (_, Some(b']')) => {
                self.place = Place::End;
                return Ok(None);
            }
            (Place::Later, Some(b',')) => self.at += 1,
            (Place::First, Some(b'{')) => {}
            _ => return Err(malformed("is not as programs write it")),
        }
        self.place = Place::Later;
        let mut seen = Seen::default();
        loop {
            if let Some(length) = seen.end_of_object(&self.buffer[self.at..]) {
                let node = decode::one_node(&self.buffer[self.at..self.at + length])?;
                self.at += length;
                return Ok(Some(node));
            }
            if !self.fill()? {
                return Err(malformed("ends within a node"));
            }
        }
    }

    fn begin(&mut self) -> Result<(), FormatError> {
        while self.buffer.len() < START.len() && self.fill()? {}
        if !self.buffer.starts_with(START) {
            return Err(malformed("is not as programs write it"));
        }
        self.at = START.len();
        self.place = Place::First;
        Ok(())
    }

    fn peek(&mut self) -> Result<Option<u8>, FormatError> {
        while self.at == self.buffer.len() && self.fill()? {}
        Ok(self.buffer.get(self.at).copied())
    }

    /// Reads more; tells whether there was any.
    fn fill(&mut self) -> Result<bool, FormatError> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let before = self.buffer.len();
        let part = (&mut self.text).take(PART).read_to_end(&mut self.buffer);
        part.map_err(|_| malformed("cannot be decompressed"))?;
        Ok(self.buffer.len() > before)
    }
}

/// How far the search for the end of an object has come.
#[derive(Default)]
struct Seen {
    length: usize,
    depth: usize,
    is_text: bool,
    is_escaped: bool,
}

impl Seen {
    /// The length of the object that the bytes begin with, once it is whole. Asked again, it wants the same bytes and
    /// more behind them.
    fn end_of_object(&mut self, bytes: &[u8]) -> Option<usize> {
        for &byte in bytes.get(self.length..)? {
            self.length += 1;
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.is_text => self.is_escaped = true,
                b'"' => self.is_text = !self.is_text,
                b'{' | b'[' if !self.is_text => self.depth += 1,
                b'}' | b']' if !self.is_text => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.length);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

const fn malformed(reason: &'static str) -> FormatError {
    FormatError::Malformed { what: "a tree", reason }
}

const START: &[u8] = br#"{"nodes":["#;

/// How much text is read at once.
const PART: u64 = 128 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Id, NodeKind, Tree};

    fn nodes(text: &[u8]) -> Result<Vec<Node>, FormatError> {
        let mut reader = NodeReader::new(text);
        let mut nodes = Vec::new();
        while let Some(node) = reader.next()? {
            nodes.push(node);
        }
        assert!(reader.next()?.is_none());
        Ok(nodes)
    }

    #[test]
    fn nodes_come_one_by_one_as_they_come_all_at_once() {
        for count in [0, 1, 2, 3000] {
            let node = |number: usize| {
                let mut node = Node::new(format!("{number:05} \"}}{{][\\\n"), NodeKind::File);
                node.content = vec![Id::of(b"x"); number % 4];
                node
            };
            let mut tree = Tree { nodes: (0..count).map(node).collect() };
            if let Some(last) = tree.nodes.last_mut() {
                last.content = vec![Id::of(b"y"); 10_000];
            }
            assert!(nodes(&tree.to_json()).unwrap() == tree.nodes, "{count}");
        }
    }

    #[test]
    fn what_is_no_tree_or_ends_early_is_refused() {
        let whole = Tree { nodes: vec![Node::new("a", NodeKind::Fifo); 2] }.to_json();
        for length in 0..whole.len() - b"]}\n".len() {
            assert!(nodes(&whole[..length]).is_err(), "{length}");
        }
        for text in
            [r#"{"nodes":null}"#, r#"{"nodes":[7]}"#, r#"{"nodes":[{}]}"#, r#"{"nodes":[{]}"#]
        {
            assert!(nodes(text.as_bytes()).is_err(), "{text}");
        }
    }
}
