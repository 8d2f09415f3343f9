//! The places of a text where a shell would start a command.

use super::argument::{self, Argument};
use super::commands::{self, Command, Name};
use super::word::Word;

/// What starts a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The text itself.
    Text,
    /// A line of it.
    Line,
    /// `;`, `|`, `&` and their doubles.
    Operator(u8),
    /// `` ` ``.
    Backquote,
    /// `$(`, `<(` or `>(`.
    Parenthesis,
}

/// What was found at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A command after an operator.
    Chained,
    /// A command in `` `…` `` or `$(…)`.
    Substituted,
    /// A text that is a command line.
    Line,
    /// The same, of a tool that is not known, or that is everybody's.
    Plain,
    /// A command that prose quotes.
    Quoted,
    /// A name hidden from whoever looks for it.
    Hidden,
}

/// A place, and the text around it.
pub(super) struct Place<'t> {
    pub(super) text: &'t [u8],
    pub(super) start: Start,
    /// Where the name begins, spaces and all.
    pub(super) from: usize,
    /// Nothing but one token stands before it.
    pub(super) leads: bool,
}

impl Place<'_> {
    /// Looks at the command that starts here.
    pub(super) fn found(&self) -> Option<(Found, usize)> {
        let mut from = self.from + blanks(&self.text[self.from..]);
        if self.is_stored(from) {
            return Some((Found::Hidden, from + 1));
        }
        let mut word = Word::read(self.text, from)?;
        // `X=1 cmd`, `then cmd`, `! cmd`: the command is what follows.
        for _ in 0..3 {
            if !passes_on(&word) {
                break;
            }
            from = word.end + blanks(&self.text[word.end..]);
            word = Word::read(self.text, from)?;
        }
        let end = word.end;
        let found = match commands::command(&word) {
            Some(command) => self.judge(command, &word, argument::after(self.text, &word), from),
            None => self.unknown(&word),
        };
        let quoted = |found| match found {
            Found::Chained | Found::Substituted if self.is_quoted(end) => Found::Quoted,
            found => found,
        };
        found.map(|found| (quoted(found), end))
    }

    fn judge(
        &self,
        command: Command,
        word: &Word,
        argument: Argument,
        from: usize,
    ) -> Option<Found> {
        // `|vi (x`, `;echo x`: what follows is odd, or a word, but nothing else starts that way.
        let first = self.from <= 2 && from == self.from && matches!(self.start, Start::Operator(_));
        let odd = argument == Argument::Word || self.text.get(word.end) == Some(&b' ');
        if first && odd && !word.capitals && matches!(argument, Argument::Not | Argument::Word) {
            return Some(Found::Chained);
        }
        if argument == Argument::Not
            || word.capitals && command.name == Name::Word && word.name().len() < 4
        {
            return None;
        }
        let strong = matches!(argument, Argument::Typed | Argument::Command);
        if command.hidden && (strong || argument == Argument::None || word.name().len() > 3) {
            return Some(Found::Hidden);
        }
        if word.field_separator {
            return Some(Found::Hidden);
        }
        match self.start {
            Start::Text | Start::Line => self.line(command, word, argument),
            // Only a shell's own names count here, and it has none with capitals: makefiles do.
            Start::Backquote | Start::Parenthesis => {
                (!word.capitals).then_some(Found::Substituted).filter(|_| {
                    let whole = argument == Argument::Word && self.is_closed() && self.leads;
                    command.name == Name::Sure || strong || argument == Argument::None || whole
                })
            }
            Start::Operator(operator) => self
                .chained(command, word, argument, operator, from == self.from)
                .then_some(Found::Chained),
        }
    }

    fn chained(
        &self,
        command: Command,
        word: &Word,
        argument: Argument,
        operator: u8,
        glued: bool,
    ) -> bool {
        if word.capitals && command.name == Name::Word && !self.leads {
            return false;
        }
        match argument {
            Argument::Typed | Argument::Command => true,
            Argument::Not => false,
            Argument::Word => {
                let filter = operator == b'|'
                    && self.leads
                    && matches!(word.base(), "grep" | "xargs" | "tee" | "awk");
                let echoes = self.leads && word.base() == "echo";
                filter
                    || echoes
                    || command.name == Name::Sure && (operator != b'&' || self.leads || glued)
            }
            Argument::None => self.alone(command, word, operator, glued),
        }
    }

    /// A command without arguments after an operator.
    fn alone(&self, command: Command, word: &Word, operator: u8, glued: bool) -> bool {
        let next = self.text.get(word.end);
        let before = self.text[..self.from - 1].trim_ascii_end().last();
        // "Name | Date"
        if word.capitals && command.name == Name::Word && !glued && before.is_some() {
            return false;
        }
        if matches!(next, Some(b')' | b'}')) {
            return operator != b'|' && command.name == Name::Sure;
        }
        if operator == b'|' {
            // A row of a table, alternatives of a pattern, or the parameters of a closure.
            let named = before.is_some_and(u8::is_ascii_alphanumeric);
            if self.is_table() || next == Some(&b'|') && (named && glued || !self.leads) {
                return false;
            }
        }
        // `… | sh` at the end runs all that came before.
        let shell = matches!(word.base(), "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash");
        if operator == b'|'
            && shell
            && self.text[word.end..].iter().take(LINE).all(u8::is_ascii_whitespace)
        {
            return true;
        }
        // "C++ & python" are no commands, and neither are two words of a list.
        let listed = operator == b'&'
            && !glued
            && before.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'+');
        command.name == Name::Sure || glued || self.leads && !listed
    }

    /// Tells whether quotes around the command set it apart from prose.
    fn is_quoted(&self, end: usize) -> bool {
        let before = &self.text[self.from.saturating_sub(LINE)..self.from];
        let after = &self.text[end..self.text.len().min(end + LINE)];
        b"\"'`".iter().any(|quote| {
            let opens = memchr::memchr_iter(*quote, before).count() % 2 == 1;
            let closes = memchr::memchr(*quote, after);
            let (true, Some(open), Some(close)) = (opens, memchr::memrchr(*quote, before), closes)
            else {
                return false;
            };
            let (left, right) = (&before[..open], &after[close + 1..]);
            let apart = left.last().is_none_or(|byte| b" ([*/\n".contains(byte))
                && right.first().is_none_or(|byte| b" .,:;?!)]*/\n\r".contains(byte));
            // Backquotes set code apart from prose; few words around them are enough.
            let spoken = *quote == b'`' && argument::words(left) + argument::words(right) >= 2;
            apart && (spoken || argument::is_prose(left) || argument::is_prose(right))
        })
    }

    /// Tells whether the text ends where the substitution does, and reads as no prose.
    fn is_closed(&self) -> bool {
        let rest = self.rest_of_line().trim_ascii_end();
        rest.ends_with(b")") || rest.ends_with(b"`") && !argument::is_prose(rest)
    }

    /// Tells whether the bar before the place belongs to a table of a document.
    fn is_table(&self) -> bool {
        if self.text.get(self.from) != Some(&b' ') {
            return false;
        }
        let before = &self.text[self.from.saturating_sub(LINE)..self.from];
        let before = memchr::memrchr(b'\n', before).map_or(before, |end| &before[end + 1..]);
        let bars = |part: &[u8]| memchr::memchr_iter(b'|', part).count();
        bars(before) + bars(self.rest_of_line()) >= 3
    }

    /// Tells whether the name comes out of variables: two of them side by side, or one that the text itself set.
    fn is_stored(&self, from: usize) -> bool {
        let name = |at: usize| {
            let rest = self.text.get(at..).and_then(|rest| rest.strip_prefix(b"$"))?;
            let len = rest
                .iter()
                .take(32)
                .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                .count();
            (rest.first()?.is_ascii_alphabetic() && len < 32).then(|| &rest[..len])
        };
        if self.start == Start::Text {
            return self.is_shell_variable(from);
        }
        let (Start::Operator(_), Some(first)) = (self.start, name(from)) else {
            return false;
        };
        let end = from + 1 + first.len();
        if name(end).is_some() {
            return true;
        }
        let before = &self.text[from.saturating_sub(LINE)..from];
        memchr::memmem::find_iter(before, first).any(|at| {
            let starts = at == 0
                || !(before[at - 1].is_ascii_alphanumeric() || b"$_.>".contains(&before[at - 1]));
            let set = before.get(at + first.len()) == Some(&b'=');
            starts && set && !matches!(before.get(at + first.len() + 1), Some(b' ' | b'=' | b'>'))
        })
    }

    /// `${SHELL} -c …`, `$0 -i`: a variable that names a program, and what it takes.
    fn is_shell_variable(&self, from: usize) -> bool {
        let rest = self.rest_of_line();
        let rest = rest.get(from - self.from..).unwrap_or_default();
        let Some(rest) = rest.strip_prefix(b"$") else {
            return false;
        };
        let name = rest.strip_prefix(b"{").unwrap_or(rest);
        let len =
            name.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let after = name[len..].strip_prefix(b"}").unwrap_or(&name[len..]);
        len > 0 && has_option(after)
    }

    fn rest_of_line(&self) -> &[u8] {
        let rest = &self.text[self.from..self.text.len().min(self.from + LINE)];
        memchr::memchr2(b'\n', b'\r', rest).map_or(rest, |end| &rest[..end])
    }

    /// A text, or a line of it, that is itself a command.
    fn line(&self, command: Command, word: &Word, argument: Argument) -> Option<Found> {
        let line = self.rest_of_line();
        if self.start == Start::Line && !self.leads || argument::is_prose(line) {
            return None;
        }
        if command.name == Name::Word && (word.capitals || KEYWORDS.contains(&word.name())) {
            return None;
        }
        match argument {
            Argument::Typed | Argument::Command => {
                Some(if command.name == Name::Sure { Found::Line } else { Found::Plain })
            }
            Argument::None => {
                let short = self.start == Start::Line && SHORT.contains(&word.name());
                // A word may go on in the next line, behind a backslash.
                let behind = line.get(word.end - self.from..).unwrap_or_default();
                let ends = behind.trim_ascii().is_empty();
                (ends && (command.path || command.name == Name::Sure || short))
                    .then_some(Found::Line)
            }
            Argument::Word => {
                let tokens =
                    line.split(u8::is_ascii_whitespace).filter(|token| !token.is_empty()).count();
                let path = line
                    .split(u8::is_ascii_whitespace)
                    .any(|token| ROOTED.iter().any(|root| token.starts_with(root)));
                if path && tokens <= 5 && self.start == Start::Text {
                    return Some(Found::Plain);
                }
                (command.name == Name::Sure && tokens <= 5).then_some(Found::Line)
            }
            Argument::Not => None,
        }
    }

    /// A name of which nothing is known: what follows it must say that it is a command.
    fn unknown(&self, word: &Word) -> Option<Found> {
        let name = word.name();
        match self.start {
            Start::Operator(_) => {
                let runs = word.is_path()
                    && !word.capitals
                    && !name.ends_with('/')
                    && (self.leads || name.starts_with('.'))
                    && matches!(argument::after(self.text, word), Argument::None | Argument::Typed);
                runs.then_some(Found::Chained)
            }
            Start::Text => {
                let line = self.rest_of_line();
                let named = name.len() >= 2
                    && !word.capitals
                    && name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.bytes().all(|b| {
                        b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b)
                    });
                (named && has_option(&self.text[word.end..]) && !argument::is_prose(line))
                    .then_some(Found::Plain)
            }
            _ => None,
        }
    }
}

/// Tells whether an option follows, as programs take them: `-x` or `--long`.
fn has_option(rest: &[u8]) -> bool {
    let Some(rest) = rest.strip_prefix(b" -") else {
        return false;
    };
    let token = rest.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    match token.strip_prefix(b"-") {
        Some(long) => {
            long.len() >= 2
                && long.iter().all(|b| b.is_ascii_alphanumeric() || b"-_=./:,".contains(b))
        }
        None => {
            token.len() <= 2 && !token.is_empty() && token.iter().all(u8::is_ascii_alphanumeric)
        }
    }
}

/// Tells whether a word is followed by the command that it belongs to.
fn passes_on(word: &Word) -> bool {
    let name = word.name();
    matches!(name, "then" | "do" | "else" | "!" | "{" | "while" | "until" | "@" | "elif")
        || name.split_once('=').is_some_and(|(left, _)| {
            !left.is_empty()
                && left.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
}

/// Counts what a shell takes for spaces.
fn blanks(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += match byte {
            b' ' | b'\t' | b'@' | b'(' => 1,
            b'\\' if text.get(at + 1) == Some(&b'\n') => 2,
            b'$' if text[at..].starts_with(b"$IFS") => 4,
            b'$' if text[at..].starts_with(b"${IFS}") => 6,
            _ => break,
        };
    }
    at
}

/// Commands that other languages have as keywords: at the start of a line they are those.
const KEYWORDS: &[&str] = &[
    "print", "shift", "local", "ref", "last", "next", "exit", "read", "set", "eval", "exec",
    "source", "select", "time", "test", "let", "declare", "type", "echo", "expect", "exit",
    "return", "printf", "start", "move", "copy", "call", "true", "false", "import", "export",
    "alias", "enable", "query", "format", "label", "title", "version",
];

/// Commands without arguments on a line of their own.
const SHORT: &[&str] =
    &["id", "dir", "ps", "env", "w", "who", "ver", "set", "date", "hostname", "uptime", "cat"];

/// Where the paths begin that commands are pointed at.
const ROOTED: &[&[u8]] = &[
    b"/etc", b"/bin", b"/usr/", b"/var/", b"/tmp/", b"/root", b"/home/", b"/proc/", b"/dev/",
    b"~/", b"/opt/",
];

/// How much of a line is looked at, to either side.
const LINE: usize = 400;
