//! What there is to find in markup and scripts.

use crate::detect::{Class, Rule, Sink};

/// Every rule of this detector.
pub(crate) static RULES: &[Rule] = &[
    LIVE_ELEMENT,
    PAGE_ELEMENT,
    LINK,
    EVENT_HANDLER,
    ATTRIBUTE_BREAK_OUT,
    HANDLER_ALONE,
    ACTIVE_ATTRIBUTE,
    ACTIVE_COMMENT,
    COMMENT,
    UTF_7,
    SCRIPT_URL,
    DATA_URL,
    SCRIPT_CALL,
    SCRIPT_CALL_IN_PROSE,
    SCRIPT_OBJECT,
    SCRIPT_OBJECT_IN_PROSE,
    SCRIPT_CONSTRUCTOR,
    SCRIPT_SYMBOLS,
    SCRIPT_IMPORT,
    TEMPLATE,
    EXPRESSION,
    FRAGMENT,
];

pub(super) const LIVE_ELEMENT: Rule = Rule {
    id: "html.live-element",
    strictness: 1,
    message: 2,
    confidence: 95,
    reason: "a tag of an element that runs or loads something",
    about: "Elements such as script, iframe, svg or embed run code or load what somebody else wrote. Put text into a page as \
            HtmlEscaped; where formatting must stay, as SanitizedHtml (feature html).",
    example: "<script src=//example.org>",
    ..BASE
};

pub(super) const PAGE_ELEMENT: Rule = Rule {
    id: "html.page-element",
    message: 2,
    confidence: 85,
    reason: "a tag of an element that changes the page",
    about: "Forms, pictures, styles, links to style sheets and the document's own elements let a text pose as the page, or \
            tell another server who reads it. Put text into a page as HtmlEscaped; where formatting must stay, as \
            SanitizedHtml (feature html).",
    example: "<form action=//example.org>",
    ..BASE
};

pub(super) const LINK: Rule = Rule {
    id: "html.link",
    message: 3,
    confidence: 70,
    reason: "the text brings a link as markup",
    about: "A link in somebody's text looks as if the page had made it. Put text into a page as HtmlEscaped; where links \
            must stay, as SanitizedHtml (feature html), which marks them as foreign.",
    example: "<a href=\"https://example.org\">log in</a>",
    ..BASE
};

pub(super) const EVENT_HANDLER: Rule = Rule {
    id: "html.event-handler",
    strictness: 1,
    message: 1,
    confidence: 98,
    reason: "a tag with an attribute that runs code on an event",
    about: "Attributes whose names begin with on run their value as code, in any element. Put text into a page as \
            HtmlEscaped; where formatting must stay, as SanitizedHtml (feature html).",
    example: "<b onclick=f()>",
    ..BASE
};

pub(super) const ATTRIBUTE_BREAK_OUT: Rule = Rule {
    id: "html.attribute-break-out",
    message: 2,
    confidence: 90,
    reason: "a quote, and after it an attribute that does harm",
    about: "Within an attribute's value the quote ends the value, and what follows becomes an attribute of the page's own \
            element. Put text into a page as HtmlEscaped, and keep quotes around every attribute.",
    example: "x\" onmouseover=f()",
    ..BASE
};

pub(super) const HANDLER_ALONE: Rule = Rule {
    id: "html.handler-alone",
    message: 2,
    confidence: 70,
    reason: "an attribute that runs code on an event, without a tag",
    about: "Within a value without quotes a blank is enough to begin another attribute. Put text into a page as \
            HtmlEscaped, and keep quotes around every attribute.",
    example: "x onmouseover=f()",
    ..BASE
};

pub(super) const ACTIVE_ATTRIBUTE: Rule = Rule {
    id: "html.active-attribute",
    message: 2,
    confidence: 90,
    reason: "a tag with an attribute that loads, runs or covers something",
    about: "srcdoc, formaction and their like, and styles that load files or cover the page. Put text into a page as \
            HtmlEscaped; where formatting must stay, as SanitizedHtml (feature html).",
    example: "<p style=\"background:url(//example.org)\">",
    ..BASE
};

pub(super) const ACTIVE_COMMENT: Rule = Rule {
    id: "html.active-comment",
    message: 2,
    confidence: 85,
    reason: "a comment that browsers or servers act on",
    about: "Conditional comments, server-side includes, and comments that end early: what stands within does not stay a \
            comment. Put text into a page as HtmlEscaped.",
    example: "<!--#include file=\"x\"-->",
    ..BASE
};

pub(super) const COMMENT: Rule = Rule {
    id: "html.comment",
    confidence: 60,
    reason: "the text begins a comment",
    about: "A comment that does not end hides the rest of the page, and what stands within it passes filters unseen. Put text \
            into a page as HtmlEscaped.",
    example: "<!-- x",
    ..BASE
};

pub(super) const UTF_7: Rule = Rule {
    id: "html.utf-7",
    message: 2,
    confidence: 90,
    reason: "angle brackets in a character set that old browsers guess",
    about: "In UTF-7 a tag has no angle brackets that a filter would see. Send pages with their character set declared, and \
            put text into them as HtmlEscaped.",
    example: "+ADw-b+AD4-",
    ..BASE
};

pub(super) const SCRIPT_URL: Rule = Rule {
    id: "html.script-url",
    sinks: &[Sink::Xml, Sink::Url],
    strictness: 1,
    message: 1,
    confidence: 97,
    reason: "a link that runs code when it is followed",
    about: "Links that begin with javascript: or vbscript: run the rest in the page, and blanks or control characters \
            between the letters do not hinder that. Make links from a SafeUrl, which takes http and https only.",
    example: "javascript:f()",
    ..BASE
};

pub(super) const DATA_URL: Rule = Rule {
    id: "html.data-url",
    message: 2,
    confidence: 85,
    reason: "a link that brings its own document",
    about: "A data: link of HTML, SVG or a script shows or runs what it contains. Make links from a SafeUrl, which takes \
            http and https only.",
    example: "data:text/html,<b>",
    ..BASE
};

pub(super) const SCRIPT_CALL: Rule = Rule {
    id: "html.script-call",
    message: 2,
    confidence: 80,
    reason: "a call of a function of the browser",
    about: "Text between the quotes of a script can end them and go on as code. Give values to scripts as JSON in an \
            attribute that is HtmlEscaped, never by writing them into code.",
    example: "';alert(1);'",
    ..BASE
};

pub(super) const SCRIPT_CALL_IN_PROSE: Rule = Rule {
    id: "html.script-call-in-prose",
    message: 3,
    confidence: 60,
    reason: "a call of a function of the browser, within a longer text",
    about: "The text is long enough to be somebody's question about a program, but as part of a script it would run. Give \
            values to scripts as JSON in an attribute that is HtmlEscaped, never by writing them into code.",
    example: "a text that goes on for long enough to be prose and then calls alert(1) in passing",
    ..BASE
};

pub(super) const SCRIPT_OBJECT: Rule = Rule {
    id: "html.script-object",
    message: 2,
    confidence: 80,
    reason: "code that reaches into the page",
    about: "Text between the quotes of a script can end them and go on as code, for example to read cookies. Give values to \
            scripts as JSON in an attribute that is HtmlEscaped, never by writing them into code.",
    example: "document.cookie",
    ..BASE
};

pub(super) const SCRIPT_OBJECT_IN_PROSE: Rule = Rule {
    id: "html.script-object-in-prose",
    message: 3,
    confidence: 60,
    reason: "code that reaches into the page, within a longer text",
    about: "The text is long enough to be somebody's question about a program, but as part of a script it would run. Give \
            values to scripts as JSON in an attribute that is HtmlEscaped, never by writing them into code.",
    example: "a text that goes on for long enough to be prose and then names document.cookie in passing",
    ..BASE
};

pub(super) const SCRIPT_CONSTRUCTOR: Rule = Rule {
    id: "html.script-constructor",
    message: 2,
    confidence: 80,
    reason: "code that makes functions out of texts",
    about: "A constructor of a function, or the way to one through any object, runs a text as code and needs no name that a \
            filter knows. Give values to scripts as JSON in an attribute that is HtmlEscaped.",
    example: "[].map.constructor('f()')()",
    ..BASE
};

pub(super) const SCRIPT_SYMBOLS: Rule = Rule {
    id: "html.script-symbols",
    message: 2,
    confidence: 85,
    reason: "a program that is written in punctuation",
    about: "JavaScript can be written with six characters, which passes filters that look for names. Give values to scripts \
            as JSON in an attribute that is HtmlEscaped.",
    example: "[][(![]+[])[+[]]]",
    ..BASE
};

pub(super) const SCRIPT_IMPORT: Rule = Rule {
    id: "html.script-import",
    message: 4,
    confidence: 60,
    reason: "the text is the import of a module",
    about: "Within a script element it loads and runs a file. Give values to scripts as JSON in an attribute that is \
            HtmlEscaped.",
    example: "import { a } from \"./b.js\";",
    ..BASE
};

pub(super) const TEMPLATE: Rule = Rule {
    id: "html.template-expression",
    message: 2,
    confidence: 85,
    reason: "an expression for a template of the browser that leaves its sandbox",
    about: "Angular, Vue and their like evaluate double braces anywhere in the page. Put text into elements that the \
            framework leaves alone, as HtmlEscaped.",
    example: "{{constructor.constructor('f()')()}}",
    ..BASE
};

pub(super) const EXPRESSION: Rule = Rule {
    id: "html.expression",
    confidence: 60,
    reason: "an expression for a template of the browser",
    about: "Angular, Vue and their like evaluate double braces anywhere in the page. Put text into elements that the \
            framework leaves alone, as HtmlEscaped.",
    example: "{{6*7}}",
    ..BASE
};

pub(super) const FRAGMENT: Rule = Rule {
    id: "html.fragment",
    sinks: &[],
    confidence: 60,
    reason: "a piece of markup or of a style, without a tag",
    about: "The text is short and has a word that only markup, styles and scripts have. Together with what the page or \
            another text adds it may run. Put text into a page as HtmlEscaped.",
    example: "x href=y",
    ..BASE
};

/// What most of them share. Markup does the same harm in XML that is shown.
const BASE: Rule = Rule {
    id: "",
    class: Class::Html,
    sinks: &[Sink::Xml],
    strictness: 2,
    message: 0,
    confidence: 0,
    reason: "",
    about: "",
    example: "",
};
