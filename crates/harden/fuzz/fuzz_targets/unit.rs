//! A unit that was hardened is whole, and has nothing to gain from being hardened again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_harden::{Unit, exposure};

fuzz_target!(|text: &str| {
    let Ok(unit) = Unit::parse(text) else { return };
    let hardened = unit.hardened(&unit.needs()).text;
    let Ok(again) = Unit::parse(&hardened) else { panic!("its own text is no unit: {hardened:?}") };
    assert_eq!(again.hardened(&again.needs()).text, hardened);
    assert!(exposure(&again).tenths <= exposure(&unit).tenths);
});
