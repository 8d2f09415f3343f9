//! Commands of a shell, as far as it takes to know which programs run with which words.

/// A simple command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Command {
    /// Its words without their quotes; `>` and `<` are words of their own.
    pub(crate) words: Vec<String>,
    /// Whether it reads what the command before it writes.
    pub(crate) is_piped: bool,
    /// The texts of `$(...)`, of backticks and of `<(...)` in it.
    pub(crate) inner: Vec<String>,
}

/// Splits a script into its commands, in order; those inside of others follow them.
pub(crate) fn commands(text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut waiting = vec![(text.to_owned(), 0)];
    while let Some((text, depth)) = waiting.pop() {
        for command in (Splitter::new(&text)).run() {
            if depth < DEEPEST {
                let scripts = script(&command.words).into_iter().map(ToOwned::to_owned);
                let inner = command.inner.iter().cloned();
                waiting.extend(scripts.chain(inner).map(|text| (text, depth + 1)));
            }
            found.push(command);
        }
    }
    found
}

/// Returns the words from the program on: what sets variables or only starts another program is left out.
pub(crate) fn program(words: &[String]) -> &[String] {
    let mut rest = words;
    while let Some(first) = rest.first() {
        let name = base_name(first);
        if is_assignment(first) || KEYWORDS.contains(&name) {
            rest = &rest[1..];
            continue;
        }
        let Some((_, taking)) = STARTERS.iter().find(|(starter, _)| *starter == name) else {
            break;
        };
        rest = &rest[1..];
        while let Some(option) = rest.first() {
            let is_option = option.starts_with('-') || is_assignment(option);
            let is_duration = name == "timeout" && option.starts_with(|c: char| c.is_ascii_digit());
            if !is_option && !is_duration {
                break;
            }
            let takes = taking.contains(&option.as_str());
            rest = rest.get(1 + usize::from(takes)..).unwrap_or_default();
        }
        if matches!(name, "gosu" | "su-exec") {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    rest
}

/// Returns the last name of a path.
pub(crate) fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Returns the script that a shell is given as a word: `sh -c 'script'`.
fn script(words: &[String]) -> Option<&str> {
    let words = program(words);
    let is_shell = words.first().is_some_and(|name| SHELLS.contains(&base_name(name)));
    let at = words.iter().position(|word| {
        word.len() > 1 && word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
    })?;
    (is_shell && at < 4).then(|| words.get(at + 1).map(String::as_str)).flatten()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

struct Splitter<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    command: Command,
    word: Option<String>,
    found: Vec<Command>,
}

impl<'t> Splitter<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            command: Command::default(),
            word: None,
            found: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Command> {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            let next = self.bytes.get(self.at + 1).copied();
            match byte {
                b' ' | b'\t' | b'\r' => self.end_word(),
                b'#' if self.word.is_none() => self.skip_comment(),
                b'&' if next == Some(b'&') => self.double(false),
                b'|' if next == Some(b'|') => self.double(false),
                b'|' => self.end_command(true),
                b'&' if next == Some(b'>') || self.follows_redirection() => self.push(1),
                b'&' | b'\n' | b';' | b'(' | b')' => self.end_command(false),
                b'\'' => self.quoted(),
                b'"' => self.double_quoted(),
                b'\\' => self.escaped(),
                b'$' | b'<' | b'>' if next == Some(b'(') => self.substitution(),
                b'`' => self.backticks(),
                b'>' | b'<' => self.redirection(byte),
                _ => self.push(1),
            }
            self.at += 1;
        }
        self.end_command(false);
        self.found
    }

    fn push(&mut self, bytes: usize) {
        let end = self.text.ceil_char_boundary(self.at + bytes);
        let start = self.text.floor_char_boundary(self.at);
        // What lies within a character was pushed with its first byte.
        if start == self.at {
            self.word.get_or_insert_default().push_str(&self.text[start..end]);
        }
    }

    fn end_word(&mut self) {
        self.command.words.extend(self.word.take());
    }

    fn end_command(&mut self, is_pipe: bool) {
        self.end_word();
        let next = Command { is_piped: is_pipe, ..Command::default() };
        let ended = std::mem::replace(&mut self.command, next);
        if !ended.words.is_empty() {
            self.found.push(ended);
        } else if ended.is_piped && !is_pipe {
            // `curl x | \n sh`: the pipe goes on behind the end of the line.
            self.command.is_piped = self.bytes.get(self.at) == Some(&b'\n');
        }
    }

    fn double(&mut self, is_pipe: bool) {
        self.end_command(is_pipe);
        self.at += 1;
    }

    fn skip_comment(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len()).saturating_sub(1);
    }

    fn follows_redirection(&self) -> bool {
        self.at > 0 && matches!(self.bytes[self.at - 1], b'>' | b'<')
    }

    fn quoted(&mut self) {
        let rest = &self.text[self.at + 1..];
        let end = memchr::memchr(b'\'', rest.as_bytes()).unwrap_or(rest.len());
        self.word.get_or_insert_default().push_str(&rest[..end]);
        self.at += 1 + end;
    }

    fn double_quoted(&mut self) {
        self.word.get_or_insert_default();
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b'"' => return,
                b'\\' => self.escaped(),
                b'`' => self.backticks(),
                b'$' if self.bytes.get(self.at + 1) == Some(&b'(') => self.substitution(),
                _ => self.push(1),
            }
            self.at += 1;
        }
    }

    fn escaped(&mut self) {
        self.at += 1;
        if self.bytes.get(self.at).is_some_and(|byte| *byte != b'\n') {
            self.push(1);
        }
    }

    /// Takes `$(...)` and `<(...)`: their text is looked at later, and stands in the word.
    fn substitution(&mut self) {
        let start = self.at + 2;
        let mut open = 1_usize;
        let mut end = start;
        while open > 0 {
            match self.bytes.get(end) {
                None => break,
                Some(b'(') => open += 1,
                Some(b')') => open -= 1,
                Some(_) => {}
            }
            end += 1;
        }
        let inner = &self.text[start..if open == 0 { end - 1 } else { end }];
        self.take_inner(inner, end);
    }

    fn backticks(&mut self) {
        let start = self.at + 1;
        let rest = &self.text[start..];
        let length = memchr::memchr(b'`', rest.as_bytes()).unwrap_or(rest.len());
        self.take_inner(&rest[..length], start + length + 1);
    }

    fn take_inner(&mut self, inner: &str, end: usize) {
        self.command.inner.push(inner.to_owned());
        self.word.get_or_insert_default().push_str(INNER);
        self.at = end - 1;
    }

    fn redirection(&mut self, byte: u8) {
        // `2>` names a stream and no word.
        if self.word.as_deref().is_some_and(|word| word.bytes().all(|one| one.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        while self.bytes.get(self.at + 1) == Some(&byte) {
            self.at += 1;
        }
        self.command.words.push((byte as char).to_string());
    }
}

/// Stands in a word for what a command inside writes.
pub(crate) const INNER: &str = "$()";

/// Programs that run the text that they are given.
pub(crate) const SHELLS: [&str; 8] = ["ash", "bash", "busybox", "dash", "ksh", "sh", "tcsh", "zsh"];

const KEYWORDS: [&str; 11] =
    ["!", "{", "do", "elif", "else", "if", "then", "until", "while", "eval", "builtin"];

/// Programs that start another, and their options that take a word.
const STARTERS: [(&str, &[&str]); 15] = [
    ("command", &[]),
    ("doas", &["-u"]),
    ("env", &["-u", "-C"]),
    ("exec", &["-a"]),
    ("gosu", &[]),
    ("ionice", &["-c", "-n"]),
    ("nice", &["-n"]),
    ("nohup", &[]),
    ("setpriv", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("su-exec", &[]),
    ("sudo", &["-u", "-g", "-h", "-p", "-C"]),
    ("time", &[]),
    ("timeout", &["-s", "-k"]),
    ("xargs", &["-I", "-n", "-P", "-d", "-L"]),
];

/// A script in a script in a script.
const DEEPEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let all = commands(text);
        let show = |one: &Command| {
            format!("{}{}", if one.is_piped { "| " } else { "" }, program(&one.words).join(" "))
        };
        all.iter().map(show).collect()
    }

    #[test]
    fn commands_come_apart_and_words_lose_their_quotes() {
        assert_eq!(shown("a 'b c' && d \"e\"f | sudo -E g - ; h"), ["a b c", "d ef", "| g -", "h"]);
        assert_eq!(shown("A=1 env B=2 timeout 5 x > y 2>&1"), ["x > y > &1"]);
        assert_eq!(shown("bash -c \"$(curl x)\""), ["bash -c $()", "curl x", "$()"]);
        assert_eq!(shown("sh -ec 'wget y | sh' # end"), ["sh -ec wget y | sh", "wget y", "| sh"]);
        assert_eq!(shown("curl é |\n bash"), ["curl é", "| bash"]);
    }

    #[test]
    fn what_never_ends_is_taken_to_the_end() {
        for text in ["'", "\"", "$(", "`", "\\", "a |", "(((", "\"$(", "é'", "<(", "$(`é"] {
            assert!(commands(text).len() < 10, "{text}");
        }
        assert!(commands(&"$(".repeat(50_000)).len() < 50);
    }
}
