//! What files were before, as git has it.
//!
//! Git reads the objects in its sealed surroundings: no configuration, hook, filter or text conversion of the repository
//! counts, nothing is fetched, and no other repository's objects are taken for its own.

use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use wardkit_audit_secrets::{History, OldFile};
use wardkit_cli::{Report, escaped};

use super::git::Repository;
use super::{could_not_run, named};

/// The history of a repository, below a folder of it.
pub(super) struct GitHistory {
    repository: Repository,
    /// The folder from the top of the repository, with `/` at its end, or nothing.
    below: String,
    since: Option<String>,
}

/// A content, and where it was first.
struct Blob {
    commit: usize,
    path: String,
}

type Failed = Box<dyn Error + Send + Sync>;

impl GitHistory {
    pub(super) fn new(folder: &Path, since: Option<&str>) -> Result<Self, Report> {
        let folder = folder.canonicalize().map_err(|error| named(folder, &error))?;
        let repository = Repository::around(&folder)?;
        if repository.objects.join("info/alternates").exists() {
            return Err(could_not_run("the repository borrows objects of another one")
                .with_hint("git repack -a -d, then remove .git/objects/info/alternates"));
        }
        let below = folder.strip_prefix(&repository.top).unwrap_or(Path::new(""));
        let below = below.to_string_lossy();
        let below = if below.is_empty() { String::new() } else { format!("{below}/") };
        let since = since.map(|reference| repository.commit(reference)).transpose()?;
        Ok(Self { repository, below, since })
    }

    /// Lists each content once, by the first commit and path that have it, and writes the names of the contents to a
    /// file for git.
    fn list(&self) -> Result<(Vec<String>, Vec<Blob>, PathBuf), Failed> {
        let names = self.repository.shown.path().join("blobs");
        let mut list = io::BufWriter::new(File::create(&names)?);
        let not = self.since.as_ref().map(|commit| format!("^{commit}"));
        let mut args = LOG.to_vec();
        args.extend(not.as_deref());
        let mut log = Running::start(&self.repository, &args, None)?;
        let (mut commits, mut blobs, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        while let Some(field) = log.field(0)? {
            let field = field.trim_start_matches('\n');
            if let Some(commit) = field.strip_prefix('\u{1}') {
                commits.push(commit.to_owned());
                continue;
            }
            let Some(about) = field.strip_prefix(':') else { continue };
            let path = log.field(0)?.ok_or("git's list of changes is cut off")?;
            // Old mode, new mode, old name, new name, letter; a link or another repository is no file.
            let mut about = about.split(' ').skip(1);
            let (mode, name) = (about.next().unwrap_or_default(), about.nth(1).unwrap_or_default());
            if let Some(path) = path.strip_prefix(&self.below)
                && mode.starts_with("100")
                && seen.insert(name.to_owned())
            {
                writeln!(list, "{name}")?;
                blobs.push(Blob { commit: commits.len().saturating_sub(1), path: path.to_owned() });
            }
            if blobs.len() > MOST_BLOBS {
                return Err(format!(
                    "it has more than {MOST_BLOBS} contents; name a commit with --since"
                )
                .into());
            }
        }
        log.end()?;
        list.flush()?;
        Ok((commits, blobs, names))
    }
}

impl History for GitHistory {
    fn visit(&self, take: &mut dyn FnMut(OldFile<'_>)) -> Result<(), Failed> {
        let (commits, blobs, names) = self.list()?;
        let names = File::open(names)?;
        let mut contents =
            Running::start(&self.repository, &["cat-file", "--batch", "--buffer"], Some(names))?;
        for blob in blobs {
            let head = contents.field(b'\n')?.ok_or("git's contents are cut off")?;
            let mut head = head.split(' ').skip(1);
            let (Some("blob"), Some(size)) = (head.next(), head.next()) else {
                return Err("an object is missing".into());
            };
            let Some(text) = contents.text(size.parse()?)? else { continue };
            let commit = commits.get(blob.commit).map_or("", String::as_str);
            take(OldFile { commit, path: &blob.path, text: &text });
        }
        contents.end()
    }
}

/// A git that is running, and what it says.
struct Running {
    git: Child,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(repository: &Repository, args: &[&str], input: Option<File>) -> Result<Self, Failed> {
        let mut git =
            repository.command(args, input).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = git.stdout.take().ok_or("git has no output")?;
        Ok(Self { git, output: BufReader::with_capacity(1 << 16, output) })
    }

    /// Reads up to an end that is left out. Nothing follows when there is none.
    fn field(&mut self, end: u8) -> io::Result<Option<String>> {
        let mut field = Vec::new();
        let limit = u64::try_from(LONGEST_FIELD).unwrap_or(u64::MAX);
        (&mut self.output).take(limit).read_until(end, &mut field)?;
        if field.is_empty() {
            return Ok(None);
        }
        if field.pop() != Some(end) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "git's output is cut off"));
        }
        Ok(Some(String::from_utf8_lossy(&field).into_owned()))
    }

    /// Reads a content and the line's end behind it. What is large or no text is passed over.
    fn text(&mut self, size: u64) -> io::Result<Option<String>> {
        let whole = size + 1;
        if size > LARGEST {
            io::copy(&mut (&mut self.output).take(whole), &mut io::sink())?;
            return Ok(None);
        }
        let mut content = Vec::new();
        (&mut self.output).take(whole).read_to_end(&mut content)?;
        if content.pop() != Some(b'\n') {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "git's output is cut off"));
        }
        let is_text = memchr::memchr(0, &content).is_none();
        Ok(is_text.then(|| String::from_utf8_lossy(&content).into_owned()))
    }

    fn end(mut self) -> Result<(), Failed> {
        let status = self.git.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(escaped(&format!("git ended with {status}")).into())
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless something went wrong.
        let _ = self.git.kill();
        let _ = self.git.wait();
    }
}

/// Every change of every commit that a reference leads to, the oldest first.
const LOG: [&str; 13] = [
    "log",
    "--all",
    "--reverse",
    "--raw",
    "-z",
    "-m",
    "--root",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--diff-filter=AMT",
    "--format=%x01%H",
];

/// Larger files are data, or were generated; the audit of files stops there, too.
const LARGEST: u64 = 2_000_000;

/// A path that git takes is shorter.
const LONGEST_FIELD: usize = 1 << 16;

/// Their paths take some hundred MB.
const MOST_BLOBS: usize = 2_000_000;
