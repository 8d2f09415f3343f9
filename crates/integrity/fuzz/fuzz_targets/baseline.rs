//! Bytes of any kind, signed as a baseline: read in full, or refused. What is read finds itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_integrity::{Algorithm, Baseline};
use wardkit_tlog::{Checkpoint, Hash, Note, SigningKey, TreeHead};

// The entries' own bytes are in the file: their codec is reached through it.
fuzz_target!(|file: &[u8]| {
    let key = SigningKey::from_seed("fuzz/fim", [7; 32]).expect("the name is sound");
    let keys = [key.verifier()];
    // The same bytes as a note: never signed by this key.
    assert!(Baseline::from_bytes(Vec::new(), file, keys).is_err());
    // The number of entries stands 24 bytes before the end; the note must agree.
    let size = file.len().checked_sub(24).and_then(|at| file[at..].first_chunk());
    let size = size.map_or(0, |&size| u64::from_le_bytes(size));
    let Some(note) = note(file, size, &key) else { return };
    let Ok(baseline) = Baseline::from_bytes(file.to_vec(), note.to_string().as_bytes(), keys)
    else {
        return;
    };
    assert_eq!(baseline.entries().count() as u64, size);
    for entry in baseline.entries().take(64) {
        assert_eq!(baseline.entry(&entry.path).as_ref(), Some(&entry));
        if let Some(directory) = entry.path.parent() {
            // Names with odd slashes have no parent that lists them; none may panic.
            let _ = baseline.children(directory).count();
        }
    }
    let _ = baseline.check_tree();
});

fn note(file: &[u8], size: u64, key: &SigningKey) -> Option<Note> {
    let digest = Algorithm::Blake3.digest(file);
    Checkpoint::new("fuzz/fim", TreeHead { size, root: Hash::EMPTY_TREE })
        .and_then(|note| note.with_extension(format!("file-blake3 {digest}")))
        .and_then(|note| note.with_extension("generation 1"))
        .and_then(|note| note.with_extension(format!("lineage {}", "00".repeat(16))))
        .and_then(|note| note.sign(key))
        .ok()
}
