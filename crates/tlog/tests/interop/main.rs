//! Our notes and proofs against `golang.org/x/mod/sumdb`, where the formats come from.
//!
//! `cargo xtask ci` installs Go and the library and runs this; by hand, with Debian's `golang-go` and
//! `golang-golang-x-mod-dev`: `cargo test -p wardkit-tlog --features interop`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use wardkit_tlog::{
    Checkpoint, ConsistencyProof, EpochSigner, Hash, InclusionProof, MemoryTree, Nodes, Note,
    SigningKey,
};

/// Where Debian keeps the sources of Go libraries.
const GOPATH: &str = "/usr/share/gocode";

/// The log that the reference implementation was made for; it reads no checkpoint of another.
const GO_LOG: &str = "go.sum database tree";

/// Enough for a right edge of every shape below eight levels.
const ENTRIES: u64 = 130;

/// Builds the peer once, and returns its path.
fn peer() -> &'static Path {
    static PEER: OnceLock<PathBuf> = OnceLock::new();
    PEER.get_or_init(|| {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let program = scratch.join("tlog-peer");
        let status = Command::new("go")
            .args(["build", "-o"])
            .arg(&program)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/peer.go"))
            .envs([("GO111MODULE", "off"), ("GOPATH", GOPATH), ("GOFLAGS", "")])
            .env("GOCACHE", scratch.join("go-build"))
            .status()
            .unwrap();
        assert!(status.success(), "the peer does not build");
        program
    })
}

fn run(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(peer())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Both pipes may fill up: what is written must not wait for what is read.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

fn answer(args: &[&str], input: &str) -> String {
    printed(run(args, input))
}

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Has the peer verify a note by one key and sign it with another.
fn cosign(note: &str, by: &SigningKey, with: &SigningKey) -> Output {
    run(&["cosign", &by.verifier().to_string(), with.to_text().expose()], note)
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, [seed; 32]).unwrap()
}

fn tree() -> MemoryTree {
    (0..ENTRIES).map(|number| Hash::leaf(format!("entry {number}").as_bytes())).collect()
}

fn hashes(path: &[Hash]) -> String {
    path.iter().map(Hash::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_side_verifies_what_the_other_signed() {
    let (ours, theirs) = (key("bot.example/audit", 1), key("witness.example", 2));
    for text in ["one line\n", "two\n\nlines, é\n", "\n", "— looks like a signature\n\n"] {
        let note = Note::sign(text, &ours).unwrap().to_string();
        let both: Note = printed(cosign(&note, &ours, &theirs)).parse().unwrap();
        let keys = [ours.verifier(), theirs.verifier()];
        let verified = both.verify(keys).unwrap();
        assert_eq!((verified.text(), verified.signers()), (text, &keys[..]));
        // Ed25519 has one signature for a key and a text, so even the bytes agree.
        let mut same: Note = note.parse().unwrap();
        same.add_signature(&theirs).unwrap();
        assert_eq!(same, both);
    }
}

#[test]
fn neither_side_accepts_a_changed_note() {
    let (ours, theirs) = (key("bot.example/audit", 1), key("witness.example", 2));
    let note = Note::sign("restarts: 1\n", &ours).unwrap().to_string();
    for changed in [
        note.replace("restarts: 1", "restarts: 2"),
        note.replace("\n\n", "\n"),
        note.replace('—', "-"),
        note.replace("bot.example", "not.example"),
        format!("{note} "),
        format!("{note}and more\n"),
        note.trim_end().to_owned(),
        note.replace('\n', "\r\n"),
    ] {
        let here =
            changed.parse::<Note>().and_then(|note| note.verify([ours.verifier()]).map(|_| ()));
        assert!(here.is_err(), "{changed}");
        assert!(!cosign(&changed, &ours, &theirs).status.success(), "{changed}");
    }
}

#[test]
fn our_checkpoint_is_read() {
    let key = key("sum.example", 3);
    let checkpoint = Checkpoint::new(GO_LOG, tree().head()).unwrap();
    let note = checkpoint.sign(&key).unwrap().to_string();
    let head = answer(&["checkpoint", &key.verifier().to_string()], &note);
    assert_eq!(head.trim_end(), tree().head().to_string());
}

#[test]
fn a_certificate_of_an_epoch_is_a_note_to_everybody() {
    let (identity, witness) = (key("bot.example/audit", 1), key("witness.example", 2));
    let noon = 1_769_860_800; // 2026-01-31T12:00:00Z
    let (_, note) = EpochSigner::begin(&identity, noon, [9; 32]).unwrap();
    let both: Note = printed(cosign(&note.to_string(), &identity, &witness)).parse().unwrap();
    assert_eq!(both.unverified_text(), note.unverified_text());
}

#[test]
fn roots_and_proofs_are_equal_at_every_size() {
    let tree = tree();
    let mut seen = 0;
    for line in answer(&["proofs", &ENTRIES.to_string()], "").lines() {
        let mut words = line.splitn(3, ' ');
        let (kind, size, rest) =
            (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let size: u64 = size.parse().unwrap();
        let (other, path) = rest.split_once(' ').unwrap_or((rest, ""));
        let path: Vec<Hash> = path.split_whitespace().map(|hash| hash.parse().unwrap()).collect();
        match kind {
            "root" => assert_eq!(tree.root_at(size).unwrap(), rest.parse().unwrap(), "{size}"),
            "record" => {
                let index = other.parse().unwrap();
                assert_eq!(
                    tree.inclusion_proof(index, size),
                    Ok(InclusionProof { index, path }),
                    "{line}"
                );
            }
            "tree" => {
                let old = other.parse().unwrap();
                assert_eq!(
                    tree.consistency_proof(old, size),
                    Ok(ConsistencyProof { path }),
                    "{line}"
                );
            }
            _ => panic!("{line}"),
        }
        seen += 1;
    }
    assert_eq!(seen, ENTRIES + ENTRIES * (ENTRIES + 1));
}

/// Claims of inclusion and growth as the peer reads them, each with our verdict: true ones, and the same with a
/// wrong root, a wrong start, a hash too few and a hash too many.
#[test]
fn both_sides_judge_proofs_alike() {
    let tree = tree();
    let (mut claims, mut verdicts) = (Vec::new(), Vec::new());
    for (size, other) in
        [(1, 1), (2, 1), (7, 4), (8, 8), (64, 33), (100, 64), (129, 128), (130, 77)]
    {
        let (head, old) = (tree.head_at(size).unwrap(), tree.head_at(other).unwrap());
        let leaf = Hash::leaf(format!("entry {}", other - 1).as_bytes());
        let inclusion = tree.inclusion_proof(other - 1, size).unwrap();
        let consistency = tree.consistency_proof(other, size).unwrap();
        for change in 0..5 {
            let (mut head, mut leaf, mut old) = (head, leaf, old);
            let mut paths = [inclusion.path.clone(), consistency.path.clone()];
            match change {
                0 => {}
                1 => head.root = Hash::leaf(b"other"),
                2 => (leaf, old.root) = (Hash::leaf(b"other"), Hash::leaf(b"other")),
                3 => paths.iter_mut().for_each(|path| path.truncate(path.len().saturating_sub(1))),
                _ => paths.iter_mut().for_each(|path| path.push(Hash::EMPTY_TREE)),
            }
            let [of_leaf, of_tree] = paths;
            claims.push(format!(
                "record {size} {} {} {leaf} {}",
                other - 1,
                head.root,
                hashes(&of_leaf)
            ));
            claims.push(format!(
                "tree {size} {other} {} {} {}",
                head.root,
                old.root,
                hashes(&of_tree)
            ));
            verdicts.push(
                InclusionProof { index: other - 1, path: of_leaf }.verify(leaf, head).is_ok(),
            );
            verdicts.push(ConsistencyProof { path: of_tree }.verify(old, head).is_ok());
        }
    }
    let theirs: Vec<bool> =
        answer(&["check"], &claims.join("\n")).lines().map(|line| line == "true").collect();
    assert_eq!(theirs, verdicts);
    // Two for each pair of sizes, and the three empty paths from which no hash can be taken.
    assert_eq!(verdicts.iter().filter(|holds| **holds).count(), 2 * 8 + 3);
}
