//! What rotation does to files, in all its ways.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, symlink};
use std::time::Duration;

use wardkit_logs::{NoticeKind, Start};

use crate::bench_of_files::{Bench, append_to};

const NOTHING: [&str; 0] = [];

#[test]
fn lines_are_handed_out_once_and_whole() {
    let mut bench = Bench::new();
    bench.append("one\ntwo\r\nthr");
    assert_eq!(bench.poll(), ["one", "two"]);
    assert_eq!(bench.poll(), NOTHING);
    bench.append("ee\n\nfive\n");
    assert_eq!(bench.poll(), ["three", "", "five"]);
    assert_eq!(bench.statistics().lines, 5);
    assert_eq!(bench.statistics().behind, 0);
    assert_eq!(bench.notices, []);
}

#[test]
fn a_renamed_file_is_read_to_its_end_before_the_next() {
    let mut bench = Bench::new();
    bench.append("1\n");
    assert_eq!(bench.poll(), ["1"]);
    bench.append("2\n");
    bench.rename("bot.log.1");
    append_to(&bench.path("bot.log.1"), "3\n");
    bench.append("4\n");
    assert_eq!(bench.poll(), ["2", "3", "4"]);
    // The writer has not noticed, and goes on in the renamed file.
    append_to(&bench.path("bot.log.1"), "5\n");
    bench.append("6\n");
    assert_eq!(bench.poll(), ["5", "6"]);
    assert_eq!(bench.statistics().rotated, 1);
    assert_eq!(bench.notices, []);
}

#[test]
fn a_renamed_file_is_closed_when_nobody_writes_for_a_minute() {
    let mut bench = Bench::new();
    bench.append("1\nunfinished");
    assert_eq!(bench.poll(), ["1"]);
    bench.rename("bot.log.1");
    bench.append("2\n");
    assert_eq!(bench.poll(), ["2"]);
    let late = bench.poll_after(Duration::from_mins(1));
    assert_eq!(late, ["unfinished"]);
    append_to(&bench.path("bot.log.1"), " and too late\n");
    assert_eq!(bench.poll(), NOTHING);
    // It comes back to where it was, and is not read again.
    fs::rename(bench.path("bot.log.1"), bench.log()).unwrap();
    assert_eq!(bench.poll(), [" and too late"]);
}

#[test]
fn several_rotations_between_two_polls_lose_nothing_that_is_open() {
    let mut bench = Bench::new();
    bench.append("1\n");
    assert_eq!(bench.poll(), ["1"]);
    bench.append("2\n");
    bench.rename("bot.log.1");
    bench.append("3\n");
    assert_eq!(bench.poll(), ["2", "3"]);
    bench.rename("bot.log.2");
    bench.append("4\n");
    assert_eq!(bench.poll(), ["4"]);
    assert_eq!(bench.statistics().rotated, 2);
}

#[test]
fn an_emptied_file_is_begun_anew() {
    let mut bench = Bench::new();
    bench.append("before 1\nbefore 2\n");
    assert_eq!(bench.poll().len(), 2);
    fs::write(bench.log(), "after 1\n").unwrap();
    assert_eq!(bench.poll(), ["after 1"]);
    assert_eq!(bench.take_notices(), [NoticeKind::Truncated]);
    // Emptied, and longer than before by the time somebody looks.
    fs::write(bench.log(), "x".repeat(100) + "\n").unwrap();
    assert_eq!(bench.poll(), ["x".repeat(100)]);
    assert_eq!(bench.take_notices(), [NoticeKind::Truncated]);
    assert_eq!(bench.statistics().truncated, 2);
}

#[test]
fn a_hole_before_the_next_line_costs_nothing() {
    let mut bench = Bench::new();
    bench.append("before\n");
    assert_eq!(bench.poll(), ["before"]);
    // A writer without O_APPEND goes on where it was, far behind the end of the emptied file.
    let file = File::create(bench.log()).unwrap();
    file.write_all_at(b"after\n", 1 << 40).unwrap();
    assert_eq!(bench.poll(), ["after"]);
    assert_eq!(bench.poll(), NOTHING);
    assert!(bench.statistics().bytes < 1 << 20, "{:?}", bench.statistics());
}

#[test]
fn a_line_that_begins_behind_a_hole_is_handed_out_whole() {
    // The hole is longer than a line may be, and what was written behind it is no line yet.
    let mut bench = Bench::new();
    bench.append("before\n");
    assert_eq!(bench.poll(), ["before"]);
    let file = File::create(bench.log()).unwrap();
    file.write_all_at(b"half a l", 100_000).unwrap();
    assert_eq!(bench.poll(), NOTHING);
    bench.append("ine\nnext\n");
    assert_eq!(bench.poll(), ["half a line", "next"]);
    // Wherever it begins in what is read at a time.
    for at in (64 << 10) - 5..=64 << 10 {
        let file = File::create(bench.log()).unwrap();
        file.write_all_at(b"whole line\n", at).unwrap();
        assert_eq!(bench.poll(), ["whole line"], "{at}");
        fs::write(bench.log(), "").unwrap();
        bench.poll();
    }
}

#[test]
fn a_file_written_anew_is_known_by_more_than_its_beginning() {
    // What a program says at each start, without a time in it.
    let banner = "=".repeat(1000) + "\n";
    let mut bench = Bench::new();
    bench.append(banner.clone() + "12:00 up\n");
    assert_eq!(bench.poll().len(), 2);
    for (restarts, lines) in
        [(false, "13:00 up\n13:01 going\n"), (true, "14:00 up\n14:01\n14:02\n")]
    {
        fs::write(bench.log(), banner.clone() + lines).unwrap();
        if restarts {
            bench.restart();
        }
        let expected: Vec<_> = banner.lines().chain(lines.lines()).collect();
        assert_eq!(bench.poll(), expected, "{restarts}");
        assert_eq!(bench.take_notices(), [NoticeKind::Truncated], "{restarts}");
    }
}

#[test]
fn a_file_that_is_removed_and_made_again_is_begun_at_its_beginning() {
    let mut bench = Bench::new();
    bench.append("1\n");
    assert_eq!(bench.poll(), ["1"]);
    fs::remove_file(bench.log()).unwrap();
    assert_eq!(bench.poll(), NOTHING);
    bench.append("2\n");
    assert_eq!(bench.poll(), ["2"]);
    assert_eq!(bench.take_notices(), []);
    fs::remove_file(bench.log()).unwrap();
    bench.poll();
    bench.poll_after(Duration::from_mins(1));
    assert_eq!(bench.take_notices(), [NoticeKind::Missing]);
    bench.append("3\n");
    assert_eq!(bench.poll(), ["3"]);
    assert_eq!(bench.take_notices(), [NoticeKind::Back]);
}

#[test]
fn a_link_is_followed_to_where_it_points_now() {
    let mut bench = Bench::new();
    append_to(&bench.path("bot-1"), "1\n");
    append_to(&bench.path("bot-2"), "3\n");
    symlink("bot-1", bench.log()).unwrap();
    assert_eq!(bench.poll(), ["1"]);
    append_to(&bench.path("bot-1"), "2\n");
    fs::remove_file(bench.log()).unwrap();
    symlink("bot-2", bench.log()).unwrap();
    assert_eq!(bench.poll(), ["2", "3"]);
}

#[test]
fn what_was_there_before_is_left_out_when_asked() {
    for (before, after) in [("old\n", "new\n"), ("old\nhalf a l", "ine\nnew\n"), ("", "new\n")] {
        let mut bench = Bench::with(|config| config.start = Start::End);
        bench.append(before);
        assert_eq!(bench.poll(), NOTHING, "{before:?}");
        bench.append(after);
        assert_eq!(bench.poll(), ["new"], "{before:?}");
    }
    // What comes later is all new.
    let mut bench = Bench::with(|config| config.start = Start::End);
    assert_eq!(bench.poll(), NOTHING);
    bench.append("new\n");
    assert_eq!(bench.poll(), ["new"]);
}

#[test]
fn rotation_faster_than_reading_is_told() {
    let mut bench = Bench::with(|config| {
        config.max_line = 16;
        config.max_bytes_per_poll = 17;
    });
    bench.append("0123456789\n".repeat(100));
    bench.poll();
    for number in 0..10 {
        bench.rename(&format!("bot.log.{number}"));
        bench.append("next\n");
        bench.poll();
    }
    assert!(bench.notices.contains(&NoticeKind::Outrun), "{:?}", bench.notices);
}
