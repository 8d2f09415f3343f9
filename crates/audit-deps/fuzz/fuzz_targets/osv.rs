//! No advisory panics, and what an index takes it gives back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_audit_deps::{Database, Ecosystem, Import};

fuzz_target!(|data: (&str, &str)| {
    let (text, version) = data;
    let Ok(folder) = tempfile::tempdir() else { return };
    let (file, index) = (folder.path().join("a.json"), folder.path().join("a.index"));
    if std::fs::write(&file, text).is_err() {
        return;
    }
    let Ok(import) = Import::new().from(&file) else { return };
    import.write(&index).expect("what was read can be written");
    let database = Database::open(&index).expect("what was written can be read");
    let asked = [(Ecosystem::PyPi, "a"), (Ecosystem::Npm, "a"), (Ecosystem::Cargo, "a")];
    let found = database.look_up(&asked).expect("every block is whole");
    for ((ecosystem, _), advisories) in asked.iter().zip(found) {
        for advisory in advisories {
            let _ = advisory.concerns(*ecosystem, version);
            let _ = advisory.fixed_after(*ecosystem, version);
        }
    }
});
