//! The catalogue.

use std::collections::BTreeSet;

use wardkit_audit_deps::DepsEngine;

#[test]
fn every_check_says_everything_once() {
    let checks = DepsEngine::catalogue();
    let ids: BTreeSet<&str> = checks.iter().map(|check| check.id.as_ref()).collect();
    assert_eq!((ids.len(), checks.len()), (13, 13));
    for check in &checks {
        let id = &check.id;
        assert!(id.starts_with("dep-") && !id.contains(char::is_uppercase), "{id}");
        assert!(!check.title.ends_with('.') && check.title.len() < 72, "{id}");
        assert!(check.description.ends_with('.') && check.expected.ends_with('.'), "{id}");
        assert!(check.recommendation.ends_with('.') && !check.cwe.is_empty(), "{id}");
        assert!(check.owasp.iter().all(|item| item.contains(":20")), "{id}");
        assert!(!check.profiles.is_empty(), "{id}");
    }
}
