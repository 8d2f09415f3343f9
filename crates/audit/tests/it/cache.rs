//! What was said of files before.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use wardkit_audit::{
    Audit, Cache, Check, Engine, Fact, Finding, Project, Report, Sink, SourceFile, Status, render,
};

use crate::{Words, check, clock, tree};

/// Counts how often it is asked.
struct Counted<'a> {
    asked: &'a AtomicUsize,
    version: Option<&'static str>,
}

impl Engine for Counted<'_> {
    fn checks(&self) -> Vec<Check> {
        vec![check()]
    }

    fn version(&self) -> Option<String> {
        self.version.map(str::to_owned)
    }

    fn wants(&self, path: &str) -> bool {
        Words.wants(path)
    }

    fn file(&self, file: &SourceFile<'_>, sink: &mut Sink) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Words.file(file, sink);
    }
}

/// An audit with a cache, which tells how many files an engine was asked about.
fn asked(tree: &Path, cache: &Path, version: Option<&'static str>) -> (usize, Report) {
    let (count, clock) = (AtomicUsize::new(0), clock());
    let engine = Counted { asked: &count, version };
    let audit = Audit::new(&clock).with_engine(engine).with_cache(Cache::new(cache, "build"));
    let report = audit.of_tree(tree).unwrap();
    (count.load(Ordering::Relaxed), report)
}

fn only_file(folder: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    files.remove(0)
}

#[test]
fn only_what_is_new_is_judged_and_the_report_is_the_same() {
    let (folder, cache) =
        (tree(&[("a.py", "bad\nbad # bad\n"), ("b.py", "good")]), tempfile::tempdir().unwrap());
    let cache = cache.path().join("not/there");
    let run = |version| asked(folder.path(), &cache, version);
    let (first, cold) = run(Some("1"));
    let (second, warm) = run(Some("1"));
    assert_eq!((first, second), (2, 0));
    for renders in [render::text, render::json, render::markdown, render::sarif, render::html] {
        assert!(renders(&cold) == renders(&warm));
    }
    fs::write(folder.path().join("b.py"), "bad too").unwrap();
    let (third, report) = run(Some("1"));
    assert_eq!((third, report.findings.len()), (1, cold.findings.len() + 1));
    fs::rename(folder.path().join("b.py"), folder.path().join("c.py")).unwrap();
    let (moved, report) = run(Some("1"));
    assert_eq!((moved, report.findings[2].path()), (1, "c.py"));
    // Other rules.
    assert_eq!(run(Some("2")).0, 2);
    assert_eq!(run(Some("1")).0, 0);
    // An engine that does not say what its answers depend on.
    assert_eq!((run(None).0, run(None).0), (2, 2));
}

/// Judges what it kept of files.
struct Keeping<'a>(Counted<'a>);

impl Engine for Keeping<'_> {
    fn checks(&self) -> Vec<Check> {
        vec![check()]
    }

    fn version(&self) -> Option<String> {
        self.0.version()
    }

    fn wants(&self, path: &str) -> bool {
        self.0.wants(path)
    }

    fn file(&self, file: &SourceFile<'_>, sink: &mut Sink) {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        sink.keep(Fact::new("word", file.location(0), file.text()));
        sink.keep(Fact::new("other", file.location(0), "bad"));
    }

    fn whole(&self, project: &Project<'_>, sink: &mut Sink) {
        for fact in project.facts("word").filter(|fact| fact.text == "bad") {
            let current = format!("{} is {}", fact.place.path, fact.text);
            sink.report(Finding::new(&check(), Status::Fail, current).at(fact.place.clone()));
        }
    }
}

#[test]
fn facts_are_remembered_with_the_file() {
    let files = [("b.py", "bad"), ("a.py", "bad"), ("c.py", "good")];
    let (folder, cache) = (tree(&files), tempfile::tempdir().unwrap());
    let run = || {
        let (asked, clock) = (AtomicUsize::new(0), clock());
        let engine = Keeping(Counted { asked: &asked, version: Some("1") });
        let cache = Cache::new(cache.path(), "build");
        let report = Audit::new(&clock).with_engine(engine).with_cache(cache);
        let report = report.of_tree(folder.path()).unwrap();
        let found: Vec<String> = report.findings.iter().map(|one| one.path().to_owned()).collect();
        (asked.load(Ordering::Relaxed), found)
    };
    let expected = vec!["a.py".to_owned(), "b.py".to_owned()];
    assert_eq!(run(), (3, expected.clone()));
    assert_eq!(run(), (0, expected));
}

#[test]
fn what_is_damaged_or_open_to_others_is_not_believed_and_is_replaced() {
    let (folder, cache) = (tree(&[("a.py", "bad")]), tempfile::tempdir().unwrap());
    let run = || asked(folder.path(), cache.path(), Some("1"));
    assert_eq!(run().0, 1);
    let file = only_file(cache.path());
    let whole = fs::read(&file).unwrap();
    for cut in [0, 1, 31, 32, whole.len() - 1] {
        fs::write(&file, &whole[..cut]).unwrap();
        assert_eq!((run().0, run().0), (1, 0), "{cut}");
    }
    let mut turned = whole.clone();
    *turned.last_mut().unwrap() ^= 1;
    fs::write(&file, &turned).unwrap();
    assert_eq!((run().0, run().0), (1, 0));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!((run().0, run().0), (1, 0));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // A link is not followed.
    let elsewhere = cache.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    assert_eq!((run().0, run().0), (1, 0));
    assert_eq!(fs::read(&elsewhere).unwrap(), whole);
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!((run().0, run().0), (1, 1));
}

#[test]
fn the_cache_is_never_in_the_tree() {
    let folder = tree(&[("a.py", "bad")]);
    let run = || asked(folder.path(), &folder.path().join("cache"), Some("1")).0;
    assert_eq!((run(), run()), (1, 1));
    assert!(!folder.path().join("cache").exists());
}
