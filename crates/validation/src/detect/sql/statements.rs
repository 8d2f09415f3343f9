//! Statements of their own, behind a semicolon or at the start.

use super::grammar::{select_strength, skip_group, skip_path};
use super::lexer::{Comment, Kind};
use super::window::Window;
use super::words::{STATEMENT, TYPE};

/// How much a statement starts here: 0 not at all, 1 in a way that code or prose might, 2 like nothing else.
pub(super) fn strength(window: &Window<'_>, at: usize) -> u8 {
    let token = window.at(at);
    if token.kind != Kind::Word || !token.has(STATEMENT) {
        return 0;
    }
    let mut word = [0; 16];
    let text = window.text(token);
    let Some(lower) = word.get_mut(..text.len()) else {
        return 0;
    };
    lower.copy_from_slice(text.as_bytes());
    lower.make_ascii_lowercase();
    match &*lower {
        b"select" => select_strength(window, at),
        b"insert" | b"replace" | b"merge" | b"update" | b"delete" => changes(window, at),
        b"drop" | b"create" | b"alter" | b"truncate" | b"rename" => defines(window, at),
        b"exec" | b"execute" | b"declare" | b"set" | b"prepare" | b"call" => runs(window, at),
        b"with" => {
            let query = is_open(window, at + 3) && window.at(at + 4).has(STATEMENT);
            2 * u8::from(window.is(at + 2, "as") && query)
        }
        b"waitfor" => 2 * u8::from(window.is_any(at + 1, "delay time")),
        _ => manages(window, at, lower),
    }
}

/// Statements that change rows.
fn changes(window: &Window<'_>, at: usize) -> u8 {
    let name = usize::from(window.is_any(at + 1, "into from ignore only")) + at + 1;
    if window.at(name).kind != Kind::Word {
        return 0;
    }
    let behind = skip_path(window, name);
    if window.is(at, "delete") {
        let from = window.is(at + 1, "from");
        let strong = window.is(behind, "where")
            || ends(window, behind) && window.at(behind).kind != Kind::End
            || window.at(behind).comment != Comment::None;
        return if !from {
            0
        } else if strong {
            2
        } else {
            u8::from(ends(window, behind))
        };
    }
    if window.is(at, "update") {
        let sets = window.is(behind, "set");
        let assigns = window.at(skip_path(window, behind + 1)).kind == Kind::Compare;
        return u8::from(sets) + u8::from(sets && assigns);
    }
    if !window.is(at + 1, "into") {
        return 0;
    }
    let goes_on =
        is_open(window, behind) || window.is_any(behind, "values select set default using exec");
    1 + u8::from(goes_on)
}

/// Statements that change tables.
fn defines(window: &Window<'_>, at: usize) -> u8 {
    let mut kind = at + 1;
    while window.is_any(kind, "or replace temp temporary unique global if not exists") {
        kind += 1;
    }
    if !window.is_any(kind, OBJECTS) {
        return u8::from(
            window.is(at, "truncate") && ends(window, at + 2) && !ends(window, at + 1),
        );
    }
    let mut name = kind + 1;
    while window.is_any(name, "if not exists") {
        name += 1;
    }
    if window.at(name).kind != Kind::Word {
        return 0;
    }
    let behind = skip_path(window, name);
    let next = window.at(behind);
    if window.is(at, "drop") || window.is(at, "truncate") {
        let cut =
            next.comment != Comment::None || matches!(next.kind, Kind::Semicolon | Kind::Comma);
        let strong = cut || window.is_any(behind, "cascade restrict purge") || name > kind + 1;
        return if strong { 2 } else { u8::from(next.is_end()) };
    }
    let goes_on = is_open(window, behind)
        || window.is_any(behind, DEFINED)
            && (window.is(at, "alter") || !window.at(behind + 1).is_end());
    1 + u8::from(goes_on)
}

/// Statements that run others, and what they need.
fn runs(window: &Window<'_>, at: usize) -> u8 {
    let next = window.at(at + 1);
    if next.kind == Kind::Variable {
        let assigned = matches!(window.at(at + 2).kind, Kind::Compare | Kind::Comma);
        let typed = window.at(at + 2).has(TYPE);
        let run = window.is_any(at, "exec execute");
        return 1 + u8::from(assigned || typed || run);
    }
    if window.is_any(at, "exec execute") {
        let argument = window.at(skip_path(window, at + 1));
        let path = window.at(at + 2).kind == Kind::Dot && window.at(at + 3).kind == Kind::Dot;
        let immediate = window.is_any(at + 1, "immediate system");
        let variable = is_open(window, at + 1) && window.at(at + 2).kind == Kind::Variable;
        let text = argument.is_text() || argument.kind == Kind::Variable;
        return if path || immediate || variable {
            2
        } else {
            u8::from(text || is_open(window, at + 1))
        };
    }
    if window.is(at, "prepare") {
        let source = window.at(at + 3);
        let from = window.is(at + 2, "from") && (source.is_text() || source.kind == Kind::Variable)
            || window.is(at + 2, "as") && source.has(STATEMENT);
        return 2 * u8::from(next.kind == Kind::Word && from);
    }
    if window.is(at, "call") {
        return u8::from(next.kind == Kind::Word && is_open(window, skip_path(window, at + 1)));
    }
    if window.is(at, "set") && window.is_any(at + 1, "global session persist") {
        return 2 * u8::from(window.at(at + 3).kind == Kind::Compare);
    }
    u8::from(window.at(at + 2).kind == Kind::Compare || window.at(at + 2).has(TYPE))
}

/// Statements that steer the server.
fn manages(window: &Window<'_>, at: usize, word: &[u8]) -> u8 {
    let next = window.at(at + 1);
    let two = |words: &str| 2 * u8::from(window.is_any(at + 1, words));
    match word {
        b"load" => {
            2 * u8::from(window.is_any(at + 1, "data xml") && window.is_any(at + 2, "infile local"))
        }
        b"copy" => copies(window, at),
        b"show" => u8::from(window.is_any(at + 1, SHOWN)),
        b"grant" | b"revoke" => {
            let named = window.is_any(at + 1, "all dba select usage execute connect");
            2 * u8::from(
                named && (at + 2..at + GRANT_REACH).any(|at| window.is_any(at, "on to from")),
            )
        }
        b"attach" | b"detach" => {
            let file = at + 1 + usize::from(window.is(at + 1, "database"));
            2 * u8::from(window.at(file).is_text() && window.is(file + 1, "as"))
        }
        b"backup" | b"restore" => two("database log"),
        b"bulk" => two("insert"),
        b"handler" => 2 * u8::from(window.is_any(at + 2, "open read close")),
        b"dbcc" => u8::from(next.kind == Kind::Word) * 2,
        b"pragma" => u8::from(next.kind == Kind::Word),
        b"lock" | b"flush" => u8::from(window.is_any(at + 1, "table tables privileges hosts logs")),
        b"explain" | b"analyze" => {
            u8::from(next.has(STATEMENT)) * strength_of_select(window, at + 1)
        }
        b"shutdown" | b"reconfigure" | b"begin" | b"commit" | b"rollback" | b"vacuum" => u8::from(
            ends(window, at + 1)
                || window.is_any(at + 1, "with transaction tran declare immediate"),
        ),
        b"if" | b"while" => {
            u8::from(is_open(window, at + 1) || window.is_any(at + 1, "exists not"))
        }
        b"print" => u8::from(matches!(next.kind, Kind::Variable)),
        b"kill" | b"savepoint" | b"use" => u8::from(!next.is_end() && ends(window, at + 2)),
        b"do" | b"values" => u8::from(is_open(window, at + 1) || is_open(window, at + 2)),
        _ => 0,
    }
}

fn strength_of_select(window: &Window<'_>, at: usize) -> u8 {
    if window.is(at, "select") { select_strength(window, at) } else { 1 }
}

/// `copy t (a, b) from program 'x'`.
fn copies(window: &Window<'_>, at: usize) -> u8 {
    let table = if is_open(window, at + 1) { at + 1 } else { skip_path(window, at + 1) };
    let to = if is_open(window, table) { skip_group(window, table) } else { table };
    if !window.is_any(to, "from to") {
        return 0;
    }
    let sure = window.is_any(to + 1, "program stdin stdout");
    if sure { 2 } else { u8::from(window.at(to + 1).is_text()) }
}

fn is_open(window: &Window<'_>, at: usize) -> bool {
    matches!(window.at(at).kind, Kind::Open(_))
}

/// Tells whether a statement may end here.
fn ends(window: &Window<'_>, at: usize) -> bool {
    matches!(window.at(at).kind, Kind::End | Kind::Semicolon)
}

/// What tables and their like are called.
const OBJECTS: &str = "table database schema view index user procedure function trigger role login extension \
    alias sequence proc column aggregate assembly certificate directory session system \
    tablespace package synonym server event language";

/// What follows the name of what is defined.
const DEFINED: &str = "add after alter as before change character default drop engine for from identified modify on \
    password rename returns set to with";

/// Rights between `grant` and what they are for.
const GRANT_REACH: usize = 8;

/// What a server shows.
const SHOWN: &str = "tables databases warnings errors columns grants variables status processlist create index \
    indexes fields schemas global session full engines plugins privileges triggers";
