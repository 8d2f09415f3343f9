//! Policies of escalation, and how far one is, in sentences.

use std::time::Duration;

use serde_json::Value;
use wardkit_cli::escaped;
use wardkit_retry::duration;

use super::super::table::{texts, to_the_second};

/// Returns a policy's steps in a line.
pub(super) fn steps(policy: &Value) -> String {
    let steps = policy["steps"].as_array().into_iter().flatten().map(|step| {
        let to = texts(&step["to"]).replace(' ', ", ");
        match step["delay-seconds"].as_u64() {
            None | Some(0) => to,
            Some(delay) => format!("{to} {} later", shown(delay)),
        }
    });
    let steps = steps.collect::<Vec<_>>().join("; then ");
    let again = match policy["repeat"].as_u64() {
        None | Some(0) => String::new(),
        Some(times) => {
            let delay = shown(policy["repeat-delay-seconds"].as_u64().unwrap_or(0));
            format!("; {delay} later from the first one, {times} times at most")
        }
    };
    format!("policy {}: {}{again}\n", escaped(&texts(&policy["policy"])), escaped(&steps))
}

/// Returns how far an incident's escalation is, in a line; nothing when it has none.
pub(super) fn next(escalation: &Value) -> String {
    let (Some(steps), Some(next)) =
        (escalation["steps"].as_u64(), escalation["next_step"].as_u64())
    else {
        return String::new();
    };
    let policy = escaped(&texts(&escalation["policy"]));
    let taken = next.saturating_sub(1).min(steps);
    let further = match escalation["next_at"].as_str() {
        Some(at) if next <= steps => {
            format!("step {next} of {steps}, next at {}", escaped(&to_the_second(at)))
        }
        Some(at) => {
            format!("all {steps} steps taken, next round at {}", escaped(&to_the_second(at)))
        }
        None => format!("{taken} of {steps} steps taken, none is due"),
    };
    let called = match escaped(&texts(&escalation["called"])) {
        none if none.is_empty() => String::new(),
        called => format!("; called: {}", called.replace(' ', ", ")),
    };
    format!("policy {policy}, {further}{called}\n")
}

fn shown(seconds: u64) -> String {
    duration::print(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_is_a_line_with_its_steps() {
        let policy = json!({"policy": "page", "repeat": 2, "repeat-delay-seconds": 900, "steps": [
            {"to": ["person:ann"], "delay-seconds": 0}, {"to": ["team", "boss"], "delay-seconds": 600}]});
        assert_eq!(
            steps(&policy),
            "policy page: person:ann; then team, boss 10m later; 15m later from the first one, 2 times at most\n"
        );
    }

    #[test]
    fn how_far_an_escalation_is_is_a_line() {
        let at = |step: u64, due: Option<&str>| {
            let view = json!({"policy": "page", "steps": 3, "next_step": step, "round": 0, "next_at": due,
                "called": ["ann"]});
            next(&view)
        };
        assert_eq!(at(2, Some("12:00")), "policy page, step 2 of 3, next at 12:00; called: ann\n");
        assert_eq!(
            at(4, Some("12:00")),
            "policy page, all 3 steps taken, next round at 12:00; called: ann\n"
        );
        assert_eq!(at(2, None), "policy page, 1 of 3 steps taken, none is due; called: ann\n");
        assert_eq!(next(&Value::Null), "");
    }
}
