use std::borrow::Cow;
use std::fmt;

use base64ct::{Base64, Encoding};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Mode, Node, NodeKind, Tree, Xattr, name};
use crate::format::{FormatError, Id, Timestamp, json};

pub(super) fn tree(json: &[u8]) -> Result<Tree, FormatError> {
    let tree: TreeJson =
        serde_json::from_slice(json).map_err(|error| FormatError::json(WHAT, &error))?;
    Ok(Tree { nodes: tree.nodes.0? })
}

/// One node, from its own text.
pub(super) fn one_node(json: &[u8]) -> Result<Node, FormatError> {
    node(serde_json::from_slice(json).map_err(|error| FormatError::json(WHAT, &error))?)
}

fn node(json: NodeJson<'_>) -> Result<Node, FormatError> {
    let name = name::unquote(&json.name).ok_or(malformed("has a name that cannot be read"))?;
    if !is_name(&name) {
        return Err(malformed("has a name that is not one within a directory"));
    }
    let link_target = match json.linktarget_raw {
        Some(raw) => base64(&raw)?,
        None => json.linktarget.into_owned().into_bytes(),
    };
    let xattrs = json.extended_attributes.into_iter().map(|xattr| {
        let value = base64(xattr.value.as_deref().unwrap_or_default())?;
        Ok(Xattr { name: xattr.name.into_owned(), value })
    });
    let no_time = Timestamp::new(NO_TIME, 0);
    Ok(Node {
        name,
        kind: NodeKind::from_name(&json.kind),
        mode: Mode::from_bits(json.mode),
        mtime: json.mtime.unwrap_or(no_time),
        atime: json.atime.unwrap_or(no_time),
        ctime: json.ctime.unwrap_or(no_time),
        uid: json.uid,
        gid: json.gid,
        user: json.user.into_owned(),
        group: json.group.into_owned(),
        inode: json.inode,
        device_id: json.device_id,
        size: json.size,
        links: json.links,
        link_target,
        xattrs: xattrs.collect::<Result<_, FormatError>>()?,
        device: json.device,
        content: json.content,
        subtree: json.subtree,
        error: json.error.into_owned(),
    })
}

/// Anything else would name another directory, or nothing: whoever restores it would write where it must not.
fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|byte| matches!(byte, b'/' | 0))
}

fn base64(text: &str) -> Result<Vec<u8>, FormatError> {
    Base64::decode_vec(text).map_err(|_| malformed("has bytes that are no Base64"))
}

const fn malformed(reason: &'static str) -> FormatError {
    FormatError::Malformed { what: WHAT, reason }
}

#[derive(Deserialize)]
struct TreeJson {
    #[serde(deserialize_with = "json::nullable")]
    nodes: Nodes,
}

/// The nodes, or what is wrong with the first one that is wrong.
struct Nodes(Result<Vec<Node>, FormatError>);

impl Default for Nodes {
    fn default() -> Self {
        Self(Ok(Vec::new()))
    }
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NodesVisitor)
    }
}

/// Makes each node as it is read: a directory of a million entries is in memory once, not twice.
struct NodesVisitor;

impl<'de> Visitor<'de> for NodesVisitor {
    type Value = Nodes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of nodes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Nodes, A::Error> {
        let mut nodes = Ok(Vec::new());
        while let Some(json) = list.next_element()? {
            match (&mut nodes, node(json)) {
                (Ok(nodes), Ok(node)) => nodes.push(node),
                // The rest is read for its JSON alone.
                (Ok(_), Err(error)) => nodes = Err(error),
                (Err(_), _) => {}
            }
        }
        Ok(Nodes(nodes))
    }
}

#[derive(Deserialize)]
struct NodeJson<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    mode: u32,
    mtime: Option<Timestamp>,
    atime: Option<Timestamp>,
    ctime: Option<Timestamp>,
    #[serde(default)]
    uid: u32,
    #[serde(default)]
    gid: u32,
    #[serde(borrow, default)]
    user: Cow<'a, str>,
    #[serde(borrow, default)]
    group: Cow<'a, str>,
    #[serde(default)]
    inode: u64,
    #[serde(default)]
    device_id: u64,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    links: u64,
    #[serde(borrow, default)]
    linktarget: Cow<'a, str>,
    #[serde(borrow, default)]
    linktarget_raw: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::nullable")]
    extended_attributes: Vec<XattrJson<'a>>,
    #[serde(default)]
    device: u64,
    #[serde(default, deserialize_with = "json::nullable")]
    content: Vec<Id>,
    subtree: Option<Id>,
    #[serde(borrow, default)]
    error: Cow<'a, str>,
}

#[derive(Deserialize)]
struct XattrJson<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Option<Cow<'a, str>>,
}

const WHAT: &str = "a tree";

/// What Go takes for a time that is missing: the beginning of the year 1.
const NO_TIME: i64 = -62_135_596_800;
