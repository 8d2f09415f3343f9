//! The store in a bucket, against a server of this process that fails as planned.

mod fake;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use wardkit_backup::store::{
    Key, Kind, ObjectStore, Put, Retention, S3, S3Credentials, S3Options, StoreError,
};
use wardkit_core::{Secret, Transient as _};
use wardkit_retry::TestClock;

use crate::stores::{keeps_the_contract, listed, named};
use fake::{FakeS3, Fault};

fn options(server: &FakeS3) -> S3Options {
    let credentials = S3Credentials::new("AKIDEXAMPLE", Secret::new("s3cret".to_owned()))
        .with_session_token(Secret::new("t0ken".to_owned()));
    let mut options = S3Options::new(server.address(), "bucket", credentials);
    "some/folder".clone_into(&mut options.prefix);
    options.part_size = 5 << 20;
    options.http.clock = Arc::new(TestClock::new(7));
    options
}

fn store(server: &FakeS3) -> S3 {
    S3::create(&options(server)).expect("there is none")
}

#[test]
fn a_bucket_keeps_the_contract_though_lists_come_in_pages_and_double() {
    for doubled in [false, true] {
        let server = FakeS3::start();
        server.list_twice(doubled);
        keeps_the_contract(&store(&server));
    }
}

#[test]
fn what_passes_is_tried_again() {
    for fault in [Fault::Busy, Fault::Torn, Fault::Silent, Fault::Hangup] {
        let server = FakeS3::start();
        let mut options = options(&server);
        if fault == Fault::Silent {
            options.http.silence_timeout = Duration::from_millis(300);
        }
        let store = S3::create(&options).expect("there is none");
        let key = named(Kind::Pack, b"first");
        server.plan([Some(fault), None, Some(fault), None, Some(fault)]);
        assert_eq!(store.put(&key, b"first").expect("the second time"), Put::Stored);
        assert_eq!(store.get(&key, None).expect("the second time"), b"first", "{fault:?}");
        assert_eq!(listed(&store, Kind::Pack).len(), 1, "{fault:?}");
        assert_eq!(server.requests().len(), 7, "{fault:?}: one to create, two for each of three");
    }
}

#[test]
fn an_object_whose_answer_was_lost_is_there() {
    let server = FakeS3::start();
    let store = store(&server);
    server.plan([Some(Fault::AnswerLost)]);
    let key = named(Kind::Pack, b"first");
    assert_eq!(store.put(&key, b"first").expect("it is stored"), Put::AlreadyThere);
    assert_eq!(store.get(&key, None).expect("read"), b"first");
}

#[test]
fn what_does_not_pass_is_given_up_and_shows_no_secret() {
    let server = FakeS3::start();
    let store = store(&server);
    server.plan([Some(Fault::Busy); 100]);
    let error = store.put(&Key::Config, b"{}").expect_err("always busy");
    assert!(matches!(&error, StoreError::Refused { status: 503, .. }), "{error:?}");
    assert!(error.is_transient());
    assert_eq!(server.requests().len(), 1 + 6, "as often as the policy says");

    server.plan([Some(Fault::Denied)]);
    let denied = store.put(&Key::Config, b"{}").expect_err("denied");
    assert!(
        matches!(&denied, StoreError::Refused { status: 403, reason, .. } if reason == "AccessDenied")
    );
    for text in [format!("{error:?}{error}{denied:?}{denied}"), format!("{store:?}")] {
        assert!(!text.contains("s3cret") && !text.contains("t0ken") && !text.contains("AKID"));
    }
}

#[test]
fn a_list_that_breaks_off_or_is_no_list_is_an_error() {
    let server = FakeS3::start();
    let store = store(&server);
    for body in [&b"first"[..], b"second", b"third"] {
        store.put(&named(Kind::Pack, body), body).expect("stored");
    }
    for fault in [Fault::Denied, Fault::Nonsense] {
        server.plan([None, Some(fault)]);
        let mut seen = 0;
        let error = store.list(Kind::Pack, &mut |_| {
            seen += 1;
            ControlFlow::Continue(())
        });
        assert!(error.is_err(), "{fault:?}");
        assert_eq!(seen, 2, "the first page");
    }
    let all = listed(&store, Kind::Pack);
    assert_eq!(all.len(), 3);
    server.hide(&format!("some/folder/{}", all[0].key.to_path()));
    assert_eq!(listed(&store, Kind::Pack), all[1..], "a stale list is what the server says");
}

#[test]
fn every_object_is_stored_with_its_retention_also_in_parts() {
    let server = FakeS3::start();
    let mut options = options(&server);
    options.retention = Some(Retention::compliance(30));
    let store = S3::create(&options).expect("there is none");
    let large = vec![7; 11 << 20];
    let key = named(Kind::Pack, &large);
    assert_eq!(store.put(&key, &large).expect("stored"), Put::Stored);
    assert_eq!(store.get(&key, Some(5_242_879..5_242_882)).expect("read"), [7; 3]);
    assert_eq!(store.put(&key, &large).expect("known"), Put::AlreadyThere);
    assert_eq!(server.open_uploads(), 0);
    store.put(&named(Kind::Snapshot, b"small"), b"small").expect("stored");
    store.put(&named(Kind::Lock, b"lock"), b"lock").expect("stored");
    for request in server.requests() {
        let locked = request.headers.contains_key("x-amz-object-lock-retain-until-date");
        let begins = (request.method == "POST" && request.target.ends_with("?uploads="))
            || (request.method == "PUT" && request.target.contains("/snapshots/"));
        assert_eq!(locked, begins, "{} {}", request.method, request.target);
        let signed = &request.headers["authorization"];
        for name in request.headers.keys().filter(|name| name.starts_with("x-amz-")) {
            assert!(signed.contains(name.as_str()), "{name} is not signed");
        }
        assert_eq!(request.headers["x-amz-security-token"], "t0ken");
    }
}

#[test]
fn parts_are_removed_when_the_object_does_not_come_to_be() {
    let server = FakeS3::start();
    let store = store(&server);
    let large = vec![7; 6 << 20];
    server.plan([None, Some(Fault::Denied)]);
    assert!(store.put(&named(Kind::Pack, &large), &large).is_err());
    assert_eq!(server.open_uploads(), 0);
    assert_eq!(listed(&store, Kind::Pack), []);
}
