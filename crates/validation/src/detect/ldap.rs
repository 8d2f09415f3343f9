//! LDAP filters in a text that is to be a value of one.
//!
//! A filter is parentheses around `attribute=value`. A value that closes a parenthesis which it did not open, and opens
//! another, writes a filter of its own; so the depth of parentheses is all the state that is needed.

use super::hits::{Hits, View};
use super::{Class, Rule, Sink};

/// Looks at one reading of a text.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let bytes = view.text.as_bytes();
    let mut depth = 0_usize;
    let mut broken_at = None;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => {
                depth += 1;
                opened(bytes, at, broken_at, hits);
            }
            b')' if depth > 0 => depth -= 1,
            b')' if broken_at.is_none() => {
                broken_at = Some(at);
                hits.hit(&CLOSED, at..at + 1);
            }
            b'*' => {
                let list =
                    bytes[at + 1..].starts_with(b"()|") || bytes[at + 1..].starts_with(b"()&");
                hits.hit(if list { &BREAKOUT } else { &WILDCARD }, at..at + 1);
            }
            0 => hits.hit(&NUL, at..at + 1),
            _ => {}
        }
    }
    if !bytes.is_empty() && bytes.iter().all(|byte| b"|&!/() ".contains(byte)) {
        hits.hit(&OPERATOR, 0..bytes.len());
    }
    for escape in ESCAPES {
        if let Some(at) = memchr::memmem::find(bytes, escape.as_bytes()) {
            hits.hit(&ESCAPED, at..at + escape.len());
        }
    }
    path(view.text, hits);
}

/// Looks at what a parenthesis opens.
fn opened(bytes: &[u8], at: usize, broken_at: Option<usize>, hits: &mut Hits<'_>) {
    let mut inside = at + 1;
    let operator = matches!(bytes.get(inside), Some(b'&' | b'|' | b'!'));
    if operator {
        inside += 1;
    }
    let nested = bytes.get(inside) == Some(&b'(') && operator;
    while bytes.get(inside) == Some(&b'(') && inside < at + MOST_NESTED {
        inside += 1;
    }
    if matches!(bytes.get(inside), Some(b'&' | b'|' | b'!')) {
        inside += 1;
    }
    let assertion = is_assertion(&bytes[inside.min(bytes.len())..]);
    if let Some(broken) = broken_at
        && bytes[broken..at].iter().take(LONGEST_GAP).all(|byte| b")(&|!* ".contains(byte))
        && (assertion || operator)
    {
        hits.hit(&BREAKOUT, broken..inside);
    } else if nested && assertion {
        hits.hit(&FILTER, at..inside);
    } else if assertion {
        hits.hit(&ASSERTION, at..inside);
    }
}

/// Tells whether `attribute=` or one of its kin starts here.
fn is_assertion(rest: &[u8]) -> bool {
    if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let length = rest
        .iter()
        .take(LONGEST_ATTRIBUTE)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b';' | b'.' | b':' | b'_')
        })
        .count();
    matches!(rest[length..], [b'=', ..] | [b'~' | b'<' | b'>', b'=', ..])
}

/// Expressions of `XPath`, which are asked of directories that are kept as XML.
fn path(text: &str, hits: &mut Hits<'_>) {
    for step in PATH_STEPS {
        if let Some(at) = memchr::memmem::find(text.as_bytes(), step.as_bytes()) {
            let end = at + step.len();
            let quoted = text[..at].contains(['\'', '"']);
            let compared = text[end..].trim_start().starts_with(['=', '<', '>', '[', '|']);
            let is_call = step.ends_with("()");
            if quoted && (compared || !is_call) {
                hits.hit(&XPATH, at..end);
            }
        }
    }
}

/// Signs of filters as RFC 4515 escapes them, and rules of matching by their numbers.
const ESCAPES: &[&str] = &[
    "\\2a",
    "\\2A",
    "\\28",
    "\\29",
    "\\00",
    "\\7c",
    "\\26",
    ":1.2.840.113556.",
    "~=",
    "(uid>=",
    "(cn>=",
];

/// Parentheses that may stand between an operator and its first attribute.
const MOST_NESTED: usize = 8;

/// How much between the parenthesis that breaks out and the next one is looked at.
const LONGEST_GAP: usize = 64;

/// Names of attributes are shorter.
const LONGEST_ATTRIBUTE: usize = 64;

/// Steps and functions by which a path asks for nodes.
const PATH_STEPS: &[&str] = &[
    "name()",
    "local-name()",
    "text()",
    "position()",
    "last()",
    "node()",
    "count(/",
    "count(//",
    "string-length(",
    "substring(//",
    "|//",
    "| //",
    "/child::",
    "/parent::",
    "/*[",
    "//*",
    "::node",
];

/// What every attack in a message has one of.
pub(super) const GATE: &[&str] = &[
    ")(",
    ")!(",
    ")|(",
    ")&(",
    ") (",
    "(|(",
    "(&(",
    "(!(",
    "*()|",
    "*()&",
    "name()",
    "count(/",
    "string-length(",
    "/child::",
];

/// Every rule of LDAP.
pub(super) static RULES: &[Rule] =
    &[BREAKOUT, FILTER, ASSERTION, CLOSED, WILDCARD, OPERATOR, ESCAPED, NUL, XPATH];

const BREAKOUT: Rule = Rule {
    id: "ldap.filter-breakout",
    class: Class::Ldap,
    sinks: &[],
    strictness: 1,
    message: 2,
    confidence: 90,
    reason: "the text closes the filter's parenthesis and opens a filter of its own",
    about: "Put into a filter, the text ends the condition it stands in and adds others, such as one that everybody \
            fulfils: a log-in without a password. Escape values as RFC 4515 says (\\28 \\29 \\2a \\5c \\00), or give them \
            to a function of the LDAP library that builds the filter.",
    example: "*)(uid=*))(|(uid=*",
};

const FILTER: Rule = Rule {
    id: "ldap.nested-filter",
    class: Class::Ldap,
    sinks: &[],
    strictness: 1,
    message: 2,
    confidence: 80,
    reason: "the text is a filter with conditions that an operator joins",
    about: "A value has no reason to be a filter. Where users may search by filters of their own, parse them and allow \
            attributes by name; elsewhere escape the value as RFC 4515 says.",
    example: "(|(objectclass=*))",
};

const ASSERTION: Rule = Rule {
    id: "ldap.assertion",
    class: Class::Ldap,
    sinks: &[],
    strictness: 3,
    message: 0,
    confidence: 60,
    reason: "an attribute is compared in parentheses",
    about: "(attribute=value) is a condition of a filter. Whole and by itself it is what a search form may legally send; in \
            a value it is not. Escape the value as RFC 4515 says.",
    example: "(cn=admin)",
};

const CLOSED: Rule = Rule {
    id: "ldap.closed-parenthesis",
    class: Class::Ldap,
    sinks: &[],
    strictness: 2,
    message: 0,
    confidence: 65,
    reason: "a parenthesis is closed that the text did not open",
    about: "It ends the condition in which the value stands. Names rarely have it; escape it as \\29.",
    example: "admin)",
};

const WILDCARD: Rule = Rule {
    id: "ldap.wildcard",
    class: Class::Ldap,
    sinks: &[],
    strictness: 2,
    message: 0,
    confidence: 60,
    reason: "an asterisk stands for any text",
    about: "In a filter the asterisk makes a value match whatever begins, ends or goes on as it does; alone it matches all \
            entries that have the attribute. Escape it as \\2a, unless the search is meant to have wildcards.",
    example: "admin*",
};

const OPERATOR: Rule = Rule {
    id: "ldap.operator",
    class: Class::Ldap,
    sinks: &[],
    strictness: 2,
    message: 0,
    confidence: 50,
    reason: "the text is an operator of filters and nothing else",
    about: "A value of operators alone is sent to see whether the directory answers with an error. Escape the value as RFC \
            4515 says.",
    example: "|",
};

const ESCAPED: Rule = Rule {
    id: "ldap.escaped-sign",
    class: Class::Ldap,
    sinks: &[],
    strictness: 2,
    message: 0,
    confidence: 55,
    reason: "a sign of filters stands in it escaped, or a rule of matching",
    about: "Senders of values do not escape: the program that builds the filter does. An escape in the value means \
            somebody who knows what the directory does with it. Escape the backslash as \\5c.",
    example: "admin\\2a",
};

const NUL: Rule = Rule {
    id: "ldap.nul",
    class: Class::Ldap,
    sinks: &[],
    strictness: 1,
    message: 0,
    confidence: 80,
    reason: "a NUL character would end the filter early",
    about: "Libraries in C take the NUL for the end, so that conditions behind it are lost. Escape it as \\00, or refuse \
            the value.",
    example: "admin\0",
};

const XPATH: Rule = Rule {
    id: "ldap.xpath",
    class: Class::Ldap,
    sinks: &[Sink::Xml],
    strictness: 2,
    message: 3,
    confidence: 80,
    reason: "an XPath expression follows a quote",
    about: "Directories and user lists kept as XML are asked by XPath, where a quote in a value ends the string it stands \
            in. Bind the value as a variable of the expression, or look the node up and compare in code.",
    example: "x' or name()='user' or 'x'='y",
};
