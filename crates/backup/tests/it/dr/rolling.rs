use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_backup::dr::Rolling;
use wardkit_backup::format::Id;
use wardkit_core::Timestamp;

const DAY: Duration = Duration::from_hours(24);

fn pack(number: u32) -> Id {
    Id::of(&number.to_be_bytes())
}

fn begin() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000)
}

#[test]
fn share_is_a_part_of_all_bytes_and_begins_with_what_waits_longest() {
    let packs: HashMap<Id, u64> = (0..10).map(|number| (pack(number), 100)).collect();
    let mut rolling = Rolling::default();
    let now = begin();
    for number in 0..10 {
        rolling.proven(pack(number), now.saturating_add(DAY * number));
    }
    let now = now.saturating_add(DAY * 10);
    let share = rolling.share(now, &packs, DAY, DAY * 20);
    assert_eq!(share.packs, [pack(0)]);
    assert_eq!((share.bytes, share.oldest, share.unproven), (100, DAY * 10, 0));
    let share = rolling.share(now, &packs, DAY, DAY * 8);
    assert_eq!(
        share.packs,
        [0, 1, 2, 3].map(pack),
        "three are late and one is due before the next run"
    );
}

#[test]
fn what_was_read_in_the_future_counts_as_read_now() {
    let packs = HashMap::from([(pack(1), 5)]);
    let mut rolling = Rolling::default();
    rolling.proven(pack(1), begin().saturating_add(DAY * 1000));
    assert_eq!(rolling.share(begin(), &packs, DAY, DAY * 2).oldest, Duration::ZERO);
    let share = rolling.share(begin().saturating_add(DAY * 2), &packs, DAY, DAY * 2);
    assert_eq!(share.packs, [pack(1)]);
}

#[test]
fn text_keeps_everything_and_lines_that_are_none_are_passed_over() {
    let packs = HashMap::from([(pack(1), 5), (pack(2), 7)]);
    let mut rolling = Rolling::default();
    rolling.share(begin(), &packs, DAY, DAY * 2);
    rolling.proven(pack(2), begin());
    let text = rolling.to_text();
    assert_eq!(Rolling::from_text(&text), rolling);
    let broken = format!("nonsense\n{text}{} proven\n{} gone 1\n", pack(3), pack(3));
    assert_eq!(Rolling::from_text(&broken), rolling);
    assert_eq!(Rolling::from_text(&text).share(begin(), &packs, DAY, DAY * 2).unproven, 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_pack_waits_longer_than_it_may(
        sizes in prop::collection::vec(1_u64..1000, 1..40),
        days in 1_u32..15,
        fresh in prop::collection::vec(any::<bool>(), 60),
    ) {
        let mut packs: HashMap<Id, u64> =
            sizes.iter().zip(0..).map(|(size, number)| (pack(number), *size)).collect();
        let mut rolling = Rolling::default();
        let mut now = begin();
        for (run, is_fresh) in (0_u32..).zip(fresh) {
            if is_fresh {
                packs.insert(pack(1000 + run), 50);
            }
            let share = rolling.share(now, &packs, DAY, DAY * days);
            prop_assert!(share.oldest <= DAY * days, "{:?}", share.oldest);
            let total: u64 = packs.values().sum();
            prop_assert!(share.bytes >= total / u64::from(days));
            for pack in share.packs {
                rolling.proven(pack, now);
            }
            now = now.saturating_add(DAY);
        }
    }
}
