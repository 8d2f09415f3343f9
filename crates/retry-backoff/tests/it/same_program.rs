//! One program text, compiled against the original and against `wardkit_retry::compat_backoff`.

mod original {
    include!("../../../retry/tests/it/compat_backoff/program.rs");
    include!("../../../retry/tests/it/compat_backoff/program_future.rs");
}

mod ours {
    // The one line of a migration.
    use wardkit_retry::compat_backoff as backoff;

    include!("../../../retry/tests/it/compat_backoff/program.rs");
    include!("../../../retry/tests/it/compat_backoff/program_future.rs");
}

#[test]
fn the_program_sees_the_same_after_one_changed_use() {
    assert_eq!(ours::transcript(), original::transcript());
}

#[test]
fn the_asynchronous_program_sees_the_same_after_one_changed_use() {
    assert_eq!(ours::transcript_of_futures(), original::transcript_of_futures());
}

/// The recordings stand in for the original where it is not a dependency. To renew one, copy what this prints.
#[test]
fn the_recordings_are_what_the_original_does() {
    check(
        &original::transcript(),
        include_str!("../../../retry/tests/it/compat_backoff/recorded.txt"),
    );
    check(
        &original::transcript_of_futures(),
        include_str!("../../../retry/tests/it/compat_backoff/recorded_futures.txt"),
    );
}

#[track_caller]
fn check(seen: &[String], recorded: &str) {
    assert!(
        seen.iter().eq(recorded.lines()),
        "the original's output differs from the recording:\n{}",
        seen.join("\n")
    );
}
