//! Lines that changed since another state of the tree.

use std::collections::BTreeMap;

use crate::Finding;

/// Lines that changed since another state of the tree, by file. A file that is not named was not there, and is new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    files: BTreeMap<String, Vec<u32>>,
}

impl Changes {
    /// Adds a file that is as it was.
    pub fn add_unchanged(&mut self, path: impl Into<String>) {
        self.files.insert(path.into(), Vec::new());
    }

    /// Adds a file that was other than it is.
    pub fn add_changed(&mut self, path: impl Into<String>, before: &str, now: &str) {
        self.files.insert(path.into(), changed(before, now));
    }

    /// Whether a finding is on a line that changed. What is about a whole file changed with any line of it, and what is
    /// no part of the tree is told always.
    #[must_use]
    pub fn touch(&self, finding: &Finding) -> bool {
        let Some(place) = finding.files.first().filter(|place| !place.path.starts_with('/')) else {
            return true;
        };
        let Some(lines) = self.files.get(&place.path) else { return true };
        let Some(first) = place.line else { return !lines.is_empty() };
        let last = place.end_line.unwrap_or(first).max(first);
        lines.iter().any(|line| (first..=last).contains(line))
    }
}

/// Returns the numbers of the lines of `now` that are not in `before`, in order.
fn changed(before: &str, now: &str) -> Vec<u32> {
    let (before, now): (Vec<&str>, Vec<&str>) = (before.lines().collect(), now.lines().collect());
    let start = before.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let (before, rest) = (&before[start..], &now[start..]);
    let end = before.iter().rev().zip(rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (before, rest) = (&before[..before.len() - end], &rest[..rest.len() - end]);
    let kept = if before.len().saturating_mul(rest.len()) > MOST_CELLS {
        // Then all of the middle counts as changed: more is told, never less.
        vec![false; rest.len()]
    } else {
        common(before, rest)
    };
    let number = |index: usize| u32::try_from(start + index + 1).unwrap_or(u32::MAX);
    kept.iter().enumerate().filter(|(_, kept)| !**kept).map(|(index, _)| number(index)).collect()
}

/// Tells of each line of `now` whether it is in a longest common subsequence.
fn common(before: &[&str], now: &[&str]) -> Vec<bool> {
    let width = now.len() + 1;
    let mut longest = vec![0_u32; (before.len() + 1) * width];
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in now.iter().enumerate().rev() {
            longest[i * width + j] = if old == new {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let mut kept = vec![false; now.len()];
    let (mut i, mut j) = (0, 0);
    while i < before.len() && j < now.len() {
        if before[i] == now[j] {
            kept[j] = true;
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    kept
}

/// 16 MB of numbers.
const MOST_CELLS: usize = 4_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_new_are_changed() {
        let check = |before: &str, now: &str, lines: &[u32]| {
            let (before, now) = (before.replace(' ', "\n"), now.replace(' ', "\n"));
            assert_eq!(changed(&before, &now), lines, "{before:?} {now:?}");
        };
        check("a b c", "a b c", &[]);
        check("a b c", "a x c", &[2]);
        check("a b c", "x a b c", &[1]);
        check("a b c", "a b c x", &[4]);
        check("a b c", "a c", &[]);
        check("a b c d e", "a x c y e z", &[2, 4, 6]);
        check("", "a b", &[1, 2]);
        check("a b", "", &[]);
    }
}
