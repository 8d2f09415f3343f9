//! The shortest list of changes between two lists of lines.

use std::collections::HashMap;
use std::ops::Range;

/// Lines that were replaced by others; one of the ranges may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// Returns what was replaced by what, in order.
///
/// This is the greedy algorithm of Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). Beyond
/// [`MOST_EDITS`] it gives up, and everything between the first and the last difference is one edit.
pub(super) fn edits(old: &[&str], new: &[&str]) -> Vec<Edit> {
    let same = |(left, right): &(&&str, &&str)| left == right;
    let front = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[front..], &new[front..]);
    let back = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
    let old_rest = &old_rest[..old_rest.len() - back];
    let new_rest = &new_rest[..new_rest.len() - back];
    if old_rest.is_empty() && new_rest.is_empty() {
        return Vec::new();
    }
    // Numbers compare faster than lines, which may be long and alike.
    let mut numbers = HashMap::new();
    let mut number = |line| {
        let next = numbers.len();
        *numbers.entry(line).or_insert(next)
    };
    let left: Vec<usize> = old_rest.iter().map(&mut number).collect();
    let right: Vec<usize> = new_rest.iter().map(&mut number).collect();
    let mut edits = match furthest(&left, &right) {
        Some(trace) => backtrack(&trace, left.len(), right.len()),
        None => vec![Edit { old: 0..left.len(), new: 0..right.len() }],
    };
    for edit in &mut edits {
        edit.old = edit.old.start + front..edit.old.end + front;
        edit.new = edit.new.start + front..edit.new.end + front;
    }
    edits
}

/// For each number of edits, how far into the old lines one comes on each diagonal, from the lowest to the highest in
/// steps of two. Diagonal `k` holds the places where `old - new = k`.
fn furthest(old: &[usize], new: &[usize]) -> Option<Vec<Vec<usize>>> {
    let mut trace: Vec<Vec<usize>> = Vec::new();
    for count in 0..=MOST_EDITS {
        let mut reached = Vec::with_capacity(count + 1);
        for diagonal in 0..=count {
            let mut x = match trace.last() {
                Some(before) => step(before, diagonal).0,
                None => 0,
            };
            // The diagonal is `2 * diagonal - count`, so the place in the new lines is never below zero.
            let mut y = (x + count).saturating_sub(2 * diagonal);
            while x < old.len() && y < new.len() && old[x] == new[y] {
                x += 1;
                y += 1;
            }
            reached.push(x);
            if x >= old.len() && y >= new.len() {
                trace.push(reached);
                return Some(trace);
            }
        }
        trace.push(reached);
    }
    None
}

/// Returns how far one comes on a diagonal with one edit more, and whether that edit removes a line.
fn step(before: &[usize], diagonal: usize) -> (usize, bool) {
    let added = before.get(diagonal).copied();
    let removed = diagonal.checked_sub(1).and_then(|below| before.get(below)).map(|x| x + 1);
    match (added, removed) {
        (Some(added), Some(removed)) if added >= removed => (added, false),
        (Some(added), None) => (added, false),
        (_, Some(removed)) => (removed, true),
        (None, None) => (0, false),
    }
}

fn backtrack(trace: &[Vec<usize>], old: usize, new: usize) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    // The last diagonal: `old - new = 2 * diagonal - count`.
    let mut diagonal = (trace.len() - 1 + old).saturating_sub(new) / 2;
    for count in (1..trace.len()).rev() {
        let (x, removes) = step(&trace[count - 1], diagonal);
        let y = (x + count).saturating_sub(2 * diagonal);
        let edit = if removes {
            diagonal -= 1;
            Edit { old: x - 1..x, new: y..y }
        } else {
            Edit { old: x..x, new: y.saturating_sub(1)..y }
        };
        match edits.last_mut() {
            Some(after) if after.old.start == edit.old.end && after.new.start == edit.new.end => {
                after.old.start = edit.old.start;
                after.new.start = edit.new.start;
            }
            _ => edits.push(edit),
        }
    }
    edits.reverse();
    edits
}

/// The trace takes memory with the square of this, about a megabyte; more changes than this nobody reads.
const MOST_EDITS: usize = 500;
