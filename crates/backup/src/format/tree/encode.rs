//! Trees as Go's JSON writes them, byte for byte: the id of a directory is the hash of this text.

use base64ct::{Base64, Encoding};

use super::{Node, NodeKind, Xattr, name};
use crate::format::Id;

/// Writes a tree node by node: a directory of a million entries need not be in memory as nodes.
#[derive(Clone, Debug)]
pub struct TreeWriter {
    json: Vec<u8>,
    taken: usize,
}

impl TreeWriter {
    /// A tree without any entry.
    #[must_use]
    pub fn new() -> Self {
        Self { json: START.to_vec(), taken: 0 }
    }

    /// Appends an entry. The order is the caller's: that of the names' bytes.
    pub fn add(&mut self, node: &Node) {
        if !self.is_empty() {
            self.json.push(b',');
        }
        append(node, &mut self.json);
    }

    /// How many bytes the tree has so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.taken + self.json.len() + END.len()
    }

    /// Whether there is no entry in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taken + self.json.len() == START.len()
    }

    /// Takes the bytes so far, which are the beginning of the blob, for who compresses while the tree still grows.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.taken += self.json.len();
        std::mem::take(&mut self.json)
    }

    /// The bytes of the blob; those that were not [taken](Self::take).
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.json.extend_from_slice(END);
        self.json
    }
}

impl Default for TreeWriter {
    fn default() -> Self {
        Self::new()
    }
}

fn append(node: &Node, json: &mut Vec<u8>) {
    json.extend_from_slice(br#"{"name":""#);
    name::append_quoted(&node.name, json);
    json.extend_from_slice(br#"","type":""#);
    json.extend_from_slice(node.kind.name().as_bytes());
    json.push(b'"');
    append_number("mode", node.mode.bits().into(), json);
    for (key, time) in [("mtime", node.mtime), ("atime", node.atime), ("ctime", node.ctime)] {
        append_key(key, json);
        json.push(b'"');
        time.append_to(json);
        json.push(b'"');
    }
    // These two are written even when they are zero.
    for (key, id) in [("uid", node.uid), ("gid", node.gid)] {
        append_key(key, json);
        append_digits(id.into(), json);
    }
    append_text("user", &node.user, json);
    append_text("group", &node.group, json);
    append_number("inode", node.inode, json);
    append_number("device_id", node.device_id, json);
    append_number("size", node.size, json);
    append_number("links", node.links, json);
    append_link_target(&node.link_target, json);
    append_xattrs(&node.xattrs, json);
    append_number("device", node.device, json);
    append_content(node, json);
    if let Some(subtree) = &node.subtree {
        append_key("subtree", json);
        append_id(subtree, json);
    }
    append_text("error", &node.error, json);
    json.push(b'}');
}

/// What is not UTF-8 is written twice: as well as JSON can for older programs, and exactly.
fn append_link_target(target: &[u8], json: &mut Vec<u8>) {
    if target.is_empty() {
        return;
    }
    append_key("linktarget", json);
    json.push(b'"');
    for chunk in target.utf8_chunks() {
        name::append_json(chunk.valid(), json);
        chunk.invalid().iter().for_each(|_| json.extend_from_slice(br"\ufffd"));
    }
    json.push(b'"');
    if std::str::from_utf8(target).is_err() {
        append_key("linktarget_raw", json);
        append_base64(target, json);
    }
}

fn append_xattrs(xattrs: &[Xattr], json: &mut Vec<u8>) {
    if xattrs.is_empty() {
        return;
    }
    append_key("extended_attributes", json);
    for (place, xattr) in xattrs.iter().enumerate() {
        json.extend_from_slice(if place == 0 { br#"[{"name":""# } else { br#",{"name":""# });
        name::append_json(&xattr.name, json);
        json.extend_from_slice(br#"","value":"#);
        append_base64(&xattr.value, json);
        json.push(b'}');
    }
    json.push(b']');
}

/// Only files have a content, be it empty; for all else Go writes that there is no list.
fn append_content(node: &Node, json: &mut Vec<u8>) {
    append_key("content", json);
    if node.kind != NodeKind::File && node.content.is_empty() {
        json.extend_from_slice(b"null");
        return;
    }
    json.push(b'[');
    for (place, id) in node.content.iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        append_id(id, json);
    }
    json.push(b']');
}

fn append_text(key: &str, text: &str, json: &mut Vec<u8>) {
    if !text.is_empty() {
        append_key(key, json);
        json.push(b'"');
        name::append_json(text, json);
        json.push(b'"');
    }
}

fn append_number(key: &str, number: u64, json: &mut Vec<u8>) {
    if number != 0 {
        append_key(key, json);
        append_digits(number, json);
    }
}

fn append_key(key: &str, json: &mut Vec<u8>) {
    json.extend_from_slice(b",\"");
    json.extend_from_slice(key.as_bytes());
    json.extend_from_slice(b"\":");
}

fn append_digits(number: u64, json: &mut Vec<u8>) {
    let mut rest = number;
    let start = json.len();
    loop {
        json.push(b'0' + u8::try_from(rest % 10).unwrap_or(0));
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    json[start..].reverse();
}

fn append_id(id: &Id, json: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    json.push(b'"');
    for byte in id.as_bytes() {
        json.push(DIGITS[usize::from(byte >> 4)]);
        json.push(DIGITS[usize::from(byte & 0xf)]);
    }
    json.push(b'"');
}

fn append_base64(bytes: &[u8], json: &mut Vec<u8>) {
    json.push(b'"');
    json.extend_from_slice(Base64::encode_string(bytes).as_bytes());
    json.push(b'"');
}

const START: &[u8] = br#"{"nodes":["#;
/// The line's end is part of the blob, and so of its id.
const END: &[u8] = b"]}\n";
