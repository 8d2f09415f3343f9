//! The ordered walk over a file: what each name holds at each statement.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::handlers::{Role, Roles};
use super::tree::{Expr, ExprKind, Function, FunctionId, Module, Op, Span, Stmt, StmtKind};
use super::value::{Const, Items, Labels, Trail, Value};
use super::{Dialect, entry};

/// What names hold, and what was assigned to members: `self.name`.
pub(super) type Names<'t> = HashMap<Cow<'t, str>, Value>;

/// A place where a value may do harm.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) check: &'static str,
    pub(super) at: Span,
    pub(super) trail: Option<Rc<Trail>>,
    pub(super) labels: Labels,
    /// The function around.
    pub(super) within: String,
}

/// Walks a file.
pub(super) struct Walker<'m, 't> {
    pub(super) module: &'m Module<'t>,
    pub(super) dialect: Dialect,
    pub(super) handlers: &'m Roles,
    pub(super) imports: HashMap<&'t str, &'m str>,
    /// The functions of the file by name, methods as `Class.method`.
    pub(super) functions: HashMap<String, FunctionId>,
    pub(super) globals: Names<'t>,
    /// What methods assigned to `self`, as `Class.name`.
    pub(super) fields: HashMap<String, Value>,
    pub(super) names: Names<'t>,
    pub(super) frames: Vec<Frame>,
    /// What names held where a loop was left, for each loop around.
    pub(super) left: Vec<Vec<Names<'t>>>,
    pub(super) hits: Vec<Hit>,
    seen: HashSet<(&'static str, Span)>,
    /// By where it came in, and the function.
    told: HashSet<(&'static str, Span, Option<FunctionId>)>,
    walked: HashSet<FunctionId>,
    /// Functions that were handed to a call and walked with what it hands over.
    pub(super) called_back: HashSet<FunctionId>,
    pub(super) depth: usize,
    pub(super) steps: u32,
    /// Steps of the whole file, and what was copied on the way.
    effort: u64,
    is_spent: &'m dyn Fn() -> bool,
    pub(super) is_over: bool,
    /// Whether anything came in from outside.
    pub(super) met_outside: bool,
}

/// A function that is walked.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) function: Option<FunctionId>,
    pub(super) role: Option<Role>,
    pub(super) returned: Option<Value>,
}

/// Whether what follows a statement is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Goes,
    Ends,
}

impl<'m, 't> Walker<'m, 't> {
    pub(super) fn new(
        module: &'m Module<'t>,
        dialect: Dialect,
        handlers: &'m Roles,
        is_spent: &'m dyn Fn() -> bool,
    ) -> Self {
        let imports = module.imports.iter().map(|(name, path)| (*name, path.as_str())).collect();
        let mut functions = HashMap::new();
        for (number, function) in module.functions.iter().enumerate() {
            if !function.name.is_empty() {
                functions.entry(full_name(function)).or_insert(FunctionId(number));
            }
        }
        Self {
            module,
            dialect,
            handlers,
            imports,
            functions,
            globals: Names::new(),
            fields: HashMap::new(),
            names: Names::new(),
            frames: vec![Frame::default()],
            left: Vec::new(),
            hits: Vec::new(),
            seen: HashSet::new(),
            told: HashSet::new(),
            walked: HashSet::new(),
            called_back: HashSet::new(),
            depth: 0,
            steps: 0,
            effort: 0,
            is_spent,
            is_over: false,
            met_outside: false,
        }
    }

    /// Walks the file: its own statements, then each function as if somebody outside called it.
    pub(super) fn run(&mut self) -> Vec<Hit> {
        self.block(&self.module.body);
        self.globals = std::mem::take(&mut self.names);
        for (number, function) in self.module.functions.iter().enumerate() {
            let id = FunctionId(number);
            if function.is_top && !function.name.is_empty() && !self.walked.contains(&id) {
                self.names.clear();
                self.enter(id);
            }
        }
        if self.is_script() {
            self.enter_values();
        }
        std::mem::take(&mut self.hits)
    }

    /// Walks functions that only lie in a value, such as an object of handlers that is exported.
    fn enter_values(&mut self) {
        let functions = self.module.functions.iter().enumerate();
        let mut left: Vec<(Span, FunctionId)> =
            functions.map(|(number, function)| (function.at, FunctionId(number))).collect();
        // What lies around comes first: it walks what lies within, and knows more of it.
        left.sort_unstable_by_key(|(at, _)| (at.start, std::cmp::Reverse(at.end)));
        for (_, id) in left {
            if !self.walked.contains(&id) && !self.called_back.contains(&id) {
                self.names.clear();
                self.enter(id);
            }
        }
    }

    pub(super) fn function(&self, id: FunctionId) -> &'m Function<'t> {
        &self.module.functions[id.0]
    }

    /// Walks a function that somebody outside calls; `names` hold what it sees around.
    pub(super) fn enter(&mut self, id: FunctionId) {
        if self.frames.len() > DEEPEST_ENTRY || !self.walked.insert(id) {
            return;
        }
        let function = self.function(id);
        let role = self.handlers.role(id);
        entry::bind(self, function, role);
        let steps = std::mem::take(&mut self.steps);
        self.frames.push(Frame { function: Some(id), role, returned: None });
        self.block(&function.body);
        self.frames.pop();
        self.steps += steps;
    }

    pub(super) fn block(&mut self, body: &'m [Stmt<'t>]) -> Next {
        if self.depth >= DEEPEST {
            return Next::Goes;
        }
        self.depth += 1;
        let mut next = Next::Goes;
        for stmt in body {
            if self.is_over {
                break;
            }
            if self.statement(stmt) == Next::Ends {
                next = Next::Ends;
                break;
            }
        }
        self.depth -= 1;
        next
    }

    /// Copies what names hold, which is work too.
    pub(super) fn copied(&mut self) -> Names<'t> {
        self.effort += (self.names.len() / NAMES_A_STEP) as u64;
        self.names.clone()
    }

    /// Counts a step; asks now and then whether there is time left.
    pub(super) fn tick(&mut self) {
        self.steps += 1;
        self.effort += 1;
        // Steps end it before the clock does, so that a busy machine finds what an idle one finds.
        let is_late = self.steps.is_multiple_of(1024) && (self.is_spent)();
        self.is_over |= is_late || self.effort > MOST_EFFORT;
    }

    pub(super) fn hit(&mut self, check: &'static str, at: Span, value: &Value) {
        let within = self.frames.iter().rev().find_map(|frame| frame.function);
        // What came in once and does the same harm twice in a function is one thing to put right.
        let is_new = value.origin().is_none_or(|origin| self.told.insert((check, origin, within)));
        if is_new && self.seen.insert((check, at)) {
            let within = within.map(|id| full_name(self.function(id))).unwrap_or_default();
            let trail = value.trail.clone();
            self.hits.push(Hit { check, at, trail, labels: value.labels, within });
        }
    }

    fn statement(&mut self, stmt: &'m Stmt<'t>) -> Next {
        self.tick();
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                self.eval(expr);
                if Self::ends_program(expr) { Next::Ends } else { Next::Goes }
            }
            StmtKind::Assign { targets, value } => {
                let value = self.eval(value);
                for target in targets {
                    self.assign(target, value.clone());
                }
                Next::Goes
            }
            StmtKind::Augment { target, op, value } => {
                self.augment(target, *op, value);
                Next::Goes
            }
            StmtKind::Return(value) => {
                self.leave(value.as_ref());
                Next::Ends
            }
            StmtKind::Raise(value) => {
                if let Some(value) = value {
                    self.eval(value);
                }
                Next::Ends
            }
            StmtKind::Leave => {
                if let Some(loop_around) = self.left.last_mut() {
                    loop_around.push(self.names.clone());
                }
                Next::Ends
            }
            StmtKind::If { test, then, otherwise } => self.branch(test, then, otherwise),
            StmtKind::Loop { bind, test, body } => self.turns(bind.as_ref(), test.as_ref(), body),
            StmtKind::With { items, body } => {
                for (value, target) in items {
                    let value = self.eval(value);
                    if let Some(target) = target {
                        self.assign(target, value);
                    }
                }
                self.block(body)
            }
            StmtKind::Try { body, handlers, last } => self.attempt(body, handlers, last),
            StmtKind::Match { subject, cases } => self.cases(subject, cases),
            StmtKind::Function(id) => {
                self.define(*id);
                Next::Goes
            }
            StmtKind::Class(body) => {
                self.block(body);
                Next::Goes
            }
            StmtKind::Block(body) => self.block(body),
        }
    }

    /// A function within a function is walked where it is defined, with what it sees there.
    fn define(&mut self, id: FunctionId) {
        let function = self.function(id);
        for decorator in &function.decorators {
            self.eval(decorator);
        }
        if function.class.is_none() {
            let value = Value { function: Some(id), ..Value::named(function.name.as_ref()) };
            self.names.insert(function.name.clone(), value);
        }
        if !function.is_top {
            let around = self.copied();
            self.enter(id);
            self.names = around;
        }
    }

    fn leave(&mut self, value: Option<&'m Expr<'t>>) {
        let Some(expr) = value else { return };
        let value = self.eval(expr);
        self.judge_answer(expr.at, &value);
        if let Some(frame) = self.frames.last_mut() {
            frame.returned = Some(match frame.returned.take() {
                Some(before) => before.join(&value),
                None => value,
            });
        }
    }

    /// Takes in what names may hold instead.
    pub(super) fn join(&mut self, other: Names<'t>) {
        self.effort += (other.len() / NAMES_A_STEP) as u64;
        for (name, value) in other {
            match self.names.remove(&name) {
                Some(own) => {
                    let joined = own.join(&value);
                    self.names.insert(name, joined);
                }
                None => {
                    self.names.insert(name, Value { known: None, ..value });
                }
            }
        }
    }

    pub(super) fn assign(&mut self, target: &'m Expr<'t>, value: Value) {
        self.meet(&value);
        match &target.kind {
            ExprKind::Name(name) => {
                let value = self.judge_name(name, target.at, value);
                self.forget_members(name);
                self.names.insert(Cow::Borrowed(*name), value.step(target.at, "assigned"));
            }
            ExprKind::Member(of, name) => {
                self.judge_member(of, name, target.at, &value);
                if let Some(dotted) = target.dotted() {
                    if let (Some(field), Some(class)) = (own_member(&dotted), self.class()) {
                        let key = format!("{class}.{field}");
                        let stored = value.clone().step(target.at, "kept in the object");
                        match self.fields.remove(&key) {
                            Some(before) if !class.is_empty() => {
                                self.fields.insert(key, before.join(&stored));
                            }
                            _ => {
                                self.fields.insert(key, stored);
                            }
                        }
                    }
                    if self.holds_items(of) {
                        let key = Const::Str((*name).into());
                        self.put(of, Some(key), value.clone().step(target.at, "assigned"));
                    }
                    self.names.insert(Cow::Owned(dotted), value.step(target.at, "assigned"));
                }
            }
            ExprKind::Index(of, key) => {
                let key = self.eval(key);
                self.judge_item(of, &key, target.at, &value);
                if let (Some(name), Some(of)) = (key.text(), of.dotted()) {
                    // What was known of the member of that name is over.
                    self.names.remove(format!("{of}.{name}").as_str());
                }
                self.put(of, key.known, value.step(target.at, "put into it"));
            }
            ExprKind::List(targets) => self.unpack(targets, &value),
            ExprKind::Dict(pairs) => {
                for (key, target) in pairs {
                    let part = match &key.kind {
                        ExprKind::Str(name) => self.member(&value, name, key.at),
                        _ => value.taint(),
                    };
                    self.assign(target, part);
                }
            }
            ExprKind::Spread(inner) => self.assign(inner, value.taint()),
            ExprKind::Assign(target, _) => self.assign(target, value),
            _ => {}
        }
    }

    /// Whether a name holds an object whose members are known.
    fn holds_items(&self, of: &Expr<'t>) -> bool {
        let name =
            of.dotted().filter(|_| self.is_script() && !matches!(of.kind, ExprKind::Call(_)));
        let held = name.and_then(|name| self.names.get(name.as_str()));
        held.is_some_and(|held| matches!(held.items.as_deref(), Some(Items::Dict(_))))
    }

    fn unpack(&mut self, targets: &'m [Expr<'t>], value: &Value) {
        let all = match value.items.as_deref() {
            Some(Items::List(all)) if all.len() == targets.len() => Some(all.clone()),
            _ => None,
        };
        for (number, target) in targets.iter().enumerate() {
            let part = match &all {
                Some(all) => all[number].clone(),
                None => Value { is_part: true, ..Self::element_of(value) },
            };
            self.assign(target, part);
        }
    }

    fn augment(&mut self, target: &'m Expr<'t>, op: Op, value: &'m Expr<'t>) {
        let before = self.eval(target);
        let added = self.eval(value);
        let whole = Self::operate(op, &before, &added).step(target.at, "added to it");
        match &target.kind {
            ExprKind::Name(_) | ExprKind::Member(..) => self.assign(target, whole),
            ExprKind::Index(of, _) => self.put(of, None, whole),
            _ => {}
        }
    }

    fn forget_members(&mut self, name: &str) {
        let is_member =
            |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.names.retain(|key, _| !is_member(key));
    }

    /// Puts a value into a container that has a name.
    pub(super) fn put(&mut self, of: &'m Expr<'t>, key: Option<Const>, value: Value) {
        let Some(name) = of.dotted() else { return };
        let mut whole = match self.names.remove(name.as_str()) {
            Some(whole) => whole,
            None => self.eval(of),
        };
        whole.absorb(&value);
        whole.items = match (whole.items.as_deref(), key) {
            (Some(Items::Dict(pairs)), Some(key)) => {
                let mut pairs = pairs.clone();
                pairs.retain(|(other, _)| *other != key);
                pairs.push((key, value));
                Some(Rc::new(Items::Dict(pairs)))
            }
            (Some(Items::List(all)), Some(Const::Int(at))) => {
                let mut all = all.clone();
                let place = usize::try_from(at).ok().and_then(|at| all.get_mut(at));
                if let Some(place) = place {
                    *place = value;
                }
                Some(Rc::new(Items::List(all)))
            }
            _ => None,
        };
        self.names.insert(Cow::Owned(name), whole);
    }

    /// Whether a call ends the function or the program.
    fn ends_program(expr: &Expr<'t>) -> bool {
        let ExprKind::Call(call) = &expr.kind else { return false };
        let Some(name) = call.callee.dotted() else { return false };
        matches!(
            name.as_str(),
            "sys.exit" | "exit" | "quit" | "os._exit" | "abort" | "flask.abort" | "process.exit"
        )
    }

    /// Returns the class whose method is walked.
    pub(super) fn class(&self) -> Option<&'t str> {
        let id = self.frames.last()?.function?;
        self.function(id).class
    }

    pub(super) fn is_script(&self) -> bool {
        self.dialect == Dialect::JavaScript
    }
}

/// Returns a function's name, a method's with its class.
pub(super) fn full_name(function: &Function<'_>) -> String {
    match function.class {
        Some(class) => format!("{class}.{}", function.name),
        None => function.name.to_string(),
    }
}

/// Returns the name of what is assigned to the object itself.
fn own_member(dotted: &str) -> Option<&str> {
    dotted
        .strip_prefix("self.")
        .or_else(|| dotted.strip_prefix("this."))
        .filter(|rest| !rest.contains('.'))
}

/// Statements and expressions within each other; their frames fit the stack of a thread of two megabytes.
pub(super) const DEEPEST: usize = 100;

/// Steps that a file may take: some tenths of a second, and more than any file of the bots that were looked at needs.
const MOST_EFFORT: u64 = 1_000_000;

/// So many names are copied in the time of a step.
const NAMES_A_STEP: usize = 4;

/// Functions that are walked within each other.
const DEEPEST_ENTRY: usize = 6;
