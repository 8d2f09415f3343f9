//! Patterns as Go's `regexp` reads them, on a machine that needs linear time.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// A pattern that matches whole values.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

/// A pattern that is not one, or too large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(String);

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Result<Self, PatternError> {
        let translated = translate(pattern)?;
        RegexBuilder::new(&format!("^(?:{translated})$"))
            .size_limit(MAX_PROGRAM)
            .dfa_size_limit(MAX_CACHE)
            .nest_limit(MAX_NESTING)
            .build()
            .map(Self)
            .map_err(|error| PatternError(reason(&error)))
    }

    pub(crate) fn is_match(&self, value: &str) -> bool {
        self.0.is_match(value)
    }

    /// Returns the replacement with the groups of the match put in, or none without a match.
    pub(crate) fn expand(&self, value: &str, replacement: &str) -> Option<String> {
        let groups = self.0.captures(value)?;
        let mut expanded = String::new();
        groups.expand(replacement, &mut expanded);
        Some(expanded)
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

/// Rewrites what the two dialects read differently: classes are ASCII in Go, brackets and `&&` inside a class stand for
/// themselves, `\Q` quotes, and `\C` is refused.
fn translate(pattern: &str) -> Result<String, PatternError> {
    if pattern.len() > MAX_LENGTH {
        return Err(PatternError(format!("a pattern has at most {MAX_LENGTH} bytes")));
    }
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut class = false;
    let mut groups: usize = 0;
    while let Some(char) = chars.next() {
        match (char, class) {
            ('\\', _) => match chars.next() {
                Some('Q') => quote(&mut chars, &mut out),
                Some(escaped) => out.push_str(&escape(escaped, class)?),
                None => return Err(PatternError("trailing backslash".to_owned())),
            },
            ('[', false) => {
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // The first bracket of a class is one of its members.
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
                class = true;
            }
            ('[', true) if chars.peek() == Some(&':') => {
                named(&mut chars, &mut out);
            }
            ('[' | '&' | '~', true) => {
                out.push('\\');
                out.push(char);
            }
            (']', true) => {
                out.push(']');
                class = false;
            }
            ('{', false) if !is_repetition(&chars) => out.push_str("\\{"),
            _ => {
                // One that closes what we put around the pattern would make it match parts of values.
                match char {
                    '(' if !class => groups += 1,
                    ')' if !class => {
                        let less = groups.checked_sub(1);
                        groups = less.ok_or_else(|| PatternError("unopened group".to_owned()))?;
                    }
                    _ => {}
                }
                out.push(char);
            }
        }
    }
    Ok(out)
}

/// Whether a brace that was read begins a repetition; any other stands for itself in Go.
fn is_repetition(chars: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let mut rest = chars.clone().skip_while(char::is_ascii_digit);
    let has_digits = chars.clone().next().is_some_and(|first| first.is_ascii_digit());
    let closes = match rest.next() {
        Some(',') => rest.find(|c| !c.is_ascii_digit()) == Some('}'),
        other => other == Some('}'),
    };
    has_digits && closes
}

/// Writes `[:name:]`, of which the opening bracket was read.
fn named(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    // No name of a class is longer.
    let rest: String = chars.clone().take(16).collect();
    let end = rest[1..].find(":]").map(|at| at + 3);
    match end {
        Some(end)
            if rest[1..end - 2].bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'^') =>
        {
            out.push('[');
            out.extend(chars.by_ref().take(end));
        }
        _ => out.push_str("\\["),
    }
}

fn quote(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    while let Some(char) = chars.next() {
        if char == '\\' && chars.next_if_eq(&'E').is_some() {
            return;
        }
        out.push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
    }
}

fn escape(escaped: char, in_class: bool) -> Result<String, PatternError> {
    let text = match (escaped, in_class) {
        ('d', false) => "[0-9]",
        ('d', true) => "0-9",
        ('w', false) => "[0-9A-Za-z_]",
        ('w', true) => "0-9A-Za-z_",
        ('s', false) => "[\\t\\n\\x0C\\r ]",
        ('s', true) => "\\t\\n\\x0C\\r ",
        ('D', _) => "[^0-9]",
        ('W', _) => "[^0-9A-Za-z_]",
        ('S', _) => "[^\\t\\n\\x0C\\r ]",
        // Around the letters of ASCII only.
        ('b', false) => "(?-u:\\b)",
        // Without Unicode it could stand inside a letter; with it, it agrees wherever both neighbours are ASCII.
        ('B', false) => "\\B",
        ('C' | 'E' | '<' | '>', _) => {
            return Err(PatternError(format!("unknown escape \\{escaped}")));
        }
        _ => return Ok(format!("\\{escaped}")),
    };
    Ok(text.to_owned())
}

/// Returns the last line of the error: the others draw the pattern.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the pattern needs too much memory".to_owned(),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    }
}

/// The longest pattern, in bytes: alternatives of a few hundred host names.
const MAX_LENGTH: usize = 16 * 1024;

/// The largest program of a pattern: a thousandfold repetition of a small one, as in Go.
const MAX_PROGRAM: usize = 4 << 20;

/// What a pattern keeps of its states.
const MAX_CACHE: usize = 1 << 20;

/// The deepest nesting of groups.
const MAX_NESTING: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        let check = |pattern: &str, value: &str, expected: bool| {
            assert_eq!(
                Pattern::new(pattern).unwrap().is_match(value),
                expected,
                "{pattern} {value}"
            );
        };
        check("a|b", "ab", false);
        check("a|b", "b", true);
        check(r"\d+", "12", true);
        check(r"\d+", "\u{664}", false);
        check(r"[\d&&x]+", "1&x", true);
        check(r"[[a~~b]+", "[a~b", true);
        check(r"[]a]+", "]a", true);
        check(r"[^]a]+", "bc", true);
        check(r"[[:alpha:][]+", "ab[", true);
        check(r"\Qa.b\E.", "a.bc", true);
        check(r"\Qa.b", "axb", false);
        check(r"(?i)ABC\w", "abc_", true);
        check("a{2,}b{1}", "aab", true);
        check("a{2,b{,1}{", "a{2,b{,1}{", true);
        check(".*", "a\nb", false);
        check("(?s).*", "a\nb", true);
        for wrong in ["(", ")(", "[", r"\C", "*", "\\", "(?:x{1000}){1000}", r"\p{Nope}"] {
            assert!(Pattern::new(wrong).is_err(), "{wrong}");
        }
    }
}
