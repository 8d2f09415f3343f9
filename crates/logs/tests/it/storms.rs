//! Everything that rotation, emptying and removal do to a log, in any order: no line comes twice, and none is lost but
//! those that were gone before anybody could read them.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_logs::NoticeKind;

use crate::bench_of_files::{Bench, append_to};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Appends lines to the file that the path names.
    Write(usize),
    /// Appends to the file that it named before.
    WriteLate(usize),
    Rename,
    /// What `copytruncate` does: the file is emptied in place.
    Empty,
    /// Like that, and there are lines again before anybody looks.
    Rewrite(usize),
    Remove,
    /// The file of before goes, as it does when it was compressed.
    RemoveOld,
    Poll(Duration),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let poll = prop_oneof![Just(1), Just(1000), Just(61_000)].prop_map(Duration::from_millis);
    prop_oneof![
        4 => (1..100_usize).prop_map(Step::Write),
        1 => (1..20_usize).prop_map(Step::WriteLate),
        1 => Just(Step::Rename),
        1 => Just(Step::Empty),
        1 => (1..200_usize).prop_map(Step::Rewrite),
        1 => Just(Step::Remove),
        1 => Just(Step::RemoveOld),
        6 => poll.prop_map(Step::Poll),
        1 => Just(Step::Restart),
    ]
}

/// What is on the disk, and what may be lost.
#[derive(Default)]
struct Storm {
    next: usize,
    /// The lines of the file that the path names, of the one before, and of files without a name.
    current: Vec<String>,
    before: Vec<String>,
    nameless: Vec<String>,
    all: Vec<String>,
    /// Lines that were gone before they were read.
    lost: HashSet<String>,
    seen: Vec<String>,
    renames: usize,
    /// Whether the tail has looked since the file was made that the path names.
    looked: bool,
    /// Whether there was a restart since, and nothing is held open.
    restarted: bool,
    /// Whether the file of before is still open.
    late: bool,
}

impl Storm {
    fn lines(&mut self, count: usize) -> (String, Vec<String>) {
        let lines: Vec<_> =
            (self.next..self.next + count).map(|number| format!("line {number}")).collect();
        self.next += count;
        self.all.extend(lines.iter().cloned());
        (lines.join("\n") + "\n", lines)
    }

    fn lose(&mut self, lines: Vec<String>) {
        let seen: HashSet<_> = self.seen.iter().cloned().collect();
        self.lost.extend(lines.into_iter().filter(|line| !seen.contains(line)));
    }

    fn old(&self, bench: &Bench) -> std::path::PathBuf {
        bench.path(&format!("bot.log.{}", self.renames))
    }

    fn take(&mut self, step: Step, bench: &mut Bench) {
        match step {
            Step::Write(count) => {
                let (text, lines) = self.lines(count);
                self.looked &= bench.log().exists();
                bench.append(text);
                self.current.extend(lines);
            }
            Step::WriteLate(count) if self.late && self.old(bench).exists() => {
                let (text, lines) = self.lines(count);
                append_to(&self.old(bench), text);
                self.before.extend(lines);
            }
            // Between two polls one change of the name at most: of two, the file between is nobody's to know.
            Step::Rename if self.looked && bench.log().exists() => {
                self.renames += 1;
                bench.rename(&format!("bot.log.{}", self.renames));
                // It stays where it is; only its lines are not followed here any more.
                self.before = std::mem::take(&mut self.current);
                (self.looked, self.late) = (false, true);
            }
            Step::Empty if bench.log().exists() => {
                fs::write(bench.log(), "").unwrap();
                let gone = std::mem::take(&mut self.current);
                self.lose(gone);
            }
            Step::Rewrite(count) if bench.log().exists() => {
                let gone = std::mem::take(&mut self.current);
                self.lose(gone);
                let (text, lines) = self.lines(count);
                fs::write(bench.log(), text).unwrap();
                self.current = lines;
            }
            Step::Remove if self.looked && !self.restarted && bench.log().exists() => {
                fs::remove_file(bench.log()).unwrap();
                self.nameless.append(&mut self.current);
                self.looked = false;
            }
            Step::RemoveOld if self.looked && !self.restarted && self.old(bench).exists() => {
                fs::remove_file(self.old(bench)).unwrap();
                self.nameless.append(&mut self.before);
                self.late = false;
            }
            Step::Poll(time) => {
                self.seen.extend(bench.poll_after(time));
                (self.looked, self.restarted) = (true, false);
                self.late &= time < Duration::from_mins(1);
            }
            // What has no name is found by nobody who did not hold it open.
            Step::Restart => {
                let gone = std::mem::take(&mut self.nameless);
                self.lose(gone);
                self.restarted = true;
                bench.restart();
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn a_storm_loses_nothing_and_doubles_nothing(steps in prop::collection::vec(step(), 1..80)) {
        let mut bench = Bench::with(|config| {
            config.max_line = 64;
            config.max_bytes_per_poll = 600;
        });
        let mut storm = Storm::default();
        let mut is_told = false;
        for step in steps {
            storm.take(step, &mut bench);
            is_told |= told(&mut bench);
        }
        for _ in 0..200 {
            storm.take(Step::Poll(Duration::from_millis(1)), &mut bench);
        }
        is_told |= told(&mut bench);
        prop_assert_eq!(bench.statistics().behind, 0);
        let seen: HashSet<_> = storm.seen.iter().cloned().collect();
        prop_assert_eq!(seen.len(), storm.seen.len(), "a line came twice");
        let all: HashSet<_> = storm.all.iter().cloned().collect();
        prop_assert_eq!(seen.difference(&all).next(), None);
        if !is_told {
            let missed: Vec<_> = all.difference(&seen).filter(|line| !storm.lost.contains(*line)).collect();
            prop_assert_eq!(missed, Vec::<&String>::new());
        }
    }
}

/// Tells whether the tail owned up to a loss.
fn told(bench: &mut Bench) -> bool {
    let notices = bench.take_notices();
    notices.iter().any(|kind| matches!(kind, NoticeKind::Outrun | NoticeKind::Missed))
}
