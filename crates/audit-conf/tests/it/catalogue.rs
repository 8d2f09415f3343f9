//! The catalogue.

use std::collections::BTreeSet;

use wardkit_audit::{EngineKind, Profile, Severity};
use wardkit_audit_conf::ConfEngine;

#[test]
fn every_check_says_everything_once() {
    let checks = ConfEngine::catalogue();
    assert!(checks.len() >= 100, "{}", checks.len());
    let ids: BTreeSet<&str> = checks.iter().map(|check| check.id.as_ref()).collect();
    assert_eq!(ids.len(), checks.len());
    let titles: BTreeSet<&str> = checks.iter().map(|check| check.title.as_ref()).collect();
    assert_eq!(titles.len(), checks.len());
    for check in &checks {
        let id = &check.id;
        assert_eq!(check.engine, EngineKind::Conf);
        assert!(!id.contains(char::is_uppercase), "{id}");
        assert!(!check.title.ends_with('.') && check.title.len() < 72, "{id}");
        assert!(check.description.ends_with('.') && check.expected.ends_with('.'), "{id}");
        assert!(check.recommendation.ends_with('.') && !check.cwe.is_empty(), "{id}");
        assert!(check.owasp.iter().all(|item| item.contains(":20")), "{id}");
    }
}

#[test]
fn what_is_grave_is_in_the_default_profile() {
    for check in ConfEngine::catalogue() {
        let is_default = check.profiles.contains(&Profile::Ci);
        assert!(is_default || check.severity <= Severity::Medium, "{}", check.id);
    }
}
