//! The top of the repository.

use super::{Finding, Tree};
use crate::check;

/// The folders and files that lie at the top; nothing else does.
const TOP: [&str; 21] = [
    ".cargo",
    ".ci",
    ".github",
    ".gitignore",
    ".auditctl.toml",
    ".pre-commit-hooks.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "bins",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docs",
    "examples",
    "rust-toolchain.toml",
];

/// May lie at the top, but the workspace does without.
const OPTIONAL: [&str; 2] = [".gitattributes", "rustfmt.toml"];

/// How many lines of the README a reader sees before scrolling.
const FIRST_SCREEN: usize = 40;

const RUN: &str = "cargo run --release --bin agentd";

pub(super) fn top_level(tree: &Tree) -> Vec<Finding> {
    let found = |name: &str| tree.iter().any(|(path, _)| top(path) == name);
    let missing =
        TOP.iter().filter(|name| !found(name)).map(|&name| Finding::new(name, "is missing"));
    let mut strange: Vec<&str> = tree.iter().map(|(path, _)| top(path)).collect();
    strange.retain(|name| !TOP.contains(name) && !OPTIONAL.contains(name));
    strange.dedup();
    missing
        .chain(strange.into_iter().map(|name| Finding::new(name, "does not belong at the top")))
        .collect()
}

pub(super) fn readme_shows_the_commands(tree: &Tree) -> Vec<Finding> {
    let test = format!("cargo {}", check::TEST.join(" "));
    let readme = tree.text("README.md").unwrap_or_default();
    // A comment of the shell may follow a command.
    let lines = readme.lines().take(FIRST_SCREEN).filter_map(|line| line.split(" #").next());
    let shown: Vec<&str> = lines.map(str::trim).collect();
    [RUN, &test]
        .into_iter()
        .filter(|command| !shown.contains(command))
        .map(|command| {
            Finding::new("README.md", format!("does not show `{command}` on its first screen"))
        })
        .collect()
}

/// A fresh machine downloads every component named here before the first command does anything.
pub(super) fn toolchain(tree: &Tree) -> Vec<Finding> {
    let path = "rust-toolchain.toml";
    let file: toml::Table = tree.text(path).and_then(|text| text.parse().ok()).unwrap_or_default();
    let components =
        file.get("toolchain").and_then(|toolchain| toolchain.get("components")?.as_array());
    let named: Vec<&str> =
        components.into_iter().flatten().filter_map(|name| name.as_str()).collect();
    if named == ["rustfmt", "clippy"] {
        return Vec::new();
    }
    vec![Finding::new(path, "components must be rustfmt and clippy")]
}

fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_strange_at_the_top_is_named() {
        let complete: Vec<(&str, &str)> = TOP.iter().map(|&name| (name, "")).collect();
        assert_eq!(top_level(&Tree::of(&complete)), []);

        let changed =
            [&complete[1..], &[("scripts/a.sh", ""), ("scripts/b.sh", ""), ("rustfmt.toml", "")]]
                .concat();
        let expected = [
            Finding::new(".cargo", "is missing"),
            Finding::new("scripts", "does not belong at the top"),
        ];
        assert_eq!(top_level(&Tree::of(&changed)), expected);
    }

    #[test]
    fn both_commands_must_stand_on_the_first_screen() {
        let readme =
            |text: &str| readme_shows_the_commands(&Tree::of(&[("README.md", text)])).len();
        let commands =
            "```\ncargo run --release --bin agentd   # starts it\ncargo test --workspace\n```\n";
        assert_eq!(readme(commands), 0);
        assert_eq!(readme("cargo test --workspace --quiet\ncargo run --release --bin agentd\n"), 1);
        assert_eq!(readme(&format!("{}{commands}", "\n".repeat(FIRST_SCREEN))), 2);
        assert_eq!(readme_shows_the_commands(&Tree::default()).len(), 2);
    }

    #[test]
    fn the_toolchain_brings_two_components() {
        let count = |text| toolchain(&Tree::of(&[("rust-toolchain.toml", text)])).len();
        assert_eq!(count("[toolchain]\ncomponents = [\"rustfmt\", \"clippy\"]"), 0);
        assert_eq!(count("[toolchain]\ncomponents = [\"rustfmt\", \"clippy\", \"miri\"]"), 1);
        assert_eq!(count("[toolchain]"), 1);
    }
}
