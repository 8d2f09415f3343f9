//! Columns of models that nothing names.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use wardkit_audit::{Fact, Sink, SourceFile};

use crate::found::place;
use crate::project::syntax::is_plain;
use crate::project::{Whole, keep, tell};
use crate::source::{Node, Parsed};

/// Keeps the columns of models.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    if !COLUMNS.iter().any(|word| parsed.text().contains(word)) {
        return;
    }
    let root = parsed.root();
    for class in root.dfs().filter(|node| node.kind() == "class_definition") {
        let (Some(name), Some(body)) = (class.field("name"), class.field("body")) else { continue };
        if !class.field("superclasses").is_some_and(|it| is_model(&it.text())) {
            continue;
        }
        for statement in body.children() {
            let Some(set) = statement.children().find(|it| it.kind() == "assignment") else {
                continue;
            };
            if let Some(column) = column(&set) {
                keep(FACT, place(file, &set), format!("{}.{column}", name.text()), sink);
            }
        }
    }
}

/// Tells columns whose names stand nowhere but where they are defined. Migrations do not count.
pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    let mut scopes: BTreeMap<&str, Vec<(&Fact, &str, &str)>> = BTreeMap::new();
    for fact in whole.project.facts(FACT) {
        if let Some((class, column)) = fact.text.split_once('.') {
            let scope = whole.scopes.of_file(&fact.place.path);
            scopes.entry(scope).or_default().push((fact, class, column));
        }
    }
    for (scope, columns) in scopes {
        let names: BTreeSet<&str> = columns.iter().map(|(_, _, column)| *column).collect();
        let Some(counts) = counted(whole, scope, &names) else { continue };
        let mut defined: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, _, column) in &columns {
            *defined.entry(column).or_default() += 1;
        }
        for (fact, class, column) in &columns {
            if counts.get(column) <= defined.get(column) {
                let current = format!("{class}.{column} stands nowhere but in the model.");
                tell(CHECK, fact.place.clone(), &fact.text, current, sink);
            }
        }
    }
}

/// Returns the column that a statement defines, when somebody has to name it for it to be of use.
fn column(set: &Node<'_>) -> Option<String> {
    let name = set.field("left")?.text().into_owned();
    let value = set.field("right")?;
    if value.kind() != "call" || name.starts_with('_') || !is_plain(&name) || name.len() < 3 {
        return None;
    }
    let callee = value.field("function")?.text().into_owned();
    let last = callee.rsplit('.').next().unwrap_or_default();
    let is_column = matches!(last, "Column" | "mapped_column")
        || callee.starts_with("models.") && last.ends_with("Field") && !last.contains("ManyToMany");
    let given = value.field("arguments")?.text().into_owned();
    let fills_itself = FILLED.iter().any(|word| given.contains(word));
    // `Column("other_name", ...)` has another name in the table.
    (is_column
        && !fills_itself
        && !given.trim_start_matches('(').trim_start().starts_with(['"', '\'']))
    .then_some(name)
}

fn is_model(bases: &str) -> bool {
    ["Base", "Model", "DeclarativeBase"].iter().any(|base| bases.contains(base))
}

/// Counts how often words stand in the sources of a project.
fn counted<'n>(
    whole: &Whole<'_>,
    scope: &str,
    names: &BTreeSet<&'n str>,
) -> Option<BTreeMap<&'n str, usize>> {
    let list: Vec<&str> = names.iter().copied().collect();
    let search = AhoCorasick::new(&list).ok()?;
    let is_source = |path: &&String| {
        let end = path.rsplit_once('.').map_or("", |(_, end)| end);
        ENDS.contains(&end)
            && !path.contains("migrations/")
            && !path.contains("versions/")
            && whole.scopes.of_file(path) == scope
    };
    let mut counts = BTreeMap::new();
    for text in
        whole.project.files().iter().filter(is_source).filter_map(|path| whole.project.read(path))
    {
        for found in search.find_overlapping_iter(&text) {
            let is_word =
                |sign: Option<char>| sign.is_some_and(|it| it.is_alphanumeric() || it == '_');
            let before = text[..found.start()].chars().next_back();
            if !is_word(before) && !is_word(text[found.end()..].chars().next()) {
                *counts.entry(list[found.pattern().as_usize()]).or_default() += 1;
            }
        }
    }
    Some(counts)
}

pub(super) const CHECK: &str = "db-column-unused";

const FACT: &str = "column";

const COLUMNS: [&str; 3] = ["Column(", "mapped_column(", "models."];

/// Columns that the database fills or needs by itself.
const FILLED: [&str; 8] = [
    "primary_key",
    "ForeignKey",
    "server_default",
    "onupdate",
    "auto_now",
    "default_factory",
    "Computed(",
    "deferred=",
];

const ENDS: [&str; 12] =
    ["py", "js", "ts", "tsx", "jsx", "sql", "html", "j2", "jinja2", "jinja", "vue", "rs"];
