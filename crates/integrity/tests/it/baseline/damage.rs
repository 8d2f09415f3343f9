//! What is not as it was written is refused, and by what it is.

use super::*;

#[test]
fn one_flipped_byte_anywhere_is_refused() {
    let place = Place::with(&tree(1, 1));
    let file = fs::read(place.path("baseline-1.fim")).expect("the file");
    let note = fs::read(place.path("baseline-1.note")).expect("the note");
    let key = key();
    let open =
        |file: &[u8], note: &[u8]| Baseline::from_bytes(file.to_vec(), note, [key.verifier()]);
    assert!(open(&file, &note).is_ok());
    for at in 0..file.len() {
        let mut file = file.clone();
        file[at] ^= 1 << (at % 8);
        assert!(open(&file, &note).is_err(), "byte {at}");
    }
    for at in 0..note.len() {
        let mut note = note.clone();
        note[at] ^= 1 << (at % 8);
        assert!(open(&file, &note).is_err(), "byte {at}");
    }
}

#[test]
fn every_shorter_and_every_longer_file_is_refused() {
    let place = Place::with(&tree(1, 1));
    let file = fs::read(place.path("baseline-1.fim")).expect("the file");
    let note = fs::read(place.path("baseline-1.note")).expect("the note");
    let key = key();
    let open = |file: &[u8], note: &[u8]| {
        Baseline::from_bytes(file.to_vec(), note, [key.verifier()]).map(|_| ())
    };
    for end in 0..file.len() {
        assert_eq!(open(&file[..end], &note), Err(Refusal::Torn), "{end} bytes");
    }
    for end in 0..note.len() {
        assert!(open(&file, &note[..end]).is_err(), "{end} bytes");
    }
    assert_eq!(open(&[&file[..], b"\0"].concat(), &note), Err(Refusal::Torn));
    assert_eq!(open(&file, &[&note[..], b"\0"].concat()), Err(Refusal::Torn));
}

#[test]
fn only_regular_files_are_read() {
    let place = Place::with(&tree(1, 1));
    for name in ["baseline-1.fim", "baseline-1.note"] {
        let path = place.path(name);
        let aside = place.path("aside");
        fs::rename(&path, &aside).expect("renamed");
        symlink(&aside, &path).expect("a link");
        check_refused(place.newest(None), &path, Refusal::NotRegular);
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a directory");
        check_refused(place.newest(None), &path, Refusal::NotRegular);
        fs::remove_dir(&path).expect("removed");
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, 0o600.into(), 0).expect("a pipe");
        check_refused(place.newest(None), &path, Refusal::NotRegular);
        fs::remove_file(&path).expect("removed");
        fs::rename(&aside, &path).expect("renamed");
    }
    assert_eq!(place.newest(None).expect("the baseline").generation(), 1);
}

#[test]
fn a_file_larger_than_any_baseline_is_not_read() {
    let place = Place::with(&tree(1, 1));
    let path = place.path("baseline-1.fim");
    let file = fs::OpenOptions::new().write(true).open(&path).expect("the file");
    file.set_len(Baseline::MAX_BYTES + 1).expect("it takes no room");
    check_refused(place.newest(None), &path, Refusal::TooLarge);
}

#[test]
fn what_may_not_be_read_is_an_error_that_names_it() {
    let place = Place::with(&tree(1, 1));
    let path = place.path("baseline-1.fim");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("mine");
    match place.newest(None) {
        // Root reads everything.
        Ok(baseline) => {
            assert!(rustix::process::geteuid().is_root());
            assert_eq!(baseline.generation(), 1);
        }
        Err(Error::Io { action, path: at, source }) => {
            assert!(!rustix::process::geteuid().is_root());
            assert_eq!((action, at), ("open", path));
            assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// Signs bytes that are no baseline, or a damaged one, as if they were one.
fn signed(file: &[u8], entries: u64) -> Vec<u8> {
    let head = wardkit_tlog::TreeHead { size: entries, root: Hash::EMPTY_TREE };
    let digest = Algorithm::Blake3.digest(file);
    let checkpoint = Checkpoint::new("host.example/fim", head)
        .and_then(|it| it.with_extension(format!("file-blake3 {digest}")))
        .and_then(|it| it.with_extension("generation 1"))
        .and_then(|it| it.with_extension(format!("lineage {}", "09".repeat(16))));
    checkpoint.and_then(|it| it.sign(&key())).expect("a note").to_string().into_bytes()
}

#[test]
fn a_tree_that_is_not_of_the_entries_is_noticed() {
    let place = Place::with(&tree(1, 3));
    let file = fs::read(place.path("baseline-1.fim")).expect("the file");
    let note = signed(&file, 5);
    let key = key();
    let baseline = Baseline::from_bytes(file, &note, [key.verifier()]).expect("signed");
    assert_eq!(baseline.check_tree(), Err(Refusal::Altered));
}

proptest! {
    // Each case writes and synchronises files.
    #![proptest_config(ProptestConfig::with_cases(32))]

    // Even the holder of the key cannot make the reader panic.
    #[test]
    fn a_damaged_file_that_is_signed_is_read_in_full_or_refused(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        directories in 0..3_u8,
    ) {
        let place = Place::with(&tree(directories, 20));
        let mut file = fs::read(place.path("baseline-1.fim")).expect("the file");
        for (index, byte) in damage {
            let at = index.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.remove(cut.index(file.len()));
        }
        let entries = u64::from(directories) * 21 + 1;
        let note = signed(&file, entries);
        let key = key();
        if let Ok(baseline) = Baseline::from_bytes(file, &note, [key.verifier()]) {
            prop_assert_eq!(baseline.entries().count() as u64, entries);
            for entry in baseline.entries() {
                prop_assert_eq!(baseline.entry(&entry.path), Some(entry));
            }
        }
    }
}
