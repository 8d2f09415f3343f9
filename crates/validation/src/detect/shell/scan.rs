//! Walks a text from one place where a command may start to the next.

use super::place::{Found, Place, Start};
use super::rules;
use crate::detect::Rule;
use crate::detect::hits::{Hits, whole_chars};

/// Looks at each place.
pub(super) fn scan(text: &str, hits: &mut Hits<'_>) {
    let bytes = text.as_bytes();
    let shape = Shape::of(bytes);
    let mut at = 0;
    let mut next = Some((Start::Text, shape.first));
    loop {
        if let Some((start, from)) = next {
            if !hits.spend(COST) {
                return;
            }
            let place = Place { text: bytes, start, from, leads: shape.leads(at) };
            if let Some((found, end)) = place.found() {
                hits.hit(rule(found), whole_chars(text, at..end.max(from)));
            }
        }
        at = match next {
            Some((Start::Text, _)) => 0,
            Some((_, from)) => from,
            None => at + 1,
        };
        let Some(step) =
            bytes.get(at..).and_then(|rest| rest.iter().position(|byte| STARTS.contains(byte)))
        else {
            return;
        };
        at += step;
        next = start(bytes, at);
    }
}

const fn rule(found: Found) -> &'static Rule {
    match found {
        Found::Chained => &rules::CHAINED,
        Found::Substituted => &rules::SUBSTITUTED,
        Found::Line => &rules::LINE,
        Found::Plain => &rules::PLAIN,
        Found::Quoted => &rules::QUOTED,
        Found::Hidden => &rules::HIDDEN,
    }
}

/// Where the first words of the text are.
struct Shape {
    /// Where a command that is the whole text begins.
    first: usize,
    /// Where the second word starts: an operator up to here follows one token at most.
    second: usize,
}

impl Shape {
    fn of(text: &[u8]) -> Self {
        let blank = |byte: &u8| byte.is_ascii_whitespace();
        let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
        let token = text[start..].iter().take(64).position(blank).unwrap_or(64);
        let mut second = (start + token).min(text.len());
        second += text[second..].iter().take_while(|byte| blank(byte)).count();
        // A text quoted as a whole is a command within quotes.
        let quote = text.get(start).filter(|byte| matches!(byte, b'"' | b'\''));
        let quoted = quote.is_some_and(|quote| {
            text.iter().rev().find(|byte| !blank(byte)) == Some(quote)
                && text[start + 1..].len() > 1
        });
        let inner = text.get(start + 1).is_some_and(u8::is_ascii_alphanumeric) && token > 2;
        Self { first: start + usize::from(quoted && inner), second }
    }

    fn leads(&self, at: usize) -> bool {
        at <= self.second
    }
}

/// Tells what starts at a byte of `STARTS`, and where the command begins.
fn start(text: &[u8], at: usize) -> Option<(Start, usize)> {
    let byte = text[at];
    let next = text.get(at + 1).copied();
    let before = at.checked_sub(1).map(|before| text[before]);
    match byte {
        b'\n' | b'\r' => Some((Start::Line, at + 1)),
        // Two or three of them fence code.
        b'`' if next == Some(b'`') || before == Some(b'`') => None,
        b'`' if is_closing(&text[..at]) => None,
        b'`' => Some((Start::Backquote, at + 1)),
        b'$' | b'<' | b'>' if next == Some(b'(') => Some((Start::Parenthesis, at + 2)),
        b'$' | b'<' | b'>' => None,
        b';' if ends_reference(&text[..at]) => None,
        b'|' if before == Some(b'\\') => None,
        b'&' if matches!(before, Some(b'>' | b'<')) || next == Some(b'>') || next == Some(b'#') => {
            None
        }
        byte if next == Some(byte) => Some((Start::Operator(b'2'), at + 2)),
        b'|' if next == Some(b'&') => Some((Start::Operator(b'2'), at + 2)),
        byte => Some((Start::Operator(byte), at + 1)),
    }
}

/// Tells whether a backquote here ends what another one on its line began.
fn is_closing(before: &[u8]) -> bool {
    let before = &before[before.len().saturating_sub(LINE)..];
    let line = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]);
    memchr::memchr_iter(b'`', line).count() % 2 == 1
}

/// Tells whether a semicolon here ends `&amp;` or `&#39;`.
fn ends_reference(before: &[u8]) -> bool {
    let Some(back) = before.iter().rev().take(9).position(|byte| *byte == b'&') else {
        return false;
    };
    let name = &before[before.len() - back..];
    name.first() == Some(&b'#') || REFERENCES.iter().any(|known| name == known.as_bytes())
}

/// How far back a line is looked at.
const LINE: usize = 400;

/// How many bytes a place costs, for the budget of work.
const COST: usize = 64;

const STARTS: &[u8] = b";|&\n\r`$<>";

const REFERENCES: &[&str] = &[
    "amp", "lt", "gt", "quot", "apos", "nbsp", "copy", "reg", "trade", "laquo", "raquo", "ldquo",
    "rdquo", "lsquo", "rsquo", "hellip", "ndash", "mdash", "bull", "middot", "times", "euro",
    "pound", "yen", "cent", "deg", "auml", "ouml", "uuml", "Auml", "Ouml", "Uuml", "szlig",
    "eacute", "egrave", "agrave", "ccedil", "ntilde",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Sink;

    fn found(text: &str) -> Vec<&'static str> {
        let mut hits = Hits::new(Some(Sink::Shell), 4, &|_| false, (1 << 20, 1 << 20));
        scan(text, &mut hits);
        hits.finish().into_iter().map(|finding| finding.rule.id).collect()
    }

    #[test]
    fn commands_are_found_where_a_shell_starts_them() {
        for (text, expected) in [
            (";id", Found::Chained),
            ("; cat /etc/hosts", Found::Chained),
            ("127.0.0.1 && whoami", Found::Chained),
            ("x| nc 10.0.0.1 99", Found::Chained),
            ("a;sleep 5;", Found::Chained),
            ("$(id)", Found::Substituted),
            ("`id`", Found::Substituted),
            ("w'h'o'am'i", Found::Hidden),
            (";c\\at /x", Found::Hidden),
            ("ls${IFS}-la", Found::Hidden),
            ("/???/??t x", Found::Hidden),
            ("curl https://a.example/x", Found::Plain),
            ("ifconfig -a", Found::Line),
            ("tool-x --list", Found::Plain),
            ("\"netstat -an\"", Found::Line),
            ("x\nid", Found::Line),
            ("; X=1 id", Found::Chained),
            ("& ping -n 9 x", Found::Chained),
            (";./run", Found::Chained),
        ] {
            assert_eq!(found(text).first(), Some(&rule(expected).id), "{text}");
        }
    }

    #[test]
    fn prose_and_code_have_other_words_there() {
        for text in [
            "find all files in /etc and sort them",
            "I like dogs; cat lovers too",
            "bread & cut 3 slices",
            "C++ & python",
            "id = 3; cat = 4; sort(x)",
            "a & b; type x = string | date",
            "Tom&#39;s; id: 5",
            "?a=1&id=5&sort=up",
            "| id | name | date |",
            "(id|name|sort)",
            "weird -thing that you do",
            "<cat> (dog)",
            "say yes; who knows",
            "use `make` and `cat x` for the rest of it",
            "give it to \"sort x | wc -l\" and print the result",
        ] {
            let all: Vec<_> =
                found(text).into_iter().filter(|id| *id != rules::QUOTED.id).collect();
            assert_eq!(all, [""; 0], "{text}");
        }
    }
}
