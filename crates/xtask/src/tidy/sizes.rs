//! How long files may be.

use super::{Finding, Tree};

/// Lines of code a file aims to stay below.
const AIM: usize = 300;

/// Lines of code no file may exceed.
const WALL: usize = 500;

/// Lines of code of the guardian's own process, which must stay small enough to be read in one sitting: what holds the
/// services must not fail. What it shares with its master (types, messages, socket) is not counted.
const GUARDIAN: usize = 500;

/// All lines of these together, comments and blank ones included, may not exceed the number.
const CAPS: [Cap; 3] = [
    Cap { lines: 1200, whole: true, folder: "crates/core/src/", name: "" },
    Cap { lines: 60, whole: false, folder: "bins/", name: "/src/main.rs" },
    Cap { lines: 120, whole: false, folder: "bins/agentd/src/services/", name: ".rs" },
];

struct Cap {
    lines: usize,
    /// True when the number is for the folder, false when it is for each file.
    whole: bool,
    folder: &'static str,
    name: &'static str,
}

pub(super) fn walls(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = above(tree, WALL)
        .map(|(path, lines)| {
            Finding::new(path, format!("{lines} lines of code, {WALL} is the wall"))
        })
        .collect();
    let guardian =
        tree.rust_files().filter(|(path, _)| path.starts_with("crates/guardian/src/guardian"));
    let lines: usize = guardian.map(|(_, text)| code_lines(text)).sum();
    if lines > GUARDIAN {
        let path = "crates/guardian/src/guardian/";
        findings.push(Finding::new(path, format!("{lines} lines of code, {GUARDIAN} is the cap")));
    }
    for cap in &CAPS {
        let files = tree
            .rust_files()
            .filter(|(path, _)| path.starts_with(cap.folder) && path.ends_with(cap.name));
        let sizes: Vec<(&str, usize)> =
            files.map(|(path, text)| (path, text.lines().count())).collect();
        let sizes = if cap.whole {
            vec![(cap.folder, sizes.iter().map(|(_, lines)| lines).sum())]
        } else {
            sizes
        };
        let above = sizes.into_iter().filter(|(_, lines)| *lines > cap.lines);
        findings.extend(above.map(|(path, lines)| {
            Finding::new(path, format!("{lines} lines, {} is the cap", cap.lines))
        }));
    }
    findings
}

/// Returns what a reviewer should know but need not stop for.
pub(super) fn long_files(tree: &Tree) -> impl Iterator<Item = Finding> {
    above(tree, AIM)
        .filter(|(_, lines)| *lines <= WALL)
        .map(|(path, lines)| Finding::new(path, format!("{lines} lines of code, {AIM} is the aim")))
}

fn above(tree: &Tree, limit: usize) -> impl Iterator<Item = (&str, usize)> {
    tree.rust_files()
        .map(|(path, text)| (path, code_lines(text)))
        .filter(move |(_, lines)| *lines > limit)
}

/// Counts the lines that are neither blank nor comment.
fn code_lines(text: &str) -> usize {
    text.lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, lines: usize) -> (usize, usize) {
        let text = "let a = 1;\n".repeat(lines);
        let tree = Tree::of(&[(path, &text)]);
        (walls(&tree).len(), long_files(&tree).count())
    }

    #[test]
    fn files_are_noted_above_the_aim_and_fail_above_the_wall() {
        for (lines, expected) in
            [(AIM, (0, 0)), (AIM + 1, (0, 1)), (WALL, (0, 1)), (WALL + 1, (1, 0))]
        {
            assert_eq!(check("crates/x/src/a.rs", lines), expected, "{lines}");
        }
        assert_eq!(check("docs/a.md", WALL + 1), (0, 0));
    }

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        assert_eq!(code_lines("//! Page.\n\n/// Doc.\nfn a() {\n    // why\n    b();\n}\n"), 3);
    }

    #[test]
    fn programs_and_services_are_capped_each() {
        assert_eq!(check("bins/agentd/src/main.rs", 60), (0, 0));
        assert_eq!(check("bins/auditctl/src/main.rs", 61), (1, 0));
        assert_eq!(check("bins/agentd/src/services/http.rs", 120), (0, 0));
        assert_eq!(check("bins/agentd/src/services/http.rs", 121), (1, 0));
    }

    #[test]
    fn the_guardians_own_process_is_capped_as_a_whole() {
        let text = "let a = 1;\n".repeat(GUARDIAN - 100);
        let check = |path: &str, lines: usize| {
            let more = "let a = 1;\n".repeat(lines);
            walls(&Tree::of(&[("crates/guardian/src/guardian.rs", &text), (path, &more)])).len()
        };
        assert_eq!(check("crates/guardian/src/guardian/a.rs", 100), 0);
        assert_eq!(check("crates/guardian/src/guardian/a.rs", 101), 1);
        assert_eq!(check("crates/guardian/src/client.rs", 101), 0);
    }

    #[test]
    fn core_is_capped_as_a_whole_and_comments_count() {
        let (a, b) = ("// a\n".repeat(600), "// b\n".repeat(601));
        let tree = |second: &str| {
            Tree::of(&[("crates/core/src/a.rs", &a), ("crates/core/src/b.rs", second)])
        };
        assert_eq!(walls(&tree(&a)), []);
        assert_eq!(
            walls(&tree(&b)),
            [Finding::new("crates/core/src/", "1201 lines, 1200 is the cap")]
        );
    }
}
