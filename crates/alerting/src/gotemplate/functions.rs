//! The functions that every template of Go's may call.

use std::cmp::Ordering;

use super::format;
use super::value::{ListKind, Value};

/// Calls a function; none when there is no such one here.
pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    Some(match name {
        "not" => one(name, arguments).map(|value| Value::Bool(!value.is_true())),
        "len" => one(name, arguments).and_then(len),
        "index" => index(arguments),
        "slice" => slice(arguments),
        "eq" => equal(arguments),
        "ne" => two(name, arguments).and_then(|(a, b)| Ok(Value::Bool(!alike(a, b)?))),
        "lt" => compare(name, arguments, Ordering::is_lt),
        "le" => compare(name, arguments, Ordering::is_le),
        "gt" => compare(name, arguments, Ordering::is_gt),
        "ge" => compare(name, arguments, Ordering::is_ge),
        "print" => Ok(Value::text(format::print(arguments))),
        "println" => Ok(Value::text(format::println(arguments))),
        "printf" => printf(arguments),
        "html" => Ok(Value::text(escape_html(&flat(arguments)))),
        "urlquery" => Ok(Value::text(escape_query(&flat(arguments)))),
        _ => return None,
    })
}

pub(super) fn one<'a>(name: &str, arguments: &'a [Value]) -> Result<&'a Value, String> {
    match arguments {
        [value] => Ok(value),
        _ => Err(wrong_count(name, 1, arguments)),
    }
}

pub(super) fn two<'a>(
    name: &str,
    arguments: &'a [Value],
) -> Result<(&'a Value, &'a Value), String> {
    match arguments {
        [first, second] => Ok((first, second)),
        _ => Err(wrong_count(name, 2, arguments)),
    }
}

pub(super) fn wrong_count(name: &str, wanted: usize, arguments: &[Value]) -> String {
    format!("wrong number of arguments for {name}: want {wanted} got {}", arguments.len())
}

/// The text that a function wants.
pub(super) fn text(value: &Value) -> Result<&str, String> {
    match value {
        Value::Text(text) | Value::Html(text) => Ok(text),
        other => Err(format!("expected a string, got {}", other.type_name())),
    }
}

fn len(value: &Value) -> Result<Value, String> {
    let length = match value {
        Value::Text(text) | Value::Html(text) => text.len(),
        Value::List(_, items) => items.len(),
        Value::Map(_, map) => map.len(),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn index(arguments: &[Value]) -> Result<Value, String> {
    let Some((item, indexes)) = arguments.split_first() else {
        return Err(wrong_count("index", 1, arguments));
    };
    let mut item = item.clone();
    for index in indexes {
        item = match (&item, index) {
            (Value::Map(kind, map), Value::Text(key)) => {
                map.get(key).cloned().unwrap_or_else(|| super::exec::absent(*kind))
            }
            (Value::List(_, items), Value::Int(at)) => {
                let item = usize::try_from(*at).ok().and_then(|at| items.get(at));
                item.cloned().ok_or_else(|| format!("index out of range: {at}"))?
            }
            (Value::Text(text), Value::Int(at)) => {
                let byte = usize::try_from(*at).ok().and_then(|at| text.as_bytes().get(at));
                let byte = byte.ok_or_else(|| format!("index out of range: {at}"))?;
                Value::Int(i64::from(*byte))
            }
            (Value::Nil, _) => return Err("index of untyped nil".to_owned()),
            (item, index) => {
                let (item, index) = (item.type_name(), index.type_name());
                return Err(format!("cannot index {item} with {index}"));
            }
        };
    }
    Ok(item)
}

fn slice(arguments: &[Value]) -> Result<Value, String> {
    let Some((item, bounds)) = arguments.split_first() else {
        return Err(wrong_count("slice", 1, arguments));
    };
    if bounds.len() > 2 {
        return Err("slice with three bounds is not supported".to_owned());
    }
    let length = match item {
        Value::Text(text) => text.len(),
        Value::List(_, items) => items.len(),
        other => return Err(format!("cannot slice {}", other.type_name())),
    };
    let bound = |at: usize, usual: usize| match bounds.get(at) {
        None => Ok(usual),
        Some(Value::Int(bound)) => usize::try_from(*bound)
            .ok()
            .filter(|bound| *bound <= length)
            .ok_or_else(|| format!("index out of range: {bound}")),
        Some(other) => Err(format!("cannot index slice with {}", other.type_name())),
    };
    let (from, to) = (bound(0, 0)?, bound(1, length)?);
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    match item {
        Value::Text(text) => match text.get(from..to) {
            Some(part) => Ok(Value::text(part)),
            // Go would cut the character apart; its bytes are no text here.
            None => Err("slice cuts a character apart".to_owned()),
        },
        Value::List(kind, items) => Ok(Value::List(*kind, items[from..to].into())),
        _ => Ok(Value::List(ListKind::Plain, [].into())),
    }
}

fn equal(arguments: &[Value]) -> Result<Value, String> {
    let (first, others) = match arguments.split_first() {
        Some((first, others)) if !others.is_empty() => (first, others),
        _ => return Err("missing argument for comparison".to_owned()),
    };
    for other in others {
        if alike(first, other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn alike(first: &Value, second: &Value) -> Result<bool, String> {
    match (first, second) {
        (Value::Nil, other) | (other, Value::Nil) => Ok(matches!(other, Value::Nil)),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Time(a), Value::Time(b)) => Ok(a == b),
        _ => Ok(order(first, second)? == Some(Ordering::Equal)),
    }
}

fn compare(
    name: &str,
    arguments: &[Value],
    holds: impl Fn(Ordering) -> bool,
) -> Result<Value, String> {
    let (first, second) = two(name, arguments)?;
    Ok(Value::Bool(order(first, second)?.is_some_and(holds)))
}

/// None for what is not a number: it is neither less nor more.
fn order(first: &Value, second: &Value) -> Result<Option<Ordering>, String> {
    match (first, second) {
        (Value::Int(a), Value::Int(b)) => Ok(Some(a.cmp(b))),
        (Value::Float(a), Value::Float(b)) => Ok(a.partial_cmp(b)),
        (Value::Text(a) | Value::Html(a), Value::Text(b) | Value::Html(b)) => Ok(Some(a.cmp(b))),
        // Go has no conversion here, either: a float is compared with 80.0, not with 80.
        _ => {
            let (a, b) = (first.type_name(), second.type_name());
            Err(format!("incompatible types for comparison: {a} and {b}"))
        }
    }
}

fn printf(arguments: &[Value]) -> Result<Value, String> {
    let Some((layout, values)) = arguments.split_first() else {
        return Err(wrong_count("printf", 1, arguments));
    };
    format::printf(text(layout)?, values).map(Value::text)
}

fn flat(arguments: &[Value]) -> String {
    match arguments {
        [Value::Text(text) | Value::Html(text)] => text.to_string(),
        other => format::print(other),
    }
}

pub(super) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}

/// As a form's field is encoded.
pub(super) fn escape_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => {
                let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
                let digits = [digit(byte >> 4), digit(byte & 15)];
                out.push('%');
                out.extend(digits.map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    out
}
