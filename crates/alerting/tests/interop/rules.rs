//! Rule files and their unit tests: the verdict is promtool's.

mod check;
mod unit;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Returns the numbers of the files that promtool finds good, of those that were written as `N.yml`.
fn good_by_promtool(directory: &Path, what: &str, count: usize) -> BTreeSet<usize> {
    let files = (0..count).map(|index| format!("{index}.yml"));
    let mut promtool = Command::new("promtool");
    promtool.current_dir(directory).args([what, "rules"]).args(files);
    let output = promtool.output().expect("promtool is installed");
    let number = |name: &str| name.strip_suffix(".yml").and_then(|index| index.parse().ok());
    if what == "check" {
        // What is wrong with a file begins with its name; that a rule is there twice is only remarked.
        let answer = String::from_utf8(output.stderr).unwrap();
        let bad = answer.lines().filter_map(|line| number(line.split_once(": ")?.0));
        let bad: BTreeSet<usize> = bad.collect();
        return (0..count).filter(|index| !bad.contains(index)).collect();
    }
    let answer = String::from_utf8(output.stdout).unwrap();
    let mut good = BTreeSet::new();
    let mut current = None;
    for line in answer.lines() {
        if let Some(name) = line.strip_prefix("Unit Testing:  ") {
            current = number(name);
        } else if line.starts_with("  SUCCESS") {
            good.extend(current.take());
        }
    }
    good
}

/// Compares the verdicts on texts, and wants a hundred of each.
fn same_verdicts(what: &str, texts: &[String], own: impl Fn(&Path, &str) -> Result<(), String>) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("rules.yaml"), unit::RULES).unwrap();
    for (index, text) in texts.iter().enumerate() {
        std::fs::write(directory.path().join(format!("{index}.yml")), text).unwrap();
    }
    let good = good_by_promtool(directory.path(), what, texts.len());
    let mut wrong = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let path = directory.path().join(format!("{index}.yml"));
        match (own(&path, text), good.contains(&index)) {
            (Ok(()), true) | (Err(_), false) => {}
            (Ok(()), false) => wrong.push(format!("only promtool refuses:\n{text}")),
            (Err(reason), true) => wrong.push(format!("only we refuse, for {reason}:\n{text}")),
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n---\n"));
    let bad = texts.len() - good.len();
    assert!(good.len() >= 100 && bad >= 100, "{} good and {bad} bad", good.len());
}
