//! Guards: nothing is handed out that was not checked.
#![expect(clippy::unwrap_used, reason = "the helpers stand outside the tests")]

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use tempfile::TempDir;
use wardkit_integrity::{
    Algorithm, BaselineDir, BaselineHeader, ChangeKind, Entry, EntryKind, Field, FieldValue, Guard,
    GuardError, Listed, Pins, ScanOptions, WhyUntrusted, trusted_file, trusted_parents,
};
use wardkit_tlog::SigningKey;

const GOOD: &[u8] = b"as it was listed";
const EVIL: &[u8] = b"as it is forged!";

/// A directory with the file `bot.toml`.
fn stage() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("bot.toml");
    fs::write(&path, GOOD).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    (dir, path)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What a guard says of a file, by each of its strengths.
fn verdicts(guard: &Guard<Pins>, path: &Path) -> [Result<(), GuardError>; 3] {
    [guard.open(path).map(drop), guard.read(path, 1 << 20).map(drop), guard.seal(path).map(drop)]
}

fn assert_each(guard: &Guard<Pins>, path: &Path, expected: impl Fn(&GuardError) -> bool) {
    for (strength, verdict) in ["open", "read", "seal"].iter().zip(verdicts(guard, path)) {
        let error = verdict.expect_err(strength);
        assert!(expected(&error), "{strength}: {error:?}");
    }
}

#[test]
fn unchanged_file_is_handed_out_in_every_strength() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    assert_eq!(guard.read(&path, 16).unwrap(), GOOD);
    let mut open = guard.open(&path).unwrap();
    let mut bytes = Vec::new();
    open.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, GOOD);
    assert_eq!(open.digest(), Algorithm::Blake3.digest(GOOD));
    open.recheck().unwrap();
    let sealed = guard.seal(&path).unwrap();
    bytes.clear();
    sealed.file().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, GOOD);
    assert_eq!(sealed.path(), path);
}

#[test]
fn baseline_guards_what_it_lists_and_nothing_else() {
    let (dir, path) = stage();
    let root = dir.path().canonicalize().unwrap();
    symlink("bot.toml", root.join("link")).unwrap();
    let key = SigningKey::from_seed("host.example/fim", [7; 32]).unwrap();
    let header = BaselineHeader::new("host.example", [9; 16]).with_roots([&root]);
    let elsewhere = tempfile::tempdir().unwrap();
    let baselines = BaselineDir::new(elsewhere.path());
    let snapshot = ScanOptions::new([&root]).run().unwrap();
    baselines.init(&header, snapshot.entries(), &key).unwrap();
    let guard = Guard::new(Arc::new(baselines.newest([key.verifier()], None).unwrap()));

    assert_eq!(guard.read(&path, 99).unwrap(), GOOD);
    assert_eq!(guard.read(root.join("link"), 99).unwrap(), GOOD);
    let unlisted = root.join("new");
    fs::write(&unlisted, GOOD).unwrap();
    assert!(matches!(guard.read(&unlisted, 99), Err(GuardError::Unlisted { .. })));
    assert!(matches!(guard.read(&root, 99), Err(GuardError::NotAFile { .. })));
    fs::write(&path, EVIL).unwrap();
    assert!(matches!(guard.read(&path, 99), Err(GuardError::Content { .. })));
}

#[test]
fn file_restored_with_other_times_and_inode_is_the_same_file() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let copy = path.with_extension("bak");
    fs::write(&copy, GOOD).unwrap();
    fs::set_permissions(&copy, Permissions::from_mode(0o644)).unwrap();
    fs::rename(&copy, &path).unwrap();
    assert_eq!(guard.read(&path, 1024).unwrap(), GOOD);
}

#[test]
fn other_content_is_refused_with_both_digests() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    fs::write(&path, EVIL).unwrap();
    let digests = (Algorithm::Blake3.digest(GOOD), Algorithm::Blake3.digest(EVIL));
    assert_each(&guard, &path, |error| {
        matches!(error, GuardError::Content { expected, found: Some(found), .. }
            if (*expected, *found) == digests)
    });
}

#[test]
fn file_of_another_size_is_not_read_to_its_end() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    // A sparse terabyte would take minutes.
    OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let unread = |error: &GuardError| matches!(error, GuardError::Content { found: None, .. });
    assert!(unread(&guard.open(&path).unwrap_err()));
    assert!(unread(&guard.seal(&path).unwrap_err()));
    assert!(matches!(guard.read(&path, 1024), Err(GuardError::TooLarge { max: 1024, .. })));
    assert!(matches!(guard.report(&path, 1024), Err(GuardError::TooLarge { .. })));
}

#[test]
fn read_takes_as_many_bytes_as_allowed_and_no_more() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    assert_eq!(guard.read(&path, GOOD.len() as u64).unwrap(), GOOD);
    assert!(matches!(guard.read(&path, 15), Err(GuardError::TooLarge { max: 15, .. })));
    assert_eq!(guard.read(&path, u64::MAX).unwrap(), GOOD);
}

#[test]
fn other_mode_is_refused_with_both_values() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o4755)).unwrap();
    let text = |text: &str| Some(FieldValue::Text(text.to_owned()));
    assert_each(&guard, &path, |error| {
        matches!(error, GuardError::Metadata { change, .. }
            if change.field == Field::Mode
                && change.old == text("0644")
                && change.new == text("4755"))
    });
}

#[test]
fn other_owner_is_refused() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    if is_root() {
        chown(&path, Some(4_242), None).unwrap();
    } else {
        // Who may not give files away lists another owner instead.
        let mut entry = guard.listed().entry(&path).unwrap();
        entry.uid += 1;
        guard.listed().accept(entry);
    }
    assert_each(
        &guard,
        &path,
        |error| matches!(error, GuardError::Metadata { change, .. } if change.field == Field::Uid),
    );
}

#[test]
fn unlisted_and_missing_files_are_refused() {
    let (_dir, path) = stage();
    let guard = Guard::new(Pins::default());
    assert_each(&guard, &path, |error| matches!(error, GuardError::Unlisted { .. }));
    let guard = Guard::pinned(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_each(&guard, &path, |error| matches!(error, GuardError::Missing { .. }));
    let below = path.join("below");
    fs::write(&path, GOOD).unwrap();
    assert_each(&guard, &below, |error| matches!(error, GuardError::Missing { .. }));
}

#[test]
fn file_listed_without_a_digest_is_refused() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let mut entry = guard.listed().entry(&path).unwrap();
    entry.content = None;
    guard.listed().accept(entry);
    assert_each(&guard, &path, |error| matches!(error, GuardError::NotHashed { .. }));
}

#[test]
fn paths_that_name_a_file_in_another_way_are_refused() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let parent = path.parent().unwrap().display().to_string();
    for path in [
        "bot.toml".to_owned(),
        format!("{parent}/./bot.toml"),
        format!("{parent}//bot.toml"),
        format!("{parent}/bot.toml/"),
        format!("{parent}/x/../bot.toml"),
        String::new(),
    ] {
        assert_each(&guard, Path::new(&path), |error| matches!(error, GuardError::Path { .. }));
    }
    assert_each(&guard, Path::new("/"), |error| matches!(error, GuardError::NotAFile { .. }));
}

#[test]
fn what_is_no_regular_file_is_refused_and_never_waited_for() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    fs::remove_file(&path).unwrap();
    mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    assert_each(&guard, &path, |error| {
        matches!(error, GuardError::NotAFile { kind: EntryKind::Fifo, .. })
    });
    assert!(matches!(guard.report(&path, 99), Err(GuardError::NotAFile { .. })));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_each(&guard, &path, |error| {
        matches!(error, GuardError::NotAFile { kind: EntryKind::Directory, .. })
    });
}

#[test]
fn symbolic_link_is_followed_only_where_it_is_listed() {
    let (dir, path) = stage();
    let base = dir.path().canonicalize().unwrap();
    let (link, tree) = (base.join("link"), base.join("tree"));
    symlink("bot.toml", &link).unwrap();
    symlink("../".to_owned() + base.file_name().unwrap().to_str().unwrap(), &tree).unwrap();
    let through = tree.join("link");
    let guard = Guard::pinned(&path).unwrap();
    for unlisted in [&link, &through, &tree.join("bot.toml")] {
        assert_each(&guard, unlisted, |error| matches!(error, GuardError::Unlisted { .. }));
    }

    for link in [&link, &tree] {
        let mut entry = Entry::new(link, EntryKind::Symlink);
        entry.target = Some(fs::read_link(link).unwrap());
        guard.listed().accept(entry);
    }
    assert_eq!(guard.read(&through, 99).unwrap(), GOOD);
    assert_eq!(guard.open(&through).unwrap().path(), path);

    fs::remove_file(&link).unwrap();
    symlink("/etc/passwd", &link).unwrap();
    assert_each(
        &guard,
        &through,
        |error| matches!(error, GuardError::Metadata { change, .. } if change.field == Field::Target),
    );
}

#[test]
fn links_that_lead_in_a_circle_are_an_error() {
    let (dir, _) = stage();
    let link = dir.path().canonicalize().unwrap().join("round");
    symlink("round", &link).unwrap();
    let guard = Guard::new(Pins::default());
    let mut entry = Entry::new(&link, EntryKind::Symlink);
    entry.target = Some("round".into());
    guard.listed().accept(entry);
    assert_each(&guard, &link, |error| matches!(error, GuardError::Io { .. }));
}

#[test]
fn directory_that_others_may_write_is_not_trusted() {
    let (dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let parent = dir.path().canonicalize().unwrap();
    for mode in [0o777, 0o770, 0o707] {
        fs::set_permissions(&parent, Permissions::from_mode(mode)).unwrap();
        let is_named = |error: &GuardError| {
            matches!(error, GuardError::UntrustedParent(untrusted)
                if untrusted.path == parent && untrusted.why == WhyUntrusted::Writable(mode))
        };
        assert_each(&guard, &path, is_named);
        assert!(is_named(&guard.report(&path, 99).unwrap_err()));
        assert!(is_named(&trusted_parents(&path).unwrap_err()));
        assert!(is_named(&Guard::pinned(&path).unwrap_err()));
    }
    // Sticky: only the owner of a name may exchange it.
    fs::set_permissions(&parent, Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(guard.read(&path, 99).unwrap(), GOOD);
    trusted_parents(&path).unwrap();
    fs::set_permissions(&parent, Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn directory_of_somebody_else_is_not_trusted() {
    let (dir, path) = stage();
    let parent = dir.path().canonicalize().unwrap();
    let guard = Guard::pinned(&path).unwrap();
    let is_named = |error: &GuardError| {
        matches!(error, GuardError::UntrustedParent(untrusted)
            if untrusted.path == parent && untrusted.why == WhyUntrusted::Owner(4_242))
    };
    if is_root() {
        chown(&parent, Some(4_242), None).unwrap();
        assert_each(&guard, &path, is_named);
        assert!(is_named(&trusted_parents(&path).unwrap_err()));
        // The owner of the file may change it anyway: that its directory is theirs adds nothing.
        chown(&path, Some(4_242), None).unwrap();
        let mut entry = guard.listed().entry(&path).unwrap();
        entry.uid = 4_242;
        guard.listed().accept(entry);
        assert_eq!(guard.read(&path, 99).unwrap(), GOOD);
    } else {
        // Nothing can be given away here; a system's directories belong to root, who is trusted.
        trusted_parents("/etc/passwd").unwrap();
        trusted_file("/etc/passwd").unwrap();
    }
}

#[test]
fn file_of_somebody_else_in_a_sticky_directory_is_not_trusted() {
    let (dir, path) = stage();
    let parent = dir.path().canonicalize().unwrap();
    fs::set_permissions(&parent, Permissions::from_mode(0o1777)).unwrap();
    if is_root() {
        chown(&path, Some(4_242), None).unwrap();
        let expected = WhyUntrusted::Owner(4_242);
        for result in [trusted_parents(&path), Guard::pinned(&path).map(drop)] {
            let error = result.unwrap_err();
            assert!(
                matches!(&error, GuardError::UntrustedParent(untrusted)
                    if untrusted.path == path && untrusted.why == expected),
                "{error:?}"
            );
        }
    } else {
        trusted_parents(&path).unwrap();
    }
}

#[test]
fn file_that_others_may_write_is_not_trusted() {
    let (_dir, path) = stage();
    trusted_file(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    trusted_parents(&path).unwrap();
    let error = trusted_file(&path).unwrap_err();
    assert!(
        matches!(&error, GuardError::UntrustedParent(untrusted)
            if untrusted.path == path && untrusted.why == WhyUntrusted::Writable(0o664)),
        "{error:?}"
    );
}

#[test]
fn report_gives_the_bytes_and_what_is_other_about_them() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let same = guard.report(&path, 99).unwrap();
    assert_eq!((same.bytes.as_slice(), same.mismatch), (GOOD, None));

    fs::write(&path, EVIL).unwrap();
    let other = guard.report(&path, 99).unwrap();
    assert_eq!(other.bytes, EVIL);
    let mismatch = other.mismatch.unwrap();
    assert_eq!(mismatch.kind, ChangeKind::Modified);
    let content = mismatch.field(Field::Content).unwrap();
    let digest = |bytes| Some(FieldValue::Text(Algorithm::Blake3.digest(bytes).to_string()));
    assert_eq!((&content.old, &content.new), (&digest(GOOD), &digest(EVIL)));
    assert_eq!(mismatch.fields.len(), 1);

    // What was accepted is what it must be from then on.
    let before = guard.listed().accept(other.entry).unwrap();
    assert_eq!(before.content, Some(Algorithm::Blake3.digest(GOOD)));
    assert_eq!(guard.read(&path, 99).unwrap(), EVIL);

    let unlisted = path.with_extension("new");
    fs::write(&unlisted, GOOD).unwrap();
    let new = guard.report(&unlisted, 99).unwrap();
    assert_eq!((new.bytes.as_slice(), new.mismatch.unwrap().kind), (GOOD, ChangeKind::Added));
}

#[test]
fn recheck_tells_whether_the_open_file_was_written_to() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let open = guard.open(&path).unwrap();
    open.recheck().unwrap();
    // In place, the same size, and the time set back.
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all(EVIL).unwrap();
    file.set_modified(modified).unwrap();
    let error = open.recheck().unwrap_err();
    assert!(matches!(error, GuardError::Unstable { .. }), "{error:?}");
    assert!(error.is_transient());
}

#[test]
fn sealed_copy_cannot_be_written_cut_or_grown() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let sealed = guard.seal(&path).unwrap();
    fs::write(&path, EVIL).unwrap();
    let mut file = sealed.into_file();
    assert!(file.write_all(b"x").is_err());
    assert!(file.set_len(1).is_err());
    assert!(file.set_len(1 << 20).is_err());
    // Nor through a second descriptor.
    let again = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    assert!(fs::write(&again, b"x").is_err());
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, GOOD);
}

#[test]
fn sealed_program_runs_as_it_was_however_the_file_changes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("program");
    fs::copy("/bin/echo", &path).unwrap();
    let sealed = Guard::pinned(&path).unwrap().seal(&path).unwrap();
    fs::write(&path, "#!/bin/false\n").unwrap();
    let (mut out, write) = std::io::pipe().unwrap();
    let mut child = sealed
        .spawn(|command| {
            command.arg("still itself").stdout(write);
        })
        .unwrap();
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    assert_eq!(text, "still itself\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn sealed_script_is_an_error_and_not_run_unchecked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("script");
    fs::write(&path, "#!/bin/true\n").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    let sealed = Guard::pinned(&path).unwrap().seal(&path).unwrap();
    assert_eq!(sealed.spawn(|_| {}).unwrap_err().kind(), std::io::ErrorKind::Unsupported);
}

/// Calls `attack` over and over beside `check`, which runs `times`.
fn besieged(times: usize, attack: impl Fn() + Sync, mut check: impl FnMut()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let attacker = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                attack();
            }
        });
        (0..times).for_each(|_| check());
        stop.store(true, Ordering::Relaxed);
        attacker.join().unwrap();
    });
}

/// Checks that a file under attack is either what it was or refused, and returns how often it was each.
fn assert_only_good(guard: &Guard<Pins>, path: &Path, attack: impl Fn() + Sync) {
    let (mut good, mut refused) = (0, 0);
    besieged(2_000, attack, || {
        let read = guard.read(path, 99).map(|bytes| assert_eq!(bytes, GOOD));
        let sealed = guard.seal(path).map(|sealed| {
            let mut bytes = Vec::new();
            sealed.into_file().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, GOOD);
        });
        for result in [read, sealed] {
            if result.is_ok() { good += 1 } else { refused += 1 }
        }
    });
    assert_eq!(good + refused, 4_000);
}

fn exchange(left: &Path, right: &Path) {
    renameat_with(CWD, left, CWD, right, RenameFlags::EXCHANGE).unwrap();
}

#[test]
fn no_unlisted_byte_comes_out_while_files_are_exchanged() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let evil = path.with_extension("evil");
    fs::write(&evil, EVIL).unwrap();
    fs::set_permissions(&evil, Permissions::from_mode(0o644)).unwrap();
    assert_only_good(&guard, &path, || exchange(&path, &evil));
}

#[test]
fn no_unlisted_byte_comes_out_while_a_file_is_written_in_place() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let write = |bytes| std::os::unix::fs::FileExt::write_all_at(&file, bytes, 0).unwrap();
    assert_only_good(&guard, &path, || {
        write(EVIL);
        write(GOOD);
    });
}

#[test]
fn no_unlisted_byte_comes_out_while_a_link_or_a_pipe_takes_the_place() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let (evil, link) = (path.with_extension("evil"), path.with_extension("link"));
    fs::write(&evil, EVIL).unwrap();
    symlink(&evil, &link).unwrap();
    assert_only_good(&guard, &path, || exchange(&path, &link));

    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let pipe = path.with_extension("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    assert_only_good(&guard, &path, || exchange(&path, &pipe));
}

#[test]
fn no_unlisted_byte_comes_out_while_a_directory_on_the_way_is_exchanged() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    let (good, evil, link) = (base.join("good"), base.join("evil"), base.join("link"));
    for (directory, content) in [(&good, GOOD), (&evil, EVIL)] {
        fs::create_dir(directory).unwrap();
        fs::write(directory.join("bot.toml"), content).unwrap();
    }
    symlink(&evil, &link).unwrap();
    let path = good.join("bot.toml");
    let guard = Guard::pinned(&path).unwrap();
    assert_only_good(&guard, &path, || {
        exchange(&good, &link);
        exchange(&good, &evil);
    });
}

#[test]
fn file_that_grows_for_ever_is_read_within_bounds() {
    let (_dir, path) = stage();
    let guard = Guard::pinned(&path).unwrap();
    let log = path.with_extension("log");
    File::create(&log).unwrap();
    let grow = OpenOptions::new().append(true).open(&log).unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    besieged(
        200,
        || {
            (&grow).write_all(&chunk).unwrap();
            if grow.metadata().unwrap().size() > 64 << 20 {
                grow.set_len(0).unwrap();
            }
        },
        || match guard.report(&log, 1 << 20) {
            Ok(checked) => assert!(checked.bytes.len() <= 1 << 20),
            Err(error) => assert!(matches!(error, GuardError::TooLarge { .. }), "{error:?}"),
        },
    );
}
