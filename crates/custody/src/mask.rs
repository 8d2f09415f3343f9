//! What the trail and kept texts must not have.

use wardkit_auditlog::Redact;
use wardkit_validation::{Masker, Sensitive};

/// Masks what is recognised, and what stands in fields of telling names.
pub(crate) struct Recognised(Masker);

impl Recognised {
    pub(crate) fn new() -> Self {
        Self(Masker::builder().kinds(KINDS.iter().copied()).build())
    }
}

impl Redact for Recognised {
    fn redact(&self, text: &str) -> Option<String> {
        let masked = self.0.mask(text);
        (masked != text).then(|| masked.into_owned())
    }

    fn redact_field(&self, name: &str, text: &str) -> Option<String> {
        let masked = self.0.mask_beside(name, text);
        (masked != text).then(|| masked.into_owned())
    }
}

#[cfg(feature = "baselines")]
impl wardkit_integrity::Redact for Recognised {
    fn secrets(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let mut secrets = wardkit_integrity::UsualSecrets.secrets(text);
        for found in self.0.find(text.as_bytes()) {
            // Each line of a private key by itself, so that there are as many as before.
            let mut start = found.range.start;
            for line in text[found.range].split_inclusive('\n') {
                secrets.push(start..start + line.trim_end().len());
                start += line.len();
            }
        }
        secrets
    }
}

/// Mail addresses, numbers of telephones and addresses of hosts stand: who did something, and from where, is what a
/// trail is read for.
const KINDS: &[Sensitive] = &[Sensitive::Secret, Sensitive::Card, Sensitive::Iban];
