//! The keys of a log's epochs, on the side that verifies.

use crate::{Checkpoint, Epoch, EpochCertificate, Error, Note, VerifierKey};

/// The certificates of a log's keys, from its identity to the latest day.
///
/// The first is signed by the identity, each later one by the key before it: so the identity may lie in a safe, and
/// the key of today says nothing about the days before. A certificate by the identity is accepted at any time, for a
/// log whose current key is lost; [`Voucher`] tells which it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochChain {
    identity: VerifierKey,
    certificates: Vec<EpochCertificate>,
}

/// Who vouches for the key of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Voucher {
    /// The log's identity alone: at the beginning, and after a key was lost. Elsewhere it is worth a question.
    Identity,
    /// The key of the epoch before, with the identity or without.
    Predecessor,
}

impl EpochChain {
    /// Creates the chain of a log of which only the identity is known.
    #[must_use]
    pub const fn new(identity: VerifierKey) -> Self {
        Self { identity, certificates: Vec::new() }
    }

    /// Checks the next certificate, takes it in, and tells who vouches for it.
    ///
    /// # Errors
    ///
    /// When it is signed by neither the identity nor the latest key, is not of a later epoch, or its key is of
    /// another name or was there before. The chain is then unchanged.
    pub fn accept(&mut self, note: &Note) -> Result<Voucher, Error> {
        let latest = self.certificates.last();
        let verified =
            note.verify([&self.identity].into_iter().chain(latest.map(EpochCertificate::key)))?;
        let certificate: EpochCertificate = verified.text().parse()?;
        if certificate.key().name() != self.identity.name() {
            return Err(Error::Chain("its key is not named as the identity is"));
        }
        if latest.is_some_and(|latest| certificate.epoch() <= latest.epoch()) {
            return Err(Error::Chain("its epoch is not after the latest"));
        }
        if *certificate.key() == self.identity || self.keys().any(|key| key == certificate.key()) {
            return Err(Error::Chain("its key was there before"));
        }
        let by_latest = latest.is_some_and(|latest| verified.signers().contains(&latest.key()));
        self.certificates.push(certificate);
        Ok(if by_latest { Voucher::Predecessor } else { Voucher::Identity })
    }

    /// Verifies a note against the keys of all epochs, and returns the checkpoint in it and the day of its key: the
    /// latest where several signed.
    ///
    /// # Errors
    ///
    /// When no signature is by one of these keys, or one says so and is wrong, or the text is no checkpoint of
    /// this log.
    pub fn open(&self, note: &Note, origin: &str) -> Result<(Checkpoint, Epoch), Error> {
        let verified = note.verify(self.keys())?;
        let is_signer =
            |certificate: &&EpochCertificate| verified.signers().contains(&certificate.key());
        let signer = self.certificates.iter().rfind(is_signer).ok_or(Error::NoKnownSigner)?;
        Ok((Checkpoint::of_log(verified.text(), origin)?, signer.epoch()))
    }

    /// Returns the certificates, the earliest first.
    #[must_use]
    pub fn certificates(&self) -> &[EpochCertificate] {
        &self.certificates
    }

    /// Returns the key of the log's identity.
    #[must_use]
    pub const fn identity(&self) -> &VerifierKey {
        &self.identity
    }

    /// Returns the keys of the epochs, the earliest first.
    pub fn keys(&self) -> impl Iterator<Item = &VerifierKey> + Clone {
        self.certificates.iter().map(EpochCertificate::key)
    }
}
