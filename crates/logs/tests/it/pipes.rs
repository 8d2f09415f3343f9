//! Lines that go from pipes into logs, and are never in neither or in both.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{CWD, Mode, OFlags};
use wardkit_core::{ManualClock, SystemClock, Timestamp};
use wardkit_logs::writer::{Limits, Peek, Rate, Writer};

fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_unix_seconds(1_800_000_000))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.rate = None;
    limits
}

/// Both ends of a FIFO in one descriptor.
fn fifo(path: &Path) -> OwnedFd {
    let _ = rustix::fs::mkfifoat(CWD, path, Mode::from_raw_mode(0o600));
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).unwrap()
}

fn say(pipe: &OwnedFd, text: &[u8]) {
    assert_eq!(rustix::io::write(pipe, text).unwrap(), text.len());
}

struct Scene {
    dir: tempfile::TempDir,
    pipe: OwnedFd,
    peek: Peek,
    writer: Writer,
    clock: ManualClock,
}

impl Scene {
    fn new(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = clock();
        let writer = Writer::open(&dir.path().join("bot.log"), limits, &clock).unwrap();
        let pipe = fifo(&dir.path().join("fifo"));
        Self { pipe, peek: Peek::new().unwrap(), writer, clock, dir }
    }

    fn take(&mut self) -> wardkit_logs::writer::Written {
        let seen = self.peek.look(&self.pipe).unwrap();
        self.writer.take_from(&self.clock, &self.pipe, seen).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("bot.log")).unwrap()
    }

    fn left(&mut self) -> String {
        String::from_utf8(self.peek.look(&self.pipe).unwrap().to_vec()).unwrap()
    }
}

#[test]
fn whole_lines_leave_the_pipe_and_the_rest_stays_in_it() {
    let mut scene = Scene::new(limits());
    assert_eq!(scene.take().taken, 0);
    say(&scene.pipe, b"one\ntwo\nthr");
    assert_eq!(scene.take().taken, 8);
    assert_eq!((scene.log().as_str(), scene.left().as_str()), ("one\ntwo\n", "thr"));
    say(&scene.pipe, b"ee\n");
    assert_eq!(scene.take().taken, 6);
    assert_eq!((scene.log().as_str(), scene.left().as_str()), ("one\ntwo\nthree\n", ""));
}

#[test]
fn line_without_end_is_taken_when_told_and_ended_when_told() {
    let mut scene = Scene::new(limits());
    say(&scene.pipe, b"half");
    let seen = scene.peek.look(&scene.pipe).unwrap();
    scene.writer.take_part_from(&scene.clock, &scene.pipe, seen).unwrap();
    assert_eq!((scene.log().as_str(), scene.left().as_str()), ("half", ""));
    // Another writer goes on where this one was.
    let path = scene.dir.path().join("bot.log");
    scene.writer = Writer::open(&path, limits(), &scene.clock).unwrap();
    say(&scene.pipe, b" and half\nmore");
    scene.take();
    let seen = scene.peek.look(&scene.pipe).unwrap();
    scene.writer.take_part_from(&scene.clock, &scene.pipe, seen).unwrap();
    scene.writer.end().unwrap();
    scene.writer.end().unwrap();
    scene.writer.note("the end").unwrap();
    assert_eq!(scene.log(), "half and half\nmore\nwardkit: the end\n");
}

#[test]
fn what_is_too_much_leaves_the_pipe_and_is_marked() {
    let mut limits = limits();
    limits.max_line = 256;
    limits.rate = Some(Rate { bytes: 1, burst: 256 });
    let mut scene = Scene::new(limits);
    let line = [[b'x'; 127].as_slice(), b"\n"].concat();
    for _ in 0..5 {
        say(&scene.pipe, &line);
    }
    let written = scene.take();
    assert_eq!((written.taken, written.left_out), (5 * 128, 3));
    assert_eq!(scene.left(), "");
    scene.clock.advance(std::time::Duration::from_secs(128));
    say(&scene.pipe, &line);
    assert_eq!(scene.take().left_out, 0);
    let log = scene.log();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 4);
    let mark = "wardkit: 3 lines of 384 bytes are left out here: more than its limit a second";
    assert_eq!(lines[2], mark);
}

#[test]
fn what_cannot_be_written_stays_in_the_pipe() {
    let mut limits = limits();
    limits.max_bytes = 4096;
    let mut scene = Scene::new(limits);
    let line = [[b'x'; 4000].as_slice(), b"\n"].concat();
    say(&scene.pipe, &line);
    scene.take();
    // The file is full, and cannot be put aside.
    let (there, gone) = (scene.dir.path().join("bot.log"), scene.dir.path().join("away"));
    let dir = scene.dir.path().to_owned();
    let hidden = dir.with_extension("hidden");
    fs::rename(&dir, &hidden).unwrap();
    say(&scene.pipe, &line);
    let seen = scene.peek.look(&scene.pipe).unwrap().to_vec();
    scene.writer.take_from(&scene.clock, &scene.pipe, &seen).unwrap_err();
    assert_eq!(scene.left().len(), line.len());
    fs::rename(&hidden, &dir).unwrap();
    assert_eq!(scene.take().taken, line.len());
    assert!(there.exists() && !gone.exists());
    // Or it is given up.
    say(&scene.pipe, &line);
    let seen = scene.peek.look(&scene.pipe).unwrap();
    assert_eq!(scene.writer.skip_from(&scene.pipe, seen, "the disk is full").unwrap(), 1);
    scene.writer.note("it goes on").unwrap();
    let mark = "wardkit: 1 lines of 4001 bytes are left out here: the disk is full\n";
    assert!(scene.log().ends_with(&format!("{mark}wardkit: it goes on\n")));
}

#[test]
fn file_that_was_emptied_in_place_has_no_hole() {
    let mut scene = Scene::new(limits());
    say(&scene.pipe, b"one\n");
    scene.take();
    fs::write(scene.dir.path().join("bot.log"), "").unwrap();
    say(&scene.pipe, b"two\n");
    scene.take();
    assert_eq!(scene.log(), "two\n");
}

#[test]
fn full_pipe_is_told_from_one_with_room() {
    let scene = Scene::new(limits());
    assert!(!Peek::is_full(&scene.pipe).unwrap());
    while rustix::io::write(&scene.pipe, &[b'x'; 4096]).is_ok() {}
    assert!(Peek::is_full(&scene.pipe).unwrap());
}

/// A reader that is killed again and again while somebody writes: every line is there, once and in order.
#[test]
fn reader_that_is_killed_neither_loses_nor_doubles_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = fifo(&dir.path().join("fifo"));
    let mut next = 0;
    for kill in 0..40 {
        let mut reader = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "pipes::reader_of_the_test_above", "--nocapture"])
            .env("WARDKIT_TEST_READER", dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(reader.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("reads") {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0);
        }
        // As much as it takes in the meantime, and a little more each time.
        for _ in 0..200 * (kill % 7 + 1) {
            let text = format!("{next:0width$}\n", width = 20 + next % 90);
            if rustix::io::write(&pipe, text.as_bytes()).is_err() {
                break;
            }
            next += 1;
        }
        reader.kill().unwrap();
        reader.wait().unwrap();
    }
    let mut writer = Writer::open(&dir.path().join("bot.log"), small(), &SystemClock).unwrap();
    let mut peek = Peek::new().unwrap();
    loop {
        let seen = peek.look(&pipe).unwrap();
        if writer.take_from(&SystemClock, &pipe, seen).unwrap().taken == 0 {
            break;
        }
    }
    let lines = wardkit_logs::writer::last_lines(&dir.path().join("bot.log"), usize::MAX).unwrap();
    let numbers: Vec<u64> =
        lines.iter().map(|line| std::str::from_utf8(line).unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (0..next as u64).collect::<Vec<_>>());
}

/// Files that are exchanged often, and never go.
fn small() -> Limits {
    let mut limits = limits();
    (limits.max_bytes, limits.keep, limits.compress) = (16 << 10, 10_000, false);
    limits
}

#[test]
fn reader_of_the_test_above() {
    let Some(dir) = std::env::var_os("WARDKIT_TEST_READER") else { return };
    let dir = Path::new(&dir);
    let pipe = fifo(&dir.join("fifo"));
    let mut writer = Writer::open(&dir.join("bot.log"), small(), &SystemClock).unwrap();
    let mut peek = Peek::new().unwrap();
    let mut output = std::io::stdout();
    writeln!(output, "reads").unwrap();
    output.flush().unwrap();
    loop {
        let seen = peek.look(&pipe).unwrap();
        if seen.is_empty() {
            let mut fds = [rustix::event::PollFd::new(&pipe, rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut fds, None).unwrap();
            continue;
        }
        writer.take_from(&SystemClock, &pipe, seen).unwrap();
    }
}
