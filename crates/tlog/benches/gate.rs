//! What a log and its readers pay beyond the hashes and signatures themselves. `gate.toml` holds the limits, as
//! ratios to measurements of the same run.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};
use wardkit_tlog::{
    Checkpoint, Frontier, Hash, InclusionProof, MemoryTree, Nodes, Note, SigningKey,
};

/// A line of an audit log, about as long as they are.
const ENTRY: [u8; 322] = [b'x'; 322];

/// A million entries, so that a path has twenty hashes.
const ENTRIES: u64 = 1 << 20;

const ORIGIN: &str = "bot.example/audit";

fn references(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("sha256_entry", |b| b.iter(|| Sha256::digest(black_box(ENTRY))));
    let hash = Hash::leaf(&ENTRY);
    group.bench_function("twenty_nodes", |b| {
        b.iter(|| (0..20).fold(black_box(hash), |left, _| Hash::node(left, hash)));
    });
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let text = checkpoint(&Frontier::new()).to_string();
    let signature = key.sign(text.as_bytes());
    group.bench_function("ed25519_sign", |b| b.iter(|| key.sign(black_box(text.as_bytes()))));
    let public = key.verifying_key();
    group.bench_function("ed25519_verify", |b| {
        b.iter(|| public.verify_strict(black_box(text.as_bytes()), &signature));
    });
    group.finish();
}

fn log(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let mut frontier = Frontier::new();
    group.bench_function("append_entry", |b| {
        b.iter(|| frontier.append(Hash::leaf(black_box(&ENTRY))));
    });
    // Every bit is set: no tree of this height has more peaks to fold.
    let worst = (1..ENTRIES).fold(Frontier::new(), |mut frontier, _| {
        frontier.append(Hash::EMPTY_TREE);
        frontier
    });
    group.bench_function("root", |b| b.iter(|| black_box(&worst).root()));
    let key = SigningKey::from_seed(ORIGIN, [7; 32]).expect("the name is sound");
    let checkpoint = checkpoint(&worst);
    group.bench_function("sign_checkpoint", |b| b.iter(|| black_box(&checkpoint).sign(&key)));
    group.finish();
}

fn reader(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let key = SigningKey::from_seed(ORIGIN, [7; 32]).expect("the name is sound");
    let text = checkpoint(&Frontier::new()).sign(&key).expect("it is short").to_string();
    group.bench_function("open_checkpoint", |b| {
        b.iter(|| {
            let note: Note = black_box(&text).parse()?;
            Checkpoint::open(&note, ORIGIN, [key.verifier()])
        });
    });
    let tree: MemoryTree = (0..ENTRIES).map(|number| Hash::leaf(&number.to_be_bytes())).collect();
    let proof: InclusionProof =
        tree.inclusion_proof(ENTRIES / 3, ENTRIES).expect("the entry is there");
    let (head, leaf) = (tree.head(), Hash::leaf(&(ENTRIES / 3).to_be_bytes()));
    group.bench_function("verify_inclusion", |b| {
        b.iter(|| black_box(&proof).verify(leaf, black_box(head)));
    });
    group.finish();
}

fn checkpoint(frontier: &Frontier) -> Checkpoint {
    Checkpoint::new(ORIGIN, frontier.head()).expect("the origin is sound")
}

criterion_group!(gate, references, log, reader);
criterion_main!(gate);
