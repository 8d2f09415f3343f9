//! What the languages' own methods do to containers and texts.

use std::rc::Rc;

use super::call::Site;
use super::sinks::PLAIN;
use super::tree::{Call, ExprKind};
use super::value::{Const, Items, Value};
use super::walk::Walker;

/// Carries out a method that changes what it is called on, or takes something out; returns what it answers.
pub(super) fn change<'m, 't>(
    walker: &mut Walker<'m, 't>,
    call: &'m Call<'t>,
    site: &Site<'m, 't>,
) -> Option<Value> {
    let ExprKind::Member(of, _) = &call.callee.kind else { return None };
    let first = site.at(0).map(|arg| arg.value.clone());
    match site.name.as_str() {
        "append" | "push" | "add" | "appendleft" | "put" | "put_nowait" | "write"
            if site.receiver.items.is_some() || !site.receiver.path().contains("()") =>
        {
            let value = first?;
            walker.change(of, |whole| append(whole, value));
            None
        }
        "insert" | "unshift" | "extend" | "update" => {
            let added = Value::of(site.values());
            walker.change(of, |whole| {
                whole.absorb(&added);
                whole.items = None;
            });
            None
        }
        "pop" | "shift" | "popleft" => take(walker, of, site),
        "remove" | "reverse" | "sort" | "clear" => {
            walker.change(of, |whole| whole.items = None);
            None
        }
        // A setting of a section: `config.set("s", "key", value)`.
        "set" if site.args.len() == 3 || site.args.len() == 2 => set(walker, of, site),
        // An answer whose kind is told: `res.type("text/plain")`.
        "type" | "contentType" | "setHeader" | "set" | "header"
            if walker.is_script() && is_told_plain(site) =>
        {
            let path: Rc<str> = format!("{PLAIN}.{}", site.receiver.path()).into();
            let labels = site.receiver.labels;
            walker.change(of, |whole| whole.path = Some(path.clone()));
            Some(Value { path: Some(path), labels, ..site.receiver.taint() })
        }
        "setFeature" => {
            let feature = site.at(0)?.value.path().to_owned();
            let is_on = site.at(1)?.value.known.as_ref().is_some_and(Const::is_true);
            if feature.contains("external") {
                let path = if is_on { "unsafe-parser" } else { "safe-parser" };
                walker.change(of, |whole| whole.path = Some(path.into()));
            }
            Some(Value::default())
        }
        "get" | "getstring" => pick(site),
        "setdefault" => {
            let value = site.at(1)?.value.clone();
            walker.put(of, first?.known, value);
            None
        }
        _ => None,
    }
}

/// Whether an answer is said to be something that browsers do not run.
fn is_told_plain(site: &Site<'_, '_>) -> bool {
    let text = |place: usize| site.at(place).and_then(|arg| arg.value.text()).unwrap_or_default();
    let kind = match site.args.len() {
        1 if matches!(site.name.as_str(), "type" | "contentType") => text(0),
        _ if text(0).eq_ignore_ascii_case("content-type") => text(1),
        _ => return false,
    };
    !kind.is_empty() && !["html", "xml", "svg"].iter().any(|word| kind.contains(word))
}

fn append(whole: &mut Value, value: Value) {
    whole.absorb(&value);
    whole.known = None;
    whole.items = match whole.items.as_deref() {
        Some(Items::List(all)) => {
            let mut all = all.clone();
            all.push(value);
            Some(Rc::new(Items::List(all)))
        }
        _ => None,
    };
}

fn take<'m, 't>(
    walker: &mut Walker<'m, 't>,
    of: &'m super::tree::Expr<'t>,
    site: &Site<'m, 't>,
) -> Option<Value> {
    let Some(Items::List(all)) = site.receiver.items.as_deref() else { return None };
    let at = match site.at(0).map(|arg| arg.value.known.clone()) {
        None if site.name == "pop" => all.len().checked_sub(1)?,
        None => 0,
        Some(Some(Const::Int(at))) => usize::try_from(at).ok()?,
        Some(_) => return None,
    };
    let mut rest = all.clone();
    if at >= rest.len() {
        return None;
    }
    let taken = rest.remove(at);
    walker.change(of, |whole| {
        let path = whole.path.take();
        *whole = Value { path, ..Value::of(&rest) };
        whole.items = Some(Rc::new(Items::List(rest)));
    });
    Some(taken)
}

fn set<'m, 't>(
    walker: &mut Walker<'m, 't>,
    of: &'m super::tree::Expr<'t>,
    site: &Site<'m, 't>,
) -> Option<Value> {
    let (keys, value) = site.args.split_at(site.args.len() - 1);
    let key = keys.iter().map(|key| match &key.value.known {
        Some(Const::Str(text)) => Some(text.to_string()),
        _ => None,
    });
    let key = key.collect::<Option<Vec<_>>>()?.join("\0");
    let value = value[0].value.clone();
    walker.change(of, |whole| {
        whole.absorb(&value);
        let mut pairs = match whole.items.as_deref() {
            Some(Items::Dict(pairs)) => pairs.clone(),
            _ => Vec::new(),
        };
        let key = Const::Str(key.into());
        pairs.retain(|(other, _)| *other != key);
        pairs.push((key, value));
        whole.items = Some(Rc::new(Items::Dict(pairs)));
    });
    Some(Value::default())
}

/// Takes what lies at a known key.
fn pick(site: &Site<'_, '_>) -> Option<Value> {
    let Some(Items::Dict(pairs)) = site.receiver.items.as_deref() else { return None };
    let keys = site.args.iter().filter(|arg| arg.name.is_none()).map(|key| key.value.text());
    let keys = keys.collect::<Option<Vec<_>>>()?;
    let found = |key: &str| {
        let key = Const::Str(key.into());
        pairs.iter().find(|(other, _)| *other == key).map(|(_, value)| value.clone())
    };
    found(keys.first()?).or_else(|| found(&keys.join("\0")))
}

/// Computes what a function of the language returns for what is known.
pub(super) fn compute(site: &Site<'_, '_>) -> Option<Value> {
    if let Some(value) = site.receiver.text().and_then(|text| of_text(text, site)) {
        return Some(value);
    }
    match site.name.as_str() {
        // A whole that keeps what it holds.
        "list" | "tuple" | "dict" | "copy" | "deepcopy" | "sorted" | "freeze" | "frozenset"
        | "set" => {
            let only = site.at(0).map(|arg| &arg.value)?;
            only.items.is_some().then(|| Value { path: None, ..only.clone() })
        }
        "str" | "String" | "toString" => {
            let given = site.at(0).filter(|_| site.name != "toString");
            let only = given.map_or(&site.receiver, |arg| &arg.value);
            match &only.known {
                Some(Const::Int(number)) => {
                    Some(Value::constant(Const::Str(number.to_string().into())))
                }
                _ => Some(Value { path: None, ..only.clone() }),
            }
        }
        "format" => Some(formatted(site)),
        "join" => joined(site),
        // Texts that stay what they are for whoever reads them.
        "strip" | "trim" | "lstrip" | "rstrip" | "encode" | "decode" | "lower" | "upper"
        | "toLowerCase" | "toUpperCase" | "title" | "capitalize" | "casefold" | "fspath"
        | "as_posix" | "unquote" | "unquote_plus" | "expanduser" => {
            Some(if site.receiver.labels.is_empty() {
                Value::of(site.values())
            } else {
                Value { path: None, known: None, ..site.receiver.clone() }
            })
        }
        // A schema: what it lets through is as its fields say.
        "object" if is_schema(&site.path) => {
            let items = site.at(0)?.value.items.clone();
            Some(Value { path: Some(format!("{}()", site.path).into()), items, ..Value::default() })
        }
        "strict" | "required" | "partial" | "passthrough" if is_schema(&site.path) => {
            Some(site.receiver.clone())
        }
        "parse" | "parseAsync" | "safeParse" | "validate" | "validateSync" | "attempt"
            if is_schema(&site.path) =>
        {
            Some(checked(site))
        }
        "add_section" => Some(Value::default()),
        _ => None,
    }
}

/// Whether a call is one of a library of schemas: zod, joi, yup, valibot.
fn is_schema(path: &str) -> bool {
    ["zod.", "z.", "joi.", "Joi.", "yup."].iter().any(|start| path.starts_with(start))
}

/// Returns what a schema lets through: a number, a choice or an address of a form is harmless, a text is not.
fn checked(site: &Site<'_, '_>) -> Value {
    const HARMLESS: [&str; 12] = [
        "number",
        "boolean",
        "enum",
        "uuid",
        "regex",
        "literal",
        "date",
        "int",
        "nativeEnum",
        "valid",
        "bigint",
        "guid",
    ];
    let given = Value::of(site.values());
    let field = |schema: &Value| {
        let is_harmless = schema.path().split('.').any(|part| {
            let name = part.trim_end_matches("()");
            HARMLESS.contains(&name)
        });
        if is_harmless { Value::default() } else { given.clone() }
    };
    let data = match site.receiver.items.as_deref() {
        Some(Items::Dict(pairs)) => {
            let fields = pairs.iter().map(|(key, schema)| (key.clone(), field(schema))).collect();
            Value { items: Some(Rc::new(Items::Dict(fields))), ..given.clone() }
        }
        _ => field(&site.receiver),
    };
    match site.name.as_str() {
        "safeParse" | "validate" => {
            let name = if site.name == "validate" { "value" } else { "data" };
            let pairs = vec![(Const::Str(name.into()), data)];
            Value { items: Some(Rc::new(Items::Dict(pairs))), ..given }
        }
        _ => data,
    }
}

fn of_text(text: &str, site: &Site<'_, '_>) -> Option<Value> {
    let arg = |place: usize| site.at(place).and_then(|arg| arg.value.text());
    let plain = match site.name.as_str() {
        "upper" | "toUpperCase" => text.to_uppercase(),
        "lower" | "toLowerCase" => text.to_lowercase(),
        "strip" | "trim" => text.trim().to_owned(),
        "replace" => text.replace(arg(0)?, arg(1)?),
        "startswith" | "startsWith" => {
            return Some(Value::constant(Const::Bool(text.starts_with(arg(0)?))));
        }
        "endswith" | "endsWith" => {
            return Some(Value::constant(Const::Bool(text.ends_with(arg(0)?))));
        }
        "charAt" => match site.at(0)?.value.known {
            Some(Const::Int(at)) => text.chars().nth(usize::try_from(at).ok()?)?.to_string(),
            _ => return None,
        },
        _ => return None,
    };
    Some(Value::constant(Const::Str(plain.into())))
}

fn formatted(site: &Site<'_, '_>) -> Value {
    let mut whole = Value::of(site.values().chain([&site.receiver]));
    if let Some(text) = site.receiver.text() {
        whole.prefix = text.split('{').next().map(Into::into);
    }
    whole.is_built = true;
    whole
}

fn joined(site: &Site<'_, '_>) -> Option<Value> {
    let parts = site.at(0)?.value.items.clone().or_else(|| site.receiver.items.clone());
    let separator = site.receiver.text().or_else(|| site.at(0)?.value.text()).unwrap_or_default();
    let Some(Items::List(all)) = parts.as_deref() else { return None };
    if site.path.contains("path.join") {
        return None;
    }
    let mut pieces = Vec::new();
    for (number, one) in all.iter().enumerate() {
        if number > 0 {
            pieces.push(Value::constant(Const::Str(separator.into())));
        }
        pieces.push(one.clone());
    }
    Some(Walker::concat(&pieces))
}
