//! Marks of shell commands that do not depend on where a command starts.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::argument;
use super::commands;
use super::rules::{
    BATCH, CHAINED, DOWNLOAD, EXPANSION, FUNCTION, HIDDEN, HISTORY, INTERPRETER, MAIL, OPTION,
    POWERSHELL, PROGRAM, REDIRECTED, SERVER_SIDE, SOCKET,
};
use super::windows;
use super::word::Word;
use crate::detect::Rule;
use crate::detect::hits::{Hits, whole_chars};

/// Looks at what surrounds a mark; returns how far the attack goes.
type Check = fn(&Text<'_>, Range<usize>) -> Option<usize>;

/// A text, and whether it reads as prose.
pub(super) struct Text<'t> {
    pub(super) bytes: &'t [u8],
    prose: std::cell::OnceCell<bool>,
}

impl<'t> Text<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), prose: std::cell::OnceCell::new() }
    }

    /// Tells whether the text reads as prose.
    pub(super) fn is_prose(&self) -> bool {
        *self.prose.get_or_init(|| argument::is_prose(self.bytes))
    }

    pub(super) fn after(&self, at: usize, most: usize) -> &'t [u8] {
        &self.bytes[at.min(self.bytes.len())..self.bytes.len().min(at.saturating_add(most))]
    }

    pub(super) fn before(&self, at: usize, most: usize) -> &'t [u8] {
        &self.bytes[at.saturating_sub(most)..at]
    }
}

/// How many bytes the look at a mark costs, for the budget of work.
const COST: usize = 64;

/// Looks at each mark.
pub(super) fn scan(text: &str, hits: &mut Hits<'_>) {
    let Some(automaton) = AUTOMATON.as_ref() else {
        return;
    };
    if is_variable(text) {
        hits.hit(&EXPANSION, 0..text.len());
    }
    let whole = Text::new(text);
    for mark in automaton.find_overlapping_iter(text) {
        let (_, rule, check) = &MARKS[mark.pattern().as_usize()];
        if !hits.wants(rule) {
            continue;
        }
        if !hits.spend(COST) {
            return;
        }
        if let Some(end) = check(&whole, mark.start()..mark.end()) {
            hits.hit(rule, whole_chars(text, mark.start()..end));
        }
    }
}

static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(MARKS.iter().map(|(literal, ..)| literal))
        .ok()
});

static MARKS: &[(&str, &Rule, Check)] = &[
    ("() {", &FUNCTION, function),
    ("(){", &FUNCTION, function),
    ("<!--#", &SERVER_SIDE, directive),
    ("$IFS", &HIDDEN, separator),
    ("${IFS", &HIDDEN, separator),
    ("/dev/tcp/", &SOCKET, always),
    ("/dev/udp/", &SOCKET, always),
    ("2>&1", &REDIRECTED, outside_prose),
    ("0>&1", &REDIRECTED, outside_prose),
    ("1>&2", &REDIRECTED, outside_prose),
    (">& /", &REDIRECTED, outside_prose),
    ("> /dev/", &REDIRECTED, outside_prose),
    (">/dev/", &REDIRECTED, outside_prose),
    ("> /tmp/", &REDIRECTED, outside_prose),
    (">/tmp/", &REDIRECTED, outside_prose),
    ("> /etc/", &REDIRECTED, outside_prose),
    (">/etc/", &REDIRECTED, outside_prose),
    (">> ~/.", &REDIRECTED, outside_prose),
    ("> ~/.", &REDIRECTED, outside_prose),
    (">~/.", &REDIRECTED, outside_prose),
    ("</etc/", &REDIRECTED, outside_prose),
    ("< /etc/", &REDIRECTED, outside_prose),
    (":(){", &FUNCTION, always),
    (":() {", &FUNCTION, always),
    ("--upload-pack=", &OPTION, option),
    ("--receive-pack=", &OPTION, option),
    ("--checkpoint-action=", &OPTION, option),
    ("--to-command=", &OPTION, option),
    ("--use-compress-program=", &OPTION, option),
    ("--rsh-command=", &OPTION, option),
    ("--rsh=", &OPTION, option),
    ("-EncodedCommand ", &OPTION, option),
    ("-oProxyCommand=", &OPTION, option),
    ("-o ProxyCommand=", &OPTION, option),
    ("-oLocalCommand=", &OPTION, option),
    ("-oPermitLocalCommand=", &OPTION, option),
    ("--use-askpass=", &OPTION, option),
    ("--post-file=", &OPTION, option),
    ("--open-files-in-pager=", &OPTION, option),
    ("--exec=", &OPTION, option),
    ("--config-env=", &OPTION, option),
    ("-e/bin/", &OPTION, option),
    ("\\n", &CHAINED, written_line),
    ("${", &EXPANSION, expansion),
    ("$((", &EXPANSION, arithmetic),
    ("bin/", &PROGRAM, program),
    (" -c", &INTERPRETER, interpreter),
    (" -e", &INTERPRETER, interpreter),
    (" -r", &INTERPRETER, interpreter),
    (" --eval", &INTERPRETER, interpreter),
    ("http://", &DOWNLOAD, download),
    ("https://", &DOWNLOAD, download),
    ("ftp://", &DOWNLOAD, download),
    ("alias ", &HIDDEN, alias),
    ("!-", &HISTORY, history),
    ("\nRCPT TO:", &MAIL, always),
    ("\nMAIL FROM:", &MAIL, always),
    ("\nEHLO ", &MAIL, always),
    ("\nHELO ", &MAIL, always),
    ("\nVRFY ", &MAIL, capitals),
    ("\nEXPN ", &MAIL, capitals),
    ("\nSTARTTLS", &MAIL, capitals),
    ("\nRETR ", &MAIL, capitals),
    ("\nDELE ", &MAIL, capitals),
    ("\nUIDL", &MAIL, capitals),
    ("\nTOP ", &MAIL, number),
    ("\nSTAT\r", &MAIL, capitals),
    (" SELECT ", &MAIL, tagged),
    (" EXAMINE ", &MAIL, tagged),
    (" CREATE ", &MAIL, tagged),
    (" DELETE ", &MAIL, tagged),
    (" RENAME ", &MAIL, tagged),
    (" SUBSCRIBE ", &MAIL, tagged),
    (" UNSUBSCRIBE ", &MAIL, tagged),
    (" LIST ", &MAIL, tagged),
    (" LSUB ", &MAIL, tagged),
    (" STATUS ", &MAIL, tagged),
    (" APPEND ", &MAIL, tagged),
    (" SEARCH ", &MAIL, tagged),
    (" FETCH ", &MAIL, tagged),
    (" STORE ", &MAIL, tagged),
    (" COPY ", &MAIL, tagged),
    (" LOGIN ", &MAIL, tagged),
    (" AUTHENTICATE ", &MAIL, tagged),
    (" CAPABILITY", &MAIL, tagged),
    (" EXPUNGE", &MAIL, tagged),
    (" LOGOUT", &MAIL, tagged),
    ("%COMSPEC%", &BATCH, always),
    ("%USERNAME%", &BATCH, outside_prose),
    ("%USERPROFILE%", &BATCH, outside_prose),
    ("%SYSTEMROOT%", &BATCH, outside_prose),
    ("%WINDIR%", &BATCH, outside_prose),
    ("%PROGRAMFILES%", &BATCH, outside_prose),
    ("%APPDATA%", &BATCH, outside_prose),
    ("%LOCALAPPDATA%", &BATCH, outside_prose),
    ("%COMPUTERNAME%", &BATCH, outside_prose),
    ("%OS%", &BATCH, outside_prose),
    ("%CD%", &BATCH, outside_prose),
    ("%PATH%", &BATCH, outside_prose),
    ("%PATHEXT%", &BATCH, outside_prose),
    ("%TEMP%", &BATCH, outside_prose),
    ("%TMP%", &BATCH, outside_prose),
    ("%PROGRAMDATA%", &BATCH, outside_prose),
    ("]::", &POWERSHELL, windows::class),
    (":~", &BATCH, windows::slice),
    ("cmd", &BATCH, windows::cmd),
    ("for ", &BATCH, windows::for_loop),
    ("if ", &BATCH, windows::condition),
    ("powershell", &POWERSHELL, windows::powershell),
    ("pwsh", &POWERSHELL, windows::powershell),
    ("-", &POWERSHELL, windows::cmdlet),
    ("iex", &POWERSHELL, windows::invoked),
    ("Net.WebClient", &POWERSHELL, always),
    (".DownloadString(", &POWERSHELL, always),
    (".DownloadFile(", &POWERSHELL, always),
    ("FromBase64String(", &POWERSHELL, always),
    ("$env:", &POWERSHELL, always),
    ("${env:", &POWERSHELL, always),
    ("[char]", &POWERSHELL, outside_prose),
];

/// Variables that every shell sets or knows.
const VARIABLES: &[&str] = &[
    "HOME", "PATH", "SHELL", "USER", "IFS", "PWD", "OLDPWD", "HOSTNAME", "BASH", "0", "LOGNAME",
    "RANDOM", "UID",
];

#[expect(clippy::unnecessary_wraps, reason = "one of the checks")]
fn always(_: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    Some(mark.end)
}

fn outside_prose(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    (!text.is_prose()).then_some(mark.end)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// `() { :;}; …`, where no function of another language is defined.
fn function(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let before = text.before(mark.start, 64);
    let before = before.trim_ascii_end();
    if before.last().is_some_and(|byte| is_name(*byte) || matches!(byte, b')' | b']' | b'>')) {
        return None;
    }
    let body = text.after(mark.end, 80).trim_ascii_start();
    let word = body.iter().take_while(|byte| is_name(**byte) || **byte == b':').count();
    let plain = body[word..].trim_ascii_start();
    let closes = memchr::memchr(b'}', body).is_some_and(|at| {
        let rest = body[at + 1..].trim_ascii_start();
        matches!(rest.first(), Some(b';' | b'>' | b'&' | b'|'))
    });
    (word > 0 && plain.first() == Some(&b';') && closes).then_some(mark.end)
}

fn directive(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    const NAMES: &[&[u8]] = &[
        b"exec",
        b"include",
        b"echo",
        b"printenv",
        b"config",
        b"set",
        b"fsize",
        b"flastmod",
        b"if",
        b"elif",
    ];
    let name = text.after(mark.end, 12);
    let known = |known: &&&[u8]| {
        name.len() >= known.len() && name[..known.len()].eq_ignore_ascii_case(known)
    };
    NAMES.iter().find(known).map(|known| mark.end + known.len())
}

/// `$IFS` that touches something: set apart by spaces, it is spoken of.
fn separator(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let touches = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_graphic() && !b"\"'`.,;:()=".contains(byte))
    };
    let rest = text.after(mark.end, 24);
    let rest = &rest[rest.iter().position(|byte| *byte == b'}').map_or(0, |at| at + 1)..];
    let name = rest.first().is_some_and(|byte| is_name(*byte) && !byte.is_ascii_digit());
    let bare = text.bytes.get(mark.start + 1) != Some(&b'{');
    (touches(text.before(mark.start, 1).last()) || touches(rest.first()) && !(bare && name))
        .then_some(mark.end)
}

/// `${x:0:1}`, `${x#y}`, `${x//a/b}`, `${!x}`, `${x@P}`.
fn expansion(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let rest = text.after(mark.end, 64);
    let indirect =
        matches!(rest.first(), Some(b'!' | b'#')) && rest.get(1).is_some_and(|byte| is_name(*byte));
    let rest = &rest[usize::from(indirect)..];
    let len = rest.iter().take_while(|byte| is_name(**byte)).count();
    let end = mark.end + usize::from(indirect) + len;
    let operator = rest.get(len)?;
    let next = rest.get(len + 1).copied().unwrap_or(b' ');
    let cuts = match operator {
        b':' => {
            next.is_ascii_digit() || matches!(next, b' ' | b'-' | b'+' | b'=' | b'?' | b'$' | b'(')
        }
        b'#' | b'%' | b'/' | b'^' | b'@' => true,
        b'}' => indirect,
        _ => false,
    };
    (len > 0 && cuts && !(*operator == b':' && next == b' ')).then_some(end)
}

/// `$HOME`, `${IFS}`: a variable of every shell, by itself.
fn is_variable(text: &str) -> bool {
    text.trim_end().strip_prefix('$').is_some_and(|name| {
        let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        VARIABLES.contains(&name)
    })
}

/// `--checkpoint-action=exec=x`: an option by which a program is made to run another, in the place of a value.
fn option(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let starts = text.before(mark.start, 1).last().is_none_or(|byte| b" \t\n'\"+,".contains(byte));
    let given = text.after(mark.end, 1).first().is_some_and(u8::is_ascii_graphic);
    (starts && given).then_some(mark.end)
}

/// `\nid`: a line break as programs write it, and a command behind it.
fn written_line(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    if mark.start > 0 && !text.bytes[..mark.start].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let from = mark.end + usize::from(text.after(mark.end, 1) == b" ");
    let word = Word::read(text.bytes, from)?;
    let command = commands::command(&word)?;
    let rest = text.after(word.end, 2);
    let ends = rest.is_empty() || rest == b"\\n" || rest.first() == Some(&b' ');
    (ends && (command.path || word.name().len() <= 6) && !text.is_prose()).then_some(word.end)
}

fn arithmetic(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let rest = text.after(mark.end, 64);
    let end = memchr::memmem::find(rest, b"))")?;
    let computes =
        rest[..end].iter().all(|byte| is_name(*byte) || b" +-*/%<>&|^~()$".contains(byte));
    (end > 0 && computes).then_some(mark.end + end + 2)
}

/// `/bin/bash`, `/usr/local/sbin/x`.
fn program(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let back = text.before(mark.start, 24);
    let start =
        back.iter().rposition(|byte| !(is_name(*byte) || *byte == b'/')).map_or(0, |at| at + 1);
    let prefix = &back[start..];
    let rooted = matches!(
        prefix,
        b"" | b"/"
            | b"/s"
            | b"s"
            | b"usr/"
            | b"/usr/"
            | b"/usr/s"
            | b"usr/s"
            | b"/usr/local/"
            | b"/usr/local/s"
            | b"/opt/"
            | b"/system/"
            | b"/snap/"
    );
    let word = Word::read(text.bytes, mark.end)?;
    let known = !word.glob && !word.name().contains('/') && commands::named(word.name()).is_some();
    (rooted && known && !text.is_prose()).then_some(word.end)
}

/// `sh -c`, `perl -e`: the option follows an interpreter, or other options of it.
fn interpreter(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let rest = text.after(mark.end, 2);
    if !rest.first().is_some_and(|byte| b" \t'\"=$".contains(byte)) {
        return None;
    }
    let mut names = text.before(mark.start, 64).rsplit(|byte| b" \t;|&`(\"'/\n".contains(byte));
    let name = names.find(|token| !token.is_empty() && !token.starts_with(b"-"))?;
    let name = std::str::from_utf8(name).ok()?;
    (commands::is_interpreter(&name.to_ascii_lowercase()) && !text.is_prose()).then_some(mark.end)
}

/// An address after a program that fetches it.
fn download(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    const FETCHERS: &[&[u8]] = &[
        b"curl",
        b"wget",
        b"fetch",
        b"lynx",
        b"lwp-download",
        b"lwp-request",
        b"aria2c",
        b"iwr",
        b"certutil",
        b"bitsadmin",
        b"wget.exe",
        b"curl.exe",
        b"axel",
        b"w3m",
    ];
    let mut tokens = text.before(mark.start, 96).rsplit(|byte| b" \t;|&`(\"'\n+".contains(byte));
    let fetches = tokens.any(|token| FETCHERS.iter().any(|name| token.eq_ignore_ascii_case(name)));
    (fetches && !text.is_prose()).then_some(mark.end)
}

/// `alias x=y`.
fn alias(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let starts = text.before(mark.start, 1).last().is_none_or(|byte| !is_name(*byte));
    let rest = text.after(mark.end, 32);
    let name = rest.iter().take_while(|byte| is_name(**byte) || **byte == b'-').count();
    let value = rest.get(name + 1).is_some_and(u8::is_ascii_graphic);
    (starts && name > 0 && rest.get(name) == Some(&b'=') && value).then_some(mark.end + name + 1)
}

/// `!-1` by itself.
fn history(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let alone = text.before(mark.start, 1).last().is_none_or(u8::is_ascii_whitespace);
    let rest = text.after(mark.end, 4);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ends = rest.get(digits).is_none_or(u8::is_ascii_whitespace);
    (alone && digits > 0 && ends).then_some(mark.end + digits)
}

fn capitals(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let command = &text.bytes[mark.clone()];
    (!command.iter().any(u8::is_ascii_lowercase)).then_some(mark.end)
}

fn number(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let digit = text.after(mark.end, 1).first().is_some_and(u8::is_ascii_digit);
    if digit { capitals(text, mark) } else { None }
}

/// A command of IMAP behind its tag: `\nA1 LOGIN `.
fn tagged(text: &Text<'_>, mark: Range<usize>) -> Option<usize> {
    let back = text.before(mark.start, 9);
    let line = back.iter().rposition(|byte| *byte == b'\n')?;
    let tag = &back[line + 1..];
    let digits = tag.iter().any(u8::is_ascii_digit);
    if digits && tag.iter().all(u8::is_ascii_alphanumeric) { capitals(text, mark) } else { None }
}
