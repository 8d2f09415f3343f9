//! What a test says of the values that it looks at, on the branch that is taken.

use std::rc::Rc;

use super::tree::{Call, Compare, Expr, ExprKind};
use super::value::{Classes, Items, Value};
use super::walk::Walker;

impl<'m, 't> Walker<'m, 't> {
    /// Takes over what is known when a test was true, or was not.
    pub(super) fn guard(&mut self, test: &'m Expr<'t>, truth: bool) {
        match &test.kind {
            ExprKind::Not(inner) => self.guard(inner, !truth),
            ExprKind::And(left, right) if truth => {
                self.guard(left, true);
                self.guard(right, true);
            }
            ExprKind::Or(left, right) if !truth => {
                self.guard(left, false);
                self.guard(right, false);
            }
            ExprKind::Compare(op, left, right) => self.guard_compare(*op, left, right, truth),
            ExprKind::Call(call) => self.guard_call(call, truth),
            // What matched a pattern.
            ExprKind::Name(_) if truth => {
                let value = self.eval(test);
                if value.path().ends_with("match()") {
                    self.settle(&value, Classes::ALL);
                }
            }
            // A value that is nothing or empty does no harm.
            ExprKind::Name(_) | ExprKind::Member(..) if !truth => {
                if let Some(name) = test.dotted() {
                    self.names.remove(name.as_str()).map(|value| {
                        let nothing = Value { path: value.path, ..Value::default() };
                        self.names.insert(name.into(), nothing)
                    });
                }
            }
            ExprKind::Assign(_, value) => self.guard(value, truth),
            _ => {}
        }
    }

    fn guard_compare(&mut self, op: Compare, left: &'m Expr<'t>, right: &'m Expr<'t>, truth: bool) {
        if let (ExprKind::Call(call), ExprKind::Str(kind)) = (&left.kind, &right.kind)
            && matches!(call.callee.kind, ExprKind::Name("typeof"))
        {
            let is_equal =
                matches!((op, truth), (Compare::Equal, true) | (Compare::NotEqual, false));
            return self.guard_kind(call, kind, is_equal);
        }
        // `re.match(...) is None`
        if let (ExprKind::Call(call), ExprKind::Nothing) = (&left.kind, &right.kind) {
            let is_nothing =
                matches!((op, truth), (Compare::Equal, true) | (Compare::NotEqual, false));
            return self.guard_call(call, !is_nothing);
        }
        let (one, other) = (self.eval(left), self.eval(right));
        let is_equal = matches!((op, truth), (Compare::Equal, true) | (Compare::NotEqual, false));
        let is_in = matches!((op, truth), (Compare::In, true) | (Compare::NotIn, false));
        let is_out = matches!((op, truth), (Compare::In, false) | (Compare::NotIn, true));
        if is_equal && other.labels.is_empty() {
            self.settle_equal(left, &one, &other);
        } else if is_equal && one.labels.is_empty() {
            self.settle_equal(right, &other, &one);
        } else if is_in && (other.is_constant() || other.labels.is_empty()) {
            self.settle_at(left, &one, part_of(left));
        } else if is_in && other.path().ends_with("parents") {
            self.settle(&other, Classes::PATH);
        } else if is_out {
            let text = one.text().map(str::to_owned);
            let listed = listed_texts(&one).or(text.map(|text| vec![text]));
            for text in listed.into_iter().flatten() {
                self.settle(&other, without(&text));
            }
        }
    }

    /// A text is no object of conditions; a number or a truth does no harm at all.
    fn guard_kind(&mut self, call: &'m Call<'t>, kind: &str, is_equal: bool) {
        let Some(arg) = call.args.first().filter(|_| is_equal) else { return };
        let value = self.eval(&arg.value);
        let classes = match kind {
            "number" | "boolean" | "bigint" => Classes::ALL,
            "string" => Classes::NOSQL,
            _ => return,
        };
        self.settle_at(&arg.value, &value, classes);
    }

    /// A value that equals a constant is one; so is the folder of a path that lies in it.
    fn settle_equal(&mut self, expr: &'m Expr<'t>, value: &Value, other: &Value) {
        if value.path().contains("commonpath") || value.path().contains("commonprefix") {
            self.settle(value, Classes::PATH);
        } else if value.path().ends_with(".indexOf()") {
            // `x.indexOf("..") === -1` is a search that found nothing; the call's guard has no truth of its own.
            self.settle(value, Classes::PATH);
        } else if other.known.is_some() || other.labels.is_empty() && part_of(expr) != Classes::ALL
        {
            self.settle_at(expr, value, part_of(expr));
        }
    }

    fn guard_call(&mut self, call: &'m Call<'t>, truth: bool) {
        let Some(path) = self.written(&call.callee) else { return };
        let last = path.rsplit('.').next().unwrap_or_default().to_owned();
        let receiver = match &call.callee.kind {
            ExprKind::Member(of, _) => Some(self.eval(of)),
            _ => None,
        };
        let args: Vec<Value> = call.args.iter().map(|arg| self.eval(&arg.value)).collect();
        let tested = args.iter().rev().find(|arg| !arg.labels.is_empty());
        let place = call.args.iter().zip(&args).rev().find(|(_, arg)| !arg.labels.is_empty());
        let place = place.map(|(arg, _)| &arg.value);
        match last.as_str() {
            "isdigit" | "isnumeric" | "isdecimal" | "isalnum" | "isalpha" | "isidentifier"
                if truth =>
            {
                self.settle_some(receiver.as_ref(), Classes::ALL);
            }
            "fullmatch" | "match" | "test" if truth => {
                self.settle_member(place, tested, Classes::ALL);
                self.settle_some(tested.or(receiver.as_ref()), Classes::ALL);
            }
            "search" | "findall" if !truth => {
                self.settle_some(tested, Classes::ALL);
            }
            "is_relative_to" if truth => {
                self.settle_some(receiver.as_ref(), Classes::PATH);
            }
            "startswith" | "startsWith" => {
                self.guard_start(receiver.as_ref(), args.first(), truth);
            }
            "includes" | "has" | "contains" | "indexOf" => {
                if truth && receiver.as_ref().is_some_and(|of| of.labels.is_empty()) {
                    self.settle_member(place, tested, Classes::ALL);
                }
                self.guard_includes(receiver.as_ref(), args.first(), truth);
            }
            "isInteger" | "isSafeInteger" | "isFinite" | "isUUID" | "isNumeric"
            | "isAlphanumeric" | "isInt" | "isIP" | "isURL" | "isEmail" | "hasOwnProperty"
            | "hasOwn"
                if truth =>
            {
                self.settle_some(tested, Classes::ALL);
            }
            _ if truth && says_harmless(&last) => {
                self.settle_member(place, tested, Classes::ALL);
                self.settle_some(tested, Classes::ALL);
            }
            _ => {}
        }
    }

    fn guard_start(&mut self, receiver: Option<&Value>, start: Option<&Value>, truth: bool) {
        let Some(receiver) = receiver else { return };
        let start_text = start.and_then(Value::text);
        if !truth {
            let is_relative =
                ["relative()", "relpath()"].iter().any(|end| receiver.path().ends_with(end));
            match start_text {
                Some(".." | "../") if is_relative => self.settle(receiver, Classes::PATH),
                Some("//") => self.settle(receiver, Classes::REDIRECT),
                _ => {}
            }
            return;
        }
        if receiver.cleared.holds(Classes::RESOLVED) {
            self.settle(receiver, Classes::PATH);
        }
        let Some(start) = start_text else { return };
        if is_fixed_host(start) {
            self.settle(receiver, Classes::ADDRESS.with(Classes::REDIRECT));
        }
    }

    fn guard_includes(&mut self, receiver: Option<&Value>, sought: Option<&Value>, truth: bool) {
        let (Some(receiver), Some(sought)) = (receiver, sought) else { return };
        if truth && receiver.labels.is_empty() {
            self.settle(sought, Classes::ALL);
        } else if let Some(text) = sought.text().filter(|_| !truth) {
            self.settle(receiver, without(text));
        }
    }

    /// Returns the dotted name of what is called, with imports resolved.
    fn written(&self, callee: &'m Expr<'t>) -> Option<String> {
        match &callee.kind {
            ExprKind::Member(of, name) => {
                let of = self.written(of).unwrap_or_default();
                Some(format!("{of}.{name}"))
            }
            ExprKind::Name(name) => {
                Some(self.imports.get(name).map_or(*name, |path| *path).to_owned())
            }
            _ => None,
        }
    }

    fn settle_member(&mut self, place: Option<&Expr<'t>>, value: Option<&Value>, classes: Classes) {
        if let (Some(place), Some(value)) = (place, value) {
            self.settle_at(place, value, classes);
        }
    }

    fn settle_some(&mut self, value: Option<&Value>, classes: Classes) {
        if let Some(value) = value {
            self.settle(value, classes);
        }
    }

    /// The same for a member, which is read anew each time: what is known of it is kept under its name.
    fn settle_at(&mut self, expr: &Expr<'t>, value: &Value, classes: Classes) {
        self.settle(value, classes);
        if value.labels.is_empty() {
            return;
        }
        if let (ExprKind::Member(..), Some(name)) = (&expr.kind, expr.dotted()) {
            let cleared = value.cleared.with(classes);
            self.names.insert(name.into(), Value { cleared, ..value.clone() });
        }
    }

    /// Makes every name harmless that holds what came in where this value did.
    fn settle(&mut self, value: &Value, classes: Classes) {
        let (Some(origin), Some(trail)) = (value.origin(), &value.trail) else { return };
        for held in self.names.values_mut() {
            let is_same = match &held.trail {
                Some(other) if value.is_part => Rc::ptr_eq(other, trail),
                _ => held.origin() == Some(origin),
            };
            if is_same {
                held.cleared = held.cleared.with(classes);
            }
        }
    }
}

/// What is settled when this part of a value is known: of an address its host, else all of it.
fn part_of(expr: &Expr<'_>) -> Classes {
    let is_host = |name: &str| {
        matches!(name, "netloc" | "hostname" | "host" | "origin" | "domain" | "scheme" | "protocol")
    };
    match &expr.kind {
        ExprKind::Member(_, name) if is_host(name) => Classes::ADDRESS.with(Classes::REDIRECT),
        ExprKind::Call(call) => match &call.callee.kind {
            ExprKind::Member(_, "lower" | "strip" | "upper" | "toLowerCase" | "trim") => {
                Classes::ALL
            }
            _ => Classes::NONE,
        },
        ExprKind::Member(_, "suffix" | "extension" | "ext" | "length")
        | ExprKind::Index(..)
        | ExprKind::Slice(..)
        | ExprKind::Parts(_) => Classes::NONE,
        _ => Classes::ALL,
    }
}

/// For what a text is harmless that does not have this in it.
fn without(text: &str) -> Classes {
    let mut classes = Classes::NONE;
    let mut when = |is: bool, class: Classes| {
        if is {
            classes = classes.with(class);
        }
    };
    when(text == ".." || text == "../" || text == "/", Classes::PATH);
    when(text == "'" || text == "\"", Classes::QUOTED);
    when(text == ";" || text == "&" || text == "|", Classes::SHELL);
    when(text == "\n" || text == "\r" || text == "\r\n", Classes::HEADER.with(Classes::LOG));
    when(text == "<", Classes::HTML);
    when(text == "(" || text == "*", Classes::LDAP);
    when(text == "//" || text == "://", Classes::REDIRECT.with(Classes::ADDRESS));
    classes
}

fn listed_texts(value: &Value) -> Option<Vec<String>> {
    match value.items.as_deref()? {
        Items::List(all) => all.iter().map(|one| one.text().map(str::to_owned)).collect(),
        Items::Dict(_) => None,
    }
}

/// Whether a text that begins so names one host for sure.
pub(super) fn is_fixed_host(start: &str) -> bool {
    let Some((_, rest)) = start.split_once("://") else { return false };
    rest.find(['/', '?', '#']).is_some_and(|end| end > 0)
}

fn says_harmless(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["safe", "valid", "allowed", "whitelist", "allowlist", "permitted"]
        .iter()
        .any(|word| name.contains(word))
        && !["unsafe", "invalid", "disallowed"].iter().any(|word| name.contains(word))
}
