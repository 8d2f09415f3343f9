//! Markup and scripts: what runs, and what only looks like it.

use wardkit_validation::{Policy, Sink, Strictness};

#[test]
fn handlers_are_found_in_any_element_with_any_quotes() {
    let elements = [
        "svg",
        "img src=x",
        "b",
        "unheard-of",
        "x:y",
        "INPUT autofocus",
        "body",
        "p title=\">\"",
        "a href=#",
    ];
    let events = [
        "onload",
        "onerror",
        "ONMOUSEOVER",
        "onfocusin",
        "onanimationstart",
        "onneverheardof",
        "on\0click",
    ];
    let forms = [
        "{e}=f()",
        "{e} = f()",
        "{e}='f()'",
        "{e}=\"f()",
        "{e}\n=\nf()",
        "/{e}=f()//",
        "x=\"y\"{e}=f()",
    ];
    for element in elements {
        for event in events {
            for form in forms {
                let attribute = form.replace("{e}", event);
                for text in [
                    format!("<{element} {attribute}>"),
                    format!("a<{element}\t{attribute}"),
                    format!("\"'>-->]]><{element}/{attribute}>"),
                ] {
                    check(&text, true);
                }
            }
        }
    }
}

#[test]
fn elements_that_run_or_load_are_found_however_they_are_written() {
    for element in [
        "script", "iframe", "svg", "embed", "math", "applet", "frameset", "noscript", "bgsound",
        "marquee",
    ] {
        for text in [
            format!("<{element}>"),
            format!("<{element} "),
            format!("<{element}/x"),
            format!("<{element}"),
            format!("<{}\n>", element.to_uppercase()),
            format!("</{element}>"),
            format!("hello <{element}\u{c}src=//example.org>"),
            format!("<x:{element} a=b>"),
            format!("%3C{element}%20a%3Db%3E"),
            format!("&lt;{element}&gt;"),
            format!("\\x3c{element}\\x3e"),
            format!("\\u003c{element}\\u003e"),
            format!("\u{FF1C}{element}\u{FF1E}"),
            format!("<\0{element}>"),
            format!("+ADw-{element}+AD4-"),
        ] {
            check(&text, true);
        }
    }
    for text in [
        "<img src=x>",
        "<body>",
        "<form action=x>",
        "<input value=x>",
        "<style>*{}</style>",
        "<link href=x>",
        "<meta charset=x>",
        "<base href=//example.org>",
        "<object data=x>",
        "<video src=x>",
        "<a href=\"https://example.org\">x</a>",
        "<!--[if IE]>x<![endif]-->",
        "<!-- x",
        "<p style=\"x:expre/**/ssion(f())\">",
        "<p style='background:\\75rl(//x)'>",
        "<i srcdoc=x>",
        "<button formaction=x>",
        "<s c r i p t>",
        "<s.c.r.i.p.t>",
        "<f o r m",
        "<textarea>",
        "<!doctype html>",
        "x<form",
        "x<image ",
        "<!script",
        "<%svg ",
        "\u{BC}script\u{BE}",
        "<x:vmlframe src=y",
    ] {
        check(text, true);
    }
}

#[test]
fn links_that_run_code_are_found_however_they_are_split() {
    for text in [
        "javascript:f()",
        "JaVaScRiPt:f()",
        "java\tscript:f()",
        "java\nscript:f()",
        "\u{1}javascript:f()",
        " javascript:f()",
        "java&#9;script:f()",
        "javascript&colon;f()",
        "&#106;avascript:f()",
        "&#x6A;avascript:f()",
        "javascript%3Af()",
        "java&Tab;script:f()",
        "vbscript:f(1)",
        "javascript:x=1",
        "javascript://%0af()",
        "javascript:\"x\"",
        "javascript:`x`",
        "<a href=javascript:x>",
        "<x y=\" javascript:z\">",
        "<a href='java\0script:x'>",
        "x:url(javascript:y)",
        "feed:javascript:f()",
        "data:text/html,<b>",
        "data:text/html;base64,PGI+",
        "data:image/svg+xml,<x/>",
        "data:,<b>",
        "<a href=\"data:text/html,x\">",
        "\\x6aavascript:f()",
        "\\u006aavascript:f()",
    ] {
        check(text, true);
    }
}

#[test]
fn quotes_that_end_an_attribute_are_found() {
    for text in [
        "\" onload=f()",
        "' onfocus=f() autofocus='",
        "\"onclick=\"f()",
        "x\" style=\"x:y",
        "x' href='//example.org",
        "`onerror=f()",
        "\"/onmouseover=f()",
        "'formaction=",
        "x onmouseover=f()",
        "\" autofocus tabindex=1 onfocus=f()",
        "\" srcdoc=\"x",
        "\"><b onclick=f()>",
        "'-->\"><svg>",
        "x onnever=f()",
        "0onclick=f()",
        "x src=y",
        "'x href=y",
        "@import 'x'",
        "x xlink:href",
        "data:x/y;base64,eA==",
    ] {
        check(text, true);
    }
}

#[test]
fn code_of_the_browser_is_found_without_tags() {
    for text in [
        "alert(1)",
        "';alert(1)//",
        "\"-alert(1)-\"",
        "\\';alert(1);//",
        "}alert(/x/);{",
        "alert`1`",
        "alert?.(1)",
        "(alert)(1)",
        "alert/*x*/(1)",
        "window.alert(1)",
        "window['alert'](1)",
        "self['al'+'ert'](1)",
        "top[/al/.source+/ert/.source](1)",
        "\\u0061lert(1)",
        "[1].find(alert)",
        "onerror=alert;throw 1",
        "eval(name)",
        "eval.call(x)",
        "setTimeout('f()')",
        "String.fromCharCode(88)",
        "document.cookie",
        "document['cookie']",
        "(document)[\"cookie\"]",
        "window.location.href",
        "location='javascript:f()'",
        "location = \"//example.org\"",
        "[].filter.constructor('f()')()",
        "x[\"constructor\"]",
        "new Function('f()')",
        "Function`f()`",
        "Reflect.apply.call`${x}`",
        "[][(![]+[])[+[]]]",
        "+!![]+[]+![]",
        "$=~[];",
        "{{constructor.constructor('f()')()}}",
        "{{6*7}}",
        "{{$on.constructor('f()')()}}",
        "import(\"//example.org\")",
        "import {a} from './b.js'",
        "fetch('//example.org')",
        "x.innerHTML[y]; document.write(1)",
        "confirm()",
        "\"+x.y=1",
        "' ;location=1",
        "!+[]",
        "![][",
        "self[\"x\"+\"y\"]",
        "document[x]",
        "DOCUMENT.COOKIE",
        "location.hash",
        "top[8680439..toString(30)](1)",
        "with(document)x=1",
        "console.log(1)",
        "' in y.z=",
    ] {
        check(text, true);
    }
}

#[test]
fn texts_that_look_like_markup_pass() {
    for text in LOOK_ALIKES {
        check(text, false);
    }
}

#[test]
fn a_message_is_an_attack_when_it_leaves_no_doubt() {
    for (text, attack) in [
        ("<script>f()</script>", true),
        ("<b onclick=f()>x</b>", true),
        ("javascript:f()", true),
        ("';alert(1)//", true),
        ("\" onfocus=f() autofocus x=\"", true),
        ("<b>x</b>", false),
        ("I alert you (again)", false),
        ("<!-- a comment", false),
    ] {
        let verdict = Policy::default().check(text).unwrap();
        assert_eq!(!verdict.findings().is_empty(), attack, "{text}");
    }
}

#[test]
fn a_span_names_the_attribute_in_the_text_as_given() {
    let text = "é <b x=1 onclick=\"f()\">";
    let verdict = Policy::for_sink(Sink::Html).check(text).unwrap();
    let finding = &verdict.findings()[0];
    assert_eq!(finding.rule.id, "html.event-handler");
    assert_eq!(&text[finding.span.clone()], "onclick=\"f()");
}

fn check(text: &str, attack: bool) {
    let verdict = Policy::for_sink(Sink::Html).check(text).unwrap();
    let rules: Vec<_> = verdict.findings().iter().map(|finding| finding.rule.id).collect();
    assert_eq!(!rules.is_empty(), attack, "{text:?} {rules:?}");
}

proptest::proptest! {
    #[test]
    fn any_mixture_of_fragments_is_judged_with_spans_within_the_text(
        parts in proptest::collection::vec(proptest::sample::select(FRAGMENTS), 0..40),
    ) {
        let text = parts.concat();
        for sink in [Sink::Html, Sink::Xml, Sink::Path] {
            let mut policy = Policy::for_sink(sink);
            policy.strictness = Strictness::new(4).unwrap();
            for finding in policy.check(&text).unwrap().findings() {
                proptest::prop_assert!(text.get(finding.span.clone()).is_some(), "{finding:?}");
            }
        }
    }
}

/// What the detectors of markup, XML and paths act on, and characters that take more than a byte.
const FRAGMENTS: &[&str] = &[
    "<",
    ">",
    "</",
    "/",
    "\\",
    "=",
    "\"",
    "'",
    "`",
    " ",
    "\n",
    "\0",
    "é",
    "\u{BC}",
    "\u{202E}",
    "😀",
    "script",
    "svg",
    "a",
    "on",
    "load",
    "href",
    "style",
    "javascript",
    ":",
    "data:",
    ",",
    "&tab;",
    "{{",
    "}}",
    "constructor",
    ".",
    "..",
    "...",
    "%",
    "%2e",
    "%25",
    "%c0",
    "%ae",
    "%u",
    "002e",
    "0x",
    "\\x",
    "2f",
    "?",
    ";",
    "(",
    ")",
    "[",
    "]",
    "![]",
    "+",
    "/*",
    "*/",
    "<!--",
    "<!",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE",
    "<!ENTITY",
    "<?",
    "xsl:",
    "schemaLocation",
    "window",
    "alert",
    "import",
    "etc",
    "C:",
    "~",
    "con",
    ".php",
    "::$DATA",
    "url(",
    "@import",
    "expression(",
    "\\6",
    "+ADw-",
    "&#",
    "x",
    "1",
    "\u{FF1C}",
    "base64",
];

const LOOK_ALIKES: &[&str] = &[
    "I <3 you",
    "a < b and c > d",
    "if (a<b && c>d) {",
    "Vec<T>",
    "HashMap<String, Vec<u8>>",
    "List<Object>",
    "Option<Form>",
    "#include <math.h>",
    "#include <set>",
    "John <john@example.org>",
    "> quoted\n> mail",
    "<b>bold</b> and <i>italic</i>",
    "<SPAN CLASS=\"NAME\">TEXT</SPAN>",
    "cp <source> <target>",
    "git clone <link>",
    "usage: x [options] <input> <output>",
    "<https://example.org/>",
    "x << 3",
    "-> <-",
    "<-- look here",
    "1 <2> 3",
    "JavaScript: The Good Parts",
    "we use javascript: it works",
    "javascript is fun",
    "alert me at noon",
    "please confirm (by mail)",
    "the prompt (see above) is long",
    "red alert!",
    "document the window location",
    "our top document",
    "once = 1",
    "only=5",
    "online=true",
    "\"DARE TO\" LIKE=\"1\"",
    "content-type: text/html",
    "evaluate (1 + 2)",
    "function over form",
    "{{name}}",
    "{x}",
    "[x](https://example.org)",
    "[a] (b) [c]",
    "(((())))",
    "the 'name'=x",
    "<p>",
    "<br/>",
    "<div class=\"x\">y</div>",
    "a[\"b\"] = c",
    "fn alert(x: u8) {}",
    "<name>",
    "<unknown tag>",
    "it's 5\" x 6\" = 30",
    "mail data: 12, 14, 16",
    "import numpy as np",
    "from x import (y)",
    "what does eval() do when I give it nothing in a program of mine",
    "ON=1",
    "<order><id>1</id></order>",
];

#[test]
fn a_tag_behind_the_end_of_an_attribute_and_one_that_is_not_finished_are_found() {
    for text in ["\"><x", "'><x>", "a\" /><x y", "<x onclick", "String.fromCharCode"] {
        assert!(
            !Policy::for_sink(Sink::Html).check(text).unwrap().findings().is_empty(),
            "{text:?}"
        );
    }
    for text in ["\"a\" > b", "say \"x\"", "<x on click", "the char code"] {
        assert!(
            Policy::for_sink(Sink::Html).check(text).unwrap().findings().is_empty(),
            "{text:?}"
        );
    }
}
