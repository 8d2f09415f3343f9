//! A sliding view of the tokens, so that a text of any length is read in constant memory.

use super::lexer::{Kind, Lexer, Place, Token};

/// The tokens around the current one.
pub(super) struct Window<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    ring: [Token; RING],
    current: usize,
    read: usize,
}

impl<'t> Window<'t> {
    pub(super) fn new(text: &'t str, place: Place) -> Self {
        let mut window = Self {
            text,
            lexer: Lexer::new(text, place),
            ring: [Token::NONE; RING],
            current: 0,
            read: 0,
        };
        while window.read < AHEAD {
            window.read_one();
        }
        window
    }

    /// Moves to the next token; tells whether there is one.
    pub(super) fn advance(&mut self) -> bool {
        self.current += 1;
        self.read_one();
        !self.at(0).is_end()
    }

    fn read_one(&mut self) {
        self.ring[self.read % RING] = self.lexer.next();
        self.read += 1;
    }

    /// Returns the token so many places ahead, or the end where the view ends.
    pub(super) fn at(&self, ahead: usize) -> Token {
        if ahead < AHEAD { self.ring[(self.current + ahead) % RING] } else { Token::NONE }
    }

    /// Returns the token before the current one; at the start of the text there is none.
    pub(super) fn before(&self) -> Option<Token> {
        let index = self.current.checked_sub(1)?;
        Some(self.ring[index % RING])
    }

    pub(super) fn text(&self, token: Token) -> &'t str {
        // A lexer cuts between characters: it stops only at ASCII bytes and behind whole curly quotes.
        self.text.get(token.start..token.end).unwrap_or("")
    }

    /// Tells whether the token so many places ahead is this word.
    pub(super) fn is(&self, ahead: usize, word: &str) -> bool {
        let token = self.at(ahead);
        token.kind == Kind::Word && self.text(token).eq_ignore_ascii_case(word)
    }

    /// Tells whether it is one of these words, which spaces separate.
    pub(super) fn is_any(&self, ahead: usize, words: &str) -> bool {
        self.at(ahead).kind == Kind::Word
            && words.split_ascii_whitespace().any(|word| self.is(ahead, word))
    }

    /// Returns what stands between two tokens.
    pub(super) fn between(&self, first: Token, second: Token) -> &'t str {
        self.text.get(first.end..second.start).unwrap_or("")
    }

    /// Tells whether the quote that ends the place occurs an odd number of times.
    pub(super) fn quotes_are_odd(&self, place: Place) -> bool {
        match place {
            Place::Bare => false,
            Place::In(quote) => memchr::memchr_iter(quote, self.text.as_bytes()).count() % 2 == 1,
        }
    }

    /// Returns the character before a place of the text.
    pub(super) fn char_before(&self, at: usize) -> Option<char> {
        self.text.get(..at)?.chars().next_back()
    }

    /// Returns the character at a place of the text.
    pub(super) fn char_at(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }
}

/// Longer than any shape that is looked for, short enough that looking ahead costs little.
const AHEAD: usize = 32;

/// A power of two above it, with room for the token before.
const RING: usize = 64;
