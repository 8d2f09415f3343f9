//! Proofs of any shape against heads of any size: an answer, and never the wrong one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_tlog::{ConsistencyProof, Hash, InclusionProof, TreeHead};

fuzz_target!(|input: (u64, u64, Vec<[u8; 32]>)| {
    let (index, size, path) = input;
    let path: Vec<Hash> = path.into_iter().map(Hash::from_bytes).collect();
    let head = |size, entry: &[u8]| TreeHead { size, root: Hash::leaf(entry) };
    let inclusion = InclusionProof { index, path: path.clone() };
    assert!(inclusion.verify(Hash::leaf(b"absent"), head(size, b"root")).is_err());
    let consistency = ConsistencyProof { path };
    assert!(consistency.verify(head(index, b"old"), head(size, b"new")).is_err());
});
