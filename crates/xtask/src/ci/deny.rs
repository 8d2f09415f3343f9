//! The dependency check, against a copy of the advisory database or the fetched one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Ci;
use crate::exec::run as run_program;
use crate::report::Counts;
use crate::{Error, Result};

/// What cargo-deny fetches when its configuration names no database.
const DATABASE: &str = "https://github.com/RustSec/advisory-db";

pub(crate) fn run(ci: &Ci<'_>, _: &mut Counts) -> Result<()> {
    let root = &ci.workspace.root;
    match &ci.advisory_db {
        Some(db) => check_against(root, db),
        None => run_program(Command::new("cargo-deny").arg("check").current_dir(root)),
    }
}

/// cargo-deny reads a database only as a clone it made itself, and refuses one that was not fetched lately. So the
/// snapshot becomes a throw-away repository, git is told to take it for the public one, and the clone is
/// thrown away too.
fn check_against(root: &Path, snapshot: &Path) -> Result<()> {
    println!(
        "advisories: {} (newest of {})",
        snapshot.display(),
        newest_date(&snapshot.join("crates"))?
    );
    let scratch = tempfile::tempdir().map_err(Error::file("a temporary folder"))?;
    let repository = scratch.path().join("repository");
    commit(&snapshot.join("crates"), &repository)?;

    let config = scratch.path().join("deny.toml");
    write_config(&root.join("deny.toml"), &scratch.path().join("clones"), &config)?;
    let mut check = Command::new("cargo-deny");
    check.current_dir(root).arg("--config").arg(config).arg("check");
    check.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_VALUE_0", DATABASE);
    run_program(
        check.env("GIT_CONFIG_KEY_0", format!("url.file://{}.insteadOf", repository.display())),
    )
}

/// Commits a copy of the advisories on the branch that cargo-deny clones.
fn commit(advisories: &Path, repository: &Path) -> Result<()> {
    copy(advisories, &repository.join("crates"))?;
    // An identity of its own, and no signature: the user's settings have no part in this.
    let settings =
        ["-c", "user.name=ci", "-c", "user.email=ci@localhost", "-c", "commit.gpgSign=false"];
    for args in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &["commit", "--quiet", "--message=snapshot"],
    ] {
        run_program(Command::new("git").current_dir(repository).args(settings).args(args))?;
    }
    Ok(())
}

/// The clone goes to the scratch folder instead of the user's own cache of databases.
fn write_config(from: &Path, clones: &Path, to: &Path) -> Result<()> {
    let text = fs::read_to_string(from).map_err(Error::file(from))?;
    let mut config: toml::Table =
        toml::from_str(&text).map_err(|source| Error::Toml { path: from.to_owned(), source })?;
    let advisories = config.entry("advisories").or_insert_with(|| toml::Table::new().into());
    if let Some(table) = advisories.as_table_mut() {
        table.insert("db-path".to_owned(), clones.display().to_string().into());
    }
    fs::write(to, config.to_string()).map_err(Error::file(to))
}

fn newest_date(advisories: &Path) -> Result<String> {
    let mut newest = String::new();
    for path in files(advisories)? {
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let date = text.lines().find_map(|line| line.strip_prefix("date = \"")?.strip_suffix('"'));
        newest = newest.max(date.unwrap_or_default().to_owned());
    }
    if newest.is_empty() {
        return Err(Error::found(format!("{} holds no advisory", advisories.display())));
    }
    Ok(newest)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for path in files(from)? {
        let target = to.join(path.strip_prefix(from).unwrap_or(&path));
        let dir = target.parent().unwrap_or(to);
        fs::create_dir_all(dir).map_err(Error::file(dir))?;
        fs::copy(&path, &target).map_err(Error::file(&target))?;
    }
    Ok(())
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(Error::file(dir))? {
        let path = entry.map_err(Error::file(dir))?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshot_tells_its_newest_date_and_an_empty_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let error = newest_date(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("holds no advisory"), "{error}");
        for (name, date) in [("old", "2024-01-31"), ("new", "2025-06-01"), ("other", "2025-05-31")]
        {
            let krate = dir.path().join(name);
            fs::create_dir(&krate).unwrap();
            fs::write(
                krate.join("A.md"),
                format!("```toml\n[advisory]\ndate = \"{date}\"\n```\n# Title\n"),
            )
            .unwrap();
        }
        assert_eq!(newest_date(dir.path()).unwrap(), "2025-06-01");
    }

    #[test]
    fn the_configuration_gets_the_clones_folder_and_keeps_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("deny.toml"), dir.path().join("scratch.toml"));
        fs::write(&from, "[advisories]\nyanked = \"deny\"\n[sources]\nunknown-git = \"deny\"\n")
            .unwrap();
        write_config(&from, Path::new("clones"), &to).unwrap();
        let written: toml::Table = fs::read_to_string(&to).unwrap().parse().unwrap();
        assert_eq!(written["advisories"]["db-path"].as_str(), Some("clones"));
        assert_eq!(written["advisories"]["yanked"].as_str(), Some("deny"));
        assert_eq!(written["sources"]["unknown-git"].as_str(), Some("deny"));
    }
}
