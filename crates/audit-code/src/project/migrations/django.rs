//! Migrations of Django.

use std::collections::{BTreeMap, BTreeSet};

use wardkit_audit::{Fact, Finding, Sink, SourceFile, Status};

use super::{CHECK, Whole, listed};
use crate::found::place;
use crate::project::graph::cycles;
use crate::project::syntax::{is_plain, strings};
use crate::project::{found, keep, tell};
use crate::source::{Node, Parsed};

/// Keeps what a migration comes after, and what it stands for.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    if app(file.path()).is_none() {
        return;
    }
    let root = parsed.root();
    let class = root.children().find(|child| {
        child.kind() == "class_definition"
            && child.field("name").is_some_and(|name| name.text() == "Migration")
    });
    let Some(class) = class else { return };
    let Some(body) = class.field("body") else { return };
    let pairs = |name: &str| {
        let sets = body.children().filter_map(|one| {
            let set = one.children().find(|child| child.kind() == "assignment")?;
            (set.field("left")?.text() == name).then(|| set.field("right"))?
        });
        sets.flat_map(|value| pairs(&value)).collect::<Vec<_>>()
    };
    let text = [pairs("dependencies").join(","), pairs("replaces").join(",")].join("\t");
    keep(FACT, place(file, &class), text, sink);
}

/// Judges the migrations of each app.
pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    let mut folders: BTreeMap<&str, Vec<Migration<'_>>> = BTreeMap::new();
    for migration in whole.project.facts(FACT).filter_map(Migration::read) {
        folders.entry(migration.folder).or_default().push(migration);
    }
    for migrations in folders.values() {
        of_app(migrations, sink);
    }
}

/// A migration, as its fact has it.
struct Migration<'f> {
    fact: &'f Fact,
    folder: &'f str,
    name: &'f str,
    /// Of the same app.
    after: Vec<&'f str>,
    replaces: Vec<&'f str>,
}

impl<'f> Migration<'f> {
    fn read(fact: &'f Fact) -> Option<Self> {
        let (app, folder, name) = app(&fact.place.path)?;
        let (after, replaces) = fact.text.split_once('\t')?;
        let own = |names: &'f str| -> Vec<&'f str> {
            let own = |pair: &'f str| pair.split_once(':').filter(|(of, _)| *of == app);
            names.split(',').filter_map(own).map(|(_, name)| name).collect()
        };
        Some(Self { fact, folder, name, after: own(after), replaces: own(replaces) })
    }
}

/// Returns the app, the folder and the name of a migration, by its path.
fn app(path: &str) -> Option<(&str, &str, &str)> {
    let (folder, name) = path.rsplit_once('/')?;
    let above = folder.strip_suffix("/migrations")?;
    let app = above.rsplit('/').next()?;
    Some((app, folder, name.strip_suffix(".py")?))
}

/// Returns the pairs of strings that a list has, as `app:name`.
fn pairs(list: &Node<'_>) -> Vec<String> {
    let tuples = list.children().filter(|child| child.kind() == "tuple");
    let words = tuples.map(|tuple| strings(&tuple));
    words
        .filter(|words| words.len() == 2 && words.iter().all(|word| is_plain(word)))
        .map(|words| words.join(":"))
        .collect()
}

fn of_app(migrations: &[Migration<'_>], sink: &mut Sink) {
    // What one migration stands for is no other: whoever comes after it comes after that one.
    let mut stands: BTreeMap<&str, &str> = BTreeMap::new();
    for migration in migrations {
        stands.extend(migration.replaces.iter().map(|name| (*name, migration.name)));
    }
    let real = |name| stands.get(name).copied().unwrap_or(name);
    let left: Vec<&Migration<'_>> =
        migrations.iter().filter(|one| !stands.contains_key(one.name)).collect();
    let at: BTreeMap<&str, usize> =
        left.iter().enumerate().map(|(at, one)| (one.name, at)).collect();
    let mut edges = vec![Vec::new(); left.len()];
    let mut followed = BTreeSet::new();
    for migration in migrations {
        let from = at.get(real(migration.name)).copied();
        for name in &migration.after {
            let to = real(name);
            match (from, at.get(to)) {
                // Inside of what one migration stands for.
                (Some(from), Some(to)) if from == *to && migration.name != *name => {}
                (Some(from), Some(to)) => {
                    edges[from].push(*to);
                    followed.insert(*to);
                }
                (_, None) if !name.starts_with("__") => {
                    let current = format!(
                        "{} comes after {name}, and there is none of that name.",
                        migration.name
                    );
                    tell(CHECK, migration.fact.place.clone(), migration.name, current, sink);
                }
                _ => {}
            }
        }
    }
    for cycle in cycles(&edges) {
        let names: Vec<&str> = cycle.iter().map(|at| left[*at].name).collect();
        let current = format!("{} come after each other.", listed(&names));
        tell(CHECK, left[cycle[0]].fact.place.clone(), &names.join(" "), current, sink);
    }
    let leaves: Vec<&&Migration<'_>> = left
        .iter()
        .enumerate()
        .filter(|(at, _)| !followed.contains(at))
        .map(|(_, one)| one)
        .collect();
    if leaves.len() > 1 {
        sink.report(several(&leaves));
    }
}

fn several(leaves: &[&&Migration<'_>]) -> Finding {
    let names: Vec<&str> = leaves.iter().map(|leaf| leaf.name).collect();
    let current = format!("Nothing comes after any of {}: `migrate` refuses.", listed(&names));
    let places = leaves.iter().rev().map(|leaf| leaf.fact.place.clone());
    let mut places = places.collect::<Vec<_>>().into_iter();
    let first = places.next().unwrap_or_default();
    let finding = found(CHECK, Status::Fail, first, &names.join(" "), current);
    places.fold(finding, Finding::at)
}

const FACT: &str = "django";
