use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Size;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

/// An entry that was used so many seconds ago.
fn entry(age: i64, size: u64) -> Entry {
    Entry {
        directory: 0,
        name: Box::from(&b"x"[..]),
        inode: 0,
        used: Timestamp::from_unix_seconds(1_000_000 - age),
        size,
        bytes: size,
        obstacle: None,
    }
}

fn removed(rule: &Rule, entries: &[Entry]) -> Vec<(usize, Why)> {
    let verdicts = plan(rule, NOW, entries).into_iter();
    verdicts
        .filter_map(|(index, verdict)| match verdict {
            Verdict::Remove(why) => Some((index, why)),
            Verdict::Keep(_) => None,
        })
        .collect()
}

#[test]
fn what_is_old_and_large_enough_goes_oldest_first() {
    let entries = [entry(50, 10), entry(100, 10), entry(99, 10), entry(200, 1), entry(-5, 10)];
    let mut rule = Rule::new("/tmp");
    rule.older_than = Some(Duration::from_secs(100));
    assert_eq!(removed(&rule, &entries), [(3, Why::Unused(200)), (1, Why::Unused(100))]);
    rule.larger_than = Some(Size(1));
    assert_eq!(removed(&rule, &entries), [(1, Why::Unused(100))]);
    rule.older_than = None;
    assert_eq!(removed(&rule, &entries), [1, 2, 0, 4].map(|index| (index, Why::Large)));
}

#[test]
fn the_newest_stay_whatever_else_is_said() {
    let entries = [entry(1, 10), entry(2, 10), entry(3, 10)];
    let mut rule = Rule::new("/tmp");
    rule.keep = 2;
    assert_eq!(removed(&rule, &entries), [(2, Why::NotAmongNewest)]);
    rule.older_than = Some(Duration::ZERO);
    rule.max_total = Some(Size(0));
    assert_eq!(removed(&rule, &entries), [(2, Why::Unused(3))]);
    rule.keep = 9;
    assert_eq!(removed(&rule, &entries), []);
}

#[test]
fn too_much_goes_oldest_first_until_it_is_enough() {
    let mut entries = [entry(1, 10), entry(4, 10), entry(2, 10), entry(3, 10), entry(5, 0)];
    let mut rule = Rule::new("/tmp");
    rule.max_total = Some(Size(20));
    let over = |index| (index, Why::OverTotal);
    assert_eq!(removed(&rule, &entries), [over(1), over(3)]);
    // What must stay counts, and the next one goes in its place.
    entries[1].obstacle = Some(Obstacle::InUse);
    assert_eq!(removed(&rule, &entries), [over(3), over(2)]);
    assert_eq!(plan(&rule, NOW, &entries)[0], (1, Verdict::Keep(Obstacle::InUse)));
    rule.max_total = Some(Size(40));
    assert_eq!(plan(&rule, NOW, &entries), []);
    // What goes for its age is no longer part of the total.
    rule.max_total = Some(Size(30));
    entries[1].obstacle = None;
    rule.older_than = Some(Duration::from_secs(4));
    assert_eq!(removed(&rule, &entries), [(4, Why::Unused(5)), (1, Why::Unused(4))]);
}

proptest! {
    #[test]
    fn no_plan_removes_what_must_stay(
        files in prop::collection::vec((-10_i64..1000, 0_u64..100, any::<bool>()), 0..40),
        older in prop::option::of(0_u64..1000),
        larger in prop::option::of(0_u64..100),
        most in prop::option::of(0_u64..2000),
        keep in 0_u32..10,
    ) {
        let entries: Vec<Entry> = files.iter().map(|&(age, size, is_held)| Entry {
            obstacle: is_held.then_some(Obstacle::Locked),
            ..entry(age, size)
        }).collect();
        let mut rule = Rule::new("/tmp");
        rule.older_than = older.map(Duration::from_secs);
        rule.larger_than = larger.map(Size);
        rule.max_total = most.map(Size);
        rule.keep = keep;
        let gone = removed(&rule, &entries);
        let is_gone = |index: usize| gone.iter().any(|&(other, _)| other == index);
        let stays = |index: &usize| !is_gone(*index);
        // Each once, oldest first, none that is held.
        prop_assert!(gone.is_sorted_by_key(|&(index, _)| entries[index].used));
        prop_assert!(gone.iter().all(|&(index, _)| entries[index].obstacle.is_none()));
        let mut once: Vec<_> = gone.iter().map(|&(index, _)| index).collect();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), gone.len());
        // No fewer than `keep` of the newest stay.
        let keep = usize::try_from(keep).unwrap().min(entries.len());
        let newer_than_gone = |index: usize| {
            entries.iter().enumerate().filter(|(other, entry)| {
                *other != index && entry.used >= entries[index].used
            }).count()
        };
        prop_assert!(gone.iter().all(|&(index, _)| newer_than_gone(index) >= keep));
        // With a total alone: either it holds, or nothing else could go; and the last removal was needed.
        if let (None, None, Some(most)) = (older, larger, most) {
            let left: u64 = (0..entries.len()).filter(stays).map(|index| entries[index].bytes).sum();
            let last = gone.last().map_or(0, |&(index, _)| entries[index].bytes);
            prop_assert!(gone.is_empty() || left + last > most);
            let could = (0..entries.len()).filter(stays).filter(|&index| {
                entries[index].obstacle.is_none() && entries[index].bytes > 0
            }).count();
            prop_assert!(left <= most || could <= keep);
        }
    }
}
