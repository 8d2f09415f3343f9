use std::fmt;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::json;
use super::{FormatError, MasterKey, Nonce, ZonedTime};

/// A key file: the master key, sealed with a key that scrypt derives from a password.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFile {
    owner: KeyOwner,
    params: KdfParams,
    salt: Vec<u8>,
    /// The sealed master key.
    data: Vec<u8>,
}

/// For whom a key file was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyOwner {
    /// When.
    pub created: Option<ZonedTime>,
    /// By which user.
    pub username: String,
    /// On which host.
    pub hostname: String,
}

/// How much work scrypt is to do: memory of `N` times `r` times 128 bytes, `p` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfParams {
    n: u64,
    r: u32,
    p: u32,
}

impl KdfParams {
    /// Parameters as a key file has them. Small ones make a weak key file; they are for tests.
    ///
    /// # Errors
    ///
    /// When they are none of scrypt's, or ask for more than a gigabyte or for minutes of work: who wrote the file need
    /// not be who has the password.
    pub fn new(n: u64, r: u32, p: u32) -> Result<Self, FormatError> {
        let refused = |reason| FormatError::Malformed { what: WHAT, reason };
        if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
            return Err(refused(UNKNOWN_PARAMETERS));
        }
        let memory = n.saturating_mul(u64::from(r)).saturating_mul(128);
        if memory > MAX_MEMORY || r > MAX_R {
            return Err(FormatError::TooLarge {
                what: "the memory to open a key",
                limit: MAX_MEMORY,
            });
        }
        if p > MAX_P || memory.saturating_mul(p.into()) > MAX_WORK {
            return Err(refused("asks for more work than a password is worth"));
        }
        Ok(Self { n, r, p })
    }

    fn derive(self, password: &[u8], salt: &[u8]) -> Result<MasterKey, FormatError> {
        let refused = FormatError::Malformed { what: WHAT, reason: UNKNOWN_PARAMETERS };
        let log_n = u8::try_from(self.n.ilog2()).map_err(|_| refused.clone())?;
        let params = scrypt::Params::new(log_n, self.r, self.p).map_err(|_| refused.clone())?;
        let mut key = Zeroizing::new([0; 64]);
        scrypt::scrypt(password, salt, &params, &mut *key).map_err(|_| refused)?;
        Ok(MasterKey::from_bytes(&key))
    }
}

impl Default for KdfParams {
    /// 32 MiB, once: a tenth of a second.
    fn default() -> Self {
        Self { n: 1 << 15, r: 8, p: 1 }
    }
}

impl KeyFile {
    /// A key file that this password opens. The salt and the nonce are to be drawn by chance.
    ///
    /// # Errors
    ///
    /// When scrypt refuses the parameters.
    pub fn create(
        password: &[u8],
        master: &MasterKey,
        params: KdfParams,
        (salt, nonce): (&[u8; 64], &Nonce),
        owner: KeyOwner,
    ) -> Result<Self, FormatError> {
        let data = params.derive(password, salt)?.seal(nonce, &master.to_json());
        Ok(Self { owner, params, salt: salt.to_vec(), data })
    }

    /// The master key, if the password opens it. This is meant to take a while.
    ///
    /// # Errors
    ///
    /// [`FormatError::WrongPassword`], or when what the password opened is no master key.
    pub fn open(&self, password: &[u8]) -> Result<MasterKey, FormatError> {
        let key = self.params.derive(password, &self.salt)?;
        let mut data = Zeroizing::new(self.data.clone());
        let master = key.open_in_place(&mut data).map_err(|_| FormatError::WrongPassword)?;
        MasterKey::from_json(master)
    }

    /// Reads the file, which is neither sealed nor encoded. No work is done for the key yet.
    ///
    /// # Errors
    ///
    /// When it is no key file, or asks for more work or memory than is granted.
    pub fn from_json(json: &[u8]) -> Result<Self, FormatError> {
        let file: File = json::read(WHAT, json)?;
        let refused = |reason| FormatError::Malformed { what: WHAT, reason };
        if file.kdf != SCRYPT {
            return Err(refused("is not derived by scrypt"));
        }
        let base64 = |text: &str| {
            Base64::decode_vec(text).map_err(|_| refused("has bytes that are no Base64"))
        };
        let params = KdfParams::new(file.n, file.r, file.p)?;
        let (salt, data) = (base64(&file.salt)?, base64(&file.data)?);
        let File { created, username, hostname, .. } = file;
        Ok(Self { owner: KeyOwner { created, username, hostname }, params, salt, data })
    }

    /// The file, as it is stored.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let KeyOwner { created, username, hostname } = self.owner.clone();
        json::write(&File {
            created,
            username,
            hostname,
            kdf: SCRYPT.to_owned(),
            n: self.params.n,
            r: self.params.r,
            p: self.params.p,
            salt: Base64::encode_string(&self.salt),
            data: Base64::encode_string(&self.data),
        })
    }

    /// For whom it was made.
    #[must_use]
    pub const fn owner(&self) -> &KeyOwner {
        &self.owner
    }

    /// How much work it takes to open it.
    #[must_use]
    pub const fn params(&self) -> KdfParams {
        self.params
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("KeyFile");
        shown.field("owner", &self.owner).field("params", &self.params).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<ZonedTime>,
    #[serde(default)]
    username: String,
    #[serde(default)]
    hostname: String,
    kdf: String,
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
    salt: String,
    data: String,
}

const WHAT: &str = "a key file";
const UNKNOWN_PARAMETERS: &str = "has parameters that scrypt does not know";
const SCRYPT: &str = "scrypt";

/// 1 GiB: 32 times what restic asks for.
const MAX_MEMORY: u64 = 1 << 30;
/// 8 GiB of memory gone through: some ten seconds.
const MAX_WORK: u64 = 1 << 33;
const MAX_R: u32 = 64;
const MAX_P: u32 = 64;
