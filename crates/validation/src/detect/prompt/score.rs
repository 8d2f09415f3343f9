//! Adds up what the phrases of a text are worth.

use std::ops::Range;
use std::sync::LazyLock;

use super::PromptSignal;
use super::lexicon::Meaning;
use super::markers;
use super::patterns::PATTERNS;
use super::words::{Word, Words};

/// Phrases further apart than this, in words, do not add up: a long harmless document has one of each somewhere.
const WINDOW: u32 = 350;

/// The most steps that a pattern has.
const STEPS: usize = 4;

/// How much a text looks like instructions to a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// 0 to 100.
    pub(super) points: u8,
    /// What each signal gave, where it first did.
    pub(super) parts: Vec<(PromptSignal, u8, Range<usize>)>,
}

/// How far a pattern has come.
#[derive(Clone, Copy, Default)]
struct Progress {
    /// The place of the word that last completed each step, counted from 1, and where its match began.
    steps: [(u32, usize); STEPS],
    /// The place of the last complete match, 0 for none, and its bytes.
    hit: (u32, usize, usize),
}

/// For each step, the patterns that take a meaning there: a word is compared with those alone.
static TAKERS: LazyLock<[Vec<Vec<usize>>; STEPS]> = LazyLock::new(|| {
    let mut takers: [Vec<Vec<usize>>; STEPS] = Default::default();
    for (step, takers) in takers.iter_mut().enumerate() {
        takers.resize(Meaning::BITS as usize, Vec::new());
        for (number, pattern) in PATTERNS.iter().enumerate() {
            let Some((meaning, _)) = pattern.steps.get(step) else { continue };
            for bit in bits(*meaning) {
                takers[bit].push(number);
            }
        }
    }
    takers
});

/// Returns the numbers of the bits that are set.
fn bits(mut meaning: Meaning) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = meaning.trailing_zeros() as usize;
        (meaning != 0).then(|| {
            meaning &= meaning - 1;
            bit
        })
    })
}

/// Adds up a text.
pub(super) fn sum(text: &str) -> Sum {
    let mut progress = Vec::new();
    let mut best = Sum { points: 0, parts: Vec::new() };
    let marked = markers::find(text);
    if let Some((points, span)) = &marked {
        best =
            Sum { points: *points, parts: vec![(PromptSignal::RoleMarker, *points, span.clone())] };
    }
    for word in Words::new(text) {
        if progress.is_empty() {
            progress = vec![Progress::default(); PATTERNS.len()];
        }
        if advance(&mut progress, &word) {
            let total = total(&progress, word.place, marked.as_ref());
            if total.points > best.points {
                best = total;
            }
        }
    }
    best
}

/// Takes the patterns on by a word, and says whether one was hit that was not of late. The last steps come first: a
/// word is not two of them.
fn advance(progress: &mut [Progress], word: &Word) -> bool {
    let mut changed = false;
    for (step, takers) in TAKERS.iter().enumerate().rev() {
        for number in bits(word.meaning).flat_map(|bit| takers[bit].iter().copied()) {
            let (pattern, progress) = (&PATTERNS[number], &mut progress[number]);
            let start = match step.checked_sub(1).map(|before| progress.steps[before]) {
                None => word.span.start,
                // A step that two meanings of the word take is taken once.
                Some((place, _)) if place == 0 || place >= word.place => continue,
                Some((place, start)) if word.place - place <= u32::from(pattern.steps[step].1) => {
                    start
                }
                Some(_) => continue,
            };
            progress.steps[step] = (word.place, start);
            if step + 1 == pattern.steps.len() {
                let (last, ..) = progress.hit;
                changed |= last == 0 || word.place - last > WINDOW / 2;
                progress.hit = (word.place, start, word.span.end);
            }
        }
    }
    changed
}

/// Adds up what was hit in the window that ends here.
fn total(progress: &[Progress], place: u32, marked: Option<&(u8, Range<usize>)>) -> Sum {
    let mut parts: Vec<(PromptSignal, u8, Range<usize>)> = Vec::new();
    if let Some((points, span)) = marked {
        parts.push((PromptSignal::RoleMarker, *points, span.clone()));
    }
    for (pattern, progress) in PATTERNS.iter().zip(progress) {
        let (hit, start, end) = progress.hit;
        if hit == 0 || place - hit > WINDOW {
            continue;
        }
        match parts.iter_mut().find(|(signal, ..)| *signal == pattern.signal) {
            Some((signal, points, _)) => {
                *points = points.saturating_add(pattern.points).min(signal.cap());
            }
            None => parts.push((pattern.signal, pattern.points, start..end)),
        }
    }
    let points =
        parts.iter().fold(0_u8, |sum, (_, points, _)| sum.saturating_add(*points)).min(100);
    parts.sort_by_key(|(_, points, _)| u8::MAX - points);
    Sum { points, parts }
}
