//! Whether there are tests, and whether they know the bot's handlers.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use wardkit_audit::{Fact, Finding, Location, Sink, SourceFile, Status};

use super::scope::is_example;
use super::syntax::is_plain;
use super::{Whole, found, keep, tell};
use crate::handlers::HandlerMap;
use crate::source::{Language, Parsed};
use crate::{flow, testcode};

/// Keeps the handlers of a source: the names of their functions and commands.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    if testcode::is_test(file.path()) || is_example(file.path()) {
        return;
    }
    let Some((dialect, module)) = flow::read(parsed) else { return };
    let map = HandlerMap::of(&module, dialect, file.text());
    let mut seen = BTreeSet::new();
    for handler in map.handlers.iter().filter(|handler| handler.kind.is_from_users()) {
        // Tests write a command as users do.
        let commands = handler.commands.iter().map(|command| format!("/{command}"));
        let names = std::iter::once(handler.name.clone()).chain(commands);
        let words: Vec<String> = names.filter(|name| is_plain(name)).collect();
        let text = words.join("\t");
        if !text.is_empty() && seen.insert(text.clone()) {
            keep(FACT, file.location(handler.at.start as usize), text, sink);
        }
    }
}

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    let mut scopes: BTreeMap<&str, Sources<'_>> = BTreeMap::new();
    for path in whole.project.files() {
        let language = Language::of(path).filter(|one| *one != Language::Rust);
        if language.is_some() && !is_example(path) {
            let sources = scopes.entry(whole.scopes.of_file(path)).or_default();
            let list = if testcode::is_test(path) { &mut sources.tests } else { &mut sources.code };
            list.push(path);
        }
    }
    // Tests of several packages may lie in one folder above them.
    let has_common = scopes.get("").is_some_and(|sources| !sources.tests.is_empty());
    for (scope, sources) in &scopes {
        let is_small = sources.code.len() < FEWEST_FILES;
        if sources.tests.is_empty() && !has_common && !is_small && sink.wants("q-no-tests") {
            let current = format!("There are {} sources and no test.", sources.code.len());
            tell("q-no-tests", Location::file(sources.code[0]), scope, current, sink);
        }
    }
    if sink.wants("q-untested-handler") {
        untested(whole, &scopes, sink);
    }
}

/// The sources of a project.
#[derive(Default)]
struct Sources<'p> {
    code: Vec<&'p str>,
    tests: Vec<&'p str>,
}

fn untested(whole: &Whole<'_>, scopes: &BTreeMap<&str, Sources<'_>>, sink: &mut Sink) {
    let mut handlers: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in whole.project.facts(FACT) {
        handlers.entry(whole.scopes.of_file(&fact.place.path)).or_default().push(fact);
    }
    for (scope, handlers) in handlers {
        let of = |scope| scopes.get(scope).map(|it| it.tests.as_slice()).unwrap_or_default();
        let tests: BTreeSet<&str> = of(scope).iter().chain(of("")).copied().collect();
        // That there are none is said once.
        if tests.is_empty() {
            continue;
        }
        let names: BTreeSet<&str> = handlers.iter().flat_map(|fact| words(fact)).collect();
        let Some(known) = named(whole, &names, &tests) else { continue };
        let is_known = |fact: &&Fact| words(fact).any(|word| known.contains(word));
        let unknown = handlers.into_iter().filter(|fact| !is_known(fact));
        let mut files: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
        for fact in unknown {
            files.entry(&fact.place.path).or_default().push(fact);
        }
        for handlers in files.values() {
            sink.report(of_file(handlers));
        }
    }
}

/// Returns the name of a handler, and the commands that it answers.
fn words(fact: &Fact) -> impl Iterator<Item = &str> {
    fact.text.split('\t')
}

/// Returns what is said of the handlers of one file.
fn of_file(handlers: &[&Fact]) -> Finding {
    let names: Vec<&str> = handlers.iter().filter_map(|fact| words(fact).next()).collect();
    let shown = names.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MOST_NAMED);
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    let place = handlers.first().map(|fact| fact.place.clone()).unwrap_or_default();
    let current = format!("No test names {shown}{rest}.");
    let finding = found("q-untested-handler", Status::Fail, place, &names.join(" "), current);
    handlers.iter().skip(1).fold(finding, |finding, fact| finding.at(fact.place.clone()))
}

/// Returns the names that stand in tests, as whole words.
fn named<'n>(
    whole: &Whole<'_>,
    names: &BTreeSet<&'n str>,
    tests: &BTreeSet<&str>,
) -> Option<BTreeSet<&'n str>> {
    let list: Vec<&str> = names.iter().copied().collect();
    let search = AhoCorasick::new(&list).ok()?;
    let mut seen = BTreeSet::new();
    for text in tests.iter().filter_map(|path| whole.project.read(path)) {
        for found in search.find_overlapping_iter(&text) {
            let is_word =
                |sign: Option<char>| sign.is_some_and(|it| it.is_alphanumeric() || it == '_');
            let before = text[..found.start()].chars().next_back();
            if !is_word(before) && !is_word(text[found.end()..].chars().next()) {
                seen.insert(list[found.pattern().as_usize()]);
            }
        }
    }
    Some(seen)
}

const FACT: &str = "handler";

/// A person reads no more of them.
const MOST_NAMED: usize = 8;

/// Of a script or two nobody asks for tests.
const FEWEST_FILES: usize = 3;
