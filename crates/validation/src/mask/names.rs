//! What the name of a value tells of the value.

/// What a name tells of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing.
    Nothing,
    /// Any value is secret.
    Password,
    /// A secret unless it says what went well: `pass` is also a verdict of tests, `pwd` also a directory.
    Pass,
    /// A value that looks drawn at random is secret.
    Token,
    /// The value is that of the header.
    Authorization,
    /// The value is that of the header, or of the one that sets it.
    Cookie,
}

/// Returns what a name tells, and `also` are further names whose values are secret.
pub(super) fn meaning(name: &[u8], also: &[Box<[u8]>]) -> Meaning {
    let mut buffer = [0; LONGEST];
    let name = stripped(name);
    let Some(folded) = fold(name, &mut buffer) else { return Meaning::Nothing };
    if also.iter().any(|also| **also == *folded) {
        return Meaning::Password;
    }
    let ends = |ending: &&str| folded.ends_with(ending.as_bytes());
    if folded.starts_with(b"pub") || memchr::memmem::find(folded, b"public").is_some() {
        return Meaning::Nothing;
    }
    if PASSWORDS.iter().any(ends) || (folded.len() > 6 && last_word_is(name, b"secret")) {
        return Meaning::Password;
    }
    if folded.ends_with(b"authorization") {
        return Meaning::Authorization;
    }
    if ["cookie", "cookies"].iter().any(ends) {
        return Meaning::Cookie;
    }
    if PASSES.iter().any(|pass| folded == pass.as_bytes()) || last_word_is(name, b"pass") {
        return Meaning::Pass;
    }
    if TOKENS.iter().any(ends) || last_word_is(name, b"auth") {
        return Meaning::Token;
    }
    Meaning::Nothing
}

/// Returns the name in lower case without what joins its words, or nothing if it is longer than a name.
pub(super) fn fold<'b>(name: &[u8], buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    let mut length = 0;
    for byte in name {
        if !matches!(byte, b'_' | b'-' | b'.') {
            *buffer.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    Some(&buffer[..length])
}

/// Takes off what does not change the meaning: a number, and words for how the value is written.
fn stripped(name: &[u8]) -> &[u8] {
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let mut name = match name.split_at(name.len() - digits) {
        // `libsecret-1` is a version.
        (rest @ [.., b'a'..=b'z' | b'A'..=b'Z' | b'_'], _) if digits <= 2 => rest,
        _ => name,
    };
    // Telegram gives one to whoever writes a client; it is no hash of anything.
    if name.len() >= 7 && name[name.len() - 4..].eq_ignore_ascii_case(b"hash") {
        let before = &name[..name.len() - 4];
        let before = before.strip_suffix(b"_").or(before.strip_suffix(b"-")).unwrap_or(before);
        if before.len() >= 3 && before[before.len() - 3..].eq_ignore_ascii_case(b"api") {
            return name;
        }
    }
    for ending in ["value", "plaintext", "plain", "base", "hash"] {
        if let Some(at) = name.len().checked_sub(ending.len())
            && name[at..].eq_ignore_ascii_case(ending.as_bytes())
        {
            name = &name[..at];
            name = name.strip_suffix(b"_").or(name.strip_suffix(b"-")).unwrap_or(name);
        }
    }
    name
}

/// Tells whether the last word of a name in snake, kebab or camel case is `word`.
fn last_word_is(name: &[u8], word: &[u8]) -> bool {
    let Some(before) = name.len().checked_sub(word.len()) else { return false };
    let (head, tail) = name.split_at(before);
    if !tail.eq_ignore_ascii_case(word) {
        return false;
    }
    match head.last() {
        None => true,
        Some(last) if last.is_ascii_lowercase() => {
            tail[0].is_ascii_uppercase() && tail[1].is_ascii_lowercase()
        }
        Some(last) => !last.is_ascii_alphabetic(),
    }
}

/// What a name whose every value is secret ends in.
const PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "requirepass",
    "masterauth",
    "secretkey",
    "secretaccesskey",
    "privatekey",
    "privkey",
    "secrettoken",
    "apisecret",
    "clientsecret",
    "mnemonic",
    "seedphrase",
    "recoverycode",
    "mysqlpwd",
    "userpwd",
    "dbpwd",
];

/// Names that are short for a password and long for nothing else.
const PASSES: &[&str] = &[
    "pass",
    "pwd",
    "dbpass",
    "userpass",
    "rootpass",
    "mailpass",
    "smtppass",
    "ftppass",
    "sshpass",
    "pgpass",
    "mysqlpass",
    "adminpass",
    "mypass",
    "pw",
];

/// What a name whose value may be secret ends in.
const TOKENS: &[&str] = &[
    "token",
    "secret",
    "apikey",
    "accesskey",
    "apihash",
    "authkey",
    "accountkey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "servicekey",
    "servicerolekey",
    "sessionkey",
    "sharedkey",
    "sharedaccesskey",
    "subscriptionkey",
    "licensekey",
    "integrationkey",
    "routingkey",
    "writekey",
    "adminkey",
    "appkey",
    "applicationkey",
    "deploykey",
    "secretkeybase",
    "storagekey",
    "sshkey",
    "hmackey",
    "aeskey",
    "jwtkey",
    "webhookkey",
    "botkey",
    "consumerkey",
    "sessionstring",
    "stringsession",
    "jwt",
    "bearer",
    "credential",
    "credentials",
    "sharedsecret",
    "xamzsignature",
    "accesssignature",
];

/// What is longer is no name.
pub(super) const LONGEST: usize = 64;
