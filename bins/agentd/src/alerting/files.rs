//! The files that `[alerting]` names.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Watched;
use crate::file_pattern::fits;
use crate::regular_file::read_trusted;

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub path: PathBuf,
    pub text: String,
}

/// What was looked at: when it changes, it is looked at again.
pub(crate) type LookedAt = BTreeSet<Watched>;

/// Reads a file that decides what agentd does.
///
/// # Errors
///
/// Says why not, with the path.
pub(crate) fn read(path: &Path, looked: &mut LookedAt) -> Result<Text, String> {
    looked.insert(Watched::File(path.to_owned()));
    let failed = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
    let bytes = read_trusted(path).map_err(|error| failed(&error))?;
    let text = String::from_utf8(bytes).map_err(|_| failed(&"not UTF-8 text"))?;
    Ok(Text { path: path.to_owned(), text })
}

/// Reads all files that patterns name, each once, in order.
///
/// # Errors
///
/// Says what cannot be read. A pattern that fits no file is none; a name without `*` and `?` must be there.
pub(crate) fn read_all(
    base: &Path,
    patterns: &[String],
    looked: &mut LookedAt,
) -> Result<Vec<Text>, Vec<String>> {
    let (mut paths, mut errors) = (Vec::new(), Vec::new());
    for pattern in patterns {
        match find(base, pattern, looked) {
            Ok(found) => paths.extend(found),
            Err(error) => errors.push(format!("{pattern}: {error}")),
        }
    }
    paths.sort();
    paths.dedup();
    if paths.len() > MOST_FILES {
        errors.push(format!("{} files are more than {MOST_FILES}", paths.len()));
        return Err(errors);
    }
    let mut texts = Vec::new();
    for path in paths {
        match read(&path, looked) {
            Ok(text) => texts.push(text),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(texts) } else { Err(errors) }
}

/// Returns the paths that a pattern fits, one part after the other.
fn find(base: &Path, pattern: &str, looked: &mut LookedAt) -> io::Result<Vec<PathBuf>> {
    let start = if pattern.starts_with('/') { PathBuf::from("/") } else { base.to_owned() };
    let mut found = vec![start];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !part.contains(['*', '?']) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        let mut next = Vec::new();
        for directory in found {
            match list(&directory, part) {
                Ok(paths) => next.extend(paths),
                // A file beside the directories that were meant.
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => continue,
                Err(error) => return Err(error),
            }
            looked.insert(Watched::Fitting { directory, pattern: part.to_owned() });
        }
        found = next;
    }
    Ok(found)
}

fn list(directory: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let fits = name.to_str().is_some_and(|name| {
            // As in a shell, what is hidden is meant only by who says so.
            (pattern.starts_with('.') || !name.starts_with('.')) && fits(pattern, name)
        });
        if fits && found.len() <= MOST_FILES {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// More than anybody keeps rules in.
const MOST_FILES: usize = 1000;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_pattern_names_files_and_a_name_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["rules/a.yml", "rules/b.yml", "rules/.c.yml", "rules/d.txt", "more/a.yml"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let read = |patterns: &[&str]| {
            let patterns: Vec<_> = patterns.iter().map(|text| (*text).to_owned()).collect();
            let texts = read_all(dir.path(), &patterns, &mut LookedAt::new())?;
            Ok::<_, Vec<String>>(texts.into_iter().map(|text| text.text).collect::<Vec<_>>())
        };
        assert_eq!(read(&["rules/*.yml"]).unwrap(), ["rules/a.yml", "rules/b.yml"]);
        assert_eq!(
            read(&["*/a.yml", "rules/?.yml"]).unwrap(),
            ["more/a.yml", "rules/a.yml", "rules/b.yml"]
        );
        assert_eq!(read(&["rules/*.rules"]).unwrap(), [""; 0]);
        let mut looked = LookedAt::new();
        read_all(dir.path(), &["*/a.yml".to_owned(), "b.yml".to_owned()], &mut looked).unwrap_err();
        let path = |name: &str| dir.path().join(name);
        let fitting = |directory: &str, pattern: &str| Watched::Fitting {
            directory: path(directory),
            pattern: pattern.to_owned(),
        };
        let files = ["b.yml", "more/a.yml", "rules/a.yml"].map(|name| Watched::File(path(name)));
        assert_eq!(looked, [&[fitting("", "*")], &files[..]].concat().into_iter().collect());
        let errors = read(&["rules/e.yml", "none/*.yml"]).unwrap_err();
        assert!(errors[0].starts_with("none/*.yml: No such file"), "{errors:?}");
        assert!(errors[1].contains("rules/e.yml: "), "{errors:?}");
    }
}
