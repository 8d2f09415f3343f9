//! What is masked stays masked and as many lines as before; what has nothing to mask is handed back itself.
#![no_main]

use std::borrow::Cow;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wardkit_validation::{Masker, Sensitive};

static MASKERS: LazyLock<[Masker; 2]> = LazyLock::new(|| {
    let keyed = Masker::builder().kinds(Sensitive::ALL.iter().copied()).key(b"a key of sixteen");
    [Masker::default(), keyed.name("room-pin").build()]
});

fuzz_target!(|text: &[u8]| {
    for masker in MASKERS.iter() {
        let whole = masker.mask_bytes(text);
        check(text, &whole);
        assert_eq!(masker.mask_bytes(&whole), whole, "masking twice changes something");
        if let Ok(text) = std::str::from_utf8(text) {
            assert_eq!(masker.mask(text).as_bytes(), &*whole);
            check(text.as_bytes(), &bytes(masker.mask_beside("DB_PASSWORD", text)));
        }

        let lines = by_line(masker, text);
        assert_eq!(newlines(&lines), newlines(text));
        assert_eq!(by_line(masker, &lines), lines, "masking lines twice changes something");
    }
});

/// Masks line by line.
fn by_line(masker: &Masker, text: &[u8]) -> Vec<u8> {
    let mut lines = masker.lines();
    let mut all = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let hidden = lines.mask(line);
        check(line, &hidden);
        all.extend_from_slice(&hidden);
    }
    all
}

#[expect(clippy::ptr_arg, reason = "whether it is borrowed is what is checked")]
fn check(text: &[u8], masked: &Cow<'_, [u8]>) {
    assert_eq!(newlines(masked), newlines(text), "a line for each line");
    assert_eq!(masked.ends_with(b"\n"), text.ends_with(b"\n"));
    assert!(matches!(masked, Cow::Borrowed(_)) || **masked != *text, "untouched, and copied");
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn newlines(text: &[u8]) -> usize {
    text.split(|byte| *byte == b'\n').count() - 1
}
