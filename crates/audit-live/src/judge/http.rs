//! Fields of answers.

use super::Verdict;
use crate::observe::FOREIGN;
use crate::observed::Observed;

pub(super) fn headers(seen: &Observed) -> Verdict {
    let Ok(answer) = &seen.front.answer else { return Verdict::unknown("no answer") };
    let has = |name: &str| answer.header(name).is_some_and(|value| !value.trim().is_empty());
    let mut missing = Vec::new();
    if seen.is_https && !has("strict-transport-security") {
        missing.push("strict-transport-security");
    }
    let sniffs = |value: &str| !value.trim().eq_ignore_ascii_case("nosniff");
    if answer.header("x-content-type-options").is_none_or(sniffs) {
        missing.push("x-content-type-options");
    }
    let is_page = answer.header("content-type").is_some_and(|kind| kind.contains("html"));
    let policy = answer.header("content-security-policy").unwrap_or_default();
    if is_page && policy.is_empty() {
        missing.push("content-security-policy");
    }
    if is_page && !has("x-frame-options") && !policy.contains("frame-ancestors") {
        missing.push("frame-ancestors or x-frame-options");
    }
    if missing.is_empty() {
        return Verdict::pass("");
    }
    Verdict::fail(format!("Missing: {}.", missing.join(", ")), &seen.front.path)
}

pub(super) fn version(seen: &Observed) -> Verdict {
    let Ok(answer) = &seen.front.answer else { return Verdict::unknown("no answer") };
    let told = ["server", "x-powered-by", "x-aspnet-version", "x-generator"]
        .into_iter()
        .filter_map(|name| Some((name, answer.header(name)?)))
        .filter(|(_, value)| has_version(value))
        .map(|(name, value)| format!("{name}: {}", short(value)));
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        return Verdict::pass("");
    }
    Verdict::fail("The answer names what it was made by.", &seen.front.path).with(told)
}

pub(super) fn cors(seen: &Observed) -> Verdict {
    let answer = match &seen.foreign.answer {
        Ok(answer) => answer,
        Err(reason) => return Verdict::unknown(reason.as_str()),
    };
    let allowed = answer.header("access-control-allow-origin").unwrap_or_default();
    let with_credentials = answer
        .header("access-control-allow-credentials")
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
    // Browsers refuse a star together with credentials.
    if with_credentials && (allowed == FOREIGN || allowed == "null") {
        let current = format!("Asked by {FOREIGN}, the server allows it, with credentials.");
        return Verdict::fail(current, &seen.front.path);
    }
    Verdict::pass(if allowed.is_empty() { "no other origin is allowed" } else { "" })
}

/// Whether a text names a version: a number with a point in it.
fn has_version(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|at| at[0].is_ascii_digit() && at[1] == b'.' && at[2].is_ascii_digit())
}

/// What a server says may be as long as it likes.
pub(super) fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

const LONGEST: usize = 100;

#[cfg(test)]
mod tests {
    #[test]
    fn a_version_is_a_number_with_a_point() {
        for (text, expected) in
            [("nginx/1.24.0", true), ("PHP/8.2", true), ("nginx", false), ("cloudflare 2", false)]
        {
            assert_eq!(super::has_version(text), expected, "{text}");
        }
    }
}
