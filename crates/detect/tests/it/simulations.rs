//! The made-up hosts are what they say they are.

use crate::simulated::resident::Size;
use crate::simulated::{disks, resident};

#[test]
fn a_process_is_the_same_for_a_seed_and_leaks_what_it_was_told() {
    for family in resident::FAMILIES {
        let clean = resident::series(family, Size::Bot, 5, 0.0, 72);
        assert_eq!(clean, resident::series(family, Size::Bot, 5, 0.0, 72), "{family:?}");
        assert_ne!(clean, resident::series(family, Size::Bot, 6, 0.0, 72), "{family:?}");
        assert_eq!(clean.len(), 72 * 60);
        assert!(clean.iter().all(|value| *value > 0.0 && *value < 10_000.0), "{family:?}");
        if family != resident::Family::Restarts {
            let leaks = resident::series(family, Size::Bot, 5, 1.0, 72);
            let lost = leaks[72 * 60 - 1] - clean[72 * 60 - 1];
            assert!((60.0..=85.0).contains(&lost), "{family:?} lost {lost}");
        }
    }
}

#[test]
fn a_disk_is_not_full_before_its_time() {
    for family in disks::FAMILIES {
        for seed in 0..20 {
            let disk = disks::disk(family, seed);
            assert!(disk.full_in >= 3.0, "{family:?} {seed}");
            assert!(disk.history.len() > 600, "{family:?} {seed}");
            if family != disks::Family::Resized {
                assert!(
                    disk.history.iter().all(|(_, value)| value.is_nan() || *value < disk.limit),
                    "{family:?} {seed}"
                );
            }
        }
    }
}
