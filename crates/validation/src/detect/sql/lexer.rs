//! Splits a text as a database would, if the text stood inside a statement.

use super::words::{self, Flags};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of the text, and whatever lies beyond what may be looked at.
    End,
    /// The rest of the string that the text stands in, up to the quote that closes it.
    Breakout,
    Number,
    /// A string; `open` when the text ends first.
    Text {
        open: bool,
    },
    Word,
    /// `@x` or `@@x`.
    Variable,
    /// Parentheses in a row.
    Open(u16),
    Close(u16),
    /// Any of `+ - ~ !` in a row: they bind one operand as well as two.
    Sign,
    /// `* / %`.
    Arithmetic,
    /// `| & ^`, which reckon, and `||`, which joins or means `or`.
    Bits,
    /// `= < > <> != <=> ~* :=` and their like.
    Compare,
    /// `&&` and `||`.
    Logic,
    /// `-> ->> #> #>> @> <@ ?& ?|`.
    Json,
    Comma,
    Dot,
    Semicolon,
    /// `::`.
    Cast,
    /// `{` of an ODBC escape.
    Brace,
    Other,
}

/// How a comment before a token was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    None,
    /// `-- `, `#`.
    Line,
    /// `/* */`.
    Block,
    /// `/*` without its end.
    Unclosed,
    /// `/*!50000`, whose content is executed.
    Executed,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// What the dictionary says of a word.
    pub(super) flags: Flags,
    /// Whether there is space before it.
    pub(super) gap: bool,
    /// The last comment before it.
    pub(super) comment: Comment,
}

impl Token {
    pub(super) const NONE: Self =
        Self { kind: Kind::End, start: 0, end: 0, flags: 0, gap: false, comment: Comment::None };

    pub(super) const fn has(&self, flags: Flags) -> bool {
        self.flags & flags != 0
    }

    /// Tells whether the text ends here, or is cut off here by a comment.
    pub(super) const fn is_end(&self) -> bool {
        matches!(self.kind, Kind::End)
    }

    pub(super) const fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text { .. })
    }

    pub(super) const fn is_open_text(&self) -> bool {
        matches!(self.kind, Kind::Text { open: true })
    }
}

/// Where the text stands in the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between tokens.
    Bare,
    /// In a string or name that this quote closes.
    In(u8),
}

/// Reads tokens one after the other, each byte once.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    place: Option<u8>,
    executed: bool,
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(text: &'t str, place: Place) -> Self {
        let place = match place {
            Place::Bare => None,
            Place::In(quote) => Some(quote),
        };
        Self { text, at: 0, place, executed: false }
    }

    /// Returns the next token; at the end [`Kind::End`], again and again.
    pub(super) fn next(&mut self) -> Token {
        if let Some(quote) = self.place.take() {
            return self.breakout(quote);
        }
        let (gap, comment) = self.space();
        let start = self.at;
        let Some(byte) = self.byte(0) else {
            return Token { start, end: start, gap, comment, ..Token::NONE };
        };
        let (kind, flags) = self.token(byte);
        Token { kind, start, end: self.at, flags, gap, comment }
    }

    /// The first token inside a string: all up to the closing quote, which a backslash does not keep from closing,
    /// since not every database knows backslashes.
    fn breakout(&mut self, quote: u8) -> Token {
        let straight = closing(self.rest(), quote, false);
        let length = match (straight, self.closing_curly(quote)) {
            (Some(straight), Some(curly)) => Some(straight.min(curly)),
            (straight, curly) => straight.or(curly),
        };
        self.at = length.unwrap_or(self.text.len());
        let kind = if length.is_some() { Kind::Breakout } else { Kind::End };
        Token { kind, end: self.at, ..Token::NONE }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// Skips space and comments.
    fn space(&mut self) -> (bool, Comment) {
        let mut gap = false;
        let mut comment = Comment::None;
        while let Some(byte) = self.byte(0) {
            match byte {
                0..=b' ' | 0x7f => self.at += 1,
                0xc2 if self.byte(1) == Some(0xa0) => self.at += 2,
                // Escapes of space that something on the way will undo; a backslash alone splits words as well.
                b'\\' => {
                    let escaped = matches!(self.byte(1), Some(b'0' | b'n' | b'r' | b't'));
                    self.at += 1 + usize::from(escaped);
                }
                b'-' if self.byte(1) == Some(b'-') => {
                    comment = self.line();
                    continue;
                }
                b'#' if !matches!(self.byte(1), Some(b'>')) => {
                    comment = self.line();
                    continue;
                }
                b'/' if self.byte(1) == Some(b'*') => {
                    comment = self.block();
                    continue;
                }
                b'*' if self.executed && self.byte(1) == Some(b'/') => {
                    self.executed = false;
                    self.at += 2;
                }
                _ => break,
            }
            gap = true;
        }
        (gap, comment)
    }

    fn line(&mut self) -> Comment {
        self.at = memchr::memchr2(b'\n', b'\r', self.rest())
            .map_or(self.text.len(), |length| self.at + length);
        Comment::Line
    }

    fn block(&mut self) -> Comment {
        self.at += 2;
        if self.byte(0) == Some(b'!') {
            self.at += 1;
            while self.byte(0).is_some_and(|byte| byte.is_ascii_digit()) {
                self.at += 1;
            }
            self.executed = true;
            return Comment::Executed;
        }
        if let Some(length) = memchr::memmem::find(self.rest(), b"*/") {
            self.at += length + 2;
            Comment::Block
        } else {
            self.at = self.text.len();
            Comment::Unclosed
        }
    }

    fn token(&mut self, byte: u8) -> (Kind, Flags) {
        match byte {
            b'\'' | b'"' => (self.string(byte, 1), 0),
            b'`' => self.quoted(Self::name),
            b'[' => self.quoted(Self::bracket),
            0xe2 if self.curly().is_some() => (self.curly_string(), 0),
            b'0'..=b'9' => (self.number(), 0),
            b'.' if self.byte(1).is_some_and(|next| next.is_ascii_digit()) => (self.number(), 0),
            b'@' if self.byte(1) != Some(b'>') => (self.variable(), 0),
            b'$' if self.dollar() => (Kind::Text { open: false }, 0),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80.. => self.word(),
            _ => (self.symbol(byte), 0),
        }
    }

    fn string(&mut self, quote: u8, skip: usize) -> Kind {
        self.at += skip;
        let length = closing(self.rest(), quote, true);
        self.at = length.map_or(self.text.len(), |length| self.at + length);
        Kind::Text { open: length.is_none() }
    }

    /// Word processors turn quotes into curly ones, and databases' drivers turn them back.
    fn curly(&self) -> Option<u8> {
        match (self.byte(1), self.byte(2)) {
            (Some(0x80), Some(0x98 | 0x99)) => Some(b'\''),
            (Some(0x80), Some(0x9c | 0x9d)) => Some(b'"'),
            _ => None,
        }
    }

    fn curly_string(&mut self) -> Kind {
        let single = self.curly() == Some(b'\'');
        self.at += CURLY;
        let length = self.closing_curly(if single { b'\'' } else { b'"' });
        self.at = length.map_or(self.text.len(), |length| self.at + length);
        Kind::Text { open: length.is_none() }
    }

    fn closing_curly(&self, quote: u8) -> Option<usize> {
        let rest = self.rest();
        memchr::memchr_iter(0xe2, rest)
            .find(|at| match rest[*at..] {
                [_, 0x80, 0x98 | 0x99, ..] => quote == b'\'',
                [_, 0x80, 0x9c | 0x9d, ..] => quote == b'"',
                _ => false,
            })
            .map(|at| at + CURLY)
    }

    /// A name in quotes is looked up without them.
    fn quoted(&mut self, read: fn(&mut Self) -> Kind) -> (Kind, Flags) {
        let start = self.at;
        let kind = read(self);
        if kind != Kind::Word {
            return (kind, 0);
        }
        let inside = &self.text.as_bytes()[start + 1..self.at - 1];
        (kind, words::flags(inside) & words::NAMES)
    }

    fn name(&mut self) -> Kind {
        self.at += 1;
        match memchr::memchr(b'`', self.rest()) {
            Some(length) => {
                self.at += length + 1;
                Kind::Word
            }
            None => Kind::Other,
        }
    }

    /// `[name]`, or a bracket of an array.
    fn bracket(&mut self) -> Kind {
        self.at += 1;
        let rest = self.rest();
        let inside = rest.iter().take(LONGEST_NAME).take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' ' | b'.' | 0x80..)
        });
        let length = inside.count();
        if length > 0 && rest.get(length) == Some(&b']') {
            self.at += length + 1;
            return Kind::Word;
        }
        Kind::Other
    }

    fn number(&mut self) -> Kind {
        if self.byte(0) == Some(b'0') && matches!(self.byte(1), Some(b'x' | b'X' | b'b' | b'B')) {
            let digits = self.rest()[2..].iter().take_while(|byte| byte.is_ascii_hexdigit());
            let count = digits.count();
            if count > 0 {
                self.at += 2 + count;
                return Kind::Number;
            }
        }
        self.digits();
        if self.byte(0) == Some(b'.') {
            self.at += 1;
            self.digits();
        }
        if matches!(self.byte(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(1), Some(b'+' | b'-')));
            if self.byte(1 + sign).is_some_and(|byte| byte.is_ascii_digit()) {
                self.at += 1 + sign;
                self.digits();
            }
        }
        Kind::Number
    }

    fn digits(&mut self) {
        self.at += self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
    }

    fn variable(&mut self) -> Kind {
        while self.byte(0) == Some(b'@') {
            self.at += 1;
        }
        match self.byte(0) {
            Some(b'`') => {
                self.name();
            }
            Some(quote @ (b'\'' | b'"')) => {
                self.string(quote, 1);
            }
            _ => self.at += word_length(self.rest()),
        }
        Kind::Variable
    }

    /// `$$text$$` and `$tag$text$tag$`.
    fn dollar(&mut self) -> bool {
        let rest = self.rest();
        let tag = rest[1..]
            .iter()
            .take(LONGEST_TAG)
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        if rest.get(tag + 1) != Some(&b'$') {
            return false;
        }
        let delimiter = &rest[..tag + 2];
        let within = &rest[tag + 2..rest.len().min(tag + 2 + LONGEST_DOLLAR)];
        let Some(length) = memchr::memmem::find(within, delimiter) else {
            return false;
        };
        self.at += length + 2 * delimiter.len();
        true
    }

    fn word(&mut self) -> (Kind, Flags) {
        let length = word_length(self.rest()).max(1);
        let word = &self.rest()[..length];
        self.at += length;
        (Kind::Word, words::flags(word))
    }

    fn symbol(&mut self, byte: u8) -> Kind {
        let (kind, length) = match (byte, self.byte(1), self.byte(2)) {
            (b'(', ..) => (Kind::Open(self.run(b'(')), 0),
            (b')', ..) => (Kind::Close(self.run(b')')), 0),
            (b'-' | b'#', Some(b'>'), Some(b'>')) => (Kind::Json, 3),
            (b'-' | b'#' | b'@', Some(b'>'), _)
            | (b'<', Some(b'@'), _)
            | (b'?', Some(b'&' | b'|'), _) => (Kind::Json, 2),
            (b'!', Some(b'=' | b'~'), _) | (b'~', Some(b'*'), _) | (b':', Some(b'='), _) => {
                (Kind::Compare, 2)
            }
            (b'<' | b'>' | b'=', ..) => (Kind::Compare, self.compare()),
            (b'+' | b'-' | b'~' | b'!', ..) => (Kind::Sign, self.signs()),
            (b'*' | b'/' | b'%', ..) => (Kind::Arithmetic, 1),
            (b'|', Some(b'|'), _) | (b'&', Some(b'&'), _) => (Kind::Logic, 2),
            (b'|' | b'&' | b'^', ..) => (Kind::Bits, 1),
            (b',', ..) => (Kind::Comma, 1),
            (b'.', ..) => (Kind::Dot, 1),
            (b';', ..) => (Kind::Semicolon, 1),
            (b':', Some(b':'), _) => (Kind::Cast, 2),
            (b'{', ..) => (Kind::Brace, 1),
            _ => (Kind::Other, 1),
        };
        self.at += length;
        kind
    }

    /// Counts parentheses in a row, with space and comments between them, and moves behind them.
    fn run(&mut self, byte: u8) -> u16 {
        let mut count = 0_u16;
        loop {
            self.at += 1;
            count = count.saturating_add(1);
            let (before, executed) = (self.at, self.executed);
            self.space();
            if self.byte(0) != Some(byte) {
                // The next token wants to know of its gap; the space is walked once more at most.
                (self.at, self.executed) = (before, executed);
                return count;
            }
        }
    }

    fn compare(&self) -> usize {
        self.rest().iter().take(3).take_while(|byte| matches!(byte, b'<' | b'>' | b'=')).count()
    }

    /// Signs in a row, with space between them; not the start of a comment, nor of a comparison.
    fn signs(&self) -> usize {
        let rest = self.rest();
        let mut length = 1;
        let mut end = 1;
        while let Some(byte) = rest.get(length) {
            match byte {
                b'-' if rest.get(length + 1) == Some(&b'-') || rest[length - 1] == b'-' => break,
                b'!' if matches!(rest.get(length + 1), Some(b'=' | b'~')) => break,
                b'~' if rest.get(length + 1) == Some(&b'*') => break,
                b'+' | b'-' | b'~' | b'!' => end = length + 1,
                b' ' => {}
                _ => break,
            }
            length += 1;
        }
        end
    }
}

/// Returns the length up to and with the quote that closes a string. A doubled quote does not close it.
fn closing(rest: &[u8], quote: u8, escapes: bool) -> Option<usize> {
    let mut at = 0;
    while let Some(length) = memchr::memchr2(quote, b'\\', &rest[at..]) {
        at += length;
        if rest[at] == quote {
            if rest.get(at + 1) != Some(&quote) {
                return Some(at + 1);
            }
            at += 2;
        } else {
            at += if escapes { 2 } else { 1 };
        }
        if at >= rest.len() {
            return None;
        }
    }
    None
}

fn word_length(rest: &[u8]) -> usize {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'$');
    let mut length = 0;
    // Letters of other scripts are part of a word; curly quotes and the wide space are not.
    loop {
        length += rest[length..].iter().take_while(part).count();
        match rest[length..] {
            [0xc2, 0xa0, ..] | [0xe2, 0x80, 0x98..=0x9d, ..] | [] => return length,
            [0x80..=0xff, ..] => length += 1,
            _ => return length,
        }
    }
}

/// Bytes of a curly quote.
const CURLY: usize = 3;

/// What stands in brackets and is longer is no name of a column.
const LONGEST_NAME: usize = 64;

/// How far the end of a dollar quote is looked for, so that many starts without an end cost no more than this each.
const LONGEST_DOLLAR: usize = 256;

/// Tags of dollar quotes are short.
const LONGEST_TAG: usize = 16;
