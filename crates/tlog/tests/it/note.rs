//! Signed notes.

use wardkit_tlog::{Error, Note, VerifierKey};

use crate::support::{ENOCH, ENOCHS, PETER, PETERS, TEXT, note, peter, signing_key, verifier};

fn parse(text: &str) -> Result<Note, Error> {
    text.parse()
}

#[test]
fn a_note_is_signed_as_the_reference_signs_it() {
    let note = Note::sign(TEXT, &peter()).unwrap();
    assert_eq!(note.to_string(), format!("{TEXT}\n{PETERS}"));
}

#[test]
fn a_note_of_the_reference_is_verified() {
    let note = note(&format!("{TEXT}\n{PETERS}{ENOCHS}"));
    let keys = [verifier(PETER), verifier(ENOCH)];
    let verified = note.verify(&keys).unwrap();
    assert_eq!(verified.text(), TEXT);
    assert_eq!(verified.signers(), [&keys[0], &keys[1]]);
    assert_eq!(note.unverified_text(), TEXT);
    let names: Vec<(&str, u32, usize)> =
        note.signatures().iter().map(|s| (s.name(), s.id(), s.as_bytes().len())).collect();
    assert_eq!(names, [("PeterNeumann", 0xc74f_20a3, 64), ("EnochRoot", 0xaf0c_fe78, 64)]);
}

#[test]
fn signatures_of_unknown_keys_are_ignored() {
    let [peter, enoch] = [PETER, ENOCH].map(verifier);
    let both = note(&format!("{TEXT}\n{PETERS}{ENOCHS}"));
    assert_eq!(both.verify([&enoch]).unwrap().signers(), [&enoch]);
    assert_eq!(both.verify([signing_key(1).verifier()]), Err(Error::NoKnownSigner));
    assert_eq!(both.verify(std::iter::empty()), Err(Error::NoKnownSigner));
    // The name alone, or the ID alone, makes no key known.
    let renamed = PETERS.replace("PeterNeumann", "CarmenSandiego");
    let renumbered = PETERS.replace("x08g", "xxxx");
    for stranger in [renamed, renumbered] {
        let note = note(&format!("{TEXT}\n{stranger}{ENOCHS}"));
        assert_eq!(note.verify([&peter, &enoch]).unwrap().signers(), [&enoch]);
        assert_eq!(note.verify([&peter]), Err(Error::NoKnownSigner));
    }
}

#[test]
fn one_wrong_signature_of_a_known_key_spoils_the_note() {
    let [peter, enoch] = [PETER, ENOCH].map(verifier);
    let wrong = Error::Signature { name: "PeterNeumann".to_owned(), id: 0xc74f_20a3 };
    let other = PETERS.replace("HBj", "HBk").replace("KnI", "KnJ").replace("nNI", "nNJ");
    assert_ne!(other, PETERS);
    for signatures in [format!("{ENOCHS}{other}"), format!("{PETERS}{other}")] {
        let note = note(&format!("{TEXT}\n{signatures}"));
        assert_eq!(note.verify([&peter, &enoch]), Err(wrong.clone()));
    }
    let longer = format!("{}ABCD{}", &PETERS[..60], &PETERS[60..]);
    assert_eq!(note(&format!("{TEXT}\n{longer}")).verify([&peter]), Err(wrong));
}

#[test]
fn a_signer_counts_once() {
    let peter = verifier(PETER);
    let note = note(&format!("{TEXT}\n{PETERS}{PETERS}"));
    assert_eq!(note.verify([&peter, &peter]).unwrap().signers(), [&peter]);
}

#[test]
fn a_key_signs_again_in_place_of_its_earlier_signature() {
    let mut note =
        note(&format!("{TEXT}\n{}{ENOCHS}", PETERS.replace("Js", "Jt").replace("kuB", "kuC")));
    note.add_signature(&peter()).unwrap();
    assert_eq!(note.to_string(), format!("{TEXT}\n{ENOCHS}{PETERS}"));
}

#[test]
fn a_text_may_hold_empty_lines_and_what_looks_like_signatures() {
    let key = signing_key(1);
    for text in [
        "\n",
        "\n\n",
        "a\n\n",
        "a\n\nb\n",
        "a\n\n\n\n",
        &format!("{TEXT}\n{PETERS}"),
        "é è\u{7f}\n",
    ] {
        let note = Note::sign(text, &key).unwrap();
        let read = Note::from_bytes(note.to_string().as_bytes()).unwrap();
        assert_eq!(read, note, "{text:?}");
        assert_eq!(read.verify([key.verifier()]).unwrap().text(), text);
    }
}

#[test]
fn what_is_no_text_is_not_signed() {
    let key = signing_key(1);
    let control = Error::Note("a control character");
    for (text, expected) in [
        ("", Error::Note("the text does not end with a newline")),
        ("a", Error::Note("the text does not end with a newline")),
        ("a\r\n", control.clone()),
        ("a\tb\n", control.clone()),
        ("\0\n", control.clone()),
        ("\u{1b}[1m\n", control),
        (&format!("{}\n", "a".repeat(Note::MAX_BYTES)), Error::Note("too long")),
    ] {
        assert_eq!(Note::sign(text, &key), Err(expected), "{:?}", text.get(..10));
    }
}

#[test]
fn what_is_no_note_is_refused() {
    let good = format!("{TEXT}\n{PETERS}");
    assert!(parse(&good).is_ok());
    let cut = &good[..good.len() - 1];
    for (text, why) in [
        (String::new(), "no empty line before the signatures"),
        (TEXT.to_owned(), "no empty line before the signatures"),
        (format!("{TEXT}{PETERS}"), "no empty line before the signatures"),
        (format!("{TEXT}\n"), "no signature"),
        (cut.to_owned(), "no newline at the end"),
        (format!("{good}\n"), "no signature"),
        (format!("{good} "), "no newline at the end"),
        (format!("{good}Unexpected line.\n"), "a line after the text is no signature"),
        (good.replace('\n', "\r\n"), "no empty line before the signatures"),
        (format!("\u{1}{good}"), "a control character"),
        (format!("{TEXT}\n{}", PETERS.replace('—', "-")), "a line after the text is no signature"),
        (format!("{TEXT}\n{}", PETERS.replace("— ", "—")), "a line after the text is no signature"),
        (format!("{TEXT}\n{}", PETERS.replace("— ", "—  ")), "a malformed name of a key"),
        (
            format!("{TEXT}\n{}", PETERS.replace("PeterNeumann ", "Peter+Neumann ")),
            "a malformed name of a key",
        ),
        (
            format!("{TEXT}\n{}", PETERS.replace("PeterNeumann ", "Peter\tNeumann ")),
            "a malformed name of a key",
        ),
        (
            format!("{TEXT}\n{}", PETERS.replace("PeterNeumann ", "Peter Neumann ")),
            "a signature is not base64",
        ),
        (format!("{TEXT}\n{}", PETERS.replace('=', "")), "a signature is not base64"),
        (format!("{TEXT}\n{}", PETERS.replace('\n', " \n")), "a signature is not base64"),
        (format!("{TEXT}\n{}", PETERS.replace('\n', "\r\n")), "a signature is not base64"),
        (format!("{TEXT}\n— a AAAAAA==\n"), "a signature is too short"),
        (format!("{TEXT}\n— a \n"), "a signature is too short"),
        (format!("{TEXT}\n{}", PETERS.repeat(Note::MAX_SIGNATURES + 1)), "too many signatures"),
        (format!("{}{good}", "a".repeat(Note::MAX_BYTES)), "too long"),
    ] {
        assert_eq!(
            parse(&text),
            Err(Error::Note(why)),
            "{:?}",
            text.chars().rev().take(80).collect::<String>()
        );
    }
    assert_eq!(Note::from_bytes(b"\xff\n\n"), Err(Error::Note("not UTF-8")));
    assert!(parse(&format!("{TEXT}\n{}", PETERS.repeat(Note::MAX_SIGNATURES))).is_ok());
}

#[test]
fn a_note_takes_no_more_than_its_limits() {
    let mut full = note(&format!("{TEXT}\n{}", "— a AAAAAAA=\n".repeat(Note::MAX_SIGNATURES)));
    let before = full.clone();
    assert_eq!(full.add_signature(&peter()), Err(Error::Note("too many signatures")));
    assert_eq!(full, before);

    let line = Note::sign(TEXT, &peter()).unwrap().to_string().len() - TEXT.len();
    let longest = format!("{}\n", "a".repeat(Note::MAX_BYTES - line - 1));
    let note = Note::sign(longest.clone(), &peter()).unwrap();
    assert_eq!(note.to_string().len(), Note::MAX_BYTES);
    assert_eq!(parse(&note.to_string()), Ok(note));
    assert_eq!(Note::sign(format!("a{longest}"), &peter()), Err(Error::Note("too long")));
}

#[test]
fn sixteen_post_quantum_signatures_are_read() {
    // The longest that the specification mentions: five kilobytes each.
    let signature = format!("— a {}\n", "AAAA".repeat(5_000 / 3));
    let keys: Vec<VerifierKey> = vec![verifier(PETER)];
    let note = note(&format!("{TEXT}\n{}{PETERS}", signature.repeat(16)));
    assert_eq!(note.verify(&keys).unwrap().text(), TEXT);
}
