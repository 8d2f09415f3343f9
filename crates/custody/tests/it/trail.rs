use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};
use wardkit_auditlog::{Durability, Entry};
use wardkit_custody::{Error, Mismatch, Proof, Subject, Trail};
use wardkit_tlog::{EpochCertificate, EpochSigner, Note, SigningKey};

use crate::support::{Host, copy};

fn append(trail: &Trail, subject: &str) -> u64 {
    let receipts = trail.append([Entry::new("test.happened", subject)], Durability::Sealed);
    receipts.unwrap()[0].seq
}

/// How many keys signed for an intact log.
fn keys(host: &Host) -> usize {
    let proven = host.prove();
    assert_eq!(proven.failures, []);
    proven.verdict.unwrap().keys.len()
}

#[test]
fn a_handle_that_stays_open_changes_the_key_each_day() {
    let host = Host::new();
    let trail = host.custody.trail(host.log()).unwrap();
    for day in 1..=4 {
        append(&trail, "day");
        assert_eq!(keys(&host), day);
        host.next_day();
        trail.maintain().unwrap();
    }
    let ring = host.custody.log_keyring(host.log()).unwrap().unwrap();
    assert_eq!(
        (ring.identity(), ring.chain().unwrap().certificates().len()),
        (trail.identity(), 5)
    );
}

#[test]
fn secrets_do_not_reach_the_trail_and_who_did_it_does() {
    let host = Host::new();
    let token = ["gh", "p_16C7e42F292c6912E7710c838347Ae178B4a"].concat();
    let entry = Entry::new("config.changed", format!("/etc/bot.toml?token={token}"))
        .by("alice@example.org")
        .with("DB_PASSWORD", json!({"old": "hunter2", "new": 4711, "set": true}))
        .and_then(|entry| entry.with("smtp_pass", "swordfish"))
        .and_then(|entry| {
            entry.with("lines", json!(["+ password = \"correct horse\"", "+ port = 8080"]))
        })
        .and_then(|entry| entry.with("args", json!(["curl", "https://bob:s3cr3t@example.org/"])))
        .and_then(|entry| entry.with("paid", "card 4539 5787 6362 1486"))
        .and_then(|entry| entry.with("secret_count", 3))
        .unwrap();
    host.custody.trail(host.log()).unwrap().append([entry], Durability::Sealed).unwrap();

    let text = fs::read_to_string(host.log().join("000000000000.jsonl")).unwrap();
    for secret in [&*token, "hunter2", "4711", "swordfish", "horse", "s3cr3t", "4539"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let record: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(record["actor"], "alice@example.org");
    assert_eq!(record["subject"], "/etc/bot.toml?token=***");
    assert_eq!(
        record["detail"],
        json!({
            "DB_PASSWORD": {"old": "***", "new": "***", "set": true},
            "smtp_pass": "***",
            "lines": ["+ password = \"***\"", "+ port = 8080"],
            "args": ["curl", "https://bob:***@example.org/"],
            "paid": "card ***",
            "secret_count": 3,
        })
    );
    assert_eq!(keys(&host), 1);
}

#[test]
fn a_handle_goes_on_when_another_process_changed_the_key() {
    let host = Host::new();
    let slow = host.custody.trail(host.log()).unwrap();
    append(&slow, "first day");
    for day in 2..=4 {
        host.next_day();
        let quick = host.custody.trail(host.log()).unwrap();
        append(&quick, "quick");
        assert_eq!(keys(&host), day);
    }
    // Three changes went by, and the keys between are gone.
    assert_eq!(append(&slow, "slow"), 8);
    host.next_day();
    slow.maintain().unwrap();
    assert_eq!(keys(&host), 5);
}

#[test]
fn a_change_of_keys_that_a_crash_interrupted_is_finished() {
    let host = Host::new();
    append(&host.custody.trail(host.log()).unwrap(), "first day");
    let (ring, before) = (host.keyring("log-"), host.dir.path().join("before"));
    copy(&ring, &before);
    let untouched = host.dir.path().join("untouched");
    copy(&host.log(), &untouched);
    host.next_day();

    // The log was handed over, and the keyring not told.
    append(&host.custody.trail(host.log()).unwrap(), "second day");
    let next = fs::read_to_string(ring.join("current")).unwrap();
    copy(&before, &ring);
    store(&ring.join("next"), &next);
    let crashed = host.dir.path().join("crashed");
    copy(&host.log(), &crashed);
    assert_eq!(append(&host.custody.trail(host.log()).unwrap(), "after the crash"), 4);
    assert_eq!(keys(&host), 2);

    // The same before any checkpoint by the next key: its segment has begun.
    fs::remove_dir_all(host.log()).unwrap();
    fs::remove_dir_all(host.dir.path().join("data/seen")).unwrap();
    copy(&crashed, &host.log());
    copy(&untouched, &host.log());
    fs::copy(crashed.join("000000000000.jsonl"), host.log().join("000000000000.jsonl")).unwrap();
    store(&host.log().join("000000000003.jsonl"), "");
    copy(&before, &ring);
    store(&ring.join("next"), &next);
    assert_eq!(append(&host.custody.trail(host.log()).unwrap(), "after the crash"), 3);
    assert_eq!(keys(&host), 2);

    // The next key was stored, and the log was not handed over.
    fs::remove_dir_all(host.log()).unwrap();
    fs::remove_dir_all(host.dir.path().join("data/seen")).unwrap();
    copy(&untouched, &host.log());
    copy(&before, &ring);
    let first = secret(&before);
    let note: Note = fs::read_to_string(before.join("chain")).unwrap().parse().unwrap();
    let first_certificate: EpochCertificate = note.unverified_text().parse().unwrap();
    let signer = EpochSigner::resume(first, &first_certificate).unwrap();
    let (second, note) = signer.next(1_700_086_400, [9; 32]).unwrap();
    store(&ring.join("next"), &format!("{}\n{note}", second.key().to_text().expose()));
    assert_eq!(append(&host.custody.trail(host.log()).unwrap(), "after the crash"), 3);
    let proven = host.prove();
    assert_eq!(proven.failures, []);
    assert_eq!(proven.verdict.unwrap().keys[1], *second.key().verifier());
    assert!(!ring.join("next").exists());
}

/// The secret key that is stored in a keyring.
fn secret(ring: &Path) -> SigningKey {
    let text = fs::read_to_string(ring.join("current")).unwrap();
    SigningKey::from_text(text.lines().next().unwrap()).unwrap()
}

fn store(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn what_was_signed_yesterday_cannot_be_signed_again_with_what_is_kept_today() {
    let host = Host::new();
    let trail = host.custody.trail(host.log()).unwrap();
    append(&trail, "yesterday");
    host.next_day();
    trail.maintain().unwrap();
    let ring = host.keyring("log-");
    let today = secret(&ring).verifier().clone();
    let note = fs::read_to_string(host.log().join("000000000000.note")).unwrap();
    let note: Note = note.parse().unwrap();
    assert_ne!(note.signatures()[0].id(), today.id());
    let whole: Vec<u8> = fs::read_dir(&ring)
        .unwrap()
        .flat_map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let secrets = String::from_utf8(whole).unwrap().matches("PRIVATE+KEY+").count();
    assert_eq!(secrets, 1);
}

#[test]
fn the_name_of_the_host_may_change_and_the_logs_does_not() {
    let host = Host::new();
    let identity = host.custody.trail(host.log()).unwrap().identity().clone();
    assert_eq!(identity.name(), "bot-1/trail");
    let renamed = wardkit_custody::Custody::new(host.custody.data_dir(), "bot-2");
    assert_eq!(*renamed.trail(host.log()).unwrap().identity(), identity);
    assert_eq!(keys(&host), 2, "the real clock shows a later day");
}

#[test]
fn moved_segments_are_proven_from_where_they_are() {
    let host = Host::new();
    let trail = host.custody.trail(host.log()).unwrap();
    for _ in 0..4 {
        append(&trail, "day");
        host.next_day();
        trail.maintain().unwrap();
    }
    let archive = host.dir.path().join("archive");
    fs::create_dir(&archive).unwrap();
    assert_eq!(trail.archive(&archive, 1).unwrap().len(), 3);
    assert!(!host.prove().is_intact());
    let proof = Proof::new().with_archive(&archive);
    assert_eq!(host.custody.prove(host.log(), &proof).unwrap().failures, []);
    drop(trail);
    assert_eq!(append(&host.custody.trail(host.log()).unwrap(), "later"), 9);
    // A copy is known by its first entry, which is in the archive.
    let elsewhere = host.dir.path().join("elsewhere");
    copy(&host.log(), &elsewhere);
    assert_eq!(host.custody.prove(&elsewhere, &proof).unwrap().failures, []);
    assert_eq!(
        host.custody.prove(&elsewhere, &Proof::new()).unwrap().failures,
        [Mismatch::UnknownKey]
    );
}

#[test]
fn a_crash_before_the_first_entry_is_no_loss() {
    let host = Host::new();
    host.custody.trail(host.log()).unwrap();
    // As if the keys had been made, and the log not begun.
    fs::remove_dir_all(host.log()).unwrap();
    fs::remove_dir_all(host.dir.path().join("data/seen")).unwrap();
    host.next_day();
    assert_eq!(append(&host.custody.trail(host.log()).unwrap(), "first"), 2);
    assert_eq!(keys(&host), 2);
}

#[test]
fn a_log_without_its_keys_is_left_alone() {
    let host = Host::new();
    append(&host.custody.trail(host.log()).unwrap(), "first");
    fs::remove_dir_all(host.keyring("log-")).unwrap();
    let before = fs::read(host.log().join("000000000000.jsonl")).unwrap();
    assert!(matches!(host.custody.trail(host.log()), Err(Error::LogUnknown { .. })));
    assert_eq!(fs::read(host.log().join("000000000000.jsonl")).unwrap(), before);
    assert_eq!(host.prove().failures, [Mismatch::UnknownKey]);
}

#[test]
fn the_head_of_an_intact_log_is_remembered_and_no_other() {
    let host = Host::new();
    let trail = host.custody.trail(host.log()).unwrap();
    let seen = || host.custody.seen().last(Subject::Log(trail.identity())).unwrap().unwrap().number;
    append(&trail, "first");
    assert_eq!(seen(), 1);
    assert!(host.prove().is_intact());
    assert_eq!(seen(), 2);
    append(&trail, "second");
    let segment = host.log().join("000000000000.jsonl");
    let whole = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, whole.replace("second", "tamper")).unwrap();
    assert!(!host.prove().is_intact());
    assert_eq!(seen(), 2);
    fs::write(&segment, whole).unwrap();
    trail.seal().unwrap();
    assert_eq!(seen(), 3);
}

#[test]
fn what_others_could_put_away_proves_nothing() {
    let host = Host::new();
    append(&host.custody.trail(host.log()).unwrap(), "first");
    let data = host.custody.data_dir().to_owned();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o770)).unwrap();
    // Who may write there could have moved the memory away.
    fs::rename(data.join("seen"), data.join("elsewhere")).unwrap();
    let refused = |error: &Error| matches!(error, Error::WritableByOthers { .. });
    assert!(refused(&host.custody.prove(host.log(), &Proof::new()).unwrap_err()));
    assert!(refused(&host.custody.existing_keyring("fim").unwrap_err()));
}

#[test]
fn many_threads_append_while_the_key_changes() {
    let host = Host::new();
    let trail = host.custody.trail(host.log()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let trail = &trail;
            scope.spawn(move || {
                for _ in 0..25 {
                    trail.append([Entry::new("test.happened", "x")], Durability::Synced).unwrap();
                }
            });
        }
        let other = host.custody.trail(host.log()).unwrap();
        for _ in 0..3 {
            host.next_day();
            other.maintain().unwrap();
        }
    });
    trail.seal().unwrap();
    assert_eq!(keys(&host), 4);
    assert_eq!(host.prove().verdict.unwrap().head.size, 1 + 100 + 3);
}
