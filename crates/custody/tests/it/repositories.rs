use std::fs;
use std::path::PathBuf;

use wardkit_custody::{Error, Needed};

use crate::support::{Host, copy};

const ID: [u8; 32] = [7; 32];
const CONFIG: [u8; 32] = [8; 32];

fn remember(host: &Host, snapshot: u8) {
    let repositories = host.custody.repositories();
    let change = |seen: &mut wardkit_custody::SeenRepository| {
        seen.snapshots.insert([snapshot; 32]);
        seen.needed = Some(Needed { snapshots: snapshot.into(), bytes: u64::MAX });
        seen.add_address("/srv/backup");
    };
    repositories.update(ID, CONFIG, change).unwrap();
}

fn file(host: &Host) -> PathBuf {
    host.dir.path().join(format!("data/repositories/{}.seen", "07".repeat(32)))
}

#[test]
fn what_was_seen_is_found_by_id_and_by_address() {
    let host = Host::new();
    let repositories = host.custody.repositories();
    assert_eq!(repositories.of(&ID).unwrap(), None);
    assert_eq!(repositories.at("/srv/backup").unwrap(), None);
    assert!(!host.dir.path().join("data").exists(), "asking writes nothing");
    remember(&host, 1);
    remember(&host, 2);
    host.next_day();
    remember(&host, 3);
    let seen = repositories.of(&ID).unwrap().unwrap();
    assert_eq!((seen.id, seen.config), (ID, CONFIG));
    assert_eq!(seen.needed, Some(Needed { snapshots: 3, bytes: u64::MAX }));
    assert_eq!(Vec::from_iter(seen.snapshots.clone()), [[1; 32], [2; 32], [3; 32]]);
    assert_eq!(repositories.at("/srv/backup").unwrap(), Some(seen));
    assert_eq!(repositories.at("/srv/other").unwrap(), None);
    assert_eq!(repositories.of(&[9; 32]).unwrap(), None);
}

#[test]
fn an_altered_or_older_or_missing_file_is_refused() {
    let host = Host::new();
    remember(&host, 1);
    let older = fs::read(file(&host)).unwrap();
    remember(&host, 2);
    let whole = fs::read(file(&host)).unwrap();
    let refused = |bytes: Option<&[u8]>| {
        match bytes {
            Some(bytes) => fs::write(file(&host), bytes).unwrap(),
            None => fs::remove_file(file(&host)).unwrap(),
        }
        let answers = [
            host.custody.repositories().of(&ID).map(drop),
            host.custody.repositories().update(ID, CONFIG, |seen| seen.snapshots.clear()),
        ];
        for answer in answers {
            let error = answer.unwrap_err();
            assert!(matches!(error, Error::Damaged { .. } | Error::Key { .. }), "{error}");
        }
    };
    for at in (0..whole.len()).step_by(23).chain([whole.len() - 1]) {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        refused(Some(&altered));
    }
    refused(Some(&whole[..whole.len() / 2]));
    refused(Some(b""));
    refused(Some(&older));
    refused(None);
    fs::write(file(&host), &whole).unwrap();
    assert_eq!(host.custody.repositories().of(&ID).unwrap().unwrap().snapshots.len(), 2);
}

#[test]
fn a_file_of_another_repository_or_host_is_refused() {
    let (host, other) = (Host::new(), Host::new());
    remember(&host, 1);
    remember(&other, 1);
    fs::copy(file(&other), file(&host)).unwrap();
    let error = host.custody.repositories().of(&ID).unwrap_err();
    assert!(matches!(error, Error::Key { .. } | Error::Damaged { .. }), "{error}");
    let away = file(&other).with_file_name(format!("{}.seen", "09".repeat(32)));
    fs::rename(file(&other), away).unwrap();
    assert!(other.custody.repositories().of(&[9; 32]).is_err());
    assert!(other.custody.repositories().of(&ID).is_err());
}

#[test]
fn without_the_folder_what_was_seen_is_missing() {
    let host = Host::new();
    remember(&host, 1);
    let (dir, aside) = (host.dir.path().join("data/repositories"), host.dir.path().join("aside"));
    copy(&dir, &aside);
    fs::remove_dir_all(&dir).unwrap();
    assert!(host.custody.repositories().of(&ID).is_err());
    copy(&aside, &dir);
    assert!(host.custody.repositories().of(&ID).unwrap().is_some());
}
