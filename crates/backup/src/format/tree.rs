mod decode;
mod encode;
mod mode;
mod name;
mod printable;
mod read;

pub use encode::TreeWriter;
pub use mode::Mode;
pub(crate) use read::NodeReader;

use super::{FormatError, Id, Timestamp};

/// What is in a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The entries, in the order of their names' bytes, each name once.
    pub nodes: Vec<Node>,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name within the directory: any bytes but `/` and NUL, if the writer was honest.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: NodeKind,
    /// Its permissions, and once more what it is.
    pub mode: Mode,
    /// When its content was changed last.
    pub mtime: Timestamp,
    /// When it was read last; restic repeats `mtime` unless told otherwise.
    pub atime: Timestamp,
    /// When anything of it was changed last.
    pub ctime: Timestamp,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The owner's name, if it has one.
    pub user: String,
    /// The group's name, if it has one.
    pub group: String,
    /// The file's number in its file system.
    pub inode: u64,
    /// The file system.
    pub device_id: u64,
    /// The length of a file's content.
    pub size: u64,
    /// How many names the file has. Restic leaves it at 0 for directories, pipes and sockets.
    pub links: u64,
    /// Where a symbolic link points to.
    pub link_target: Vec<u8>,
    /// Its extended attributes, in the order that the system told them in.
    pub xattrs: Vec<Xattr>,
    /// Which device a special file stands for.
    pub device: u64,
    /// The blobs of a file's content.
    pub content: Vec<Id>,
    /// The tree of a directory.
    pub subtree: Option<Id>,
    /// What went wrong when it was read; nothing, as a rule.
    pub error: String,
}

/// What an entry of a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    /// A file with content.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A block device.
    BlockDevice,
    /// A character device.
    CharDevice,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// Something that no program of Unix makes. It cannot be restored.
    Irregular,
}

/// An extended attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Xattr {
    /// Its name, with the namespace.
    pub name: String,
    /// Its value.
    pub value: Vec<u8>,
}

impl Tree {
    /// Reads the opened and decompressed blob.
    ///
    /// # Errors
    ///
    /// When it is no tree, or has a name that is not one name within a directory: empty, `.`, `..`, or with `/` or NUL
    /// in it.
    pub fn from_json(json: &[u8]) -> Result<Self, FormatError> {
        decode::tree(json)
    }

    /// The blob, to be compressed and sealed. The same directory gives the same bytes as restic writes.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut writer = TreeWriter::new();
        self.nodes.iter().for_each(|node| writer.add(node));
        writer.finish()
    }
}

impl Node {
    /// A node of that name and kind, with all else empty, and the times of 1970.
    #[must_use]
    pub fn new(name: impl Into<Vec<u8>>, kind: NodeKind) -> Self {
        let epoch = Timestamp::new(0, 0);
        Self {
            name: name.into(),
            kind,
            mode: Mode::new(kind, 0),
            mtime: epoch,
            atime: epoch,
            ctime: epoch,
            uid: 0,
            gid: 0,
            user: String::new(),
            group: String::new(),
            inode: 0,
            device_id: 0,
            size: 0,
            links: 0,
            link_target: Vec::new(),
            xattrs: Vec::new(),
            device: 0,
            content: Vec::new(),
            subtree: None,
            error: String::new(),
        }
    }
}

impl NodeKind {
    /// The name that restic gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Dir => "dir",
            Self::Symlink => "symlink",
            Self::BlockDevice => "dev",
            Self::CharDevice => "chardev",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Irregular => "irregular",
        }
    }

    /// What restic gives that name. A name that is not known is [`Irregular`](Self::Irregular): the rest of the
    /// directory can be restored all the same.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        [
            Self::File,
            Self::Dir,
            Self::Symlink,
            Self::BlockDevice,
            Self::CharDevice,
            Self::Fifo,
            Self::Socket,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
        .unwrap_or(Self::Irregular)
    }
}
