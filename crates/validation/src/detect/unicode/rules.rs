//! What there is to find.

use crate::detect::{Class, Rule, Sink};

pub(in crate::detect) static RULES: &[Rule] = &[
    Rule {
        id: "unicode.bidi-override",
        class: Class::Unicode,
        sinks: &[Sink::Path, Sink::Url, Sink::Terminal],
        strictness: 1,
        message: 1,
        confidence: 90,
        reason: "a character that forces the direction of what follows",
        about: "Letters are shown in another order than they are stored: `gpj.exe` reads as `exe.jpg`. No language is \
                written with it. Show foreign texts through LogLine and names of files through Filename, which take it \
                out.",
        example: "photo_\u{202e}gpj.exe",
    },
    Rule {
        id: "unicode.bidi-unclosed",
        class: Class::Unicode,
        sinks: &[],
        strictness: 1,
        message: 2,
        confidence: 80,
        reason: "a change of the writing direction that its line does not end",
        about: "What stands behind the text on the same line, the rest of a log record or of a page, is shown in another \
                order too. Software that marks directions closes them. Show foreign texts through LogLine.",
        example: "\u{2066}test\u{2067}",
    },
    Rule {
        id: "unicode.bidi-control",
        class: Class::Unicode,
        sinks: &[],
        strictness: 2,
        message: 4,
        confidence: 60,
        reason: "a change of the writing direction in a text that has no letter written from right to left",
        about: "Without such letters nothing needs it; it reorders punctuation and comments, as in source code that \
                reads as something else than it does. Address books put it around telephone numbers, so in a message it \
                means little.",
        example: "if (\u{2067}admin\u{2069}) { }",
    },
    Rule {
        id: "unicode.tag-characters",
        class: Class::Unicode,
        sinks: &[Sink::Prompt],
        strictness: 1,
        message: 1,
        confidence: 95,
        reason: "letters that no font shows and that language models read",
        about: "Tag characters repeat ASCII invisibly, so a message can carry instructions that its reader does not \
                see. Only the flags of England, Scotland and Wales have a use for them, and those pass. Take them out \
                before a text reaches a model.",
        example: "Hello\u{e0069}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065}",
    },
    Rule {
        id: "unicode.hidden-in-word",
        class: Class::Unicode,
        sinks: &[],
        strictness: 2,
        message: 2,
        confidence: 70,
        reason: "an invisible character between two Latin letters",
        about: "It splits a word for filters and leaves it whole for readers. Scripts that need joiners keep them; Latin \
                letters have no use for any. Compare texts folded, and store names folded.",
        example: "pass\u{200b}word",
    },
    Rule {
        id: "unicode.hidden-run",
        class: Class::Unicode,
        sinks: &[Sink::Prompt],
        strictness: 2,
        message: 2,
        confidence: 80,
        reason: "many invisible characters in a row",
        about: "A row of them carries data that nobody sees: a watermark, or instructions to a language model. No \
                script needs more than two side by side.",
        example: "ok\u{200b}\u{200c}\u{200b}\u{200b}\u{200c}\u{200c}",
    },
    Rule {
        id: "unicode.blank-name",
        class: Class::Unicode,
        sinks: &[],
        strictness: 2,
        message: 3,
        confidence: 60,
        reason: "a text that looks empty and is not",
        about: "Made of letters without ink, it passes where a name must not be empty, and nobody can point at its \
                owner. Ask for at least one visible character.",
        example: "\u{3164}\u{3164}",
    },
    Rule {
        id: "unicode.stacked-marks",
        class: Class::Unicode,
        sinks: &[],
        strictness: 2,
        message: 2,
        confidence: 80,
        reason: "more accents on a letter than any language puts there",
        about: "The pile covers the lines above and below, which in a log are other people's. Keep at most three marks \
                to a letter.",
        example: "h\u{300}\u{301}\u{302}\u{303}\u{304}i",
    },
    Rule {
        id: "unicode.mixed-script",
        class: Class::Unicode,
        sinks: &[Sink::Url],
        strictness: 2,
        message: 2,
        confidence: 75,
        reason: "a word of two scripts that reads as one of a single script",
        about: "Cyrillic and Greek have letters that look like Latin ones. A name made of both looks like another \
                user's, and a word passes filters. Compare names by how they look, and allow one script to a name.",
        example: "p\u{430}yp\u{430}l",
    },
    Rule {
        id: "unicode.styled-letters",
        class: Class::Unicode,
        sinks: &[],
        strictness: 2,
        message: 3,
        confidence: 60,
        reason: "words in letters that normalisation turns into plain ones",
        about: "Mathematical, circled and full-width letters read as plain ones, pass filters, and become plain where \
                somebody normalises. Names are decorated with them too, so in a message this means little. Fold texts \
                before comparing them.",
        example: "\u{1d422}\u{1d420}\u{1d427}\u{1d428}\u{1d42b}\u{1d41e} \u{1d41a}\u{1d425}\u{1d425}",
    },
    Rule {
        id: "unicode.turned-letters",
        class: Class::Unicode,
        sinks: &[],
        strictness: 2,
        message: 4,
        confidence: 50,
        reason: "words in letters that are turned upside down",
        about: "They read as plain text to whoever tilts their head, and as nothing to filters. Phonetic notation has \
                the same letters, so in a message this means little.",
        example: "\u{250}\u{131}\u{279}\u{1dd} \u{287}\u{265}\u{131}\u{1dd}\u{265} \u{26f}\u{131}",
    },
    Rule {
        id: "unicode.odd-spaces",
        class: Class::Unicode,
        sinks: &[],
        strictness: 2,
        message: 4,
        confidence: 50,
        reason: "several kinds of blanks that are not the plain one",
        about: "Parsers disagree which of them separate words, so two programs read two texts. Fold blanks before a \
                text is split.",
        example: "a\u{2003}b\u{2009}c\u{1680}d",
    },
];

pub(super) const OVERRIDE: usize = 0;
pub(super) const UNCLOSED: usize = 1;
pub(super) const CONTROL: usize = 2;
pub(super) const TAGS: usize = 3;
pub(super) const IN_WORD: usize = 4;
pub(super) const RUN: usize = 5;
pub(super) const BLANK: usize = 6;
pub(super) const STACKED: usize = 7;
pub(super) const MIXED: usize = 8;
pub(super) const STYLED: usize = 9;
pub(super) const TURNED: usize = 10;
pub(super) const SPACES: usize = 11;
