//! Typed access to the maps of a YAML file, as lenient as Go's.

use std::collections::BTreeMap;
use std::time::Duration;

use super::period;
use crate::rules::problem::RuleProblem;
use crate::yaml::{Content, Node, Style};

/// The known keys of a map.
pub(in crate::rules) struct Fields<'a>(BTreeMap<&'a str, &'a Node>);

impl<'a> Fields<'a> {
    /// Creates a map without keys.
    pub(in crate::rules) const fn empty() -> Self {
        Self(BTreeMap::new())
    }

    /// Takes a map; nothing at all counts as an empty one.
    ///
    /// # Errors
    ///
    /// Returns the keys that are not known, and what is not a map.
    pub(in crate::rules) fn new(node: &'a Node, known: &[&str]) -> Result<Self, Vec<RuleProblem>> {
        if node.is_null() {
            return Ok(Self(BTreeMap::new()));
        }
        let Content::Map(pairs) = &node.content else {
            let reason = format!("a map is wanted here, with {}", known.join(", "));
            return Err(vec![RuleProblem::new(node.at.line, node.at.column, reason)]);
        };
        let mut fields = BTreeMap::new();
        let mut problems = Vec::new();
        // As in Go, a key that says nothing is no key.
        for (key, value) in pairs.iter().filter(|(key, _)| !key.is_null()) {
            let name = key.text().unwrap_or_default();
            if known.contains(&name) {
                fields.insert(name, value);
            } else {
                let reason = format!("unknown key; known are {}", known.join(", "));
                let problem = RuleProblem::new(key.at.line, key.at.column, reason);
                problems.push(problem.with_key(name));
            }
        }
        if problems.is_empty() { Ok(Self(fields)) } else { Err(problems) }
    }

    pub(in crate::rules) fn get(&self, key: &str) -> Option<&'a Node> {
        self.0.get(key).copied()
    }

    /// Returns the text of a key: whatever is not a list or map; empty when it says nothing.
    pub(in crate::rules) fn text(&self, key: &str) -> Result<String, Box<RuleProblem>> {
        self.get(key).map_or_else(|| Ok(String::new()), |node| text_of(node, key))
    }

    pub(in crate::rules) fn period(&self, key: &str) -> Result<Duration, Box<RuleProblem>> {
        let Some(node) = self.get(key).filter(|node| !node.is_null()) else {
            return Ok(Duration::ZERO);
        };
        let text = text_of(node, key)?;
        period::parse(&text).map_err(|reason| wrong(node, key, reason))
    }

    pub(in crate::rules) fn integer(&self, key: &str) -> Result<i64, Box<RuleProblem>> {
        let Some(node) = self.get(key).filter(|node| !node.is_null()) else { return Ok(0) };
        let number = match &node.content {
            Content::Scalar(text, Style::Plain) => integer(text),
            _ => None,
        };
        number.ok_or_else(|| wrong(node, key, "a whole number is wanted here"))
    }

    pub(in crate::rules) fn number(&self, key: &str) -> Result<f64, Box<RuleProblem>> {
        let Some(node) = self.get(key).filter(|node| !node.is_null()) else { return Ok(0.0) };
        let number = match &node.content {
            #[expect(
                clippy::cast_precision_loss,
                reason = "whole numbers become floats in Go, too"
            )]
            Content::Scalar(text, Style::Plain) => {
                number(text).or_else(|| integer(text).map(|whole| whole as f64))
            }
            _ => None,
        };
        number.ok_or_else(|| wrong(node, key, "a number is wanted here"))
    }
}

/// Returns the items of a list; nothing at all counts as an empty one, and items that say nothing are none, as in Go.
pub(in crate::rules) fn items<'a>(
    node: Option<&'a Node>,
    key: &str,
) -> Result<Vec<&'a Node>, Box<RuleProblem>> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Ok(Vec::new()) };
    match &node.content {
        Content::List(items) => Ok(items.iter().filter(|item| !item.is_null()).collect()),
        _ => Err(wrong(node, key, "a list is wanted here")),
    }
}

/// Returns the texts of a map, each with where it stands.
pub(in crate::rules) fn text_map(
    node: Option<&Node>,
    key: &str,
) -> Result<BTreeMap<String, (Node, String)>, Box<RuleProblem>> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Ok(BTreeMap::new()) };
    let Content::Map(pairs) = &node.content else {
        return Err(wrong(node, key, "a map of texts is wanted here"));
    };
    let mut texts = BTreeMap::new();
    for (name, value) in pairs.iter().filter(|(name, _)| !name.is_null()) {
        let name = name.text().unwrap_or_default();
        texts.insert(name.to_owned(), (value.clone(), text_of(value, key)?));
    }
    Ok(texts)
}

/// Returns what a node says as a text.
pub(in crate::rules) fn text_of(node: &Node, key: &str) -> Result<String, Box<RuleProblem>> {
    if node.is_null() {
        return Ok(String::new());
    }
    let text = node.text();
    text.map(str::to_owned).ok_or_else(|| wrong(node, key, "a text is wanted here"))
}

fn wrong(node: &Node, key: &str, reason: impl Into<String>) -> Box<RuleProblem> {
    Box::new(RuleProblem::new(node.at.line, node.at.column, reason).with_key(key))
}

/// Reads an integer as YAML 1.1 has them; a fraction is cut off, as in Go.
fn integer(text: &str) -> Option<i64> {
    let plain = text.replace('_', "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain.strip_prefix('+').unwrap_or(&plain)),
    };
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = digits.strip_prefix(prefix) {
            return i64::from_str_radix(&format!("{sign}{digits}"), radix).ok();
        }
    }
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        return i64::from_str_radix(&format!("{sign}{digits}"), 8).ok();
    }
    let cut = |value: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "the bounds are looked at before")]
        (value.abs() < 9e18).then_some(value as i64)
    };
    plain.parse().ok().or_else(|| number(text).and_then(cut))
}

/// Reads a number as YAML 1.1 has them.
fn number(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    let plain = text.replace('_', "");
    if !plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E')) {
        return None;
    }
    plain.parse().ok()
}
