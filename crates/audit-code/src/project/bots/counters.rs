//! Limits that a bot counts by itself.

use crate::source::Node;

/// Whether a statement remembers how often, or when, a user was served.
pub(super) fn counts(node: &Node<'_>) -> bool {
    match node.kind().as_ref() {
        "assignment"
        | "assignment_expression"
        | "augmented_assignment"
        | "augmented_assignment_expression" => {
            let (Some(left), Some(right)) = (node.field("left"), node.field("right")) else {
                return false;
            };
            let (left, right) = (left.text().to_ascii_lowercase(), right.text());
            let Some((name, key)) = left.split_once('[') else { return false };
            let is_sum = node.kind().starts_with("augmented");
            is_of_user(key)
                && (is_time(&right) || is_sum && COUNTED.iter().any(|it| name.contains(it)))
        }
        // `seen.set(ctx.from.id, Date.now())`, `redis.incr(f"rate:{user}")`.
        "call_expression" | "call" => {
            let Some(callee) = node.field("function").filter(|it| it.range().len() < LONGEST)
            else {
                return false;
            };
            let (callee, Some(arguments)) = (callee.text(), node.field("arguments")) else {
                return false;
            };
            let given = arguments.text().to_ascii_lowercase();
            match callee.rsplit('.').next() {
                Some("set") => is_of_user(&given) && is_time(&arguments.text()),
                Some("incr" | "incrby" | "hincrby") => {
                    RATES.iter().any(|word| given.contains(word))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

fn is_of_user(key: &str) -> bool {
    ["user", "uid", "author", "sender", "from.id", "from_id", "chat"]
        .iter()
        .any(|it| key.contains(it))
}

fn is_time(value: &str) -> bool {
    value == "now"
        || ["time()", "now(", "monotonic", "perf_counter"].iter().any(|word| value.contains(word))
}

/// Words of which a source that counts has one.
pub(super) const WORDS: &[&str] = &["+=", "incr", "time()", "now", "monotonic", "perf_counter"];

/// What is counted to be limited, rather than to be shown.
const COUNTED: [&str; 7] = ["attempt", "calls", "count", "hits", "msgs", "request", "usage"];

const RATES: [&str; 6] = ["cooldown", "flood", "limit", "rate", "spam", "throttl"];

const LONGEST: usize = 200;
