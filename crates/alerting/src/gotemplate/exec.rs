//! Fills a template in, within a budget.

use std::sync::Arc;

use wardkit_core::Timestamp;

use super::TemplateError;
use super::functions;
use super::tree::{Binding, Branch, Definitions, Node, Operand, Pipe};
use super::value::{ListKind, MapKind, Value};
use super::{html, time};

/// What a template may call beside Go's own functions.
pub(super) trait Host {
    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, String>;

    /// Whether what comes from data is escaped.
    fn is_html(&self) -> bool {
        false
    }
}

/// Fills in a template whose variables from the start have values.
pub(super) fn execute(
    nodes: &[Node],
    definitions: &Definitions,
    host: &dyn Host,
    data: &Value,
    variables: Vec<(Arc<str>, Value)>,
) -> Result<String, TemplateError> {
    let mut run = Run { definitions, host, variables, out: String::new(), fuel: FUEL, depth: 0 };
    match run.list(nodes, data) {
        Ok(_) => Ok(run.out),
        Err((line, reason)) => Err(TemplateError { line, reason }),
    }
}

struct Run<'a> {
    definitions: &'a Definitions,
    host: &'a dyn Host,
    variables: Vec<(Arc<str>, Value)>,
    out: String,
    fuel: usize,
    depth: usize,
}

/// Where, and why.
type Failure = (usize, String);

/// How a list of nodes was left.
#[derive(PartialEq, Eq)]
enum Left {
    AtEnd,
    Break,
    Continue,
}

impl<'a> Run<'a> {
    fn spend(&mut self, line: usize, fuel: usize) -> Result<(), Failure> {
        match self.fuel.checked_sub(fuel) {
            Some(rest) => {
                self.fuel = rest;
                Ok(())
            }
            None => Err((line, "the template does too much".to_owned())),
        }
    }

    fn deeper(&mut self, line: usize) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((line, "the template calls itself too deep".to_owned()));
        }
        Ok(())
    }

    fn write(&mut self, line: usize, text: &str) -> Result<(), Failure> {
        self.spend(line, text.len() / 16)?;
        if self.out.len() + text.len() > MAX_OUTPUT {
            return Err((line, format!("the template writes more than {MAX_OUTPUT} bytes")));
        }
        self.out.push_str(text);
        Ok(())
    }

    fn list(&mut self, nodes: &'a [Node], dot: &Value) -> Result<Left, Failure> {
        for node in nodes {
            match node {
                Node::Text(text) => self.write(0, text)?,
                Node::Action(pipe) => self.action(pipe, dot)?,
                Node::Break => return Ok(Left::Break),
                Node::Continue => return Ok(Left::Continue),
                Node::If(branch) => {
                    let left = self.scoped(|run| {
                        let holds = run.pipe(&branch.pipe, dot)?.is_true();
                        run.list(if holds { &branch.then } else { &branch.otherwise }, dot)
                    })?;
                    if left != Left::AtEnd {
                        return Ok(left);
                    }
                }
                Node::With(branch) => {
                    let left = self.scoped(|run| match run.pipe(&branch.pipe, dot)? {
                        value if value.is_true() => run.list(&branch.then, &value),
                        _ => run.list(&branch.otherwise, dot),
                    })?;
                    if left != Left::AtEnd {
                        return Ok(left);
                    }
                }
                Node::Range(branch) => {
                    let left = self.scoped(|run| run.range(branch, dot))?;
                    if left != Left::AtEnd {
                        return Ok(left);
                    }
                }
                Node::Call { name, argument, line } => {
                    self.call(name, argument.as_ref(), *line, dot)?;
                }
            }
        }
        Ok(Left::AtEnd)
    }

    /// Variables that are declared inside end with it.
    fn scoped<T>(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.deeper(0)?;
        let known = self.variables.len();
        let result = inside(self)?;
        self.variables.truncate(known);
        self.depth -= 1;
        Ok(result)
    }

    fn action(&mut self, pipe: &'a Pipe, dot: &Value) -> Result<(), Failure> {
        let value = self.pipe(pipe, dot)?;
        if pipe.binding != Binding::None {
            return Ok(());
        }
        let text = match &value {
            Value::Nil => "<no value>".to_owned(),
            value => value.printed(),
        };
        if self.host.is_html() && !matches!(value, Value::Html(_)) {
            let escaped = html::escape(&self.out, &text).map_err(|reason| (pipe.line, reason))?;
            return self.write(pipe.line, &escaped);
        }
        self.write(pipe.line, &text)
    }

    fn range(&mut self, branch: &'a Branch, dot: &Value) -> Result<Left, Failure> {
        let line = branch.pipe.line;
        let value = self.pipe_value(&branch.pipe, dot)?;
        let items: Vec<(Value, Value)> = match &value {
            Value::List(_, items) => {
                let numbered = (0..).map(Value::Int).zip(items.iter().cloned());
                numbered.collect()
            }
            Value::Map(_, map) => {
                map.iter().map(|(key, item)| (Value::Text(key.clone()), item.clone())).collect()
            }
            Value::Nil => Vec::new(),
            other => return Err((line, format!("range can't iterate over {}", other.type_name()))),
        };
        if items.is_empty() {
            return self.list(&branch.otherwise, dot);
        }
        let known = self.variables.len();
        for (key, item) in items {
            self.spend(line, 1)?;
            let names = &branch.pipe.variables;
            let values = match names.len() {
                0 => vec![],
                1 => vec![item.clone()],
                _ => vec![key, item.clone()],
            };
            for (name, value) in names.iter().zip(values) {
                self.bind(branch.pipe.binding, name, value);
            }
            let left = self.list(&branch.then, &item)?;
            self.variables.truncate(known);
            if left == Left::Break {
                break;
            }
        }
        Ok(Left::AtEnd)
    }

    fn call(
        &mut self,
        name: &str,
        argument: Option<&'a Pipe>,
        line: usize,
        dot: &Value,
    ) -> Result<(), Failure> {
        let Some(nodes) = self.definitions.get(name) else {
            return Err((line, format!("template {name:?} is not defined")));
        };
        self.spend(line, 10)?;
        let argument = match argument {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => Value::Nil,
        };
        let variables = vec![(Arc::from("$"), argument.clone())];
        let outside = std::mem::replace(&mut self.variables, variables);
        self.scoped(|run| run.list(nodes, &argument))?;
        self.variables = outside;
        Ok(())
    }

    fn bind(&mut self, binding: Binding, name: &Arc<str>, value: Value) {
        let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
        match known {
            Some((_, known)) if binding == Binding::Assigns => *known = value,
            _ => self.variables.push((name.clone(), value)),
        }
    }

    fn pipe(&mut self, pipe: &'a Pipe, dot: &Value) -> Result<Value, Failure> {
        let value = self.pipe_value(pipe, dot)?;
        for name in &pipe.variables {
            self.bind(pipe.binding, name, value.clone());
        }
        Ok(value)
    }

    fn pipe_value(&mut self, pipe: &'a Pipe, dot: &Value) -> Result<Value, Failure> {
        self.deeper(pipe.line)?;
        let mut value = None;
        for command in &pipe.commands {
            self.spend(pipe.line, 1)?;
            value = Some(self.command(command, value, pipe.line, dot)?);
        }
        self.depth -= 1;
        Ok(value.unwrap_or(Value::Nil))
    }

    /// Calls what comes first with all that follows and, last, with what is piped into it.
    fn command(
        &mut self,
        operands: &'a [Operand],
        piped: Option<Value>,
        line: usize,
        dot: &Value,
    ) -> Result<Value, Failure> {
        let Some((first, rest)) = operands.split_first() else {
            return Ok(Value::Nil);
        };
        match first {
            Operand::Function(name @ ("and" | "or")) => {
                return self.junction(name, rest, piped, line, dot);
            }
            Operand::Function(name) => {
                let arguments = self.arguments(rest, piped, line, dot)?;
                return self.function(name, &arguments, line);
            }
            Operand::Fields(base, names) => {
                let mut value = self.operand(base, line, dot)?;
                let last = names.len().saturating_sub(1);
                for name in names.iter().take(last) {
                    value = field(&value, name, &[]).map_err(|reason| (line, reason))?;
                }
                let arguments = self.arguments(rest, piped, line, dot)?;
                let name = names.get(last).map_or("", |name| name);
                return field(&value, name, &arguments).map_err(|reason| (line, reason));
            }
            Operand::Nil => return Err((line, "nil is not a command".to_owned())),
            _ => {}
        }
        if !rest.is_empty() || piped.is_some() {
            return Err((line, "can't give an argument to what is no function".to_owned()));
        }
        self.operand(first, line, dot)
    }

    fn arguments(
        &mut self,
        operands: &'a [Operand],
        piped: Option<Value>,
        line: usize,
        dot: &Value,
    ) -> Result<Vec<Value>, Failure> {
        let mut values = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            values.push(self.operand(operand, line, dot)?);
        }
        values.extend(piped);
        Ok(values)
    }

    /// The first that decides; the others are not looked at.
    fn junction(
        &mut self,
        name: &str,
        operands: &'a [Operand],
        piped: Option<Value>,
        line: usize,
        dot: &Value,
    ) -> Result<Value, Failure> {
        let mut value = None;
        for operand in operands {
            let next = self.operand(operand, line, dot)?;
            if next.is_true() == (name == "or") {
                return Ok(next);
            }
            value = Some(next);
        }
        let value = piped.or(value);
        value
            .ok_or_else(|| (line, format!("wrong number of arguments for {name}: want at least 1")))
    }

    fn function(&mut self, name: &str, arguments: &[Value], line: usize) -> Result<Value, Failure> {
        let weight: usize = arguments.iter().map(weight).sum();
        self.spend(line, 1 + weight / 16)?;
        let result =
            functions::call(name, arguments).unwrap_or_else(|| self.host.call(name, arguments));
        let value = result.map_err(|reason| (line, format!("error calling {name}: {reason}")))?;
        if weight_of_text(&value) > MAX_OUTPUT {
            return Err((line, format!("{name} makes more than {MAX_OUTPUT} bytes")));
        }
        Ok(value)
    }

    fn operand(
        &mut self,
        operand: &'a Operand,
        line: usize,
        dot: &Value,
    ) -> Result<Value, Failure> {
        Ok(match operand {
            Operand::Dot => dot.clone(),
            Operand::Nil => Value::Nil,
            Operand::Bool(value) => Value::Bool(*value),
            Operand::Int(number) => Value::Int(*number),
            Operand::Float(number) => Value::Float(*number),
            Operand::Text(text) => Value::Text(text.clone()),
            Operand::Variable(name) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                match known {
                    Some((_, value)) => value.clone(),
                    None => return Err((line, format!("undefined variable {name}"))),
                }
            }
            Operand::Function(name) => self.function(name, &[], line)?,
            Operand::Pipe(pipe) => self.pipe(pipe, dot)?,
            Operand::Fields(base, names) => {
                let mut value = self.operand(base, line, dot)?;
                for name in names {
                    value = field(&value, name, &[]).map_err(|reason| (line, reason))?;
                }
                value
            }
        })
    }
}

/// What a map has for a key that is not there.
pub(super) fn absent(kind: MapKind) -> Value {
    match kind {
        MapKind::Any => Value::Nil,
        MapKind::Texts | MapKind::Pairs => Value::text(""),
    }
}

/// A method, a field or the value of a key.
fn field(value: &Value, name: &str, arguments: &[Value]) -> Result<Value, String> {
    if let Some(result) = method(value, name, arguments) {
        return result;
    }
    if !arguments.is_empty() {
        return Err(format!(".{name} has arguments but is no function"));
    }
    match value {
        Value::Map(kind, map) => Ok(map.get(name).cloned().unwrap_or_else(|| absent(*kind))),
        Value::Record(fields) => match fields.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(format!("can't evaluate field {name}")),
        },
        Value::Nil => Err(format!("nil has no field {name}")),
        other => Err(format!("can't evaluate field {name} in type {}", other.type_name())),
    }
}

fn method(value: &Value, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    let result = match (value, name) {
        (Value::List(ListKind::Alerts, alerts), "Firing" | "Resolved") => {
            let status = name.to_lowercase();
            let alerts = alerts.iter().filter(|alert| {
                field(alert, "Status", &[]).is_ok_and(|value| value.printed() == status)
            });
            Value::List(ListKind::Alerts, alerts.cloned().collect())
        }
        (Value::List(ListKind::Pairs, pairs), "Names" | "Values") => {
            let part = if name == "Names" { "Name" } else { "Value" };
            Value::list(pairs.iter().filter_map(|pair| field(pair, part, &[]).ok()))
        }
        (Value::Map(MapKind::Pairs, map), "Names") => {
            Value::list(sorted(map).iter().map(|(name, _)| Value::text(name)))
        }
        (Value::Map(MapKind::Pairs, map), "Values") => {
            Value::list(sorted(map).into_iter().map(|(_, value)| value.clone()))
        }
        (Value::Map(MapKind::Pairs, map), "SortedPairs") => {
            let pairs = sorted(map).into_iter().map(|(name, value)| {
                Value::record([("Name", Value::text(name)), ("Value", value.clone())])
            });
            Value::List(ListKind::Pairs, pairs.collect())
        }
        (Value::Map(MapKind::Pairs, map), "Remove") => {
            return Some(functions::one(name, arguments).and_then(|names| remove(map, names)));
        }
        (Value::Time(at), _) => return time_method(*at, name, arguments),
        _ => return None,
    };
    Some(if arguments.is_empty() {
        Ok(result)
    } else {
        Err(functions::wrong_count(name, 0, arguments))
    })
}

type Pairs = std::collections::BTreeMap<Arc<str>, Value>;

/// By name, the alert's name before all others.
fn sorted(map: &Pairs) -> Vec<(&str, &Value)> {
    let first = map.get_key_value("alertname");
    let rest = map.iter().filter(|(name, _)| &***name != "alertname");
    first.into_iter().chain(rest).map(|(name, value)| (&**name, value)).collect()
}

fn remove(map: &Pairs, names: &Value) -> Result<Value, String> {
    let Value::List(_, names) = names else {
        return Err(format!("expected a list of strings, got {}", names.type_name()));
    };
    let mut left = map.clone();
    for name in names.iter() {
        left.remove(functions::text(name)?);
    }
    Ok(Value::Map(MapKind::Pairs, Arc::new(left)))
}

fn time_method(
    at: Option<Timestamp>,
    name: &str,
    arguments: &[Value],
) -> Option<Result<Value, String>> {
    // Of Go's zero, the year 1.
    let seconds = at.map_or(-62_135_596_800, Timestamp::as_unix_seconds);
    Some(match name {
        "Format" => functions::one(name, arguments)
            .and_then(|layout| Ok(Value::text(time::format(at, functions::text(layout)?)))),
        "String" => Ok(Value::text(time::print(at))),
        "Unix" => Ok(Value::Int(seconds)),
        "UTC" => Ok(Value::Time(at)),
        "IsZero" => Ok(Value::Bool(at.is_none())),
        _ => return None,
    })
}

fn weight(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Html(text) => text.len(),
        Value::List(_, items) => items.iter().map(weight_of_text).sum::<usize>() + items.len(),
        _ => 0,
    }
}

fn weight_of_text(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Html(text) => text.len(),
        _ => 0,
    }
}

/// Steps: thousands of alerts with dozens of labels fit.
const FUEL: usize = 400_000;

/// In bytes: no channel takes more.
const MAX_OUTPUT: usize = 512 * 1024;

/// Of templates, branches and parentheses in each other: the stack is not unlimited.
const MAX_DEPTH: usize = 100;
