//! Conditions that an input adds to the statement's own.

use super::Scan;
use super::grammar::{
    Comparison, Expression, Shape, comparison, comparison_sign, expression, is_escape, operand,
};
use super::lexer::{Comment, Kind, Place, Token};
use super::rules;
use super::statements;
use super::words::{ARITHMETIC, CONNECT, CONSTANT, FUNCTION, RARE};

/// What joins two operands.
enum Joint {
    Connect,
    Compare,
    Reckon,
}

/// `or 1=1` anywhere: a comparison whose outcome is known, behind a word or sign that joins conditions.
pub(super) fn tautology(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let token = window.at(0);
    let joins =
        token.has(CONNECT) || token.kind == Kind::Logic || window.is_any(0, "having where when");
    if !joins {
        return;
    }
    let at = 1 + usize::from(window.is(1, "not"));
    if is_escape(window, at) {
        return scan.hit(&rules::TAUTOLOGY, 0, at + 3);
    }
    let Some(left) = expression(window, at) else {
        return;
    };
    let next = left.next;
    if left.json && left.constant {
        return scan.hit(&rules::JSON, 0, next);
    }
    let Some(found) = comparison(window, at) else {
        return;
    };
    let closed = token.kind == Kind::Logic
        && !left.decorated
        && matches!(window.at(left.next - 1).kind, Kind::Close(_))
        && left.shape == Shape::Number;
    let code = is_code_call(scan, &found.left) || is_code_call(scan, &found.right) || closed;
    if found.is_constant(window) && !code && !quoted_words(scan, &found) {
        scan.hit(&rules::TAUTOLOGY, 0, found.right.next);
    }
}

/// Tells whether it calls a function that programs compare as well: `and len(items) == 1`.
fn is_code_call(scan: &Scan<'_, '_, '_>, part: &Expression) -> bool {
    let name = scan.window.text(part.token);
    part.shape == Shape::Call && CODE_CALLS.split_ascii_whitespace().any(|known| name == known)
}

/// `"this" or "that" is "it"`: words in quotes, compared by a word.
fn quoted_words(scan: &Scan<'_, '_, '_>, found: &Comparison) -> bool {
    let prose = |part: &Expression| {
        part.shape == Shape::Text && scan.window.text(part.token).len() > LONGEST_PROBE
    };
    !found.sign && (prose(&found.left) || prose(&found.right))
}

/// What follows the quote that ends the string in which the text stands.
pub(super) fn breakout(scan: &mut Scan<'_, '_, '_>) {
    let mut at = 1;
    while matches!(scan.window.at(at).kind, Kind::Close(_)) {
        at += 1;
    }
    let closed = at > 1;
    let window = &scan.window;
    let joins = window.at(at).has(CONNECT) || window.at(at).kind == Kind::Logic;
    if joins && is_escape(window, at + 1) {
        return scan.hit(&rules::BOOLEAN, 0, at + 4);
    }
    let chain = Chain::read(scan, at);
    if chain.is_quoted_word {
        return;
    }
    let window = &scan.window;
    let next = window.at(chain.next);
    if chain.parts > 0 && chain.open && reopens(scan, &chain) {
        return scan.hit(&rules::BALANCED, 0, chain.next);
    }
    if next.comment != Comment::None && (chain.parts > 0 || cuts(scan, next, closed)) {
        return scan.hit(&rules::TRUNCATED, 0, chain.next + 1);
    }
    // The quote that opens behind is not the one that closed: "use ' or " for strings".
    if chain.open && chain.parts == 1 && chain.compares == 0 {
        return;
    }
    if chain.connects > 0 && (chain.compares > 0 || (next.is_end() && chain.ends_in_value)) {
        return scan.hit(&rules::BOOLEAN, 0, chain.next);
    }
    match next.kind {
        Kind::Semicolon => semicolon(scan, chain.next, closed),
        Kind::Word => clause(scan, chain.next),
        _ => {}
    }
}

/// A semicolon behind the closing quote: another statement, or the end of this one.
fn semicolon(scan: &mut Scan<'_, '_, '_>, at: usize, closed: bool) {
    let window = &scan.window;
    let next = window.at(at + 1);
    if statements::strength(window, at + 1) > 0 {
        return scan.hit(&rules::STACKED, at, at + 2);
    }
    let cut = next.comment != Comment::None && next.is_end();
    let odd = scan.place != Place::In(b'"') && scan.quotes_are_odd() && !closed;
    if next.is_end() && (cut || odd) {
        scan.hit(&rules::TRUNCATED, 0, at + 1);
    }
}

/// `' order by 3`, `' group by id having`, `' limit 1`, `' exec x`.
fn clause(scan: &mut Scan<'_, '_, '_>, at: usize) {
    let window = &scan.window;
    let found = if window.is_any(at, "order group") {
        window.is(at + 1, "by") && operand(window, at + 2).is_some()
    } else if window.is(at, "having") {
        comparison(window, at + 1).is_some()
    } else if window.is_any(at, "limit offset") {
        window.at(at + 1).kind == Kind::Number
    } else if window.is(at, "into") {
        window.at(at + 1).kind == Kind::Variable
    } else if window.is(at, "procedure") {
        window.is(at + 1, "analyse")
    } else if window.is(at, "collate") {
        true
    } else {
        statements::strength(window, at) == 2
    };
    if found {
        scan.hit(&rules::CLAUSE, at, at + 3);
    }
}

/// Tells whether the open string at the end of the chain starts with the quote that the text closed at its start, and
/// the two are no pair around a phrase: "the option '-x/y/' of".
fn reopens(scan: &Scan<'_, '_, '_>, chain: &Chain) -> bool {
    let window = &scan.window;
    let Place::In(mark) = scan.place else {
        return false;
    };
    let Some(last) = chain.last else {
        return false;
    };
    let (first, quote) = (window.at(0), last.token);
    let opening = window.char_at(quote.start);
    let same = match mark {
        b'\'' => matches!(opening, Some('\'' | '‘' | '’')),
        b'"' => matches!(opening, Some('"' | '“' | '”')),
        _ => opening == Some(char::from(mark)),
    };
    let operator = window.at(1);
    let tight = !operator.gap && !quote.gap;
    let before = window.char_before(first.end - 1);
    let after = window.char_at(quote.start + 1);
    let whole = before.is_none()
        && after.is_none()
        && (matches!(operator.kind, Kind::Logic | Kind::Sign | Kind::Bits | Kind::Arithmetic)
            || quote.start == operator.end);
    let marks = |side: Option<char>| side.is_none_or(|side| !side.is_alphanumeric());
    // Literals of programs have a letter before the quote: b'|'.
    let letter = matches!(before, Some('b' | 'r' | 'f' | 'u'))
        && first.end >= 2
        && marks(window.char_before(first.end - 2));
    let phrase = tight && (marks(before) || letter) && marks(after) && !whole;
    same && !phrase
}

/// Tells whether a comment right behind the quote is meant to hide the rest of the statement.
fn cuts(scan: &Scan<'_, '_, '_>, next: Token, closed: bool) -> bool {
    let window = &scan.window;
    let quote = window.at(0);
    let between = window.between(quote, next);
    let Place::In(mark) = scan.place else {
        return false;
    };
    if !next.is_end() || between.as_bytes().contains(&mark) {
        return false;
    }
    // A ruler of dashes.
    if between.contains("---") {
        return false;
    }
    // A dash between words, as after "the dogs' -- and", has space on both sides.
    let rest = between.trim_start_matches([')', ' ']);
    let behind = rest.trim_start_matches(['-', '#', '/', '*']);
    let bare = behind.trim().chars().next().is_none_or(|first| !first.is_alphanumeric());
    // "15 '#" is an inch and a number; a value that is closed ends in no space.
    let before = window.char_before(quote.end - 1);
    if rest.starts_with('#') && before.is_some_and(char::is_whitespace) {
        return false;
    }
    let inside = before.is_some_and(char::is_alphanumeric);
    bare || closed || (inside && mark != b'`' && !between.starts_with(' '))
}

/// A text that starts with a value, as it would behind a number: `1 and ascii(x) > 64`.
pub(super) fn start(scan: &mut Scan<'_, '_, '_>) {
    let Some(first) = operand(&scan.window, 0) else {
        return leading(scan);
    };
    let chain = Chain::read(scan, first.next);
    let window = &scan.window;
    let next = window.at(chain.next);
    if is_lone_call(scan, &first) {
        return scan.hit(&rules::FUNCTION, 0, 2);
    }
    // A bare `@` is a symbol among others.
    let variable = first.shape == Shape::Variable && window.text(first.token).len() > 1;
    let known = chain.calls || variable || matches!(first.shape, Shape::Call | Shape::Select);
    let behind = window.between(window.at(chain.next.saturating_sub(1)), next);
    let bare = behind.bytes().all(|byte| !byte.is_ascii_alphanumeric());
    let cut = next.comment != Comment::None && next.is_end() && bare;
    let condition = chain.connects + chain.compares > 0 && chain.constant;
    if cut && (known || condition || closes(scan, chain.next)) {
        return scan.hit(&rules::TRUNCATED, 0, chain.next);
    }
    let clause = window.is_any(chain.next, "order group") && window.is(chain.next + 1, "by");
    if first.shape == Shape::Number && clause && window.at(chain.next + 2).kind == Kind::Number {
        return scan.hit(&rules::CLAUSE, 0, chain.next + 3);
    }
    let equal = chain.last.is_some_and(|last| window.text(first.token) == window.text(last.token));
    let same_sides = equal && chain.parts == 1 && chain.compares == 1 && chain.constant;
    if first.constant && same_sides && next.is_end() {
        return scan.hit(&rules::TAUTOLOGY, 0, chain.next);
    }
    if !first.constant || chain.connects == 0 {
        return;
    }
    if chain.compares > 0 && chain.signs {
        return scan.hit(&rules::BOOLEAN, 0, chain.next);
    }
    let Some(last) = chain.last.filter(|_| next.is_end()) else {
        return;
    };
    let same = last.shape == Shape::Number && equal;
    let odd = matches!(last.shape, Shape::Variable | Shape::Constant | Shape::Call | Shape::Select)
        || (last.shape == Shape::Number && last.decorated)
        || (last.shape == Shape::Text
            && (first.shape == Shape::Number || first.decorated)
            && window.text(last.token).len() <= LONGEST_PROBE)
        || (last.shape == Shape::Number && window.text(last.token).starts_with(['.']))
        || (last.shape == Shape::Number && window.text(last.token).starts_with("0x"))
        || (last.shape == Shape::Number && window.text(first.token).contains(['e', 'E', 'x']))
        || (same && chain.spaced)
        || (last.shape == Shape::Number && first.decorated);
    if odd {
        scan.hit(&rules::BOOLEAN, 0, chain.next);
    }
}

/// Tells whether the text is a call and nothing else, perhaps cut off: `current_user(`.
fn is_lone_call(scan: &Scan<'_, '_, '_>, first: &Expression) -> bool {
    let window = &scan.window;
    let token = window.at(0);
    let cut = window.at(2).is_end() && window.at(2).comment == Comment::None;
    let argument = matches!(window.at(2).kind, Kind::Number | Kind::Text { .. } | Kind::Variable);
    token.has(FUNCTION | RARE | CONSTANT)
        && matches!(window.at(1).kind, Kind::Open(_))
        && (cut || argument && !window.at(1).gap)
        && window.at(first.next).is_end()
        && !window.is_any(0, CODE_CALLS)
}

/// Tells whether a parenthesis that the text does not open is closed before this place.
fn closes(scan: &Scan<'_, '_, '_>, at: usize) -> bool {
    let kind = |place: usize| scan.window.at(place).kind;
    at > 0
        && matches!(kind(at - 1), Kind::Close(_))
        && !matches!(kind(0), Kind::Open(_) | Kind::Word)
}

/// A text that starts with the word or sign that joins: ` or (exists)`.
fn leading(scan: &mut Scan<'_, '_, '_>) {
    let mut at = 0;
    while matches!(scan.window.at(at).kind, Kind::Close(_)) {
        at += 1;
    }
    let chain = Chain::read(scan, at);
    let Some(last) = chain.last else {
        return;
    };
    let next = scan.window.at(chain.next);
    let value =
        last.constant && (last.decorated || !matches!(last.shape, Shape::Number | Shape::Text));
    let cut = next.comment != Comment::None;
    let sure = value || at > 0 || cut;
    if chain.connects > 0 && next.is_end() && last.constant && sure {
        scan.hit(&rules::BOOLEAN, 0, chain.next);
    }
}

/// Operators and operands in turn.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the chain")]
struct Chain {
    next: usize,
    parts: usize,
    connects: usize,
    compares: usize,
    /// Whether a comparison is written as a sign.
    signs: bool,
    /// Whether no operand is a bare name.
    constant: bool,
    /// Whether the first operator stands apart from its operands.
    spaced: bool,
    open: bool,
    /// Whether it calls a function of databases.
    calls: bool,
    ends_in_value: bool,
    /// Whether it is a word in quotes, or an operator: `"or" means`.
    is_quoted_word: bool,
    last: Option<Expression>,
}

impl Chain {
    fn read(scan: &Scan<'_, '_, '_>, from: usize) -> Self {
        let window = &scan.window;
        let mut chain = Self {
            next: from,
            parts: 0,
            connects: 0,
            compares: 0,
            signs: false,
            constant: true,
            spaced: window.at(from).gap,
            open: false,
            calls: false,
            ends_in_value: false,
            is_quoted_word: false,
            last: None,
        };
        while let Some((behind, joint)) = joint(scan, chain.next) {
            let Some(part) = operand(window, behind) else {
                break;
            };
            if chain.parts == 0 {
                chain.is_quoted_word = quoted_word(scan, window.at(chain.next), part.token);
            }
            match joint {
                Joint::Connect => chain.connects += 1,
                Joint::Compare => {
                    chain.signs |=
                        window.at(chain.next).kind == Kind::Compare || part.shape == Shape::Text;
                    // Two bare words are compared by a word in prose as well.
                    let before = chain.last.is_some_and(|last| last.constant);
                    let sign = window.at(chain.next).kind == Kind::Compare;
                    chain.compares += usize::from(part.constant || before || sign);
                }
                Joint::Reckon => {}
            }
            chain.parts += 1;
            chain.calls |= matches!(part.shape, Shape::Call | Shape::Select);
            chain.constant &= part.constant;
            chain.open = part.open;
            chain.ends_in_value = part.constant;
            chain.next = part.next;
            chain.last = Some(part);
        }
        chain
    }
}

fn joint(scan: &Scan<'_, '_, '_>, at: usize) -> Option<(usize, Joint)> {
    let window = &scan.window;
    let token = window.at(at);
    if token.has(CONNECT) || token.kind == Kind::Logic {
        return Some((at + 1, Joint::Connect));
    }
    if window.is(at, "escape") {
        return Some((at + 1, Joint::Compare));
    }
    if let Some((behind, _)) = comparison_sign(window, at) {
        return Some((behind, Joint::Compare));
    }
    let reckons = matches!(token.kind, Kind::Sign | Kind::Arithmetic | Kind::Bits | Kind::Json)
        || token.has(ARITHMETIC);
    reckons.then_some((at + 1, Joint::Reckon))
}

/// Tells whether the first operator stands tightly between two quotes, the outer sides of which border on nothing:
/// then it is quoted, not the quotes its operands'.
fn quoted_word(scan: &Scan<'_, '_, '_>, operator: Token, operand: Token) -> bool {
    let window = &scan.window;
    let quote = window.at(0);
    if quote.kind != Kind::Breakout
        || !operand.is_text()
        || operator.start != quote.end
        || operand.start != operator.end
    {
        return false;
    }
    let border = |side: Option<char>| {
        side.is_none_or(|side| !side.is_alphanumeric() && side != '\'' && side != '"')
    };
    let before = window.char_before(quote.end - 1);
    let after = window.char_at(operand.start + 1);
    let whole = before.is_none() && after.is_none() && operator.kind != Kind::Word;
    border(before) && border(after) && !whole
}

/// Functions that programs and queries share.
const CODE_CALLS: &str = "len count ord min max abs round floor ceil int str sum date time format replace strlen substr \
    isnull now upper lower trim left right if log log2 log10 sqrt pow power length sin cos tan asin acos atan avg rand \
    random sign mod pi bin hex oct cot exp print user day week month year hour minute second point total stuff space";

/// Quoted operands of a probe are short.
const LONGEST_PROBE: usize = 12;
