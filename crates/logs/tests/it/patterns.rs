//! What is found in lines.

use std::path::Path;

use wardkit_logs::{Error, Line, Pattern, Patterns};

fn patterns(regexes: &[(&str, &str)]) -> Result<Patterns, Error> {
    let patterns: Vec<_> = regexes
        .iter()
        .map(|(file, regex)| Pattern { file: file.into(), regex: (*regex).to_owned() })
        .collect();
    Patterns::compile(&patterns)
}

fn found(patterns: &Patterns, file: &str, text: &str) -> Vec<(usize, Option<String>)> {
    let mut found = Vec::new();
    let line = Line { path: Path::new(file), text, is_cut: false };
    patterns.each_match(&line, |one| {
        found.push((one.index(), one.group("value").map(str::to_owned)));
    });
    found
}

#[test]
fn a_line_is_held_against_the_patterns_of_its_file() {
    let patterns = patterns(&[
        ("/a", r"took (?<value>[\d.]+) ?ms"),
        ("/b", "error"),
        ("/a", "error"),
        ("/a", r"error (?<value>\d+)?"),
    ])
    .unwrap();
    assert_eq!(patterns.files().collect::<Vec<_>>(), [Path::new("/a"), Path::new("/b")]);
    assert_eq!(patterns.groups(0).collect::<Vec<_>>(), ["value"]);
    assert_eq!(patterns.groups(1).count(), 0);
    assert_eq!(found(&patterns, "/a", "took 1.5 ms"), [(0, Some("1.5".to_owned()))]);
    assert_eq!(found(&patterns, "/b", "error 17"), [(1, None)]);
    assert_eq!(found(&patterns, "/a", "error 17"), [(2, None), (3, Some("17".to_owned()))]);
    assert_eq!(found(&patterns, "/a", "error x"), [(2, None), (3, None)]);
    assert_eq!(found(&patterns, "/c", "error"), []);
}

#[test]
fn a_pattern_that_is_none_is_named_by_its_place() {
    for bad in ["(", r"(?<value>\d+", "(?:a{1000}){1000}", r"(?<x>a)(?<x>b)"] {
        let error = patterns(&[("/a", "fine"), ("/b", bad)]).unwrap_err();
        assert_eq!(error.to_string(), "pattern 1", "{bad}");
        assert!(std::error::Error::source(&error).is_some(), "{bad}");
    }
}

#[test]
fn a_match_does_not_show_the_line() {
    let patterns = patterns(&[("/a", "password (?<value>.*)")]).unwrap();
    let line = Line { path: Path::new("/a"), text: "password hunter2", is_cut: false };
    let mut shown = String::new();
    patterns.each_match(&line, |one| shown = format!("{one:?}"));
    assert_eq!(shown, "Match { index: 0, .. }");
}
