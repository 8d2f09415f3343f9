//! Masking log lines, beside the same ten patterns in `regex`: one after the other, and as one alternation.

use regex::{Regex, bytes};
use wardkit_validation::Masker;

use super::{Goal, Topic, repeat};
use crate::report::VALIDATION;
use crate::rounds::Case;

/// Returns the topics about masking.
#[must_use]
pub(super) fn topics() -> Vec<Topic> {
    vec![
        topic(
            "mask-clean-lines",
            "masking 600 log lines that have nothing to mask, one by one",
            // 200 MB a second.
            200.0,
            repeated(&CLEAN, 600, "\n"),
        ),
        topic(
            "mask-hostile",
            "masking one line of 64 KiB of what begins like a secret and is none",
            // 20 MB a second.
            20.0,
            repeated(&HOSTILE, 6_000, "").chars().take(64 * 1024).collect(),
        ),
    ]
}

fn topic(name: &'static str, what: &'static str, megabytes_a_second: f64, text: String) -> Topic {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let ours = {
        let (masker, text) = (Masker::default(), text.clone());
        Case::new(VALIDATION, "more than a hundred recognisers", move |times| {
            repeat(times, |_| sum(&text, |line| masker.mask(line).len()));
        })
    };
    let in_turn = {
        let patterns = PATTERNS.map(|pattern| Regex::new(pattern).expect("a sound pattern"));
        let text = text.clone();
        Case::new("regex, ten in turn", "10 patterns", move |times| {
            repeat(times, |_| {
                sum(&text, |line| {
                    let mut masked = std::borrow::Cow::Borrowed(line);
                    for pattern in &patterns {
                        if let std::borrow::Cow::Owned(next) = pattern.replace_all(&masked, "***") {
                            masked = next.into();
                        }
                    }
                    masked.len()
                })
            });
        })
    };
    let alternation = {
        let pattern = format!("(?:{})", PATTERNS.join("|"));
        let pattern = bytes::Regex::new(&pattern).expect("a sound pattern");
        Case::new("regex, one alternation", "10 patterns", move |times| {
            repeat(times, |_| {
                sum(&text, |line| pattern.replace_all(line.as_bytes(), &b"***"[..]).len())
            });
        })
    };
    let goal = Goal::Nanos(f64::from(length) * 1000.0 / megabytes_a_second);
    Topic {
        name,
        what,
        goal: Some(goal),
        bytes: Some(length),
        cases: vec![ours, in_turn, alternation],
    }
}

/// Adds up what comes of the lines.
fn sum(text: &str, line: impl FnMut(&str) -> usize) -> usize {
    text.split_inclusive('\n').map(line).sum()
}

fn repeated(parts: &[&str], count: usize, end: &str) -> String {
    parts.iter().cycle().take(count).flat_map(|part| [*part, end]).collect()
}

/// What a program that masks by itself would look for.
const PATTERNS: [&str; 10] = [
    r"gh[pousr]_[A-Za-z0-9]{36}",
    r"xox[abprs]-[A-Za-z0-9-]{10,}",
    r"sk-[A-Za-z0-9_-]{20,}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"AIza[A-Za-z0-9_-]{35}",
    r"\b[0-9]{6,12}:[A-Za-z0-9_-]{35}\b",
    r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
    r"(?i)(?:password|passwd|secret|api_key|token)[\x22']?\s*[=:]\s*[\x22']?[^\s\x22',;]+",
    r"\b[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}\b",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
];

const CLEAN: [&str; 6] = [
    r#"{"time":"2026-11-21T10:15:00.123Z","level":"info","target":"shop_bot::orders","message":"order accepted","order":471142,"chat":-1001234567890,"took_ms":12.5}"#,
    r#"{"time":"2026-11-21T10:15:01.004Z","level":"debug","target":"shop_bot::http","method":"GET","path":"/v1/items/83/photos?size=640","status":200,"bytes":48211}"#,
    "2026-11-21T10:15:02.771Z  INFO shop_bot::queue: batch of 32 written in 4.1 ms, 0 left, oldest 00:00:03 ago",
    "2026-11-21T10:15:03.000Z  WARN shop_bot::upstream: answered 503 Service Unavailable, trying again in 1.25 s (2 of 5)",
    r#"10.1.7.23 - - [21/Nov/2026:10:15:04 +0000] "GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.31" 0.001"#,
    "Nov 21 10:15:05 bot-1 systemd[1]: Started shop-bot.service - The bot of the shop.",
];

const HOSTILE: [&str; 9] = [
    "eyJhbGciOiJ",
    "api_key:\"",
    "AKIA",
    "123456:",
    "-----BEGIN ",
    "x://a:@",
    "DE89 3704",
    "Bearer a",
    "pass,key,token ",
];
