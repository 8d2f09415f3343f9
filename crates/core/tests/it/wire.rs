#![cfg(feature = "serde")]

use serde_json::json;
use wardkit_core::{Event, Health, Labels, Secret, Severity, Timestamp};

#[test]
fn event_reads_back_as_it_was_written() {
    let event = Event::new(Timestamp::UNIX_EPOCH, "host.disk.full", Severity::Critical, "host")
        .with_labels(Labels::from_pairs([("mount", "/")]).unwrap())
        .with_detail("used_ratio", 0.5)
        .with_detail("bytes", u64::MAX);
    let written = serde_json::to_value(&event).unwrap();
    let expected = json!({
        "at": "1970-01-01T00:00:00Z", "kind": "host.disk.full", "severity": "critical", "source": "host",
        "labels": {"mount": "/"}, "details": {"used_ratio": 0.5, "bytes": u64::MAX},
    });
    assert_eq!(written, expected);
    assert_eq!(serde_json::from_value::<Event>(written).unwrap(), event);
}

#[test]
fn foreign_text_is_checked_on_the_way_in() {
    assert!(serde_json::from_str::<Labels>(r#"{"bad-name":"x"}"#).is_err());
    assert!(serde_json::from_str::<Severity>(r#""fatal""#).is_err());
    assert!(serde_json::from_str::<Timestamp>(r#""yesterday""#).is_err());
}

#[test]
fn secret_serialises_as_stars() {
    assert_eq!(serde_json::to_string(&Secret::new("hunter2".to_owned())).unwrap(), r#""***""#);
}

#[test]
fn health_is_tagged_by_state() {
    let written = serde_json::to_value(Health::down("gone")).unwrap();
    assert_eq!(written, json!({"state": "down", "reason": "gone"}));
}
