//! What a schema must hold to, and the sink of a field.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::Error;

/// Where a field of a tool's arguments goes, as `x-sink` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ToolSink {
    /// `path`: a path beneath a [`Root`](crate::Root).
    Path,
    /// `url`: an address that a [`UrlPolicy`](crate::UrlPolicy) allows.
    Url,
    /// `argv`: an argument of a [`Program`](crate::Program).
    Argv,
    /// `sql`: a value or an identifier of a statement.
    Sql,
    /// `filename`: the name under which a file is kept.
    Filename,
    /// `header`: a value of a header.
    Header,
    /// `html`: content of a page.
    Html,
    /// `log`: a line of a log.
    Log,
}

impl ToolSink {
    /// Every one, in the order of declaration.
    pub const ALL: &[Self] = &[
        Self::Path,
        Self::Url,
        Self::Argv,
        Self::Sql,
        Self::Filename,
        Self::Header,
        Self::Html,
        Self::Log,
    ];

    /// Returns the name, as `x-sink` writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Url => "url",
            Self::Argv => "argv",
            Self::Sql => "sql",
            Self::Filename => "filename",
            Self::Header => "header",
            Self::Html => "html",
            Self::Log => "log",
        }
    }
}

/// The keyword.
const X_SINK: &str = "x-sink";

/// The only draft, with and without the empty fragment.
const DRAFTS: [&str; 2] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2020-12/schema#",
];

/// Keywords that change what a reference means.
const REBASING: [&str; 6] =
    ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary"];

/// Keywords with one schema, and with several, in which a field's sink is not looked for.
const APART: [&str; 10] = [
    "not",
    "if",
    "then",
    "else",
    "additionalProperties",
    "propertyNames",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];
const APART_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const APART_MAPS: [&str; 2] = ["patternProperties", "dependentSchemas"];

/// No reference leads through more of them. It bounds how deep this module and the validator call themselves.
const HOPS: usize = 16;

/// Keywords whose value is no schema but data, in which nothing is a keyword.
const DATA: [&str; 5] = ["const", "enum", "default", "examples", "required"];

/// Checks a schema before anything is made of it.
pub(super) fn check(schema: &Value) -> Result<(), Error> {
    if !schema.is_object() {
        return Err(wrong("", "a schema of arguments is an object"));
    }
    Walk { root: schema, apart: HashSet::new(), circles: HashMap::new() }.visit(
        schema,
        "",
        Place::Followed,
    )
}

const NOT_FOLLOWED: &str =
    "x-sink is followed only through properties, items, prefixItems and references";

/// Whether a field's sink is looked for at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Followed,
    Apart,
}

struct Walk<'s> {
    root: &'s Value,
    /// References that were looked at from places apart.
    apart: HashSet<&'s str>,
    /// References that were followed for circles.
    circles: HashMap<&'s str, Trail>,
}

/// How far the search for circles is with a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trail {
    Open,
    /// It leads through so many references.
    Closed(usize),
}

/// Keywords that look at the same value again: a circle of them never ends.
const SAME_VALUE: [&str; 4] = ["not", "if", "then", "else"];

impl<'s> Walk<'s> {
    fn visit(&mut self, schema: &'s Value, at: &str, place: Place) -> Result<(), Error> {
        let Value::Object(keywords) = schema else { return Ok(()) };
        for name in REBASING {
            if keywords.contains_key(name) {
                return Err(wrong(
                    at,
                    "it has a keyword that changes what references mean: $id, an anchor or the like",
                ));
            }
        }
        if let Some(draft) = keywords.get("$schema")
            && !draft.as_str().is_some_and(|draft| DRAFTS.contains(&draft))
        {
            return Err(wrong(at, "its draft is not 2020-12"));
        }
        sink_is_legal(keywords, at, place)?;
        if let Some(reference) = keywords.get("$ref") {
            let target = reference.as_str().and_then(|reference| local(self.root, reference));
            let Some((reference, target)) = target else {
                return Err(wrong(at, "a reference leads out of the schema, or nowhere"));
            };
            if self.hops(reference, target, 0).is_none() {
                return Err(wrong(
                    at,
                    "a reference leads back to itself without going deeper, or through more than 16 references",
                ));
            }
            if place == Place::Apart && self.apart.insert(reference) {
                self.visit(target, at, Place::Apart)?;
            }
        }
        self.children(keywords, at, place)
    }

    /// Returns through how many references one leads that all look at the same value; `None` when it leads back to
    /// itself, or through too many.
    fn hops(&mut self, reference: &'s str, target: &'s Value, before: usize) -> Option<usize> {
        match self.circles.get(reference) {
            Some(Trail::Open) => return None,
            Some(Trail::Closed(hops)) => return Some(*hops),
            None => {}
        }
        if before >= HOPS {
            return None;
        }
        self.circles.insert(reference, Trail::Open);
        let hops = self.hops_within(target, before + 1)? + 1;
        self.circles.insert(reference, Trail::Closed(hops));
        (hops <= HOPS).then_some(hops)
    }

    fn hops_within(&mut self, schema: &'s Value, before: usize) -> Option<usize> {
        let root = self.root;
        let reference =
            schema.get("$ref").and_then(Value::as_str).and_then(|reference| local(root, reference));
        let mut most = match reference {
            Some((reference, target)) => self.hops(reference, target, before)?,
            None => 0,
        };
        let lists = APART_LISTS.iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
        let single = SAME_VALUE.iter().filter_map(|name| schema.get(name));
        let maps = schema
            .get("dependentSchemas")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::values);
        for schema in lists.chain(single).chain(maps) {
            most = most.max(self.hops_within(schema, before)?);
        }
        Some(most)
    }

    fn children(
        &mut self,
        keywords: &'s Map<String, Value>,
        at: &str,
        place: Place,
    ) -> Result<(), Error> {
        for (name, value) in keywords {
            let below = format!("{at}/{name}");
            let inner = if APART.contains(&name.as_str())
                || APART_LISTS.contains(&name.as_str())
                || APART_MAPS.contains(&name.as_str())
            {
                Place::Apart
            } else {
                place
            };
            match (name.as_str(), value) {
                (
                    "properties" | "$defs" | "definitions" | "patternProperties"
                    | "dependentSchemas",
                    Value::Object(map),
                ) => {
                    for (key, schema) in map {
                        self.visit(schema, &format!("{below}/{key}"), inner)?;
                    }
                }
                ("prefixItems" | "allOf" | "anyOf" | "oneOf", Value::Array(list)) => {
                    for (index, schema) in list.iter().enumerate() {
                        self.visit(schema, &format!("{below}/{index}"), inner)?;
                    }
                }
                ("items", schema) => self.visit(schema, &below, inner)?,
                (name, schema) if APART.contains(&name) => self.visit(schema, &below, inner)?,
                (name, value) if !DATA.contains(&name) && mentions_sink(value) => {
                    return Err(wrong(&below, NOT_FOLLOWED));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Tells whether `x-sink` stands anywhere in the value of a keyword that is no keyword of this draft.
fn mentions_sink(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.contains_key(X_SINK) || map.values().any(mentions_sink),
        Value::Array(list) => list.iter().any(mentions_sink),
        _ => false,
    }
}

fn sink_is_legal(keywords: &Map<String, Value>, at: &str, place: Place) -> Result<(), Error> {
    let Some(sink) = keywords.get(X_SINK) else { return Ok(()) };
    if !sink.as_str().is_some_and(|name| ToolSink::ALL.iter().any(|sink| sink.as_str() == name)) {
        return Err(wrong(
            at,
            "x-sink is none of path, url, argv, sql, filename, header, html and log",
        ));
    }
    let is_text = match keywords.get("type") {
        Some(Value::String(name)) => name == "string",
        Some(Value::Array(names)) => {
            names.iter().any(|name| name == "string")
                && names.iter().all(|name| name == "string" || name == "null")
        }
        _ => false,
    };
    if !is_text {
        return Err(wrong(at, "x-sink needs \"type\": \"string\" beside it"));
    }
    if place == Place::Apart {
        return Err(wrong(at, NOT_FOLLOWED));
    }
    Ok(())
}

/// Returns the sink of a field, which is found through properties, items and references.
pub(super) fn sink_of(root: &Value, pointer: &str) -> Option<ToolSink> {
    let mut here = expand(root, root);
    for part in pointer.split('/').skip(1) {
        let key = part.replace("~1", "/").replace("~0", "~");
        let mut below = Vec::new();
        for schema in here {
            let property = schema.get("properties").and_then(|map| map.get(&key));
            let index = key.parse::<usize>().ok();
            let fixed = index.and_then(|index| schema.get("prefixItems")?.get(index));
            let item = index.and_then(|_| schema.get("items"));
            for found in [property, fixed.or(item)].into_iter().flatten() {
                below.extend(expand(root, found));
            }
        }
        here = below;
    }
    let name = here.iter().find_map(|schema| schema.get(X_SINK)?.as_str())?;
    ToolSink::ALL.iter().copied().find(|sink| sink.as_str() == name)
}

/// Returns a schema with those that its references lead to.
fn expand<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let mut found = vec![schema];
    let mut last = schema;
    for _ in 0..HOPS {
        let target =
            last.get("$ref").and_then(Value::as_str).and_then(|reference| local(root, reference));
        let Some((_, target)) = target else { break };
        found.push(target);
        last = target;
    }
    found
}

/// Returns what a reference within the schema leads to: the schema itself, or one of its definitions. Anything else
/// may be no schema, and an encoded name may be read in two ways.
fn local<'s>(root: &'s Value, reference: &'s str) -> Option<(&'s str, &'s Value)> {
    let pointer = reference.strip_prefix('#')?;
    let name = pointer.strip_prefix("/$defs/").or_else(|| pointer.strip_prefix("/definitions/"));
    if !pointer.is_empty() && name.is_none_or(|name| name.contains(['%', '~', '/'])) {
        return None;
    }
    root.pointer(pointer).map(|target| (reference, target))
}

fn wrong(at: &str, reason: &'static str) -> Error {
    Error::ToolSchema { at: at.to_owned(), reason }
}
