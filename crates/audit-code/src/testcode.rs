//! Which files are tests.

/// Whether a file is a test, by its path.
pub(crate) fn is_test(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let in_tests = folders.split('/').any(|name| FOLDERS.contains(&name));
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
    let middle = stem.rsplit_once('.').map(|(_, middle)| middle);
    in_tests
        || stem == "conftest"
        || (end == "py" && (stem.starts_with("test_") || stem.ends_with("_test")))
        || matches!(middle, Some("test" | "spec"))
}

const FOLDERS: [&str; 6] = ["test", "tests", "__tests__", "testing", "spec", "specs"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_paths() {
        let check = |path, expected| assert_eq!(is_test(path), expected, "{path}");
        check("bot/tests/helpers.py", true);
        check("test_bot.py", true);
        check("src/bot_test.py", true);
        check("src/conftest.py", true);
        check("src/bot.spec.ts", true);
        check("src/__tests__/bot.js", true);
        check("src/bot.py", false);
        check("contest/latest.py", false);
        check("testcode/attest.py", false);
    }
}
