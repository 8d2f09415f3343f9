//! The source of a new plugin in each language. They count the same, byte by byte, and answer in JSON.

use super::{Language, Template};

/// Returns the path of the source, and its text.
pub(super) fn of(language: Language, template: Template) -> (&'static str, String) {
    let frame = match language {
        Language::Rust => include_str!("../../../templates/plugin.rs.txt"),
        Language::C => include_str!("../../../templates/plugin.c"),
        Language::Zig => include_str!("../../../templates/plugin.zig"),
        Language::AssemblyScript => include_str!("../../../templates/plugin.ts"),
        Language::Python => include_str!("../../../templates/plugin.py"),
        Language::Wat => include_str!("../../../templates/plugin.wat"),
    };
    let key = template.counts().0;
    let head = format!("{{\"{key}\":");
    let bytes: Vec<String> = head.bytes().map(|byte| byte.to_string()).collect();
    let text = frame
        .replace("@KEY@", key)
        .replace("@HEAD_LENGTH@", &head.len().to_string())
        .replace("@KEY_BYTES@", &bytes.join(", "));
    (name(language), chosen(&text, template))
}

/// Returns the path of the source.
pub(super) const fn name(language: Language) -> &'static str {
    match language {
        Language::Rust => "plugin.rs",
        Language::C => "plugin.c",
        Language::Zig => "plugin.zig",
        Language::AssemblyScript => "plugin.ts",
        Language::Python => "plugin.py",
        Language::Wat => "plugin.wat",
    }
}

/// Keeps the lines of a frame that are for a template: a line `@basic,api@ text` is for those two, and becomes `text`.
fn chosen(frame: &str, template: Template) -> String {
    let mut text = String::new();
    for line in frame.lines() {
        let trimmed = line.trim_start();
        let indent = &line[..line.len() - trimmed.len()];
        let marked = trimmed.strip_prefix('@').and_then(|rest| rest.split_once("@ "));
        let (is_for, rest) = match marked {
            Some((names, rest)) => (names.split(',').any(|name| name == template.as_str()), rest),
            None => (true, trimmed),
        };
        if is_for {
            text += indent;
            text += rest;
            text.push('\n');
        }
    }
    text
}

pub(super) const RUSTC: &[&str] = &[
    "--edition=2024",
    "--target=wasm32-unknown-unknown",
    "--crate-type=cdylib",
    "-Copt-level=s",
    "-Cpanic=abort",
    "-Cstrip=symbols",
    "-Clink-arg=--max-memory=1048576",
    "-Clink-arg=-zstack-size=65536",
    "-o",
    "plugin.wasm",
    "plugin.rs",
];

pub(super) const ZIG_CC: &[&str] = &[
    "-m",
    "ziglang",
    "cc",
    "-target",
    "wasm32-freestanding",
    "-nostdlib",
    "-Os",
    "-s",
    "-Wl,--no-entry",
    "-Wl,--export=wk_alloc",
    "-Wl,--export=wk_handle",
    "-Wl,--max-memory=1048576",
    "-Wl,-z,stack-size=65536",
    "-o",
    "plugin.wasm",
    "plugin.c",
];

pub(super) const ZIG: &[&str] = &[
    "-m",
    "ziglang",
    "build-exe",
    "plugin.zig",
    "-target",
    "wasm32-freestanding",
    "-fno-entry",
    "-rdynamic",
    "-O",
    "ReleaseSmall",
    "--stack",
    "65536",
    "--max-memory=1048576",
    "-femit-bin=plugin.wasm",
];

pub(super) const ASC: &[&str] = &[
    "--yes",
    "--package=assemblyscript@0.28",
    "asc",
    "plugin.ts",
    "--runtime",
    "stub",
    "--use",
    "abort=",
    "--maximumMemory",
    "16",
    "--optimizeLevel",
    "3",
    "--shrinkLevel",
    "2",
    "--outFile",
    "plugin.wasm",
];
