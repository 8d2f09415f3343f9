use wardkit_core::{Error, Event, EventKind, Labels, Severity, Timestamp, Value};

#[test]
fn only_dotted_lower_case_words_are_kinds() {
    for good in ["a.b", "integrity.file.changed", "part.panicked_twice", "x1.y2"] {
        assert_eq!(good.parse::<EventKind>().map(|kind| kind.to_string()), Ok(good.to_owned()));
    }
    let long = format!("a.{}", "b".repeat(127));
    for bad in [
        "", "a", "a.", ".a", "a..b", "A.b", "a.B", "a b.c", "1a.b", "a.1", "a._b", "ä.b", "a.b\n",
        &long,
    ] {
        assert_eq!(bad.parse::<EventKind>(), Err(Error::EventKind), "{bad:?}");
    }
}

#[test]
fn labels_have_limits() {
    let mut labels = Labels::new();
    for bad in ["", "1a", "a-b", "a b", "é", &"a".repeat(Labels::MAX_NAME + 1)] {
        assert_eq!(labels.insert(bad, "x"), Err(Error::LabelName), "{bad:?}");
    }
    assert_eq!(labels.insert("a", "x".repeat(Labels::MAX_VALUE + 1)), Err(Error::LabelValue));
    for index in 0..Labels::MAX_PAIRS {
        assert_eq!(labels.insert(&format!("n{index}"), "x"), Ok(None));
    }
    assert_eq!(labels.insert("more", "x"), Err(Error::LabelsFull));
    assert_eq!(labels.insert("n0", "y"), Ok(Some("x".to_owned())), "replacing needs no room");
    assert_eq!(
        (labels.len(), labels.value("n0"), labels.value("more")),
        (Labels::MAX_PAIRS, Some("y"), None)
    );
}

#[test]
fn hostile_values_cannot_forge_a_line() {
    let labels = Labels::from_pairs([("user", "x\"\n2026 ERROR all is lost \u{1b}[2J")]).unwrap();
    let shown = labels.to_string();
    assert_eq!(shown, r#"{user="x\"\n2026 ERROR all is lost \u{1b}[2J"}"#);
    assert_eq!(Value::from("a\nb").to_string(), r#""a\nb""#);
}

#[test]
fn event_carries_what_it_was_given() {
    let event = Event::new(Timestamp::UNIX_EPOCH, "backup.run.failed", Severity::Error, "backup")
        .with_subject("nightly")
        .with_message("the store is full")
        .with_labels(Labels::from_pairs([("store", "s3")]).unwrap())
        .with_detail("tries", 3_u64)
        .with_detail("paths", vec!["/a", "/b"]);
    assert_eq!((event.kind.as_str(), event.severity), ("backup.run.failed", Severity::Error));
    assert_eq!(event.details["tries"], Value::Int(3));
    assert_eq!(event.details["paths"].to_string(), r#"["/a", "/b"]"#);
    assert_eq!(event.labels.to_string(), r#"{store="s3"}"#);
}
