use std::io::{self, Write as _};

use sha2::{Digest as _, Sha256};
use zstd::stream::write::Encoder;

use crate::format::{Id, Node, RepoVersion, TreeWriter};

/// A tree that grows node by node. A large one is compressed while it grows, so that a directory of a million files
/// takes a small part of the memory of its text.
pub(super) struct GrowingTree {
    version: RepoVersion,
    writer: TreeWriter,
    spilled: Option<Spilled>,
}

/// A tree that is whole.
pub(super) enum TreeBody {
    /// Its text.
    Plain(Vec<u8>),
    /// Its text, compressed.
    Compressed {
        /// The name of the text.
        id: Id,
        /// How long the text is.
        length: u64,
        bytes: Vec<u8>,
    },
}

/// The part of a large tree that is no longer held as text.
struct Spilled {
    hash: Sha256,
    length: u64,
    encoder: Encoder<'static, Vec<u8>>,
}

impl GrowingTree {
    pub(super) fn new(version: RepoVersion) -> Self {
        Self { version, writer: TreeWriter::new(), spilled: None }
    }

    /// Whether no node was added.
    pub(super) fn is_empty(&self) -> bool {
        self.writer.is_empty()
    }

    /// Adds a node. The order of names is the caller's.
    pub(super) fn add(&mut self, node: &Node) -> io::Result<()> {
        self.writer.add(node);
        let spilled = self.spilled.as_ref().map_or(0, |spilled| spilled.length);
        let plain = self.writer.len() as u64 - spilled;
        if plain < MOST_PLAIN || self.version == RepoVersion::V1 {
            return Ok(());
        }
        let text = self.writer.take();
        self.spill(&text)
    }

    /// The whole tree.
    pub(super) fn finish(mut self) -> io::Result<TreeBody> {
        let text = std::mem::take(&mut self.writer).finish();
        if self.spilled.is_none() {
            return Ok(TreeBody::Plain(text));
        }
        self.spill(&text)?;
        let Some(spilled) = self.spilled else { return Ok(TreeBody::Plain(text)) };
        let id = Id::from_bytes(spilled.hash.finalize().into());
        Ok(TreeBody::Compressed { id, length: spilled.length, bytes: spilled.encoder.finish()? })
    }

    fn spill(&mut self, text: &[u8]) -> io::Result<()> {
        if self.spilled.is_none() {
            let encoder = Encoder::new(Vec::new(), LEVEL)?;
            self.spilled = Some(Spilled { hash: Sha256::new(), length: 0, encoder });
        }
        let Some(spilled) = &mut self.spilled else { return Ok(()) };
        spilled.hash.update(text);
        spilled.length += text.len() as u64;
        spilled.encoder.write_all(text)
    }
}

/// More text than this is compressed at once; few directories ever have it.
const MOST_PLAIN: u64 = 1 << 20;

/// The usual one.
const LEVEL: i32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{NodeKind, Tree};

    fn nodes(count: usize) -> impl Iterator<Item = Node> {
        (0..count).map(|number| Node::new(format!("{number:09}"), NodeKind::File))
    }

    fn grown(version: RepoVersion, count: usize) -> TreeBody {
        let mut tree = GrowingTree::new(version);
        for node in nodes(count) {
            tree.add(&node).unwrap();
        }
        tree.finish().unwrap()
    }

    #[test]
    fn a_large_tree_has_the_same_text_and_name_when_it_is_compressed_on_the_way() {
        for count in [0, 1, 2, 10_000] {
            let text = Tree { nodes: nodes(count).collect() }.to_json();
            let TreeBody::Plain(v1) = grown(RepoVersion::V1, count) else { panic!("compressed") };
            assert!(v1 == text);
            match grown(RepoVersion::V2, count) {
                TreeBody::Plain(plain) => assert!(count < 3 && plain == text),
                TreeBody::Compressed { id, length, bytes } => {
                    assert!(count > 3 && bytes.len() < text.len() / 10);
                    assert_eq!(id, Id::of(&text));
                    assert_eq!(length, text.len() as u64);
                    assert!(zstd::decode_all(&bytes[..]).unwrap() == text);
                }
            }
        }
    }
}
