//! What a bot has once: a handler of errors, a limit for its users, one way in which updates come.

mod counters;
mod frameworks;
mod updates;

use std::collections::{BTreeMap, BTreeSet};

use wardkit_audit::{Fact, Sink, SourceFile, Status};

use super::scope::is_example;
use super::syntax::string;
use super::{Whole, keep, tell};
use crate::found::place;
use crate::source::{Language, Node, Parsed};
use crate::testcode;
use frameworks::Framework;

/// Keeps where a bot is built, and what catches its errors and limits its users.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    if testcode::is_test(file.path()) || parsed.language() == Language::Rust {
        return;
    }
    let is_script = parsed.language().is_script();
    let mut seen = Seen { has: Has::of(file.text()), ..Seen::default() };
    if seen.has == Has::default() {
        return;
    }
    let root = parsed.root();
    for (number, node) in root.dfs().enumerate() {
        if number.is_multiple_of(4096) && file.budget().is_spent() {
            return;
        }
        seen.look(node, is_script);
    }
    for (fact, node) in [(ERRORS, seen.errors), (LIMITS, seen.limits)] {
        if let Some(node) = node {
            keep(fact, place(file, &node), one_word(&node), sink);
        }
    }
    let built = seen
        .built
        .into_iter()
        .find_map(|(node, name)| Some((node, frameworks::of(is_script, &name, &seen.imports)?)));
    if let Some((node, framework)) = built.filter(|_| !is_example(file.path())) {
        keep(BUILT, place(file, &node), framework.name, sink);
    }
    if frameworks::is_telegram(&seen.imports) && !is_example(file.path()) {
        updates::judge(parsed, file, sink);
    }
}

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    let mut bots: BTreeMap<&str, (&Fact, &'static Framework)> = BTreeMap::new();
    for fact in whole.project.facts(BUILT) {
        let Some(framework) = frameworks::named(&fact.text) else { continue };
        // Who writes the framework tests it by building bots.
        if !framework.lies_in(whole.project.files()) {
            bots.entry(whole.scopes.of_file(&fact.place.path)).or_insert((fact, framework));
        }
    }
    for once in &ONCE {
        let seen = by_scope(whole, once.fact);
        let mut evidence = Vec::new();
        let about = bots.iter().filter(|(_, (_, framework))| (once.is_about)(framework));
        let about: Vec<_> = about.collect();
        for (scope, (fact, framework)) in &about {
            if let Some(seen) = seen.get(*scope) {
                evidence.push(format!("{} at {}", seen.text, seen.place.shown()));
            } else {
                let current = format!("A bot is built with {}, {}", framework.name, once.lacks);
                tell(once.check, fact.place.clone(), framework.name, current, sink);
            }
        }
        if about.is_empty() {
            let none = vec!["no such bot is built".to_owned()];
            sink.outcome(once.check, Status::NotApplicable, none);
        } else {
            sink.outcome(once.check, Status::Pass, evidence);
        }
    }
}

/// What a bot has once, anywhere in its sources.
struct Once {
    check: &'static str,
    is_about: fn(&Framework) -> bool,
    fact: &'static str,
    lacks: &'static str,
}

const ONCE: [Once; 2] = [
    Once {
        check: "no-global-error-handler",
        is_about: |framework| framework.has_error_handler,
        fact: ERRORS,
        lacks: "and nothing handles the errors of all its handlers.",
    },
    Once {
        check: "bot-rate-limit-missing",
        is_about: |framework| framework.is_open,
        fact: LIMITS,
        lacks: "and nothing limits how often one user is served.",
    },
];

/// Returns the first fact of a kind in each project.
fn by_scope<'p>(whole: &Whole<'p>, kind: &str) -> BTreeMap<&'p str, &'p Fact> {
    let mut first = BTreeMap::new();
    for fact in whole.project.facts(kind) {
        first.entry(whole.scopes.of_file(&fact.place.path)).or_insert(fact);
    }
    first
}

/// What was seen in one source.
#[derive(Default)]
struct Seen<'t> {
    has: Has,
    imports: BTreeSet<String>,
    /// Calls and classes that build a bot when their names were imported from a framework.
    built: Vec<(Node<'t>, String)>,
    errors: Option<Node<'t>>,
    limits: Option<Node<'t>>,
}

/// Which words a source has at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of four, each of its own")]
struct Has {
    frameworks: bool,
    errors: bool,
    limits: bool,
    counters: bool,
}

impl Has {
    fn of(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        Self {
            frameworks: has(frameworks::WORDS),
            errors: has(&[
                "error",
                "catch",
                "exception",
                "excepthook",
                "except ",
                "unhandled",
                "uncaught",
                "except:",
            ]),
            limits: has(&LIMIT_WORDS) || has(&["rate-limit", "anti-"]),
            counters: has(counters::WORDS),
        }
    }
}

impl<'t> Seen<'t> {
    /// Words are compared only when the source has any of those that count: it has many.
    fn look(&mut self, node: Node<'t>, is_script: bool) {
        let has = self.has;
        match node.kind().as_ref() {
            "import_statement" | "import_from_statement" if !is_script => self.import(&node),
            "string" => self.text(node, is_script),
            "identifier" | "property_identifier" if has.errors || has.limits => self.word(node),
            "call" | "new_expression" => {
                if has.counters && counters::counts(&node) {
                    self.limits.get_or_insert_with(|| node.clone());
                }
                let callee = node.field("function").or_else(|| node.field("constructor"));
                let callee = callee.filter(|it| has.frameworks && it.range().len() < LONGEST);
                if let Some(callee) = callee {
                    self.built.push((node, callee.text().into_owned()));
                }
            }
            "class_definition" if has.frameworks => {
                let bases: Vec<Node<'t>> = node
                    .field("superclasses")
                    .map(|it| it.children().collect())
                    .unwrap_or_default();
                for base in bases {
                    let name = base.text().into_owned();
                    self.built.push((node.clone(), name));
                }
            }
            "attribute" | "member_expression" if has.errors && catches(&node) => {
                self.errors.get_or_insert(node);
            }
            "function_definition" if has.errors && is_catching_middleware(&node) => {
                self.errors.get_or_insert(node);
            }
            _ if has.counters && counters::counts(&node) => {
                self.limits.get_or_insert(node);
            }
            _ => {}
        }
    }

    fn import(&mut self, node: &Node<'t>) {
        let module = node.field("module_name");
        let is_plain = module.is_none();
        let names = node.children().filter(|child| is_plain && child.is_named());
        for name in module.into_iter().chain(names) {
            let text = name.text();
            let first = text.split(['.', ' ']).next().unwrap_or_default();
            self.imports.insert(first.to_owned());
        }
    }

    /// A string may name a module, an event or a method.
    fn text(&mut self, node: Node<'t>, is_script: bool) {
        let Some(text) = string(&node).map(std::borrow::Cow::into_owned) else { return };
        if is_script && is_module(&node) {
            if is_limit(&text) {
                self.limits.get_or_insert(node);
            }
            self.imports.insert(text);
        } else if HANDLERS.contains(&text.as_str()) || EVENTS.contains(&text.as_str()) {
            self.errors.get_or_insert(node);
        }
    }

    fn word(&mut self, node: Node<'t>) {
        let text = node.text().into_owned();
        if HANDLERS.contains(&text.as_str()) {
            self.errors.get_or_insert(node);
        } else if is_limit(&text) {
            self.limits.get_or_insert(node);
        }
    }
}

/// Whether it is `bot.catch`, `dp.errors` or `tree.error`, and no promise or log that has such a method, too.
fn catches(node: &Node<'_>) -> bool {
    let name = node.field("attribute").or_else(|| node.field("property"));
    let is_name = name.is_some_and(|name| CATCHES.contains(&name.text().as_ref()));
    is_name
        && node.field("object").is_some_and(|object| {
            let text = object.text();
            let last = text.rsplit(['.', ' ']).next().unwrap_or_default().to_ascii_lowercase();
            last == "dp" || OWNERS.iter().any(|owner| last.ends_with(owner))
        })
}

/// Whether it is a middleware that calls the handlers inside of a `try`.
fn is_catching_middleware(node: &Node<'_>) -> bool {
    let is_call = node.field("name").is_some_and(|name| name.text() == "__call__");
    is_call
        && node.dfs().any(|inner| {
            inner.kind() == "try_statement"
                && inner.field("body").is_some_and(|body| body.text().contains("handler("))
        })
}

/// Whether a word is of something that limits how often users are served.
fn is_limit(word: &str) -> bool {
    let lower = word.to_ascii_lowercase().replace('-', "_");
    LIMIT_WORDS.iter().any(|part| lower.contains(part))
        && !OTHER_LIMITS.iter().any(|part| lower.contains(part))
}

/// Whether a string names a module: `import x from 'y'`, `require('y')`.
fn is_module(node: &Node<'_>) -> bool {
    let Some(above) = node.parent() else { return false };
    match above.kind().as_ref() {
        "import_statement" | "export_statement" => true,
        "arguments" => above
            .parent()
            .and_then(|call| call.field("function"))
            .is_some_and(|function| matches!(function.text().as_ref(), "require" | "import")),
        _ => false,
    }
}

fn one_word(node: &Node<'_>) -> String {
    let text = node.text();
    let first = text.split_whitespace().next().unwrap_or_default();
    first.chars().take(LONGEST).collect()
}

const BUILT: &str = "bot-built";

const ERRORS: &str = "bot-errors";

const LIMITS: &str = "bot-limits";

/// The name of what is called, with its owners.
const LONGEST: usize = 80;

/// What takes the errors of all handlers.
const HANDLERS: [&str; 19] = [
    "ErrorEvent",
    "ExceptionHandler",
    "ExceptionTypeFilter",
    "add_error_handler",
    "error_middleware",
    "errorBoundary",
    "errors_handler",
    "excepthook",
    "exception_handler",
    "on_app_command_error",
    "on_application_command_error",
    "on_command_error",
    "on_error",
    "on_slash_command_error",
    "register_errors_handler",
    "setErrorHandler",
    "set_exception_handler",
    "uncaughtExceptionMonitor",
    "global_error_handler",
];

const EVENTS: [&str; 4] =
    ["polling_error", "uncaughtException", "unhandledRejection", "webhook_error"];

const CATCHES: [&str; 3] = ["catch", "error", "errors"];

const OWNERS: [&str; 7] = ["app", "bot", "client", "composer", "dispatcher", "router", "tree"];

const LIMIT_WORDS: [&str; 12] = [
    "anti_flood",
    "anti_spam",
    "antiflood",
    "antispam",
    "bottleneck",
    "cooldown",
    "limiter",
    "max_concurrency",
    "rate_limit",
    "ratelimit",
    "slowmode",
    "throttl",
];

/// Limits that others set for the bot.
const OTHER_LIMITS: [&str; 7] = [
    "apithrottl",
    "capacity_limiter",
    "capacitylimiter",
    "limiterror",
    "limit_error",
    "limitexce",
    "limit_exce",
];
