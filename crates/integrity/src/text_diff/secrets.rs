//! Secrets as configuration files have them.

use std::ops::Range;

use super::Redact;

/// Finds what usually is secret in configuration files: values of names such as `password`, `api_key` or `TOKEN` in
/// the ways that TOML, YAML, JSON, INI, shell and command lines write them; passwords in addresses; private keys;
/// password hashes; tokens by their usual beginnings, and long texts that look drawn at random.
///
/// It rather masks too much: a diff without a value is still a diff.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsualSecrets;

impl Redact for UsualSecrets {
    fn secrets(&self, text: &str) -> Vec<Range<usize>> {
        let mut secrets = Vec::new();
        let mut open = Open::Nothing;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.trim_end_matches(['\n', '\r']).len();
            open = read(text, start..end, open, &mut secrets);
            start += line.len();
        }
        secrets
    }
}

/// What the lines before have begun.
#[derive(Clone, Copy)]
enum Open {
    Nothing,
    /// The value goes on in all lines that are indented deeper than this.
    Block(usize),
    /// The value goes on in the next line.
    NextLine,
    /// The value goes on until this.
    Until(&'static str),
}

fn read(text: &str, line: Range<usize>, open: Open, secrets: &mut Vec<Range<usize>>) -> Open {
    let content = &text[line.clone()];
    let indent = content.len() - content.trim_start().len();
    match open {
        Open::Block(outer) if content.trim().is_empty() => return Open::Block(outer),
        // A bracket that closes the list may stand as deep as the name.
        Open::Block(outer) if indent > outer => {
            secrets.push(line.start + indent..line.end);
            return Open::Block(outer);
        }
        Open::NextLine => {
            secrets.push(line.start + indent..line.end);
            return if content.ends_with('\\') { Open::NextLine } else { Open::Nothing };
        }
        Open::Until(end) => {
            let found = content.find(end);
            let last = found.map_or(line.end, |at| line.start + at);
            secrets.push(line.start..last);
            return if found.is_some() { Open::Nothing } else { Open::Until(end) };
        }
        Open::Block(_) | Open::Nothing => {}
    }
    words(text, line.clone(), secrets);
    let open = assignments(text, line.clone(), indent, secrets);
    // A whole file may be one line: what stands beside the key is read as ever.
    if let Some(at) = content.find("-----BEGIN ").filter(|_| content.contains("PRIVATE KEY")) {
        let after = at + "-----BEGIN ".len();
        match content[after..].find("-----END ") {
            Some(end) => secrets.push(line.start + after..line.start + after + end),
            None => return Open::Until("-----END "),
        }
    }
    open
}

/// Masks the values of names that tell of a secret.
fn assignments(
    text: &str,
    line: Range<usize>,
    indent: usize,
    secrets: &mut Vec<Range<usize>>,
) -> Open {
    let bytes = text.as_bytes();
    let mut at = line.start;
    while let Some(found) = text[at..line.end].find(['=', ':']) {
        let separator = at + found;
        at = separator + 1;
        if !is_secret(name_before(&text[line.start..separator])) {
            continue;
        }
        while at < line.end && matches!(bytes[at], b'=' | b'>' | b':' | b' ' | b'\t') {
            at += 1;
        }
        let value = &text[at..line.end];
        for quote in ["\"\"\"", "'''"] {
            if let Some(rest) = value.strip_prefix(quote) {
                let Some(length) = rest.find(quote) else {
                    secrets.push(at..line.end);
                    return Open::Until(quote);
                };
                secrets.push(at + quote.len()..at + quote.len() + length);
                return Open::Nothing;
            }
        }
        if let Some(quote) = value.bytes().next().filter(|byte| matches!(byte, b'"' | b'\'')) {
            let end = at + 1 + quoted(&bytes[at + 1..line.end], quote);
            secrets.push(at + 1..end);
            if end == line.end {
                return Open::Until(if quote == b'"' { "\"" } else { "'" });
            }
            at = (end + 1).min(line.end);
            continue;
        }
        if value.is_empty() || value.starts_with(['|', '>', '[', '{', '(']) {
            secrets.push(at..line.end);
            return Open::Block(indent);
        }
        if !is_switch(value) {
            secrets.push(at..line.end);
        }
        return if value.ends_with('\\') { Open::NextLine } else { Open::Nothing };
    }
    Open::Nothing
}

/// Masks what is secret by itself, and what follows a word that announces it.
fn words(text: &str, line: Range<usize>, secrets: &mut Vec<Range<usize>>) {
    let content = &text[line.clone()];
    let begin = |part: &str| part.as_ptr().addr() - text.as_ptr().addr();
    let mut announced = false;
    for (number, word) in content.split_ascii_whitespace().enumerate() {
        let start = begin(word);
        let bare = word.trim_matches(['"', '\'', ',', ';']);
        // What follows a separator is an assignment's value, which `assignments` masks.
        if announced && !is_switch(bare) && !bare.starts_with(['=', ':']) {
            secrets.push(begin(bare)..begin(bare) + bare.len());
        }
        let is_option = word.starts_with('-') && is_secret(word.trim_start_matches('-'));
        let directive = number == 0 || ANNOUNCING.contains(&bare.to_ascii_lowercase().as_str());
        announced = is_option
            || (directive && !word.contains(['=', ':']) && is_secret(bare))
            || ["bearer", "basic"].contains(&bare.to_ascii_lowercase().as_str());
        if let Some((scheme, rest)) = word.split_once("://") {
            let authority = &rest[..rest.find(['/', '?', '#', '"', '\'']).unwrap_or(rest.len())];
            if let Some((user, _)) = authority.rsplit_once('@') {
                let from = start + scheme.len() + 3;
                let secret = user.find(':').map_or(0, |colon| colon + 1);
                secrets.push(from + secret..from + user.len());
            }
        }
        for part in word
            .split(|letter: char| !(letter.is_ascii_alphanumeric() || "+_-=.$/".contains(letter)))
        {
            // crypt(3): `$6$salt$hash`
            if part.starts_with('$') && part.matches('$').count() > 1 {
                secrets.push(begin(part)..begin(part) + part.len());
            }
            for token in part.split(['.', '/', '$']) {
                if is_token(token.trim_matches('=')) {
                    secrets.push(begin(token)..begin(token) + token.len());
                }
            }
        }
    }
}

/// Returns the name that ends here, without the quotes around it.
fn name_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'', ']']);
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let start = text
        .rfind(|letter| !is_name(letter))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

/// Tells whether a name is one of a secret.
fn is_secret(name: &str) -> bool {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return false;
    }
    let folded: String = name
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    if TELLING.iter().any(|telling| folded.contains(telling)) {
        return true;
    }
    // The last word of `ssl-key`, `SSL_KEY`, `sslKey`.
    let word = name.rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or(name);
    let capital = word
        .rfind(|letter: char| letter.is_uppercase())
        .filter(|_| word.contains(char::is_lowercase));
    let word = capital.map_or(word, |at| &word[at..]).to_ascii_lowercase();
    LAST_WORDS.contains(&word.as_str())
}

/// Tells whether a value says no more than that something is on, off or not there.
fn is_switch(value: &str) -> bool {
    let value = value.trim_end_matches([',', ';']).to_ascii_lowercase();
    ["yes", "no", "true", "false", "on", "off", "null", "none", "{}", "[]"]
        .contains(&value.as_str())
}

/// Tells whether a word looks like a token.
fn is_token(word: &str) -> bool {
    if word.len() >= 16 && BEGINNINGS.iter().any(|beginning| word.starts_with(beginning)) {
        return true;
    }
    if word.len() < 20 {
        return false;
    }
    // Words of a language do not change between letters and digits all the time.
    let changes = |pair: &&[u8]| {
        pair[0].is_ascii_digit() && pair[1].is_ascii_alphabetic()
            || pair[0].is_ascii_alphabetic() && pair[1].is_ascii_digit()
    };
    word.as_bytes().windows(2).filter(changes).count() >= 3
}

/// Returns how far a quoted value reaches.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if byte == quote => return at,
            _ => {}
        }
    }
    bytes.len()
}

/// What tells of a secret wherever it stands in a name.
const TELLING: [&str; 20] = [
    "password",
    "passwd",
    "passphrase",
    "requirepass",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "privkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "masterauth",
    "credential",
    "authorization",
    "cookie",
    "webhook",
    "mnemonic",
    "passcode",
];

/// What tells of a secret as the last word of a name.
const LAST_WORDS: [&str; 12] =
    ["auth", "dsn", "key", "keys", "pass", "pin", "psk", "pwd", "salt", "seed", "sig", "signature"];

/// What stands between words of a line and is followed by a secret, as in `.netrc`.
const ANNOUNCING: [&str; 4] = ["password", "passwd", "secret", "token"];

/// How the tokens of well-known services begin.
const BEGINNINGS: [&str; 24] = [
    "AKIA",
    "ASIA",
    "AIza",
    "SG",
    "dop_v1_",
    "eyJ",
    "ghp_",
    "gho_",
    "ghs_",
    "ghr_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "hf_",
    "npm_",
    "pypi-",
    "rk_live_",
    "shpat_",
    "sk-",
    "sk_live_",
    "sk_test_",
    "xapp-",
    "xoxb-",
    "xoxp-",
];

/// What is longer is no name.
const LONGEST_NAME: usize = 100;
