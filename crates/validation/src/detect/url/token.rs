//! What is seen in a token as a whole, wherever in it a URL begins.

use std::ops::Range;

use super::{fold, rules};
use crate::detect::Layer;
use crate::detect::hits::Hits;

/// Judges a token without its control characters.
pub(super) fn judge(token: &str, layer: Layer, span: &Range<usize>, hits: &mut Hits<'_>) {
    let lower = token.to_ascii_lowercase();
    if METADATA_PARTS.iter().any(|part| lower.contains(part)) {
        hits.hit(&rules::METADATA, span.clone());
    }
    if lower.contains('\\') {
        let whole = lower.replace('\\', "");
        if whole.trim_start_matches('/').starts_with("javascript:") {
            hits.hit(&rules::SCRIPT, span.clone());
        }
    }
    if let Some((scheme, _)) = token.split_once("://") {
        let folds = |c: char| c.is_ascii_alphabetic() || fold::plain(c).is_some();
        if !scheme.is_ascii() && scheme.len() < 64 && scheme.chars().all(folds) {
            hits.hit(&rules::LOOK_ALIKE_HOST, span.clone());
        }
    }
    if layer == Layer::Raw && lower.contains('%') {
        judge_escapes(&lower, span, hits);
    }
}

/// Judges escapes that no honest program writes: of letters and digits, of an escape, of a line end at the start.
fn judge_escapes(lower: &str, span: &Range<usize>, hits: &mut Hits<'_>) {
    let path = lower.split(['?', '#']).next().unwrap_or_default();
    let start = path.trim_start_matches(['/', '\\', '.']);
    let is_url = path.len() > start.len() || start.starts_with('%') || start.starts_with("http");
    if !is_url {
        return;
    }
    if let Some([b'0', b'0'..=b'9' | b'a' | b'd']) =
        start.strip_prefix('%').and_then(|rest| rest.as_bytes().get(..2))
    {
        hits.hit(&rules::CONTROL, span.clone());
    }
    let hidden = memchr::memchr_iter(b'%', path.as_bytes()).any(|at| {
        let code = path.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        // An escaped escape, in the path, is there for the second decoder.
        let escaped =
            code == Some(b'%') && path.as_bytes().get(at + 3).is_some_and(u8::is_ascii_hexdigit);
        escaped || code.is_some_and(|code| code.is_ascii_alphanumeric())
    });
    if hidden || start.starts_with("http%3a") || start.starts_with("https%3a") {
        hits.hit(&rules::ENCODED_PLAIN, span.clone());
    }
}

/// Where clouds keep credentials: AWS and its copies, Google, Azure, `DigitalOcean`, `OpenStack`, Oracle, Hetzner. The
/// address in a path is for a redirector.
const METADATA_PARTS: [&str; 12] = [
    "169.254.169.254",
    "/latest/meta-data",
    "/latest/user-data",
    "/latest/dynamic/instance-identity",
    "/computemetadata/",
    "/metadata/instance",
    "/metadata/identity/oauth2",
    "/metadata/v1",
    "/openstack/latest",
    "/opc/v1/instance",
    "/opc/v2/instance",
    "/hetzner/v1/metadata",
];
