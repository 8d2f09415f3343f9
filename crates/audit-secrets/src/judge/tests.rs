use wardkit_validation::{Recognisers, Sensitive};

use super::*;

/// Returns the worth of what is found in a text, the most of it first.
fn of(text: &str, syntax: Syntax) -> Worth {
    let found = Recognisers::new(&[Sensitive::Secret]).find(text);
    found.iter().map(|found| worth(text, found, syntax, None)).max().unwrap_or(Worth::Nothing)
}

#[test]
fn values_of_settings_are_told_and_their_references_are_not() {
    for text in [
        "password: \"gq7Zp-41xWv\"",
        "DB_PASSWORD=gq7Zp-41xWv",
        "api_key = 9f86d081884c7d659a2feaa0c55ad015",
        "secret_key: kJ8mQ2zR7vB1nX4c",
        "DATABASE_URL=postgres://bot:gq7Zp41xWv@db:5432/bot",
        "{\"client_secret\": \"a8Kf93nQzL0pVx7T\"}",
    ] {
        assert_eq!(of(text, Syntax::Data), Worth::Real, "{text}");
    }
    for text in [
        "password: \"changeme\"",
        "DB_PASSWORD=${DB_PASSWORD}",
        "password: your_password_here",
        "api_key = <your key>",
        "secret_key: !vault secret/bot",
        "DATABASE_URL=postgres://user:password@localhost/db",
        "DATABASE_URL=postgres://user:hunter2x9@db.example.com/db",
        "token: {{ .Values.token }}",
        "commit_token_sha: 9f86d081884c7d659a2feaa0c55ad0159f86d081",
        "password: 123e4567-e89b-12d3-a456-426614174000",
    ] {
        assert_eq!(of(text, Syntax::Data), Worth::Nothing, "{text}");
    }
}

#[test]
fn in_code_only_quoted_texts_are_values() {
    for text in [
        "password = 'gq7Zp-41xWv'",
        "client = Client(api_key=\"a8Kf93nQzL0pVx7T\")",
        "const apiSecret = `kJ8mQ2zR7vB1nX4c`;",
    ] {
        assert_eq!(of(text, Syntax::Code), Worth::Real, "{text}");
    }
    for text in [
        "password = config.password1",
        "token = self.get_token_v2()",
        "api_key=args.key2",
        "password_field = 'user_password_2'",
        "secret = f'{prefix}-secret'",
        "token = 'oauth2/token'",
        "password = 'Enter 8 letters'",
    ] {
        assert_eq!(of(text, Syntax::Code), Worth::Nothing, "{text}");
    }
}

#[test]
fn what_manuals_show_is_no_secret() {
    for text in [
        "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "AKIAIOSFODNN7EXAMPLE",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE...\n-----END RSA PRIVATE KEY-----",
    ] {
        assert_eq!(of(text, Syntax::Data), Worth::Nothing, "{text}");
    }
}

#[test]
fn keys_for_trials_are_worth_little() {
    // In two parts, so that no other program takes it for a key.
    let key = ["sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"].concat();
    assert_eq!(of(&key, Syntax::Data), Worth::Little);
    assert_eq!(of(&key.replace("test", "live"), Syntax::Data), Worth::Real);
}
