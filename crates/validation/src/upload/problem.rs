//! What speaks against a file.

use std::fmt;

macro_rules! problems {
    ($($(#[$doc:meta])* $problem:ident = $id:literal, $reason:literal;)*) => {
        /// What speaks against a file. Its `Display` is the reason, and shows nothing of the file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum UploadProblem { $($(#[$doc])* $problem,)* }

        impl UploadProblem {
            /// Every one, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$problem,)*];

            /// Returns the stable name, as logs write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$problem => $id,)* }
            }
        }

        impl fmt::Display for UploadProblem {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$problem => $reason,)* })
            }
        }
    };
}

problems! {
    /// There is nothing in it.
    Empty = "upload.empty", "the file is empty";
    /// It is larger than the rules allow; nothing else was looked at.
    TooLarge = "upload.too-large", "the file is larger than the rules allow, and was not looked at";
    /// Its content is of no known kind.
    UnknownKind = "upload.unknown-kind", "the content is of no known kind";
    /// Its kind is not among those that the rules allow.
    KindNotAllowed = "upload.kind-not-allowed", "the content is of a kind that is not allowed";
    /// It is a program or a script.
    Executable = "upload.executable", "the content is a program or a script";
    /// Its extension belongs to another kind.
    ExtensionMismatch = "upload.extension-mismatch", "the name's extension belongs to another kind than the content";
    /// An extension before the last is one of programs or pages: servers have run such files.
    HiddenExtension = "upload.hidden-extension", "the name has another extension before its last, one of programs or pages";
    /// The declared media type is of another kind.
    TypeMismatch = "upload.type-mismatch", "the declared media type belongs to another kind than the content";
    /// It is an archive too, or a document too, for whoever reads it from another end.
    Polyglot = "upload.polyglot", "the file is two things at once: another format begins inside it";
    /// There is a page, or a script of a server, in what should have none.
    Markup = "upload.markup", "there is a script or a piece of a page inside";
    /// It holds what runs when it is opened: scripts, macros, actions.
    ActiveContent = "upload.active-content", "the file holds scripts, macros or actions that run when it is opened";
    /// Data follow where the format ends.
    TrailingData = "upload.trailing-data", "data follow after the format's own end";
    /// The structure is broken or cut off.
    Broken = "upload.broken", "the structure is broken, cut off or contradicts itself";
    /// There are more entries than the rules allow.
    ArchiveEntries = "upload.archive-entries", "the archive has more entries than the rules allow";
    /// It unpacks to more than the rules allow.
    ArchiveSize = "upload.archive-size", "the archive unpacks to more than the rules allow";
    /// It grows so much on unpacking as only bombs do.
    ArchiveRatio = "upload.archive-ratio", "the archive grows on unpacking as only bombs do";
    /// Entries share the same bytes.
    ArchiveOverlap = "upload.archive-overlap", "entries of the archive share the same bytes, as only bombs do";
    /// An entry would be written outside the directory of the archive.
    ArchivePath = "upload.archive-path", "an entry's name leads out of the directory to unpack to, or is no name";
    /// Two entries have the same name: which one counts depends on the reader.
    ArchiveDuplicate = "upload.archive-duplicate", "two entries have the same name, so readers differ on what is inside";
    /// An entry is a symbolic link or a device.
    ArchiveLink = "upload.archive-link", "an entry is a link or a device";
    /// An archive is inside.
    ArchiveNested = "upload.archive-nested", "an archive is inside the archive";
    /// An entry is encrypted, so nobody can look at it.
    ArchiveEncrypted = "upload.archive-encrypted", "an entry is encrypted, so nobody can look at it";
    /// The kind does not tell how large it is unpacked.
    ArchiveOpaque = "upload.archive-opaque", "the archive does not tell how large it is unpacked";
}
