//! Keys that live for a day.

use wardkit_core::Timestamp;
use wardkit_tlog::{
    Epoch, EpochCertificate, EpochChain, EpochSigner, Error, Note, SigningKey, Voucher,
};

use crate::support::{ORIGIN, checkpoint, seed, signing_key};

fn at(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_unix_seconds()
}

fn day(text: &str) -> Epoch {
    text.parse().unwrap()
}

fn identity() -> SigningKey {
    signing_key(100)
}

fn chain() -> EpochChain {
    EpochChain::new(identity().verifier().clone())
}

fn first() -> (EpochSigner, Note) {
    EpochSigner::begin(&identity(), at("2026-01-31T23:59:59Z"), seed(1)).unwrap()
}

fn wrong_signature_or_unknown(result: &Result<Voucher, Error>) -> bool {
    matches!(result, Err(Error::NoKnownSigner | Error::Signature { .. }))
}

#[test]
fn a_certificate_is_three_lines() {
    let (signer, note) = first();
    let expected =
        format!("wardkit-epoch-key/v1\nepoch 2026-01-31\nkey {}\n", signer.key().verifier());
    assert_eq!(note.unverified_text(), expected);
    let certificate: EpochCertificate = expected.parse().unwrap();
    assert_eq!(
        (certificate.epoch(), certificate.key()),
        (day("2026-01-31"), signer.key().verifier())
    );
    assert_eq!(certificate.to_string(), expected);
}

#[test]
fn each_day_has_its_key_and_the_chain_knows_them_all() {
    let mut chain = chain();
    let (first, note) = first();
    assert_eq!(chain.accept(&note), Ok(Voucher::Identity));
    let (second, note) = first.next(at("2026-02-01T00:00:00Z"), seed(2)).unwrap();
    assert_eq!(chain.accept(&note), Ok(Voucher::Predecessor));
    let (third, note) = second.next(at("2026-02-05T10:00:00Z"), seed(3)).unwrap();
    assert_eq!(chain.accept(&note), Ok(Voucher::Predecessor));

    for (signer, epoch) in [(first, "2026-01-31"), (second, "2026-02-01"), (third, "2026-02-05")] {
        assert_eq!(signer.epoch(), day(epoch));
        let note = checkpoint(5).sign(signer.key()).unwrap();
        assert_eq!(chain.open(&note, ORIGIN), Ok((checkpoint(5), day(epoch))));
        assert!(matches!(chain.open(&note, "other"), Err(Error::Origin { .. })));
    }
    assert_eq!(chain.certificates().len(), 3);
    assert_eq!(chain.identity(), identity().verifier());
}

#[test]
fn the_identity_certifies_and_signs_nothing_else() {
    let mut chain = chain();
    chain.accept(&first().1).unwrap();
    for key in [identity(), signing_key(9)] {
        let note = checkpoint(5).sign(&key).unwrap();
        assert_eq!(chain.open(&note, ORIGIN), Err(Error::NoKnownSigner));
    }
}

#[test]
fn of_two_signers_the_later_day_counts() {
    let mut chain = chain();
    let (first, note) = first();
    chain.accept(&note).unwrap();
    let (second, note) = first.next(at("2026-02-01T00:00:00Z"), seed(2)).unwrap();
    chain.accept(&note).unwrap();
    let mut note = checkpoint(5).sign(second.key()).unwrap();
    note.add_signature(first.key()).unwrap();
    assert_eq!(chain.open(&note, ORIGIN), Ok((checkpoint(5), day("2026-02-01"))));
}

#[test]
fn a_key_certifies_only_the_one_after_it() {
    let mut chain = chain();
    let (first, note) = first();
    // Without the identity's word there is no beginning.
    let (second, next) = first.next(at("2026-02-01T00:00:00Z"), seed(2)).unwrap();
    assert!(wrong_signature_or_unknown(&chain.accept(&next)));
    chain.accept(&note).unwrap();
    chain.accept(&next).unwrap();
    // A key of an earlier day, found in a backup, continues nothing.
    let (_, forged) = first.next(at("2026-02-02T00:00:00Z"), seed(66)).unwrap();
    assert!(wrong_signature_or_unknown(&chain.accept(&forged)));
    // Nor does the key of a stranger.
    let stranger = signing_key(66);
    let (_, forged) = EpochSigner::begin(&stranger, at("2026-02-02T00:00:00Z"), seed(67)).unwrap();
    assert!(wrong_signature_or_unknown(&chain.accept(&forged)));
    let (_, honest) = second.next(at("2026-02-02T00:00:00Z"), seed(3)).unwrap();
    assert_eq!(chain.accept(&honest), Ok(Voucher::Predecessor));
}

#[test]
fn the_key_of_today_certifies_nothing_for_yesterday() {
    let mut chain = chain();
    let (first, note) = first();
    chain.accept(&note).unwrap();
    let before = chain.clone();
    for (epoch, key) in [("2026-01-31", 2), ("2026-01-30", 2)] {
        let text =
            format!("wardkit-epoch-key/v1\nepoch {epoch}\nkey {}\n", signing_key(key).verifier());
        for issuer in [first.key(), &identity()] {
            let note = Note::sign(text.clone(), issuer).unwrap();
            assert_eq!(chain.accept(&note), Err(Error::Chain("its epoch is not after the latest")));
        }
    }
    assert_eq!(chain, before);
}

#[test]
fn after_a_lost_key_the_identity_speaks_again() {
    let mut chain = chain();
    chain.accept(&first().1).unwrap();
    let (_, note) = EpochSigner::begin(&identity(), at("2026-02-03T00:00:00Z"), seed(5)).unwrap();
    assert_eq!(chain.accept(&note), Ok(Voucher::Identity));
}

#[test]
fn where_both_vouch_nothing_was_lost() {
    let mut chain = chain();
    let (first, note) = first();
    chain.accept(&note).unwrap();
    let (_, mut note) = first.next(at("2026-02-01T00:00:00Z"), seed(2)).unwrap();
    note.add_signature(&identity()).unwrap();
    assert_eq!(chain.accept(&note), Ok(Voucher::Predecessor));
}

#[test]
fn no_key_serves_twice_and_none_has_another_name() {
    let mut chain = chain();
    let (first, note) = first();
    chain.accept(&note).unwrap();
    let (second, note) = first.next(at("2026-02-01T00:00:00Z"), seed(2)).unwrap();
    chain.accept(&note).unwrap();
    let stranger = SigningKey::from_seed("other", seed(3)).unwrap();
    for (key, why) in [
        (first.key().verifier(), "its key was there before"),
        (second.key().verifier(), "its key was there before"),
        (identity().verifier(), "its key was there before"),
        (stranger.verifier(), "its key is not named as the identity is"),
    ] {
        let text = format!("wardkit-epoch-key/v1\nepoch 2026-03-01\nkey {key}\n");
        assert_eq!(chain.accept(&Note::sign(text, second.key()).unwrap()), Err(Error::Chain(why)));
    }
    let again = second.next(at("2026-03-01T00:00:00Z"), seed(2)).unwrap_err();
    assert_eq!(again, Error::Chain("the new key is the old one"));
}

#[test]
fn a_good_signature_makes_no_certificate() {
    let mut chain = chain();
    let key = signing_key(1).verifier().to_string();
    let header = "wardkit-epoch-key/v1";
    let lines = Error::Certificate("not the three lines of wardkit-epoch-key/v1");
    for (text, expected) in [
        ("\n".to_owned(), lines.clone()),
        (checkpoint(5).to_string(), lines.clone()),
        (format!("wardkit-epoch-key/v2\nepoch 2026-01-31\nkey {key}\n"), lines.clone()),
        (format!("{header}\nepoch 2026-01-31\nkey {key}\n\n"), lines),
        (
            format!("{header}\n2026-01-31\nkey {key}\n"),
            Error::Certificate("the second line is no epoch"),
        ),
        (
            format!("{header}\nepoch 2026-02-29\nkey {key}\n"),
            Error::Certificate("the epoch is no day"),
        ),
        (
            format!("{header}\nepoch 2026-01-31\nkey: {key}\n"),
            Error::Certificate("the third line is no key"),
        ),
        (format!("{header}\nepoch 2026-01-31\nkey {key}=\n"), Error::Key("not base64")),
    ] {
        assert_eq!(
            chain.accept(&Note::sign(text.clone(), &identity()).unwrap()),
            Err(expected),
            "{text}"
        );
    }
    assert_eq!(chain.certificates(), []);
}

#[test]
fn a_signer_knows_when_its_day_is_over() {
    let (signer, _) = first();
    assert!(!signer.is_due(at("2026-01-31T00:00:00Z")));
    assert!(!signer.is_due(at("2026-01-31T23:59:59.999Z")));
    assert!(signer.is_due(at("2026-02-01T00:00:00Z")));
    assert!(!signer.is_due(at("2025-02-01T00:00:00Z")), "the clock was set back");
    let (next, _) = signer.next(at("2025-02-01T00:00:00Z"), seed(2)).unwrap();
    assert_eq!(next.epoch(), day("2026-02-01"));
}

#[test]
fn a_stored_signer_is_taken_up_with_its_certificate() {
    let (signer, note) = first();
    let stored = signer.key().to_text();
    let certificate: EpochCertificate = note.unverified_text().parse().unwrap();
    let resumed =
        EpochSigner::resume(SigningKey::from_text(stored.expose()).unwrap(), &certificate).unwrap();
    assert_eq!(
        (resumed.epoch(), resumed.key().verifier()),
        (signer.epoch(), signer.key().verifier())
    );
    let other = EpochSigner::resume(signing_key(2), &certificate);
    assert_eq!(other.unwrap_err(), Error::Chain("it certifies another key"));
}

#[test]
fn a_signer_does_not_show_its_secret() {
    let (signer, _) = first();
    let shown = format!("{signer:?}");
    let id = signer.key().verifier().id();
    assert!(shown.contains(&format!("SigningKey({ORIGIN}+{id:08x}+***)")), "{shown}");
    // The seed is 32 bytes of one: base64 would show AQEB, a list of numbers 1, 1.
    assert!(!shown.contains("AQEB") && !shown.contains("1, 1"), "{shown}");
}

#[test]
fn days_have_one_spelling() {
    for text in ["1970-01-01", "2000-02-29", "2026-01-31", "2262-04-11"] {
        assert_eq!(day(text).to_string(), text);
        assert_eq!(Epoch::of(day(text).start()), day(text));
    }
    let wrong = [
        "",
        "2026-1-31",
        "2026-01-32",
        "2025-02-29",
        "1969-12-31",
        "10000-01-01",
        "2026-01-31T",
        "+026-01-31",
        " 2026-01-31",
    ];
    for text in wrong {
        assert_eq!(text.parse::<Epoch>(), Err(Error::Certificate("the epoch is no day")), "{text}");
    }
    assert_eq!(Epoch::of(at("1960-01-01T00:00:00Z")), day("1970-01-01"));
    assert_eq!(Epoch::of(i64::MAX), day("9999-12-31"));
    assert_eq!(day("9999-12-31").next(), None);
    assert_eq!(day("2024-02-28").next(), Some(day("2024-02-29")));
}

#[test]
fn dates_are_those_of_another_calendar() {
    // Core's calendar is the second opinion, for as far as it reaches.
    for number in 0..=106_750 {
        let seconds = number * 86_400;
        let epoch = Epoch::of(seconds);
        let expected = Timestamp::from_unix_seconds(seconds).to_string();
        assert_eq!(format!("{epoch}T00:00:00Z"), expected);
        assert_eq!((epoch.start(), epoch.to_string().parse()), (seconds, Ok(epoch)));
    }
}

#[test]
fn after_the_last_day_there_is_no_next_key() {
    let (signer, _) = EpochSigner::begin(&identity(), i64::MAX, seed(1)).unwrap();
    assert_eq!(
        signer.next(i64::MAX, seed(2)).unwrap_err(),
        Error::Chain("there is no day after this")
    );
}
