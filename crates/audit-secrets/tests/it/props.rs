use proptest::prelude::*;

use crate::{audit, telegram, told};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is before and behind it, a token that begins and ends at a boundary is found, at its line.
    #[test]
    fn a_token_is_found_in_any_text(before in "[ -~\n]{0,200}", behind in "[ -~\n]{0,200}") {
        let text = format!("{before}\n {} \n{behind}", telegram());
        let line = 2 + before.matches('\n').count();
        let found = told(&audit(&[("notes", &text)]));
        let place = format!("notes:{line}");
        prop_assert!(found.contains(&("secret-telegram-token".to_owned(), place)), "{found:?}");
    }

    /// No bytes make it panic.
    #[test]
    fn any_text_is_judged(text in "\\PC{0,400}") {
        audit(&[("a.py", &text), (".env", &text), (".gitignore", &text), ("a", &text)]);
    }
}
