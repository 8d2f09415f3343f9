//! Keys in the format of minisign.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest as _};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Error;

/// The number of a key, which tells keys apart and proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId([u8; 8]);

impl KeyId {
    pub(super) const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// As minisign shows it: the highest digit first.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", u64::from_le_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_hex);
        let wrong =
            Error::Key { what: "number of a key", reason: "it has not 16 hexadecimal digits" };
        number.map(|number| Self(number.to_le_bytes())).ok_or(wrong)
    }
}

impl TryFrom<String> for KeyId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

/// A key that signatures are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    id: KeyId,
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads a `.pub` of minisign, or its second line alone.
    ///
    /// # Errors
    ///
    /// When it is anything else, or a point that signs everything.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let line = match lines_of(text) {
            Some([comment, line]) if comment.starts_with(UNTRUSTED) => line,
            _ => text.trim(),
        };
        let wrong = |reason| Error::Key { what: "public key", reason };
        let bytes: [u8; 42] = unbase64(line).ok_or_else(|| wrong("it is none of minisign's"))?;
        let [b'E', b'd', rest @ ..] = &bytes else {
            return Err(wrong("it is of another algorithm"));
        };
        let (mut id, mut key) = ([0; 8], [0; 32]);
        id.copy_from_slice(&rest[..8]);
        key.copy_from_slice(&rest[8..]);
        let key =
            VerifyingKey::from_bytes(&key).map_err(|_| wrong("it is no point of the curve"))?;
        if key.is_weak() {
            return Err(wrong("it is a weak point of the curve"));
        }
        Ok(Self { id: KeyId(id), key })
    }

    /// Writes a `.pub`.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{UNTRUSTED}minisign public key {}\n{}\n", self.id, self.to_line())
    }

    /// Writes its second line, as configurations hold it.
    #[must_use]
    pub fn to_line(&self) -> String {
        base64(&[&b"Ed"[..], &self.id.0, self.key.as_bytes()].concat())
    }

    /// Returns its number.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn verifying(&self) -> &VerifyingKey {
        &self.key
    }
}

/// A key that signs. It does not show itself, and is wiped when dropped.
#[derive(Clone)]
pub struct SecretKey {
    id: KeyId,
    key: SigningKey,
}

impl SecretKey {
    /// Makes the key that belongs to 40 random bytes: 32 of secret and 8 of number. They come from a generator made
    /// for secrets.
    #[must_use]
    pub fn from_random(random: impl Into<Zeroizing<[u8; 40]>>) -> Self {
        let random: Zeroizing<[u8; 40]> = random.into();
        let (mut seed, mut id) = (Zeroizing::new([0; 32]), [0; 8]);
        seed.copy_from_slice(&random[..32]);
        id.copy_from_slice(&random[32..]);
        Self { id: KeyId(id), key: SigningKey::from_bytes(&seed) }
    }

    /// Reads a secret key of minisign that has no password.
    ///
    /// # Errors
    ///
    /// When it is anything else, was changed, or is behind a password.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |reason| Error::Key { what: "secret key", reason };
        let malformed = || wrong("it is none of minisign's");
        let [comment, line] = lines_of(text).ok_or_else(malformed)?;
        comment.strip_prefix(UNTRUSTED).ok_or_else(malformed)?;
        let bytes: Zeroizing<[u8; 158]> = Zeroizing::new(unbase64(line).ok_or_else(malformed)?);
        match (&bytes[..2], &bytes[2..4], &bytes[4..6]) {
            (b"Ed", b"\0\0", b"B2") => {}
            (b"Ed", b"Sc", b"B2") => {
                return Err(wrong(
                    "it is behind a password: `minisign -C -W -s FILE` takes it off",
                ));
            }
            _ => return Err(malformed()),
        }
        let (id, secret, sum) = (&bytes[54..62], &bytes[62..126], &bytes[126..158]);
        // minisign leaves the sum out where there is no password; the halves below have to fit each other anyway.
        if *sum != [0; 32] && *sum != checksum(id, secret) {
            return Err(wrong("it was changed"));
        }
        let (mut pair, mut number) = (Zeroizing::new([0; 64]), [0; 8]);
        pair.copy_from_slice(secret);
        number.copy_from_slice(id);
        let key = SigningKey::from_keypair_bytes(&pair)
            .map_err(|_| wrong("its two halves do not belong together"))?;
        Ok(Self { id: KeyId(number), key })
    }

    /// Writes it as minisign writes one without a password.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new(self.key.to_keypair_bytes());
        let mut bytes = Zeroizing::new([0; 158]);
        bytes[..6].copy_from_slice(b"Ed\0\0B2");
        bytes[54..62].copy_from_slice(&self.id.0);
        bytes[62..126].copy_from_slice(&pair[..]);
        bytes[126..].copy_from_slice(&checksum(&self.id.0, &pair[..]));
        let line = Zeroizing::new(base64(&bytes[..]));
        Zeroizing::new(format!("{UNTRUSTED}minisign secret key {}\n{}\n", self.id, *line))
    }

    /// Returns the key that its signatures are checked with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id, key: self.key.verifying_key() }
    }

    pub(super) fn signing(&self) -> &SigningKey {
        &self.key
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What is signed of a file.
pub(super) fn digest(bytes: &[u8]) -> [u8; 64] {
    Blake2b512::digest(bytes).into()
}

fn checksum(id: &[u8], secret: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::new()
        .chain_update(b"Ed")
        .chain_update(id)
        .chain_update(secret)
        .finalize()
        .into()
}

/// Returns the lines, when there are exactly so many and each ends as lines do.
pub(super) fn lines_of<const N: usize>(text: &str) -> Option<[&str; N]> {
    let lines: Vec<&str> = text.lines().collect();
    lines.try_into().ok()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

pub(super) fn unbase64<const N: usize>(line: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let read = Base64::decode(line.trim_end(), &mut bytes).ok()?.len();
    (read == N).then_some(bytes)
}

const UNTRUSTED: &str = "untrusted comment: ";
