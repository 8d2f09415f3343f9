//! What no single file shows: files give facts, and those are judged together.

mod bots;
mod caching;
mod catalogue;
mod coverage;
mod duplicates;
mod graph;
mod imports;
mod migrations;
mod models;
mod questions;
mod scope;
mod syntax;
mod tested;

use wardkit_audit::{Check, Fact, Finding, Location, Project, Sink, SourceFile, Status};

use crate::source::{Language, Parsed};
use scope::Scopes;

/// Returns what is looked for.
pub(crate) fn checks() -> Vec<Check> {
    catalogue::ALL.iter().map(catalogue::Entry::check).collect()
}

/// Returns words of which a source has one, if it has facts that only some sources have.
pub(crate) fn words(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &[],
        _ => WORDS,
    }
}

/// Whether facts are wanted that any source may have.
pub(crate) fn wants_all(sink: &Sink) -> bool {
    OF_ALL.iter().chain(&OF_PEOPLE).chain(&OF_MODELS).any(|id| sink.wants(id))
}

/// Keeps the facts of a source.
pub(crate) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    migrations::summarise(parsed, file, sink);
    if OF_BOTS.iter().any(|id| sink.wants(id)) {
        bots::summarise(parsed, file, sink);
    }
    if OF_PEOPLE.iter().any(|id| sink.wants(id)) {
        questions::summarise(parsed, file, sink);
    }
    if OF_MODELS.iter().any(|id| sink.wants(id)) {
        models::summarise(parsed, file, sink);
    }
    if sink.wants("cache-stampede") {
        caching::judge(parsed, file, sink);
    }
    if sink.wants("q-import-cycle") {
        imports::summarise(parsed, file, sink);
    }
    if sink.wants("q-dup-block") {
        duplicates::summarise(parsed, file, sink);
    }
    if sink.wants("q-untested-handler") {
        tested::summarise(parsed, file, sink);
    }
}

/// Judges the facts of all sources.
pub(crate) fn judge(project: &Project<'_>, sink: &mut Sink) {
    // Of what lies elsewhere in the tree nothing is known.
    if project.is_part() {
        return;
    }
    let scopes = Scopes::of(project.files());
    let whole = Whole { project, scopes: &scopes };
    migrations::judge(&whole, sink);
    bots::judge(&whole, sink);
    questions::judge(&whole, sink);
    models::judge(&whole, sink);
    imports::judge(&whole, sink);
    duplicates::judge(&whole, sink);
    tested::judge(&whole, sink);
    coverage::judge(&whole, sink);
}

/// A tree of files, and the projects in it.
struct Whole<'p> {
    project: &'p Project<'p>,
    scopes: &'p Scopes,
}

/// Returns a finding of a check.
fn found(id: &str, status: Status, place: Location, about: &str, current: String) -> Finding {
    let entry = catalogue::ALL.iter().find(|entry| entry.id == id);
    let check = entry.map_or_else(|| catalogue::ALL[0].check(), catalogue::Entry::check);
    Finding::new(&check, status, current).about(about, "").at(place)
}

/// Takes a finding of a check that failed.
fn tell(id: &str, place: Location, about: &str, current: String, sink: &mut Sink) {
    sink.report(found(id, Status::Fail, place, about, current));
}

/// Keeps a fact.
fn keep(kind: &str, place: Location, text: impl Into<String>, sink: &mut Sink) {
    sink.keep(Fact::new(kind, place, text));
}

/// The checks for which every source is read.
const OF_ALL: [&str; 4] = ["cache-stampede", "q-import-cycle", "q-dup-block", "q-untested-handler"];

const OF_BOTS: [&str; 3] =
    ["no-global-error-handler", "bot-rate-limit-missing", "bot-polling-and-webhook"];

const OF_PEOPLE: [&str; 2] = ["no-delete-path", "pay-no-refund-path"];

const OF_MODELS: [&str; 2] = ["db-column-unused", "db-enum-drift"];

/// Those of migrations, of frameworks for bots, and of what catches errors and limits users.
const WORDS: &[&str] = &[
    "down_revision",
    "migrations.Migration",
    "telegram",
    "aiogram",
    "telebot",
    "discord",
    "nextcord",
    "disnake",
    "pyrogram",
    "telethon",
    "slack_bolt",
    "vkbottle",
    "telegraf",
    "grammy",
    "@slack/bolt",
    "vk-io",
    "eris",
    "rror",
    "except",
    "unhandledRejection",
    "imit",
    "hrottl",
    "ooldown",
    "spam",
    "flood",
    "bottleneck",
    "slowmode",
    "user",
    "incr",
    "Date.now",
    "max_concurrency",
];
