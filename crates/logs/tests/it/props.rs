//! Any sequence of writes, rotations, polls and restarts hands every line out once.

use std::fs;
use std::time::Duration;

use proptest::prelude::*;

use crate::bench_of_files::{Bench, append_to};

#[derive(Clone, Debug)]
enum Step {
    /// Appends to the file that the path names.
    Write(usize),
    /// Appends to the file that it named before, whose writer has not noticed.
    WriteLate(usize),
    /// Appends half a line, whose other half comes with the next write.
    Half,
    Rotate,
    Poll,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..200_usize).prop_map(Step::Write),
        (1..20_usize).prop_map(Step::WriteLate),
        Just(Step::Half),
        Just(Step::Rotate),
        Just(Step::Poll),
        Just(Step::Poll),
        Just(Step::Restart),
    ]
}

proptest! {
    #[test]
    fn every_line_comes_once(steps in prop::collection::vec(step(), 1..60)) {
        let mut bench = Bench::with(|config| {
            config.max_line = 64;
            config.max_bytes_per_poll = 600;
        });
        let (mut next, mut rotations, mut polled_since) = (0, 0, true);
        let mut written = Vec::new();
        let mut seen = Vec::new();
        bench.append("");
        seen.extend(bench.poll());
        for step in steps {
            match step {
                Step::Write(count) => {
                    bench.append(lines(&mut next, count, &mut written));
                }
                Step::WriteLate(count) if rotations > 0 => {
                    let old = bench.path(&format!("bot.log.{rotations}"));
                    append_to(&old, lines(&mut next, count, &mut written));
                }
                Step::Half => bench.append("-"),
                // Between two polls one rotation at most: of two, the file between is nobody's to know.
                Step::Rotate if polled_since => {
                    bench.append("\n");
                    rotations += 1;
                    bench.rename(&format!("bot.log.{rotations}"));
                    bench.append("");
                    polled_since = false;
                }
                Step::Poll => {
                    seen.extend(bench.poll_after(Duration::from_millis(1)));
                    polled_since = true;
                }
                Step::Restart => bench.restart(),
                Step::WriteLate(_) | Step::Rotate => {}
            }
        }
        bench.append("\n");
        while seen.len() < 100_000 {
            let more = bench.poll_after(Duration::from_millis(1));
            if more.is_empty() && bench.statistics().behind == 0 {
                break;
            }
            seen.extend(more);
        }
        let mut numbers: Vec<String> = seen
            .into_iter()
            .map(|line| line.trim_start_matches('-').to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        numbers.sort();
        written.sort();
        prop_assert_eq!(numbers, written);
    }

    #[test]
    fn any_bytes_are_read_within_bounds(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20)) {
        let mut bench = Bench::with(|config| {
            config.max_line = 16;
            config.max_bytes_per_poll = 64;
        });
        let mut read = 0;
        for chunk in &chunks {
            bench.append(chunk);
            let mut lines = bench.poll();
            prop_assert!(bench.statistics().bytes <= read + 64);
            read = bench.statistics().bytes;
            prop_assert!(lines.iter_mut().all(|line| line.chars().count() <= 17));
        }
        let total: usize = chunks.iter().map(Vec::len).sum();
        for _ in 0..total {
            bench.poll();
        }
        let ends = chunks.iter().flatten().filter(|byte| **byte == b'\n').count();
        let lines = usize::try_from(bench.statistics().lines).unwrap();
        prop_assert!(lines >= ends && lines <= ends + 1, "{lines} lines, {ends} ends");
        fs::remove_file(bench.log()).unwrap();
    }
}

fn lines(next: &mut usize, count: usize, written: &mut Vec<String>) -> String {
    let mut text = String::new();
    for _ in 0..count {
        let line = format!("line {next}");
        *next += 1;
        text.push_str(&line);
        text.push('\n');
        written.push(line);
    }
    text
}
