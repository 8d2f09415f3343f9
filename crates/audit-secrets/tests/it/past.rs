use wardkit_audit::Status;
use wardkit_audit_secrets::{History, OldFile, SecretsEngine};

use crate::{audit_with, discord, telegram, told};

fn old(commit: &'static str, path: &'static str, text: String) -> OldFile<'static> {
    OldFile { commit, path, text: text.leak() }
}

#[test]
fn a_secret_of_the_past_is_told_once_with_its_commit_and_path() {
    let past = vec![
        old("1111", "bot.py", format!("\nT = '{}'\n", telegram())),
        old("2222", "other.py", format!("T = '{}'\n", telegram())),
    ];
    let report = audit_with(SecretsEngine::new().with_history(past), &[("bot.py", "T = load()\n")]);
    assert_eq!(told(&report), [("secret-in-history".to_owned(), "bot.py:2".to_owned())]);
    assert_eq!(report.findings[0].evidence, ["commit 1111"]);
}

#[test]
fn a_secret_that_is_still_there_is_told_there() {
    let past = vec![old("1111", "old.py", format!("T = '{}'\nD = '{}'\n", telegram(), discord()))];
    let now = format!("T = '{}'\n", telegram());
    let report = audit_with(SecretsEngine::new().with_history(past), &[("bot.py", &now)]);
    let found: Vec<_> = told(&report);
    assert_eq!(
        found,
        [
            ("secret-telegram-token".to_owned(), "bot.py:1".to_owned()),
            ("secret-in-history".to_owned(), "old.py:2".to_owned()),
        ]
    );
}

#[test]
fn a_history_that_cannot_be_read_has_not_passed() {
    struct Broken;
    impl History for Broken {
        fn visit(
            &self,
            _: &mut dyn FnMut(OldFile<'_>),
        ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            Err("an object is missing".into())
        }
    }
    let report = audit_with(SecretsEngine::new().with_history(Broken), &[("a.py", "a = 1\n")]);
    let outcome = report.checks.iter().find(|check| check.id == "secret-in-history").unwrap();
    assert_eq!(outcome.status, Status::Unknown);
    assert!(!report.is_complete());
    let report = audit_with(SecretsEngine::new(), &[("a.py", "a = 1\n")]);
    let outcome = report.checks.iter().find(|check| check.id == "secret-in-history").unwrap();
    assert_eq!(outcome.status, Status::NotApplicable);
}
