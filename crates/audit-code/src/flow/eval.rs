//! What an expression stands for.

use std::rc::Rc;

use super::sources;
use super::tree::{Clause, Compare, Expr, ExprKind, Op, Span};
use super::value::{Classes, Const, Items, Labels, Value};
use super::walk::{DEEPEST, Walker};

impl<'m, 't> Walker<'m, 't> {
    pub(super) fn eval(&mut self, expr: &'m Expr<'t>) -> Value {
        self.tick();
        if self.depth >= DEEPEST || self.is_over {
            return Value::default();
        }
        self.depth += 1;
        let value = self.eval_kind(expr);
        self.meet(&value);
        self.depth -= 1;
        value
    }

    /// Takes note of whether something came in from outside.
    pub(super) fn meet(&mut self, value: &Value) {
        self.met_outside |=
            value.labels.meets(MET) || self.is_script() && value.labels.meets(Labels::CARRIER);
    }

    fn eval_kind(&mut self, expr: &'m Expr<'t>) -> Value {
        let at = expr.at;
        match &expr.kind {
            ExprKind::Str(text) => Value::constant(Const::Str(text.as_ref().into())),
            ExprKind::Int(number) => Value::constant(Const::Int(*number)),
            ExprKind::Bool(truth) => Value::constant(Const::Bool(*truth)),
            ExprKind::Nothing => Value::constant(Const::Nothing),
            ExprKind::Number | ExprKind::Regex(_) => Value::default(),
            ExprKind::Name(name) => self.name(name, at),
            ExprKind::Member(of, name) => self.eval_member(expr, of, name),
            ExprKind::Index(of, key) => {
                let known = self.eval(key);
                if let Some(value) = self.named_item(of, &known) {
                    return value;
                }
                let of = self.eval(of);
                self.item(&of, &known, at)
            }
            ExprKind::Slice(of, from, to) => self.slice(of, from.as_deref(), to.as_deref()),
            ExprKind::Call(call) => self.call(call, at),
            ExprKind::Concat(parts) => {
                let parts: Vec<Value> = parts.iter().map(|part| self.eval(part)).collect();
                Self::concat(&parts).step(at, "put into a text")
            }
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (self.eval(left), self.eval(right));
                Self::operate(*op, &left, &right).step(at, "put together")
            }
            ExprKind::Compare(op, left, right) => {
                let (left, right) = (self.eval(left), self.eval(right));
                compared(*op, &left, &right)
            }
            ExprKind::And(left, right) => self.both(left, right),
            ExprKind::Or(left, right) => self.either(left, right),
            ExprKind::Not(inner) => match self.eval(inner).known {
                Some(known) => Value::constant(Const::Bool(!known.is_true())),
                None => Value::default(),
            },
            ExprKind::Choice { test, then, otherwise } => self.choice(test, then, otherwise),
            ExprKind::List(all) => self.list(all),
            ExprKind::Dict(pairs) => self.dict(pairs),
            ExprKind::Spread(inner) => self.eval(inner).taint(),
            ExprKind::Lambda(id) => Value { function: Some(*id), ..Value::default() },
            ExprKind::Comprehension { clauses, elements } => self.comprehend(clauses, elements),
            ExprKind::Assign(target, value) => {
                let value = self.eval(value);
                self.assign(target, value.clone());
                value
            }
            ExprKind::Parts(parts) => {
                let parts: Vec<Value> = parts.iter().map(|part| self.eval(part)).collect();
                Value::of(&parts)
            }
        }
    }

    fn name(&mut self, name: &'t str, at: Span) -> Value {
        if let Some(value) = self.names.get(name).or_else(|| self.globals.get(name)) {
            let mut value = value.clone();
            if value.path.is_none() && value.labels.is_empty() && value.known.is_none() {
                value.path = Some(name.into());
            }
            return value;
        }
        let path: Rc<str> = self.imports.get(name).map_or(name, |path| *path).into();
        let function = self.functions.get(name).copied();
        let labels = sources::of_name(self.dialect, &path);
        let mut value = if labels.is_empty() {
            Value::default()
        } else {
            Value::source(labels, at, "comes in from outside")
        };
        (value.path, value.function) = (Some(path), function);
        value
    }

    fn eval_member(&mut self, expr: &'m Expr<'t>, of: &'m Expr<'t>, name: &'t str) -> Value {
        if let Some(dotted) = expr.dotted().filter(|_| !matches!(of.kind, ExprKind::Call(_))) {
            if let Some(value) = self.names.get(dotted.as_str()) {
                return value.clone();
            }
            if matches!(of.kind, ExprKind::Name("self" | "this")) {
                let class = self.class().unwrap_or_default();
                if let Some(value) = self.fields.get(&format!("{class}.{name}")) {
                    return value.clone();
                }
            }
        }
        let of = self.eval(of);
        self.member(&of, name, expr.at)
    }

    /// Returns what was assigned to a member that is read by its name: `x.a`, then `x["a"]`.
    fn named_item(&self, of: &Expr<'t>, key: &Value) -> Option<Value> {
        let name = key.text().filter(|_| self.is_script())?;
        let of = of.dotted().filter(|_| !matches!(of.kind, ExprKind::Call(_)))?;
        self.names.get(format!("{of}.{name}").as_str()).cloned()
    }

    /// Returns the member of a value by name.
    pub(super) fn member(&mut self, of: &Value, name: &str, at: Span) -> Value {
        if let Some(Items::Dict(pairs)) = of.items.as_deref() {
            let key = Const::Str(name.into());
            if let Some((_, value)) = pairs.iter().find(|(other, _)| *other == key) {
                return value.clone();
            }
        }
        let path = longer(of.path(), name);
        let mut value = sources::of_member(self.dialect, of, name, &path, at);
        value.path = Some(path.into());
        value
    }

    /// Returns what lies in a container at a key.
    pub(super) fn item(&mut self, of: &Value, key: &Value, at: Span) -> Value {
        if let Some(found) = known_item(of, key.known.as_ref()) {
            return found;
        }
        if let Some(name) = key.text().filter(|_| {
            of.labels.meets(Labels::CARRIER.with(Labels::ANSWER)) || of.path().ends_with("environ")
        }) {
            let name = name.to_owned();
            return self.member(of, &name, at);
        }
        let mut value = Value { is_part: true, ..of.taint() };
        value.path = of.path.as_ref().map(|path| longer(path, "[]").into());
        value.step(at, "taken out of it")
    }

    fn slice(
        &mut self,
        of: &'m Expr<'t>,
        from: Option<&'m Expr<'t>>,
        to: Option<&'m Expr<'t>>,
    ) -> Value {
        let of = self.eval(of);
        let mut end = |end: Option<&'m Expr<'t>>| match end {
            None => Some(None),
            Some(end) => match self.eval(end).known {
                Some(Const::Int(number)) => Some(usize::try_from(number).ok()),
                _ => None,
            },
        };
        let (from, to) = (end(from), end(to));
        if let (Some(text), Some(from), Some(to)) = (of.text(), from, to) {
            let chars: Vec<char> = text.chars().collect();
            let to = to.unwrap_or(chars.len()).min(chars.len());
            let from = from.unwrap_or(0).min(to);
            return Value::constant(Const::Str(chars[from..to].iter().collect::<String>().into()));
        }
        of.taint()
    }

    fn both(&mut self, left: &'m Expr<'t>, right: &'m Expr<'t>) -> Value {
        let first = self.eval(left);
        if first.known.as_ref().is_some_and(|known| !known.is_true()) {
            return first;
        }
        let before = self.copied();
        self.guard(left, true);
        let second = self.eval(right);
        self.names = before;
        if first.known.is_some() { second } else { Value { known: None, ..first.join(&second) } }
    }

    fn either(&mut self, left: &'m Expr<'t>, right: &'m Expr<'t>) -> Value {
        let first = self.eval(left);
        match &first.known {
            Some(known) if known.is_true() => return first,
            Some(_) => return self.eval(right),
            None => {}
        }
        let second = self.eval(right);
        Value { known: None, ..first.join(&second) }
    }

    fn choice(&mut self, test: &'m Expr<'t>, then: &'m Expr<'t>, otherwise: &'m Expr<'t>) -> Value {
        match self.eval(test).known.map(|known| known.is_true()) {
            Some(true) => self.eval(then),
            Some(false) => self.eval(otherwise),
            None => {
                let before = self.copied();
                self.guard(test, true);
                let first = self.eval(then);
                self.names.clone_from(&before);
                self.guard(test, false);
                let second = self.eval(otherwise);
                self.names = before;
                first.join(&second)
            }
        }
    }

    fn list(&mut self, all: &'m [Expr<'t>]) -> Value {
        let (mut items, mut whole) = (Vec::new(), Value::default());
        for one in all {
            let is_spread = matches!(one.kind, ExprKind::Spread(_));
            let value = self.spread(one);
            whole.absorb(&value);
            match value.items.as_deref() {
                Some(Items::List(inner)) if is_spread => items.extend(inner.iter().cloned()),
                // How many there are is not known; what they are counts for what comes from there on.
                _ if is_spread => items.push(Value { is_part: true, ..value.taint() }),
                _ => items.push(value),
            }
        }
        if items.len() > MOST_ITEMS {
            return whole;
        }
        Value { items: Some(Rc::new(Items::List(items))), ..whole }
    }

    /// Returns what a container is filled with: of all of another, that one itself.
    fn spread(&mut self, one: &'m Expr<'t>) -> Value {
        match &one.kind {
            ExprKind::Spread(inner) => self.eval(inner),
            _ => self.eval(one),
        }
    }

    fn dict(&mut self, pairs: &'m [(Expr<'t>, Expr<'t>)]) -> Value {
        let (mut known, mut whole, mut is_known) = (Vec::new(), Value::default(), true);
        for (key, value) in pairs {
            let (key, value) = (self.eval(key), self.spread(value));
            whole.absorb(&value);
            if let (None, Some(Items::Dict(inner))) = (&key.known, value.items.as_deref()) {
                known.retain(|(key, _)| !inner.iter().any(|(other, _)| other == key));
                known.extend(inner.iter().cloned());
                continue;
            }
            if key.known.is_none() && is_sent_whole(&value) {
                whole.path.clone_from(&value.path);
            }
            match key.known {
                Some(key) => known.push((key, value)),
                None => is_known = false,
            }
        }
        if !is_known || known.len() > MOST_ITEMS {
            return whole;
        }
        Value { items: Some(Rc::new(Items::Dict(known))), ..whole }
    }

    fn comprehend(&mut self, clauses: &'m [Clause<'t>], elements: &'m [Expr<'t>]) -> Value {
        let before = self.copied();
        for clause in clauses {
            let iterable = self.eval(&clause.iterable);
            self.assign(&clause.target, Self::element_of(&iterable));
            for test in &clause.tests {
                self.eval(test);
                self.guard(test, true);
            }
        }
        let elements: Vec<Value> = elements.iter().map(|element| self.eval(element)).collect();
        self.names = before;
        Value::of(&elements)
    }

    /// Returns what each element of a container may be.
    pub(super) fn element_of(whole: &Value) -> Value {
        match whole.items.as_deref() {
            Some(Items::List(all)) => {
                let mut all = all.iter();
                let first = all.next().cloned().unwrap_or_default();
                all.fold(first, Value::join)
            }
            // Its keys.
            Some(Items::Dict(_)) => Value::default(),
            None => {
                let mut element = whole.taint();
                element.path = whole.path.as_ref().map(|path| longer(path, "[]").into());
                element
            }
        }
    }

    pub(super) fn concat(parts: &[Value]) -> Value {
        let texts: Option<String> = parts.iter().map(shown).collect();
        if let Some(text) = texts.filter(|text| text.len() < LONGEST_TEXT) {
            return Value::constant(Const::Str(text.into()));
        }
        let mut whole = Value::of(parts);
        let leading: String = parts.iter().map_while(shown).collect();
        let begins = parts.iter().map_while(|part| part.prefix.as_deref()).take(1).next();
        let is_unknown =
            parts.first().is_some_and(|part| part.labels.is_empty() && part.known.is_none());
        whole.prefix = match begins {
            // Whatever it begins with, nobody outside chose it.
            None if is_unknown => Some(OWN_HOST.into()),
            Some(begins) if begins.len() > leading.len() => Some(begins.into()),
            _ => Some(leading.into()),
        };
        whole.is_built = true;
        whole
    }

    pub(super) fn operate(op: Op, left: &Value, right: &Value) -> Value {
        if let (Some(Const::Int(a)), Some(Const::Int(b))) = (&left.known, &right.known) {
            return folded(op, *a, *b).map_or_else(Value::default, Value::constant);
        }
        match op {
            Op::Add => {
                if let (Some(Items::List(a)), Some(Items::List(b))) =
                    (left.items.as_deref(), right.items.as_deref())
                {
                    let all: Vec<Value> = a.iter().chain(b).cloned().collect();
                    return Value {
                        items: Some(Rc::new(Items::List(all))),
                        ..Value::of([left, right])
                    };
                }
                Self::concat(&[left.clone(), right.clone()])
            }
            // The text before the first gap is what it begins with.
            Op::Mod if left.text().is_some() || left.is_built => {
                let mut whole = Value::of([left, right]);
                let begins = left.text().and_then(|text| text.split('%').next());
                (whole.prefix, whole.is_built) = (begins.map(Into::into), true);
                whole
            }
            Op::Div => {
                let mut whole = Value::of([left, right]);
                whole.cleared = whole.cleared.both(Classes(!Classes::RESOLVED.0));
                whole
            }
            // A number comes out, of whatever it was made.
            Op::Sub | Op::Mul | Op::FloorDiv | Op::Pow | Op::Mod | Op::Other => {
                Value::of([left, right])
            }
        }
    }
}

/// A name cannot grow without end.
pub(super) fn longer(path: &str, name: &str) -> String {
    if path.is_empty() || path.len() > 160 { format!("?.{name}") } else { format!("{path}.{name}") }
}

/// Whether a value is all that somebody sent: the body of a request, or its query.
pub(super) fn is_sent_whole(value: &Value) -> bool {
    let last = value.path().rsplit('.').next().unwrap_or_default();
    value.labels.meets(Labels::USER)
        && matches!(last, "body" | "query" | "payload" | "json()" | "parseBody()" | "formData()")
}

fn known_item(of: &Value, key: Option<&Const>) -> Option<Value> {
    match (of.items.as_deref(), key?) {
        (Some(Items::Dict(pairs)), key) => {
            let found = pairs.iter().find(|(other, _)| other == key);
            found.map(|(_, value)| value.clone())
        }
        (Some(Items::List(all)), Const::Int(at)) => {
            let length = i64::try_from(all.len()).ok()?;
            let at = if *at < 0 { length + at } else { *at };
            all.get(usize::try_from(at).ok()?).cloned()
        }
        (None, Const::Int(at)) => {
            let text = of.text()?;
            let one = text.chars().nth(usize::try_from(*at).ok()?)?;
            Some(Value::constant(Const::Str(one.to_string().into())))
        }
        _ => None,
    }
}

fn shown(value: &Value) -> Option<String> {
    Some(match value.known.as_ref()? {
        Const::Str(text) => text.to_string(),
        Const::Int(number) => number.to_string(),
        Const::Bool(truth) => truth.to_string(),
        Const::Nothing => return None,
    })
}

fn folded(op: Op, a: i64, b: i64) -> Option<Const> {
    let number = match op {
        Op::Add => a.checked_add(b),
        Op::Sub => a.checked_sub(b),
        Op::Mul => a.checked_mul(b),
        // True division of whole numbers; what is left of it decides no comparison that people write.
        Op::Div | Op::FloorDiv => a.checked_div_euclid(b),
        Op::Mod => a.checked_rem_euclid(b),
        Op::Pow => a.checked_pow(u32::try_from(b).ok()?),
        Op::Other => None,
    };
    number.map(Const::Int)
}

fn compared(op: Compare, left: &Value, right: &Value) -> Value {
    let truth = match (&left.known, &right.known) {
        (Some(Const::Int(a)), Some(Const::Int(b))) => match op {
            Compare::Equal => Some(a == b),
            Compare::NotEqual => Some(a != b),
            Compare::Less => Some(a < b),
            Compare::LessEqual => Some(a <= b),
            Compare::Greater => Some(a > b),
            Compare::GreaterEqual => Some(a >= b),
            _ => None,
        },
        (Some(Const::Str(a)), Some(Const::Str(b))) => match op {
            Compare::Equal => Some(a == b),
            Compare::NotEqual => Some(a != b),
            Compare::In => Some(b.contains(&**a)),
            Compare::NotIn => Some(!b.contains(&**a)),
            _ => None,
        },
        (Some(a), Some(b)) => match op {
            Compare::Equal => Some(a == b),
            Compare::NotEqual => Some(a != b),
            _ => None,
        },
        (Some(a), None) => match (op, right.items.as_deref()) {
            (Compare::In | Compare::NotIn, Some(Items::Dict(pairs))) => {
                Some(pairs.iter().any(|(key, _)| key == a) == (op == Compare::In))
            }
            _ => None,
        },
        _ => None,
    };
    truth.map_or_else(Value::default, |truth| Value::constant(Const::Bool(truth)))
}

/// Stands for the beginning of an address that is not known, but is the program's own.
const OWN_HOST: &str = "own://own/";

/// What tells that a file takes in something from outside.
const MET: Labels = Labels::USER.with(Labels::OPERATOR).with(Labels::MODEL);

/// A longer literal is data.
const MOST_ITEMS: usize = 64;

/// Constants are not folded beyond it.
const LONGEST_TEXT: usize = 4096;
