//! What is no log file, and what its writer should not have written.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use wardkit_core::{Severity, Timestamp};
use wardkit_logs::{Config, Error, NoticeKind, Tail};

use crate::bench_of_files::Bench;

const NOTHING: [&str; 0] = [];

#[test]
fn nothing_but_a_regular_file_is_opened() {
    let mut bench = Bench::new();
    for what in ["pipe", "directory", "socket", "device"] {
        match what {
            "pipe" => {
                let mode = Mode::RUSR | Mode::WUSR;
                mknodat(CWD, bench.log(), FileType::Fifo, mode, 0).unwrap();
            }
            "directory" => fs::create_dir(bench.log()).unwrap(),
            "socket" => drop(UnixListener::bind(bench.log()).unwrap()),
            _ => symlink("/dev/zero", bench.log()).unwrap(),
        }
        assert_eq!(bench.poll(), NOTHING, "{what}");
        assert_eq!(bench.poll(), NOTHING, "{what}");
        assert_eq!(bench.take_notices(), [NoticeKind::NotAFile], "{what}");
        let removed = if what == "directory" { fs::remove_dir } else { fs::remove_file };
        removed(&bench.log()).unwrap();
        bench.append("line\n");
        assert_eq!(bench.poll(), ["line"], "{what}");
        assert_eq!(bench.take_notices(), [NoticeKind::Back], "{what}");
        fs::remove_file(bench.log()).unwrap();
        bench.poll();
    }
}

#[test]
fn a_missing_file_is_told_once() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        assert_eq!(bench.poll(), NOTHING);
    }
    assert_eq!(bench.take_notices(), [NoticeKind::Missing]);
    bench.append("line\n");
    assert_eq!(bench.poll(), ["line"]);
    assert_eq!(bench.take_notices(), [NoticeKind::Back]);
}

#[test]
fn a_file_that_may_not_be_read_is_told_once() {
    let mut bench = Bench::new();
    bench.append("line\n");
    fs::set_permissions(bench.log(), fs::Permissions::from_mode(0o000)).unwrap();
    // To root nothing is closed.
    let is_closed = fs::File::open(bench.log()).is_err();
    let (first, second) = (bench.poll(), bench.poll());
    if is_closed {
        assert_eq!((first.len(), second.len()), (0, 0));
        let denied = NoticeKind::Unreadable(std::io::ErrorKind::PermissionDenied);
        assert_eq!(bench.take_notices(), [denied]);
        fs::set_permissions(bench.log(), fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(bench.poll(), ["line"]);
        assert_eq!(bench.take_notices(), [NoticeKind::Back]);
    } else {
        assert_eq!((first.len(), second.len()), (1, 0));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_reads_fail_is_told_once() {
    // A regular file that opens and whose first byte nobody can read.
    let mut bench = Bench::with(|config| config.files = vec!["/proc/self/mem".into()]);
    for _ in 0..3 {
        assert_eq!(bench.poll(), NOTHING);
    }
    assert!(matches!(bench.notices[..], [NoticeKind::Unreadable(_)]), "{:?}", bench.notices);
}

#[test]
fn a_long_line_is_cut_and_the_rest_left_out() {
    let mut bench = Bench::with(|config| config.max_line = 20);
    bench.append("a".repeat(200_000));
    assert_eq!(bench.poll(), ["a".repeat(20) + "…"]);
    bench.append("still the same line");
    assert_eq!(bench.poll(), NOTHING);
    bench.append("\nnext\n");
    assert_eq!(bench.poll(), ["next"]);
    bench.append("b".repeat(21) + "\n" + &"c".repeat(20) + "\n");
    assert_eq!(bench.poll(), ["b".repeat(20) + "…", "c".repeat(20)]);
    assert_eq!(bench.statistics().cut, 2);
    // Also over a restart.
    bench.append("d".repeat(200_000));
    bench.poll();
    bench.restart();
    bench.append("d\nnext\n");
    assert_eq!(bench.poll(), ["next"]);
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let mut bench = Bench::new();
    bench.append(b"caf\xe9 \xff\xfe\n\0\0\0zeros before\n");
    assert_eq!(bench.poll(), ["caf\u{fffd} \u{fffd}\u{fffd}", "zeros before"]);
}

#[test]
fn one_busy_file_leaves_time_for_the_others() {
    let mut bench = Bench::with(|config| {
        config.files.push(config.files[0].with_file_name("quiet.log"));
        config.max_line = 100;
        config.max_bytes_per_poll = 1000;
    });
    bench.append("busy line\n".repeat(1000));
    crate::bench_of_files::append_to(&bench.path("quiet.log"), "quiet line\n");
    let first = bench.poll();
    assert_eq!(first.len(), 101);
    assert_eq!(first.iter().filter(|line| *line == "quiet line").count(), 1);
    assert_eq!(bench.statistics().behind, 9000);
    let rest: usize = (0..10).map(|_| bench.poll().len()).sum();
    assert_eq!(rest, 900);
    assert_eq!(bench.statistics().behind, 0);
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused_by_key() {
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::of(["/var/log/bot.log"]);
        change(&mut config);
        match Tail::new(&config).unwrap_err() {
            Error::Config { key, .. } => key,
            other => other.to_string(),
        }
    };
    assert_eq!(refused(&|config| config.files.push("bot.log".into())), "files[1]");
    assert_eq!(refused(&|config| config.max_line = 0), "max-line");
    assert_eq!(refused(&|config| config.max_bytes_per_poll = 100), "max-bytes-per-poll");
    assert_eq!(refused(&|config| config.files = vec!["/a".into(); 300]), "files");
}

#[test]
fn a_notice_is_an_event_with_its_path() {
    let mut bench = Bench::new();
    let notices = bench.tail.poll(bench.now, |_| ());
    let event = notices[0].event(Timestamp::UNIX_EPOCH);
    assert_eq!(event.kind.as_str(), "logs.file.vanished");
    assert_eq!(event.severity, Severity::Warning);
    assert_eq!(event.subject, bench.log().display().to_string());
    assert_eq!(event.message, "there is no such file; it is followed once there is");
}
