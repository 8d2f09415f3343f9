//! Ordinary lines: what has to stand as it is.

use wardkit_validation::{Masker, Recognisers};

use super::chance::Chance;
use super::kinds::KINDS;

#[test]
fn at_most_one_of_ten_thousand_ordinary_lines_is_masked() {
    let recognisers = Recognisers::default();
    let mut chance = Chance::new(42);
    let mut wrong = Vec::new();
    for round in 0..LINES {
        let line = KINDS[round % KINDS.len()](&mut chance);
        if let [first, ..] = &recognisers.find(&line)[..] {
            wrong.push(format!("{}: {line}", first.recogniser.id));
        }
    }
    assert!(
        wrong.len() <= LINES / 10_000,
        "{} of {LINES}: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
}

#[test]
fn ordinary_lines_stay_byte_for_byte() {
    let masker = Masker::default();
    let mut chance = Chance::new(43);
    for kind in KINDS {
        let line = kind(&mut chance);
        assert_eq!(masker.mask(&line), line);
    }
}

const LINES: usize = 20_000;
