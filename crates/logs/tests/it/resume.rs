//! Restarts.

use std::fs;

use wardkit_logs::{Checkpoint, NoticeKind, State};

use crate::bench_of_files::Bench;

const NOTHING: [&str; 0] = [];

#[test]
fn a_restart_goes_on_where_it_was() {
    let mut bench = Bench::new();
    bench.append("1\n2\nhal");
    assert_eq!(bench.poll(), ["1", "2"]);
    bench.restart();
    bench.append("f\n4\n");
    assert_eq!(bench.poll(), ["half", "4"]);
    assert_eq!(bench.notices, []);
}

#[test]
fn what_was_renamed_meanwhile_is_found_and_read_first() {
    for name in ["bot.log.1", "bot-20260101.log", "bot.log-20260101"] {
        let mut bench = Bench::new();
        bench.append("1\n");
        assert_eq!(bench.poll(), ["1"]);
        let state = bench.tail.state();
        bench.append("2\n");
        bench.rename(name);
        bench.append("3\n");
        bench.restart_from(&state);
        assert_eq!(bench.poll(), ["2", "3"], "{name}");
        assert_eq!(bench.notices, [], "{name}");
    }
}

#[test]
fn what_is_nowhere_to_be_found_is_told() {
    let mut bench = Bench::new();
    bench.append("1\n");
    bench.poll();
    let state = bench.tail.state();
    bench.rename("compressed-elsewhere");
    bench.append("2\n");
    bench.restart_from(&state);
    assert_eq!(bench.poll(), ["2"]);
    assert_eq!(bench.notices, [NoticeKind::Missed]);
}

#[test]
fn a_file_that_was_emptied_meanwhile_is_begun_anew() {
    let mut bench = Bench::new();
    bench.append("1\n2\n3\n");
    bench.poll();
    let state = bench.tail.state();
    fs::write(bench.log(), "4\n").unwrap();
    bench.restart_from(&state);
    assert_eq!(bench.poll(), ["4"]);
    assert_eq!(bench.notices, [NoticeKind::Truncated]);
    // The inode alone proves nothing: its size is beyond the offset, its beginning is another.
    let state = bench.tail.state();
    fs::write(bench.log(), "5\n6\n7\n8\n").unwrap();
    bench.restart_from(&state);
    assert_eq!(bench.poll(), ["5", "6", "7", "8"]);
}

#[test]
fn renamed_files_that_are_still_open_survive_a_restart() {
    let mut bench = Bench::new();
    bench.append("1\n");
    bench.poll();
    bench.rename("bot.log.1");
    bench.append("2\n");
    assert_eq!(bench.poll(), ["2"]);
    bench.restart();
    crate::bench_of_files::append_to(&bench.path("bot.log.1"), "late\n");
    bench.append("3\n");
    assert_eq!(bench.poll(), ["late", "3"]);
    assert_eq!(bench.notices, []);
}

#[test]
fn a_state_taken_before_the_first_poll_is_the_one_it_came_from() {
    let mut bench = Bench::new();
    bench.append("1\n");
    bench.poll();
    let state = bench.tail.state();
    bench.restart_from(&state);
    assert_eq!(bench.tail.state(), state);
    bench.restart_from(&State::default());
    assert_eq!(bench.tail.state(), State::default());
}

#[test]
fn a_file_that_was_away_at_the_restart_is_not_taken_for_old() {
    let mut bench = Bench::with(|config| config.start = wardkit_logs::Start::End);
    assert_eq!(bench.poll(), NOTHING);
    let state = bench.tail.state();
    bench.append("new\n");
    bench.restart_from(&state);
    assert_eq!(bench.poll(), ["new"]);
}

#[test]
fn a_made_up_state_does_no_harm() {
    let mut bench = Bench::new();
    bench.append("1\n2\n");
    bench.poll();
    let real = bench.tail.state().files.into_values().next().unwrap()[0];
    let mut beyond = real;
    beyond.offset = u64::MAX;
    let mut long = real;
    long.head_length = u16::MAX;
    for made_up in [beyond, long, Checkpoint::default()] {
        let mut state = State::default();
        state.files.insert(bench.log(), vec![made_up; 1000]);
        bench.restart_from(&state);
        assert_eq!(bench.poll(), ["1", "2"], "{made_up:?}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_state_is_the_same_after_it_was_text() {
    let mut bench = Bench::new();
    bench.append("1\n");
    bench.poll();
    bench.rename("bot.log.1");
    bench.append("2\n");
    bench.poll();
    let state = bench.tail.state();
    let text = serde_json::to_string(&state).unwrap();
    assert!(text.contains("\"head-length\":2"), "{text}");
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
    // What an older version did not know is as if nothing was known.
    assert_eq!(serde_json::from_str::<State>("{}").unwrap(), State::default());
}
