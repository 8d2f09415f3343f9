//! Signatures in the format of minisign: anybody can check a package with a tool that is already there.

mod keys;

use ed25519_dalek::{Signature as Ed25519, Signer as _};
use wardkit_core::Timestamp;

pub use keys::{KeyId, PublicKey, SecretKey};

use crate::Error;
use keys::{digest, lines_of, unbase64};

/// A signature of a file, as minisign writes it beside the file: `FILE.minisig`.
///
/// ```
/// use wardkit_core::Timestamp;
/// use wardkit_plugin::{SecretKey, Signature};
///
/// let key = SecretKey::from_random([7; 40]); // from a generator made for secrets
/// let signature = Signature::sign(b"package", "hello.tar.zst", &key, Timestamp::UNIX_EPOCH)?;
/// let read = Signature::parse(&signature.to_text())?;
/// assert!(read.verify(b"package", &key.public()).is_ok());
/// assert!(read.verify(b"packagf", &key.public()).is_err());
/// # Ok::<(), wardkit_plugin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    key: KeyId,
    proof: [u8; 64],
    trusted_comment: String,
    global: [u8; 64],
}

impl Signature {
    /// Signs the bytes of a file. The name and the time go into the comment that is signed too.
    ///
    /// # Errors
    ///
    /// When the name holds what ends a line.
    pub fn sign(bytes: &[u8], name: &str, key: &SecretKey, at: Timestamp) -> Result<Self, Error> {
        if name.chars().any(char::is_control) {
            return Err(refused("the name of the file has control characters"));
        }
        let trusted_comment = format!("timestamp:{}\tfile:{name}\thashed", at.as_unix_seconds());
        let signature = key.signing().sign(&digest(bytes)).to_bytes();
        let global = key.signing().sign(&with_comment(&signature, &trusted_comment)).to_bytes();
        Ok(Self { key: key.public().id(), proof: signature, trusted_comment, global })
    }

    /// Reads the text of a `.minisig`.
    ///
    /// # Errors
    ///
    /// When it is none, or one of the old kind that signs the file itself and not its digest.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = || refused("it is no minisign signature");
        let [first, body, trusted, global] = lines_of(text).ok_or_else(malformed)?;
        first.strip_prefix(UNTRUSTED).ok_or_else(malformed)?;
        let trusted_comment = trusted.strip_prefix(TRUSTED).ok_or_else(malformed)?.to_owned();
        let body: [u8; 74] = unbase64(body).ok_or_else(malformed)?;
        let global: [u8; 64] = unbase64(global).ok_or_else(malformed)?;
        match &body[..2] {
            b"ED" => {}
            b"Ed" => return Err(refused("it is of the old kind, without a digest: sign it again")),
            _ => return Err(malformed()),
        }
        let mut key = [0; 8];
        key.copy_from_slice(&body[2..10]);
        let mut signature = [0; 64];
        signature.copy_from_slice(&body[10..]);
        Ok(Self { key: KeyId::new(key), proof: signature, trusted_comment, global })
    }

    /// Writes the text of a `.minisig`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let body = [&b"ED"[..], self.key.as_bytes(), &self.proof].concat();
        format!(
            "{UNTRUSTED}signature of a wardkit plugin\n{}\n{TRUSTED}{}\n{}\n",
            keys::base64(&body),
            self.trusted_comment,
            keys::base64(&self.global),
        )
    }

    /// Returns whose key it says it is of. Only [`verify`](Self::verify) proves that.
    #[must_use]
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// Returns the comment that is signed: time and name of the file.
    #[must_use]
    pub fn trusted_comment(&self) -> &str {
        &self.trusted_comment
    }

    /// Proves that the key's owner signed these bytes, and the comment.
    ///
    /// # Errors
    ///
    /// When it is of another key, or the bytes or the comment are not those that were signed.
    pub fn verify(&self, bytes: &[u8], key: &PublicKey) -> Result<(), Error> {
        if self.key != key.id() {
            return Err(refused("it is of another key"));
        }
        let check = |message: &[u8], signature: &[u8; 64]| {
            key.verifying().verify_strict(message, &Ed25519::from_bytes(signature))
        };
        check(&digest(bytes), &self.proof)
            .map_err(|_| refused("the bytes are not those that were signed"))?;
        check(&with_comment(&self.proof, &self.trusted_comment), &self.global)
            .map_err(|_| refused("the comment is not the one that was signed"))
    }
}

fn with_comment(signature: &[u8; 64], comment: &str) -> Vec<u8> {
    [&signature[..], comment.as_bytes()].concat()
}

fn refused(reason: &'static str) -> Error {
    Error::Signature { reason }
}

const UNTRUSTED: &str = "untrusted comment: ";
const TRUSTED: &str = "trusted comment: ";
