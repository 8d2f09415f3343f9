//! The audit of the two bots that are wrong on purpose.
//!
//! Their lines say what is to be found there, so that the files can be read without the test, and the test has no list
//! of its own that could agree with the program by chance.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::auditctl;

/// Where it is, and which check finds it.
type Place = (String, u64, String);

#[test]
fn a_python_bot_shows_what_is_wrong_with_it() {
    compare("python");
}

#[test]
fn a_node_bot_shows_what_is_wrong_with_it() {
    compare("node");
}

#[test]
fn a_report_of_them_is_one_to_act_on() {
    let bot = bot("python");
    let ended = auditctl(&["check", bot.to_str().unwrap(), "--engine", ENGINES, "--format", "md"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let (blocks, roadmap) = ended.stdout.split_once("Roadmap").unwrap();
    let titles: BTreeSet<&str> =
        blocks.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert!(titles.len() > 10, "{titles:?}");
    for title in titles {
        let (_, name) = title.split_once("] ").unwrap();
        assert!(roadmap.contains(name), "the roadmap leaves out {title}");
    }
    assert!(blocks.contains("**Severity:** Critical") && blocks.contains("bot.py:"));
}

/// All that look at a tree and need nothing but the tree.
const ENGINES: &str = "ast,flow,secrets,conf";

fn compare(name: &str) {
    let bot = bot(name);
    let ended =
        auditctl(&["check", bot.to_str().unwrap(), "--engine", ENGINES, "--format", "json"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().iter().filter(|one| one["status"] == "fail");
    let found: BTreeSet<Place> = found.map(place).collect();
    let mut expected = BTreeSet::new();
    expectations(&bot, &bot, &mut expected);
    let missed: Vec<_> = expected.difference(&found).collect();
    let besides: Vec<_> = found.difference(&expected).collect();
    assert!(missed.is_empty() && besides.is_empty(), "missed: {missed:#?}\nbesides: {besides:#?}");
}

fn place(finding: &Value) -> Place {
    let file = &finding["files"][0];
    let id = finding["id"].as_str().unwrap().to_owned();
    (file["path"].as_str().unwrap().to_owned(), file["line"].as_u64().unwrap(), id)
}

/// Reads what the lines of all files below a folder expect.
fn expectations(root: &Path, folder: &Path, into: &mut BTreeSet<Place>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            expectations(root, &path, into);
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for (line, number) in text.lines().zip(1..) {
            for (mark, line_of_it) in [("expect: ", number), ("expect-above: ", number - 1)] {
                let Some((_, ids)) = line.split_once(mark) else { continue };
                let ids = ids.split_whitespace();
                into.extend(ids.map(|id| (name.to_owned(), line_of_it, id.to_owned())));
            }
        }
    }
}

fn bot(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/vulnerable-bots").join(name)
}
