use wardkit_backup::dr::{Checked, DrillError, DrillReport, SignedReport, Verdict};
use wardkit_tlog::{Error, SigningKey};

fn report() -> DrillReport {
    DrillReport {
        version: 1,
        host: "here".into(),
        repository: "af".into(),
        snapshot: "01".into(),
        taken: "2026-11-01T03:00:00Z".into(),
        began: "2026-11-02T03:00:00Z".into(),
        restore_millis: 1200,
        files: 3,
        bytes: 4000,
        compared: 3,
        isolation: "its own account".into(),
        failures: Vec::new(),
        more_failures: 0,
        probes: Vec::new(),
        steps: Vec::new(),
        previous: None,
    }
}

fn probed(verdict: Verdict) -> DrillReport {
    let mut report = report();
    report.probes.push(Checked { probe: "canary /c".into(), verdict });
    report
}

#[test]
fn report_is_green_only_if_everything_was_proven() {
    assert!(report().is_green());
    assert!(probed(Verdict::passed("it is there")).is_green());
    assert!(!probed(Verdict::failed("it is not there")).is_green());
    assert!(!probed(Verdict::not_run("no such program")).is_green());
    let mut report = report();
    report.fail("/srv/a is not what was read");
    assert!(!report.is_green());
}

#[test]
fn failures_beyond_the_limit_are_counted() {
    let mut report = report();
    for number in 0..250 {
        report.fail(format!("{number}{}\u{7}", "x".repeat(1000)));
    }
    assert_eq!((report.failures.len(), report.more_failures), (100, 150));
    let key = SigningKey::from_seed("host", [1; 32]).unwrap();
    assert_eq!(report.sign(&key).unwrap().verify([key.verifier()]).unwrap(), report);
}

#[test]
fn changed_report_and_strangers_signature_are_refused() {
    let (key, other) = (
        SigningKey::from_seed("host", [1; 32]).unwrap(),
        SigningKey::from_seed("other", [2; 32]).unwrap(),
    );
    let first = probed(Verdict::failed("row count fell")).sign(&key).unwrap();
    let text = first.to_string();
    let read = SignedReport::from_bytes(text.as_bytes()).unwrap();
    assert_eq!((read.id(), &read), (first.id(), &first));
    assert_eq!(read.verify([key.verifier()]).unwrap(), probed(Verdict::failed("row count fell")));
    let error = read.verify([other.verifier()]).unwrap_err();
    assert!(matches!(error, DrillError::Signature(Error::NoKnownSigner)), "{error:?}");

    let changed = text.replace(r#""verdict":"failed""#, r#""verdict":"passed""#);
    assert_ne!(changed, text);
    let changed = SignedReport::from_bytes(changed.as_bytes()).unwrap();
    let error = changed.verify([key.verifier()]).unwrap_err();
    assert!(matches!(error, DrillError::Signature(Error::Signature { .. })), "{error:?}");

    let mut second = report();
    second.previous = Some(first.id().to_string());
    assert_ne!(second.sign(&key).unwrap().id(), report().sign(&key).unwrap().id());
}
