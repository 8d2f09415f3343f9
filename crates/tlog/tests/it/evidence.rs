//! Proofs with their checkpoints.

use wardkit_tlog::{
    Checkpoint, ConsistencyEvidence, Error, Hash, InclusionEvidence, Nodes, SigningKey,
};

use crate::support::{ORIGIN, checkpoint, leaf, signing_key, tree};

fn inclusion(key: &SigningKey) -> InclusionEvidence {
    let proof = tree(10).inclusion_proof(6, 10).unwrap();
    InclusionEvidence::new(proof, checkpoint(10).sign(key).unwrap())
}

fn consistency(key: &SigningKey) -> ConsistencyEvidence {
    let proof = tree(10).consistency_proof(6, 10).unwrap();
    ConsistencyEvidence::new(6, proof, checkpoint(10).sign(key).unwrap())
}

#[test]
fn an_entry_is_proven_by_one_text() {
    let key = signing_key(1);
    let text = inclusion(&key).to_string();
    let hash = |level, index| tree(10).node(wardkit_tlog::Node { level, index }).unwrap();
    let expected = format!(
        "c2sp.org/tlog-proof@v1\nindex 6\n{}\n{}\n{}\n{}\n\n{}",
        hash(0, 7),
        hash(1, 2),
        hash(2, 0),
        hash(1, 4),
        checkpoint(10).sign(&key).unwrap()
    );
    assert_eq!(text, expected);
    let read: InclusionEvidence = text.parse().unwrap();
    assert_eq!(read.verify(leaf(6), ORIGIN, [key.verifier()]), Ok(checkpoint(10)));
    assert_eq!(read.verify(leaf(7), ORIGIN, [key.verifier()]), Err(Error::NotIncluded));
    assert_eq!(
        read.verify(leaf(6), ORIGIN, [signing_key(2).verifier()]),
        Err(Error::NoKnownSigner)
    );
    assert!(matches!(read.verify(leaf(6), "other", [key.verifier()]), Err(Error::Origin { .. })));
}

#[test]
fn extra_data_ride_along() {
    let key = signing_key(1);
    for extra in [&b""[..], b"context"] {
        let mut evidence = inclusion(&key);
        evidence.extra = Some(extra.to_vec());
        let read: InclusionEvidence = evidence.to_string().parse().unwrap();
        assert_eq!(read, evidence);
        assert_eq!(read.verify(leaf(6), ORIGIN, [key.verifier()]), Ok(checkpoint(10)));
    }
}

#[test]
fn the_only_entry_needs_no_hashes() {
    let key = signing_key(1);
    let proof = tree(1).inclusion_proof(0, 1).unwrap();
    let text = InclusionEvidence::new(proof, checkpoint(1).sign(&key).unwrap()).to_string();
    assert!(
        text.starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nbot.example/audit\n1\n"),
        "{text}"
    );
    let read: InclusionEvidence = text.parse().unwrap();
    assert_eq!(read.verify(leaf(0), ORIGIN, [key.verifier()]), Ok(checkpoint(1)));
}

#[test]
fn growth_is_proven_by_one_text() {
    let key = signing_key(1);
    let text = consistency(&key).to_string();
    assert!(text.starts_with("old 6\n"), "{text}");
    let read: ConsistencyEvidence = text.parse().unwrap();
    assert_eq!(read.verify(&checkpoint(6), [key.verifier()]), Ok(checkpoint(10)));
    assert_eq!(
        read.verify(&checkpoint(5), [key.verifier()]),
        Err(Error::ProofStart { expected: 5, found: 6 })
    );
    let mut head = checkpoint(6).head();
    head.root = leaf(0);
    let forked = Checkpoint::new(ORIGIN, head).unwrap();
    assert_eq!(read.verify(&forked, [key.verifier()]), Err(Error::NotConsistent));
    let other = Checkpoint::new("other", checkpoint(6).head()).unwrap();
    assert!(matches!(read.verify(&other, [key.verifier()]), Err(Error::Origin { .. })));
}

#[test]
fn what_is_no_evidence_is_refused() {
    let key = signing_key(1);
    let good = inclusion(&key).to_string();
    let tall = format!("index 6\n{}", format!("{}\n", Hash::EMPTY_TREE).repeat(65));
    for (text, expected) in [
        (String::new(), Error::Proof("no empty line before the checkpoint")),
        (good.replace("@v1", "@v2"), Error::Proof("the first line is not c2sp.org/tlog-proof@v1")),
        (good.replace("index 6\n", ""), Error::Proof("no line with the index")),
        (good.replace("index 6", "index 06"), Error::Proof("no line with the index")),
        (good.replace("index 6", "extra\nindex 6"), Error::Proof("no line with the index")),
        (
            good.replace("index 6", "extra A\nindex 6"),
            Error::Proof("the extra data are not base64"),
        ),
        (
            good.replace("index 6", "extra AA==\nextra AA==\nindex 6"),
            Error::Proof("no line with the index"),
        ),
        (good.replace("index 6", "index 6\nindex 6"), Error::Hash),
        (good.replace("index 6\n", &tall), Error::Proof("more hashes than any tree has levels")),
        (good.replace("\n\n", "\n"), Error::Proof("no empty line before the checkpoint")),
    ] {
        assert_eq!(text.parse::<InclusionEvidence>(), Err(expected), "{text}");
    }
    let good = consistency(&key).to_string();
    for (text, expected) in [
        (good.replace("old 6", "old  6"), Error::Proof("no line with the old size")),
        (good.replace("old 6\n", ""), Error::Proof("no line with the old size")),
        (good.replace("old 6", "old 6\n6"), Error::Hash),
        (format!("{good}\n"), Error::Note("no signature")),
    ] {
        assert_eq!(text.parse::<ConsistencyEvidence>(), Err(expected), "{text}");
    }
}

#[test]
fn hashes_moved_into_the_signed_text_are_noticed() {
    let key = signing_key(1);
    let text = inclusion(&key).to_string().replace("index 6\n", "index 6\n\n");
    let read: InclusionEvidence = text.parse().unwrap();
    assert_eq!(read.proof.path, []);
    assert!(matches!(read.verify(leaf(6), ORIGIN, [key.verifier()]), Err(Error::Signature { .. })));
}
