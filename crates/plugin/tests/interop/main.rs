//! Signatures, against minisign itself, both ways.

use std::fs;
use std::path::Path;
use std::process::Command;

use wardkit_core::Timestamp;
use wardkit_plugin::{PublicKey, SecretKey, Signature};

fn minisign(folder: &Path, args: &[&str]) -> bool {
    let output = Command::new("minisign").args(args).current_dir(folder).output();
    output.expect("minisign is installed: apt-get install minisign").status.success()
}

#[test]
fn minisign_verifies_what_is_signed_here() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    let key = SecretKey::from_random([5; 40]);
    let signature =
        Signature::sign(b"package", "p", &key, Timestamp::from_unix_seconds(1)).unwrap();
    write("p", b"package");
    write("p.minisig", signature.to_text().as_bytes());
    write("k.pub", key.public().to_text().as_bytes());
    assert!(minisign(folder.path(), &["-V", "-H", "-p", "k.pub", "-m", "p"]));
    write("p", b"packagf");
    assert!(!minisign(folder.path(), &["-V", "-H", "-p", "k.pub", "-m", "p"]));
    // The secret key is minisign's too.
    write("k.key", key.to_text().as_bytes());
    assert!(minisign(folder.path(), &["-S", "-s", "k.key", "-m", "p"]));
    let text = fs::read_to_string(folder.path().join("p.minisig")).unwrap();
    Signature::parse(&text).unwrap().verify(b"packagf", &key.public()).unwrap();
}

#[test]
fn what_minisign_signs_is_verified_here() {
    let folder = tempfile::tempdir().unwrap();
    assert!(minisign(folder.path(), &["-G", "-W", "-p", "k.pub", "-s", "k.key"]));
    fs::write(folder.path().join("p"), b"package").unwrap();
    assert!(minisign(folder.path(), &["-S", "-H", "-s", "k.key", "-m", "p"]));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let public = PublicKey::parse(&read("k.pub")).unwrap();
    let signature = Signature::parse(&read("p.minisig")).unwrap();
    signature.verify(b"package", &public).unwrap();
    assert!(signature.verify(b"packagf", &public).is_err());
    assert_eq!(SecretKey::parse(&read("k.key")).unwrap().public(), public);
}
