//! Keys and their texts.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::Error;
use crate::text::{from_base64, has_control, to_base64};

/// A public key with its name: it verifies what its [`SigningKey`] signed.
///
/// Prints and parses as `name+id+base64`, the verifier key of C2SP signed notes. Name and ID together say which key
/// made a signature; the ID is a short hash of name and key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    id: u32,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Names an Ed25519 public key.
    ///
    /// # Errors
    ///
    /// When the name is empty or holds a space, a plus sign or a control character, or the bytes are no key that
    /// could be trusted.
    pub fn from_bytes(name: &str, key: &[u8; 32]) -> Result<Self, Error> {
        check_name(name)?;
        let key =
            VerifyingKey::from_bytes(key).map_err(|_| Error::Key("not a point of the curve"))?;
        if key.is_weak() {
            return Err(Error::Key("a weak point, for which anybody can sign"));
        }
        Ok(Self::new(name, key))
    }

    fn new(name: &str, key: VerifyingKey) -> Self {
        let hash = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', ED25519])
            .chain_update(key.as_bytes())
            .finalize();
        Self {
            name: name.to_owned(),
            id: u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]),
            key,
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the ID.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Returns the Ed25519 public key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Tells whether the signature is this key's, of this text. Accepts one form of each signature only.
    pub(crate) fn accepts(&self, text: &str, signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }

    fn check_id(&self, id: &str) -> Result<(), Error> {
        if id == format!("{:08x}", self.id) {
            Ok(())
        } else {
            Err(Error::Key("the ID is not the hash of name and key"))
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.name, self.id, to_base64(&tagged(self.as_bytes())))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, id, data) = split(text)?;
        let key = Self::from_bytes(name, &*untag(data)?)?;
        key.check_id(id).map(|()| key)
    }
}

/// A secret key with its name. It does not show itself, and is wiped when dropped.
#[derive(Clone)]
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    public: VerifierKey,
}

impl SigningKey {
    /// Makes the key that belongs to 32 random bytes. They are the secret, and come from a generator made for secrets.
    ///
    /// # Errors
    ///
    /// When the name is empty or holds a space, a plus sign or a control character.
    pub fn from_seed(name: &str, seed: impl Into<Zeroizing<[u8; 32]>>) -> Result<Self, Error> {
        check_name(name)?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed.into());
        let public = VerifierKey::new(name, key.verifying_key());
        Ok(Self { key, public })
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    ///
    /// When it is anything else.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let text =
            text.strip_prefix(PRIVATE).ok_or(Error::Key("does not start with PRIVATE+KEY+"))?;
        let (name, id, data) = split(text)?;
        let key = Self::from_seed(name, untag(data)?)?;
        key.public.check_id(id).map(|()| key)
    }

    /// Returns the key as `PRIVATE+KEY+name+id+base64`, the signer key of the reference implementation.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        let mut bytes = tagged(self.key.as_bytes());
        let data = Zeroizing::new(to_base64(&bytes));
        bytes.zeroize();
        let VerifierKey { name, id, .. } = &self.public;
        let public = format!("{PRIVATE}{name}+{id:08x}+");
        // All of it at once: a buffer that grows leaves copies of the secret behind.
        let mut text = String::with_capacity(public.len() + data.len());
        text.push_str(&public);
        text.push_str(&data);
        SecretText(Zeroizing::new(text))
    }

    /// Returns the public half, for whoever verifies.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.public
    }

    pub(crate) fn sign(&self, text: &str) -> [u8; 64] {
        self.key.sign(text.as_bytes()).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}+{:08x}+***)", self.public.name, self.public.id)
    }
}

/// A secret key as text. It does not show itself, and is wiped when dropped.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Returns the text, for the one place that stores it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(***)")
    }
}

/// A name stands between spaces in a note and between plus signs in a key.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let breaks = |character: char| character == '+' || character.is_whitespace();
    if name.is_empty() || name.contains(breaks) || has_control(name) {
        Err(Error::KeyName)
    } else {
        Ok(())
    }
}

/// Splits `name+id+data`; the base64 of the data may hold further plus signs.
fn split(text: &str) -> Result<(&str, &str, &str), Error> {
    let mut parts = text.splitn(3, '+');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(id), Some(data)) => Ok((name, id, data)),
        _ => Err(Error::Key("not name+id+base64")),
    }
}

fn tagged(key: &[u8; 32]) -> [u8; 33] {
    let mut bytes = [ED25519; 33];
    bytes[1..].copy_from_slice(key);
    bytes
}

fn untag(data: &str) -> Result<Zeroizing<[u8; 32]>, Error> {
    let bytes = Zeroizing::new(from_base64(data).ok_or(Error::Key("not base64"))?);
    match bytes.split_first() {
        Some((&ED25519, key)) => {
            key.try_into().map(Zeroizing::new).map_err(|_| Error::Key("not 32 bytes long"))
        }
        Some(_) => Err(Error::Key("not an Ed25519 key")),
        None => Err(Error::Key("empty")),
    }
}

/// The algorithm that C2SP signed notes number so.
const ED25519: u8 = 1;

const PRIVATE: &str = "PRIVATE+KEY+";
