//! Calls: what they are given, what they do with it, what they return.

use std::borrow::Cow;
use std::rc::Rc;

use super::eval::longer;
use super::tree::{Call, Expr, ExprKind, FunctionId, Span};
use super::value::{Const, Items, Labels, Value};
use super::walk::{Frame, Walker};
use super::{builtin, sanitizers, sinks, sources};

/// A call with what is known of its parts.
#[derive(Debug)]
pub(super) struct Site<'e, 't> {
    /// What is called, with imports resolved.
    pub(super) path: String,
    /// Its last name.
    pub(super) name: String,
    pub(super) receiver: Value,
    pub(super) args: Vec<Given<'e, 't>>,
    pub(super) at: Span,
}

/// An argument.
#[derive(Debug)]
pub(super) struct Given<'e, 't> {
    pub(super) name: Option<&'t str>,
    pub(super) value: Value,
    pub(super) expr: &'e Expr<'t>,
}

impl<'e, 't> Site<'e, 't> {
    /// Returns an argument by its place among those without a name.
    pub(super) fn at(&self, place: usize) -> Option<&Given<'e, 't>> {
        self.args.iter().filter(|arg| arg.name.is_none()).nth(place)
    }

    /// Returns an argument by its name; of JavaScript's options too.
    pub(super) fn named(&self, name: &str) -> Option<&Value> {
        let given = self.args.iter().find(|arg| arg.name == Some(name)).map(|arg| &arg.value);
        given.or_else(|| {
            let key = Const::Str(name.into());
            self.args.iter().find_map(|arg| match arg.value.items.as_deref() {
                Some(Items::Dict(pairs)) => {
                    pairs.iter().find(|(other, _)| *other == key).map(|(_, value)| value)
                }
                _ => None,
            })
        })
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.named(name).is_some_and(|value| value.known == Some(Const::Bool(true)))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.args.iter().map(|arg| &arg.value)
    }
}

impl<'m, 't> Walker<'m, 't> {
    pub(super) fn call(&mut self, call: &'m Call<'t>, at: Span) -> Value {
        let (receiver, callee) = self.callee(call);
        let args = call.args.iter().map(|arg| Given {
            name: arg.name,
            value: self.eval(&arg.value),
            expr: &arg.value,
        });
        let args: Vec<Given<'m, 't>> = args.collect();
        let path = callee.path().to_owned();
        let name = path.rsplit('.').next().unwrap_or_default().to_owned();
        let site = Site { path, name, receiver, args, at };
        sinks::judge(self, &site, callee.function.is_some());
        if let Some(value) = self.walk_lambdas(&site) {
            return value;
        }
        if let Some(value) = builtin::change(self, call, &site) {
            return value;
        }
        let mut value = self.answer(&site, callee.function);
        if value.path.is_none() {
            value.path = Some(format!("{}()", site.path).into());
        }
        value
    }

    /// Returns what a method is called on, and what is called.
    fn callee(&mut self, call: &'m Call<'t>) -> (Value, Value) {
        match &call.callee.kind {
            ExprKind::Member(of, name) => {
                let receiver = self.eval(of);
                let path = longer(receiver.path(), name);
                let held = call.callee.dotted().and_then(|name| self.names.get(name.as_str()));
                let mut callee = held.cloned().unwrap_or_default();
                let member = || held_function(&receiver, name);
                callee.function =
                    callee.function.or_else(member).or_else(|| self.method(&receiver, name));
                callee.path = Some(path.into());
                (receiver, callee)
            }
            _ => (Value::default(), self.eval(&call.callee)),
        }
    }

    /// Returns the method of a class of this file.
    fn method(&self, receiver: &Value, name: &str) -> Option<FunctionId> {
        let class = match receiver.path() {
            "self" | "this" | "cls" => self.class()?,
            path => path.strip_suffix("()").unwrap_or(path),
        };
        let found = self.functions.get(&format!("{class}.{name}")).copied();
        found.or_else(|| self.only_method(receiver.path(), name))
    }

    /// Returns the method of what is kept in an object, when one class of the file has a method of that name.
    fn only_method(&self, of: &str, name: &str) -> Option<FunctionId> {
        if !(of.starts_with("this.") || of.starts_with("self.")) || of.ends_with("()") {
            return None;
        }
        let own = self.class().unwrap_or_default();
        let mut fitting = self.module.functions.iter().enumerate().filter(|(_, function)| {
            function.name == name && function.class.is_some_and(|class| class != own)
        });
        let (number, _) = fitting.next()?;
        fitting.next().is_none().then_some(FunctionId(number))
    }

    fn answer(&mut self, site: &Site<'m, 't>, function: Option<FunctionId>) -> Value {
        if let Some(value) = module(site) {
            return value;
        }
        // One of the constants that the class has, or an error.
        if self.module.choices.contains(&site.path.as_str()) {
            return Value::default();
        }
        if let Some(value) = sanitizers::apply(self.dialect, site) {
            return value.step(site.at, "made harmless for some uses");
        }
        if let Some(value) = sources::of_call(self.dialect, site) {
            return value;
        }
        if let Some(value) = builtin::compute(site) {
            return value.step(site.at, "computed from it");
        }
        if let Some(value) = function.and_then(|id| self.inline(id, site)) {
            return value;
        }
        if let Some(value) = self.construct(site) {
            return value;
        }
        let mut whole = Value::of(site.values().chain([&site.receiver]));
        if site.receiver.labels.meets(Labels::CARRIER) {
            // What an object that carries a message does with it is its own affair.
            let rest = site.receiver.labels.without(Labels::CARRIER);
            if rest.is_empty() {
                whole = Value::of(site.values());
            }
        }
        whole.step(site.at, "passed through a call")
    }

    /// An object of a class of this file: its constructor is walked.
    fn construct(&mut self, site: &Site<'m, 't>) -> Option<Value> {
        let id = ["__init__", "constructor"]
            .iter()
            .find_map(|name| self.functions.get(&format!("{}.{name}", site.path)).copied())?;
        self.inline(id, site);
        let mut whole = Value::of(site.values());
        whole.path = Some(format!("{}()", site.path).into());
        Some(whole)
    }

    /// Walks a function of this file with what it is given here. `None` when that went too far already.
    fn inline(&mut self, id: FunctionId, site: &Site<'m, 't>) -> Option<Value> {
        let is_within = self.frames.iter().any(|frame| frame.function == Some(id));
        if is_within || self.frames.len() > DEEPEST_CALL || self.steps > MOST_STEPS {
            return None;
        }
        let function = self.function(id);
        let around = self.copied();
        if function.is_top {
            self.names.clear();
        }
        let mut given = site.args.iter().filter(|arg| arg.name.is_none());
        for (place, param) in function.params.iter().enumerate() {
            let is_self = place == 0 && function.class.is_some() && is_own(param.name());
            let value = if is_self {
                Value::named(format!("{}()", function.class.unwrap_or_default()))
            } else if param.is_rest {
                let rest: Vec<Value> = given.by_ref().map(|arg| arg.value.clone()).collect();
                Value { items: Some(Rc::new(Items::List(rest.clone()))), ..Value::of(&rest) }
            } else {
                let named = site.args.iter().find(|arg| arg.name == Some(param.name()));
                match named.or_else(|| given.next()) {
                    Some(arg) => arg.value.clone().step(param.target.at, "given to a function"),
                    None => param.default.as_ref().map(|one| self.eval(one)).unwrap_or_default(),
                }
            };
            self.assign(&param.target, value);
        }
        self.frames.push(Frame { function: Some(id), role: None, returned: None });
        self.block(&function.body);
        let frame = self.frames.pop();
        self.names = around;
        Some(frame.and_then(|frame| frame.returned).unwrap_or_default())
    }

    /// Functions that are given to a call are walked: as handlers, or with what the call is made on.
    fn walk_lambdas(&mut self, site: &Site<'m, 't>) -> Option<Value> {
        let mut answer = maps_to_numbers(site).then(Value::default);
        for arg in &site.args {
            let Some(id) = arg.value.function else { continue };
            if !matches!(arg.expr.kind, ExprKind::Lambda(_)) {
                continue;
            }
            let around = self.copied();
            if self.handlers.role(id).is_some() || self.frames.len() > DEEPEST_CALL {
                self.enter(id);
            } else if let Some(value) = self.call_back(id, site) {
                // What each element became, or what was promised.
                let is_answer = matches!(site.name.as_str(), "map" | "flatMap" | "then" | "reduce");
                answer = is_answer.then(|| value.taint()).or(answer);
            }
            // What it changed of the names around stays, what it has of its own goes.
            let mut after = std::mem::replace(&mut self.names, around);
            after.retain(|name, _| self.names.contains_key(name));
            self.join(after);
        }
        answer
    }

    /// A function that is called back is given what the call is made on, or what it is given besides.
    fn call_back(&mut self, id: FunctionId, site: &Site<'m, 't>) -> Option<Value> {
        if self.frames.iter().any(|frame| frame.function == Some(id)) || self.steps > MOST_STEPS {
            return None;
        }
        self.called_back.insert(id);
        let function = self.function(id);
        let elements = Self::element_of(&site.receiver);
        let given = sources::of_callback(self.dialect, site).unwrap_or(elements);
        for (place, param) in function.params.iter().enumerate() {
            let is_error = matches!(param.name(), "err" | "error" | "e") && self.is_script();
            let value = if is_error {
                Value::source(Labels::ERROR, param.target.at, "an error is handed over")
            } else if place == 0 || place == 1 && !gives_index(&site.name) {
                let mut value = given.clone().step(param.target.at, "handed to a function");
                if value.labels.is_empty() && value.items.is_none() && !param.name().is_empty() {
                    value.path = Some(param.name().into());
                }
                value
            } else {
                Value::default()
            };
            self.assign(&param.target, value);
        }
        self.frames.push(Frame { function: Some(id), role: None, returned: None });
        self.block(&function.body);
        let frame = self.frames.pop();
        Some(frame.and_then(|frame| frame.returned).unwrap_or_default())
    }

    /// Changes what a name holds by a method that is called on it.
    pub(super) fn change(&mut self, of: &'m Expr<'t>, change: impl FnOnce(&mut Value)) {
        let Some(name) = of.dotted().filter(|_| !matches!(of.kind, ExprKind::Call(_))) else {
            return;
        };
        let mut whole = match self.names.remove(name.as_str()) {
            Some(whole) => whole,
            None => self.eval(of),
        };
        change(&mut whole);
        self.names.insert(Cow::Owned(name), whole);
    }
}

/// Returns the module that is loaded by its name, or the function that is only wrapped.
fn module(site: &Site<'_, '_>) -> Option<Value> {
    let only = &site.at(0)?.value;
    match site.path.as_str() {
        // What a file of the project exports goes by the name that it is given here.
        "require" if only.text()?.starts_with('.') => Some(Value::default()),
        "require" => Some(Value::named(super::lower::module_name(only.text()?))),
        "util.promisify" | "promisify" => Some(only.clone()),
        _ => None,
    }
}

/// Returns the function that an object holds under a name.
fn held_function(of: &Value, name: &str) -> Option<FunctionId> {
    let Some(Items::Dict(pairs)) = of.items.as_deref() else { return None };
    let is_it = |key: &Const| matches!(key, Const::Str(text) if **text == *name);
    pairs.iter().find(|(key, _)| is_it(key)).and_then(|(_, value)| value.function)
}

/// Whether each element becomes a number: `ids.map(Number)`.
fn maps_to_numbers(site: &Site<'_, '_>) -> bool {
    let of = site.at(0).map_or("", |arg| arg.value.path());
    site.name == "map" && matches!(of, "Number" | "parseInt" | "parseFloat" | "Boolean" | "BigInt")
}

/// Whether a function that is called back is given the place of an element besides.
fn gives_index(name: &str) -> bool {
    matches!(name, "map" | "forEach" | "filter" | "some" | "every" | "find" | "flatMap")
}

fn is_own(name: &str) -> bool {
    matches!(name, "self" | "cls")
}

/// Functions of the file are walked this deep within each other.
const DEEPEST_CALL: usize = 4;

/// A function that took so many steps calls the rest unseen.
const MOST_STEPS: u32 = 40_000;
