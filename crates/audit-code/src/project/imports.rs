//! Modules that import each other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use wardkit_audit::{Location, Sink, SourceFile};

use super::graph::cycles;
use super::syntax::{is_in_function, is_plain, string};
use super::{Whole, keep, tell};
use crate::found::place;
use crate::source::{Language, Node, Parsed};
use crate::testcode;

/// Keeps what a source imports when it is loaded.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    if testcode::is_test(file.path()) {
        return;
    }
    let root = parsed.root();
    let mut seen = BTreeSet::new();
    for node in root.dfs() {
        let modules = match parsed.language() {
            Language::Python => of_python(&node),
            Language::Rust => return,
            _ => of_script(&node),
        };
        for module in modules {
            if is_plain(&module) && seen.insert(module.clone()) {
                keep(FACT, place(file, &node), module, sink);
            }
        }
    }
}

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    if !sink.wants(CHECK) {
        return;
    }
    let files = whole.project.files();
    let at: BTreeMap<&str, usize> =
        files.iter().enumerate().map(|(at, path)| (path.as_str(), at)).collect();
    let mut edges = vec![Vec::new(); files.len()];
    let mut lines: BTreeMap<(usize, usize), &Location> = BTreeMap::new();
    for fact in whole.project.facts(FACT) {
        let Some(from) = at.get(fact.place.path.as_str()).copied() else { continue };
        let known = |path: &str| at.get(path).copied();
        let scope = whole.scopes.of_file(&fact.place.path);
        let to = if Language::of(&fact.place.path) == Some(Language::Python) {
            python(&fact.place.path, scope, &fact.text, &known)
        } else {
            script(&fact.place.path, &fact.text, &known)
        };
        if let Some(to) = to.filter(|to| *to != from) {
            edges[from].push(to);
            lines.entry((from, to)).or_insert(&fact.place);
        }
    }
    for cycle in cycles(&edges) {
        let names: Vec<&str> = cycle.iter().map(|at| files[*at].as_str()).collect();
        let inside =
            |pair: &&(usize, usize)| pair.0 == cycle[0] && cycle.binary_search(&pair.1).is_ok();
        let Some(place) = lines.keys().find(inside).and_then(|pair| lines.get(pair)) else {
            continue;
        };
        let shown = names.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(MOST_NAMED);
        let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
        let current = format!("{shown}{rest} import each other.");
        tell(CHECK, (*place).clone(), &names.join(" "), current, sink);
    }
}

/// Returns what a statement of Python imports when its module is loaded: `..a.b`, and `a.b/c` for `from a.b import c`.
fn of_python(node: &Node<'_>) -> Vec<String> {
    let kind = node.kind();
    let is_import = matches!(kind.as_ref(), "import_statement" | "import_from_statement");
    if !is_import || is_in_function(node) || is_for_types(node) {
        return Vec::new();
    }
    let names = node
        .children()
        .filter(|child| matches!(child.kind().as_ref(), "dotted_name" | "aliased_import"));
    let plain = |name: Node<'_>| {
        name.field("name").map_or_else(|| name.text().into_owned(), |it| it.text().into_owned())
    };
    if kind == "import_statement" {
        return names.map(plain).collect();
    }
    let Some(module) = node.field("module_name") else { return Vec::new() };
    let from = module.range();
    let names: Vec<String> = names.filter(|name| name.range() != from).map(plain).collect();
    let module = module.text().into_owned();
    if names.is_empty() {
        return vec![module];
    }
    names.into_iter().map(|name| format!("{module}/{name}")).collect()
}

/// Whether it is read by type checkers alone.
fn is_for_types(node: &Node<'_>) -> bool {
    node.ancestors().any(|above| {
        above.kind() == "if_statement"
            && above.field("condition").is_some_and(|it| it.text().ends_with("TYPE_CHECKING"))
    })
}

/// Returns what a statement of JavaScript or TypeScript imports from beside it.
fn of_script(node: &Node<'_>) -> Vec<String> {
    let source = match node.kind().as_ref() {
        "import_statement" | "export_statement" => {
            let is_type = node.children().any(|child| child.kind() == "type");
            if is_type { None } else { node.field("source") }
        }
        "call_expression" if node.field("function").is_some_and(|it| it.text() == "require") => {
            let first = node.field("arguments").and_then(|all| all.child(1));
            first.filter(|_| !is_in_function(node))
        }
        _ => None,
    };
    let path = source.and_then(|source| string(&source).map(Cow::into_owned));
    path.filter(|path| path.starts_with("./") || path.starts_with("../")).into_iter().collect()
}

/// Returns the file of a module, as Python looks for it.
fn python(
    path: &str,
    scope: &str,
    module: &str,
    known: &dyn Fn(&str) -> Option<usize>,
) -> Option<usize> {
    let (module, name) =
        module.split_once('/').map_or((module, None), |(it, name)| (it, Some(name)));
    let dots = module.len() - module.trim_start_matches('.').len();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let below = module[dots..].replace('.', "/");
    let find = |base: &str| {
        let whole = joined(base, &below);
        let inner = name.and_then(|name| {
            let inner = joined(&whole, name);
            known(&format!("{inner}.py")).or_else(|| known(&format!("{inner}/__init__.py")))
        });
        inner
            .or_else(|| known(&format!("{whole}.py")))
            .or_else(|| known(joined(&whole, "__init__.py").as_str()))
    };
    if dots > 0 {
        let mut base = folder;
        for _ in 1..dots {
            base = base.rsplit_once('/').map_or("", |(above, _)| above);
        }
        return find(base);
    }
    let roots = [scope.to_owned(), joined(scope, "src"), String::new(), "src".to_owned()];
    roots.iter().find_map(|root| find(root))
}

/// Returns the file of a module, as bundlers and Node look for it.
fn script(path: &str, module: &str, known: &dyn Fn(&str) -> Option<usize>) -> Option<usize> {
    let mut folder: Vec<&str> = path.split('/').collect();
    folder.pop();
    for part in module.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                folder.pop()?;
            }
            part => folder.push(part),
        }
    }
    let base = folder.join("/");
    // TypeScript names the file that it becomes.
    let stem = base.strip_suffix(".js").or_else(|| base.strip_suffix(".mjs"));
    let ends = |base: &str| ENDS.iter().find_map(|end| known(&format!("{base}{end}")));
    known(&base).or_else(|| ends(&base)).or_else(|| ends(stem?))
}

fn joined(folder: &str, name: &str) -> String {
    match (folder.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (_, true) => folder.to_owned(),
        _ => format!("{folder}/{name}"),
    }
}

const CHECK: &str = "q-import-cycle";

const FACT: &str = "import";

/// A person reads no more of them.
const MOST_NAMED: usize = 5;

const ENDS: [&str; 12] = [
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".mts",
    ".cts",
    "/index.ts",
    "/index.js",
    "/index.tsx",
    "/index.mjs",
];
