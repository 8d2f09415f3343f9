//! The keys of a TOML document against the JSON Schema of the configuration: unknown ones, and where each stands.

use std::ops::Range;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

/// A key that the configuration does not have.
pub(crate) struct Unknown {
    pub path: String,
    pub span: Range<usize>,
    pub reason: String,
}

/// Where a key and its value stand.
pub(crate) struct KeySpan {
    path: String,
    key: Range<usize>,
    value: Range<usize>,
}

/// Removes every unknown key from the table, so that the rest can be checked, and returns them.
pub(crate) fn take_unknown(schema: &Value, table: &mut DeTable<'_>) -> Vec<Unknown> {
    let mut unknown = Vec::new();
    walk(schema, schema, table, "", &mut unknown);
    unknown
}

/// Returns where each key of the table stands, outer before inner.
pub(crate) fn spans(table: &DeTable<'_>) -> Vec<KeySpan> {
    let mut spans = Vec::new();
    collect(table, "", &mut spans);
    spans
}

/// Returns the path of the innermost value that covers `span`.
pub(crate) fn innermost<'a>(
    spans: &'a [KeySpan],
    span: &Range<usize>,
    below: &str,
) -> Option<&'a str> {
    let covers = |range: &Range<usize>| range.start <= span.start && span.end <= range.end;
    spans
        .iter()
        .rev()
        // What is told of an array holds for all of its places, but for that which was asked for.
        .filter(|entry| !entry.path.strip_prefix(below).unwrap_or(&entry.path).contains('['))
        .find(|entry| covers(&entry.value) || covers(&entry.key))
        .map(|entry| entry.path.as_str())
}

/// Returns where `path` stands, or else the nearest key around it that the file mentions.
pub(crate) fn nearest_span(spans: &[KeySpan], path: &str) -> Option<Range<usize>> {
    let around =
        std::iter::successors(Some(path), |path| path.rsplit_once('.').map(|(outer, _)| outer));
    around
        .into_iter()
        .find_map(|path| spans.iter().find(|entry| entry.path == path))
        .map(|entry| entry.key.clone())
}

/// Returns what the key at `path` means and which values it may have, as the schema says it.
pub(crate) fn description(root: &Value, path: &str) -> Option<String> {
    let mut found = vec![root];
    for name in path.split('.') {
        let known =
            found.iter().flat_map(|schema| alternatives(root, schema)).flat_map(own_properties);
        found = known.filter(|(candidate, _)| candidate == name).map(|(_, inner)| inner).collect();
    }
    let resolved: Vec<_> = found.iter().flat_map(|property| alternatives(root, property)).collect();
    let described =
        found.iter().chain(&resolved).find_map(|schema| schema.get("description")?.as_str());
    let names: Vec<_> = resolved.iter().flat_map(|schema| values(schema)).collect();
    let names = (!names.is_empty()).then(|| format!("One of: {}.", names.join(", ")));
    let lines: Vec<_> = described.map(str::to_owned).into_iter().chain(names).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Looks through one table: unknown keys leave it, known tables are looked through in turn.
fn walk(
    root: &Value,
    schema: &Value,
    table: &mut DeTable<'_>,
    path: &str,
    unknown: &mut Vec<Unknown>,
) {
    let known = properties(root, schema, table);
    let open = schema_of(root, schema)
        .get("additionalProperties")
        .is_some_and(|more| more != &Value::Bool(false));
    for (key, mut value) in std::mem::take(table) {
        let name = key.get_ref().as_ref();
        let inner_path = join(path, name);
        let property = known.iter().find(|(candidate, _)| candidate == name);
        if property.is_none() && !open {
            let names: Vec<_> = known.iter().map(|(candidate, _)| candidate.as_str()).collect();
            unknown.push(Unknown {
                path: inner_path,
                span: key.span(),
                reason: unknown_key(name, &names),
            });
            continue;
        }
        if let (Some((_, inner)), DeValue::Table(inner_table)) = (property, value.get_mut()) {
            walk(root, inner, inner_table, &inner_path, unknown);
        } else if let (Some((_, inner)), DeValue::Array(items)) = (property, value.get_mut()) {
            let of_item = alternatives(root, inner).into_iter().find_map(|one| one.get("items"));
            for (index, item) in items.iter_mut().enumerate() {
                if let (Some(of_item), DeValue::Table(inner)) = (of_item, item.get_mut()) {
                    walk(root, of_item, inner, &format!("{inner_path}[{index}]"), unknown);
                }
            }
        }
        table.insert(key, value);
    }
}

/// Returns the keys that a table may have: its own properties and those of the variant that its tag names.
fn properties<'s>(
    root: &'s Value,
    schema: &'s Value,
    table: &DeTable<'_>,
) -> Vec<(String, &'s Value)> {
    let all = alternatives(root, schema);
    let tagged: Vec<_> = all.iter().copied().filter(|schema| is_tagged_by(schema, table)).collect();
    let chosen = if tagged.is_empty() {
        all
    } else {
        std::iter::once(schema_of(root, schema)).chain(tagged).collect()
    };
    let mut known: Vec<(String, &Value)> = Vec::new();
    for (name, inner) in chosen.into_iter().flat_map(own_properties) {
        if !known.iter().any(|(candidate, _)| *candidate == name) {
            known.push((name, inner));
        }
    }
    known
}

/// Returns a schema, resolved, and the variants that it combines.
fn alternatives<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let schema = schema_of(root, schema);
    let variants = ["oneOf", "anyOf", "allOf"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword)?.as_array());
    std::iter::once(schema)
        .chain(variants.flatten().map(|variant| schema_of(root, variant)))
        .collect()
}

/// Returns the names that a schema of text enumerates.
fn values(schema: &Value) -> Vec<&str> {
    let many = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    many.chain(schema.get("const")).filter_map(Value::as_str).collect()
}

fn own_properties(schema: &Value) -> Vec<(String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, inner)| (name.clone(), inner)).collect()
}

/// Returns whether a constant property of the variant, such as `kind`, has the table's value.
fn is_tagged_by(variant: &Value, table: &DeTable<'_>) -> bool {
    own_properties(variant).iter().any(|(name, inner)| {
        let tag = inner.get("const").and_then(Value::as_str);
        tag.is_some() && table.get(name.as_str()).and_then(|value| value.get_ref().as_str()) == tag
    })
}

/// Follows `$ref` into the schema's definitions.
fn schema_of<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let target =
        schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

fn unknown_key(name: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate));
    match nearest.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((likeness, candidate)) if likeness >= LIKELY => {
            format!("unknown key; did you mean `{candidate}`?")
        }
        _ => format!("unknown key; valid here: {}", known.join(", ")),
    }
}

fn collect(table: &DeTable<'_>, path: &str, spans: &mut Vec<KeySpan>) {
    for (key, value) in table {
        let inner = join(path, key.get_ref());
        spans.push(KeySpan { path: inner.clone(), key: key.span(), value: value.span() });
        match value.get_ref() {
            DeValue::Table(table) => collect(table, &inner, spans),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let inner = format!("{inner}[{index}]");
                    spans.push(KeySpan {
                        path: inner.clone(),
                        key: item.span(),
                        value: item.span(),
                    });
                    if let DeValue::Table(table) = item.get_ref() {
                        collect(table, &inner, spans);
                    }
                }
            }
            _ => {}
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Jaro-Winkler likeness from which a key is more likely a misspelling than another idea.
const LIKELY: f64 = 0.8;
