//! Whether a value that stands where a secret would is one.

/// Tells whether somebody wrote this in the place of a secret: `sk-xxxxxxxx`, `AKIA...EXAMPLE`, `abcdefghij`.
///
/// Only what nobody draws at random: a text of a known shape is a secret unless this is sure.
pub(crate) fn is_made_up(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    MADE_UP.iter().any(|word| lower.contains(word))
        || longest(value, |last, next| last == next) >= 6
        || longest(value, |last, next| u16::from(last) + 1 == u16::from(next)) >= 9
        || value.len() >= 16 && distinct(value) <= 5
}

/// Tells whether a value beside a name is a reference, a template or a placeholder, and no value.
pub(crate) fn is_reference(value: &str) -> bool {
    let begins = |begin: &&str| value.starts_with(*begin);
    let contains = |part: &&str| value.contains(*part);
    REFERENCE_BEGINS.iter().any(begins)
        || REFERENCE_PARTS.iter().any(contains)
        || value.starts_with('{') && value.ends_with('}')
        || value.starts_with('<') && value.ends_with('>')
        || value.starts_with('[') && value.ends_with(']')
        || value.starts_with("__") && value.ends_with("__")
        || is_uuid(value)
        || value.bytes().any(|byte| !(b'!'..=b'~').contains(&byte))
}

/// Tells whether nothing is left of a value without the words that placeholders are made of.
pub(crate) fn is_placeholder(value: &str) -> bool {
    if is_made_up(value) || is_counted(value) {
        return true;
    }
    let mut rest = value.to_ascii_lowercase().replace(['@', '$', '0', '1', '3', '5'], "");
    rest.retain(|one| one.is_ascii_alphabetic());
    let mut readable = value.to_ascii_lowercase().replace('@', "a").replace('0', "o");
    readable.retain(|one| one.is_ascii_alphabetic());
    for text in [&mut rest, &mut readable] {
        for word in PLACEHOLDERS {
            *text = text.replace(word, "");
        }
    }
    rest.len().min(readable.len()) < 3 && !has_many_digits(value)
}

/// Tells whether a value is made of words as names are: `reset-password`, `userToken`, `CACHE_KEY_2`.
pub(crate) fn is_name(value: &str) -> bool {
    let mut parts = value.split(['_', '-', '.', ':', '/', '#']).filter(|part| !part.is_empty());
    parts.all(is_word)
}

/// Tells whether a value is mixed as passwords are: not letters alone, not digits alone.
pub(crate) fn is_mixed(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let others = value.len() - digits - letters;
    letters >= 2 && (digits > 0 || others > 0) && distinct(value) >= 5
}

/// Tells whether a value is a sum by its name: what is `sha256` or `commit` is public.
pub(crate) fn is_sum(name: &str, value: &str) -> bool {
    let is_hex = value.len() >= 7 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    // Telegram's `api_hash` is a key.
    let name = name.to_ascii_lowercase().replace("api_hash", "").replace("apihash", "");
    let prefixed = ["sha1-", "sha256-", "sha384-", "sha512-", "sha256:", "md5:"];
    prefixed.iter().any(|prefix| value.starts_with(prefix))
        || is_hex && SUMS.iter().any(|word| name.contains(word))
}

pub(crate) fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Returns Shannon's entropy in bits a byte.
pub(crate) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX)).max(1.0);
    let bits = |count: u32| {
        let share = f64::from(count) / length;
        -share * share.log2()
    };
    counts.into_iter().filter(|count| *count > 0).map(bits).sum()
}

/// A word: letters of one case or with a capital first, and at most three digits after; words in camel case; a number.
fn is_word(part: &str) -> bool {
    let letters = part.trim_end_matches(|one: char| one.is_ascii_digit());
    if part.len() - letters.len() > 3 && !letters.is_empty() {
        return false;
    }
    if !letters.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return false;
    }
    // Words in camel case are longer than three letters on average.
    let humps = letters.bytes().filter(u8::is_ascii_uppercase).count();
    humps == letters.len() || humps * 4 <= letters.len() + 3
}

fn has_many_digits(value: &str) -> bool {
    let digits: Vec<u8> = value.bytes().filter(u8::is_ascii_digit).collect();
    let runs = digits.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) > 1).count();
    runs >= 4
}

/// `abc123def456`, `1a2b3c4d`: the letters and the digits each go on one by one.
fn is_counted(value: &str) -> bool {
    let goes_on = |kind: fn(&u8) -> bool| {
        let all: Vec<u8> =
            value.bytes().filter(kind).map(|byte| byte.to_ascii_lowercase()).collect();
        let steps =
            all.windows(2).filter(|pair| u16::from(pair[0]) + 1 == u16::from(pair[1])).count();
        steps + 2 >= all.len()
    };
    value.len() >= 4 && goes_on(u8::is_ascii_digit) && goes_on(u8::is_ascii_alphabetic)
}

/// Returns the length of the longest stretch in which each byte follows the one before as `joins` says.
fn longest(value: &str, joins: impl Fn(u8, u8) -> bool) -> usize {
    let (mut best, mut length) = (1, 1);
    for pair in value.as_bytes().windows(2) {
        length = if joins(pair[0], pair[1]) { length + 1 } else { 1 };
        best = best.max(length);
    }
    best
}

fn distinct(value: &str) -> u32 {
    value.bytes().fold(0_u128, |seen, byte| seen | 1 << (byte & 0x7f)).count_ones()
}

/// What no random text of such a length has by chance.
const MADE_UP: [&str; 21] = [
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "replace_",
    "replaceme",
    "replace-",
    "redacted",
    "your-",
    "your_",
    "yourtoken",
    "insert_",
    "insert-",
    "xxxxx",
    "dummy",
    "sample_",
    "foobar",
    "notreal",
    "fake_",
    "fake-",
];

const REFERENCE_BEGINS: [&str; 16] = [
    "$",
    "{{",
    "${",
    "%(",
    "<%",
    "./",
    "../",
    "/",
    "~/",
    "http://",
    "https://",
    "arn:",
    "vault:",
    "env:",
    "file:",
    "secretsmanager:",
];

const REFERENCE_PARTS: [&str; 9] = ["${", "{{", "%s", "$(", "#{", "%(", "://", "\\(", "()"];

/// The words of placeholders, and of what the name says already.
const PLACEHOLDERS: [&str; 58] = [
    "something",
    "placeholder",
    "password",
    "passwort",
    "passphrase",
    "parameter",
    "credential",
    "database",
    "telegram",
    "anything",
    "discord",
    "testing",
    "default",
    "private",
    "service",
    "replace",
    "postgres",
    "secret",
    "string",
    "change",
    "insert",
    "sample",
    "random",
    "client",
    "passwd",
    "foobar",
    "public",
    "strong",
    "secure",
    "secure",
    "access",
    "token",
    "value",
    "admin",
    "super",
    "redis",
    "mysql",
    "guest",
    "local",
    "super",
    "login",
    "dummy",
    "enter",
    "xxx",
    "here",
    "pass",
    "word",
    "user",
    "root",
    "test",
    "your",
    "some",
    "fake",
    "this",
    "demo",
    "key",
    "api",
    "the",
];

const SUMS: [&str; 11] = [
    "sha",
    "hash",
    "digest",
    "checksum",
    "commit",
    "revision",
    "etag",
    "integrity",
    "md5",
    "fingerprint",
    "thumbprint",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_no_secrets() {
        for value in [
            "changeme",
            "your_token_here",
            "my-secret-password",
            "p@ssw0rd",
            "password123",
            "xxxxxxxxxxxx",
            "test1234",
            "AKIAIOSFODNN7EXAMPLE",
            "admin123",
            "secret",
            "YOUR-API-KEY",
            "abc123def456",
            "1a2b3c4d5e6f",
            "abcdefghijklmnop",
            "supersecret1",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in [
            "hunter2",
            "Tr0ub4dor&3",
            "9f86d081884c7d659a2feaa0c55ad015",
            "gq7Zp-41xWv",
            "kJ8#mQ2z",
        ] {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn references_are_no_values() {
        for value in [
            "${TOKEN}",
            "{{ token }}",
            "$TOKEN",
            "{token}",
            "<token>",
            "%(token)s",
            "https://a.example/b",
            "/run/secrets/a",
            "two words",
            "123e4567-e89b-12d3-a456-426614174000",
            "get_token()",
        ] {
            assert!(is_reference(value), "{value}");
        }
        for value in ["hunter2", "a$b{c", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY"] {
            assert!(!is_reference(value), "{value}");
        }
    }

    #[test]
    fn names_are_made_of_words() {
        for value in [
            "reset-password",
            "userTokenField",
            "CACHE_KEY_2",
            "settings.password",
            "oauth2",
            "auth/login",
        ] {
            assert!(is_name(value), "{value}");
        }
        for value in ["a8f3kd92mz", "gq7Zp41xWv", "hunter2x9", "kJ8#mQ2z"] {
            assert!(!is_name(value), "{value}");
        }
    }

    #[test]
    fn entropy_is_shannons() {
        assert!(entropy(b"aaaaaaaa").abs() < 1e-9);
        assert!((entropy(b"abcdefgh") - 3.0).abs() < 1e-9);
    }
}
