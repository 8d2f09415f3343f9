//! Which names are those of secrets, and which values are known to everybody.

/// Whether a setting of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    // Data has sentences for keys.
    if name.contains(' ') {
        return false;
    }
    let words = words(name);
    let has = |word: &str| words.iter().any(|one| one == word);
    let last = words.last().map_or("", String::as_str);
    // What says where a secret is, how long, or of what kind, is none.
    if NO_SECRETS.contains(&last) || has("public") || has("max") || has("min") {
        return false;
    }
    let is_key = last == "key"
        && words.iter().rev().nth(1).is_some_and(|word| KEYS.contains(&word.as_str()));
    is_key
        || SECRETS.iter().any(|secret| has(secret))
        || words
            .windows(2)
            .any(|pair| matches!(&*pair[0], "api" | "secret" | "private") && pair[1] == "key")
        || matches!(words.join("").as_str(), "mysqlpwd" | "pgpass" | "redispass")
}

/// Whether a value is one that everybody tries: a default, a placeholder, or very short.
pub(crate) fn is_known_value(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let is_repeated = value.len() > 2 && value.bytes().all(|byte| byte == value.as_bytes()[0]);
    if value.is_empty() || is_reference(value) {
        return false;
    }
    is_repeated
        || KNOWN.contains(&lower.trim_end_matches(['!', '1', '2', '3', '4']))
        || KNOWN.contains(&lower.as_str())
        || ["changeme", "change_me", "change-me", "changethis", "replaceme", "insecure"]
            .iter()
            .any(|word| lower.contains(word))
}

/// Whether a value is taken from elsewhere, or stands for one in an example.
pub(crate) fn is_reference(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || value.contains("${")
        || value.contains("{{")
        || value.contains("{%")
        || value.starts_with(['$', '<', '%', '@'])
        || value.starts_with("env:")
        || value.starts_with("vault:")
        || value.starts_with("ENC[")
        || value.starts_with('!')
        || value.starts_with("/run/secrets/")
        || value.starts_with("file:")
        || matches!(value, "null" | "None" | "~" | "true" | "false" | "True" | "False")
}

/// Whether a value stands in an example for the one to be set.
pub(crate) fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let starts = [
        "your",
        "xxx",
        "***",
        "...",
        "example",
        "placeholder",
        "todo",
        "insert",
        "my-",
        "dummy",
        "fake",
    ];
    is_reference(value)
        || starts.iter().any(|start| lower.starts_with(start))
        || lower.contains("your")
        || lower.contains("here")
}

/// Whether an address has a password in it that is none of a variable: `postgres://bot:hunter2@db/bot`.
pub(crate) fn password_of_url(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', ' ', '"', '\'']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (!password.is_empty() && !is_reference(password)).then_some(password)
}

/// Returns a word, of an address with a password only that it is one.
pub(crate) fn without_password(word: &str) -> &str {
    if password_of_url(word).is_some() { "(an address with a password)" } else { word }
}

/// Splits a name at signs and at capitals.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_small = false;
    for c in name.chars().take(200) {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_small) {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
        was_small = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

const SECRETS: [&str; 17] = [
    "apikey",
    "authtoken",
    "bottoken",
    "credential",
    "credentials",
    "dsn",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "pass",
    "pwd",
    "requirepass",
    "secret",
    "secretkey",
    "token",
    "masterauth",
];

const KEYS: [&str; 11] = [
    "access",
    "account",
    "api",
    "auth",
    "encryption",
    "fernet",
    "jwt",
    "license",
    "master",
    "private",
    "signing",
];

const NO_SECRETS: [&str; 40] = [
    "age",
    "algorithm",
    "arn",
    "attempts",
    "bytes",
    "command",
    "count",
    "dir",
    "enabled",
    "encryption",
    "endpoint",
    "expire",
    "expires",
    "expiry",
    "field",
    "file",
    "files",
    "format",
    "hash",
    "header",
    "hours",
    "id",
    "iterations",
    "label",
    "length",
    "lifetime",
    "limit",
    "location",
    "minutes",
    "name",
    "path",
    "policy",
    "prefix",
    "ref",
    "reset",
    "rounds",
    "seconds",
    "ttl",
    "type",
    "url",
];

const KNOWN: [&str; 47] = [
    "1234",
    "12345",
    "123456",
    "12345678",
    "123456789",
    "abc",
    "admin",
    "bot",
    "botpass",
    "botpassword",
    "changeit",
    "default",
    "demo",
    "dev",
    "django-insecure",
    "docker",
    "foobar",
    "guest",
    "letmein",
    "master",
    "minioadmin",
    "mongo",
    "mysecret",
    "mysql",
    "none",
    "p@ssw0rd",
    "pass",
    "passw0rd",
    "password",
    "postgres",
    "postgresql",
    "qwerty",
    "rabbitmq",
    "redis",
    "root",
    "sa",
    "secret",
    "secretkey",
    "supersecret",
    "telegram",
    "test",
    "testing",
    "token",
    "toor",
    "user",
    "welcome",
    "example",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_them() {
        let yes = "BOT_TOKEN apiKey DB_PASSWORD POSTGRES_PASSWORD secret_key_base AWS_SECRET_ACCESS_KEY jwtSecret \
                   STRIPE_API_KEY requirepass SSH_PRIVATE_KEY SENTRY_DSN discord-token";
        for name in yes.split_whitespace() {
            assert!(is_secret_name(name), "{name}");
        }
        let no = "TOKEN_URL PASSWORD_FILE MAX_TOKENS secretName public_key token_ttl cache_key PASSWORD_MIN_LENGTH \
                  bypass compass GF_SECURITY_ADMIN_PASSWORD__FILE primary_key token_limit passenger";
        for name in no.split_whitespace() {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn known_values_and_passwords_of_addresses_are_seen() {
        for value in
            ["changeme", "Password123", "admin", "xxxx", "please-change-me-now", "postgres"]
        {
            assert!(is_known_value(value), "{value}");
        }
        for value in ["", "${X}", "f3Kd92mQz81l", "$ecret_ref"] {
            assert!(!is_known_value(value), "{value}");
        }
        assert_eq!(password_of_url("postgres://bot:hunter2@db:5432/bot"), Some("hunter2"));
        assert_eq!(password_of_url("postgres://bot:${PW}@db/bot"), None);
        assert_eq!(password_of_url("https://example.org/a:b@c"), None);
    }
}
