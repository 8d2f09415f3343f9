//! What files say together.

use std::fs;
use std::path::Path;

use wardkit_audit::{Audit, Cache, Profile, Report, Status, render};
use wardkit_audit_code::CodeEngine;
use wardkit_core::ManualClock;

/// Audits files of a project.
fn audited(files: &[(&str, &str)], profile: Profile) -> Report {
    let folder = tree(files);
    // A budget that a busy machine cannot spend.
    let clock = ManualClock::default();
    audit(&clock, profile).of_tree(folder.path()).expect("a tree")
}

fn audit(clock: &ManualClock, profile: Profile) -> Audit<'_> {
    let engine = CodeEngine::new().expect("its own rules").judging_tests();
    Audit::new(clock).with_engine(engine).with_profile(profile)
}

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// Returns where a check failed, as `path:line`.
fn places(id: &str, files: &[(&str, &str)]) -> Vec<String> {
    let report = audited(files, Profile::Full);
    let found = report.findings.iter().filter(|finding| finding.id == id);
    found.map(|finding| finding.files[0].shown()).collect()
}

fn check(id: &str, files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(places(id, files), expected, "{files:?}");
}

fn revision(name: &str, after: &str) -> String {
    format!(
        "from alembic import op\n\nrevision = '{name}'\ndown_revision = {after}\n\ndef upgrade():\n    op.execute('select 1')\n\ndef downgrade():\n    op.execute('select 1')\n"
    )
}

#[test]
fn revisions_of_alembic_have_one_order() {
    let check = |revisions: &[(&str, &str, &str)], expected: &[&str]| {
        let texts: Vec<(String, String)> = revisions
            .iter()
            .map(|(file, name, after)| (format!("db/versions/{file}"), revision(name, after)))
            .collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        check("mig-multi-head", &files, expected);
    };
    let (first, second) = (("a.py", "a1", "None"), ("b.py", "b2", "'a1'"));
    check(&[first, second], &[]);
    // Two ends, and what puts them together.
    check(&[first, second, ("c.py", "c3", "'a1'")], &["db/versions/c.py:3"]);
    check(&[first, second, ("c.py", "c3", "'a1'"), ("d.py", "d4", "('b2', 'c3')")], &[]);
    // A gap; a cycle; one name of two.
    check(&[first, ("c.py", "c3", "'b2'")], &["db/versions/c.py:3", "db/versions/c.py:3"]);
    check(&[("a.py", "a1", "'b2'"), second], &["db/versions/a.py:3"]);
    check(&[first, ("z.py", "a1", "None")], &["db/versions/z.py:3", "db/versions/z.py:3"]);
    // Computed; by folders of years; by the first signs of a name.
    check(&[first, ("b.py", "b2", "before()"), ("c.py", "c3", "'a1'")], &[]);
    check(&[("2024/a.py", "a1", "None"), ("2025/b.py", "b2", "'a1'")], &[]);
    check(&[("a.py", "abcdef12", "None"), ("b.py", "b2", "'abcdef'")], &[]);
}

#[test]
fn branches_with_a_label_are_meant() {
    let labelled = |name: &str, label: &str| {
        format!(
            "revision: str = '{name}'\ndown_revision: str | None = None\nbranch_labels = ('{label}',)\n"
        )
    };
    let (one, other) = (labelled("a1", "users"), labelled("b2", "payments"));
    check("mig-multi-head", &[("versions/a.py", &one), ("versions/b.py", &other)], &[]);
    let plain = "revision: str = 'b2'\ndown_revision: str | None = None\n";
    let files =
        [("versions/a.py", plain), ("versions/b.py", "revision = 'c3'\ndown_revision = None\n")];
    check("mig-multi-head", &files, &["versions/b.py:1"]);
}

#[test]
fn migrations_of_django_have_one_leaf() {
    let migration = |body: &str| {
        format!(
            "from django.db import migrations\n\nclass Migration(migrations.Migration):\n    {body}\n"
        )
    };
    let check = |migrations: &[(&str, &str)], expected: &[&str]| {
        let texts: Vec<(String, String)> = migrations
            .iter()
            .map(|(name, body)| (format!("shop/migrations/{name}.py"), migration(body)))
            .collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        check("mig-multi-head", &files, expected);
    };
    let first = ("0001_initial", "dependencies = [('auth', '0009_x')]");
    let second = ("0002_a", "dependencies = [('shop', '0001_initial')]");
    let other = ("0002_b", "dependencies = [('shop', '0001_initial')]");
    check(&[first, second], &[]);
    check(&[first, second, other], &["shop/migrations/0002_b.py:3"]);
    let merge = ("0003_merge", "dependencies = [('shop', '0002_a'), ('shop', '0002_b')]");
    check(&[first, second, other, merge], &[]);
    check(
        &[first, ("0003_c", "dependencies = [('shop', '0002_gone')]")],
        &["shop/migrations/0003_c.py:3", "shop/migrations/0003_c.py:3"],
    );
    // A squash stands for those that it replaces.
    let squash = (
        "0001_squashed",
        "dependencies = []\n    replaces = [('shop', '0001_initial'), ('shop', '0002_a')]",
    );
    check(&[first, second, squash, ("0003_c", "dependencies = [('shop', '0002_a')]")], &[]);
}

#[test]
fn numbers_of_migrations_are_their_own() {
    let check = |names: &[&str], expected: &[&str]| {
        let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, "select 1;\n")).collect();
        check("mig-multi-head", &files, expected);
    };
    check(
        &["migrations/001_users.sql", "migrations/001_orders.sql"],
        &["migrations/001_users.sql"],
    );
    check(&["db/V2__users.sql", "db/V2__orders.sql"], &["db/V2__users.sql"]);
    check(&["migrations/001_users.up.sql", "migrations/001_users.down.sql"], &[]);
    check(&["db/V2__users.sql", "db/U2__users.sql", "db/V3__orders.sql"], &[]);
    check(&["migrations/001_users.sql", "migrations/002_orders.sql"], &[]);
    check(&["reports/1_a.sql", "reports/1_b.sql"], &[]);
    check(&["tests/migrations/1_a.sql", "tests/migrations/1_b.sql"], &[]);
}

#[test]
fn modules_that_import_each_other_are_told_once() {
    let id = "q-import-cycle";
    let files = [("bot/a.py", "from bot import b\n"), ("bot/b.py", "import bot.a\n")];
    check(id, &files, &["bot/a.py:1"]);
    check(
        id,
        &[("bot/a.py", "from .b import x\n"), ("bot/b.py", "from . import a\n")],
        &["bot/a.py:1"],
    );
    let files =
        [("src/a.ts", "import { b } from './b.js';\n"), ("src/b.ts", "export * from './a';\n")];
    check(id, &files, &["src/a.ts:1"]);
    // Only later, only for types, only down.
    let late = "def f():\n    from bot import a\n";
    check(id, &[("bot/a.py", "from bot import b\n"), ("bot/b.py", late)], &[]);
    let typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bot import a\n";
    check(id, &[("bot/a.py", "from bot import b\n"), ("bot/b.py", typed)], &[]);
    check(
        id,
        &[("a.ts", "import { b } from './b';\n"), ("b.ts", "import type { A } from './a';\n")],
        &[],
    );
    check(id, &[("bot/a.py", "from bot import b\n"), ("bot/b.py", "import os\n")], &[]);
}

#[test]
fn blocks_that_stand_twice_are_told_where_they_come_again() {
    let block = |name: &str, call: &str| {
        let lines: Vec<String> = (0..12)
            .map(|line| format!("    total = {call}(total, {line}, rows[{line}])"))
            .collect();
        format!("def {name}(rows, total):\n{}\n    return total\n", lines.join("\n"))
    };
    let id = "q-dup-block";
    check(id, &[("a.py", &block("f", "add")), ("b.py", &block("g", "add"))], &["b.py:2"]);
    let twice = block("f", "add") + &block("g", "add");
    check(id, &[("a.py", &twice)], &["a.py:16"]);
    check(id, &[("a.py", &block("f", "add")), ("b.py", &block("g", "mul"))], &[]);
    check(id, &[("a.py", &block("f", "add")), ("tests/b.py", &block("g", "add"))], &[]);
}

#[test]
fn a_project_has_tests_and_they_know_its_handlers() {
    let bot = "@bot.message_handler(commands=['start'])\ndef start(message):\n    pass\n\n@bot.message_handler(commands=['help'])\ndef help_me(message):\n    pass\n";
    let sources = [("bot.py", bot), ("a.py", "x = 1\n"), ("b.py", "x = 1\n")];
    check("q-no-tests", &sources, &["a.py"]);
    check("q-untested-handler", &sources, &[]);
    let test = (
        "tests/test_bot.py",
        "from bot import start\n\ndef test_start():\n    assert start(1) is None\n",
    );
    let tested = [sources[0], sources[1], sources[2], test];
    check("q-no-tests", &tested, &[]);
    check("q-untested-handler", &tested, &["bot.py:6"]);
    // A script is none.
    check("q-no-tests", &sources[..1], &[]);
    // Each project by itself.
    let files = [
        ("one/package.json", "{}"),
        ("one/a.js", "f()\n"),
        ("one/b.js", "f()\n"),
        ("one/c.js", "f()\n"),
        ("two/package.json", "{}"),
        ("two/a.js", "f()\n"),
        ("two/b.js", "f()\n"),
        ("two/c.js", "f()\n"),
        ("two/a.test.js", "test(f)\n"),
    ];
    check("q-no-tests", &files, &["one/a.js"]);
}

#[test]
fn a_report_of_coverage_is_read() {
    let status = |files: &[(&str, &str)]| {
        let report = audited(files, Profile::Full);
        report.checks.iter().find(|check| check.id == "q-coverage-low").map(|check| check.status)
    };
    assert_eq!(status(&[("coverage.xml", "<coverage line-rate=\"0.41\">")]), Some(Status::Fail));
    assert_eq!(status(&[("out/lcov.info", "LF:100\nLH:12\n")]), Some(Status::Fail));
    assert_eq!(status(&[("coverage.xml", "<coverage line-rate=\"0.91\">")]), Some(Status::Pass));
    assert_eq!(status(&[("lcov.info", "LF:100\nLH:60\n")]), Some(Status::Pass));
    assert_eq!(status(&[("coverage.xml", "nothing")]), Some(Status::Unknown));
    assert_eq!(status(&[("bot.py", "x = 1\n")]), Some(Status::NotApplicable));
}

#[test]
fn what_was_remembered_of_files_gives_the_same_report() {
    let (one, other) = (revision("a1", "None"), revision("b2", "None"));
    let folder = tree(&[
        ("versions/a.py", &one),
        ("versions/b.py", &other),
        ("a.py", "import b\n"),
        ("b.py", "import a\n"),
    ]);
    let (clock, cache) = (ManualClock::default(), tempfile::tempdir().expect("a folder"));
    let run = || {
        let audit = audit(&clock, Profile::Full).with_cache(Cache::new(cache.path(), "build"));
        render::json(&audit.of_tree(folder.path()).expect("a tree"))
    };
    let cold = run();
    assert!(cold.contains("mig-multi-head") && cold.contains("q-import-cycle"));
    assert!(cold == run());
}
