//! Signed notes.

use std::fmt;
use std::str::FromStr;

use crate::key::check_name;
use crate::text::{from_base64, has_control, to_base64};
use crate::{Error, SigningKey, VerifierKey};

/// A text with signatures that nobody has checked yet.
///
/// The text is for whoever [`verify`](Self::verify)s it. Prints and parses as C2SP signed note: the text, an empty
/// line, and a line for each signature. Every note that parses prints as the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature as it stands in a note.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Signature {
    name: String,
    id: u32,
    bytes: Vec<u8>,
}

/// The text of a note of which at least one signature is good and none by a trusted key is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<'n, 'k> {
    text: &'n str,
    signers: Vec<&'k VerifierKey>,
}

impl Note {
    /// The most bytes that a note may have: room for 16 post-quantum signatures, which everybody must accept, and more.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// The most signatures that a note may have.
    pub const MAX_SIGNATURES: usize = 100;

    /// Signs a text, which ends with a newline and holds no other control characters.
    ///
    /// # Errors
    ///
    /// When the text is otherwise, or too long.
    pub fn sign(text: impl Into<String>, key: &SigningKey) -> Result<Self, Error> {
        let text = text.into();
        check_text(&text)?;
        let mut note = Self { text, signatures: Vec::new() };
        note.add_signature(key)?;
        Ok(note)
    }

    /// Parses a note of which not even the encoding is known.
    ///
    /// # Errors
    ///
    /// When it is no note.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        str::from_utf8(bytes).map_err(|_| Error::Note("not UTF-8"))?.parse()
    }

    /// Signs the text with a further key; an earlier signature of the same key is replaced.
    ///
    /// # Errors
    ///
    /// When the note has too many signatures or would become too long.
    pub fn add_signature(&mut self, key: &SigningKey) -> Result<(), Error> {
        let (name, id) = (key.verifier().name().to_owned(), key.verifier().id());
        let is_other = |signature: &&Signature| (&signature.name, signature.id) != (&name, id);
        let mut signatures: Vec<Signature> =
            self.signatures.iter().filter(is_other).cloned().collect();
        signatures.push(Signature { name, id, bytes: key.sign(&self.text).to_vec() });
        if signatures.len() > Self::MAX_SIGNATURES {
            return Err(Error::Note("too many signatures"));
        }
        let length: usize = signatures.iter().map(|signature| signature.to_string().len()).sum();
        if self.text.len() + 1 + length > Self::MAX_BYTES {
            return Err(Error::Note("too long"));
        }
        self.signatures = signatures;
        Ok(())
    }

    /// Checks every signature by one of `keys`, and ignores the others.
    ///
    /// # Errors
    ///
    /// When no signature is by a known key, or one says so and is wrong.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<Verified<'_, 'k>, Error> {
        let keys = keys.into_iter();
        let mut signers: Vec<&VerifierKey> = Vec::new();
        for signature in &self.signatures {
            let Some(signer) = self.signer(signature, keys.clone())? else { continue };
            if !signers.contains(&signer) {
                signers.push(signer);
            }
        }
        if signers.is_empty() {
            Err(Error::NoKnownSigner)
        } else {
            Ok(Verified { text: &self.text, signers })
        }
    }

    /// Returns the text, which may be anybody's.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// Returns the signatures, good or not.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Returns the key that made a signature, or `None` when it is none of these.
    fn signer<'k>(
        &self,
        signature: &Signature,
        keys: impl Iterator<Item = &'k VerifierKey>,
    ) -> Result<Option<&'k VerifierKey>, Error> {
        let mut named =
            keys.filter(|key| key.id() == signature.id && key.name() == signature.name).peekable();
        if named.peek().is_none() {
            return Ok(None);
        }
        // Two keys may share name and ID; both are trusted.
        let found = named.find(|key| key.accepts(&self.text, &signature.bytes));
        found
            .map(Some)
            .ok_or_else(|| Error::Signature { name: signature.name.clone(), id: signature.id })
    }
}

impl<'n, 'k> Verified<'n, 'k> {
    /// Returns the text.
    #[must_use]
    pub const fn text(&self) -> &'n str {
        self.text
    }

    /// Returns the known keys that signed it, each once: at least one.
    #[must_use]
    pub fn signers(&self) -> &[&'k VerifierKey] {
        &self.signers
    }
}

impl Signature {
    /// Returns the name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the ID of the key.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Returns what the algorithm of the key made, 64 bytes for Ed25519.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Signature {
    /// Writes the line of a note, newline included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.to_be_bytes(), self.bytes.as_slice()].concat();
        writeln!(f, "{DASH}{} {}", self.name, to_base64(&bytes))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({}+{:08x})", self.name, self.id)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

impl FromStr for Note {
    type Err = Error;

    fn from_str(note: &str) -> Result<Self, Self::Err> {
        if note.len() > Self::MAX_BYTES {
            return Err(Error::Note("too long"));
        }
        // The text may hold empty lines; the last one ends it.
        let end = note.rfind("\n\n").ok_or(Error::Note("no empty line before the signatures"))? + 1;
        let (text, signatures) = (&note[..end], &note[end + 1..]);
        check_text(text)?;
        if signatures.lines().nth(Self::MAX_SIGNATURES).is_some() {
            return Err(Error::Note("too many signatures"));
        }
        let signatures: Vec<Signature> =
            signatures.split_inclusive('\n').map(parse_signature).collect::<Result<_, _>>()?;
        if signatures.is_empty() {
            return Err(Error::Note("no signature"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

fn check_text(text: &str) -> Result<(), Error> {
    if !text.ends_with('\n') {
        return Err(Error::Note("the text does not end with a newline"));
    }
    if text.split('\n').any(has_control) { Err(Error::Note("a control character")) } else { Ok(()) }
}

fn parse_signature(line: &str) -> Result<Signature, Error> {
    let line = line.strip_suffix('\n').ok_or(Error::Note("no newline at the end"))?;
    let signature = line.strip_prefix(DASH).and_then(|line| line.split_once(' '));
    let (name, bytes) = signature.ok_or(Error::Note("a line after the text is no signature"))?;
    check_name(name).map_err(|_| Error::Note("a malformed name of a key"))?;
    let bytes = from_base64(bytes).ok_or(Error::Note("a signature is not base64"))?;
    match bytes.split_first_chunk() {
        Some((&id, bytes)) if !bytes.is_empty() => Ok(Signature {
            name: name.to_owned(),
            id: u32::from_be_bytes(id),
            bytes: bytes.to_vec(),
        }),
        _ => Err(Error::Note("a signature is too short")),
    }
}

/// What a signature's line starts with.
const DASH: &str = "— ";
