//! What is known of a value while a function is walked.

use std::rc::Rc;

use super::tree::{FunctionId, Span};

/// What is known of a value. The default is one of which nothing bad is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Value {
    /// Where it came from.
    pub(super) labels: Labels,
    /// For what it was made harmless.
    pub(super) cleared: Classes,
    /// How it came here.
    pub(super) trail: Option<Rc<Trail>>,
    /// What it is called, with imports resolved: `sqlite3.connect().cursor`.
    pub(super) path: Option<Rc<str>>,
    pub(super) known: Option<Const>,
    pub(super) items: Option<Rc<Items>>,
    /// What a string begins with.
    pub(super) prefix: Option<Rc<str>>,
    pub(super) function: Option<FunctionId>,
    /// Put together from a constant and something else.
    pub(super) is_built: bool,
    /// One of several things that came in at the same place: what is known of it says nothing of the others.
    pub(super) is_part: bool,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Const {
    Str(Rc<str>),
    Int(i64),
    Bool(bool),
    Nothing,
}

/// What a container holds.
#[derive(Clone, Debug)]
pub(super) enum Items {
    List(Vec<Value>),
    Dict(Vec<(Const, Value)>),
}

/// A step on the way of a value, and the way before it.
#[derive(Debug)]
pub(super) struct Trail {
    pub(super) at: Span,
    pub(super) does: &'static str,
    pub(super) before: Option<Rc<Trail>>,
    /// Where the way began.
    pub(super) origin: Span,
    pub(super) length: u16,
}

impl Value {
    pub(super) fn constant(known: Const) -> Self {
        let prefix = if let Const::Str(text) = &known { Some(Rc::clone(text)) } else { None };
        Self { known: Some(known), prefix, ..Self::default() }
    }

    pub(super) fn named(path: impl Into<Rc<str>>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }

    /// Creates a value that came in here.
    pub(super) fn source(labels: Labels, at: Span, does: &'static str) -> Self {
        let trail = Trail { at, does, before: None, origin: at, length: 1 };
        Self { labels, trail: Some(Rc::new(trail)), ..Self::default() }
    }

    /// Creates a value that is as these are: it has what any of them has, and is harmless where all are.
    pub(super) fn of<'v>(parts: impl IntoIterator<Item = &'v Self>) -> Self {
        let mut whole = Self::default();
        for part in parts {
            whole.absorb(part);
        }
        whole
    }

    /// Takes over where another came from; what it is called and what it holds stay.
    pub(super) fn absorb(&mut self, other: &Self) {
        if other.labels.is_empty() {
            return;
        }
        self.cleared =
            if self.labels.is_empty() { other.cleared } else { self.cleared.both(other.cleared) };
        // The way of what can do the most harm is the one to tell.
        if self.trail.is_none() || self.labels.rank() < other.labels.rank() {
            self.trail.clone_from(&other.trail);
        }
        self.labels = self.labels.with(other.labels);
    }

    /// Returns what it is when it may be either.
    pub(super) fn join(self, other: &Self) -> Self {
        let mut joined = Self {
            known: self.known.clone().filter(|known| other.known.as_ref() == Some(known)),
            path: self.path.clone().or_else(|| other.path.clone()),
            items: join_items(self.items.as_ref(), other.items.as_ref()),
            prefix: self.prefix.clone().filter(|prefix| other.prefix.as_ref() == Some(prefix)),
            function: self.function.or(other.function),
            is_built: self.is_built || other.is_built,
            is_part: self.is_part || other.is_part,
            ..Self::default()
        };
        joined.absorb(&self);
        joined.absorb(other);
        joined
    }

    /// Adds a step to its way.
    pub(super) fn step(mut self, at: Span, does: &'static str) -> Self {
        if let Some(before) = self.trail.take() {
            let is_same = before.at == at;
            self.trail = Some(if is_same || before.length >= LONGEST_TRAIL {
                before
            } else {
                let (origin, length) = (before.origin, before.length + 1);
                Rc::new(Trail { at, does, before: Some(before), origin, length })
            });
        }
        self
    }

    /// Says that it is harmless for these.
    pub(super) fn clear(mut self, classes: Classes) -> Self {
        self.cleared = self.cleared.with(classes);
        self
    }

    /// Returns only where it came from, not what it is.
    pub(super) fn taint(&self) -> Self {
        Self {
            labels: self.labels,
            cleared: self.cleared,
            trail: self.trail.clone(),
            ..Self::default()
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Some(Const::Str(text)) = &self.known { Some(text) } else { None }
    }

    /// Whether it can do harm where this is feared.
    pub(super) fn harms(&self, class: Classes, labels: Labels) -> bool {
        self.labels.meets(labels) && !self.cleared.holds(class)
    }

    /// Whether it is a constant, or holds nothing else.
    pub(super) fn is_constant(&self) -> bool {
        if self.known.is_some() {
            return true;
        }
        match self.items.as_deref() {
            Some(Items::List(all)) => all.iter().all(Self::is_constant),
            Some(Items::Dict(pairs)) => pairs.iter().all(|(_, one)| one.is_constant()),
            None => false,
        }
    }

    pub(super) fn origin(&self) -> Option<Span> {
        self.trail.as_ref().map(|trail| trail.origin)
    }

    pub(super) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }
}

impl Const {
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Str(text) => !text.is_empty(),
            Self::Int(number) => *number != 0,
            Self::Bool(truth) => *truth,
            Self::Nothing => false,
        }
    }
}

fn join_items(one: Option<&Rc<Items>>, other: Option<&Rc<Items>>) -> Option<Rc<Items>> {
    let (one, other) = (one?, other?);
    if Rc::ptr_eq(one, other) {
        return Some(Rc::clone(one));
    }
    match (&**one, &**other) {
        (Items::List(a), Items::List(b)) if a.len() == b.len() => {
            let joined = a.iter().zip(b).map(|(a, b)| a.clone().join(b)).collect();
            Some(Rc::new(Items::List(joined)))
        }
        (Items::Dict(a), Items::Dict(b)) if a.len() == b.len() => {
            let joined = a
                .iter()
                .zip(b)
                .map(|((key, a), (other, b))| {
                    (key == other).then(|| (key.clone(), a.clone().join(b)))
                })
                .collect::<Option<Vec<_>>>()?;
            Some(Rc::new(Items::Dict(joined)))
        }
        _ => None,
    }
}

/// Where a value may have come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Labels(pub(super) u16);

impl Labels {
    /// What a user of the bot or a client of the service sent.
    pub(super) const USER: Self = Self(1);
    /// What a language model answered.
    pub(super) const MODEL: Self = Self(1 << 1);
    /// What was stored before: rows, files.
    pub(super) const STORED: Self = Self(1 << 2);
    /// The program's arguments and standard input.
    pub(super) const OPERATOR: Self = Self(1 << 3);
    /// The environment.
    pub(super) const ENVIRONMENT: Self = Self(1 << 4);
    /// A password, a token, a key.
    pub(super) const SECRET: Self = Self(1 << 5);
    /// The text of an error, with what it tells of the inside.
    pub(super) const ERROR: Self = Self(1 << 6);
    /// A number that can be guessed.
    pub(super) const GUESSABLE: Self = Self(1 << 7);
    /// An object that carries what a user sent, among other things: a request, a message.
    pub(super) const CARRIER: Self = Self(1 << 8);
    /// An argument of a function whose callers lie elsewhere.
    pub(super) const CALLER: Self = Self(1 << 9);
    /// An object that carries a model's answer.
    pub(super) const ANSWER: Self = Self(1 << 10);

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn rank(self) -> u8 {
        if self.meets(Self::USER.with(Self::MODEL)) {
            3
        } else if self.meets(Self::OPERATOR.with(Self::CARRIER)) {
            2
        } else {
            1
        }
    }
}

/// Kinds of harm, as far as a value can be made harmless for one and not for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Classes(pub(super) u32);

impl Classes {
    pub(super) const SHELL: Self = Self(1);
    pub(super) const OPTION: Self = Self(1 << 1);
    pub(super) const CODE: Self = Self(1 << 2);
    pub(super) const MODULE: Self = Self(1 << 3);
    pub(super) const OBJECT: Self = Self(1 << 4);
    pub(super) const SQL: Self = Self(1 << 5);
    pub(super) const NOSQL: Self = Self(1 << 6);
    pub(super) const LDAP: Self = Self(1 << 7);
    pub(super) const XPATH: Self = Self(1 << 8);
    pub(super) const PATH: Self = Self(1 << 9);
    pub(super) const ADDRESS: Self = Self(1 << 9);
    pub(super) const REDIRECT: Self = Self(1 << 10);
    pub(super) const ENTITY: Self = Self(1 << 12);
    pub(super) const HTML: Self = Self(1 << 13);
    pub(super) const TEMPLATE: Self = Self(1 << 14);
    pub(super) const SECRET: Self = Self(1 << 15);
    pub(super) const LOG: Self = Self(1 << 16);
    pub(super) const ERROR: Self = Self(1 << 17);
    pub(super) const REGEX: Self = Self(1 << 18);
    pub(super) const HEADER: Self = Self(1 << 19);
    pub(super) const TRUST: Self = Self(1 << 20);
    pub(super) const CHANCE: Self = Self(1 << 21);
    pub(super) const PROMPT: Self = Self(1 << 22);
    /// The name of a property.
    pub(super) const KEY: Self = Self(1 << 11);
    /// A path without `..` and links; harmless once it was compared with a folder.
    pub(super) const RESOLVED: Self = Self(1 << 23);
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(!(1 << 23));
    /// What a quotation mark breaks out of.
    pub(super) const QUOTED: Self = Self(Self::SQL.0 | Self::LDAP.0 | Self::XPATH.0 | Self::CODE.0);

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// More steps explain nothing.
const LONGEST_TRAIL: u16 = 24;
