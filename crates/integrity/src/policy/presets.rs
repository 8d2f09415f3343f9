//! Policies that come with the crate.

/// A policy that comes with the crate, to be named in `include` or `[[preset]]`.
pub(super) struct Preset {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// Its patterns lie below a directory that the policy has to name.
    pub(super) has_root: bool,
}

pub(super) const PRESETS: [Preset; 4] = [
    Preset { name: "bot-node", text: include_str!("presets/bot-node.toml"), has_root: true },
    Preset {
        name: "bot-python-venv",
        text: include_str!("presets/bot-python-venv.toml"),
        has_root: true,
    },
    Preset { name: "debian", text: include_str!("presets/debian.toml"), has_root: false },
    Preset { name: "secrets", text: include_str!("presets/secrets.toml"), has_root: false },
];
