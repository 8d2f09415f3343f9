//! Revisions of Alembic.

use std::collections::{BTreeMap, BTreeSet};

use wardkit_audit::{Fact, Sink, SourceFile};

use super::{CHECK, Whole, listed};
use crate::found::place;
use crate::project::graph::cycles;
use crate::project::syntax::{is_plain, strings};
use crate::project::{keep, tell};
use crate::source::{Node, Parsed};

/// Keeps the revision of a file and those that it comes after.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    let mut values: BTreeMap<String, (Node<'_>, Vec<String>)> = BTreeMap::new();
    for statement in parsed.root().children() {
        let Some(set) = statement.children().find(|child| child.kind() == "assignment") else {
            continue;
        };
        if let (Some(name), Some(value)) = (set.field("left"), set.field("right")) {
            let is_computed =
                !matches!(value.kind().as_ref(), "string" | "tuple" | "list" | "none");
            let words = if is_computed { vec![UNKNOWN.to_owned()] } else { strings(&value) };
            values.insert(name.text().into_owned(), (set, words));
        }
    }
    let Some((node, revision)) = values.get("revision") else { return };
    let words =
        |name: &str| values.get(name).map(|(_, words)| words.as_slice()).unwrap_or_default();
    let parents = words("down_revision");
    let all = revision.iter().chain(parents).chain(words("branch_labels"));
    if revision.len() != 1
        || revision[0] == UNKNOWN
        || !all.clone().all(|word| word == UNKNOWN || is_plain(word))
    {
        return;
    }
    let text = [&revision[0], &parents.join(","), &words("branch_labels").join(",")]
        .map(String::as_str)
        .join("\t");
    keep(FACT, place(file, node), text, sink);
}

/// Judges each folder of revisions by itself; the parents may lie in another.
pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    let all: Vec<Revision<'_>> = whole.project.facts(FACT).filter_map(Revision::read).collect();
    let mut folders: BTreeMap<&str, Vec<&Revision<'_>>> = BTreeMap::new();
    for revision in &all {
        folders.entry(folder(&revision.fact.place.path)).or_default().push(revision);
    }
    for revisions in folders.values() {
        let scope = whole.scopes.of_file(&revisions[0].fact.place.path);
        let of_project: Vec<&Revision<'_>> = all
            .iter()
            .filter(|revision| whole.scopes.of_file(&revision.fact.place.path) == scope)
            .collect();
        twice(revisions, sink);
        gaps(revisions, &of_project, sink);
        heads(revisions, &of_project, sink);
        circles(revisions, sink);
    }
}

/// A revision, as its fact has it.
struct Revision<'f> {
    fact: &'f Fact,
    name: &'f str,
    parents: Vec<&'f str>,
    is_labelled: bool,
}

impl<'f> Revision<'f> {
    fn read(fact: &'f Fact) -> Option<Self> {
        let mut parts = fact.text.split('\t');
        let name = parts.next()?;
        let parents = parts.next()?.split(',').filter(|name| !name.is_empty()).collect();
        Some(Self {
            fact,
            name,
            parents,
            is_labelled: parts.next().is_some_and(|it| !it.is_empty()),
        })
    }
}

/// Returns the folder that holds all revisions, which may lie in folders by year.
fn folder(path: &str) -> &str {
    match path.find("versions/") {
        Some(at) if at == 0 || path.as_bytes()[at - 1] == b'/' => &path[..at + "versions".len()],
        _ => path.rsplit_once('/').map_or("", |(folder, _)| folder),
    }
}

fn twice(revisions: &[&Revision<'_>], sink: &mut Sink) {
    let mut seen: BTreeMap<&str, &Revision<'_>> = BTreeMap::new();
    for revision in revisions {
        if let Some(first) = seen.insert(revision.name, revision) {
            let current =
                format!("{} is the revision of {}, too.", revision.name, first.fact.place.path);
            tell(CHECK, revision.fact.place.clone(), revision.name, current, sink);
        }
    }
}

fn gaps(revisions: &[&Revision<'_>], all: &[&Revision<'_>], sink: &mut Sink) {
    let known: BTreeSet<&str> = all.iter().map(|revision| revision.name).collect();
    // A parent may be named by the first signs of its name.
    let is_known = |name: &str| {
        known.contains(name) || known.range(name..).next().is_some_and(|one| one.starts_with(name))
    };
    for revision in revisions {
        for parent in &revision.parents {
            if *parent != UNKNOWN && !parent.contains('@') && !is_known(parent) {
                let current = format!(
                    "{} comes after {parent}, and there is none of that name.",
                    revision.name
                );
                tell(CHECK, revision.fact.place.clone(), revision.name, current, sink);
            }
        }
    }
}

fn heads(revisions: &[&Revision<'_>], all: &[&Revision<'_>], sink: &mut Sink) {
    if all.iter().any(|revision| revision.parents.contains(&UNKNOWN)) {
        return;
    }
    let parents: BTreeSet<&str> =
        all.iter().flat_map(|revision| revision.parents.iter().copied()).collect();
    let is_parent = |name: &str| parents.iter().any(|parent| name.starts_with(*parent));
    let by_name: BTreeMap<&str, &Revision<'_>> =
        all.iter().map(|revision| (revision.name, *revision)).collect();
    // Who labels a branch means to have several, and says which one he upgrades.
    let heads: Vec<&&Revision<'_>> = revisions
        .iter()
        .filter(|revision| !is_parent(revision.name) && !is_labelled(revision, &by_name))
        .collect();
    let Some((last, others)) = heads.split_last() else { return };
    if others.is_empty() {
        return;
    }
    let mut names: Vec<&str> = heads.iter().map(|head| head.name).collect();
    names.sort_unstable();
    let current = format!("Nothing comes after any of {}: `upgrade head` fails.", listed(&names));
    let mut finding = super::super::found(
        CHECK,
        wardkit_audit::Status::Fail,
        last.fact.place.clone(),
        &names.join(" "),
        current,
    );
    for other in others {
        finding = finding.at(other.fact.place.clone());
    }
    sink.report(finding);
}

/// Whether a revision or one before it has a label.
fn is_labelled(head: &Revision<'_>, by_name: &BTreeMap<&str, &Revision<'_>>) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![head.name]);
    while let Some(name) = next.pop() {
        let Some(revision) = by_name.get(name).filter(|_| seen.insert(name)) else { continue };
        if revision.is_labelled {
            return true;
        }
        next.extend(&revision.parents);
    }
    false
}

fn circles(revisions: &[&Revision<'_>], sink: &mut Sink) {
    let at: BTreeMap<&str, usize> =
        revisions.iter().enumerate().map(|(at, revision)| (revision.name, at)).collect();
    let edges: Vec<Vec<usize>> = revisions
        .iter()
        .map(|revision| revision.parents.iter().filter_map(|name| at.get(name).copied()).collect())
        .collect();
    for cycle in cycles(&edges) {
        let names: Vec<&str> = cycle.iter().map(|at| revisions[*at].name).collect();
        let current = format!("{} come after each other.", listed(&names));
        let place = revisions[cycle[0]].fact.place.clone();
        tell(CHECK, place, &names.join(" "), current, sink);
    }
}

const FACT: &str = "alembic";

/// A name that is computed.
const UNKNOWN: &str = "?";
