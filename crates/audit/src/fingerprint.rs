//! What stays the same while a finding does.

use std::collections::HashMap;

use crate::Finding;

/// Gives each finding its fingerprint: of the check, the path, what was matched, the function around it, and which of equal
/// ones it is. No place is in it, so lines above may come and go. The findings are in the order of their places.
pub(crate) fn assign(findings: &mut [Finding]) {
    let mut seen: HashMap<blake3::Hash, u32> = HashMap::new();
    for finding in findings {
        let hash = of(finding, 0);
        let nth = seen.entry(hash).or_default();
        finding.fingerprint = format!("v1:{}", &of(finding, *nth).to_hex()[..HEX]);
        *nth += 1;
    }
}

fn of(finding: &Finding, nth: u32) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_derive_key("wardkit audit finding v1");
    let text = normalised(&finding.anchor.text);
    for part in [&finding.id, finding.path(), &text, &finding.anchor.within] {
        // With the length before it no two lists of parts are the same bytes.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&nth.to_le_bytes());
    hasher.finalize()
}

/// White space is one blank, so that formatting changes nothing.
fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// 128 bits: two findings of one tree never share them by chance.
const HEX: usize = 32;
