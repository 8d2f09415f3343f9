use std::io;

use wardkit_core::{Error, Id, Secret, Severity, Timestamp, Transient};

#[test]
fn secrets_do_not_show_themselves() {
    let secret = Secret::new("hunter2".to_owned());
    let shown = format!("{secret:?} {secret} {:?} {secret:>8}", Some(&secret));
    assert_eq!(shown, "Secret(***) *** Some(Secret(***))      ***");
    assert_eq!(secret.clone().expose(), "hunter2");
}

#[test]
fn severities_sort_and_parse_by_name() {
    assert!(Severity::ALL.is_sorted());
    for severity in Severity::ALL {
        assert_eq!(severity.to_string().parse(), Ok(severity));
    }
    assert_eq!("CRITICAL".parse::<Severity>(), Err(Error::Severity));
}

#[test]
fn ids_sort_by_time_first() {
    let early = Id::new(Timestamp::from_unix_seconds(1), u128::MAX);
    let late = Id::new(Timestamp::from_unix_seconds(2), 0);
    assert!(early < late && early.to_string() < late.to_string());
    assert_eq!(late.timestamp(), Timestamp::from_unix_seconds(2));
    assert_eq!(
        Id::new(Timestamp::from_unix_seconds(-5), 7).to_u128(),
        7,
        "before 1970 counts as 1970"
    );
}

#[test]
fn text_that_is_no_id_is_refused() {
    for bad in [
        "",
        "0",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "0000000000000000000000000U",
        "00000000000000000000000000 ",
    ] {
        assert_eq!(bad.parse::<Id>(), Err(Error::Id), "{bad}");
    }
    assert_eq!("7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse(), Ok(Id::from(u128::MAX)));
    assert_eq!("7zzzzzzzzzzzzzzzzzzzzzzzzz".parse(), Ok(Id::from(u128::MAX)));
}

#[test]
fn only_errors_that_may_pass_are_transient() {
    let rows = [
        (io::ErrorKind::ConnectionReset, true),
        (io::ErrorKind::TimedOut, true),
        (io::ErrorKind::Interrupted, true),
        (io::ErrorKind::NotFound, false),
        (io::ErrorKind::PermissionDenied, false),
        (io::ErrorKind::StorageFull, false),
        (io::ErrorKind::Other, false),
    ];
    for (kind, expected) in rows {
        let error = io::Error::from(kind);
        assert_eq!(
            (error.is_transient(), Box::new(error).is_transient()),
            (expected, expected),
            "{kind}"
        );
    }
}
