//! What the validator looks for. A number is given once and never again to another rule.

use serde::{Serialize, Serializer};

use crate::FindingLevel;

macro_rules! rules {
    ($($id:literal $name:ident $level:ident $what:literal $remedy:literal)*) => {
        /// What the validator looks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $what] $name,)*
        }

        impl Rule {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the number, which stays.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Returns what it looks for.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// Returns what to do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }

            /// Returns how grave it is.
            #[must_use]
            pub const fn level(self) -> FindingLevel {
                match self { $(Self::$name => FindingLevel::$level,)* }
            }
        }
    };
}

rules! {
    "WKP001" NotWasm Error "The entry is no valid WebAssembly module."
        "build it again, for wasm32 without threads, 64-bit memories or garbage collection"
    "WKP002" ForeignImport Error "The module imports what no host gives."
        "import only from the module \"wardkit\"; a build for WASI imports from wasi_snapshot_preview1, which is not given"
    "WKP003" ImportNotAsked Error "The module imports a capability that the manifest does not ask for."
        "add the permission with its why, or leave the import out"
    "WKP004" MissingExport Error "The module does not export what a plugin has to."
        "export memory, wk_alloc and wk_handle as docs/specs/plugin-abi.md says"
    "WKP005" StartFunction Error "The module has a start function, which would run before any limit is asked for."
        "do that work in wk_init or in wk_handle"
    "WKP006" TooLarge Error "The module, or a part of it, is larger than is taken."
        "optimise for size and leave out what is not called"
    "WKP007" MemoryTooLarge Error "The module's memory begins larger than its limit."
        "make the first memory smaller, or ask for more with limits.memory"
    "WKP008" MemoryUnbounded Warning "The module's memory names no most."
        "link with a maximum memory, so that it fails at build time and not in a call"
    "WKP009" ArtifactChanged Error "The entry is not what the manifest says."
        "run plugin pack again, which writes the digest"
    "WKP010" BroadHost Warning "Requests to very many hosts are asked for."
        "name the hosts that are needed"
    "WKP011" PrivateHost Error "Requests to a host within a private network are asked for."
        "the broker never connects there; use a public name"
    "WKP012" ClearText Warning "Requests without TLS are asked for."
        "use https"
    "WKP013" NoSchema Warning "What goes in or comes out has no schema."
        "write a JSON Schema and name it in io.input-schema and io.output-schema"
    "WKP014" BadSchema Error "A schema is not usable."
        "draft 2020-12, with references only within the file"
    "WKP015" Unsigned Warning "Nobody signed the package."
        "run plugin sign, and give the public key to whoever installs it"
    "WKP016" Downgrade Error "A newer version is installed."
        "raise the version, or use plugin rollback"
    "WKP017" Secret Error "The package holds a secret."
        "take it out, withdraw it, and ask for it with permissions.secrets"
    "WKP018" ReservedId Error "The id belongs to wardkit or to nobody."
        "use a domain of your own, backwards"
    "WKP019" AboveDefault Warning "More than the default limits is asked for."
        "an operator has to grant it; stay below the default where that is possible"
    "WKP020" MissingFile Error "A file that the manifest names is not there."
        "add it, or take it out of the manifest"
    "WKP021" KindMismatch Error "The entry, or a permission, does not fit the kind."
        "wasm entries are modules; env and runtime are for native plugins"
    "WKP022" NativeCode Warning "It is native: only the kernel's fences hold it."
        "prefer kind = \"wasm\"; install it only if you trust its author"
    "WKP023" NoSelfTest Warning "It has no self-test."
        "add [health] with an input, and the output that is right"
    "WKP024" Revoked Error "The key or the package was revoked."
        "get a new package from its author"
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.id())
    }
}
