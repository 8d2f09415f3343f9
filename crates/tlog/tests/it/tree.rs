//! Trees and proofs against the definition.

use wardkit_tlog::{
    ConsistencyProof, Error, Frontier, Hash, InclusionProof, MemoryTree, Node, Nodes, Relation,
    TreeHead,
};

use crate::oracle::Oracle;
use crate::support::{leaf, tree};

/// Covers every shape of the right edge below nine levels.
const SIZES: usize = 300;

fn oracle() -> Oracle {
    Oracle::new((0..SIZES as u64).map(|number| number.to_be_bytes().to_vec()).collect())
}

#[test]
fn roots_are_those_of_the_definition_at_every_size() {
    let (oracle, whole) = (oracle(), tree(SIZES as u64));
    let mut frontier = Frontier::new();
    for size in 0..=SIZES {
        let expected = oracle.root(0, size);
        assert_eq!(frontier.root(), expected, "{size}");
        assert_eq!(whole.root_at(size as u64), Ok(expected), "{size}");
        assert_eq!(frontier.peaks().len(), size.count_ones() as usize);
        assert_eq!(frontier.append(leaf(size as u64)), size as u64);
    }
}

#[test]
fn inclusion_proofs_are_those_of_the_definition_and_verify() {
    let (oracle, tree) = (oracle(), tree(SIZES as u64));
    for size in 1..=SIZES {
        let head = tree.head_at(size as u64).unwrap();
        for index in 0..size {
            let proof = tree.inclusion_proof(index as u64, size as u64).unwrap();
            assert_eq!(proof.path, oracle.path(index, 0, size), "{index} of {size}");
            assert_eq!(proof.verify(leaf(index as u64), head), Ok(()), "{index} of {size}");
        }
    }
}

#[test]
fn consistency_proofs_are_those_of_the_definition_and_verify() {
    let (oracle, tree) = (oracle(), tree(SIZES as u64));
    let heads: Vec<TreeHead> = (0..=SIZES as u64).map(|size| tree.head_at(size).unwrap()).collect();
    for new in 0..=SIZES {
        for old in 0..=new {
            let proof = tree.consistency_proof(old as u64, new as u64).unwrap();
            // The definition begins with the tree of one entry.
            let expected = if old == 0 { Vec::new() } else { oracle.proof(old, new) };
            assert_eq!(proof.path, expected, "{old} to {new}");
            assert_eq!(proof.verify(heads[old], heads[new]), Ok(()), "{old} to {new}");
        }
    }
}

#[test]
fn a_proof_is_for_one_entry_only() {
    let tree = tree(40);
    for size in 1..=40 {
        let head = tree.head_at(size).unwrap();
        for index in 0..size {
            let proof = tree.inclusion_proof(index, size).unwrap();
            for other in (0..size).filter(|&other| other != index) {
                let moved = InclusionProof { index: other, path: proof.path.clone() };
                assert_eq!(moved.verify(leaf(index), head), Err(Error::NotIncluded));
                assert_eq!(proof.verify(leaf(other), head), Err(Error::NotIncluded));
            }
        }
    }
}

#[test]
fn a_path_that_is_too_short_or_too_long_is_refused() {
    let tree = tree(20);
    for size in 1..=20 {
        let head = tree.head_at(size).unwrap();
        for index in 0..size {
            let whole = tree.inclusion_proof(index, size).unwrap();
            for path in shorter_and_longer(&whole.path) {
                let proof = InclusionProof { index, path };
                assert_eq!(proof.verify(leaf(index), head), Err(Error::NotIncluded));
            }
            let old = tree.head_at(index).unwrap();
            let whole = tree.consistency_proof(index, size).unwrap();
            for path in shorter_and_longer(&whole.path) {
                let proof = ConsistencyProof { path };
                assert_eq!(proof.verify(old, head), Err(Error::NotConsistent), "{index} to {size}");
            }
        }
    }
}

fn shorter_and_longer(path: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    let shorter =
        [path.split_first().map(|(_, rest)| rest), path.split_last().map(|(_, rest)| rest)];
    let longer = [[path, &[leaf(0)]].concat(), [&[leaf(0)], path].concat()];
    let tall = [path, &[leaf(0); 100]].concat();
    shorter.into_iter().flatten().map(<[Hash]>::to_vec).chain(longer).chain([tall])
}

#[test]
fn what_is_not_in_the_tree_has_no_proof() {
    let tree = tree(5);
    assert_eq!(tree.inclusion_proof(5, 5), Err(Error::Index { index: 5, size: 5 }));
    assert_eq!(tree.inclusion_proof(0, 0), Err(Error::Index { index: 0, size: 0 }));
    assert_eq!(tree.inclusion_proof(0, u64::MAX), Err(Error::Index { index: 0, size: u64::MAX }));
    assert_eq!(tree.consistency_proof(5, 4), Err(Error::Shrinks { old: 5, new: 4 }));
    assert_eq!(tree.consistency_proof(1, u64::MAX), Err(Error::Shrinks { old: 1, new: u64::MAX }));
    assert_eq!(tree.inclusion_proof(0, 6), Err(Error::NoNode { level: 1, index: 2 }));
    assert_eq!(tree.root_at(6), Err(Error::NoNode { level: 1, index: 2 }));
    assert_eq!(tree.node(Node { level: 3, index: 0 }), Err(Error::NoNode { level: 3, index: 0 }));
    assert!(tree.node(Node { level: u32::MAX, index: u64::MAX }).is_err());
}

#[test]
fn heads_of_any_size_are_checked_without_panic() {
    let huge = |size| TreeHead { size, root: leaf(0) };
    let proof = InclusionProof { index: u64::MAX, path: vec![leaf(1); 64] };
    for size in [0, 1, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX] {
        assert_eq!(proof.verify(leaf(0), huge(size)), Err(Error::Index { index: u64::MAX, size }));
        let largest = InclusionProof { index: size.saturating_sub(1), path: vec![leaf(1); 64] };
        assert!(largest.verify(leaf(0), huge(size)).is_err());
        for old in [0, 1, size / 2, size.saturating_sub(1), size] {
            let proof = ConsistencyProof { path: vec![leaf(1); 64] };
            assert!(proof.verify(huge(old), huge(size)).is_err(), "{old} to {size}");
        }
    }
}

#[test]
fn the_empty_tree_begins_every_tree_and_has_one_root() {
    let (nothing, three) = (ConsistencyProof::default(), tree(3).head());
    assert_eq!(nothing.verify(TreeHead::EMPTY, three), Ok(()));
    assert_eq!(nothing.verify(TreeHead::EMPTY, TreeHead::EMPTY), Ok(()));
    let wrong = TreeHead { size: 0, root: leaf(0) };
    assert_eq!(nothing.verify(wrong, three), Err(Error::NotConsistent));
    assert_eq!(nothing.verify(TreeHead::EMPTY, wrong), Err(Error::NotConsistent));
    assert_eq!(MemoryTree::new().head(), TreeHead::EMPTY);
}

#[test]
fn a_frontier_goes_on_from_its_peaks() {
    let mut whole = Frontier::new();
    for size in 0..70 {
        let mut resumed = Frontier::from_peaks(whole.size(), whole.peaks().to_vec()).unwrap();
        assert_eq!(resumed, whole);
        resumed.append(leaf(size));
        whole.append(leaf(size));
        assert_eq!(resumed.head(), whole.head());
    }
    assert_eq!(Frontier::from_peaks(3, vec![leaf(0)]), Err(Error::Frontier { size: 3, peaks: 1 }));
    assert_eq!(Frontier::from_peaks(0, vec![leaf(0)]), Err(Error::Frontier { size: 0, peaks: 1 }));
    assert_eq!(
        Frontier::from_peaks(1 << 63, vec![leaf(0)]),
        Err(Error::Frontier { size: 1 << 63, peaks: 1 })
    );
}

#[test]
fn a_frontier_tells_of_each_node_once_and_children_first() {
    let mut told = Vec::new();
    let mut frontier = Frontier::new();
    for number in 0..4 {
        frontier.append_with(leaf(number), |node, _| told.push((node.level, node.index)));
    }
    assert_eq!(told, [(0, 0), (0, 1), (1, 0), (0, 2), (0, 3), (1, 1), (2, 0)]);
}

#[test]
fn a_head_says_what_became_of_the_log() {
    let (mine, other): (MemoryTree, MemoryTree) = (tree(10), (50..60).map(leaf).collect());
    let (six, ten) = (mine.head_at(6).unwrap(), mine.head());
    let proof = mine.consistency_proof(6, 10).unwrap();
    let nothing = ConsistencyProof::default();

    assert_eq!(six.relation(six, &nothing), Ok(Relation::Same));
    assert_eq!(six.relation(ten, &proof), Ok(Relation::Extended));
    assert_eq!(ten.relation(six, &proof), Ok(Relation::RolledBack));
    assert_eq!(ten.relation(other.head(), &nothing), Ok(Relation::Forked));
    assert_eq!(six.relation(other.head(), &proof), Err(Error::NotConsistent));
    assert_eq!(six.relation(ten, &nothing), Err(Error::NotConsistent));

    assert_eq!(six.relation_to_tree(&mine, 6), Ok(Relation::Same));
    assert_eq!(six.relation_to_tree(&mine, 10), Ok(Relation::Extended));
    assert_eq!(ten.relation_to_tree(&mine, 9), Ok(Relation::RolledBack));
    assert_eq!(six.relation_to_tree(&other, 10), Ok(Relation::Forked));
    assert_eq!(six.relation_to_tree(&mine, 11), Ok(Relation::Extended));

    let sound = [Relation::Same, Relation::Extended, Relation::RolledBack, Relation::Forked]
        .map(Relation::is_sound);
    assert_eq!(sound, [true, true, false, false]);
}

#[test]
fn a_head_has_one_spelling() {
    let head = TreeHead { size: 3, root: Hash::EMPTY_TREE };
    let text = "3 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!(head.to_string(), text);
    assert_eq!(text.parse(), Ok(head));
    assert_eq!(format!("{:?}", head.root), "Hash(47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=)");
    for wrong in [
        "",
        "3",
        "3 ",
        "03 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "3  47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "3 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
        "3 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "3 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "3 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==",
    ] {
        assert_eq!(wrong.parse::<TreeHead>(), Err(Error::TreeHead), "{wrong}");
    }
}
