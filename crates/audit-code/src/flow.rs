//! Where data flows within a file, and what a bot's handlers do with it.

mod branches;
mod builtin;
mod call;
mod catalogue;
mod entry;
mod eval;
mod guard;
mod handlers;
pub(crate) mod lower;
mod sanitizers;
mod sinks;
mod sources;
pub(crate) mod tree;
mod value;
mod walk;

use wardkit_audit::{Check, Finding, Location, Note, NoteKind, SourceFile, Status, Step};

use crate::found::Found;
use crate::handlers::HandlerMap;
use crate::source::{Language, Parsed};

use handlers::Roles;
use lower::Dialect;
use tree::{Module, Span};
use value::{Labels, Trail};
use walk::{Hit, Walker};

/// Returns what is looked for.
pub(crate) fn checks() -> Vec<Check> {
    catalogue::ALL.iter().map(catalogue::Entry::check).collect()
}

/// Returns words of which a source has one, if there is anything for the flow to find in it.
pub(crate) fn words(language: Language) -> &'static [&'static str] {
    match language {
        Language::Python => PYTHON_WORDS,
        Language::JavaScript | Language::TypeScript | Language::Tsx => SCRIPT_WORDS,
        Language::Rust => &[],
    }
}

/// Reads a source as it is followed; `None` for a language that is not.
pub(crate) fn read(parsed: &Parsed) -> Option<(Dialect, Module<'_>)> {
    let dialect = dialect(parsed.language())?;
    let root = parsed.root().get_inner_node();
    Some((dialect, lower::module(dialect, root, parsed.text())))
}

/// Judges a source.
pub(crate) fn judge(
    module: &Module<'_>,
    dialect: Dialect,
    chats: &HandlerMap<'_, '_>,
    file: &SourceFile<'_>,
    found: &mut Found<'_>,
) {
    let roles = Roles::of(module, chats);
    let is_spent = || file.budget().is_spent();
    let mut walker = Walker::new(module, dialect, &roles, &is_spent);
    let hits = walker.run();
    let (is_over, met_outside) = (walker.is_over, walker.met_outside);
    for hit in &hits {
        if let Some(finding) = finding(file, hit) {
            found.report(finding);
        }
    }
    // Where data comes in and was followed, what only looks like harm is none.
    if met_outside && !module.is_cut && !is_over {
        found.decide(match dialect {
            Dialect::Python => DECIDED,
            Dialect::JavaScript => DECIDED_IN_SCRIPTS,
        });
    }
    if module.is_cut {
        found.note(Note::new(
            NoteKind::Skipped,
            file.path(),
            "nested too deep in places for the flow of data",
        ));
    } else if is_over {
        found.note(Note::new(
            NoteKind::Unread,
            file.path(),
            "the flow of data was not followed to the end",
        ));
    }
}

fn dialect(language: Language) -> Option<Dialect> {
    match language {
        Language::Python => Some(Dialect::Python),
        Language::JavaScript | Language::TypeScript | Language::Tsx => Some(Dialect::JavaScript),
        Language::Rust => None,
    }
}

fn finding(file: &SourceFile<'_>, hit: &Hit) -> Option<Finding> {
    let check = catalogue::ALL.iter().find(|entry| entry.id == hit.check)?.check();
    let steps = steps(file, hit);
    let source = origin(hit.labels);
    let came = steps.first().map(|step| step.location.shown()).unwrap_or_default();
    let current = if came.is_empty() || hit.trail.is_none() {
        catalogue::current(hit.check).to_owned()
    } else {
        format!(
            "{} {source} that comes in at {came}.",
            catalogue::current(hit.check).trim_end_matches('.')
        )
    };
    let text = file.text().get(hit.at.start as usize..hit.at.end as usize).unwrap_or_default();
    let found = Finding::new(&check, Status::Fail, current).at(place(file, hit.at));
    let found =
        found.about(text.split_whitespace().collect::<Vec<_>>().join(" "), hit.within.clone());
    Some(if steps.len() > 1 { found.with_flow(steps) } else { found })
}

/// Returns the way of the data, from where it came in.
fn steps(file: &SourceFile<'_>, hit: &Hit) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at: Option<&Trail> = hit.trail.as_deref();
    while let Some(trail) = at {
        steps.push(Step::new(place(file, trail.at), trail.does));
        at = trail.before.as_deref();
    }
    steps.reverse();
    steps.push(Step::new(place(file, hit.at), "used here"));
    steps.dedup_by(|one, other| {
        one.location.line == other.location.line && one.message == other.message
    });
    steps
}

fn place(file: &SourceFile<'_>, span: Span) -> Location {
    let start = file.location(span.start as usize);
    let end = file.location(span.end.saturating_sub(1).max(span.start) as usize);
    match (start.column, end.line) {
        (Some(column), Some(line)) => start.spanning(column, line),
        _ => start,
    }
}

fn origin(labels: Labels) -> &'static str {
    if labels.meets(Labels::USER) {
        "what a user sent and"
    } else if labels.meets(Labels::MODEL) {
        "what a language model answered and"
    } else if labels.meets(Labels::OPERATOR) {
        "an argument or a line of input"
    } else if labels.meets(Labels::GUESSABLE) {
        "a number that can be guessed and"
    } else if labels.meets(Labels::ERROR) {
        "the text of an error"
    } else if labels.meets(Labels::SECRET) {
        "a secret"
    } else {
        "a value"
    }
}

/// What the way of the data decides, not the form of a call.
const DECIDED: &[&str] = &[
    "cmd-injection",
    "code-eval",
    "deserialize-untrusted",
    "dyn-import",
    "nosql-injection",
    "open-redirect",
    "path-traversal",
    "shell-true",
    "sql-injection",
    "ssrf",
    "template-inject",
    "xss-reply-html",
    "xxe",
];

/// The same for scripts, where no rule knows more of these than the flow does.
const DECIDED_IN_SCRIPTS: &[&str] = &[
    "cmd-injection",
    "code-eval",
    "deserialize-untrusted",
    "dyn-import",
    "header-injection",
    "ldap-injection",
    "nosql-injection",
    "open-redirect",
    "path-traversal",
    "proto-pollution",
    "redos",
    "shell-true",
    "sql-injection",
    "ssrf",
    "template-inject",
    "xpath-injection",
    "xss-reply-html",
    "xxe",
];

const PYTHON_WORDS: &[&str] = &[
    "request",
    "argv",
    "input(",
    "stdin",
    "handler",
    "@",
    "parse_args",
    "recv",
    "create(",
    "random",
    "print(",
    "log",
    "message",
    "except",
];

const SCRIPT_WORDS: &[&str] = &[
    "req",
    "@Body",
    "@Param",
    "@Query",
    "@Payload",
    "FormData",
    "formData",
    "args",
    "interaction",
    "msg",
    "params",
    "socket",
    "stdin",
    "ctx",
    "argv",
    "location",
    "message",
    "create(",
    "Math.random",
    "event",
    "console",
    "catch",
    "document",
    "process",
    ".on(",
];
