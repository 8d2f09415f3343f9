//! Keys and their texts.

use wardkit_tlog::{Error, SigningKey, VerifierKey};

use crate::support::{ENOCH, PETER, PETER_SECRET, peter, seed, verifier};

fn secret(text: &str) -> Result<SigningKey, Error> {
    SigningKey::from_text(text)
}

/// Every part of a text that is not all of it, and the text with each byte changed.
fn manglings(text: &str) -> Vec<String> {
    let mut mangled = Vec::new();
    for start in 0..=text.len() {
        for end in start..=text.len() {
            if (start, end) != (0, text.len()) {
                mangled.push(text[start..end].to_owned());
            }
        }
    }
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            mangled.push(String::from_utf8(bytes).unwrap());
        }
    }
    mangled
}

#[test]
fn the_keys_of_the_reference_are_read_and_written_back() {
    for text in [PETER, ENOCH] {
        assert_eq!(verifier(text).to_string(), text);
    }
    let peter = peter();
    assert_eq!(peter.to_text().expose(), PETER_SECRET);
    assert_eq!(peter.verifier(), &verifier(PETER));
    assert_eq!((peter.verifier().name(), peter.verifier().id()), ("PeterNeumann", 0xc74f_20a3));
    let bytes = *peter.verifier().as_bytes();
    assert_eq!(VerifierKey::from_bytes("PeterNeumann", &bytes), Ok(verifier(PETER)));
}

#[test]
fn no_other_text_is_a_key() {
    for text in manglings(PETER) {
        assert!(text.parse::<VerifierKey>().is_err(), "{text}");
    }
    for text in manglings(PETER_SECRET) {
        assert!(secret(&text).is_err(), "{text}");
    }
    for (text, expected) in [
        ("", Error::Key("not name+id+base64")),
        ("a+b", Error::Key("not name+id+base64")),
        ("PeterNeumann+c74f20a3+", Error::Key("empty")),
        ("PeterNeumann+c74f20a3+A", Error::Key("not base64")),
        ("PeterNeumann+c74f20a3+AQ==", Error::Key("not 32 bytes long")),
        // Another algorithm and a longer key, each with the ID that belongs to it.
        (
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            Error::Key("not an Ed25519 key"),
        ),
        (
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEQ==",
            Error::Key("not 32 bytes long"),
        ),
        ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", Error::KeyName),
        (
            "P+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            Error::Key("the ID is not the hash of name and key"),
        ),
    ] {
        assert_eq!(text.parse::<VerifierKey>(), Err(expected), "{text}");
    }
    assert_eq!(secret(PETER).unwrap_err(), Error::Key("does not start with PRIVATE+KEY+"));
}

#[test]
fn names_stay_within_their_line() {
    for name in ["", " ", "a b", "a+b", "a\nb", "a\tb", "a\u{2003}b", "a\u{85}b", "a\u{1b}b", "a\0"]
    {
        assert_eq!(SigningKey::from_seed(name, seed(1)).unwrap_err(), Error::KeyName, "{name:?}");
    }
    for name in ["a", "bot.example/audit", "Ünïcødé", "—"] {
        let key = SigningKey::from_seed(name, seed(1)).unwrap();
        assert_eq!(key.verifier().to_string().parse::<VerifierKey>().as_ref(), Ok(key.verifier()));
        assert_eq!(secret(key.to_text().expose()).unwrap().verifier(), key.verifier());
    }
}

#[test]
fn a_key_for_which_anybody_can_sign_is_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(
        VerifierKey::from_bytes("a", &identity),
        Err(Error::Key("a weak point, for which anybody can sign"))
    );
    assert_eq!(VerifierKey::from_bytes("a", &[2; 32]), Err(Error::Key("not a point of the curve")));
}

#[test]
fn one_key_under_two_names_is_two_keys() {
    let [a, b] = ["a", "b"].map(|name| SigningKey::from_seed(name, seed(1)).unwrap());
    assert_eq!(a.verifier().as_bytes(), b.verifier().as_bytes());
    assert_ne!(a.verifier().id(), b.verifier().id());
    assert_ne!(a.verifier(), b.verifier());
}

#[test]
fn a_secret_key_does_not_show_itself() {
    let key = peter();
    assert_eq!(
        format!("{key:?} {:?}", key.to_text()),
        "SigningKey(PeterNeumann+c74f20a3+***) SecretText(***)"
    );
    let wrong = PETER_SECRET.replace("AYEK", "AYEL");
    assert_eq!(
        secret(&wrong).unwrap_err().to_string(),
        "malformed key: the ID is not the hash of name and key"
    );
}
