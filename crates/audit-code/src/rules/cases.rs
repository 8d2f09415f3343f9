//! The tests that rules bring.

use super::{Rules, Scan};
use crate::RuleError;
use crate::source::{Language, Parsed};

/// Runs the tests of the rules for a language.
pub(super) fn run(rules: &Rules, scan: &Scan, language: Language) -> Result<(), RuleError> {
    scan.ready_all(rules)?;
    for (index, rule) in rules.all.iter().enumerate().filter(|(_, rule)| rule.is_for(language)) {
        // A superset's sources are not written twice: what is JavaScript is TypeScript too.
        for (key, cases, is_found) in
            [("tests.valid", &rule.valid, false), ("tests.invalid", &rule.invalid, true)]
        {
            for (number, case) in cases.iter().enumerate() {
                let found = is_found_in(rules, index, scan, language, case).map_err(|reason| {
                    rule.error(key, format!("source {}: {reason}", number + 1))
                })?;
                if found != is_found {
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

/// Whether a rule finds something in a source. The others are not asked: all rules on all cases take minutes.
fn is_found_in(
    rules: &Rules,
    rule: usize,
    scan: &Scan,
    language: Language,
    text: &str,
) -> Result<bool, String> {
    let parsed = Parsed::parse(language, text, &|| false)?;
    let active = scan.active(text, &|_| true).only(scan, rule);
    let mut is_found = false;
    let found = scan.matches(rules, &active, &parsed, &|| false, &mut |_, _, _| is_found = true);
    found.map_err(|error| error.to_string())?;
    Ok(is_found)
}
