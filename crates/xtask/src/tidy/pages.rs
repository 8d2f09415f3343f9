//! The crate pages.

use super::{Finding, Tree, manifests};

/// Each library's page says what the crate is for and shows an example; that every public item is documented is
/// the compiler's lint.
pub(super) fn crate_pages(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in manifests::published(tree).map(|dir| format!("{dir}/src/lib.rs")) {
        let Some(text) = tree.text(&path) else { continue };
        let page: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        if page.is_empty() {
            findings.push(Finding::at(&path, 1, "does not start with the crate's page"));
        } else if !page.iter().any(|line| line.trim_start().starts_with("```")) {
            findings.push(Finding::at(&path, 1, "shows no example on the crate's page"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_starts_with_its_page_and_shows_an_example() {
        let check = |text| {
            let findings = crate_pages(&Tree::of(&[
                ("crates/x/Cargo.toml", "[package]"),
                ("crates/x/src/lib.rs", text),
                ("examples/Cargo.toml", "[package]\npublish = false"),
                ("examples/src/lib.rs", ""),
            ]));
            findings.into_iter().map(|finding| finding.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            check("//! Retries.\n//!\n//! ```\n//! f();\n//! ```\n\nmod a;"),
            Vec::<String>::new()
        );
        assert_eq!(
            check("mod a;\n"),
            ["crates/x/src/lib.rs:1: does not start with the crate's page"]
        );
        let late = "//! Retries.\nmod a;\n//! ```\n";
        assert_eq!(check(late), ["crates/x/src/lib.rs:1: shows no example on the crate's page"]);
    }
}
