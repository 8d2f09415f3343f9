//! What of that which is there goes. Pure.

use wardkit_core::Timestamp;

use crate::{Obstacle, Rule, Why};

/// Something that a rule's names cover.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Which directory it is in.
    pub(crate) directory: usize,
    pub(crate) name: Box<[u8]>,
    pub(crate) inode: u64,
    /// When it was last used.
    pub(crate) used: Timestamp,
    /// How much is in it.
    pub(crate) size: u64,
    /// The room that it takes on the disk.
    pub(crate) bytes: u64,
    /// Why it must stay, whatever the rule says.
    pub(crate) obstacle: Option<Obstacle>,
}

/// What becomes of an entry that the rule wants gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Remove(Why),
    Keep(Obstacle),
}

/// Returns what becomes of those that the rule wants gone, oldest first; the others stay.
pub(crate) fn plan(rule: &Rule, now: Timestamp, entries: &[Entry]) -> Vec<(usize, Verdict)> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    // Those that are equally old in the order in which they were listed, which is that of their names.
    order.sort_by_key(|&index| entries[index].used);
    let kept = usize::try_from(rule.keep).unwrap_or(usize::MAX);
    let candidates = &order[..order.len().saturating_sub(kept)];
    let mut total: u64 = entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.bytes));
    let mut verdicts: Vec<(usize, Verdict)> = Vec::new();
    let mut rest = Vec::new();
    for &index in candidates {
        match own_fault(rule, now, &entries[index]) {
            Some(why) => {
                let verdict = judge(&entries[index], why);
                if matches!(verdict, Verdict::Remove(_)) {
                    total -= entries[index].bytes.min(total);
                }
                verdicts.push((index, verdict));
            }
            None => rest.push(index),
        }
    }
    let most = rule.max_total.map_or(u64::MAX, |size| size.0);
    for index in rest {
        if total <= most {
            break;
        }
        // What takes no room makes none.
        if entries[index].bytes == 0 {
            continue;
        }
        let verdict = judge(&entries[index], Why::OverTotal);
        if matches!(verdict, Verdict::Remove(_)) {
            total -= entries[index].bytes.min(total);
        }
        verdicts.push((index, verdict));
    }
    verdicts.sort_by_key(|(index, _)| entries[*index].used);
    verdicts
}

/// Returns why an entry goes for what it is itself, whatever else is there.
fn own_fault(rule: &Rule, now: Timestamp, entry: &Entry) -> Option<Why> {
    // A time to come, by a clock that was wrong, is no age.
    let age = now.duration_since(entry.used).unwrap_or_default();
    let is_old = rule.older_than.map(|limit| age >= limit);
    let is_large = rule.larger_than.map(|limit| entry.size > limit.0);
    match (is_old, is_large) {
        (Some(true), None | Some(true)) => Some(Why::Unused(age.as_secs())),
        (None, Some(true)) => Some(Why::Large),
        (None, None) if rule.keeps_only_the_newest() && rule.keep > 0 => Some(Why::NotAmongNewest),
        _ => None,
    }
}

fn judge(entry: &Entry, why: Why) -> Verdict {
    entry.obstacle.clone().map_or(Verdict::Remove(why), Verdict::Keep)
}

#[cfg(test)]
mod tests;
