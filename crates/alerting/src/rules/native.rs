//! The rules of a program's own configuration.

use std::collections::{BTreeMap, BTreeSet};

use wardkit_promql::{Expr, ValueType};

use super::config::{RuleConfig, RulesConfig};
use super::defaults::DEFAULT_RULES;
use super::problem::RuleProblem;
use super::rule::{Group, Rule};
use super::text::Text;
use super::view::RuleKind;

/// Returns the groups of a configuration: its own rules, and those that come with the program.
///
/// # Errors
///
/// Returns everything that is wrong with its rules.
pub(super) fn groups(config: &RulesConfig) -> Result<Vec<Group>, Vec<RuleProblem>> {
    let mut problems = unknown_defaults(config);
    let off: BTreeSet<&str> = config.default_rules_off.iter().map(String::as_str).collect();
    let defaults =
        DEFAULT_RULES.iter().filter(|rule| config.default_rules && !off.contains(rule.name));
    let defaults: Vec<RuleConfig> = defaults.map(super::DefaultRule::config).collect();
    let mut groups = Vec::new();
    for (name, rules) in [("default", &defaults), ("native", &config.rule)] {
        let mut compiled = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            match compile(rule) {
                Ok(rule) => compiled.push(rule),
                Err((key, reason)) => problems.push(RuleProblem {
                    group: name.to_owned(),
                    rule: index + 1,
                    name: rule.name.clone(),
                    ..RuleProblem::new(0, 0, reason).with_key(key)
                }),
            }
        }
        if !compiled.is_empty() {
            groups.push(Group {
                file: String::new(),
                name: name.to_owned(),
                interval: None,
                limit: 0,
                rules: compiled,
            });
        }
    }
    if problems.is_empty() { Ok(groups) } else { Err(problems) }
}

/// Names that are switched off and do not exist: whoever wrote one wants something that does not happen.
fn unknown_defaults(config: &RulesConfig) -> Vec<RuleProblem> {
    let is_known = |name: &str| {
        DEFAULT_RULES.iter().any(|rule| rule.name == name)
            || super::event_defaults::default_event_rules().iter().any(|rule| rule.name == name)
    };
    let unknown = config.default_rules_off.iter().filter(|name| !is_known(name));
    let problem = |name: &String| {
        let reason = format!("no rule that comes with the program is called {name:?}");
        RuleProblem::new(0, 0, reason).with_key("default-rules-off")
    };
    unknown.map(problem).collect()
}

/// Makes a rule ready, or returns the key that is wrong, and why.
fn compile(rule: &RuleConfig) -> Result<Rule, (String, String)> {
    let wrong = |key: &str, reason: &str| Err((key.to_owned(), reason.to_owned()));
    if rule.name.is_empty() {
        return wrong("name", "an alert needs a name");
    }
    let expr = parse("expr", &rule.expr)?;
    let held_by = match (rule.resolve_below, rule.resolve_above) {
        (None, None) => None,
        (Some(_), Some(_)) => {
            return wrong(
                "resolve-above",
                "only one of resolve-below and resolve-above can be set",
            );
        }
        (Some(bound), None) => Some(held_by(&rule.expr, "resolve-below", bound)?),
        (None, Some(bound)) => Some(held_by(&rule.expr, "resolve-above", bound)?),
    };
    Ok(Rule {
        kind: RuleKind::Alerting,
        name: rule.name.clone(),
        expr,
        held_by,
        hold: rule.hold,
        keep_firing_for: rule.keep_firing_for,
        on_no_data: rule.no_data,
        labels: texts("labels", &rule.labels)?,
        annotations: texts("annotations", &rule.annotations)?,
    })
}

fn parse(key: &str, text: &str) -> Result<Expr, (String, String)> {
    let expr = Expr::parse(text).map_err(|error| (key.to_owned(), error.to_string()))?;
    match expr.value_type() {
        ValueType::Vector | ValueType::Scalar => Ok(expr),
        other => Err((key.to_owned(), format!("it comes to a {other}, not an instant vector"))),
    }
}

fn texts(
    key: &str,
    texts: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Text>, (String, String)> {
    let mut checked = BTreeMap::new();
    for (name, text) in texts {
        let key = format!("{key}.{name}");
        if !is_label_name(name) || name == "__name__" {
            return Err((key, "this is not a name that a label can have".to_owned()));
        }
        let text = Text::parse(text.clone()).map_err(|reason| (key, reason))?;
        checked.insert(name.clone(), text);
    }
    Ok(checked)
}

/// Returns whether a text can be the name of a label.
pub(super) fn is_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns what holds an alert of an expression that ends in a comparison with a number: the same with the other bound.
fn held_by(text: &str, key: &str, bound: f64) -> Result<Expr, (String, String)> {
    let wrong = |reason: String| (key.to_owned(), reason);
    let above = key == "resolve-below";
    let (left, op, number) = threshold(text).ok_or_else(|| {
        let op = if above { ">" } else { "<" };
        wrong(format!("the expression must end in a comparison with a number, such as {op} 4"))
    })?;
    if op.starts_with('>') != above {
        let other = if above { "resolve-above" } else { "resolve-below" };
        return Err(wrong(format!("the expression ends in {op} {number}: use {other}")));
    }
    if !bound.is_finite() || (above && bound > number) || (!above && bound < number) {
        return Err(wrong(format!("{bound} is on the wrong side of {number}")));
    }
    let op = if above { ">=" } else { "<=" };
    parse(key, &format!("({left}) {op} {bound}"))
}

/// Takes apart an expression that ends in a comparison with a number.
fn threshold(text: &str) -> Option<(&str, &str, f64)> {
    let text = text.trim_end();
    let at = text.rfind(['<', '>'])?;
    let (left, right) = text.split_at(at);
    let op = if right.as_bytes().get(1) == Some(&b'=') { &right[..2] } else { &right[..1] };
    let number = right[op.len()..].trim().parse::<f64>().ok()?;
    // Nothing that binds less than a comparison may stand beside it, or it would not be the last thing that is done.
    (!is_set_operation(left)).then_some((left.trim(), op, number))
}

/// Returns whether `and`, `or` or `unless` stands outside brackets and strings.
fn is_set_operation(text: &str) -> bool {
    let (mut depth, mut quote, mut is_escaped) = (0_usize, None, false);
    let mut word = String::new();
    for byte in text.bytes().chain([b' ']) {
        if let Some(open) = quote {
            if is_escaped {
                is_escaped = false;
            } else if byte == b'\\' && open != b'`' {
                is_escaped = true;
            } else if byte == open {
                quote = None;
            }
            continue;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':') {
            word.push(char::from(byte.to_ascii_lowercase()));
            continue;
        }
        if depth == 0 && matches!(word.as_str(), "and" | "or" | "unless") {
            return true;
        }
        word.clear();
        match byte {
            b'"' | b'\'' | b'`' => quote = Some(byte),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_what_the_expression_ends_in() {
        for (text, expected) in [
            ("node_load1 > 4", Some(("node_load1", ">", 4.0))),
            ("a / b * 100 <= 1.5e1 ", Some(("a / b * 100", "<=", 15.0))),
            ("a > -3", Some(("a", ">", -3.0))),
            ("sum(a and b) > 4", Some(("sum(a and b)", ">", 4.0))),
            ("a{x=\" or \\\" or \"} > 4", Some(("a{x=\" or \\\" or \"}", ">", 4.0))),
            ("a or b > 4", None),
            ("a unless(b) > 4", None),
            ("a > bool 4", None),
            ("a > b", None),
            ("a == 4", None),
            ("rate(a[5m])", None),
            ("> 4", Some(("", ">", 4.0))),
            ("", None),
        ] {
            assert_eq!(threshold(text), expected, "{text}");
        }
    }
}
