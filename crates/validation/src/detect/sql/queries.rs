//! Queries inside a value: unions, subqueries, further statements, and keywords that are hidden.

use super::Scan;
use super::grammar::{Shape, comparison, operand, select_strength, skip_path};
use super::lexer::{Comment, Kind};
use super::rules;
use super::statements;
use super::words::{self, CLAUSE, COMPARE, CONNECT, DANGER, DELAY, RARE, SELECT, STATEMENT, UNION};

/// Looks at a word of the dictionary.
pub(super) fn word(scan: &mut Scan<'_, '_, '_>) {
    let token = scan.window.at(0);
    if token.has(UNION) {
        union(scan);
    } else if token.has(STATEMENT) {
        statement(scan);
    } else if token.has(CLAUSE) {
        clause(scan);
    } else if token.has(COMPARE) {
        compared(scan);
    }
}

/// `union all select`, whatever parentheses and comments stand between.
fn union(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let mut at = 1;
    while window.is_any(at, "all distinct")
        || matches!(window.at(at).kind, Kind::Open(_) | Kind::Sign | Kind::Brace | Kind::Other)
    {
        at += 1;
    }
    if !window.at(at).has(SELECT) {
        let values = window.is(at, "values") && matches!(window.at(at + 1).kind, Kind::Open(_));
        let table = behind_number(scan)
            && window.is(at, "table")
            && window.at(at + 1).kind == Kind::Word
            && window.at(at + 2).is_end();
        if values || table {
            scan.hit(&rules::UNION, 0, at + 1);
        }
        return;
    }
    let strength = select_strength(window, at);
    let hidden = window.at(at).comment != Comment::None || at > 2;
    let behind_value = window.before().is_none_or(|before| {
        matches!(
            before.kind,
            Kind::Number
                | Kind::Text { .. }
                | Kind::Close(_)
                | Kind::Breakout
                | Kind::Variable
                | Kind::Semicolon
        )
    });
    let ends = window.at(at + 1).is_end() && (behind_value || at > 1);
    let sure = window.is(0, "union") && (behind_value && !is_prose(scan, at) || hidden || ends);
    if strength > 0 || sure {
        scan.hit(&rules::UNION, 0, at + 1);
    }
}

/// Tells whether a number stands before, as a value does.
fn behind_number(scan: &Scan<'_, '_, '_>) -> bool {
    let before = scan.window.before();
    before.is_some_and(|before| {
        matches!(before.kind, Kind::Number | Kind::Text { .. } | Kind::Breakout | Kind::Close(_))
    })
}

/// "Union select committee": a bare word behind the `select` that nothing follows but words.
fn is_prose(scan: &Scan<'_, '_, '_>, select: usize) -> bool {
    let next = scan.window.at(select + 1);
    let after = scan.window.at(select + 2);
    next.kind == Kind::Word && next.flags == 0 && after.kind == Kind::Word && after.flags == 0
}

/// A statement at the start of the text.
fn statement(scan: &mut Scan<'_, '_, '_>) {
    let first = scan
        .window
        .before()
        .is_none_or(|before| !matches!(before.kind, Kind::Word | Kind::Comma | Kind::Dot));
    // "Set the alarm" starts with a verb as statements do; these verbs take what follows for nothing else.
    let window = &scan.window;
    let query = window.is(0, "select");
    // `DROP TABLE users` is how statements are written, "drop table leg" and "DROP TABLE LEG" how they are not.
    let upper = |text: &str| !text.bytes().any(|byte| byte.is_ascii_lowercase());
    let written = window.is_any(0, "create drop alter truncate insert")
        && upper(window.text(window.at(0)))
        && upper(window.text(window.at(1)))
        && !upper(window.text(window.at(2)));
    let whole = window.before().is_none()
        && window.is_any(0, "drop truncate")
        && window.is_any(1, "table database schema")
        && (window.is_any(2, TABLES) || window.text(window.at(2)).len() == 1)
        && window.at(3).is_end();
    let shown = window.before().is_none()
        && window.is(0, "show")
        && window.is_any(1, "databases schemas grants processlist columns")
        && window.at(2).is_end();
    let needed = if first && (query || written || whole || shown) { 1 } else { 2 };
    if statements::strength(window, 0) >= needed {
        scan.hit(&rules::STATEMENT, 0, 3);
    }
}

/// `; drop table x`
pub(super) fn stacked(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let mut at = 1;
    while matches!(window.at(at).kind, Kind::Semicolon | Kind::Open(_)) {
        at += 1;
    }
    let next = window.at(at);
    if next.is_end() && window.between(window.at(at - 1), next).contains('\0') {
        return scan.hit(&rules::TRUNCATED, 0, 1);
    }
    let strength = statements::strength(window, at);
    let clear = window.is_any(
        at,
        "drop show insert update delete truncate shutdown select create copy call alter",
    );
    let built = window.is_any(at, "exec execute")
        && matches!(window.at(at + 1).kind, Kind::Open(_))
        && window.at(at + 2).is_text();
    if strength > 1 || (strength > 0 && (clear || built)) {
        scan.hit(&rules::STACKED, 0, at + 2);
    }
}

/// `(select …`
pub(super) fn subquery(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    if !window.at(1).has(SELECT) {
        return;
    }
    let tight = window.before().is_some_and(|before| {
        matches!(
            before.kind,
            Kind::Compare | Kind::Sign | Kind::Logic | Kind::Arithmetic | Kind::Bits
        )
    });
    let strength = select_strength(window, 1);
    if strength > 0 || (tight && window.at(2).is_end()) {
        scan.hit(&rules::SUBQUERY, 0, 3);
    }
}

/// `order by 1,2`, `procedure analyse`, `into outfile 'x'`.
fn clause(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    if window.is_any(0, "order group") && window.is(1, "by") {
        let numbers = window.at(2).kind == Kind::Number;
        let next = window.at(3);
        let list = next.kind == Kind::Comma
            && operand(window, 4)
                .is_some_and(|second| second.shape == Shape::Number || second.shape == Shape::Call);
        let cut = next.is_end() && next.comment != Comment::None;
        if numbers && (list || cut) {
            scan.hit(&rules::CLAUSE, 0, 4);
        }
    } else if window.is(0, "as") && window.is(skip_path(window, 1), "from") {
        // The end of a column list that the text was cut from: `) as total from`.
        let cut = window
            .before()
            .is_some_and(|before| before.start == 0 && matches!(before.kind, Kind::Close(_)));
        if cut {
            scan.hit(&rules::STATEMENT, 0, 3);
        }
    } else if window.is(0, "from") && window.is(skip_path(window, 1), "where") {
        let at = skip_path(window, 1) + 1;
        if comparison(window, at).is_some_and(|found| found.sign) {
            scan.hit(&rules::STATEMENT, 0, at);
        }
    } else if window.is(0, "join") && window.is_any(skip_path(window, 1), "on using") {
        let at = skip_path(window, 1) + 1;
        if comparison(window, at).is_some_and(|found| found.sign) {
            scan.hit(&rules::STATEMENT, 0, at);
        }
    } else if window.is(0, "procedure") && window.is_any(1, "analyse analyze") {
        scan.hit(&rules::CLAUSE, 0, 2);
    } else if window.is(0, "into") && window.is_any(1, "outfile dumpfile") {
        scan.hit(&rules::SYSTEM, 0, 2);
    }
}

/// `'x' like null`
fn compared(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let text = window.before().is_some_and(|before| before.is_text());
    let constant = operand(window, 1).is_some_and(|part| part.shape == Shape::Constant);
    if text && constant && window.is_any(0, "like rlike regexp ilike") {
        scan.hit(&rules::BOOLEAN, 0, 2);
    }
}

/// `'{"a":1}' @> …`
pub(super) fn json(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let sign = window.text(window.at(0));
    let text = window.before().is_some_and(|before| before.is_text());
    let right = window.at(1).is_text() || window.is_any(1, "array json jsonb");
    let clear = text || sign.len() == 3 || sign.contains('@');
    if clear && right && sign != "->" {
        scan.hit(&rules::JSON, 0, 2);
    }
}

/// Keywords that are cut by comments, or stand between comments in place of spaces.
pub(super) fn hidden(scan: &mut Scan<'_, '_, '_>) {
    let window = &scan.window;
    let (token, next) = (window.at(0), window.at(1));
    if token.comment == Comment::Executed && token.has(EXECUTED) {
        return scan.hit(&rules::HIDDEN, 0, 1);
    }
    let glued = next.comment == Comment::Block && !next.gap;
    if !glued {
        return;
    }
    let known = token.has(KEYWORDS) || next.has(KEYWORDS);
    let joined = next.kind == Kind::Word
        && !token.has(KEYWORDS)
        && joins(window.text(token), window.text(next));
    if known || joined {
        scan.hit(&rules::HIDDEN, 0, 2);
    }
}

/// Tells whether two parts of a word make a keyword.
fn joins(first: &str, second: &str) -> bool {
    let mut word = [0; 32];
    let (first, second) = (first.as_bytes(), second.as_bytes());
    let length = first.len() + second.len();
    if length > word.len() {
        return false;
    }
    word[..first.len()].copy_from_slice(first);
    word[first.len()..length].copy_from_slice(second);
    words::flags(&word[..length]) & (SELECT | UNION | STATEMENT | DELAY | DANGER | CLAUSE) != 0
}

/// Tables that most programs have, and furniture has not.
const TABLES: &str = "user users account accounts admin admins member members customer customers client clients order \
    orders product products employee employees student students login logins session sessions password passwords log \
    logs message messages post posts news test data information master";

/// Words between which a comment stands in place of a space.
const KEYWORDS: u32 = CONNECT | UNION | SELECT | COMPARE | CLAUSE | STATEMENT;

/// Words that are no name of a program in the notice of a licence.
const EXECUTED: u32 = KEYWORDS | DELAY | DANGER | RARE;
