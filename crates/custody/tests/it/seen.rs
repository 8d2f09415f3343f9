use std::fs;
use std::path::Path;

use wardkit_custody::{Error, Mark, Subject};
use wardkit_tlog::{Hash, SigningKey};

use crate::support::Host;

fn mark(number: u64, root: u8) -> Mark {
    Mark::new(number, Hash::from_bytes([root; 32]))
}

#[test]
fn what_was_seen_never_goes_back() {
    let host = Host::new();
    let seen = host.custody.seen();
    let subject = Subject::Lineage("a");
    assert_eq!(seen.last(subject).unwrap(), None);
    for (number, expected) in [(3, 3), (1, 3), (3, 3), (7, 7), (0, 7), (u64::MAX, u64::MAX)] {
        seen.advance(subject, mark(number, 1)).unwrap();
        assert_eq!(seen.last(subject).unwrap(), Some(mark(expected, 1)));
    }
    let other = seen.advance(subject, mark(u64::MAX, 2));
    assert!(matches!(other, Err(Error::Contradiction { number: u64::MAX, .. })));
    assert_eq!(seen.last(subject).unwrap(), Some(mark(u64::MAX, 1)));
}

#[test]
fn subjects_do_not_know_of_each_other() {
    let host = Host::new();
    let seen = host.custody.seen();
    let key = |seed| SigningKey::from_seed("a", [seed; 32]).unwrap().verifier().clone();
    let (one, other) = (key(1), key(2));
    let subjects = [
        Subject::Log(&one),
        Subject::Log(&other),
        Subject::Lineage("/a"),
        Subject::Directory(Path::new("/a")),
        Subject::Directory(Path::new("/a\nwardkit-seen/v1")),
    ];
    for (number, subject) in (1..).zip(subjects) {
        seen.advance(subject, mark(number, 1)).unwrap();
    }
    for (number, subject) in (1..).zip(subjects) {
        assert_eq!(seen.last(subject).unwrap(), Some(mark(number, 1)), "{subject}");
    }
}

#[test]
fn a_torn_file_is_an_error_that_names_it_and_is_not_replaced() {
    let host = Host::new();
    let seen = host.custody.seen();
    let subject = Subject::Lineage("a");
    seen.advance(subject, mark(12, 1)).unwrap();
    let files = fs::read_dir(host.dir.path().join("data/seen")).unwrap();
    let mut paths = files.map(|entry| entry.unwrap().path());
    let path = paths.find(|path| path.to_str().unwrap().contains("lineage-")).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    let mut broken: Vec<String> =
        (0..whole.len()).map(|length| whole[..length].to_owned()).collect();
    broken.extend([
        whole.replace("12 ", "012 "),
        whole.replace("12 ", "-12 "),
        whole.replace("12 ", "99999999999999999999 "),
        whole.replace("lineage a", "lineage b"),
        whole.replace("v1", "v2"),
        format!("{whole}\n"),
        whole.clone() + &whole,
    ]);
    for text in broken {
        fs::write(&path, &text).unwrap();
        let error = seen.last(subject).unwrap_err();
        assert!(
            matches!(&error, Error::Damaged { path: named, .. } if *named == path),
            "{text:?} {error}"
        );
        assert!(seen.advance(subject, mark(13, 1)).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn many_threads_leave_the_largest() {
    let host = Host::new();
    let seen = host.custody.seen();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let seen = &seen;
            scope.spawn(move || {
                for number in 0..10 {
                    seen.advance(Subject::Lineage("a"), mark(number * 4 + thread, 1)).unwrap();
                }
            });
        }
    });
    assert_eq!(seen.last(Subject::Lineage("a")).unwrap(), Some(mark(39, 1)));
}
