//! Operands, expressions and comparisons, read from a place ahead without moving.

use super::lexer::{Kind, Token};
use super::window::Window;
use super::words::{
    ARITHMETIC, CASE, CATALOG, CLAUSE, COMPARE, CONNECT, CONSTANT, DELAY, EXISTS, FUNCTION, RARE,
    SELECT, STATEMENT, TYPE, UNARY, UNION,
};

/// What an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Number,
    Text,
    Variable,
    Constant,
    /// A call of a function that databases have.
    Call,
    /// A call of some other function.
    ForeignCall,
    Select,
    /// A column, or a word of prose.
    Name,
}

/// An operand, or several with operators between them.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the expression")]
pub(super) struct Expression {
    /// What the first operand is.
    pub(super) shape: Shape,
    /// The first operand's own token.
    pub(super) token: Token,
    /// The place behind it.
    pub(super) next: usize,
    /// Whether signs, parentheses or words such as `not` stand before it.
    pub(super) decorated: bool,
    /// Whether no part of it is a bare name.
    pub(super) constant: bool,
    /// Whether it ends in a string that nothing closes.
    pub(super) open: bool,
    /// Whether there is an operator of JSON columns in it.
    pub(super) json: bool,
}

/// Two expressions and what compares them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    pub(super) left: Expression,
    pub(super) right: Expression,
    /// Whether it compares by a sign; words such as `is` and `in` stand in prose as well.
    pub(super) sign: bool,
}

/// Reads an operand.
pub(super) fn operand(window: &Window<'_>, from: usize) -> Option<Expression> {
    let mut at = from;
    while prefixes(window, at) {
        // `{fn f()}`, `{d 2}`
        let escape = window.at(at).kind == Kind::Brace
            && window.at(at + 1).kind == Kind::Word
            && matches!(window.at(at + 2).kind, Kind::Word | Kind::Number | Kind::Text { .. });
        at += 1 + usize::from(escape);
    }
    let decorated = at > from;
    let token = window.at(at);
    let (shape, next) = match token.kind {
        Kind::Number => (Shape::Number, at + 1),
        Kind::Text { .. } => (Shape::Text, at + 1),
        Kind::Variable => (Shape::Variable, at + 1),
        // The place of a bound value.
        Kind::Other if window.text(token) == "?" => (Shape::Name, at + 1),
        Kind::Word => word(window, at, decorated)?,
        _ => return None,
    };
    let open = window.at(next.saturating_sub(1)).is_open_text();
    let constant = !matches!(shape, Shape::Name | Shape::ForeignCall);
    let next = suffixes(window, next);
    Some(Expression { shape, token, next, decorated, constant, open, json: false })
}

fn prefixes(window: &Window<'_>, at: usize) -> bool {
    let token = window.at(at);
    match token.kind {
        Kind::Open(_) | Kind::Sign | Kind::Brace => true,
        Kind::Word => token.has(UNARY) && !matches!(window.at(at + 1).kind, Kind::End),
        _ => false,
    }
}

fn word(window: &Window<'_>, at: usize, decorated: bool) -> Option<(Shape, usize)> {
    let token = window.at(at);
    let next = window.at(at + 1);
    if token.has(CONNECT | UNION) {
        return None;
    }
    if token.has(SELECT) {
        return decorated.then_some((Shape::Select, at + 1));
    }
    if token.has(CASE) {
        return Some((Shape::Call, skip_case(window, at)));
    }
    if next.is_text() && introduces_text(window, token, next) {
        return Some((Shape::Text, at + 2));
    }
    if let Kind::Open(_) = next.kind
        && is_call(token, next)
    {
        let known = token.has(FUNCTION | RARE | DELAY | EXISTS | TYPE | CLAUSE);
        let shape = if known { Shape::Call } else { Shape::ForeignCall };
        return Some((shape, skip_group(window, at + 1)));
    }
    if token.has(EXISTS) {
        return Some((Shape::Call, at + 1));
    }
    if token.has(CONSTANT) {
        return Some((Shape::Constant, at + 1));
    }
    if token.has(CLAUSE | COMPARE) || (token.has(STATEMENT) && !token.has(TYPE)) {
        return None;
    }
    Some((Shape::Name, skip_path(window, at)))
}

/// `N'text'`, `_utf8'text'`, `date '2020-01-01'`.
fn introduces_text(window: &Window<'_>, token: Token, text: Token) -> bool {
    let word = window.text(token);
    let prefix = matches!(word, "n" | "N" | "x" | "X" | "b" | "B" | "e" | "E" | "q" | "Q");
    // A letter before a quote that nothing closes ends what is quoted, as in "-x".
    (prefix && !text.gap && !text.is_open_text()) || token.has(TYPE) || word.starts_with('_')
}

/// A function that prose does not name may stand apart from its parenthesis.
pub(super) const fn is_call(token: Token, next: Token) -> bool {
    !next.gap || token.has(RARE | DELAY | EXISTS | FUNCTION)
}

/// Returns the place behind `END`, or where nothing more is known.
fn skip_case(window: &Window<'_>, from: usize) -> usize {
    let mut at = from + 1;
    while !window.at(at).is_end() && !window.is(at, "end") {
        at += 1;
    }
    at + 1
}

/// Returns the place behind the parenthesis that closes the one here.
pub(super) fn skip_group(window: &Window<'_>, from: usize) -> usize {
    let mut depth = 0_u32;
    let mut at = from;
    loop {
        match window.at(at).kind {
            Kind::Open(count) => depth = depth.saturating_add(u32::from(count)),
            Kind::Close(count) => depth = depth.saturating_sub(u32::from(count)),
            Kind::End => return at,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
}

/// Returns the place behind `a.b..c`.
pub(super) fn skip_path(window: &Window<'_>, from: usize) -> usize {
    let mut at = from + 1;
    while window.at(at).kind == Kind::Dot {
        at += 1;
        let token = window.at(at);
        if token.kind == Kind::Word || token.kind == Kind::Arithmetic {
            at += 1;
        }
    }
    at
}

/// `{ts '2020-01-01'}`, `{fn now()}`, `{x 1}`: what drivers of ODBC translate, and some databases read whatever the word is.
pub(super) fn is_escape(window: &Window<'_>, at: usize) -> bool {
    let value = match window.at(at + 2).kind {
        Kind::Text { .. } | Kind::Number | Kind::Open(_) => true,
        Kind::Word => window.is_any(at + 1, "fn d t ts"),
        _ => false,
    };
    value && window.at(at).kind == Kind::Brace && window.at(at + 1).kind == Kind::Word
}

/// Closing parentheses and braces, casts and collations behind an operand.
fn suffixes(window: &Window<'_>, from: usize) -> usize {
    let mut at = from;
    loop {
        match window.at(at).kind {
            Kind::Close(_) => at += 1,
            Kind::Other if window.text(window.at(at)) == "}" => at += 1,
            Kind::Cast => at += 2,
            Kind::Word if window.is(at, "collate") => at += 2,
            _ => return at,
        }
    }
}

/// Reads operands with operators between them.
pub(super) fn expression(window: &Window<'_>, from: usize) -> Option<Expression> {
    let mut whole = operand(window, from)?;
    loop {
        let token = window.at(whole.next);
        let joins = match token.kind {
            Kind::Sign | Kind::Arithmetic | Kind::Bits | Kind::Json | Kind::Logic => true,
            Kind::Word => token.has(ARITHMETIC),
            _ => false,
        };
        if !joins {
            return Some(whole);
        }
        let Some(part) = operand(window, whole.next + 1) else {
            return Some(whole);
        };
        whole.json |= token.kind == Kind::Json;
        whole.next = part.next;
        whole.constant &= part.constant;
        whole.open = part.open;
    }
}

/// Reads what compares, and returns the place behind it and whether it is a sign.
pub(super) fn comparison_sign(window: &Window<'_>, from: usize) -> Option<(usize, bool)> {
    let mut at = from;
    if window.at(at).kind == Kind::Compare {
        // `= =` and `< >` are one sign to some databases.
        while window.at(at).kind == Kind::Compare {
            at += 1;
        }
        return Some((at, true));
    }
    if window.is(at, "not") {
        at += 1;
    }
    if !window.at(at).has(COMPARE) {
        return None;
    }
    let list = window.is(at, "in");
    while window.at(at).has(COMPARE) || window.is(at, "to") {
        at += 1;
    }
    let parenthesis = matches!(window.at(at).kind, Kind::Open(_));
    (!list || parenthesis).then_some((at, false))
}

/// Reads a comparison.
pub(super) fn comparison(window: &Window<'_>, from: usize) -> Option<Comparison> {
    let left = expression(window, from)?;
    let (at, sign) = comparison_sign(window, left.next)?;
    let mut right = expression(window, at)?;
    // `between x and y`
    if window.is(left.next, "between")
        && window.is(right.next, "and")
        && let Some(upper) = expression(window, right.next + 1)
    {
        right.next = upper.next;
        right.open = upper.open;
    }
    Some(Comparison { left, right, sign })
}

impl Comparison {
    /// Tells whether the outcome is the same whatever the table holds.
    pub(super) fn is_constant(&self, window: &Window<'_>) -> bool {
        if !self.left.constant || !self.right.constant {
            return false;
        }
        if self.sign {
            return true;
        }
        let numbers = self.left.shape == Shape::Number && self.right.shape == Shape::Number;
        let same = window.text(self.left.token) == window.text(self.right.token);
        !numbers || same
    }
}

/// How much a `SELECT` looks like one: 0 like prose, 1 like a short query, 2 like nothing else.
pub(super) fn select_strength(window: &Window<'_>, from: usize) -> u8 {
    let mut at = from + 1;
    if window.is(at, "top") {
        at += 2;
    }
    for items in 0..MOST_COLUMNS {
        let star = window.at(at).kind == Kind::Arithmetic && window.text(window.at(at)) == "*";
        if star {
            // "Why does SELECT * FROM not work": of a query, but not one.
            let spoken = window.is(at + 1, "from")
                && (window.is_any(at + 2, ARTICLES)
                    || window.is_any(at + 2, SPOKEN)
                    || window.before().is_some() && window.at(at + 2).is_end());
            let ends = ends_item(window, at + 1) && !window.is(at + 1, "as");
            return 2 * u8::from(ends && !spoken);
        }
        let Some(item) = expression(window, at) else {
            return u8::from(items > 0);
        };
        let next = window.at(item.next);
        if matches!(item.shape, Shape::Select | Shape::Variable) || item.token.has(RARE | DELAY) {
            return 2;
        }
        let from = window.is(item.next, "from") && window.is_any(item.next + 1, ARTICLES);
        if from && item.shape != Shape::Call {
            return 0;
        }
        if item.constant && item.shape != Shape::Text && ends_item(window, item.next) {
            return 2;
        }
        if next.kind == Kind::Comma {
            if item.constant || item.shape == Shape::ForeignCall {
                return 2;
            }
            at = item.next + 1;
            continue;
        }
        return source_strength(window, item, items);
    }
    2
}

/// Judges what follows the list of columns.
fn source_strength(window: &Window<'_>, item: Expression, items: usize) -> u8 {
    let mut at = item.next;
    if window.is(at, "as") {
        at += 2;
    }
    if window.is(at, "into") && matches!(window.at(at + 1).kind, Kind::Variable) {
        return 2;
    }
    if !window.is(at, "from") {
        let call = item.shape == Shape::ForeignCall && window.at(at).is_end();
        return u8::from(call || (item.shape == Shape::Text && window.at(at).is_end()));
    }
    let table = window.at(at + 1);
    if matches!(table.kind, Kind::Open(_)) || table.has(CATALOG) {
        return 2;
    }
    if table.kind != Kind::Word || window.is_any(at + 1, ARTICLES) {
        return 0;
    }
    let dotted = window.at(at + 2).kind == Kind::Dot;
    let written = window.text(table).contains(['_', '`', '[', '$']);
    let behind = skip_path(window, at + 1);
    let next = window.at(behind);
    let goes_on = match next.kind {
        Kind::Semicolon | Kind::Close(_) | Kind::Comma => true,
        Kind::End => next.comment != super::lexer::Comment::None,
        Kind::Word => clause_follows(window, behind),
        _ => false,
    };
    match next.kind {
        _ if dotted || written || goes_on || items > 0 => 2,
        Kind::End => 1,
        _ => 0,
    }
}

fn clause_follows(window: &Window<'_>, at: usize) -> bool {
    let token = window.at(at);
    if window.is_any(at, "where having") {
        return window.at(at + 1).is_end() || comparison(window, at + 1).is_some();
    }
    if window.is_any(at, "limit offset") {
        return window.at(at + 1).kind == Kind::Number;
    }
    if window.is_any(at, "order group") {
        return window.is(at + 1, "by");
    }
    token.has(UNION) || window.is_any(at, "join inner into procedure")
}

/// Tells whether an item of a list ends here as a query has it.
fn ends_item(window: &Window<'_>, at: usize) -> bool {
    let token = window.at(at);
    match token.kind {
        Kind::End | Kind::Comma | Kind::Close(_) | Kind::Semicolon | Kind::Compare => true,
        Kind::Word => window.is_any(at, "from as into where limit order group") || token.has(UNION),
        _ => false,
    }
}

/// Columns that are looked at; a longer list is a query's.
const MOST_COLUMNS: usize = 8;

/// Words that go on a sentence, not a query.
const SPOKEN: &str = "in is and or to but not does do work works with for because when if would";

/// Words that stand before a noun, never a table.
const ARTICLES: &str = "the a an my your our his her their its this that these those each every any all one which \
    what here there above below among within both left right top today now scratch";
