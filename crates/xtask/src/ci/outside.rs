//! A stranger's project for each library: a path dependency with default features, one on every other library that
//! the example names, and the first example of the crate's page as its program.

use std::fs;
use std::path::Path;

use crate::exec::{capture, cargo, run as run_program};
use crate::workspace::{Package, Workspace};
use crate::{Error, Result};

/// Libraries whose default features must not bring an asynchronous runtime.
const WITHOUT_RUNTIME: [&str; 6] = [
    "wardkit-core",
    "wardkit-detect",
    "wardkit-logs",
    "wardkit-metrics",
    "wardkit-retry",
    "wardkit-tlog",
];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let scratch = tempfile::tempdir().map_err(Error::file("a temporary folder"))?;
    for package in workspace.libraries() {
        let dir = scratch.path().join(package.short_name());
        let example = example_of(package)?;
        println!(
            "--> a bot with {}{}",
            package.name,
            if example.runs { "" } else { ", built only" }
        );
        write_project(workspace, package, &example.program, &dir)?;
        // The shared target folder: the dependencies are built already.
        let command = if example.runs { "run" } else { "build" };
        run_program(cargo(&dir, [command, "--quiet"]).env("CARGO_TARGET_DIR", &workspace.target))?;
        if WITHOUT_RUNTIME.contains(&package.name.as_str()) {
            let tree =
                capture(&mut cargo(&dir, ["tree", "--edges", "normal", "--prefix", "none"]))?;
            if let Some(line) = tree.lines().find(|line| line.starts_with("tokio")) {
                return Err(Error::found(format!("{} brings {line} by default", package.name)));
            }
        }
    }
    Ok(())
}

fn write_project(
    workspace: &Workspace,
    package: &Package,
    program: &str,
    dir: &Path,
) -> Result<()> {
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        fs::write(&path, text).map_err(Error::file(&path))
    };
    let src = dir.join("src");
    fs::create_dir_all(&src).map_err(Error::file(&src))?;
    write("src/main.rs", program)?;
    let others = workspace.libraries().filter(|other| other.name != package.name);
    let named = others.filter(|other| program.contains(&other.name.replace('-', "_")));
    let mut dependencies: Vec<_> = std::iter::once(package).chain(named).map(dependency).collect();
    // What is asynchronous is awaited on a runtime, and the example chooses this one.
    if program.contains("tokio::") {
        dependencies.push("tokio = { version = \"1\", features = [\"rt\"] }".to_owned());
    }
    // The profile is the workspace's, or every dependency would be built a second time.
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"bot-with-{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{}\n\n\
             [profile.dev]\ndebug = \"line-tables-only\"\n\n[workspace]\n",
            package.short_name(),
            dependencies.join("\n"),
        ),
    )?;
    // The workspace's lockfile, so that a new release somewhere cannot break this; cargo drops what is not used.
    let lock = workspace.root.join("Cargo.lock");
    fs::copy(&lock, dir.join("Cargo.lock")).map_err(Error::file(lock)).map(|_| ())
}

fn dependency(package: &Package) -> String {
    let path = toml::Value::from(package.dir().display().to_string());
    format!("{} = {{ path = {path} }}", package.name)
}

/// A program made of an example.
#[derive(Debug, PartialEq, Eq)]
struct Example {
    program: String,
    /// False when the example says `no_run`.
    runs: bool,
}

/// Takes the first example of the README, else that of `lib.rs`.
fn example_of(package: &Package) -> Result<Example> {
    let read = |path: &str| {
        let path = package.dir().join(path);
        fs::read_to_string(&path).map_err(Error::file(path))
    };
    let lib = read("src/lib.rs")?;
    let page: Vec<&str> = lib
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    // A README marks its Rust; in documentation a block without a language is Rust.
    first_example(&read("README.md")?, |words| words.first() == Some(&"rust"))
        .or_else(|| {
            first_example(&page.join("\n"), |words| {
                words.iter().all(|word| ["rust", "no_run"].contains(word))
            })
        })
        .ok_or_else(|| {
            Error::found(format!("neither README.md nor lib.rs of {} has an example", package.name))
        })
}

/// Finds the first block whose words after the fence make it Rust to compile.
fn first_example(markdown: &str, is_rust: impl Fn(&[&str]) -> bool) -> Option<Example> {
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        let words: Vec<&str> = info.split([',', ' ']).filter(|word| !word.is_empty()).collect();
        if is_rust(&words) && !words.contains(&"ignore") {
            return Some(Example { program: program(&block), runs: !words.contains(&"no_run") });
        }
    }
    None
}

/// Does what rustdoc does with an example: shows its hidden lines to the compiler and gives it a `main`.
fn program(block: &[&str]) -> String {
    let line = |line: &&str| match line.trim_start().strip_prefix('#') {
        Some("") => String::new(),
        Some(hidden) if hidden.starts_with(' ') => hidden.trim_start().to_owned(),
        _ => (*line).to_owned(),
    };
    let code = block.iter().map(line).collect::<Vec<_>>().join("\n");
    if code.contains("fn main()") {
        code
    } else if code.trim_end().ends_with("(())") {
        format!(
            "fn main() {{\nfn example() -> Result<(), impl std::fmt::Debug> {{\n{code}\n}}\nexample().unwrap();\n}}\n"
        )
    } else {
        format!("fn main() {{\n{code}\n}}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(readme: &str, lib: &str) -> (tempfile::TempDir, Package) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        fs::write(dir.path().join("README.md"), readme).unwrap();
        fs::write(dir.path().join("src/lib.rs"), lib).unwrap();
        let package = serde_json::json!({
            "name": "wardkit-made", "manifest_path": dir.path().join("Cargo.toml"),
            "features": {}, "targets": [], "publish": null,
        });
        (dir, serde_json::from_value(package).unwrap())
    }

    #[test]
    fn the_first_rust_block_of_the_readme_becomes_the_program() {
        let readme = "# x\n```toml\n[a]\n```\n```\ntext\n```\n```rust\nlet a = 1;\n# assert_eq!(a, 1);\n```\n```rust\nno\n```\n";
        let (_dir, package) = package(readme, "//! ```\n//! no();\n//! ```\n");
        let program = "fn main() {\nlet a = 1;\nassert_eq!(a, 1);\n}\n".to_owned();
        assert_eq!(example_of(&package).unwrap(), Example { program, runs: true });
    }

    #[test]
    fn without_one_the_first_of_the_crate_page_does() {
        let (_dir, package) =
            package("```\ntext\n```", "//! ```text\n//! no\n//! ```\n//! ```\n//! f();\n//! ```\n");
        let program = "fn main() {\nf();\n}\n".to_owned();
        assert_eq!(example_of(&package).unwrap(), Example { program, runs: true });
    }

    #[test]
    fn an_example_that_needs_the_outside_world_is_built_only() {
        let (_dir, package) = package("```rust,no_run\nfn main() { listen() }\n```\n", "");
        assert_eq!(
            example_of(&package).unwrap(),
            Example { program: "fn main() { listen() }".to_owned(), runs: false }
        );
    }

    #[test]
    fn a_crate_without_an_example_is_an_error() {
        let (_dir, package) = package("# x", "//! No example.\n");
        let error = example_of(&package).unwrap_err().to_string();
        assert_eq!(error, "neither README.md nor lib.rs of wardkit-made has an example");
    }

    #[test]
    fn an_example_that_ends_in_ok_may_use_the_question_mark() {
        let program = program(&[
            "let n: u8 = \"1\".parse()?;",
            "#[allow(unused)]",
            "#",
            "# Ok::<(), std::num::ParseIntError>(())",
        ]);
        assert!(
            program.contains(
                "#[allow(unused)]\n\nOk::<(), std::num::ParseIntError>(())\n}\nexample().unwrap();"
            ),
            "{program}"
        );
    }
}
