//! Commands that are written in one line, as words.

/// Splits a line into words as a POSIX shell does: quotes and backslashes, nothing else. `None` when a quote is open.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '"' => break,
                        '\\' => match rest.next()? {
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(rest.next()?),
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// Whether a shell would make more of it than words.
pub(super) fn needs_shell(line: &str) -> bool {
    let mut quote = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match quote {
            Some('\'') if c != '\'' => {}
            _ if c == '\\' => drop(rest.next()),
            _ if matches!(c, '$' | '`') => return true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None if "|&;<>()*?[~#".contains(c) => return true,
            _ => {}
        }
    }
    // A first word with `=` sets a variable.
    split(line)
        .and_then(|words| words.into_iter().next())
        .is_some_and(|first| first.split_once('=').is_some_and(|(name, _)| is_variable(name)))
}

/// Returns the words of a line, or a shell that is given the line, where only a shell understands it.
pub(super) fn command(line: &str) -> Option<(Vec<String>, bool)> {
    if needs_shell(line) {
        let shell = ["/bin/sh", "-c", line.trim()].map(str::to_owned);
        return Some((shell.to_vec(), true));
    }
    split(line).map(|words| (words, false))
}

pub(super) const SHELL_NOTE: &str =
    "needs a shell, so it is given to one; name a program to be rid of it";

pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        let words = |line| split(line).unwrap();
        assert_eq!(words("a  b\tc"), ["a", "b", "c"]);
        assert_eq!(words(r#"a 'b "c' "d 'e\" $" f\ g """#), ["a", "b \"c", "d 'e\" $", "f g", ""]);
        assert_eq!(words(""), [""; 0]);
        assert_eq!((split("'a"), split("\"a"), split("a\\")), (None, None, None));
    }

    #[test]
    fn only_what_a_shell_understands_is_given_to_one() {
        for line in ["a | b", "a && b", "a $B", "A=b c", "a > b", "a \"$B\"", "a *"] {
            assert!(needs_shell(line), "{line}");
        }
        for line in ["a b", "a '$B | c'", "a --b=c", "a \\$b", "./a=b c"] {
            assert!(!needs_shell(line), "{line}");
        }
        assert_eq!(command("a | b").unwrap().0, ["/bin/sh", "-c", "a | b"]);
    }
}
