//! Texts that go to the sink `header`.
#![no_main]

#[path = "../support.rs"]
mod support;

use libfuzzer_sys::fuzz_target;
use wardkit_validation::Sink;

fuzz_target!(|text: &[u8]| support::judge(Sink::Header, text));
