//! Adds up what the phrases of a text are worth.

use std::ops::Range;

use super::PromptSignal;
use super::markers;
use super::patterns::PATTERNS;
use super::words::Words;

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
    /// The place of the word that last completed each step, and where its match began.
    steps: [Option<(u32, usize)>; STEPS],
    /// The place of the last complete match.
    hit: Option<(u32, usize, usize)>,
}

/// Adds up a text.
pub(super) fn sum(text: &str) -> Sum {
    let mut progress = vec![Progress::default(); PATTERNS.len()];
    let mut best = Sum { points: 0, parts: Vec::new() };
    let marked = markers::find(text);
    if let Some((points, span)) = &marked {
        best =
            Sum { points: *points, parts: vec![(PromptSignal::RoleMarker, *points, span.clone())] };
    }
    for word in Words::new(text) {
        let mut changed = false;
        for (pattern, progress) in PATTERNS.iter().zip(&mut progress) {
            let last = pattern.steps.len() - 1;
            for step in (0..=last).rev() {
                let (meaning, gap) = pattern.steps[step];
                if word.meaning & meaning == 0 {
                    continue;
                }
                let start = match step.checked_sub(1).map(|before| progress.steps[before]) {
                    None => word.span.start,
                    Some(Some((place, start))) if word.place - place <= u32::from(gap) => start,
                    Some(_) => continue,
                };
                progress.steps[step] = Some((word.place, start));
                if step == last {
                    changed |=
                        progress.hit.is_none_or(|(place, ..)| word.place - place > WINDOW / 2);
                    progress.hit = Some((word.place, start, word.span.end));
                }
            }
        }
        if changed {
            let total = total(&progress, word.place, marked.as_ref());
            if total.points > best.points {
                best = total;
            }
        }
    }
    best
}

/// Adds up what was hit in the window that ends here.
fn total(progress: &[Progress], place: u32, marked: Option<&(u8, Range<usize>)>) -> Sum {
    let mut parts: Vec<(PromptSignal, u8, Range<usize>)> = Vec::new();
    if let Some((points, span)) = marked {
        parts.push((PromptSignal::RoleMarker, *points, span.clone()));
    }
    for (pattern, progress) in PATTERNS.iter().zip(progress) {
        let Some((hit, start, end)) = progress.hit else { continue };
        if place - hit > WINDOW {
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
