//! Lines added to a header of HTTP or of a mail.

use std::ops::Range;

use super::hits::{Hits, View};
use super::{Class, Rule, Sink};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "header.encoded-line",
        class: Class::Header,
        sinks: &[Sink::Url],
        strictness: 1,
        message: 1,
        confidence: 95,
        reason: "an encoded line break, and behind it a header, a request or a page",
        about: "Whoever decodes the text and puts it in a header ends that header there and lets the sender write the \
                next one: a cookie, a redirect, a second response, another recipient of the mail. Give header values to \
                HeaderSafe, which refuses line breaks, and never decode a value after it was checked.",
        example: "/start%0d%0aSet-Cookie:%20admin=1",
    },
    Rule {
        id: "header.encoded-break",
        class: Class::Header,
        sinks: &[],
        strictness: 2,
        message: 3,
        confidence: 70,
        reason: "an encoded carriage return and line feed in what goes into a header",
        about: "No header has a line break in it, so the sender either broke something or tries what a decoder does \
                with it. Give header values to HeaderSafe, which refuses line breaks.",
        example: "en%0d%0amore",
    },
    Rule {
        id: "header.line",
        class: Class::Header,
        sinks: &[],
        strictness: 1,
        message: 3,
        confidence: 90,
        reason: "a line break, and behind it a header that steers browsers, proxies or mail",
        about: "Put in a header as it is, the text would end that header and add one of the sender's choice: a cookie, \
                a redirect, a length that splits the response, a hidden recipient. Give header values to HeaderSafe, \
                which refuses line breaks.",
        example: "en\r\nSet-Cookie: admin=1",
    },
    Rule {
        id: "header.request-line",
        class: Class::Header,
        sinks: &[],
        strictness: 2,
        message: 3,
        confidence: 80,
        reason: "a line break, and behind it the first line of a request or response",
        about: "A proxy that shares the connection may take what follows for a message of its own, and answer another \
                user with it. Give header values to HeaderSafe, which refuses line breaks.",
        example: "1\r\nGET /admin HTTP/1.1",
    },
    Rule {
        id: "header.any-break",
        class: Class::Header,
        sinks: &[],
        strictness: 4,
        message: 0,
        confidence: 50,
        reason: "a line break in what goes into a header",
        about: "Whatever follows a line break is a header of its own. Ordinary texts of several lines have them, so \
                this counts at strictness 4 only. Give header values to HeaderSafe, which refuses line breaks.",
        example: "one\ntwo",
    },
];

const ENCODED_LINE: usize = 0;
const ENCODED_BREAK: usize = 1;
const LINE: usize = 2;
const REQUEST_LINE: usize = 3;
const ANY_BREAK: usize = 4;

/// What an attack in a message has: a line break in disguise.
pub(super) const GATE: &[&str] = &[
    "%0d", "%0a", "%u000", "%e5%98%8", "%c4%8", "&#10", "&#13", "&#x", "&#0", "&newline", "\\r",
    "\\n", "\\u000", "\\x0", "\r", "\n", "\u{560a}", "\u{560d}", "\u{10a}", "\u{10d}",
];

/// Looks behind every line break for a line that a header would become.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let bytes = view.text.as_bytes();
    let mut at = 0;
    while let Some(first) = next_break(bytes, at) {
        let last = run(bytes, &first);
        let breaks = first.range.start..last.end;
        at = last.end;
        let behind = behind(&bytes[last.end..], first.is_encoded);
        let rule = match (first.is_encoded, behind) {
            // `"\nName: "` is a line of code.
            (true, Behind::Nothing | Behind::Header | Behind::Page)
                if first.is_written && !last.has_pair =>
            {
                continue;
            }
            (true, Behind::Header | Behind::Known | Behind::Request) => ENCODED_LINE,
            (true, Behind::Page) if last.count > 1 => ENCODED_LINE,
            (true, _) if last.has_pair => ENCODED_BREAK,
            (false, Behind::Known) => LINE,
            (false, Behind::Field) if follows_value(bytes, &first) => LINE,
            (false, Behind::Request) => REQUEST_LINE,
            (false, _) => ANY_BREAK,
            (true, _) => continue,
        };
        hits.hit(&RULES[rule], breaks);
    }
}

/// Tells whether a line begins behind a place that would become a header, or a request.
pub(super) fn begins_line(bytes: &[u8], at: Range<usize>) -> bool {
    matches!(behind(&bytes[at.end..], false), Behind::Known | Behind::Field | Behind::Request)
}

/// One line break.
struct Break {
    range: Range<usize>,
    is_encoded: bool,
    is_return: bool,
    /// Written as programmers write it, so that it may be meant to be read.
    is_written: bool,
}

/// Line breaks that follow one another.
struct Run {
    end: usize,
    count: usize,
    /// A carriage return and a line feed are in it.
    has_pair: bool,
}

fn run(bytes: &[u8], first: &Break) -> Run {
    let mut run = Run { end: first.range.end, count: 1, has_pair: false };
    let mut was_return = first.is_return;
    loop {
        let blank = bytes[run.end..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let Some(next) = break_at(bytes, run.end + blank) else { return run };
        run.has_pair |= next.is_return != was_return;
        was_return = next.is_return;
        run.count += 1;
        run.end = next.range.end;
    }
}

fn next_break(bytes: &[u8], from: usize) -> Option<Break> {
    let may_start = |byte: u8| matches!(byte, b'\r' | b'\n' | b'%' | b'&' | b'\\' | 0xc4 | 0xe5);
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| may_start(*byte))?;
        if let Some(found) = break_at(bytes, at) {
            return Some(found);
        }
        at += 1;
    }
}

/// The spellings of a line break, in lower case, and whether each is a carriage return.
const SPELLINGS: [(&[u8], bool); 22] = [
    (b"\r", true),
    (b"\n", false),
    (b"%0d", true),
    (b"%0a", false),
    (b"%u000d", true),
    (b"%u000a", false),
    (b"\\r", true),
    (b"\\n", false),
    (b"\\x0d", true),
    (b"\\x0a", false),
    (b"\\u000d", true),
    (b"\\u000a", false),
    (b"&newline;", false),
    // Characters whose last byte is a carriage return or a line feed, for those who cut the others off.
    ("\u{560d}".as_bytes(), true),
    ("\u{560a}".as_bytes(), false),
    ("\u{10d}".as_bytes(), true),
    ("\u{10a}".as_bytes(), false),
    (b"%e5%98%8d", true),
    (b"%e5%98%8a", false),
    (b"%c4%8d", true),
    (b"%c4%8a", false),
    (b"%e2%80%a8", false),
];

fn break_at(bytes: &[u8], at: usize) -> Option<Break> {
    let rest = bytes.get(at..)?;
    let spelled = SPELLINGS.iter().find(|(spelling, _)| {
        rest.get(..spelling.len()).is_some_and(|start| start.eq_ignore_ascii_case(spelling))
    });
    if let Some((spelling, is_return)) = spelled {
        let range = at..at + spelling.len();
        let is_written = spelling[0] == b'\\';
        return Some(Break {
            range,
            is_encoded: spelling.len() > 1,
            is_return: *is_return,
            is_written,
        });
    }
    let (code, len) = reference(rest)?;
    let is_return = code == 13;
    (is_return || code == 10).then(|| Break {
        range: at..at + len,
        is_encoded: true,
        is_return,
        is_written: false,
    })
}

/// Reads a numeric character reference of few digits.
fn reference(rest: &[u8]) -> Option<(u32, usize)> {
    let digits = rest.strip_prefix(b"&#")?;
    let (radix, skipped) =
        if matches!(digits.first(), Some(b'x' | b'X')) { (16, 1) } else { (10, 0) };
    let mut code = 0_u32;
    let mut len = 0;
    while let Some(digit) =
        digits.get(skipped + len).and_then(|byte| char::from(*byte).to_digit(radix))
    {
        code = code.saturating_mul(radix).saturating_add(digit);
        len += 1;
    }
    let closed = usize::from(digits.get(skipped + len) == Some(&b';'));
    (len > 0).then_some((code, 2 + skipped + len + closed))
}

/// What stands behind a line break.
#[derive(Clone, Copy, PartialEq)]
enum Behind {
    Nothing,
    /// A header of any name.
    Header,
    /// A header that steers whoever reads it.
    Known,
    /// A header that mails and requests have, and texts about them.
    Field,
    /// The first line of a request or a response.
    Request,
    /// Markup.
    Page,
}

fn behind(rest: &[u8], is_encoded: bool) -> Behind {
    let line = &rest[..rest.len().min(LONGEST_LINE)];
    if line.first() == Some(&b'<')
        || starts_with(line, b"%3c")
        || starts_with(line, "嘼".as_bytes())
    {
        return Behind::Page;
    }
    if starts_with(line, b"http/") || starts_with(line, b"http%2f") || is_request(line) {
        return Behind::Request;
    }
    let name =
        line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let len = name.count();
    let (name, after) = line.split_at(len);
    if len < 2 || !(after.first() == Some(&b':') || starts_with(after, b"%3a")) {
        return Behind::Nothing;
    }
    if KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Behind::Known;
    }
    let custom = starts_with(name, b"x-") && len > 3;
    if !is_encoded && (custom || FIELDS.iter().any(|known| name.eq_ignore_ascii_case(known))) {
        return Behind::Field;
    }
    // A scheme is no header: `%0ahttps://` is a list of links.
    let is_scheme = after.starts_with(b"://") || starts_with(after, b"%3a%2f%2f");
    if is_encoded && !is_scheme { Behind::Header } else { Behind::Nothing }
}

/// Tells whether the first line of the text ends here, and is a single value such as an address: a mail or a request
/// that is quoted starts with a header or a sentence.
fn follows_value(bytes: &[u8], first: &Break) -> bool {
    let value = &bytes[..first.range.start];
    let written = bytes.get(first.range.end).is_some_and(u8::is_ascii_whitespace);
    let single =
        value.iter().all(|byte| !byte.is_ascii_whitespace() && *byte != b':' || *byte == 0);
    let address = value.len() <= LONGEST_VALUE && !value.ends_with(b"---");
    // "Flight\nFrom: Berlin" has neither an address nor the line ends of protocols.
    let near = &bytes[..bytes.len().min(first.range.end + LONGEST_LINE)];
    let name = near[first.range.end..].split(|byte| *byte == b':').next().unwrap_or_default();
    let meant = memchr::memchr2(b'@', b'\r', near).is_some() || name.contains(&b'-');
    single && meant && address && !(value.is_empty() && written && bytes.len() > LONGEST_LINE)
}

/// Tells whether a line is `GET /path HTTP/1.1`, with blanks as they are or encoded.
fn is_request(line: &[u8]) -> bool {
    let Some(method) = METHODS.iter().find(|method| line.starts_with(method)) else { return false };
    let rest = &line[method.len()..];
    if !(rest.first().is_some_and(|byte| matches!(byte, b' ' | b'+' | b'\t'))
        || starts_with(rest, b"%20"))
    {
        return false;
    }
    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
    rest[..end].windows(5).any(|window| window.eq_ignore_ascii_case(b"http/"))
}

fn starts_with(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

const METHODS: [&[u8]; 9] =
    [b"GET", b"POST", b"PUT", b"DELETE", b"HEAD", b"PATCH", b"OPTIONS", b"TRACE", b"CONNECT"];

/// Headers whose mere presence does harm.
const KNOWN: [&[u8]; 12] = [
    b"set-cookie",
    b"set-cookie2",
    b"location",
    b"refresh",
    b"content-length",
    b"transfer-encoding",
    b"access-control-allow-origin",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"content-security-policy",
    b"x-xss-protection",
    b"bcc",
];

/// Headers that do harm behind a value, but stand in every quoted mail.
const FIELDS: [&[u8]; 18] = [
    b"to",
    b"cc",
    b"from",
    b"subject",
    b"reply-to",
    b"sender",
    b"content-type",
    b"content-disposition",
    b"content-transfer-encoding",
    b"mime-version",
    b"host",
    b"link",
    b"cookie",
    b"connection",
    b"cache-control",
    b"expires",
    b"origin",
    b"authorization",
];

/// Addresses and codes are no longer.
const LONGEST_VALUE: usize = 80;

/// So much of a line is looked at behind each break.
const LONGEST_LINE: usize = 256;
