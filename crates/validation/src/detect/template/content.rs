//! What stands in an expression.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::delimiter::{Found, Kind};
use super::rules::{CALL, EXPRESSION, PLACEHOLDER, PROBE, STATEMENT, WALK};
use crate::detect::Rule;
use crate::detect::code::is_function;
use crate::detect::hits::Hits;

/// Returns the rule for an expression; none where it is none.
pub(super) fn judge(found: &Found<'_>) -> Option<&'static Rule> {
    let inside = found.inside.trim_ascii();
    if inside.is_empty() {
        return None;
    }
    match found.kind {
        Kind::Value if OBJECTS.contains(&inside) => Some(&WALK),
        // Alone, as probes are; within program text it is a table of numbers.
        Kind::Value if found.before.is_none() && inside.iter().all(u8::is_ascii_digit) => {
            Some(&PROBE)
        }
        Kind::Value => evaluated(inside).or_else(|| is_value(inside).then_some(&EXPRESSION)),
        Kind::Statement => Some(if computes(inside) { &PROBE } else { &STATEMENT }),
        Kind::Square => computes(inside).then_some(&PROBE),
        Kind::Angle => is_angle(found.inside).then_some(&STATEMENT),
        Kind::Directive => is_directive(found.inside).then_some(&STATEMENT),
        Kind::Hash => evaluated(inside).or_else(|| machine(inside).then_some(&EXPRESSION)),
        // Perl takes what a variable refers to this way.
        Kind::Dollar | Kind::Marked if inside.starts_with(b"$") || inside.starts_with(b"*$") => {
            None
        }
        Kind::Dollar => match evaluated(inside) {
            Some(rule) => Some(rule),
            None if inside.iter().all(|byte| is_name(*byte)) => Some(&PLACEHOLDER),
            None => machine(inside).then_some(&EXPRESSION),
        },
        Kind::Marked
            if memchr::memmem::find(inside, b"var ").is_some() && inside.contains(&b'=') =>
        {
            Some(&STATEMENT)
        }
        Kind::Marked => {
            let text = found.before.is_some_and(|before| before.is_ascii_alphabetic());
            evaluated(inside).or_else(|| (!text && accesses(inside)).then_some(&EXPRESSION))
        }
        Kind::At => (!inside.contains(&b' ') || computes(inside))
            .then(|| evaluated(inside).or_else(|| accesses(inside).then_some(&EXPRESSION)))?,
        Kind::Brackets => (inside.starts_with(b"${") || sum(inside)).then_some(&PROBE),
        Kind::Brace => brace(found, inside),
    }
}

/// Tells whether it begins as a value does, and not as a table of numbers.
fn is_value(inside: &[u8]) -> bool {
    inside[0].is_ascii_alphabetic()
        || b"_'\"=#>/^!&($%@-.[".contains(&inside[0])
        || !inside.is_ascii()
}

/// The rule for what an engine certainly evaluates.
fn evaluated(inside: &[u8]) -> Option<&'static Rule> {
    if computes(inside) {
        return Some(&PROBE);
    }
    calls(inside).then_some(&CALL)
}

/// `{php}`, `{$smarty.version}`, `{7*7}`, `{if system('x')}`: single braces are everywhere, so it must be one of these.
fn brace(found: &Found<'_>, inside: &[u8]) -> Option<&'static Rule> {
    if found.before.is_some_and(|before| b"${#*~@%".contains(&before)) {
        return None;
    }
    if TAGS.contains(&inside)
        || inside.starts_with(b"$smarty")
        || inside.starts_with(b"*") && inside.ends_with(b"*")
    {
        return Some(&STATEMENT);
    }
    if sum(inside) {
        return Some(&PROBE);
    }
    // Python looks up members of what it formats.
    if memchr::memmem::find(inside, b".__").is_some() && is_member(inside) {
        return Some(&WALK);
    }
    // A block of code has a space or a line break after its brace.
    if found.inside[0].is_ascii_whitespace() {
        return None;
    }
    let tag = WORDS.iter().any(|word| inside.starts_with(word))
        && (calls(inside) || inside.contains(&b'$'));
    let name = inside.iter().take_while(|byte| is_name(**byte)).count();
    let (name, rest) = inside.split_at(name);
    let statics = !name.is_empty() && rest.starts_with(b"::") && calls(rest);
    let called = rest.first() == Some(&b'(') && rest.ends_with(b")") && is_function(name);
    let variable = inside.starts_with(b"$")
        && is_member(&inside[1..])
        && !found.before.is_some_and(|before| is_name(before) || b">)]".contains(&before));
    (statics || called || tag || variable).then_some(&CALL)
}

/// `user.name`.
fn is_member(path: &[u8]) -> bool {
    path.contains(&b'.')
        && path.iter().all(|byte| is_name(*byte) || *byte == b'.')
        && !path.ends_with(b".")
}

/// `<#assign …>`, `</#if>`.
fn is_angle(inside: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[
        b"assign",
        b"list",
        b"if",
        b"include",
        b"import",
        b"macro",
        b"function",
        b"setting",
        b"ftl",
        b"attempt",
        b"local",
        b"global",
        b"switch",
        b"noparse",
        b"compress",
        b"escape",
        b"visit",
        b"recurse",
    ];
    let word = inside.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    NAMES.contains(&&inside[..word]) && inside.get(word).is_none_or(|byte| b" /".contains(byte))
}

/// `#set($x = 1)`.
fn is_directive(inside: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[
        b"set",
        b"foreach",
        b"if",
        b"include",
        b"parse",
        b"evaluate",
        b"define",
        b"macro",
        b"elseif",
    ];
    let word = inside.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let rest = inside[word..].trim_ascii_start();
    NAMES.contains(&&inside[..word])
        && rest.first() == Some(&b'(')
        && rest.iter().any(|byte| b"$\"'".contains(byte))
}

/// Tells whether it looks written for a machine rather than in a sentence.
fn machine(inside: &[u8]) -> bool {
    let spaces = memchr::memchr_iter(b' ', inside).count();
    spaces == 0 || accesses(inside) || inside.iter().any(|byte| b"=|'\"+*?".contains(byte))
}

/// Tells whether a member or an index is asked for.
fn accesses(inside: &[u8]) -> bool {
    inside.windows(3).any(|three| {
        is_name(three[0])
            && b".[(".contains(&three[1])
            && (is_name(three[2]) || b"'\")$".contains(&three[2]))
    }) || inside.windows(2).any(|two| two == b"::" || two == b"()")
}

/// Tells whether something is called, piped through a filter, or made.
fn calls(inside: &[u8]) -> bool {
    let open = memchr::memchr_iter(b'(', inside)
        .any(|at| at > 0 && (is_name(inside[at - 1]) || b"])".contains(&inside[at - 1])));
    let filter = memchr::memchr_iter(b'|', inside).any(|at| {
        let rest = inside[at + 1..].trim_ascii_start();
        at > 0 && rest.first().is_some_and(u8::is_ascii_lowercase) && rest.first() != Some(&b'|')
    });
    let made = memchr::memmem::find(inside, b"new ").is_some()
        || memchr::memmem::find(inside, b"?new").is_some();
    open || filter || made
}

/// Tells whether numbers or strings are computed with, as in `7*7`.
fn computes(inside: &[u8]) -> bool {
    inside.iter().enumerate().any(|(at, byte)| {
        if !b"*+-/%".contains(byte) {
            return false;
        }
        let left = inside[..at].trim_ascii_end().last();
        let right = inside[at + 1..].trim_ascii_start();
        let right = right.strip_prefix(b"*").unwrap_or(right).first();
        let value = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_digit() || b"'\"".contains(byte))
        };
        let number = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        (number(left) && value(right)
            || value(left) && number(right)
            || left == Some(&b')') && number(right))
            && (*byte != b'-' || number(left) && number(right))
    })
}

/// Tells whether it is a sum or a product and nothing else.
fn sum(inside: &[u8]) -> bool {
    computes(inside)
        && inside.iter().all(|byte| byte.is_ascii_digit() || b"*+-/%() .'\"".contains(byte))
        && inside.iter().any(|byte| b"*+".contains(byte))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Looks for the ways out of a template: from any object to its class, and from there to everything.
pub(super) fn walks(text: &str, hits: &mut Hits<'_>) {
    let Some(automaton) = WALKS.as_ref() else {
        return;
    };
    let mut openers = Openers { text: text.as_bytes(), seen: 0, last: None };
    for found in automaton.find_iter(text) {
        if !hits.spend(COST) {
            return;
        }
        let alone = found.pattern().as_usize() < ALONE.len();
        if alone || openers.is_open_at(found.start()) {
            hits.hit(&WALK, found.start()..found.end());
        }
    }
}

/// Where an expression began last, found in one pass for all walks.
struct Openers<'t> {
    text: &'t [u8],
    /// Up to here the text was looked at.
    seen: usize,
    last: Option<usize>,
}

impl Openers<'_> {
    /// Tells whether an expression begins not far before a place, and has not ended there. Places come in order.
    fn is_open_at(&mut self, place: usize) -> bool {
        let before = &self.text[..place];
        while let Some(step) = before
            .get(self.seen..)
            .and_then(|rest| rest.iter().position(|byte| FIRSTS.contains(byte)))
        {
            let at = self.seen + step;
            if OPENERS.iter().any(|opener| before[at..].starts_with(opener)) {
                self.last = Some(at);
            }
            self.seen = at + 1;
        }
        // One may have begun that goes on behind the place.
        self.seen = place.saturating_sub(LONGEST_OPENER - 1);
        let Some(open) = self.last.filter(|at| place - at <= REACH) else {
            return false;
        };
        // It has ended where as many braces close as open, or a bracket with a percent sign does.
        let inside = &before[open..];
        let depth = |byte| memchr::memchr_iter(byte, inside).count();
        depth(b'}') < depth(b'{')
            || depth(b'{') == 0 && memchr::memmem::find(inside, b"%>").is_none()
    }
}

/// What an expression begins with.
const OPENERS: [&[u8]; 14] = [
    b"{{", b"{%", b"${", b"#{", b"<%", b"*{", b"%{", b"@(", b"@{", b"~{", b"<#", b"#set", b"{$",
    b"{php}",
];

/// The first bytes of those.
const FIRSTS: &[u8] = b"{$#<*%@~";

/// The longest of those.
const LONGEST_OPENER: usize = 5;

/// How far before a walk its expression may begin.
const REACH: usize = 512;

/// How many bytes the look at a walk costs, for the budget of work.
const COST: usize = 128;

static WALKS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).build(ALONE.iter().chain(INSIDE)).ok()
});

/// What nobody writes but to get out, with or without an expression around it.
const ALONE: &[&str] = &[
    ".__class__.",
    "['__class__']",
    "[\"__class__\"]",
    "__subclasses__",
    ".__globals__",
    "['__globals__']",
    "[\"__globals__\"]",
    "__builtins__.",
    "__builtins__[",
    ".__base__",
    ".__bases__",
    "|attr(",
    "freemarker.template.utility",
    "registerUndefinedFilterCallback",
    "_self.env",
    "T(java.",
    "T(org.",
    "constructor.constructor(",
    "$eval('",
    "$eval(\"",
    "$on.constructor",
    "mainModule.require",
    "springMacroRequestContext",
    "(new java.",
    "?new()",
    ".forName(",
    ".getRuntime(",
    "@System.",
    ".inspect(\"java",
    "Smarty_Internal",
];

/// What is used to get out where it stands in an expression.
const INSIDE: &[&str] = &[
    "__class__",
    "__mro__",
    "__init__",
    "__import__",
    "__getitem__",
    "__dict__",
    "__reduce__",
    "__builtins__",
    "__globals__",
    "__call__",
    "getClass(",
    "forName(",
    "getRuntime(",
    "ClassLoader",
    "ProcessBuilder",
    "protectionDomain",
    "ScriptEngine",
    ".constructor",
    "constructor[",
    "['constructor",
    "[\"constructor",
    "prototype",
    "java.lang",
    "java.io",
    "javax.",
    "getFilter(",
    "|filter(",
    "|map(",
    "|reduce(",
    "|sort(",
    "|attr",
    "cycler.",
    "joiner.",
    "lipsum",
    "url_for.",
    "get_flashed_messages",
    "config.items",
    "config.from_",
    "config.__",
    "request.application",
    "request.args",
    "request.",
    "self._",
    "self.",
    "app.request",
    "app.",
    "settings.",
    "global.",
    "process.",
    "require(",
    "child_process",
    "smarty.",
    "system(",
    "exec(",
    "popen(",
    "passthru(",
    "eval(",
    "phpinfo(",
    "os.",
    "subprocess",
    "linecache",
    "importlib",
    "open(",
    ".read(",
    ".invoke(",
    "getMethod(",
    "getDeclared",
    "include('",
    "include(\"",
    "source('",
    "file_excerpt",
    "dump(",
    "string.split",
    "lookup ",
    "#with",
    "env.",
    "session.",
    "application.",
    "param.",
    "header.",
    "pageContext",
    "@java",
    "#this",
    "#root",
    "#_member",
    "File.open",
    "IO.",
    "Dir.",
    "Kernel",
    "fromCharCode",
    "alert(",
    "document.",
    "window.",
];

/// What an engine offers to every template, and shows most of.
const OBJECTS: &[&[u8]] = &[
    b"config",
    b"self",
    b"request",
    b"settings",
    b"session",
    b"app",
    b"_self",
    b"_context",
    b"g",
    b"dump()",
    b"env",
];

/// Tags of Smarty that stand alone.
const TAGS: &[&[u8]] = &[b"php", b"/php", b"literal", b"/literal", b"ldelim", b"rdelim", b"/if"];

/// Tags of Smarty that take an expression.
const WORDS: &[&[u8]] = &[
    b"if ",
    b"include ",
    b"fetch ",
    b"eval ",
    b"math ",
    b"assign ",
    b"foreach ",
    b"capture ",
    b"block ",
];

#[cfg(test)]
mod tests {
    use super::super::delimiter::Delimiters;
    use super::*;

    fn check(text: &str, rule: &str) {
        let found = Delimiters::of(text.as_bytes()).find_map(|found| judge(&found));
        assert_eq!(found.map_or("", |rule| rule.id), rule, "{text}");
    }

    #[test]
    fn expressions_are_told_by_what_they_do() {
        for text in [
            "{{7*7}}",
            "${ 7 * 7 }",
            "<%= 7*7 %>",
            "#{3*3}",
            "*{7*'7'}",
            "@(1+2)",
            "{7*7}",
            "[[7*7]]",
            "%{8*8}",
        ] {
            check(text, "template.probe");
        }
        for text in
            ["{{ f(x) }}", "${x.y()}", "{{x|upper}}", "#{f(1)}", "{system('x')}", "{if f($x)}"]
        {
            check(text, "template.call");
        }
        for text in ["{{name}}", "${a.b}", "#{name}", "@(a.b)", "@{a.b}"] {
            check(text, "template.expression");
        }
        for text in ["{% if a %}", "<% a %>", "<#assign a=1>", "#set($a = 1)", "{php}", "{*a*}"] {
            check(text, "template.statement");
        }
        check("${HOME}", "template.placeholder");
    }

    #[test]
    fn braces_and_signs_of_prose_and_code_are_none() {
        for text in [
            "{ a: 1 }",
            "{}",
            "{{}}",
            "fn x() { y(1); }",
            "@(home)",
            "meet @(the place by noon)",
            "#1 (one)",
            "[[Page]]",
            "\\section*{A title of mine}",
            "{1,2}",
            "<#>",
            "a{2}b",
            "#include <a.h> (b)",
            "#if (X)",
            "x[[1]]",
            "{name}",
        ] {
            check(text, "");
        }
    }

    #[test]
    fn an_expression_is_open_until_it_ends() {
        let text = b"a {{b}} c <% d %> e {php} f ${ g";
        let mut openers = Openers { text, seen: 0, last: None };
        for (place, expected) in
            [(b'b', true), (b'c', false), (b'd', true), (b'e', false), (b'g', true)]
        {
            let at = memchr::memchr(place, text).expect("the place is in the text");
            assert_eq!(openers.is_open_at(at), expected, "{}", char::from(place));
        }
        // What a place cuts in two is found from the next place on.
        let mut openers = Openers { text: b"x {php} y", seen: 0, last: None };
        assert!(!openers.is_open_at(4) && openers.last.is_none());
        openers.is_open_at(8);
        assert_eq!(openers.last, Some(2));
    }
}
