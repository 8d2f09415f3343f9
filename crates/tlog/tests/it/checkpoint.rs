//! Checkpoints.

use wardkit_tlog::{Checkpoint, ConsistencyProof, Error, Hash, Nodes, Note, Relation, TreeHead};

use crate::support::{ORIGIN, checkpoint, peter, signing_key, tree};

fn parse(text: &str) -> Result<Checkpoint, Error> {
    text.parse()
}

#[test]
fn the_example_of_the_specification_is_read_and_written_back() {
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = parse(text).unwrap();
    assert_eq!(checkpoint.origin(), "example.com/behind-the-sofa");
    assert_eq!(checkpoint.head().size, 20_852_163);
    assert_eq!(checkpoint.head().root.to_string(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    assert_eq!(checkpoint.extensions(), [""; 0]);
    assert_eq!(checkpoint.to_string(), text);
}

#[test]
fn the_empty_log_has_a_checkpoint() {
    let checkpoint = Checkpoint::new(ORIGIN, TreeHead::EMPTY).unwrap();
    let text = "bot.example/audit\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    assert_eq!(checkpoint.to_string(), text);
    assert_eq!(parse(text), Ok(checkpoint));
}

#[test]
fn extension_lines_are_kept_and_signed() {
    let key = signing_key(1);
    let checkpoint = checkpoint(3).with_extension("time 5").unwrap().with_extension("—").unwrap();
    let note = checkpoint.sign(&key).unwrap();
    let read = Checkpoint::open(&note, ORIGIN, [key.verifier()]).unwrap();
    assert_eq!(read.extensions(), ["time 5", "—"]);
    assert_eq!(read, checkpoint);

    let changed = note.to_string().replace("time 5", "time 6").parse().unwrap();
    let expected = Error::Signature { name: ORIGIN.to_owned(), id: key.verifier().id() };
    assert_eq!(Checkpoint::open(&changed, ORIGIN, [key.verifier()]), Err(expected));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let root = Hash::EMPTY_TREE.to_string();
    for (text, why) in [
        (String::new(), "no newline at the end"),
        (format!("a\n0\n{root}"), "no newline at the end"),
        ("a\n0\n".to_owned(), "fewer than three lines"),
        (format!("\n0\n{root}\n"), "an empty line"),
        (format!("a\n\n0\n{root}\n"), "the second line is no size"),
        (format!("a\n00\n{root}\n"), "the second line is no size"),
        (format!("a\n-1\n{root}\n"), "the second line is no size"),
        (format!("a\n9223372036854775808\n{root}\n"), "the second line is no size"),
        (format!("a\n1 \n{root}\n"), "the second line is no size"),
        (format!("a\n1\n{root} \n"), "the third line is no root"),
        ("a\n1\nAAAA\n".to_owned(), "the third line is no root"),
        (format!("a\n1\n{root}\n\n"), "an empty line"),
        (format!("a\n1\n{root}\n\nb\n"), "an empty line"),
        (format!("a\n1\n{root}\nb\r\n"), "a control character"),
        (format!("a\n1\n{root}\n{}", "b\n".repeat(17)), "too many extension lines"),
    ] {
        assert_eq!(parse(&text), Err(Error::Checkpoint(why)), "{text:?}");
    }
    for (origin, why) in
        [("", "an empty line"), ("a\nb", "a control character"), ("\u{1b}", "a control character")]
    {
        assert_eq!(Checkpoint::new(origin, TreeHead::EMPTY), Err(Error::Checkpoint(why)));
    }
    assert_eq!(checkpoint(1).with_extension(""), Err(Error::Checkpoint("an empty line")));
    assert_eq!(checkpoint(1).with_extension("a\nb"), Err(Error::Checkpoint("a control character")));
}

#[test]
fn a_checkpoint_counts_only_from_its_log_and_key() {
    let (key, stranger) = (signing_key(1), signing_key(2));
    let note = checkpoint(3).sign(&key).unwrap();
    assert_eq!(Checkpoint::open(&note, ORIGIN, [key.verifier()]), Ok(checkpoint(3)));
    assert_eq!(Checkpoint::open(&note, ORIGIN, [stranger.verifier()]), Err(Error::NoKnownSigner));
    assert_eq!(
        Checkpoint::open(&note, "other.example/audit", [key.verifier()]),
        Err(Error::Origin { expected: "other.example/audit".to_owned(), found: ORIGIN.to_owned() })
    );
    // A good signature does not make any text a checkpoint.
    let letter = Note::sign("Dear all,\n", &key).unwrap();
    assert_eq!(
        Checkpoint::open(&letter, ORIGIN, [key.verifier()]),
        Err(Error::Checkpoint("fewer than three lines"))
    );
}

#[test]
fn a_witness_may_sign_too() {
    let key = signing_key(1);
    let mut note = checkpoint(3).sign(&key).unwrap();
    note.add_signature(&peter()).unwrap();
    let note: Note = note.to_string().parse().unwrap();
    let keys = [key.verifier().clone(), peter().verifier().clone()];
    assert_eq!(Checkpoint::open(&note, ORIGIN, &keys), Ok(checkpoint(3)));
    assert_eq!(note.verify(&keys).unwrap().signers().len(), 2);
}

#[test]
fn two_checkpoints_show_what_became_of_the_log() {
    let (six, ten) = (checkpoint(6), checkpoint(10));
    let proof = tree(10).consistency_proof(6, 10).unwrap();
    let nothing = ConsistencyProof::default();
    let fork = Checkpoint::new(ORIGIN, TreeHead { size: 6, root: Hash::EMPTY_TREE }).unwrap();
    assert_eq!(six.relation(&ten, &proof), Ok(Relation::Extended));
    assert_eq!(six.relation(&six, &nothing), Ok(Relation::Same));
    assert_eq!(ten.relation(&six, &proof), Ok(Relation::RolledBack));
    assert_eq!(six.relation(&fork, &nothing), Ok(Relation::Forked));
    assert_eq!(fork.relation(&ten, &proof), Err(Error::NotConsistent));
    let other = Checkpoint::new("other", ten.head()).unwrap();
    assert_eq!(
        six.relation(&other, &proof),
        Err(Error::Origin { expected: ORIGIN.to_owned(), found: "other".to_owned() })
    );
}

#[test]
fn every_flipped_bit_of_a_signed_checkpoint_is_noticed() {
    let key = signing_key(1);
    let good = checkpoint(7).sign(&key).unwrap().to_string().into_bytes();
    let open = |bytes: &[u8]| Checkpoint::open(&Note::from_bytes(bytes)?, ORIGIN, [key.verifier()]);
    assert_eq!(open(&good), Ok(checkpoint(7)));
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut flipped = good.clone();
            flipped[at] ^= 1 << bit;
            assert!(open(&flipped).is_err(), "byte {at}, bit {bit}");
        }
        assert!(open(&good[..at]).is_err(), "cut at byte {at}");
    }
}
