//! Files of the environment, and whether git leaves them out.

use globset::{Glob, GlobBuilder, GlobMatcher};
use memchr::memmem;
use wardkit_audit::{Check, Finding, Location, Project, Sink, Status};

use crate::catalogue::{self, ENV_FILE_TRACKED, GITIGNORE_MISSES_ENV};
use crate::{place, value};

/// Judges the files of the environment of a project.
pub(crate) fn judge(project: &Project<'_>, sink: &mut Sink) {
    let check = |id: &str| catalogue::all().into_iter().find(|check| check.id == id);
    let (Some(tracked), Some(misses)) = (check(ENV_FILE_TRACKED), check(GITIGNORE_MISSES_ENV))
    else {
        return;
    };
    let ignored = Ignored::of(project);
    let files = || project.files().iter().filter(|path| !place::is_test(path));
    let mut is_told = false;
    for path in files().filter(|path| place::is_env(path)) {
        if !ignored.covers(path) && project.read(path).is_some_and(|text| has_values(&text)) {
            is_told = true;
            sink.report(of_file(&tracked, path));
        }
    }
    let has_example = || files().any(|path| place::is_env_example(path));
    let is_repository = !ignored.lines.is_empty()
        || project.read(".git/HEAD").is_some()
        || project.files().iter().any(|path| path == ".gitignore");
    if is_repository && !is_told && (has_example() || reads_env(project)) && !ignored.covers(".env")
    {
        let current = "No line of .gitignore is for .env.";
        sink.report(
            Finding::new(&misses, Status::Fail, current)
                .about(".env", "")
                .at(Location::file(".gitignore")),
        );
    }
}

/// Whether the project depends on what reads `.env`.
fn reads_env(project: &Project<'_>) -> bool {
    let manifests = project.files().iter().filter(|path| {
        let name = place::name(path);
        MANIFESTS.contains(&name) || name.starts_with("requirements")
    });
    manifests.take(MOST_MANIFESTS).filter_map(|path| project.read(path)).any(|text| {
        READERS.iter().any(|reader| memmem::find(text.as_bytes(), reader.as_bytes()).is_some())
    })
}

fn of_file(check: &Check, path: &str) -> Finding {
    let current = format!("No line of .gitignore is for {path}.");
    Finding::new(check, Status::Fail, current).about(path, "").at(Location::file(path))
}

/// Whether some variable whose name is that of a secret has a value of its own.
fn has_values(text: &str) -> bool {
    let named = |name: &str| {
        let name = name.to_ascii_uppercase();
        SECRET_NAMES.iter().any(|word| name.contains(word))
    };
    text.lines().filter_map(|line| line.trim_start().split_once('=')).any(|(name, set)| {
        let set = set.trim().trim_matches(['"', '\'']);
        !name.starts_with('#')
            && named(name)
            && !set.is_empty()
            && !value::is_reference(set)
            && !value::is_placeholder(set)
    })
}

/// What the lines of the `.gitignore` files of a project leave out.
struct Ignored {
    lines: Vec<Line>,
}

/// A line of `.gitignore`.
struct Line {
    /// The folder that it counts in, with `/` at its end.
    below: String,
    glob: GlobMatcher,
    is_folder: bool,
    takes_back: bool,
}

impl Ignored {
    fn of(project: &Project<'_>) -> Self {
        let mut lines = Vec::new();
        // Those of inner folders come later in the order of paths and weigh more.
        for path in project.files().iter().filter(|path| place::name(path) == ".gitignore") {
            let below = path.trim_end_matches(".gitignore");
            let text = project.read(path).unwrap_or_default();
            lines.extend(text.lines().take(MOST_LINES).filter_map(|line| Line::parse(line, below)));
        }
        lines.sort_by_key(|line| line.below.len());
        Self { lines }
    }

    /// Whether the last line that is for a file, or for a folder above it, leaves it out.
    fn covers(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.into_iter().any(|end| {
            let last = self.lines.iter().rfind(|line| line.is_for(&path[..end], end < path.len()));
            last.is_some_and(|line| !line.takes_back)
        })
    }
}

impl Line {
    fn parse(line: &str, below: &str) -> Option<Self> {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (takes_back, line) = line.strip_prefix('!').map_or((false, line), |line| (true, line));
        let (is_folder, line) = line.strip_suffix('/').map_or((false, line), |line| (true, line));
        let is_anchored = line.contains('/');
        let line = line.strip_prefix('/').unwrap_or(line);
        let glob = if is_anchored { line.to_owned() } else { format!("**/{line}") };
        let glob: Glob = GlobBuilder::new(&glob).literal_separator(true).build().ok()?;
        Some(Self { below: below.to_owned(), glob: glob.compile_matcher(), is_folder, takes_back })
    }

    fn is_for(&self, path: &str, is_folder: bool) -> bool {
        let inner = path.strip_prefix(&self.below);
        (is_folder || !self.is_folder) && inner.is_some_and(|inner| self.glob.is_match(inner))
    }
}

const SECRET_NAMES: [&str; 8] =
    ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "KEY", "DSN", "DATABASE_URL", "WEBHOOK"];

const MANIFESTS: [&str; 6] =
    ["Cargo.toml", "Gemfile", "Pipfile", "go.mod", "package.json", "pyproject.toml"];

/// The packages that read `.env`, by what is in all their names; Pydantic's settings do, too.
const READERS: [&str; 2] = ["dotenv", "pydantic-settings"];

/// A workspace has one a package; the first ones tell.
const MOST_MANIFESTS: usize = 32;

/// No project has more.
const MOST_LINES: usize = 5000;

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(lines: &str, path: &str) -> bool {
        let lines = lines.lines().filter_map(|line| Line::parse(line, "")).collect();
        Ignored { lines }.covers(path)
    }

    #[test]
    fn lines_of_gitignore_count_as_git_counts_them() {
        for (lines, path) in [
            (".env", ".env"),
            (".env*", "bot/.env.production"),
            ("*.env", ".env"),
            ("/.env", ".env"),
            ("bot/", "bot/.env"),
            ("**/.env", "a/b/.env"),
            (".env\n!.env.example", ".env"),
        ] {
            assert!(covers(lines, path), "{lines} {path}");
        }
        for (lines, path) in [
            ("", ".env"),
            ("# .env", ".env"),
            ("/.env", "bot/.env"),
            (".env/", ".env"),
            (".env\n!.env", ".env"),
            ("env/", ".env"),
        ] {
            assert!(!covers(lines, path), "{lines} {path}");
        }
    }

    #[test]
    fn only_values_of_secrets_count() {
        assert!(has_values("DEBUG=1\nBOT_TOKEN=a8Kf93nQz\n"));
        for text in [
            "DEBUG=1\n",
            "BOT_TOKEN=\n",
            "BOT_TOKEN=your-token\n",
            "# BOT_TOKEN=a8Kf93nQz\n",
            "TOKEN=${T}\n",
        ] {
            assert!(!has_values(text), "{text}");
        }
    }
}
