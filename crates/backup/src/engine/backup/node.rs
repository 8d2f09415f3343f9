use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::format::{Mode, Node, NodeKind, Timestamp, Xattr};
use crate::source::{EntryKind, FileTime, Metadata};

/// The node of an entry, with the fields that restic writes, without what is in it. An entry without a name has none.
pub(super) fn node(path: &Path, metadata: &Metadata) -> Option<Node> {
    let node = Node::new(path.file_name()?.as_bytes(), kind(metadata.kind));
    Some(with_metadata(node, metadata))
}

/// The node with these fields instead of those that it has. What kind it is stays.
pub(super) fn with_metadata(mut node: Node, metadata: &Metadata) -> Node {
    let kind = node.kind;
    node.mode = Mode::new(kind, metadata.mode);
    node.mtime = time(metadata.modified);
    // The time of reading differs with each backup, and trees with it.
    node.atime = node.mtime;
    node.ctime = time(metadata.changed);
    (node.uid, node.gid) = (metadata.uid, metadata.gid);
    metadata.user.as_deref().unwrap_or_default().clone_into(&mut node.user);
    metadata.group.as_deref().unwrap_or_default().clone_into(&mut node.group);
    (node.inode, node.device_id) = (metadata.inode, metadata.device);
    match kind {
        NodeKind::File => (node.size, node.links) = (metadata.size, metadata.links),
        NodeKind::Symlink => {
            node.links = metadata.links;
            node.link_target.clone_from(&metadata.link_target);
        }
        NodeKind::BlockDevice | NodeKind::CharDevice => {
            (node.links, node.device) = (metadata.links, metadata.special);
        }
        NodeKind::Dir | NodeKind::Fifo | NodeKind::Socket | NodeKind::Irregular => {}
    }
    node.xattrs = metadata
        .xattrs
        .iter()
        .map(|xattr| Xattr {
            name: String::from_utf8_lossy(&xattr.name).into_owned(),
            value: xattr.value.clone(),
        })
        .collect();
    node
}

pub(super) fn time(time: FileTime) -> Timestamp {
    Timestamp::new(time.seconds, time.nanos)
}

const fn kind(kind: EntryKind) -> NodeKind {
    match kind {
        EntryKind::File => NodeKind::File,
        EntryKind::Directory => NodeKind::Dir,
        EntryKind::Symlink => NodeKind::Symlink,
        EntryKind::Fifo => NodeKind::Fifo,
        EntryKind::Socket => NodeKind::Socket,
        EntryKind::CharDevice => NodeKind::CharDevice,
        EntryKind::BlockDevice => NodeKind::BlockDevice,
    }
}
