use std::fmt;
use std::hint::black_box;

use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher};
use aes::{Aes128, Aes256};
use base64ct::{Base64, Encoding};
use ctr::{Ctr128BE, CtrCore, flavors};
use poly1305::Poly1305;
use poly1305::universal_hash::UniversalHash;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::FormatError;

/// What makes two seals of the same bytes differ: 16 bytes by chance, never used twice with one key.
pub type Nonce = [u8; 16];

/// How many bytes a seal adds: the nonce in front, the authentication code behind.
pub const SEAL_OVERHEAD: usize = NONCE + MAC;

/// The key that everything in a repository is sealed with: AES-256 in counter mode, then Poly1305-AES.
#[derive(Clone)]
pub struct MasterKey {
    /// 32 bytes of the cipher's key, 16 of the code's AES key, 16 of the code's `r`, masked.
    raw: Zeroizing<[u8; 64]>,
    cipher: Aes256,
    mac_cipher: Aes128,
}

impl MasterKey {
    /// A key from 64 bytes, which are to be drawn by chance, or derived from a password.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let mut raw = Zeroizing::new(*bytes);
        for (byte, mask) in raw[R..].iter_mut().zip(R_MASK) {
            *byte &= mask;
        }
        let (key, mac_key) = halves(&raw);
        Self { cipher: Aes256::new(key.into()), mac_cipher: Aes128::new(mac_key.into()), raw }
    }

    /// Reads the JSON that a key file holds, sealed.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, FormatError> {
        // The cause's text would quote the key.
        let refused =
            || FormatError::Malformed { what: "a master key", reason: "is no JSON of one" };
        let key: KeyJson = serde_json::from_slice(json).map_err(|_| refused())?;
        let mut raw = Zeroizing::new([0; 64]);
        let parts = [(&key.encrypt, 0..K), (&key.mac.k, K..R), (&key.mac.r, R..64)];
        for (text, range) in parts {
            let decoded = Base64::decode(text.as_bytes(), &mut raw[range.clone()]);
            if decoded.map_or(0, <[u8]>::len) != range.len() {
                return Err(refused());
            }
        }
        Ok(Self::from_bytes(&raw))
    }

    /// The JSON that a key file holds, sealed.
    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let text = |bytes: &[u8]| Base64::encode_string(bytes);
        let mac = MacJson { k: text(&self.raw[K..R]), r: text(&self.raw[R..]) };
        let key = KeyJson { mac, encrypt: text(&self.raw[..K]) };
        Zeroizing::new(serde_json::to_vec(&key).expect("texts are always JSON"))
    }

    /// A secret for another purpose, which tells nothing about this key.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &*self.raw)
    }

    /// Seals bytes.
    #[must_use]
    pub fn seal(&self, nonce: &Nonce, plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plain.len() + SEAL_OVERHEAD);
        self.seal_into(nonce, plain, &mut sealed);
        sealed
    }

    /// Seals bytes behind those that are in `sealed`.
    pub fn seal_into(&self, nonce: &Nonce, plain: &[u8], sealed: &mut Vec<u8>) {
        sealed.reserve(plain.len() + SEAL_OVERHEAD);
        sealed.extend_from_slice(nonce);
        let start = sealed.len();
        sealed.extend_from_slice(plain);
        let body = &mut sealed[start..];
        self.apply_keystream(nonce, body);
        let mac = self.mac(nonce, body);
        sealed.extend_from_slice(&mac);
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    ///
    /// When the bytes are not as they were sealed by this key.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, FormatError> {
        let mut plain = Vec::new();
        self.open_into(sealed, &mut plain)?;
        Ok(plain)
    }

    /// Opens what was sealed; the bytes take the place of those in `plain`.
    ///
    /// # Errors
    ///
    /// When the bytes are not as they were sealed by this key. Then `plain` is empty.
    pub fn open_into(&self, sealed: &[u8], plain: &mut Vec<u8>) -> Result<(), FormatError> {
        plain.clear();
        let (nonce, body) = self.verified(sealed)?;
        plain.extend_from_slice(body);
        self.apply_keystream(&nonce, plain);
        Ok(())
    }

    /// Opens what was sealed piece by piece, in memory that stays within the processor.
    ///
    /// # Errors
    ///
    /// When the bytes are not as they were sealed by this key. Then there is no piece.
    pub(crate) fn open_pieces(
        &self,
        sealed: &[u8],
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), FormatError> {
        let (nonce, body) = self.verified(sealed)?;
        let mut keystream = self.keystream(&nonce);
        let mut piece = [0; PIECE];
        for part in body.chunks(PIECE) {
            let piece = &mut piece[..part.len()];
            piece.copy_from_slice(part);
            keystream.apply_keystream(piece);
            take(piece);
        }
        Ok(())
    }

    /// Opens what was sealed where it lies, and says where the bytes are now.
    ///
    /// # Errors
    ///
    /// When the bytes are not as they were sealed by this key. Then they are left alone.
    pub fn open_in_place<'a>(&self, sealed: &'a mut [u8]) -> Result<&'a mut [u8], FormatError> {
        let (nonce, body) = self.verified(sealed)?;
        let end = NONCE + body.len();
        let plain = &mut sealed[NONCE..end];
        self.apply_keystream(&nonce, plain);
        Ok(plain)
    }

    /// The nonce and the encrypted bytes, once the authentication code was found to be theirs.
    fn verified<'a>(&self, sealed: &'a [u8]) -> Result<(Nonce, &'a [u8]), FormatError> {
        let (nonce, rest) = sealed.split_first_chunk().ok_or(FormatError::NotAuthentic)?;
        let (body, found) = rest.split_last_chunk::<MAC>().ok_or(FormatError::NotAuthentic)?;
        let wanted = self.mac(nonce, body);
        // In constant time: how much of a forged code is right must not be told by how long it took to see.
        let difference =
            wanted.iter().zip(found).fold(0, |sum, (a, b)| black_box(sum | black_box(a ^ b)));
        if difference == 0 { Ok((*nonce, body)) } else { Err(FormatError::NotAuthentic) }
    }

    fn apply_keystream(&self, nonce: &Nonce, bytes: &mut [u8]) {
        self.keystream(nonce).apply_keystream(bytes);
    }

    fn keystream(&self, nonce: &Nonce) -> Ctr128BE<&Aes256> {
        let core = CtrCore::<&Aes256, flavors::Ctr128BE>::inner_iv_init(&self.cipher, nonce.into());
        Ctr128BE::from_core(core)
    }

    fn mac(&self, nonce: &Nonce, body: &[u8]) -> [u8; MAC] {
        let mut key = Zeroizing::new([0; 32]);
        let (r, s) = key.split_at_mut(MAC);
        r.copy_from_slice(&self.raw[R..]);
        s.copy_from_slice(nonce);
        self.mac_cipher.encrypt_block(s.try_into().expect("the other half is a block"));
        let mut mac = Poly1305::new((&*key).into());
        let (blocks, rest) = poly1305::Block::slice_as_chunks(body);
        mac.update(blocks);
        mac.compute_unpadded(rest).into()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").finish_non_exhaustive()
    }
}

impl Drop for KeyJson {
    fn drop(&mut self) {
        self.encrypt.zeroize();
        self.mac.k.zeroize();
        self.mac.r.zeroize();
    }
}

#[derive(Serialize, Deserialize)]
struct KeyJson {
    mac: MacJson,
    encrypt: String,
}

#[derive(Serialize, Deserialize)]
struct MacJson {
    k: String,
    r: String,
}

fn halves(raw: &[u8; 64]) -> (&[u8; 32], &[u8; 16]) {
    let (key, rest) = raw.split_first_chunk().expect("64 bytes begin with 32");
    (key, rest.first_chunk().expect("32 bytes begin with 16"))
}

const NONCE: usize = 16;
const MAC: usize = 16;
/// What is opened at once of a long text.
const PIECE: usize = 16 << 10;
/// Where the code's AES key begins.
const K: usize = 32;
/// Where the code's `r` begins.
const R: usize = 48;
/// The bits of `r` that Poly1305 uses.
const R_MASK: [u8; 16] = [
    0xff, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0x0f,
];
