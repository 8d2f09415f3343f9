//! What is known of template injection.

use crate::detect::{Class, Rule, Sink};

pub(in crate::detect) static RULES: &[Rule] =
    &[PROBE, WALK, POLYGLOT, CALL, STATEMENT, EXPRESSION, PLACEHOLDER];

/// What one of these attacks has in a message.
pub(in crate::detect) const GATE: &[&str] = &[
    "{{",
    "{%",
    "${",
    "#{",
    "<%",
    "*{",
    "~{",
    "@{",
    "%{",
    "@(",
    "[[",
    "[(",
    "<#",
    "#set",
    "#foreach",
    "#parse",
    "#evaluate",
    "__",
    "{php}",
    "{$",
    "|attr(",
    "freemarker.",
    "callback",
    "_self.",
    "t(java.",
    "t(org.",
    "constructor",
    "$eval(",
    "mainmodule",
    "springmacro",
    "(new java.",
    "?new()",
    "smarty",
];

const fn rule(
    id: &'static str,
    reason: &'static str,
    about: &'static str,
    example: &'static str,
) -> Rule {
    Rule {
        id,
        class: Class::Template,
        sinks: &[],
        strictness: 2,
        message: 2,
        confidence: 80,
        reason,
        about,
        example,
    }
}

pub(super) const PROBE: Rule = Rule {
    sinks: &[Sink::Code],
    strictness: 1,
    message: 2,
    confidence: 95,
    ..rule(
        "template.probe",
        "an expression computes something",
        "`{{7*7}}` and its kin ask whether a template engine evaluates the text: if 49 comes back, worse follows. Hand \
         text to a template as a value of a variable, never as part of the template itself.",
        "{{7*7}}",
    )
};

pub(super) const WALK: Rule = Rule {
    sinks: &[Sink::Code, Sink::Html],
    strictness: 1,
    confidence: 95,
    ..rule(
        "template.object-walk",
        "an expression leaves the template for what lies behind it",
        "From any object of a template engine a way leads to its class, and from there to modules that run programs \
         and read files. Hand text to a template as a value of a variable, never as part of the template itself.",
        "{{ ''.__class__.__mro__ }}",
    )
};

pub(super) const POLYGLOT: Rule = Rule {
    strictness: 1,
    confidence: 90,
    ..rule(
        "template.polyglot",
        "the beginnings of several template languages stand side by side",
        "A text that begins expressions of many engines at once makes one of them fail, and the error tells which one \
         there is. Hand text to a template as a value of a variable, never as part of the template itself.",
        "${{<%[%'\"}}%\\",
    )
};

pub(super) const CALL: Rule = Rule {
    message: 3,
    ..rule(
        "template.call",
        "an expression calls something",
        "An expression of a template language that calls a function or pipes a value through a filter does so when the \
         text is rendered. Hand text to a template as a value of a variable, never as part of the template itself.",
        "{{ items|join }}",
    )
};

pub(super) const STATEMENT: Rule = Rule {
    sinks: &[Sink::Code],
    confidence: 70,
    ..rule(
        "template.statement",
        "it has a statement of a template language",
        "Statements between `{%` and `%}`, `<%` and `%>` and their like run when the text is rendered. Hand text to a \
         template as a value of a variable, never as part of the template itself.",
        "{% if true %}x{% endif %}",
    )
};

pub(super) const EXPRESSION: Rule = Rule {
    message: 4,
    confidence: 60,
    ..rule(
        "template.expression",
        "it has an expression of a template language",
        "What stands between the delimiters of a template language is evaluated when the text is rendered, and may \
         show what is not for its author. Hand text to a template as a value of a variable, never as part of the \
         template itself.",
        "{{user.email}}",
    )
};

pub(super) const PLACEHOLDER: Rule = Rule {
    strictness: 3,
    message: 0,
    confidence: 30,
    ..rule(
        "template.placeholder",
        "it has a placeholder",
        "`${NAME}` is a variable of scripts and of several template languages. People write it in questions about \
         scripts. Hand text to a template as a value of a variable, never as part of the template itself.",
        "${HOME}",
    )
};
