//! Where data does harm.

mod python;
mod script;
mod shape;

use std::collections::HashMap;
use std::sync::OnceLock;

use super::Dialect;
use super::call::Site;
use super::handlers::Role;
use super::sources::is_secret_name;
use super::tree::{Expr, ExprKind, Span};
use super::value::{Classes, Const, Items, Labels, Value};
use super::walk::Walker;

/// A function that does harm with what it is given.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) check: &'static str,
    pub(super) class: Classes,
    /// The ends of names, with spaces between; one that begins with a dot is a method of anything.
    pub(super) names: &'static str,
    pub(super) picks: &'static [Pick],
    pub(super) shape: Shape,
    pub(super) labels: Labels,
}

/// An argument that does the harm.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pick {
    At(usize),
    Named(&'static str),
    Any,
    Receiver,
}

/// What else must be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Plain,
    /// A command: a text for a shell, or a list of words.
    Command,
    /// An address: harmless once its host is fixed.
    Address,
    /// An address to send somebody to: harmless within the same host too.
    Redirect,
    /// A text that is put together, not a value that is taken as it is.
    Built,
    /// A loader that is told which objects to make.
    Loader,
    /// A parser that may be told to fetch entities.
    Entities,
    /// A text that is sent as markup.
    Markup,
    /// A query of a directory.
    Directory,
    /// A query of a document.
    Document,
    /// A filter that is an object of what was sent.
    Filter,
    /// A header: its name or its value.
    Header,
    /// Text for the browser, unless it is data.
    Page,
    /// Messages of a model.
    Prompt,
    /// All that somebody sent, with the names of its fields.
    Whole,
}

/// Judges a call.
///
/// A method of a class of this file is judged where it is written, not by its name.
pub(super) fn judge<'m, 't>(walker: &mut Walker<'m, 't>, site: &Site<'m, 't>, is_own: bool) {
    let rules = table(walker.dialect).get(site.name.as_str()).into_iter().flatten();
    // A method of the class that is walked goes by `self` too.
    let own = walker.class().and_then(|class| site.path.strip_prefix(class)?.strip_prefix("()."));
    let own = own.map(|rest| format!("self.{rest}"));
    let is_fitting = |name: &str| {
        fits(name, &site.path)
            || own.as_deref().is_some_and(|own| name.starts_with("self.") && name == own)
    };
    let fitting: Vec<_> = rules.filter(|(name, _)| is_fitting(name)).collect();
    // A function that is known by its module is no method of something else.
    let is_known = fitting.iter().any(|(name, _)| !name.starts_with('.'));
    for (name, rule) in fitting {
        if !((is_known || is_own) && name.starts_with('.')) {
            apply(walker, site, rule);
        }
    }
    shape::log(walker, site);
    shape::answer(walker, site);
    shape::location(walker, site);
}

fn apply(walker: &mut Walker<'_, '_>, site: &Site<'_, '_>, rule: &Rule) {
    for pick in rule.picks {
        let mut picked: Vec<&Value> = match pick {
            Pick::At(place) => site.at(*place).map(|arg| &arg.value).into_iter().collect(),
            Pick::Named(name) if walker.is_script() => site.named(name).into_iter().collect(),
            Pick::Named(name) => site
                .args
                .iter()
                .filter(|arg| arg.name == Some(*name))
                .map(|arg| &arg.value)
                .collect(),
            Pick::Any => site.values().collect(),
            Pick::Receiver => vec![&site.receiver],
        };
        picked.retain(|value| shape::harms(walker, site, rule, value));
        for value in picked {
            let check = if is_models(value) && EXECUTES.contains(&rule.check) {
                "llm-output-to-exec"
            } else {
                rule.check
            };
            walker.hit(check, site.at, value);
        }
    }
}

/// Whether a language model chose it.
fn is_models(value: &Value) -> bool {
    value.labels.meets(Labels::MODEL) && !value.labels.meets(Labels::USER)
}

fn fits(name: &str, path: &str) -> bool {
    if name.starts_with('.') {
        return path.ends_with(name);
    }
    path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

type Table = HashMap<&'static str, Vec<(&'static str, &'static Rule)>>;

/// Returns the rules by the last name of what they are about.
fn table(dialect: Dialect) -> &'static Table {
    static PYTHON: OnceLock<Table> = OnceLock::new();
    static SCRIPT: OnceLock<Table> = OnceLock::new();
    let (table, rules) = match dialect {
        Dialect::Python => (&PYTHON, python::RULES),
        Dialect::JavaScript => (&SCRIPT, script::RULES),
    };
    table.get_or_init(|| {
        let mut table = Table::new();
        for rule in rules {
            for name in rule.names.split_ascii_whitespace() {
                let last = name.rsplit('.').next().unwrap_or(name);
                table.entry(last).or_default().push((name, rule));
            }
        }
        table
    })
}

impl<'m, 't> Walker<'m, 't> {
    /// Judges what a handler returns: what a browser shows.
    pub(super) fn judge_answer(&mut self, at: Span, value: &Value) {
        let role = self.frames.last().and_then(|frame| frame.role);
        let Some(role) = role.filter(|role| *role != Role::Chat && !self.is_script()) else {
            return;
        };
        let first = match value.items.as_deref() {
            Some(Items::List(all)) => all.first(),
            Some(Items::Dict(_)) => None,
            None => Some(value),
        };
        let Some(body) = first else { return };
        if role == Role::Page && body.harms(Classes::HTML, Labels::USER.with(Labels::STORED)) {
            self.hit("xss-reply-html", at, body);
        }
        if body.harms(Classes::ERROR, Labels::ERROR) {
            self.hit("error-to-user", at, body);
        }
    }

    /// Judges a value that is given a name.
    pub(super) fn judge_name(&mut self, name: &str, at: Span, value: Value) -> Value {
        if value.labels.meets(Labels::GUESSABLE) && is_token_name(name) {
            self.hit("weak-random", at, &value);
        }
        value
    }

    /// Judges a value that is given to a member.
    pub(super) fn judge_member(&mut self, of: &'m Expr<'t>, name: &str, at: Span, value: &Value) {
        if value.labels.meets(Labels::GUESSABLE) && is_token_name(name) {
            self.hit("weak-random", at, value);
        }
        let user = Labels::USER;
        if self.is_script() {
            if name == "body" && of.dotted().is_some_and(|of| of == "ctx") {
                self.judge_page(at, value);
            }
            if matches!(name, "innerHTML" | "outerHTML" | "srcdoc")
                && value.harms(Classes::HTML, user)
            {
                self.hit("xss-reply-html", at, value);
            }
            let owner = of.dotted().unwrap_or_default();
            if (name == "href" || name == "location")
                && owner.ends_with("location") | owner.ends_with("window")
                && value.harms(Classes::REDIRECT, user)
                && shape::leads_away(value)
            {
                self.hit("open-redirect", at, value);
            }
        }
    }

    /// Judges a text that a browser may show as a page.
    fn judge_page(&mut self, at: Span, value: &Value) {
        let is_markup = value.is_built && value.items.is_none();
        if is_markup && value.harms(Classes::HTML, Labels::USER) {
            self.hit("xss-reply-html", at, value);
        }
    }

    /// Judges a value that is put into a container: a session, the headers of an answer.
    pub(super) fn judge_item(&mut self, of: &'m Expr<'t>, key: &Value, at: Span, value: &Value) {
        let owner = self.eval(of);
        let path = owner.path().to_owned();
        let last = path.rsplit('.').next().unwrap_or_default();
        if last == "session" {
            let chosen =
                [key, value].into_iter().find(|one| one.harms(Classes::TRUST, Labels::USER));
            if let Some(chosen) = chosen {
                self.hit("trust-boundary", at, chosen);
            }
            if value.labels.meets(Labels::GUESSABLE) {
                self.hit("weak-random", at, value);
            }
        }
        let is_location = key.text().is_some_and(|name| name.eq_ignore_ascii_case("location"));
        if last == "headers"
            && is_location
            && value.harms(Classes::REDIRECT, Labels::USER)
            && shape::leads_away(value)
        {
            self.hit("open-redirect", at, value);
        }
        if last == "headers" && path.contains("res") && value.harms(Classes::HEADER, Labels::USER) {
            self.hit("header-injection", at, value);
        }
        if self.is_script()
            && let ExprKind::Index(_, outer) = &of.kind
        {
            let outer = self.eval(outer);
            let chosen = [&outer, key]
                .iter()
                .all(|one| one.known.is_none() && !one.cleared.holds(Classes::KEY))
                && [&outer, key].iter().any(|one| one.labels.meets(Labels::USER));
            if chosen {
                let by = if outer.labels.meets(Labels::USER) { &outer } else { key };
                self.hit("proto-pollution", at, by);
            }
        }
        if key.text().is_some_and(is_token_name) && value.labels.meets(Labels::GUESSABLE) {
            self.hit("weak-random", at, value);
        }
    }
}

/// Whether who knows the value of that name may do what others may not.
pub(super) fn is_token_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_secret_name(&name)
        || [
            "otp",
            "session_id",
            "sessionid",
            "csrf",
            "nonce",
            "remember",
            "passcode",
            "reset_code",
            "invite_code",
            "auth_code",
            "verification",
            "salt",
            "apikey",
            "session_key",
            "signing",
            "one_time",
            "cookie",
            "token",
        ]
        .iter()
        .any(|word| name.contains(word))
            && !["tokenize", "tokens", "tokenizer", "max_token", "_token_count"]
                .iter()
                .any(|word| name.contains(word))
}

/// Whether a value is this truth.
pub(super) fn is(value: Option<&Value>, truth: bool) -> bool {
    value.is_some_and(|value| value.known == Some(Const::Bool(truth)))
}

/// Stands for an answer of which it is known that a browser shows it as text.
pub(super) const PLAIN: &str = "plain-answer";

/// What executes, fetches or deletes: a language model must not choose it.
const EXECUTES: &[&str] = &[
    "cmd-injection",
    "code-eval",
    "sql-injection",
    "path-traversal",
    "ssrf",
    "deserialize-untrusted",
    "template-inject",
    "arg-injection",
    "dyn-import",
];

/// What everybody outside may have chosen.
pub(super) const CHOSEN: Labels =
    Labels(Labels::USER.0 | Labels::MODEL.0 | Labels::OPERATOR.0 | Labels::CARRIER.0);
