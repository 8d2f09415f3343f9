//! No program is believed further than its bytes reach.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_harden::{Place, Program};

fuzz_target!(|bytes: &[u8]| {
    if let (Ok(program), Ok(place)) = (Program::read(bytes), Place::new("/srv/bot")) {
        let _ = program.needs(&place);
    }
});
