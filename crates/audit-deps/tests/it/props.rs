//! What holds for every text.

use proptest::prelude::*;
use wardkit_audit_deps::{Newest, Vex, lock};

const PATHS: [&str; 18] = [
    "Cargo.lock",
    "Cargo.toml",
    "package-lock.json",
    "package.json",
    "node_modules/a/package.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "Pipfile",
    "pyproject.toml",
    "go.sum",
    "go.mod",
    "Gemfile.lock",
    "composer.lock",
    "requirements.txt",
    "var/lib/dpkg/status",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_text_panics_and_lines_are_in_it(text in "([ \\n\\t{}\\[\\]\":,@=#/\\\\'<>~^*.-]|[a-c0-2]|é|name|version|packages|\\n  ){0,60}") {
        for path in PATHS {
            let Some(Ok(inventory)) = lock::read(path, &text) else { continue };
            let most = text.lines().count() + 2;
            for line in inventory.packages.iter().map(|one| one.line).chain(inventory.wishes.iter().map(|one| one.line)) {
                prop_assert!(line >= 1 && line as usize <= most, "{path}: {line}");
            }
        }
        let _ = (Newest::parse(&text), Vex::parse(&text));
    }

    #[test]
    fn pins_come_back(name in "[a-z]{3,9}", version in "[0-9]{1,3}(\\.[0-9]{1,3}){1,2}", before in 0_usize..5) {
        let text = format!("{}{name}=={version}\n", "# head\n".repeat(before));
        let inventory = lock::read("requirements.txt", &text).unwrap().unwrap();
        let one = &inventory.packages[0];
        prop_assert_eq!((one.name.as_str(), one.version.as_str(), one.line as usize), (name.as_str(), version.as_str(), before + 1));
    }
}
