//! What changed since a commit, asked of git without obeying the repository.
//!
//! A repository's configuration can name programs that git runs: filters, hooks, file system monitors, text conversion. So
//! git gets a folder of our own, with our configuration, in which only the objects and the references are the
//! repository's.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wardkit_audit::Changes;
use wardkit_cli::{Report, escaped};

use super::{could_not_run, named};

/// Returns what changed below a folder since a commit.
pub(super) fn changes(path: &Path, reference: &str) -> Result<Changes, Report> {
    let path = path.canonicalize().map_err(|error| named(path, &error))?;
    let repository = Repository::around(&path)?;
    let commit = repository.commit(reference)?;
    let before = repository.files(&commit, &path)?;
    let mut changes = Changes::default();
    let mut there: Vec<(&String, PathBuf)> = Vec::new();
    for name in before.keys() {
        let file = path.join(name);
        // A name with a line break cannot be asked for; its file counts as new.
        let is_file = fs::symlink_metadata(&file).is_ok_and(|found| found.is_file());
        if is_file && !name.contains('\n') {
            there.push((name, file));
        }
    }
    let now = repository.hashes(&there)?;
    for ((name, file), now) in there.into_iter().zip(now) {
        let Some(old) = before.get(name) else { continue };
        if *old == now {
            changes.add_unchanged(name.clone());
            continue;
        }
        let old = repository.git(&["cat-file", "blob", old], None)?;
        let new = fs::read(&file).map_err(|error| named(&file, &error))?;
        // What is no text has no lines; it counts as new.
        if let (Ok(old), Ok(new)) = (String::from_utf8(old), String::from_utf8(new)) {
            changes.add_changed(name.clone(), &old, &new);
        }
    }
    Ok(changes)
}

/// A repository, as git is shown it.
pub(super) struct Repository {
    pub(super) top: PathBuf,
    pub(super) objects: PathBuf,
    /// Removed when it is dropped.
    pub(super) shown: tempfile::TempDir,
}

impl Repository {
    pub(super) fn around(path: &Path) -> Result<Self, Report> {
        let top = path.ancestors().find(|folder| folder.join(".git").exists());
        let top = top.ok_or_else(|| {
            could_not_run(format!(
                "{} lies in no git repository",
                escaped(&path.display().to_string())
            ))
        })?;
        let own = followed(&top.join(".git"), "gitdir:").unwrap_or_else(|| top.join(".git"));
        let common = followed(&own.join("commondir"), "").unwrap_or_else(|| own.clone());
        let shown = tempfile::tempdir().map_err(could_not_run)?;
        let made = || -> std::io::Result<()> {
            let config = fs::read_to_string(common.join("config")).unwrap_or_default();
            fs::write(shown.path().join("config"), configuration(&config))?;
            fs::copy(own.join("HEAD"), shown.path().join("HEAD"))?;
            symlink(common.join("refs"), shown.path().join("refs"))?;
            if common.join("packed-refs").exists() {
                symlink(common.join("packed-refs"), shown.path().join("packed-refs"))?;
            }
            // Where the history of a shallow clone ends.
            if common.join("shallow").exists() {
                symlink(common.join("shallow"), shown.path().join("shallow"))?;
            }
            fs::create_dir(shown.path().join("objects"))
        };
        made().map_err(|error| named(top, &error))?;
        Ok(Self { top: top.to_owned(), objects: common.join("objects"), shown })
    }

    pub(super) fn commit(&self, reference: &str) -> Result<String, Report> {
        let name = format!("{reference}^{{commit}}");
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &name];
        let found = self.git(&args, None).map_err(|_| {
            could_not_run(format!("{reference:?} is no commit of this repository"))
                .with_hint("a shallow clone lacks older commits: git fetch --deepen=100")
        })?;
        Ok(String::from_utf8_lossy(&found).trim().to_owned())
    }

    /// Returns the files of a commit below a folder, with the names of their contents.
    fn files(&self, commit: &str, path: &Path) -> Result<BTreeMap<String, String>, Report> {
        let below = path.strip_prefix(&self.top).unwrap_or(Path::new("")).to_string_lossy();
        let prefix = if below.is_empty() { String::new() } else { format!("{below}/") };
        let listed = self.git(&["ls-tree", "-r", "-z", "--full-tree", commit], None)?;
        let text = String::from_utf8_lossy(&listed);
        let file = |line: &str| {
            let (about, name) = line.split_once('\t')?;
            let name = name.strip_prefix(&prefix)?.to_owned();
            about.starts_with("100").then(|| Some((name, about.split(' ').nth(2)?.to_owned())))?
        };
        Ok(text.split('\0').filter_map(file).collect())
    }

    /// Returns the names that git has for the contents of files, as they are.
    fn hashes(&self, files: &[(&String, PathBuf)]) -> Result<Vec<String>, Report> {
        let mut list = String::new();
        for (_, file) in files {
            list.push_str(&file.display().to_string());
            list.push('\n');
        }
        let place = self.shown.path().join("list");
        fs::write(&place, list).map_err(could_not_run)?;
        let list = File::open(&place).map_err(could_not_run)?;
        let told = self.git(&["hash-object", "--no-filters", "--stdin-paths"], Some(list))?;
        let hashes: Vec<String> =
            String::from_utf8_lossy(&told).lines().map(str::to_owned).collect();
        if hashes.len() == files.len() {
            return Ok(hashes);
        }
        Err(could_not_run("git did not tell what the files are"))
    }

    fn git(&self, args: &[&str], input: Option<File>) -> Result<Vec<u8>, Report> {
        let mut git = self.command(args, input);
        let output = git.output().map_err(|error| {
            could_not_run(format!("git: {error}"))
                .with_hint("--diff and --history need git on the PATH")
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(could_not_run(format!("git {}: {}", args.first().unwrap_or(&""), escaped(said.trim()))))
    }

    /// Returns git, shown what it is to be shown.
    pub(super) fn command(&self, args: &[&str], input: Option<File>) -> Command {
        let mut git = Command::new("git");
        git.args(args)
            .current_dir("/")
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("GIT_DIR", self.shown.path())
            .env("GIT_OBJECT_DIRECTORY", &self.objects)
            .envs(SETTINGS)
            .stdin(input.map_or_else(Stdio::null, Stdio::from));
        git
    }
}

/// Returns where a file leads that names a folder.
fn followed(file: &Path, key: &str) -> Option<PathBuf> {
    let text = wardkit_cli::read_small_text(file).ok()?;
    let named = text.trim().strip_prefix(key)?.trim();
    Some(file.parent()?.join(named))
}

/// Of the repository's own configuration only the kind of its hashes counts.
fn configuration(theirs: &str) -> &'static str {
    let is_sha256 = theirs.lines().any(|line| {
        let line = line.to_ascii_lowercase().replace([' ', '\t'], "");
        line == "objectformat=sha256"
    });
    if is_sha256 {
        "[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectformat = sha256\n"
    } else {
        "[core]\nrepositoryformatversion = 0\nbare = true\n"
    }
}

/// Nothing of the user's configuration, nothing from the network, nobody to ask.
const SETTINGS: [(&str, &str); 7] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];
