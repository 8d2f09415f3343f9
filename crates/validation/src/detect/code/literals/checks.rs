//! What must stand around a literal for it to be an attack.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::rules::{PICKLE, SERIALIZED};
use super::LITERALS;
use crate::detect::Rule;
use crate::detect::lookup::Lookup;

#[expect(clippy::unnecessary_wraps, reason = "one of the checks")]
pub(super) fn always(_: &[u8], found: Range<usize>) -> Option<usize> {
    Some(found.end)
}

/// The letters count as they are written.
pub(super) fn exact(text: &[u8], found: Range<usize>) -> Option<usize> {
    EXACT.contains(&&text[found.clone()]).then_some(found.end)
}

/// Not in the trace of an error, and not in an import: those name classes, too.
pub(super) fn outside_trace(text: &[u8], found: Range<usize>) -> Option<usize> {
    let back = &text[found.start.saturating_sub(REACH)..found.start];
    let word = back
        .iter()
        .rposition(|byte| !(is_name(*byte) || b".$/".contains(byte)))
        .map_or(0, |at| at + 1);
    let before = back[..word].trim_ascii_end();
    let cited = [b"at".as_slice(), b"import", b"package", b"by:", b"by", b"throws", b"in thread"]
        .iter()
        .any(|end| before.ends_with(end));
    let rest = after(text, found.end);
    let name =
        &rest[..rest.iter().take_while(|byte| is_name(**byte) || b".$".contains(byte)).count()];
    let error = name.ends_with(b"Exception") || name.ends_with(b"Error");
    (!cited && !error).then_some(found.end)
}

fn before(text: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(b' ', |before| text[before])
}

fn after(text: &[u8], at: usize) -> &[u8] {
    &text[at.min(text.len())..text.len().min(at + REACH)]
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Not the end of a longer word.
pub(super) fn own(text: &[u8], found: Range<usize>) -> Option<usize> {
    (!is_name(before(text, found.start))).then_some(found.end)
}

/// Not the start of a longer word.
pub(super) fn word(text: &[u8], found: Range<usize>) -> Option<usize> {
    let next = text.get(found.end).copied().unwrap_or(b' ');
    (!is_name(next)).then_some(found.end)
}

/// The start of a class's name.
pub(super) fn class(text: &[u8], found: Range<usize>) -> Option<usize> {
    let next = after(text, found.end);
    let name = next.iter().take_while(|byte| is_name(**byte) || **byte == b'.').count();
    if name > 2 && !next[0].is_ascii_digit() { own(text, found) } else { None }
}

pub(super) fn short_tag(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let processing = rest[..word].eq_ignore_ascii_case(b"xml")
        || rest.starts_with(b"xml-")
        || rest.starts_with(b"import");
    let code = rest.first().is_some_and(|byte| byte.is_ascii_whitespace() || b"$=`".contains(byte));
    let other = word == 3
        && processing
        && !rest[3..].trim_ascii_start().starts_with(b"version")
        && rest.contains(&b'(');
    (code && word == 0 || other).then_some(found.end)
}

/// `?>` that no declaration of XML opened.
pub(super) fn closing_tag(text: &[u8], found: Range<usize>) -> Option<usize> {
    let before = &text[found.start.saturating_sub(REACH)..found.start];
    let opened = memchr::memmem::rfind(before, b"<?").is_some();
    let prose = found.start > 0 && before.last().is_some_and(u8::is_ascii_alphabetic);
    (!opened && !prose).then_some(found.end)
}

/// `$ {x}`, `$$x`, `${$x}`: a variable whose name is computed.
pub(super) fn variable(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let gap = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let next = rest.get(gap).copied();
    let braces = gap > 0
        && next == Some(b'{')
        && rest[gap + 1..].trim_ascii_start().first().is_some_and(|b| *b == b'$' || is_name(*b));
    let double = gap == 0
        && (next == Some(b'$')
            && rest.get(1).is_some_and(|byte| is_name(*byte) && !byte.is_ascii_digit())
            || next == Some(b'{') && rest.get(1) == Some(&b'$'));
    (braces || double).then_some(found.end + gap + 1)
}

pub(super) fn ssh(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let name = rest.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    rest[name..].starts_with(b"://").then_some(found.end + name)
}

/// `O:8:"stdClass":1:{`.
pub(super) fn object(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let rest = rest.strip_prefix(b"+").unwrap_or(rest);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let quoted = rest[digits..].starts_with(b":\"")
        || rest[digits..].starts_with(b":\\\"")
        || rest[digits..].starts_with(b":'");
    if digits > 0 && quoted { own(text, found) } else { None }
}

/// `a:1:{`.
pub(super) fn array(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 && rest[digits..].starts_with(b":{") { own(text, found) } else { None }
}

/// A directive that is given a value.
pub(super) fn set(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let name = rest.iter().take_while(|byte| is_name(**byte) || **byte == b'.').count();
    let next = rest[name..].trim_ascii_start();
    let given = next.first() == Some(&b'=') && next.get(1) != Some(&b'=');
    if given { own(text, found.start..found.end + name) } else { None }
}

/// `filename="a.php"`, `filename=a.phtml`.
pub(super) fn upload(text: &[u8], found: Range<usize>) -> Option<usize> {
    let line = after(text, found.end).split(|byte| matches!(byte, b'\n' | b';')).next()?;
    let is_script = |dot: usize| {
        SCRIPTS_LENGTHS.clone().any(|len| line.get(dot..dot + len).is_some_and(|end| ENDS.has(end)))
    };
    memchr::memchr_iter(b'.', line).take(MOST_DOTS).any(is_script).then_some(found.end)
}

/// A name of a script, with which the text ends.
pub(super) fn script(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = &text[found.start..];
    let len = rest.iter().take(REACH).take_while(|byte| !byte.is_ascii_whitespace()).count();
    let (name, blanks) = rest.split_at(len);
    if !ENDS.has(name.strip_suffix(b".").unwrap_or(name))
        || !blanks.iter().all(u8::is_ascii_whitespace)
    {
        return None;
    }
    let path = &text[found.start.saturating_sub(REACH)..found.start];
    let plain = !path.is_empty()
        && !path.iter().any(u8::is_ascii_whitespace)
        && memchr::memmem::find(path, b"://").is_none();
    plain.then_some(text.len())
}

pub(super) fn lookup(text: &[u8], found: Range<usize>) -> Option<usize> {
    let next = text.get(found.end).copied().unwrap_or(b' ');
    (is_name(next) || b"${:'/\"".contains(&next)).then_some(found.end)
}

/// Compressed data that goes on.
pub(super) fn gzip(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    if rest.iter().take(16).filter(|byte| is_name(**byte) || b"+/-".contains(byte)).count() == 16 {
        exact(text, found)
    } else {
        None
    }
}

/// An opcode at the start of a line.
pub(super) fn opcode(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let name = rest.iter().take_while(|byte| is_name(**byte)).count();
    let ends = rest.get(name) == Some(&b'\n');
    (name > 2 && ends && !is_name(before(text, found.start))).then_some(found.end + name)
}

/// `constructor.prototype`, `constructor[prototype]`, `[constructor]`.
pub(super) fn constructor(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let next = rest
        .iter()
        .position(|byte| !b" \t[.:\"'](%5bBDd{".contains(byte) || byte.is_ascii_alphabetic())?;
    let joined = rest[..next].iter().any(|byte| b"[.:{".contains(byte));
    let path = rest[next..].starts_with(b"prototype") || rest[next..].starts_with(b"constructor");
    let index = before(text, found.start) == b'[' && rest.first() == Some(&b']');
    (joined && path || index).then_some(found.end + next)
}

/// `while(true)`, `for(;;)`.
pub(super) fn endless(text: &[u8], found: Range<usize>) -> Option<usize> {
    let rest = after(text, found.end);
    let condition = rest.trim_ascii_start().strip_prefix(b"(")?.trim_ascii_start();
    let always = if found.len() == 5 {
        [b"true".as_slice(), b"1)", b"1 ", b"!0", b"!!1", b"!false", b"1==1", b"1 =="]
            .iter()
            .any(|start| condition.starts_with(start))
    } else {
        condition.starts_with(b";;") || condition.starts_with(b"; ;")
    };
    if always { own(text, found) } else { None }
}

/// `@{[ system 'x' ]}` of Perl.
pub(super) fn interpolated(text: &[u8], found: Range<usize>) -> Option<usize> {
    memchr::memmem::find(after(text, found.end), b"]").map(|at| found.end + at)
}

/// The literals of serialised data; a few more than are compared exactly.
static EXACT: LazyLock<Vec<&[u8]>> = LazyLock::new(|| {
    let is_data = |rule: &Rule| [SERIALIZED.id, PICKLE.id].contains(&rule.id);
    LITERALS.iter().filter(|(_, rule, _)| is_data(rule)).map(|(text, ..)| text.as_bytes()).collect()
});

static ENDS: LazyLock<Lookup<()>> = LazyLock::new(|| Lookup::of_words(SCRIPTS));

const SCRIPTS: &str = ".php .php3 .php4 .php5 .php6 .php7 .php8 .phps .phpt .pht .phtml .phtm .phar .jsp .jspx .jspf .jsw \
    .asp .aspx .ashx .asmx .asa .cer .cgi .cfm .cfml .cfc .shtml .htaccess .user.ini";

/// How long these are.
const SCRIPTS_LENGTHS: std::ops::RangeInclusive<usize> = 4..=9;

/// A name of a file has fewer.
const MOST_DOTS: usize = 16;

/// How far around a literal its surroundings are looked at.
const REACH: usize = 96;
