use crate::format::{Node, NodeKind, Timestamp};

/// An entry that differs between two trees.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Change<'a> {
    /// Its path, which begins with `/`.
    pub path: &'a [u8],
    /// What it was; nothing, if it was added.
    pub before: Option<&'a Node>,
    /// What it is; nothing, if it was removed.
    pub after: Option<&'a Node>,
    /// Whether it was something else, such as a link.
    pub is_other_kind: bool,
    /// Whether it is a file with other content.
    pub has_other_content: bool,
    /// Whether its times, owner, mode, attributes or target are others.
    pub has_other_metadata: bool,
}

impl<'a> Change<'a> {
    /// The change of an entry, if there is one.
    pub(super) fn of(
        path: &'a [u8],
        before: Option<&'a Node>,
        after: Option<&'a Node>,
    ) -> Option<Self> {
        let is = |differs: fn(&Node, &Node) -> bool| {
            before.zip(after).is_some_and(|(before, after)| differs(before, after))
        };
        let change = Self {
            path,
            before,
            after,
            is_other_kind: is(|before, after| before.kind != after.kind),
            has_other_content: is(|before, after| {
                let kinds = (before.kind, after.kind);
                kinds == (NodeKind::File, NodeKind::File) && before.content != after.content
            }),
            has_other_metadata: is(|before, after| metadata(before) != metadata(after)),
        };
        (!change.modifier().is_empty()).then_some(change)
    }

    /// Restic's letters for it: `+` added, `-` removed, `T` of another type, `M` modified, `U` with other metadata only.
    #[must_use]
    pub const fn modifier(&self) -> &'static str {
        match (self.before, self.after) {
            (None, _) => "+",
            (_, None) => "-",
            _ => match (self.is_other_kind, self.has_other_content, self.has_other_metadata) {
                (true, _, true) => "TU",
                (true, _, false) => "T",
                (false, true, _) => "M",
                (false, false, true) => "U",
                (false, false, false) => "",
            },
        }
    }
}

/// All that is compared beside the type, the content, and what is in a directory. The same instant is the same time in
/// any zone: the clock of a host changes its zone twice a year.
fn metadata(node: &Node) -> impl PartialEq + '_ {
    let times = [node.mtime, node.atime, node.ctime].map(Timestamp::seconds);
    let fractions = [node.mtime, node.atime, node.ctime].map(Timestamp::nanoseconds);
    let owner = (node.uid, node.gid, &node.user, &node.group);
    let file = (node.inode, node.device_id, node.size, node.links);
    let rest = (&node.link_target, &node.xattrs, node.device, &node.error);
    (node.mode, times, fractions, owner, file, rest)
}
