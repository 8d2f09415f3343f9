//! What is put right, and what is left alone.

use wardkit_audit_code::{Fixes, Rules};

#[test]
fn what_is_safe_to_put_right_is_put_right() {
    check("import yaml\nc = yaml.load(text)\n", "import yaml\nc = yaml.safe_load(text)\n");
    check("requests.get(url)\n", "requests.get(url, timeout=30)\n");
    check("requests.post(url, json=data)\n", "requests.post(url, json=data, timeout=30)\n");
    check("shard = hashlib.md5(name)\n", "shard = hashlib.md5(name, usedforsecurity=False)\n");
    // Letters that take several bytes stay whole.
    check("s = 'ü'; yaml.load(ß)\n", "s = 'ü'; yaml.safe_load(ß)\n");
    let two = "def load(a):\n    x = yaml.load(a)\n    return requests.get(x)\n";
    check(two, "def load(a):\n    x = yaml.safe_load(a)\n    return requests.get(x, timeout=30)\n");
}

#[test]
fn what_is_fine_or_not_understood_is_left_alone() {
    for text in ["requests.get(url, timeout=3)\n", "yaml.load(text, Loader=Mine)\n", "x = 1\n"] {
        assert_eq!(fixes("bot.py", text).unwrap().apply(), None, "{text}");
    }
    assert!(fixes("bot.py", "def broken(:\n    yaml.load(a)\n").is_none());
    assert!(fixes("notes.txt", "yaml.load(a)").is_none());
}

#[test]
fn only_what_is_wanted_is_changed() {
    let text = "yaml.load(a)\nrequests.get(b)\n";
    let some =
        fixes("bot.py", text).unwrap().only(|fix| fix.check == "no-timeout" && fix.line == 2);
    assert_eq!(some.apply().unwrap(), "yaml.load(a)\nrequests.get(b, timeout=30)\n");
    assert_eq!(some.list().len(), 1);
}

#[test]
fn a_diff_says_what_changes() {
    let text = "1\n2\n3\n4\nyaml.load(a)\n6\n7\n8\n9\n";
    let diff = fixes("bot.py", text).unwrap().diff("bot.py");
    let expected = "--- a/bot.py\n+++ b/bot.py\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-yaml.load(a)\n\
                    +yaml.safe_load(a)\n 6\n 7\n 8\n";
    assert_eq!(diff, expected);
    let diff = fixes("bot.py", "yaml.load(a)").unwrap().diff("bot.py");
    assert!(diff.ends_with(
        "-yaml.load(a)\n\\ No newline at end of file\n+yaml.safe_load(a)\n\\ No newline at end of file\n"
    ));
}

#[test]
fn patch_applies_what_the_diff_says() {
    let many: String = (0..40)
        .map(|at| if at % 9 == 2 { format!("yaml.load(a{at})\n") } else { format!("x{at} = 1\n") })
        .collect();
    let fixes = fixes("bot.py", &many).unwrap();
    let (diff, expected) = (fixes.diff("bot.py"), fixes.apply().unwrap());
    assert_eq!(patched(&many, &diff), expected);
}

/// Applies a unified diff, believing its numbers.
fn patched(text: &str, diff: &str) -> String {
    let old: Vec<&str> = text.lines().collect();
    let (mut new, mut at) = (Vec::new(), 0);
    for line in diff.lines().skip(2) {
        if let Some(head) = line.strip_prefix("@@ -") {
            let start: usize =
                head.split(',').next().and_then(|start| start.parse().ok()).expect("a number");
            new.extend(&old[at..start - 1]);
            at = start - 1;
        } else if let Some(added) = line.strip_prefix('+') {
            new.push(added);
        } else {
            assert_eq!(old[at], &line[1..]);
            if line.starts_with(' ') {
                new.push(old[at]);
            }
            at += 1;
        }
    }
    new.extend(&old[at..]);
    new.join("\n") + "\n"
}

fn check(text: &str, expected: &str) {
    let fixed = fixes("bot.py", text).and_then(|fixes| fixes.apply());
    assert_eq!(fixed.as_deref(), Some(expected));
}

fn fixes(path: &str, text: &str) -> Option<Fixes> {
    Fixes::of(&Rules::built_in().expect("they are sound"), path, text)
}
