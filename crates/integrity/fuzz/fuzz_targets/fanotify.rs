//! Bytes of any kind, as if fanotify had written them: they end, and make no more events than they have room for.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/watch/fanotify/parse.rs"]
mod parse;

fuzz_target!(|buffer: &[u8]| {
    let events: Vec<parse::Event> = parse::events(buffer).collect();
    assert!(events.len() <= buffer.len() / 24 + 1);
    assert!(events.iter().rev().skip(1).all(|event| !event.malformed));
});
