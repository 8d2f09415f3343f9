//! agentd's own tables as a configuration of Alertmanager: what `amtool config` shows and routes by.

use std::time::Duration;

use serde_json::{Map, Value, json};
use wardkit_alerting::{GroupBy, Matchers, Plan, Route};

/// Returns a plan as a configuration of Alertmanager, in the part of YAML that is JSON. How receivers are reached is
/// left out.
pub(crate) fn of(plan: &Plan) -> String {
    let names = plan.receivers.keys().map(String::as_str);
    let is_named = plan.receivers.contains_key(&plan.route.receiver);
    let names = names.chain((!is_named).then_some(plan.route.receiver.as_str()));
    let receivers: Vec<_> = names.map(|name| json!({ "name": name })).collect();
    let inhibit = plan.inhibit.iter().map(|rule| {
        json!({
            "source_matchers": texts(&rule.source),
            "target_matchers": texts(&rule.target),
            "equal": rule.equal,
        })
    });
    let document = json!({
        "route": route(&plan.route, true),
        "inhibit_rules": inhibit.collect::<Vec<_>>(),
        "receivers": receivers,
    });
    format!("{document:#}\n")
}

fn route(of: &Route, is_root: bool) -> Value {
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| drop(shown.insert(key.to_owned(), value));
    put("receiver", of.receiver.as_str().into());
    let labels = match &of.group_by {
        GroupBy::All => vec!["...".to_owned()],
        GroupBy::Labels(labels) => labels.clone(),
    };
    put("group_by", labels.into());
    put("group_wait", duration(of.group_wait).into());
    put("group_interval", duration(of.group_interval).into());
    put("repeat_interval", duration(of.repeat_interval).into());
    if !is_root {
        put("matchers", texts(&of.matchers).into());
        put("continue", of.continues.into());
    }
    put("routes", of.routes.iter().map(|inner| route(inner, false)).collect());
    Value::Object(shown)
}

fn texts(matchers: &Matchers) -> Vec<String> {
    matchers.iter().map(ToString::to_string).collect()
}

fn duration(of: Duration) -> String {
    let millis = of.as_millis();
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}
