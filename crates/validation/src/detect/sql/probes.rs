//! Texts that are a probe and nothing else: what is typed first, to see whether the database answers with an error.

use super::rules;
use crate::detect::Rule;

/// Judges a text as a whole.
pub(super) fn probe(text: &str) -> Option<&'static Rule> {
    let text = text.trim();
    if text.len() < 2 || text.len() > LONGEST {
        return None;
    }
    if joins(text) {
        return Some(&rules::BOOLEAN);
    }
    if closes(text) || ends_statement(text) || hides_rest(text) || opens_comment(text) {
        return Some(&rules::TRUNCATED);
    }
    if quoted_operator(text) {
        return Some(&rules::BALANCED);
    }
    if clause(text) {
        return Some(&rules::CLAUSE);
    }
    names_session(text).then_some(&rules::FUNCTION)
}

/// `1')`, `"))`, `'"`: quotes and parentheses that close what the text did not open.
fn closes(text: &str) -> bool {
    let value = text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    let marks = value.trim_end_matches(';').trim_end_matches(['.', ',']);
    let quote = |c: char| matches!(c, '\'' | '"');
    let mixed = value.len() == text.len()
        && marks.contains('\'')
        && marks.contains('"')
        && marks.chars().all(|c| quote(c) || matches!(c, '(' | ')' | '\\' | '`'));
    let mut rest = marks.chars();
    let closed =
        rest.next().is_some_and(quote) && marks.len() > 1 && rest.all(|c| matches!(c, ')' | '}'));
    mixed || closed
}

/// `id;--`: the end of a statement, and a comment that hides the rest of it.
fn ends_statement(text: &str) -> bool {
    let Some(before) = text.strip_suffix("--").or_else(|| text.strip_suffix("-- -")) else {
        return false;
    };
    let Some(value) = before.trim_end().strip_suffix(';') else {
        return false;
    };
    !value.is_empty() && !value.contains(char::is_whitespace)
}

/// `' or`, `|| 1`: a quote or nothing, a word that joins conditions, and at most a digit.
fn joins(text: &str) -> bool {
    let bare = text.trim_start_matches(['\'', '"', ')', ' ']);
    let quoted = text.starts_with(['\'', '"']);
    let word = quoted && JOINTS.iter().any(|known| bare.eq_ignore_ascii_case(known));
    let sign = bare.strip_prefix("||").or_else(|| bare.strip_prefix("&&"));
    word || sign.is_some_and(|rest| {
        let value = rest.trim_start();
        !value.is_empty() && value.len() < 3 && value.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// `name desc--`, `id limit 1 --`: what orders or limits rows, and a comment that hides the rest.
fn hides_rest(text: &str) -> bool {
    let Some(before) = text.strip_suffix("--").or_else(|| text.strip_suffix("-- -")) else {
        return false;
    };
    let mut words = before.split_ascii_whitespace().rev();
    let (Some(last), Some(second)) = (words.next(), words.next()) else {
        return false;
    };
    last.eq_ignore_ascii_case("asc")
        || last.eq_ignore_ascii_case("desc")
        || second.eq_ignore_ascii_case("limit") && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1/*`: a value, and a comment that does not end.
fn opens_comment(text: &str) -> bool {
    text.strip_suffix("/*").is_some_and(|value| {
        !value.is_empty()
            && value.bytes().all(|byte| byte.is_ascii_digit() || b"'\")-".contains(&byte))
    })
}

/// `'like'`, `'=''='`: an operator where the statement has its value, with the quotes of the strings beside it.
fn quoted_operator(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('\'') else {
        return false;
    };
    if inner.len() >= 3 && inner.bytes().all(|byte| b"'=<>!|&^*+-%".contains(&byte)) {
        return inner.contains("''")
            && inner.ends_with('\'')
            && inner.contains(['=', '|', '+', '-']);
    }
    let behind = |word: &str| {
        let start = inner.get(..word.len())?;
        start.eq_ignore_ascii_case(word).then(|| &inner[word.len()..])
    };
    let Some(rest) = COMPARES.iter().find_map(|word| behind(word)) else {
        return false;
    };
    rest.starts_with('\'') && rest.len() <= MOST_BEHIND && !rest.contains(' ')
}

/// `order by 7`, `1 limit 0,1`: the text is a clause, or a number and a clause.
fn clause(text: &str) -> bool {
    let mut words = text.split_ascii_whitespace();
    let number = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit())
            && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
    };
    let (Some(first), Some(second), Some(third), fourth) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let is =
        |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let found = if is(first, &["order", "group"]) {
        is(second, &["by"]) && number(third)
    } else if number(first.strip_prefix('-').unwrap_or(first)) {
        is(second, &["limit", "offset"]) && number(third)
            || is(second, &["for"]) && is(third, &["update", "share"])
            || is(second, &["into"]) && third.starts_with('@')
    } else {
        false
    };
    found && fourth.is_none()
}

/// `version()`: a call without arguments that tells of the session or the server.
fn names_session(text: &str) -> bool {
    text.strip_suffix("()")
        .is_some_and(|name| SESSION.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// No probe is longer.
const LONGEST: usize = 48;

/// How much stands behind a quoted operator.
const MOST_BEHIND: usize = 4;

/// Comparisons that are written as words.
const COMPARES: &[&str] =
    &["like", "ilike", "rlike", "regexp", "glob", "sounds like", "xor", "div"];

/// What joins a condition, a query or a clause to what stands before.
const JOINTS: &[&str] = &[
    "or",
    "and",
    "xor",
    "union",
    "union select",
    "union all select",
    "select",
    "having",
    "order by",
    "group by",
];

/// Functions that only databases have.
const SESSION: &[&str] = &[
    "version",
    "user",
    "database",
    "schema",
    "current_user",
    "session_user",
    "system_user",
    "current_database",
    "current_schema",
    "connection_id",
    "last_insert_id",
    "sqlite_version",
    "db_name",
    "user_name",
    "suser_name",
    "suser_sname",
    "host_name",
    "getdate",
    "sysdate",
];
