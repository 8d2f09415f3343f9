//! Marks of the shells of Windows.

use std::ops::Range;
use std::sync::LazyLock;

use super::marks::Text;
use crate::detect::lookup::Lookup;

/// `%PATH:~0,1%`.
pub(super) fn slice(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let before = text.before(mark.start, 40);
    let name = before
        .iter()
        .rev()
        .take_while(|byte| is_name(**byte) || matches!(byte, b'(' | b')'))
        .count();
    let opens =
        name > 0 && before.iter().rev().nth(name).is_some_and(|byte| matches!(byte, b'%' | b'!'));
    let rest = text.after(mark.end, 16);
    let digits =
        rest.iter().take_while(|byte| byte.is_ascii_digit() || b"-, ".contains(byte)).count();
    let closes = rest.get(digits).is_some_and(|byte| matches!(byte, b'%' | b'!'));
    (opens && digits > 0 && closes).then_some(mark.end + digits + 1)
}

/// `[System.Diagnostics.Process]::Start`: a class of .NET, as PowerShell writes it.
pub(super) fn class(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let before = text.before(mark.start, 64);
    let open = before.iter().rposition(|byte| *byte == b'[')?;
    let name = &before[open + 1..];
    let known = [
        "System.",
        "Net.",
        "IO.",
        "Reflection.",
        "Diagnostics.",
        "Text.Encoding",
        "Environment",
        "Convert",
        "Ref",
    ]
    .iter()
    .any(|known| strip(name, known.as_bytes()).is_some());
    known.then_some(mark.end)
}

/// `cmd /c`, `cmd.exe /k`.
pub(super) fn cmd(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let starts =
        !text.before(mark.start, 1).last().is_some_and(|byte| is_name(*byte) || *byte == b'-');
    let rest = text.after(mark.end, 24);
    let after = rest.strip_prefix(b".exe").or_else(|| rest.strip_prefix(b".EXE")).unwrap_or(rest);
    let after = after.strip_prefix(b"\"").unwrap_or(after);
    let gap = after
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'+' | b','))
        .count();
    let option = after.get(gap) == Some(&b'/')
        && after.get(gap + 1).is_some_and(|byte| b"ckrqvdCKRQVD".contains(byte))
        && after
            .get(gap + 2)
            .is_none_or(|byte| !byte.is_ascii_lowercase() || gap > 0 && *byte == b' ');
    let windows = rest.len() != after.len() && after.is_empty() && !text.is_prose();
    (starts && (option || windows)).then_some(mark.end + rest.len().min(gap + 2))
}

/// `for /f %a in (…) do …`, in either case.
pub(super) fn for_loop(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    if !begins(text, mark.start) {
        return None;
    }
    let rest = text.after(mark.end, 160);
    let option =
        rest.first() == Some(&b'/') && rest.get(1).is_some_and(|byte| b"fdlrFDLR".contains(byte));
    let rest = if option { &rest[2..] } else { rest };
    let variable = rest
        .windows(2)
        .position(|pair| pair[0] == b'%' && pair[1].is_ascii_alphabetic() || pair == b"%%")?;
    let after = &rest[variable..];
    let inside = find(after, b" in (").or_else(|| find(after, b" in("))?;
    (option || inside < 16).then_some(mark.end + variable + inside)
}

/// `if exist FILE …`, `if not "%x%" == …`, `if /i …`, `if errorlevel 1`.
pub(super) fn condition(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    if !begins(text, mark.start) {
        return None;
    }
    let mut rest = text.after(mark.end, 120).trim_ascii_start();
    let mut option = false;
    for skipped in [b"not ".as_slice(), b"/i ", b"not "] {
        if let Some(after) = strip(rest, skipped) {
            option |= skipped == b"/i ";
            rest = after.trim_ascii_start();
        }
    }
    let token = rest.split(|byte| *byte == b' ' || *byte == b'=').next().unwrap_or_default();
    let value =
        token.iter().position(|byte| !b"\"'({[".contains(byte)).map_or(token, |at| &token[at..]);
    let marked = value.starts_with(b"%") || value.starts_with(b"!") && value[1..].contains(&b'!');
    if (marked || option) && compares(rest) {
        return Some(mark.end + token.len());
    }
    let (word, tail) = rest.split_at(token.len());
    let tail = tail.trim_ascii_start();
    let next = tail.split(|byte| *byte == b' ').next().unwrap_or_default();
    let machine = next.iter().any(|byte| b"%\\/.:\"*".contains(byte)) && !next.ends_with(b".");
    let level =
        word.eq_ignore_ascii_case(b"errorlevel") || word.eq_ignore_ascii_case(b"cmdextversion");
    let number = next.first().is_some_and(u8::is_ascii_digit);
    let exists = word.eq_ignore_ascii_case(b"exist") && (machine || !text.is_prose());
    let defined = word.eq_ignore_ascii_case(b"defined")
        && !text.is_prose()
        && tail.contains(&b' ')
        && next.iter().all(|byte| is_name(*byte));
    (level && number || exists && !next.is_empty() || defined).then_some(mark.end + token.len())
}

fn compares(rest: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[b" equ ", b" neq ", b" lss ", b" leq ", b" gtr ", b" geq "];
    let word = |at: usize| WORDS.iter().any(|word| strip(&rest[at..], word).is_some());
    rest[..rest.len().min(80)].windows(2).any(|pair| pair == b"==")
        || memchr::memchr_iter(b' ', rest).any(word)
}

/// `powershell -enc …`, `powershell.exe …`, `powershell IEX …`.
pub(super) fn powershell(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let starts = !text.before(mark.start, 1).last().is_some_and(|byte| is_name(*byte));
    let rest = text.after(mark.end, 40);
    let exe = strip(rest, b".exe").is_some();
    let rest = strip(rest, b".exe").unwrap_or(rest);
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest).trim_ascii_start();
    let option = matches!(rest.first(), Some(b'-' | b'/'))
        && rest.get(1).is_some_and(u8::is_ascii_alphabetic);
    let code =
        rest.first().is_some_and(|byte| b"\"'&({$".contains(byte)) || strip(rest, b"iex").is_some();
    (starts && (option || (exe || code) && !text.is_prose())).then_some(mark.end)
}

/// `iex(…)`, `| iex`, `iex $x`.
pub(super) fn invoked(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let before = text.before(mark.start, 8).trim_ascii_end();
    let own = text.before(mark.start, 1).last().is_none_or(|byte| !is_name(*byte));
    let rest = text.after(mark.end, 4);
    let called = matches!(rest.trim_ascii_start().first(), Some(b'(' | b'$' | b'"' | b'\''))
        && !rest.is_empty();
    let piped = before.last() == Some(&b'|') && rest.first().is_none_or(|byte| !is_name(*byte));
    (own && (called || piped)).then_some(mark.end)
}

/// `Invoke-Expression` and the other cmdlets: a verb, a hyphen, a noun.
pub(super) fn cmdlet(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let before = text.before(mark.start, 16);
    let verb = before.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    if verb < 3
        || before
            .iter()
            .rev()
            .nth(verb)
            .is_some_and(|byte| b"-_.".contains(byte) || byte.is_ascii_digit())
    {
        return None;
    }
    let verb = &before[before.len() - verb..];
    let rest = text.after(mark.end, 28);
    let noun = &rest[..rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()];
    let length = noun.len();
    if length < 3 || matches!(rest.get(length), Some(b'-' | b'_' | b'=')) {
        return None;
    }
    let capital = verb[0].is_ascii_uppercase() && noun[0].is_ascii_uppercase();
    let noun = CMDLETS.get(noun).filter(|_| VERBS.has(verb));
    let known = noun.is_some_and(|own| *own || capital);
    known.then_some(mark.end + length)
}

/// Tells whether a command may begin here.
fn begins(text: &Text<'_>, at: usize) -> bool {
    let before = text.before(at, 8).trim_ascii_end();
    before.is_empty() && at <= 8
        || before
            .last()
            .is_some_and(|byte| b"&|;@(".contains(byte) || at <= 2 && b"\"'".contains(byte))
}

fn find(text: &[u8], literal: &[u8]) -> Option<usize> {
    text.windows(literal.len()).position(|window| window.eq_ignore_ascii_case(literal))
}

fn strip<'t>(text: &'t [u8], literal: &[u8]) -> Option<&'t [u8]> {
    let start = text.get(..literal.len())?;
    start.eq_ignore_ascii_case(literal).then(|| &text[literal.len()..])
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

static VERBS: LazyLock<Lookup<()>> = LazyLock::new(|| Lookup::of_words(CMDLET_VERBS));

/// The nouns of cmdlets, and whether only cmdlets have them.
static CMDLETS: LazyLock<Lookup<bool>> = LazyLock::new(|| {
    let plain = PLAIN_NOUNS.split_ascii_whitespace().map(|noun| (noun, false));
    let own = NOUNS.split_ascii_whitespace().map(|noun| (noun, true));
    Lookup::of(plain.chain(own), |before, noun| *before = noun)
});

const CMDLET_VERBS: &str = "add clear close compare complete compress connect convert convertfrom convertto copy debug \
    disable disconnect dismount enable enter exit expand export find foreach format get group import initialize \
    install invoke join limit lock measure merge mount move new open out pop protect publish push read receive \
    redo register remove rename repair request reset resize resolve restart restore resume revoke save search \
    select send set show sort split start step stop submit suspend switch tee test trace unblock undo uninstall \
    unlock unprotect unpublish unregister update use wait watch where write";

/// Nouns that only cmdlets have.
const NOUNS: &str = "childitem itemproperty itempropertyvalue webrequest restmethod executionpolicy psdrive eventlog \
    wmiobject wmimethod ciminstance cimmethod cimclass pssession pssessionconfiguration psprovider localuser \
    localgroup localgroupmember aduser adcomputer adgroup adgroupmember netadapter netipaddress netipconfiguration \
    netfirewallrule nettcpconnection hotfix filehash scheduledtask scheduledtaskaction scheduledjob securestring \
    uiculture tracesource psbreakpoint psdebug runspace psreadlineoption clixml formatdata typedata mpcomputerstatus \
    mppreference expression psobject smbshare smbmapping bitstransfer winevent controlpanelitem computerrestore \
    psrepository dnsname dscresource pscallstack mailmessage wsmaninstance wsmanquickconfig psremoting psuserconfiguration";

/// Nouns that are names of other things as well.
const PLAIN_NOUNS: &str = "acl alias archive certificate clipboard command computer connection content counter credential \
    csv culture date disk dns error event file guid help history host html information item job json list location \
    log member module null object output package partition path printer process progress property random recyclebin \
    service sleep string table tpm transcript type unique variable verbose volume warning webproxy xml custom wide \
    authenticodesignature vm";
