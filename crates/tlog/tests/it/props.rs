//! Laws that hold for all trees, notes and proofs.

use proptest::collection::vec;
use proptest::prelude::*;
use wardkit_tlog::{
    Checkpoint, ConsistencyEvidence, ConsistencyProof, EpochCertificate, EpochChain, EpochSigner,
    Hash, InclusionEvidence, InclusionProof, MemoryTree, Nodes, Note, Relation, SigningKey,
    TreeHead, VerifierKey,
};

use crate::oracle::Oracle;
use crate::support::{ORIGIN, checkpoint, leaf, seed, signing_key, tree};

/// Entries of a log, at least one.
fn entries() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(any::<u8>(), 0..40), 1..80)
}

fn tree_of(entries: &[Vec<u8>]) -> MemoryTree {
    entries.iter().map(|entry| Hash::leaf(entry)).collect()
}

fn flipped(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

/// Flips a bit of a text; what then is no UTF-8 becomes empty, and is refused as well.
fn flipped_text(text: &str, at: usize, bit: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % bytes.len();
    bytes[at] ^= 1 << bit;
    String::from_utf8(bytes).unwrap_or_default()
}

/// A good text of each format.
fn good_texts() -> Vec<String> {
    let key = signing_key(1);
    let note = checkpoint(5).sign(&key).unwrap();
    let mut inclusion =
        InclusionEvidence::new(tree(5).inclusion_proof(2, 5).unwrap(), note.clone());
    inclusion.extra = Some(vec![1, 2]);
    let consistency =
        ConsistencyEvidence::new(3, tree(5).consistency_proof(3, 5).unwrap(), note.clone());
    let (_, certificate) = EpochSigner::begin(&key, 0, seed(2)).unwrap();
    vec![
        note.to_string(),
        checkpoint(5).with_extension("more").unwrap().to_string(),
        inclusion.to_string(),
        consistency.to_string(),
        certificate.to_string(),
        certificate.unverified_text().to_owned(),
        key.verifier().to_string(),
        tree(5).head().to_string(),
        leaf(1).to_string(),
    ]
}

/// A good text of which some parts are replaced by what the formats are made of.
fn near_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just(String::new()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("=".to_owned()),
        Just("— a AAAAAAA=\n".to_owned()),
        Just(format!("{}\n", Hash::EMPTY_TREE)),
        "[0-9A-Za-z+/ ]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    let change = (any::<prop::sample::Index>(), 0..4_usize, part);
    (prop::sample::select(good_texts()), vec(change, 0..3)).prop_map(|(text, changes)| {
        let mut text: Vec<char> = text.chars().collect();
        for (at, length, part) in changes {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, part.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn trees_and_proofs_are_those_of_the_definition(entries in entries(), m: prop::sample::Index, n: prop::sample::Index) {
        let tree = tree_of(&entries);
        let size = n.index(entries.len()) + 1;
        let index = m.index(size);
        let oracle = Oracle::new(entries.clone());
        let head = tree.head_at(size as u64).unwrap();
        prop_assert_eq!(head.root, oracle.root(0, size));

        let proof = tree.inclusion_proof(index as u64, size as u64).unwrap();
        prop_assert_eq!(&proof.path, &oracle.path(index, 0, size));
        prop_assert_eq!(proof.verify(Hash::leaf(&entries[index]), head), Ok(()));

        let old = index + 1;
        let proof = tree.consistency_proof(old as u64, size as u64).unwrap();
        prop_assert_eq!(&proof.path, &oracle.proof(old, size));
        prop_assert_eq!(proof.verify(tree.head_at(old as u64).unwrap(), head), Ok(()));
    }

    #[test]
    fn a_flipped_bit_in_an_inclusion_proof_is_noticed(size in 1_u64..300, index: prop::sample::Index, at in 0..20_usize, bit in 0..256_usize) {
        let tree = tree(size);
        let index = index.index(usize::try_from(size).unwrap()) as u64;
        let mut proof = tree.inclusion_proof(index, size).unwrap();
        let length = proof.path.len();
        let (mut root, mut entry) = (tree.head().root, leaf(index));
        let place = at % (length + 2);
        match proof.path.get_mut(place) {
            Some(hash) => *hash = flipped(*hash, bit),
            None if place == length => root = flipped(root, bit),
            None => entry = flipped(entry, bit),
        }
        let head = TreeHead { size, root };
        prop_assert!(proof.verify(entry, head).is_err());
    }

    #[test]
    fn a_flipped_bit_in_a_consistency_proof_is_noticed(new in 1_u64..300, old: prop::sample::Index, at in 0..20_usize, bit in 0..256_usize) {
        let tree = tree(new);
        let old = old.index(usize::try_from(new).unwrap()) as u64 + 1;
        let mut proof = tree.consistency_proof(old, new).unwrap();
        let (mut before, mut after) = (tree.head_at(old).unwrap(), tree.head());
        let length = proof.path.len();
        let place = at % (length + 2);
        match proof.path.get_mut(place) {
            Some(hash) => *hash = flipped(*hash, bit),
            None if place == length => before.root = flipped(before.root, bit),
            None => after.root = flipped(after.root, bit),
        }
        prop_assert!(proof.verify(before, after).is_err());
    }

    #[test]
    fn a_changed_entry_or_a_lost_suffix_is_noticed(entries in entries(), at: prop::sample::Index, seen: prop::sample::Index, bit in 0_u8..8) {
        let honest = tree_of(&entries);
        let seen = honest.head_at(seen.index(entries.len()) as u64 + 1).unwrap();
        let at = at.index(entries.len());
        let mut changed = entries.clone();
        match changed[at].first_mut() {
            Some(byte) => *byte ^= 1 << bit,
            None => changed[at].push(bit),
        }
        let expected = if (at as u64) < seen.size { Relation::Forked } else if seen == honest.head() { Relation::Same } else { Relation::Extended };
        prop_assert_eq!(seen.relation_to_tree(&tree_of(&changed), entries.len() as u64), Ok(expected));
        let cut = tree_of(&entries[..at]);
        let sound = at as u64 >= seen.size;
        prop_assert_eq!(seen.relation_to_tree(&cut, at as u64).unwrap().is_sound(), sound);
    }

    #[test]
    fn a_proof_of_random_hashes_proves_nothing(index in 0_u64..1000, size in 1_u64..1000, path in vec(any::<[u8; 32]>(), 0..70)) {
        let path: Vec<Hash> = path.into_iter().map(Hash::from_bytes).collect();
        let head = TreeHead { size, root: leaf(1) };
        let inclusion = InclusionProof { index, path: path.clone() };
        prop_assert!(inclusion.verify(leaf(2), head).is_err());
        let consistency = ConsistencyProof { path };
        let before = TreeHead { size: index, root: leaf(2) };
        prop_assert!(consistency.verify(before, head).is_err());
    }

    #[test]
    fn what_parses_prints_as_it_was(text in near_text()) {
        macro_rules! same {
            ($($kind:ty),*) => { $(
                if let Ok(read) = text.parse::<$kind>() {
                    prop_assert_eq!(read.to_string(), text.as_str());
                }
            )* };
        }
        same!(Note, Checkpoint, InclusionEvidence, ConsistencyEvidence, EpochCertificate, VerifierKey, TreeHead, Hash);
    }

    #[test]
    fn no_bytes_at_all_make_a_parser_panic(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(note) = Note::from_bytes(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }
}

// Each case signs and verifies, a hundred times the work of a hash.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_is_verified(text in "([^\\x00-\\x1f]{0,20}\n){1,6}", number in 1_u8..200) {
        let key = signing_key(number);
        let note: Note = Note::sign(text.clone(), &key).unwrap().to_string().parse().unwrap();
        prop_assert_eq!(note.verify([key.verifier()]).unwrap().text(), text);
    }

    #[test]
    fn a_flipped_bit_anywhere_in_evidence_is_noticed(at: usize, bit in 0_u8..8, index in 0_u64..20) {
        let key = signing_key(1);
        let tree = tree(20);
        let note = checkpoint(20).sign(&key).unwrap();
        let inclusion = InclusionEvidence::new(tree.inclusion_proof(index, 20).unwrap(), note.clone());
        let read: Result<InclusionEvidence, _> = flipped_text(&inclusion.to_string(), at, bit).parse();
        prop_assert!(read.and_then(|read| read.verify(leaf(index), ORIGIN, [key.verifier()])).is_err());

        let old = checkpoint(index + 1);
        let proof = tree.consistency_proof(index + 1, 20).unwrap();
        let text = ConsistencyEvidence::new(index + 1, proof, note).to_string();
        let read: Result<ConsistencyEvidence, _> = flipped_text(&text, at, bit).parse();
        prop_assert!(read.and_then(|read| read.verify(&old, [key.verifier()])).is_err());
    }

    #[test]
    fn a_flipped_bit_anywhere_in_a_certificate_is_noticed(at: usize, bit in 0_u8..8, seconds in 0_i64..4_000_000_000) {
        let identity = signing_key(100);
        let (_, note) = EpochSigner::begin(&identity, seconds, seed(1)).unwrap();
        let mut chain = EpochChain::new(identity.verifier().clone());
        let read: Result<Note, _> = flipped_text(&note.to_string(), at, bit).parse();
        prop_assert!(read.and_then(|note| chain.accept(&note)).is_err());
        prop_assert!(chain.accept(&note).is_ok());
    }

    #[test]
    fn a_secret_key_survives_its_text(bytes: [u8; 32], name in "[a-z/.]{1,20}") {
        let key = SigningKey::from_seed(&name, bytes).unwrap();
        let read = SigningKey::from_text(key.to_text().expose()).unwrap();
        prop_assert_eq!(read.verifier(), key.verifier());
        prop_assert_eq!(Note::sign("a\n", &read), Note::sign("a\n", &key));
    }
}
