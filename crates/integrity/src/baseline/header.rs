//! What a baseline says of itself.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use super::Refusal;
use crate::codec::{self, Malformed};
use crate::{Algorithm, Digest, FileTime};

/// What a baseline says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BaselineHeader {
    /// The host; with `/fim` after it the origin of the note.
    pub host: String,
    /// What all generations since one `init` have in common: 16 random bytes.
    pub lineage: [u8; 16],
    /// The algorithm of the content digests.
    pub algorithm: Algorithm,
    /// The digest of the policy that the scan followed.
    pub policy: Digest,
    /// Where the scan began.
    pub roots: Vec<PathBuf>,
    /// When the scan began.
    pub scan_started: FileTime,
}

impl BaselineHeader {
    /// Creates the header of a baseline of a host, without roots.
    #[must_use]
    pub fn new(host: impl Into<String>, lineage: [u8; 16]) -> Self {
        Self {
            host: host.into(),
            lineage,
            algorithm: Algorithm::default(),
            policy: Digest::from_bytes([0; 32]),
            roots: Vec::new(),
            scan_started: FileTime::default(),
        }
    }

    /// Sets the algorithm of the content digests.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Sets the digest of the policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Digest) -> Self {
        self.policy = policy;
        self
    }

    /// Sets where the scan began.
    #[must_use]
    pub fn with_roots<I: IntoIterator<Item: Into<PathBuf>>>(mut self, roots: I) -> Self {
        self.roots = roots.into_iter().map(Into::into).collect();
        self
    }

    /// Sets when the scan began.
    #[must_use]
    pub fn with_scan_started(mut self, scan_started: FileTime) -> Self {
        self.scan_started = scan_started;
        self
    }

    /// Returns the lineage in 32 hexadecimal digits, as the note has it.
    #[must_use]
    pub fn lineage_name(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.lineage))
    }
}

/// Returns the bytes before the first block.
pub(super) fn encode(header: &BaselineHeader, generation: u64) -> Vec<u8> {
    let mut body = vec![match header.algorithm {
        Algorithm::Blake3 => BLAKE3,
        Algorithm::Sha256 => SHA256,
    }];
    codec::put_number(generation, &mut body);
    body.extend_from_slice(&header.lineage);
    codec::put_bytes(header.host.as_bytes(), &mut body);
    body.extend_from_slice(header.policy.as_bytes());
    codec::put_time(header.scan_started, FileTime::default(), &mut body);
    codec::put_number(header.roots.len() as u64, &mut body);
    for root in &header.roots {
        codec::put_bytes(root.as_os_str().as_bytes(), &mut body);
    }
    let mut bytes = [MAGIC.as_slice(), &VERSION.to_le_bytes()].concat();
    codec::put_bytes(&body, &mut bytes);
    bytes
}

/// Returns header, generation, and where the first block begins.
pub(super) fn parse(file: &[u8]) -> Result<(BaselineHeader, u64, usize), Refusal> {
    let mut bytes = file;
    if codec::take_array(&mut bytes)? != *MAGIC {
        return Err(Refusal::Malformed("it does not begin as a baseline does"));
    }
    match u16::from_le_bytes(codec::take_array(&mut bytes)?) {
        VERSION => {}
        other => return Err(Refusal::Version(other)),
    }
    let mut body = codec::take_bytes(&mut bytes)?;
    let (header, generation) = parse_body(&mut body)?;
    if !body.is_empty() {
        return Err(Refusal::Malformed("the header is longer than what it says"));
    }
    Ok((header, generation, file.len() - bytes.len()))
}

fn parse_body(body: &mut &[u8]) -> Result<(BaselineHeader, u64), Malformed> {
    let algorithm = match codec::take_array(body)? {
        [BLAKE3] => Algorithm::Blake3,
        [SHA256] => Algorithm::Sha256,
        _ => return Err(Malformed("an unknown algorithm")),
    };
    let generation = codec::take_number(body)?;
    let lineage = codec::take_array(body)?;
    let host = str::from_utf8(codec::take_bytes(body)?);
    let host = host.map_err(|_| Malformed("the host is not UTF-8"))?.to_owned();
    let policy = codec::take_digest(body)?;
    let scan_started = codec::take_time(body, FileTime::default())?;
    let mut roots = Vec::new();
    // Grows with what is there; the number alone allocates nothing.
    for _ in 0..codec::take_number(body)? {
        roots.push(OsString::from_vec(codec::take_bytes(body)?.to_vec()).into());
    }
    Ok((BaselineHeader { host, lineage, algorithm, policy, roots, scan_started }, generation))
}

impl From<Malformed> for Refusal {
    fn from(Malformed(reason): Malformed) -> Self {
        Self::Malformed(reason)
    }
}

const MAGIC: &[u8; 8] = b"wardfim\n";
const VERSION: u16 = 1;
const BLAKE3: u8 = 0;
const SHA256: u8 = 1;
