//! The tree of routes, and which alerts silence others.

use super::intervals::Intervals;
use super::section::Section;
use crate::yaml::Position;
use crate::{GroupBy, InhibitRule, MatchOp, Matcher, Matchers, Route};

/// Reads the tree. A node has what it does not say itself from the one above.
pub(super) fn read(root: &mut Section<'_>, receivers: &[&str], intervals: &Intervals) -> Route {
    let Some(mut section) = root.section("route") else {
        root.error(root.at(), "route", "is missing");
        return Route::default();
    };
    let (at, root_only) = (section.at(), |key: &str| format!("the root has no {key}"));
    for key in ["match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals"] {
        if section.node(key).is_some_and(|node| !node.is_empty()) {
            section.error(at, key, root_only(key));
        }
    }
    if section.flag("continue") == Some(true) {
        section.error(at, "continue", root_only("continue"));
    }
    if !section.has("receiver") {
        section.error(at, "receiver", "is missing: the root says who is told of the rest");
    }
    let names = Names { receivers, intervals };
    node(section, &Route::default(), &names, 0)
}

struct Names<'a> {
    receivers: &'a [&'a str],
    intervals: &'a Intervals,
}

fn node(mut section: Section<'_>, above: &Route, names: &Names<'_>, depth: usize) -> Route {
    let mut route = Route {
        receiver: above.receiver.clone(),
        group_by: group_by(&mut section).unwrap_or_else(|| above.group_by.clone()),
        group_wait: section.duration("group_wait").unwrap_or(above.group_wait),
        group_interval: positive(&mut section, "group_interval").unwrap_or(above.group_interval),
        repeat_interval: positive(&mut section, "repeat_interval").unwrap_or(above.repeat_interval),
        matchers: matchers(&mut section, "match", "match_re", "matchers"),
        mute_time_intervals: times(&mut section, "mute_time_intervals", names),
        active_time_intervals: times(&mut section, "active_time_intervals", names),
        continues: section.flag("continue").unwrap_or_default(),
        escalation: None,
        routes: Vec::new(),
    };
    if let Some((at, receiver)) = section.text_at("receiver") {
        if !names.receivers.contains(&receiver) {
            section.error(at, "receiver", format!("undefined receiver {receiver:?}"));
        }
        receiver.clone_into(&mut route.receiver);
    }
    let below = section.sections("routes");
    if depth >= MAX_DEPTH && !below.is_empty() {
        section.error(section.at(), "routes", format!("more than {MAX_DEPTH} deep"));
    } else {
        route.routes =
            below.into_iter().map(|below| node(below, &route, names, depth + 1)).collect();
    }
    section.finish();
    route
}

fn positive(section: &mut Section<'_>, key: &str) -> Option<std::time::Duration> {
    let duration = section.duration(key)?;
    if duration.is_zero() {
        section.error(section.at(), key, "cannot be zero");
    }
    Some(duration)
}

fn group_by(section: &mut Section<'_>) -> Option<GroupBy> {
    let names = section.texts("group_by");
    if names.is_empty() {
        return None;
    }
    let mut labels: Vec<String> = Vec::with_capacity(names.len());
    let mut all = false;
    for (node, name) in names {
        if name == "..." {
            all = true;
        } else if !is_label(name) {
            section.error(node.at, "group_by", format!("invalid label name {name:?}"));
        } else if labels.iter().any(|label| label == name) {
            section.error(node.at, "group_by", format!("duplicated label {name:?}"));
        } else {
            labels.push(name.to_owned());
        }
    }
    if all && !labels.is_empty() {
        section.error(section.at(), "group_by", "has `...` and other labels at the same time");
    }
    Some(if all { GroupBy::All } else { GroupBy::Labels(labels) })
}

fn times(section: &mut Section<'_>, key: &str, names: &Names<'_>) -> Vec<String> {
    let mut known = Vec::new();
    for (node, name) in section.texts(key) {
        if !names.intervals.contains_key(name) {
            section.error(node.at, key, format!("undefined time interval {name:?}"));
        }
        known.push(name.to_owned());
    }
    known
}

/// Matchers in the old notation and the new one, together.
fn matchers(section: &mut Section<'_>, exact: &str, regex: &str, new: &str) -> Matchers {
    let mut all = Vec::new();
    for (key, op) in [(exact, MatchOp::Equal), (regex, MatchOp::Regex)] {
        for (name, node, value) in section.map(key) {
            let value = match op {
                // As Alertmanager writes it into the keys of groups.
                MatchOp::Regex => format!("^(?:{value})$"),
                _ => value.to_owned(),
            };
            if is_label(name) {
                match Matcher::new(name, op, value) {
                    Ok(matcher) => all.push(matcher),
                    Err(error) => section.error(node.at, key, error.to_string()),
                }
            } else {
                section.error(node.at, key, format!("invalid label name {name:?}"));
            }
        }
    }
    for (node, text) in section.texts(new) {
        match text.parse::<Matchers>() {
            Ok(matchers) => all.extend(matchers.iter().cloned()),
            Err(error) => section.error(node.at, new, error.to_string()),
        }
    }
    together(section, section.at(), new, all)
}

fn together(section: &Section<'_>, at: Position, key: &str, all: Vec<Matcher>) -> Matchers {
    Matchers::try_from(all).unwrap_or_else(|error| {
        section.error(at, key, error.to_string());
        Matchers::default()
    })
}

/// Reads `inhibit_rules`.
pub(super) fn inhibit(root: &mut Section<'_>) -> Vec<InhibitRule> {
    let rule = |mut section: Section<'_>| {
        let source = matchers(&mut section, "source_match", "source_match_re", "source_matchers");
        let target = matchers(&mut section, "target_match", "target_match_re", "target_matchers");
        let mut equal = Vec::new();
        for (node, name) in section.texts("equal") {
            if !is_label(name) {
                section.error(node.at, "equal", format!("invalid label name {name:?}"));
            }
            equal.push(name.to_owned());
        }
        section.finish();
        InhibitRule { source, target, equal }
    };
    root.sections("inhibit_rules").into_iter().map(rule).collect()
}

fn is_label(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Nobody draws a deeper tree; the router walks it by recursion.
const MAX_DEPTH: usize = 32;
