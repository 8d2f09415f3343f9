//! Keys, leaves and trees.

use wardkit_tlog::{Checkpoint, Hash, MemoryTree, Note, SigningKey, VerifierKey};

pub(crate) const ORIGIN: &str = "bot.example/audit";

/// Keys and notes of the reference implementation's documentation.
pub(crate) const PETER_SECRET: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
pub(crate) const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
pub(crate) const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
pub(crate) const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
pub(crate) const PETERS: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
pub(crate) const ENOCHS: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

pub(crate) fn seed(number: u8) -> [u8; 32] {
    [number; 32]
}

pub(crate) fn signing_key(number: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, seed(number)).unwrap()
}

pub(crate) fn peter() -> SigningKey {
    SigningKey::from_text(PETER_SECRET).unwrap()
}

pub(crate) fn verifier(text: &str) -> VerifierKey {
    text.parse().unwrap()
}

pub(crate) fn note(text: &str) -> Note {
    text.parse().unwrap()
}

pub(crate) fn leaf(number: u64) -> Hash {
    Hash::leaf(&number.to_be_bytes())
}

pub(crate) fn tree(size: u64) -> MemoryTree {
    (0..size).map(leaf).collect()
}

pub(crate) fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint::new(ORIGIN, tree(size).head()).unwrap()
}
