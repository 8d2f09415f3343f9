use super::NodeKind;

/// Permissions and kind, in the bits that Go has for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mode(u32);

impl Mode {
    /// The mode of an entry of that kind with the lower twelve bits of Unix: permissions, set-user-id, set-group-id and
    /// sticky. Others are passed over.
    #[must_use]
    pub const fn new(kind: NodeKind, unix: u32) -> Self {
        let mut bits = unix & PERMISSIONS | kind_bits(kind);
        let mut place = 0;
        while place < SPECIAL.len() {
            let (unix_bit, bit) = SPECIAL[place];
            if unix & unix_bit != 0 {
                bits |= bit;
            }
            place += 1;
        }
        Self(bits)
    }

    /// A mode as it stands in a tree.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The mode as it stands in a tree.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The lower twelve bits of Unix.
    #[must_use]
    pub fn permissions(self) -> u32 {
        SPECIAL
            .iter()
            .filter(|(_, bit)| self.0 & bit != 0)
            .fold(self.0 & PERMISSIONS, |unix, (unix_bit, _)| unix | unix_bit)
    }

    /// The kind that these bits tell, which the node tells too.
    #[must_use]
    pub fn kind(self) -> NodeKind {
        let kinds = [
            NodeKind::File,
            NodeKind::Dir,
            NodeKind::Symlink,
            NodeKind::BlockDevice,
            NodeKind::CharDevice,
            NodeKind::Fifo,
            NodeKind::Socket,
        ];
        let found = kinds.into_iter().find(|&kind| kind_bits(kind) == self.0 & KIND);
        found.unwrap_or(NodeKind::Irregular)
    }
}

const fn kind_bits(kind: NodeKind) -> u32 {
    match kind {
        NodeKind::File => 0,
        NodeKind::Dir => DIR,
        NodeKind::Symlink => SYMLINK,
        NodeKind::BlockDevice => DEVICE,
        NodeKind::CharDevice => DEVICE | CHAR_DEVICE,
        NodeKind::Fifo => NAMED_PIPE,
        NodeKind::Socket => SOCKET,
        NodeKind::Irregular => IRREGULAR,
    }
}

const PERMISSIONS: u32 = 0o777;
const DIR: u32 = 1 << 31;
const SYMLINK: u32 = 1 << 27;
const DEVICE: u32 = 1 << 26;
const NAMED_PIPE: u32 = 1 << 25;
const SOCKET: u32 = 1 << 24;
const CHAR_DEVICE: u32 = 1 << 21;
const IRREGULAR: u32 = 1 << 19;
const KIND: u32 = DIR | SYMLINK | DEVICE | NAMED_PIPE | SOCKET | CHAR_DEVICE | IRREGULAR;

/// Set-user-id, set-group-id and sticky: the bit of Unix, and Go's.
const SPECIAL: [(u32, u32); 3] = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)];
