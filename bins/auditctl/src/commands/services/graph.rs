//! Who needs whom, shown.

use std::fmt::Write as _;

use serde_json::Value;
use wardkit_cli::escaped;

/// Returns the graph for people: who starts together, and what each waits for.
pub(super) fn text(graph: &Value) -> String {
    let mut out = String::new();
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for (number, wave) in items(&graph["waves"]).iter().enumerate() {
        for name in items(wave) {
            let name = name.as_str().unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(out, "{} {}", number + 1, escaped(name));
            for edge in items(&graph["edges"]).iter().filter(|edge| edge["from"] == name) {
                let (kind, to) = (&edge["kind"], &edge["to"]);
                let word = |value: &Value| escaped(value.as_str().unwrap_or_default());
                let _ = write!(out, "  {} {}", word(kind), word(to));
            }
            out.push('\n');
        }
    }
    if out.is_empty() { "there is no service\n".to_owned() } else { out }
}

/// Returns the graph for Graphviz.
pub(super) fn dot(graph: &Value) -> String {
    let mut out = String::from("digraph services {\n  rankdir = LR;\n");
    let quoted =
        |value: &Value| Value::from(escaped(value.as_str().unwrap_or_default())).to_string();
    for one in graph["services"].as_array().into_iter().flatten() {
        let label = Value::from(format!(
            "{}\n{}",
            escaped(one["name"].as_str().unwrap_or_default()),
            escaped(one["state"].as_str().unwrap_or_default())
        ));
        let _ = writeln!(out, "  {} [label={label}];", quoted(&one["name"]));
    }
    for edge in graph["edges"].as_array().into_iter().flatten() {
        let style = match edge["kind"].as_str() {
            Some("wants" | "after") => ", style=dashed",
            Some("conflicts") => ", style=dotted, dir=none",
            _ => "",
        };
        let (from, to) = (quoted(&edge["from"]), quoted(&edge["to"]));
        let _ = writeln!(out, "  {from} -> {to} [label={}{style}];", quoted(&edge["kind"]));
    }
    out + "}\n"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn graph_is_shown_as_waves_and_for_graphviz() {
        let graph = json!({
            "services": [{"name": "db", "state": "running"}, {"name": "b\"ot", "state": "held"}],
            "edges": [{"from": "b\"ot", "to": "db", "kind": "depends"}],
            "waves": [["db"], ["b\"ot"]],
        });
        assert_eq!(text(&graph), "1 db\n2 b\"ot  depends db\n");
        let dot = dot(&graph);
        assert!(dot.contains("  \"db\" [label=\"db\\nrunning\"];\n"), "{dot}");
        assert!(dot.contains("  \"b\\\"ot\" -> \"db\" [label=\"depends\"];\n"), "{dot}");
        assert_eq!(text(&json!({"waves": []})), "there is no service\n");
    }
}
