//! SQL in a text that is to be a value.
//!
//! The text is split as a database would split it, three times: as if it stood between tokens, inside a string in
//! single quotes, and inside one in double quotes. Small grammars then look for what a value never is: another query, a
//! condition that is always true, a call that delays. None of them depends on how many tokens the attack has.

mod boolean;
mod calls;
mod grammar;
mod lexer;
mod probes;
mod queries;
mod rules;
mod statements;
mod window;
mod words;

use lexer::{Kind, Place};
use window::Window;

pub(super) use rules::RULES;

use super::Rule;
use super::hits::{Hits, View};

/// Looks at one reading of a text.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let text = view.text;
    if let Some(rule) = probes::probe(text) {
        hits.hit(rule, 0..text.len());
    }
    for place in PLACES {
        if let Place::In(quote) = place
            && !may_break_out(text, quote)
        {
            continue;
        }
        if !hits.spend(text.len()) {
            return;
        }
        Scan { window: Window::new(text, place), place, hits: &mut *hits }.run();
    }
}

/// One pass over the tokens.
struct Scan<'t, 'h, 'p> {
    window: Window<'t>,
    place: Place,
    hits: &'h mut Hits<'p>,
}

impl Scan<'_, '_, '_> {
    fn run(&mut self) {
        if self.window.at(0).is_end() {
            return;
        }
        if self.window.at(0).kind == Kind::Breakout {
            boolean::breakout(self);
        } else {
            boolean::start(self);
        }
        loop {
            let token = self.window.at(0);
            match token.kind {
                Kind::Word => {
                    if token.flags != 0 {
                        boolean::tautology(self);
                        queries::word(self);
                        calls::word(self);
                    }
                    queries::hidden(self);
                    calls::path(self);
                }
                Kind::Logic => boolean::tautology(self),
                Kind::Semicolon => queries::stacked(self),
                Kind::Open(_) => queries::subquery(self),
                Kind::Variable => calls::variable(self),
                Kind::Json => queries::json(self),
                _ => {}
            }
            if !self.window.advance() {
                return;
            }
        }
    }

    /// Records a rule for the tokens from one place ahead up to another.
    fn hit(&mut self, rule: &'static Rule, from: usize, to: usize) {
        let start = self.window.at(from).start;
        let end = (from..to).rev().map(|at| self.window.at(at).end).find(|end| *end > start);
        self.hits.hit(rule, start..end.unwrap_or(start));
    }

    fn quotes_are_odd(&self) -> bool {
        self.window.quotes_are_odd(self.place)
    }
}

/// Tells whether the dictionary has the word.
pub(super) fn is_word(word: &[u8]) -> bool {
    words::flags(word) != 0
}

/// Tells whether the text has the quote.
fn may_break_out(text: &str, quote: u8) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr(quote, bytes).is_some()
        || (quote != b'`' && memchr::memmem::find(bytes, b"\xe2\x80").is_some())
}

const PLACES: [Place; 4] = [Place::Bare, Place::In(b'\''), Place::In(b'"'), Place::In(b'`')];

/// What every attack in a message has one of: a comparison, a call, a keyword with what goes with it, or a quote with
/// what would not follow it in prose.
pub(super) const GATE: &[&str] = &[
    "=",
    "(",
    "||",
    "&&",
    "/*",
    "--",
    "@@",
    ";",
    "select",
    "union",
    "having",
    "procedure",
    "order by",
    "group by",
    "waitfor",
    "sleep",
    "benchmark",
    "dbms_",
    "utl_",
    "xp_",
    "sp_",
    "load_file",
    "outfile",
    "dumpfile",
    "_schema",
    "sqlite_master",
    "pg_catalog",
    "sysobjects",
    "insert into",
    "drop ",
    "delete from",
    "mysql.",
    "master..",
    "declare @",
    "case when",
    " or '",
    " or \"",
    "like '",
    "like \"",
    " or true",
    " and true",
    " or false",
    " and false",
    " or null",
    " or not ",
    " or 0x",
    " or .",
    " or ~",
    " or !",
    "-1 or ",
    "rlike",
    "exec",
    "all_tab",
    "user_tab",
    "pg_",
    "dba_",
    "' ",
    "'o",
    "'a",
    "'x",
    "'|",
    "'&",
    "'+",
    "'-",
    "'*",
    "'/",
    "'#",
    "'<",
    "'>",
    "'^",
    "'%",
    "'like",
    "'is",
    "'un",
    "\" o",
    "\" a",
    "\" l",
    "\" u",
    "\"o",
    "\"a",
    "\"#",
    "\"<",
    "\">",
    "`",
    "‘",
    "’",
    "“",
    "”",
];
