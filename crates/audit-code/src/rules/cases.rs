//! The tests that rules bring.

use std::collections::BTreeSet;

use super::{Rules, Scan};
use crate::RuleError;
use crate::source::{Language, Parsed};

/// Runs the tests of the rules for a language.
pub(super) fn run(rules: &Rules, scan: &Scan, language: Language) -> Result<(), RuleError> {
    for (index, rule) in rules.all.iter().enumerate().filter(|(_, rule)| rule.is_for(language)) {
        // A superset's sources are not written twice: what is JavaScript is TypeScript too.
        for (key, cases, is_found) in
            [("tests.valid", &rule.valid, false), ("tests.invalid", &rule.invalid, true)]
        {
            for (number, case) in cases.iter().enumerate() {
                let found = found(rules, scan, language, case).map_err(|reason| {
                    rule.error(key, format!("source {}: {reason}", number + 1))
                })?;
                if found.contains(&index) != is_found {
                    let what = if is_found { "found nothing in" } else { "found something in" };
                    let shown = case.lines().next().unwrap_or_default();
                    let number = number + 1;
                    return Err(rule.error(key, format!("{what} source {number}, {shown:?}")));
                }
            }
        }
    }
    Ok(())
}

fn found(
    _rules: &Rules,
    scan: &Scan,
    language: Language,
    text: &str,
) -> Result<BTreeSet<usize>, &'static str> {
    let parsed = Parsed::parse(language, text, &|| false)?;
    let mut found = BTreeSet::new();
    let active = scan.active(text, &|_| true);
    scan.matches(&active, &parsed, &|| false, &mut |rule, _, _| {
        found.insert(rule);
    });
    Ok(found)
}
