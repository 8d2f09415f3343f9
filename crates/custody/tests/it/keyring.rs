use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use wardkit_custody::Error;
use wardkit_tlog::{Checkpoint, EpochCertificate, EpochSigner, Note, SigningKey, TreeHead};

use crate::support::{Host, copy};

fn certificates(dir: &Path) -> Vec<Note> {
    let text = fs::read_to_string(dir.join("chain")).unwrap();
    let mut notes: Vec<Note> = Vec::new();
    for part in text.split("wardkit-epoch-key/v1\n").skip(1) {
        notes.push(format!("wardkit-epoch-key/v1\n{part}").parse().unwrap());
    }
    notes
}

#[test]
fn every_day_has_a_key_and_the_identity_vouches_for_all() {
    let host = Host::new();
    let ring = host.custody.keyring("fim").unwrap();
    let mut notes = Vec::new();
    for _ in 0..3 {
        let key = ring.signing_key().unwrap();
        assert_eq!(key.verifier(), ring.signing_key().unwrap().verifier(), "the same all day");
        assert_eq!(key.verifier().name(), "bot-1/fim");
        notes.push(Checkpoint::new("bot-1/fim", TreeHead::EMPTY).unwrap().sign(&key).unwrap());
        host.next_day();
    }
    let chain = host.custody.existing_keyring("fim").unwrap().unwrap().chain().unwrap();
    assert_eq!((chain.identity(), chain.certificates().len()), (ring.identity(), 3));
    for note in &notes {
        assert!(chain.open(note, "bot-1/fim").is_ok());
    }
}

#[test]
fn days_without_a_signature_need_no_key() {
    let host = Host::new();
    let ring = host.custody.keyring("fim").unwrap();
    ring.signing_key().unwrap();
    (0..30).for_each(|_| host.next_day());
    ring.signing_key().unwrap();
    let chain = ring.chain().unwrap();
    let days: Vec<_> = chain.certificates().iter().map(|found| found.epoch().to_string()).collect();
    assert_eq!(days, ["2023-11-14", "2023-12-14"]);
}

#[test]
fn one_secret_is_stored_and_it_is_not_the_identitys() {
    let host = Host::new();
    let ring = host.custody.keyring("fim").unwrap();
    for _ in 0..3 {
        ring.signing_key().unwrap();
        host.next_day();
    }
    let mut secrets = Vec::new();
    for entry in fs::read_dir(host.keyring("fim")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        if let Ok(key) = SigningKey::from_text(text.lines().next().unwrap_or_default()) {
            secrets.push(key.verifier().clone());
        }
        assert!(text.matches("PRIVATE+KEY+").count() <= 1, "{}", path.display());
    }
    let chain = ring.chain().unwrap();
    assert_eq!(secrets.iter().collect::<Vec<_>>(), chain.keys().skip(2).collect::<Vec<_>>());
    assert_ne!(secrets[0], *ring.identity());
}

#[test]
fn two_hosts_never_share_a_key() {
    let (one, other) = (Host::new(), Host::new());
    let rings = [one.custody.keyring("fim").unwrap(), other.custody.keyring("fim").unwrap()];
    assert_ne!(rings[0].identity(), rings[1].identity());
    assert_ne!(
        rings[0].signing_key().unwrap().verifier(),
        rings[1].signing_key().unwrap().verifier()
    );
}

#[test]
fn who_only_verifies_makes_nothing() {
    let host = Host::new();
    assert!(host.custody.existing_keyring("fim").unwrap().is_none());
    assert!(!host.custody.data_dir().exists());
    for purpose in ["", "..", "a/b", "lock", "draft", "Fim", "log-1"] {
        assert!(matches!(host.custody.keyring(purpose), Err(Error::Damaged { .. })), "{purpose}");
    }
}

#[test]
fn a_change_of_keys_that_a_crash_interrupted_is_finished() {
    let host = Host::new();
    let ring = host.custody.keyring("fim").unwrap();
    ring.signing_key().unwrap();
    let (dir, before) = (host.keyring("fim"), host.dir.path().join("before"));
    copy(&dir, &before);
    host.next_day();
    let second = ring.signing_key().unwrap();
    let after = host.dir.path().join("after");
    copy(&dir, &after);
    let next = fs::read(after.join("current")).unwrap();
    // The next key is stored and not yet in force; in force with the old one still there; with the old one wiped.
    let old = fs::read(before.join("current")).unwrap();
    for (chain, current) in [
        (before.join("chain"), old.clone()),
        (after.join("chain"), old.clone()),
        (after.join("chain"), vec![b'0'; old.len()]),
        (after.join("chain"), Vec::new()),
    ] {
        fs::copy(chain, dir.join("chain")).unwrap();
        fs::write(dir.join("current"), current).unwrap();
        fs::write(dir.join("next"), &next).unwrap();
        fs::set_permissions(dir.join("next"), fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(ring.signing_key().unwrap().verifier(), second.verifier());
        assert_eq!(ring.chain().unwrap().certificates().len(), 2);
        assert!(!dir.join("next").exists());
        assert_eq!(
            fs::read(dir.join("current")).unwrap(),
            fs::read(after.join("current")).unwrap()
        );
    }
    // A draft of a file means nothing.
    fs::write(dir.join("next.new"), "PRIVATE+KEY+half").unwrap();
    assert_eq!(ring.signing_key().unwrap().verifier(), second.verifier());
}

#[test]
fn a_file_that_is_not_what_was_stored_is_named_and_nothing_is_signed() {
    let host = Host::new();
    let ring = host.custody.keyring("fim").unwrap();
    ring.signing_key().unwrap();
    let dir = host.keyring("fim");
    let stranger = Host::new();
    stranger.custody.keyring("fim").unwrap();
    for name in ["identity", "chain", "current"] {
        let (path, whole) = (dir.join(name), fs::read(dir.join(name)).unwrap());
        let foreign = fs::read(stranger.keyring("fim").join(name)).unwrap();
        let half = whole[..whole.len() / 2].to_vec();
        for bytes in [Vec::new(), half, foreign, vec![0xff; 99], vec![b'x'; 5 << 20]] {
            fs::write(&path, bytes).unwrap();
            let outcome = host.custody.keyring("fim").and_then(|ring| ring.signing_key());
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("/keys/fim/"), "{name}: {error}");
        }
        fs::remove_file(&path).unwrap();
        assert!(host.custody.keyring("fim").and_then(|ring| ring.signing_key()).is_err());
        std::os::unix::fs::symlink(stranger.keyring("fim").join(name), &path).unwrap();
        let linked = host.custody.keyring("fim").and_then(|ring| ring.signing_key());
        assert!(matches!(linked, Err(Error::Io { action: "open", .. })), "{name}: {linked:?}");
        fs::remove_file(&path).unwrap();
        fs::write(&path, whole).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(host.custody.keyring("fim").unwrap().signing_key().is_ok());
}

#[test]
fn many_threads_make_one_keyring_and_one_key_a_day() {
    let host = Host::new();
    for day in 1..=3 {
        let keys: Vec<_> = std::thread::scope(|scope| {
            let sign = || host.custody.keyring("fim").unwrap().signing_key().unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(sign)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| key.verifier() == keys[0].verifier()));
        let ring = host.custody.keyring("fim").unwrap();
        assert_eq!(ring.chain().unwrap().certificates().len(), day);
        host.next_day();
    }
}

#[test]
fn a_forged_certificate_is_not_taken_for_one() {
    let host = Host::new();
    let ring = host.custody.keyring("fim").unwrap();
    ring.signing_key().unwrap();
    let dir = host.keyring("fim");
    let thief = SigningKey::from_seed("bot-1/fim", [7; 32]).unwrap();
    let (_, forged) = EpochSigner::begin(&thief, 1_700_090_000, [8; 32]).unwrap();
    let text = fs::read_to_string(dir.join("chain")).unwrap();
    fs::write(dir.join("chain"), format!("{text}{forged}")).unwrap();
    assert!(matches!(ring.chain(), Err(Error::Key { .. })));
    let own: EpochCertificate = certificates(&dir)[0].unverified_text().parse().unwrap();
    assert_eq!(own.key().name(), "bot-1/fim");
}
