//! Enumerations that the code and the database both have.

use std::collections::{BTreeMap, BTreeSet};

use wardkit_audit::{Fact, Sink, SourceFile};

use crate::found::place;
use crate::project::syntax::{is_plain, string};
use crate::project::{Whole, keep, tell};
use crate::source::{Node, Parsed};

/// Keeps the enumerations of a source, and the types of the database that it makes.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    let text = parsed.text();
    if !["Enum", "ENUM", "TYPE"].iter().any(|word| text.contains(word)) {
        return;
    }
    let root = parsed.root();
    for node in root.dfs() {
        match node.kind().as_ref() {
            "class_definition" => {
                if let Some(text) = of_class(&node) {
                    keep(CODE, place(file, &node), text, sink);
                }
            }
            "call" => {
                if let Some(text) = of_call(&node) {
                    keep(TYPE, place(file, &node), text, sink);
                }
            }
            "string" => {
                let Some(sql) = string(&node) else { continue };
                for text in of_sql(&sql) {
                    keep(TYPE, place(file, &node), text, sink);
                }
            }
            _ => {}
        }
    }
}

/// Compares enumerations of the same name in a project.
pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    let mut types: BTreeMap<(&str, String), Type> = BTreeMap::new();
    let mut take = |path: &str, text: &str| {
        let Some((name, values)) = text.split_once('\t') else { return };
        let scope = scope_of(whole, path);
        let known = types.entry((scope, plain(name))).or_default();
        known.values.extend(values.split(',').map(str::to_owned));
    };
    for fact in whole.project.facts(TYPE) {
        take(&fact.place.path, &fact.text);
    }
    if whole.project.facts(CODE).next().is_some() {
        let is_sql = |path: &&String| path.rsplit_once('.').is_some_and(|(_, end)| end == "sql");
        for path in whole.project.files().iter().filter(is_sql).take(MOST_FILES) {
            let Some(sql) = whole.project.read(path) else { continue };
            for text in of_sql(&sql) {
                take(path, &text);
            }
        }
    }
    for fact in whole.project.facts(CODE) {
        let Some((name, _)) = fact.text.split_once('\t') else { continue };
        let scope = whole.scopes.of_file(&fact.place.path);
        if let Some(known) = types.get(&(scope, plain(name))) {
            compare(fact, name, known, sink);
        }
    }
}

/// A type of the database, as all migrations together make it.
#[derive(Default)]
struct Type {
    values: BTreeSet<String>,
}

fn scope_of<'p>(whole: &Whole<'p>, path: &str) -> &'p str {
    let files = whole.project.files();
    let at = files.binary_search_by(|one| one.as_str().cmp(path));
    at.map_or("", |at| whole.scopes.of_file(&files[at]))
}

fn compare(fact: &Fact, name: &str, known: &Type, sink: &mut Sink) {
    let members: Vec<(&str, &str)> = fact
        .text
        .split_once('\t')
        .map(|(_, members)| members.split(',').filter_map(|one| one.split_once('=')).collect())
        .unwrap_or_default();
    // SQLAlchemy writes the names of members, unless it is told to write their values.
    let by = |is_name: bool| -> Vec<&str> {
        members.iter().map(|(name, value)| if is_name { *name } else { *value }).collect()
    };
    let shared = |words: &[&str]| words.iter().filter(|word| known.values.contains(**word)).count();
    let (names, values) = (by(true), by(false));
    let words = if shared(&names) > shared(&values) { names } else { values };
    // Nothing in common: another thing of the same name.
    if shared(&words) == 0 {
        return;
    }
    let missing: Vec<&str> =
        words.iter().copied().filter(|word| !known.values.contains(*word)).collect();
    let besides: Vec<&str> =
        known.values.iter().map(String::as_str).filter(|value| !words.contains(value)).collect();
    let mut said = Vec::new();
    if !missing.is_empty() {
        said.push(format!("the database does not know {}", missing.join(", ")));
    }
    if !besides.is_empty() {
        said.push(format!("the code does not know {}", besides.join(", ")));
    }
    if !said.is_empty() {
        let current = format!("Of {name}, {}.", said.join(", and "));
        tell(CHECK, fact.place.clone(), name, current, sink);
    }
}

/// Returns the name of an enumeration, and its members with their values.
fn of_class(class: &Node<'_>) -> Option<String> {
    let bases = class.field("superclasses")?.text().into_owned();
    if !bases.contains("Enum") {
        return None;
    }
    let mut members = Vec::new();
    for statement in class.field("body")?.children() {
        let Some(set) = statement.children().find(|it| it.kind() == "assignment") else { continue };
        let (name, value) = (set.field("left")?, set.field("right")?);
        let value = match value.kind().as_ref() {
            "string" => string(&value)?.into_owned(),
            // `auto()` of a StrEnum.
            "call" if bases.contains("StrEnum") => name.text().to_lowercase(),
            _ => name.text().into_owned(),
        };
        if !is_plain(&value) || !is_plain(&name.text()) {
            return None;
        }
        members.push(format!("{}={value}", name.text()));
    }
    (!members.is_empty()).then(|| {
        format!(
            "{}\t{}",
            class.field("name").map_or_else(String::new, |it| it.text().into_owned()),
            members.join(",")
        )
    })
}

/// Returns the type that `Enum('a', 'b', name='status')` makes.
fn of_call(call: &Node<'_>) -> Option<String> {
    let callee = call.field("function")?.text().into_owned();
    if !matches!(callee.rsplit('.').next()?, "Enum" | "ENUM") {
        return None;
    }
    let arguments = call.field("arguments")?;
    let mut values = Vec::new();
    let mut name = None;
    for argument in arguments.children() {
        if argument.kind() == "keyword_argument" {
            if argument.field("name")?.text() == "name" {
                name = Some(string(&argument.field("value")?)?.into_owned());
            }
        } else if let Some(value) = string(&argument) {
            values.push(value.into_owned());
        }
    }
    let name = name.filter(|name| is_plain(name))?;
    let is_whole = !values.is_empty() && values.iter().all(|value| is_plain(value));
    is_whole.then(|| format!("{name}\t{}", values.join(",")))
}

/// Returns the types that SQL makes, and the values that it adds.
fn of_sql(sql: &str) -> Vec<String> {
    let mut types = Vec::new();
    for statement in sql.split(';') {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let is =
            |at: usize, word: &str| words.get(at).is_some_and(|it| it.eq_ignore_ascii_case(word));
        let Some(begin) = (0..words.len())
            .find(|at| is(at + 1, "type") && (is(*at, "create") || is(*at, "alter")))
        else {
            continue;
        };
        let Some(name) = words.get(begin + 2) else { continue };
        let name = name.rsplit('.').next().unwrap_or_default().trim_matches('"');
        let is_new = is(begin, "create")
            && words.iter().any(|it| it.to_ascii_lowercase().starts_with("enum"));
        let is_more = is(begin, "alter") && is(begin + 3, "add") && is(begin + 4, "value");
        if !(is_new || is_more) || !is_plain(name) {
            continue;
        }
        let mut values: Vec<&str> = statement.split('\'').skip(1).step_by(2).collect();
        // `ADD VALUE 'c' AFTER 'b'` adds one.
        if is_more {
            values.truncate(1);
        }
        if !values.is_empty() && values.iter().all(|value| is_plain(value)) {
            types.push(format!("{name}\t{}", values.join(",")));
        }
    }
    types
}

/// `OrderStatus`, `order_status` and `orderstatus_enum` are one.
fn plain(name: &str) -> String {
    let lower = name.to_ascii_lowercase().replace('_', "");
    let stem = lower.strip_suffix("enum").or_else(|| lower.strip_suffix("type")).unwrap_or(&lower);
    stem.to_owned()
}

pub(super) const CHECK: &str = "db-enum-drift";

const CODE: &str = "enum";

const TYPE: &str = "enum-type";

/// A project with more has them generated.
const MOST_FILES: usize = 5000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_sql_are_read() {
        let check = |sql: &str, expected: &[&str]| assert_eq!(of_sql(sql), expected, "{sql}");
        check("CREATE TYPE public.status AS ENUM ('new', 'paid');", &["status\tnew,paid"]);
        check("alter type \"status\" add value 'gone' after 'paid'", &["status\tgone"]);
        check("CREATE TYPE point AS (x int); select 'a'", &[]);
        check("CREATE TYPE", &[]);
    }
}
