//! Benches and tests that cargo builds all at once: one by one it would build what they share anew for each, with other
//! features.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::exec::{capture, cargo};
use crate::workspace::{Package, Workspace};
use crate::{Error, Result};

/// A program that cargo built.
#[derive(Debug)]
pub(super) struct Built<'a> {
    pub(super) package: &'a Package,
    /// The name of its target.
    pub(super) target: String,
    executable: PathBuf,
}

/// A line of what cargo says for programs.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Built<'_> {
    /// Returns the command that runs it as cargo would.
    pub(super) fn command(&self) -> Command {
        self.run_by(Command::new(&self.executable))
    }

    /// Returns the command with a time after which it is ended, with its children.
    pub(super) fn command_within(&self, seconds: &str) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=10", seconds]).arg(&self.executable);
        self.run_by(command)
    }

    fn run_by(&self, mut command: Command) -> Command {
        let dir = self.package.dir();
        command.current_dir(dir).env("CARGO_MANIFEST_DIR", dir);
        command
    }
}

/// Builds the targets of a kind that `args` ask for.
pub(super) fn build<'a, 'b>(
    workspace: &'a Workspace,
    kind: &str,
    args: impl IntoIterator<Item = &'b str>,
) -> Result<Vec<Built<'a>>> {
    let mut command = cargo(&workspace.root, args);
    command.args(["--no-run", "--message-format=json-render-diagnostics"]);
    programs(workspace, kind, &capture(&mut command)?)
}

fn programs<'a>(workspace: &'a Workspace, kind: &str, output: &str) -> Result<Vec<Built<'a>>> {
    let mut programs = Vec::new();
    for line in output.lines() {
        let message: Message = serde_json::from_str(line)
            .map_err(|source| Error::Json { what: "a line of cargo's".to_owned(), source })?;
        let Message { executable: Some(executable), manifest_path, target: Some(target) } = message
        else {
            continue;
        };
        let of = |package: &&Package| manifest_path.as_deref() == Some(package.manifest());
        if let Some(package) = workspace.packages.iter().find(of)
            && target.kind.iter().any(|one| one == kind)
        {
            programs.push(Built { package, target: target.name, executable });
        }
    }
    // Cargo names them as they are done.
    programs.sort_by(|one, other| {
        (&one.package.name, &one.target).cmp(&(&other.package.name, &other.target))
    });
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn programs_are_those_of_a_kind_with_their_packages() {
        let package = |name: &str| {
            serde_json::json!({"name": name, "manifest_path": format!("/w/{name}/Cargo.toml"),
                "features": {}, "targets": [], "publish": null})
        };
        let workspace: Workspace = serde_json::from_value(serde_json::json!({
            "workspace_root": "/w", "target_directory": "/t", "packages": [package("a"), package("b")]
        }))
        .unwrap();
        let line = |package: &str, kind: &str, executable: Option<&str>| {
            serde_json::json!({"reason": "compiler-artifact", "executable": executable,
                "manifest_path": format!("/w/{package}/Cargo.toml"),
                "target": {"name": "gate", "kind": [kind], "src_path": "x"}})
            .to_string()
        };
        let output = [
            line("b", "bench", Some("/t/b")),
            line("a", "bin", Some("/t/agentd")),
            line("a", "lib", None),
            line("a", "bench", Some("/t/a")),
            line("stranger", "bench", Some("/t/s")),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let found = programs(&workspace, "bench", &output.join("\n")).unwrap();
        let found: Vec<_> =
            found.iter().map(|one| (&*one.package.name, one.executable.as_path())).collect();
        assert_eq!(found, [("a", Path::new("/t/a")), ("b", Path::new("/t/b"))]);
        assert!(programs(&workspace, "bench", "no JSON").is_err());
    }
}
