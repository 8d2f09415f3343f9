//! What an XML parser must not be given: entities, inclusions, style sheets, and markup in disguise.

mod rules;

use std::ops::Range;

use super::Rule;
use super::hits::{Hits, View};

pub(crate) use rules::RULES;

/// Literals one of which stands in every message that counts.
pub(crate) const GATE: &[&str] =
    &["<!", "!entity", "<?", "xinclude", "xi:", "xsl:", "schemalocation", "]]>"];

/// Looks for declarations and instructions in the view.
pub(crate) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    if !hits.spend(PASSES * view.text.len()) {
        return;
    }
    let text = view.text.as_bytes();
    let mut report = |rule: &'static Rule, span: Range<usize>| {
        hits.hit(rule, span.start..view.text.ceil_char_boundary(span.end));
    };
    declarations(text, &mut report);
    instructions(text, &mut report);
    attributes(text, &mut report);
    fragments(text, &mut report);
    values(text, &mut report);
    for word in XPATH {
        if let Some(at) = memchr::memmem::find(text, word) {
            report(&rules::XPATH, at..at + word.len());
        }
    }
}

/// `<!ENTITY`, `<!DOCTYPE` with more than a name, `<![CDATA[` around markup.
fn declarations(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let mut cdata = 0;
    for at in memchr::memmem::find_iter(text, b"!ENTITY") {
        let rest = &text[at + 7..text.len().min(at + FAR_ENOUGH)];
        if starts(rest, b" ") && (contains(rest, b"SYSTEM") || contains(rest, b"PUBLIC")) {
            report(&rules::ENTITY, at..at + 7);
        }
    }
    for at in memchr::memmem::find_iter(text, b"<!") {
        let rest = &text[at + 2..];
        if starts(rest, b"ENTITY") {
            report(&rules::ENTITY, at..at + 8);
        } else if starts(rest, b"ATTLIST") || starts(rest, b"ELEMENT") || starts(rest, b"NOTATION")
        {
            report(&rules::DECLARATION, at..at + 9);
        } else if starts(rest, b"DOCTYPE") {
            let declared = &rest[7..rest.len().min(FAR_ENOUGH)];
            let end = memchr::memchr2(b'>', b'[', declared).unwrap_or(declared.len());
            let subset = declared.get(end) == Some(&b'[');
            let outer = [&b"SYSTEM"[..], b"PUBLIC", b"system"]
                .iter()
                .any(|word| contains(&declared[..end], word));
            if subset || (outer && !contains(&declared[..end], b"//W3C//DTD")) {
                report(&rules::DOCTYPE, at..at + 9);
            }
        } else if starts(rest, b"[INCLUDE[") || starts(rest, b"[IGNORE[") {
            report(&rules::DECLARATION, at..at + 9);
        } else if starts(rest, b"[CDATA[") {
            cdata += 1;
            let inner = &rest[7..rest.len().min(FAR_ENOUGH)];
            let inner = &inner[..memchr::memmem::find(inner, b"]]>").unwrap_or(inner.len())];
            if inner.contains(&b'<') || cdata > 1 && inner.len() < SHORT {
                report(&rules::CDATA, at..at + 9);
            }
        }
    }
}

/// Instructions that fetch style sheets or run programs. The declaration of XML itself is harmless.
fn instructions(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for at in memchr::memmem::find_iter(text, b"<?") {
        let rest = &text[at + 2..];
        if starts(rest, b"xml-stylesheet") || starts(rest, b"import") || starts(rest, b"php") {
            report(&rules::INSTRUCTION, at..at + 2);
        }
    }
    for word in STYLE_SHEETS {
        for at in memchr::memmem::find_iter(text, word) {
            report(&rules::STYLE_SHEET, at..at + word.len());
        }
    }
    for word in INCLUSIONS {
        for at in memchr::memmem::find_iter(text, word) {
            report(&rules::INCLUSION, at..at + word.len());
        }
    }
}

/// Attributes that name documents a parser fetches.
fn attributes(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for equals in memchr::memchr_iter(b'=', text) {
        let before = &text[..equals];
        let value = text[equals + 1..].trim_ascii_start();
        let value = &value[usize::from(matches!(value.first(), Some(b'"' | b'\'')))..];
        let located = ends(before, b"schemaLocation") && !value.is_empty();
        let based = ends(before, b"xml:base") && contains(&value[..value.len().min(8)], b":");
        if located || based {
            report(&rules::LOCATION, equals..equals + 1);
        } else if ends(before, b"xmlns:xsl")
            || contains(&value[..value.len().min(64)], b"://www.w3.org/1999/xhtml")
                && !ends(before, b"html xmlns")
        {
            report(&rules::FOREIGN_NAMESPACE, equals..equals + 1);
        }
    }
}

/// An end tag before any start tag: the text leaves the element that it stands in.
fn fragments(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    if let Some(end) = memchr::memmem::find(text, b"]]>")
        && !contains(&text[..end], b"<![CDATA[")
        && text[end + 3..].contains(&b'<')
    {
        report(&rules::BREAK_OUT, end..end + 3);
    }
    let Some(first) = memchr::memchr(b'<', text) else { return };
    if text.get(first + 1) != Some(&b'/')
        || !text.get(first + 2).is_some_and(u8::is_ascii_alphabetic)
    {
        return;
    }
    let name = text[first + 2..].iter().take_while(|byte| **byte != b'>' && **byte > b' ').count();
    let rest = &text[(first + 2 + name).min(text.len())..];
    if rest.windows(2).any(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic()) {
        report(&rules::BREAK_OUT, first..first + 2 + name);
    }
}

/// Content that begins with the end of somebody's literal.
fn values(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for at in memchr::memchr2_iter(b'>', b'[', text) {
        let rest = text[at + 1..].trim_ascii_start();
        let begun = at > 0
            && matches!(rest, [b'\'' | b'"', b',' | b')' | b';' | b' ' | b'|' | b'+' | b'-', ..]);
        if begun {
            report(&rules::VALUE, at..at + 1);
        }
    }
}

fn starts(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start))
}

fn ends(text: &[u8], end: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

const STYLE_SHEETS: &[&[u8]] = &[
    b"<xsl:",
    b"msxsl:script",
    b"www.w3.org/1999/XSL/Transform",
    b"xsl:value-of",
    b"xsl:include",
    b"xsl:import",
    b"xalan:",
    b"urn:schemas-microsoft-com:xslt",
    b"xmlns:php=",
    b"php:function",
];

/// Axes, functions and conditions; a document has none of them.
const XPATH: &[&[u8]] = &[
    b"child::",
    b"descendant::",
    b"parent::",
    b"ancestor::",
    b"name()=",
    b"position()",
    b"last()",
    b"text()",
    b"node()",
    b"']|",
    b"//*",
    b"' or '",
    b"' or 1=1",
    b"\" or \"",
    b"string-length(",
    b"substring(name",
    b"count(/",
    b"doc('",
    b"or ''='",
];

const INCLUSIONS: &[&[u8]] = &[b"www.w3.org/2001/XInclude", b"xi:include", b"<xinclude", b"<esi:"];

/// A declaration that goes on for longer is not read to its end.
const FAR_ENOUGH: usize = 1024;

/// Sections split a word into pieces.
const SHORT: usize = 64;

/// The looks at a text beyond the first that visit each byte.
const PASSES: usize = 2;
