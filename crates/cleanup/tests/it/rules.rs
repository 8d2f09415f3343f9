//! What goes by which rule.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use wardkit_cleanup::{Also, CutShort, Size, Why};
use wardkit_core::Clock as _;

use super::{DAY, both_ways, kept, pairs, removed};

#[test]
fn names_and_depth_say_what_a_rule_covers() {
    both_ways(|scene| {
        for name in ["a.tmp", "a.txt", "sub/b.tmp", "sub/sub/c.tmp", "keep/d.tmp", "sub/x.tmp"] {
            scene.write(name, 3);
        }
        let mut rule = scene.rule();
        rule.names = vec!["*.tmp".to_owned()];
        rule.except = vec!["keep".to_owned(), "x.*".to_owned()];
        rule.depth = 1;
        let report = scene.run(vec![rule], |_| ());
        let mut names = removed(&report);
        names.sort();
        assert_eq!(names, ["a.tmp", "sub/b.tmp"]);
        assert_eq!(report.bytes(), 6);
        assert_eq!(kept(&report), []);
        assert!(
            matches!(report.rules[0].removed[0].why, Why::Unused(seconds) if seconds > 6 * 86_400)
        );
        let left = ["a.txt", "keep", "keep/d.tmp", "sub", "sub/sub", "sub/sub/c.tmp", "sub/x.tmp"];
        assert_eq!(scene.left(), left);
    });
}

#[test]
fn what_was_used_lately_stays() {
    both_ways(|scene| {
        let path = scene.write("old-by-its-own-word", 3);
        // As unpacked from an archive: written years ago, and here since a moment.
        let long_ago = std::time::UNIX_EPOCH + DAY;
        let times = fs::FileTimes::new().set_accessed(long_ago).set_modified(long_ago);
        fs::File::options().write(true).open(path).unwrap().set_times(times).unwrap();
        let mut rule = scene.rule();
        rule.older_than = Some(8 * DAY);
        assert_eq!(removed(&scene.run(vec![rule.clone()], |_| ())), [""; 0]);
        scene.clock.advance(2 * DAY);
        assert_eq!(removed(&scene.run(vec![rule], |_| ())), ["old-by-its-own-word"]);
    });
}

#[test]
fn large_files_and_the_oldest_of_too_many_go() {
    both_ways(|scene| {
        for (name, bytes) in [("a", 100), ("b", 5000), ("c", 100), ("d", 100)] {
            scene.write(name, bytes);
        }
        let mut rule = scene.rule();
        rule.older_than = None;
        rule.larger_than = Some(Size(1000));
        rule.max_total = Some(Size(250));
        let report = scene.run(vec![rule], |_| ());
        assert_eq!(removed(&report).len(), 2);
        assert_eq!(report.rules[0].removed.iter().filter(|gone| gone.why == Why::Large).count(), 1);
        assert_eq!(scene.left().len(), 2);
        assert!(!scene.left().contains(&"b".to_owned()));
    });
}

#[test]
fn a_file_of_holes_counts_for_the_room_it_takes() {
    both_ways(|scene| {
        fs::File::create(scene.path().join("holes")).unwrap().set_len(1 << 40).unwrap();
        scene.write("a", 100);
        let mut rule = scene.rule();
        rule.older_than = None;
        rule.max_total = Some(Size(1 << 20));
        assert_eq!(removed(&scene.run(vec![rule], |_| ())), [""; 0]);
    });
}

#[test]
fn all_but_the_newest_go() {
    both_ways(|scene| {
        for day in 1..=4_u32 {
            let file = fs::File::create(scene.path().join(format!("backup-{day}"))).unwrap();
            // Of times to come, so that it is not the moment of their making that counts.
            let modified = std::time::SystemTime::UNIX_EPOCH + DAY * (100_000 + day);
            file.set_times(fs::FileTimes::new().set_modified(modified)).unwrap();
        }
        let mut rule = scene.rule();
        rule.older_than = None;
        rule.keep = 2;
        let report = scene.run(vec![rule], |_| ());
        assert_eq!(removed(&report), ["backup-1", "backup-2"]);
        assert_eq!(report.rules[0].removed[0].why, Why::NotAmongNewest);
    });
}

#[test]
fn empty_directories_go_when_the_rule_says_so() {
    both_ways(|scene| {
        scene.write("a/b/old", 1);
        scene.write("a/c/notes.txt", 1);
        fs::create_dir(scene.path().join("empty")).unwrap();
        let mut rule = scene.rule();
        rule.names = vec!["old".to_owned()];
        let without = scene.run(vec![rule.clone()], |_| ());
        assert_eq!(removed(&without), ["a/b/old"]);
        scene.write("a/b/old", 1);
        rule.also.insert(Also::EmptyDirs);
        let report = scene.run(vec![rule.clone()], |_| ());
        assert_eq!(removed(&report), ["a/b/old", "empty", "a/b"]);
        assert_eq!(scene.left(), ["a", "a/c", "a/c/notes.txt"]);
        // Its own directory stays, and so does one that was made a moment ago.
        rule.names.clear();
        assert_eq!(removed(&scene.run(vec![rule.clone()], |_| ())), ["a/c/notes.txt", "a/c", "a"]);
        fs::create_dir(scene.path().join("new")).unwrap();
        rule.older_than = Some(8 * DAY);
        assert_eq!(removed(&scene.run(vec![rule], |_| ())), [""; 0]);
        assert_eq!(scene.left(), ["new"]);
    });
}

#[test]
fn a_run_ends_at_its_budget_and_the_next_goes_on() {
    both_ways(|scene| {
        for index in 0..5 {
            scene.write(&format!("{index}"), 1);
        }
        for expected in [2, 2, 1] {
            let report = scene.run(vec![scene.rule()], |config| config.max_files = 2);
            assert_eq!(report.removed(), expected);
            assert_eq!(report.cut_short, (expected == 2).then_some(CutShort::MaxFiles));
        }
        assert_eq!(scene.left(), [""; 0]);
    });
}

#[test]
fn a_run_ends_when_its_time_is_over_or_it_is_told_to() {
    both_ways(|scene| {
        for index in 0..5 {
            scene.write(&format!("{index}"), 1);
        }
        let cleaner = scene.cleaner(vec![scene.rule()], |_| ());
        let asked = Cell::new(0);
        let stops = || {
            asked.set(asked.get() + 1);
            asked.get() > 8
        };
        let report = cleaner.run(&scene.clock, &stops);
        assert_eq!(report.cut_short, Some(CutShort::Stopped));
        assert!(report.removed() < 5, "{report:?}");
        let slow = || {
            scene.clock.advance(Duration::from_secs(100));
            false
        };
        let report = cleaner.run(&scene.clock, &slow);
        assert_eq!(report.cut_short, Some(CutShort::MaxTime));
        assert!(!scene.left().is_empty());
    });
}

#[test]
fn a_directory_that_is_not_there_needs_no_cleaning() {
    both_ways(|scene| {
        let mut rule = scene.rule();
        rule.path = scene.path().join("nowhere/below");
        let report = scene.run(vec![rule], |_| ());
        assert_eq!((report.removed(), &report.rules[0].refused), (0, &None));
        assert_eq!(report.events(scene.clock.now()), []);
    });
}

#[test]
fn what_happened_is_told_once_a_rule() {
    both_ways(|scene| {
        scene.write("here/a", 5);
        scene.write("here/b", 6);
        symlink("here", scene.path().join("link")).unwrap();
        let (mut one, mut two) = (scene.rule(), scene.rule());
        one.path = scene.path().join("here");
        two.path = scene.path().join("link");
        let report = scene.run(vec![one, two], |_| ());
        let events = report.events(scene.clock.now());
        let told: Vec<_> =
            events.iter().map(|event| (event.kind.as_str(), &*event.message)).collect();
        assert_eq!(
            told,
            [
                ("cleanup.removed", "2 removed, 11 bytes"),
                ("cleanup.refused", "is no directory, or a link leads there"),
            ]
        );
    });
}

#[test]
fn links_and_files_with_several_names_go_only_where_a_rule_says_so() {
    both_ways(|scene| {
        let target = scene.write("z/target", 1);
        fs::hard_link(&target, scene.path().join("hard")).unwrap();
        symlink(&target, scene.path().join("soft")).unwrap();
        let mut rule = scene.rule();
        rule.depth = 0;
        let report = scene.run(vec![rule.clone()], |_| ());
        let mut said = kept(&report);
        said.sort();
        assert_eq!(said, pairs(&[("hard", "has another name"), ("soft", "a link")]));
        rule.also = [Also::Links, Also::HardLinks].into();
        assert_eq!(scene.run(vec![rule], |_| ()).removed(), 2);
        assert_eq!(scene.left(), ["z", "z/target"]);
    });
}
