//! Signatures, with the code of minisign's author as the oracle.

use wardkit_core::Timestamp;
use wardkit_plugin::{KeyId, PublicKey, Revocations, SecretKey, Signature, Trust, TrustedKeys};

fn key(number: u8) -> SecretKey {
    SecretKey::from_random([number; 40])
}

fn sign(bytes: &[u8], key: &SecretKey) -> Signature {
    Signature::sign(bytes, "hello.tar.zst", key, Timestamp::from_unix_seconds(7)).unwrap()
}

#[test]
fn minisign_accepts_what_is_signed() {
    let text = sign(b"package", &key(1)).to_text();
    let public = minisign_verify::PublicKey::decode(&key(1).public().to_text()).unwrap();
    let signature = minisign_verify::Signature::decode(&text).unwrap();
    assert_eq!(signature.trusted_comment(), "timestamp:7\tfile:hello.tar.zst\thashed");
    public.verify(b"package", &signature, false).unwrap();
    assert!(public.verify(b"packagf", &signature, false).is_err());
}

#[test]
fn a_tampered_signature_is_refused() {
    let (key, other) = (key(1), key(2));
    let sound = sign(b"package", &key);
    let verify = |text: &str| Signature::parse(text)?.verify(b"package", &key.public());
    assert!(verify(&sound.to_text()).is_ok());
    assert!(sound.verify(b"package2", &key.public()).is_err());
    assert!(sound.verify(b"package", &other.public()).is_err());
    assert!(verify(&sign(b"package", &other).to_text()).is_err());
    assert!(verify(&sound.to_text().replace("timestamp:7", "timestamp:8")).is_err());
    let text = sound.to_text();
    for at in (0..text.len()).filter(|at| !text[..*at].is_empty() && text.is_char_boundary(*at)) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let line = text[..at].matches('\n').count();
        // The first line is nobody's word, and is not signed.
        if line > 0 {
            assert!(verify(&String::from_utf8(bytes).unwrap()).is_err(), "byte {at}");
        }
    }
    assert!(Signature::parse(&text.replace("RUQ", "RWQ")).is_err());
    assert!(Signature::sign(b"", "a\nb", &key, Timestamp::UNIX_EPOCH).is_err());
}

#[test]
fn keys_are_read_as_they_are_written() {
    let key = key(3);
    let read = SecretKey::parse(&key.to_text()).unwrap();
    assert_eq!(read.public(), key.public());
    assert_eq!(PublicKey::parse(&key.public().to_line()).unwrap(), key.public());
    assert_eq!(key.public().id().to_string(), "0303030303030303");
    assert_eq!("0303030303030303".parse::<KeyId>().unwrap(), key.public().id());
    assert!(!format!("{key:?}").contains("AwMD"));
    assert!(SecretKey::parse(&key.public().to_text()).is_err());
    let line = key.to_text().lines().nth(1).unwrap().to_owned();
    let broken = key.to_text().replace(&line[100..110], "AAAAAAAAAA");
    assert!(SecretKey::parse(&broken).unwrap_err().to_string().ends_with("it was changed"));
    for text in ["", "RWQ", "untrusted comment: a\n!!!", "a\nb\nc"] {
        assert!(PublicKey::parse(text).is_err() && SecretKey::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_key_on_no_list_is_nobodys() {
    let signature = sign(b"package", &key(1));
    let trusted = TrustedKeys::new([key(2).public(), key(1).public()]);
    let trust = trusted.verify(b"package", &signature).unwrap();
    assert_eq!(trust, Trust::Signed(key(1).public().id()));
    assert!(TrustedKeys::new([key(2).public()]).verify(b"package", &signature).is_err());
    // The same number on another key proves nothing.
    let mut random = [9; 40];
    random[32..].fill(1);
    let twin = SecretKey::from_random(random);
    assert_eq!(twin.public().id(), key(1).public().id());
    assert!(TrustedKeys::new([twin.public()]).verify(b"package", &signature).is_err());
    assert!(
        TrustedKeys::new([twin.public(), key(1).public()]).verify(b"package", &signature).is_ok()
    );
    let mut revoked = Revocations::default();
    revoked.keys.insert(key(1).public().id());
    let written = toml::to_string(&revoked).unwrap();
    assert_eq!(toml::from_str::<Revocations>(&written).unwrap(), revoked);
}
