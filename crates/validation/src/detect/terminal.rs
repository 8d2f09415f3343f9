//! Sequences that steer a terminal.

use std::ops::Range;

use super::hits::{Hits, View};
use super::{Class, Layer, Rule};

pub(super) static RULES: &[Rule] = &[
    Rule {
        id: "terminal.escape-sequence",
        class: Class::Terminal,
        sinks: &[],
        strictness: 1,
        message: 1,
        confidence: 95,
        reason: "an escape sequence, which a terminal obeys",
        about: "A terminal that shows the text moves its cursor, hides or rewrites lines, sets its title, fills the \
                clipboard or answers as if the operator had typed. Whoever reads a log must not see what its writer \
                chose. Write texts through LogLine, which shows control characters as escapes.",
        example: "\u{1b}[2J",
    },
    Rule {
        id: "terminal.overwrite",
        class: Class::Terminal,
        sinks: &[],
        strictness: 1,
        message: 2,
        confidence: 80,
        reason: "backspaces or bells, which no keyboard puts in a message",
        about: "A terminal goes back and overwrites what it has shown, so that its reader sees another text than the \
                one that was sent. Write texts through LogLine, which shows control characters as escapes.",
        example: "rm file\u{8}\u{8}\u{8}\u{8}ls",
    },
    Rule {
        id: "terminal.written-sequence",
        class: Class::Terminal,
        sinks: &[],
        strictness: 2,
        message: 4,
        confidence: 60,
        reason: "an escape sequence in writing, which a decoder makes a real one",
        about: "Programmers write such sequences too, so in a message this means little. In what goes to `echo -e`, \
                `printf` or a decoder of JSON it becomes a sequence that the terminal obeys. Write texts through \
                LogLine.",
        example: "\\x1b]0;owned\\x07",
    },
    Rule {
        id: "terminal.return",
        class: Class::Terminal,
        sinks: &[],
        strictness: 2,
        message: 0,
        confidence: 60,
        reason: "a carriage return within a line, which lets what follows cover what stood before",
        about: "A terminal goes back to the start of the line. In a log, the line then reads as its sender likes. Write \
                texts through LogLine, which shows control characters as escapes.",
        example: "login failed\rlogin ok    ",
    },
    Rule {
        id: "terminal.control-character",
        class: Class::Terminal,
        sinks: &[],
        strictness: 2,
        message: 0,
        confidence: 60,
        reason: "a control character other than tab and line break",
        about: "Terminals, editors and log viewers each do something else with it: change the character set, stop \
                reading, ring. Write texts through LogLine, which shows control characters as escapes.",
        example: "a\u{0}b\u{e}c",
    },
];

const SEQUENCE: usize = 0;
const OVERWRITE: usize = 1;
const WRITTEN: usize = 2;
const RETURN: usize = 3;
const CONTROL: usize = 4;

/// Every sequence begins with one of these.
pub(super) const GATE: &[&str] = &["\u{1b}", "\u{8}", "\u{7}", "\u{9b}", "\u{9d}", "\\e["];

/// Looks at every control character.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let bytes = view.text.as_bytes();
    let is_decoded = !matches!(view.layer, Layer::Raw | Layer::Folded);
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1).copied();
        let (rule, len) = match byte {
            0x1b if is_decoded => (WRITTEN, sequence(bytes, at + 1)),
            0x1b => (SEQUENCE, sequence(bytes, at + 1)),
            0x07 | 0x08 if is_decoded => (WRITTEN, 1),
            0x07 | 0x08 => (OVERWRITE, 1),
            b'\r' if !matches!(next, Some(b'\r' | b'\n') | None) => (RETURN, 1),
            b'\t' | b'\n' | b'\r' => continue,
            0..=0x1f | 0x7f => (CONTROL, 1),
            0xc2 if matches!(next, Some(0x9b | 0x9d)) && is_parameter(bytes.get(at + 2)) => {
                (SEQUENCE, 2)
            }
            0xc2 if matches!(next, Some(0x80..=0x9f)) => (CONTROL, 2),
            b'\\' if bytes[at..].starts_with(b"\\e[") => (WRITTEN, 3),
            _ => continue,
        };
        hits.hit(&RULES[rule], place(at, len, view.text));
    }
}

fn is_parameter(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| matches!(byte, b'0'..=b'9' | b';' | b'?'))
}

/// The length of a control sequence with its introducer; of any other the two bytes that begin it.
fn sequence(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at) != Some(&b'[') {
        return 2;
    }
    let parameters =
        bytes[at + 1..].iter().take(LONGEST).take_while(|byte| matches!(byte, 0x20..=0x3f));
    parameters.count() + 3
}

/// Ends a place where the text does, and between characters.
fn place(at: usize, len: usize, text: &str) -> Range<usize> {
    let mut end = (at + len).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    at..end
}

/// Parameters of any sequence that a terminal knows.
const LONGEST: usize = 32;
