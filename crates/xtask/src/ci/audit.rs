//! wardkit audits itself, by the command that its users run.

use std::path::Path;

use super::Ci;
use crate::exec::{cargo, run as run_program};
use crate::report::Counts;
use crate::{Error, Result};

/// Dependencies are judged where a database of advisories is given; the step `deny` judges them everywhere.
pub(super) fn run(ci: &Ci<'_>, _: &mut Counts) -> Result<()> {
    let root = &ci.workspace.root;
    let Some(advisories) = &ci.advisory_db else {
        return run_program(auditctl(root).args(["check", ".", "--engine", OF_THE_TREE]));
    };
    let scratch = tempfile::tempdir().map_err(Error::file("a temporary folder"))?;
    let database = scratch.path().join("advisories");
    run_program(auditctl(root).args(["db", "import", "--db"]).arg(&database).arg(advisories))?;
    let engines = format!("{OF_THE_TREE},deps");
    let mut check = auditctl(root);
    check.args(["check", ".", "--engine", &engines, "--db"]).arg(&database);
    // How old the snapshot is, is the affair of whoever gives it.
    run_program(check.args(["--db-max-age", "3650"]))
}

/// The engines that need nothing but the tree.
const OF_THE_TREE: &str = "ast,flow,secrets,conf";

fn auditctl(root: &Path) -> std::process::Command {
    cargo(root, ["run", "--quiet", "-p", "wardkit-auditctl", "--"])
}
