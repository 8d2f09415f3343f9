//! The source of a new plugin in each language. They count the same, byte by byte, and answer in JSON.

use super::{Language, Template, ToolChain};

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

pub(super) const RUSTC: ToolChain = ToolChain {
    name: "Rust's compiler for wasm32-unknown-unknown",
    program: "rustc",
    args: &[
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
    ],
    install: "rustup target add wasm32-unknown-unknown",
    needs: "Rust by rustup, https://rustup.rs",
    missing: "can't find crate for `core`",
};

pub(super) const ZIG_CC: ToolChain = ToolChain {
    args: &[
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
    ],
    ..ZIG
};

pub(super) const ZIG: ToolChain = ToolChain {
    name: "Zig's compiler, as Python's package ziglang",
    program: "python3",
    args: &[
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
    ],
    install: "python3 -m pip install ziglang==0.17.1",
    needs: "Python 3 with pip; where the system's own is closed to pip, in an environment of python3 -m venv",
    missing: "No module named ziglang",
};

/// Not by npx: it would load and run a compiler from the network without being asked.
pub(super) const ASC: ToolChain = ToolChain {
    name: "AssemblyScript's compiler",
    program: "asc",
    args: &[
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
    ],
    install: "npm install --global assemblyscript@0.28.20",
    needs: "Node.js with npm",
    // Its first line asks env for node.
    missing: "env: ",
};
