//! Values beside names, and credentials of headers and addresses.

use wardkit_validation::Masker;

use super::masked;

fn check(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(masked(text), *expected, "{text}");
    }
}

#[test]
fn value_of_a_password_is_masked_however_it_is_written() {
    check(&[
        ("DB_PASSWORD=hunter2", "DB_PASSWORD=***"),
        ("password=hunter2 user=bob", "password=*** user=bob"),
        ("password=p@ss,w0rd;x user=bob", "password=*** user=bob"),
        ("password=hunter2,user=bob", "password=***,user=bob"),
        ("user=bob&password=a%20b&x=1", "user=bob&password=***&x=1"),
        ("{\"password\":\"hunter2\",\"user\":\"bob\"}", "{\"password\":\"***\",\"user\":\"bob\"}"),
        ("{\"password\": \"a b \\\"c\\\" d\", \"e\": 1}", "{\"password\": \"***\", \"e\": 1}"),
        (
            "{\\\"password\\\":\\\"hunter2\\\",\\\"x\\\":1}",
            "{\\\"password\\\":\\\"***\\\",\\\"x\\\":1}",
        ),
        ("{'password': 'hunter2'}", "{'password': '***'}"),
        ("{\"password\":123456}", "{\"password\":***}"),
        (
            "Login { user: \"bob\", password: \"hunter2\" }",
            "Login { user: \"bob\", password: \"***\" }",
        ),
        ("password: Some(\"hunter2\")", "password: Some(\"***\")"),
        ("dbPassword: hunter2", "dbPassword: ***"),
        ("smtp.password = correct horse battery", "smtp.password = ***"),
        ("  password: correct horse battery", "  password: ***"),
        ("mysql --password hunter2 --host db", "mysql --password *** --host db"),
        ("mysql --password=hunter2 --host db", "mysql --password=*** --host db"),
        ("<password>hunter2</password>", "<password>***</password>"),
        ("client_secret=GeheimeSache&x=1", "client_secret=***&x=1"),
        (":password=>\"hunter2\"", ":password=>\"***\""),
        ("[password] => hunter2", "[password] => ***"),
        ("CREATE USER 'a' IDENTIFIED BY 'hunter2'", "CREATE USER 'a' IDENTIFIED BY '***'"),
        ("alter role a with password 'hunter2'", "alter role a with password '***'"),
        ("export PGPASSWORD=hunter2", "export PGPASSWORD=***"),
        ("SMTP_PASS=hunter2", "SMTP_PASS=***"),
        ("msg=\"x\" pwd=hunter2", "msg=\"x\" pwd=***"),
        (
            "aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
            "aws_secret_access_key = ***",
        ),
        ("line\\npassword=hunter2\\nnext", "line\\npassword=***\\nnext"),
        ("password%3Dhunter2%26x%3D1", "password%3D***%26x%3D1"),
        ("Passwort: geheim1", "Passwort: ***"),
    ]);
}

#[test]
fn value_of_a_token_is_masked_when_it_looks_drawn_at_random() {
    check(&[
        ("api_key=9f8e7d6c5b4a39281706f5e4d3c2b1a0", "api_key=***"),
        ("\"apiKey\": \"aB3dE6gH9jK2mN5p\"", "\"apiKey\": \"***\""),
        ("X-Api-Key: q8Zr2LmN4vXc7Bt1", "X-Api-Key: ***"),
        ("?access_token=a1b2c3d4e5f6g7h8&v=1", "?access_token=***&v=1"),
        ("token=550e8400-e29b-41d4-a716-446655440000", "token=***"),
        ("invalid token: unexpected end of input", "invalid token: unexpected end of input"),
        ("max_tokens=4096 tokens: 812", "max_tokens=4096 tokens: 812"),
        ("token=IdentifierExpected", "token=IdentifierExpected"),
        (
            "secret=\"kube-system/default-token-x7k2p\"",
            "secret=\"kube-system/default-token-x7k2p\"",
        ),
        (
            "public_key=9f8e7d6c5b4a39281706f5e4d3c2b1a0",
            "public_key=9f8e7d6c5b4a39281706f5e4d3c2b1a0",
        ),
        ("cache key=user:42:profile", "cache key=user:42:profile"),
    ]);
}

#[test]
fn what_only_speaks_of_passwords_stands() {
    for text in [
        "Failed password for root from 203.0.113.9 port 22 ssh2",
        "Access denied for user 'x'@'localhost' (using password: YES)",
        "password: incorrect",
        "Password: must have at least 12 characters",
        "wrong password: user bob was locked",
        "password=*** user=bob",
        "password=${DB_PASSWORD}",
        "password=$DB_PASSWORD",
        "\"password\":null",
        "\"password\":\"[FILTERED]\"",
        "PWD=/home/bob ; USER=root ; COMMAND=/bin/ls",
        "pass=120 fail=0 skip=3",
        "PASS: test_login",
        "proxy_pass http://backend:8080;",
        "proxy_pass: http://backend:8080",
        "Enter passphrase for key '/root/.ssh/id_ed25519': ",
        "password_changed_at=2026-01-02 password_ttl: 90d",
        "secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:1:secret:prod/db",
        "Token::Ident at 3:4, use std::pass::Pass",
        "authority=example.org author: Bob Smith",
        "keyboard: key=Escape keycode=9 monkey: banana",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn credentials_of_headers_and_addresses_are_masked() {
    check(&[
        ("Authorization: Bearer abc.DEF-123", "Authorization: Bearer ***"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic ***"),
        ("\"Authorization\":\"Bearer abcdef\",\"x\":1", "\"Authorization\":\"Bearer ***\",\"x\":1"),
        (
            "curl -H 'Authorization: token abcdef' https://x",
            "curl -H 'Authorization: token ***' https://x",
        ),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c",
            "Authorization: AWS4-HMAC-SHA256 ***",
        ),
        ("sent Bearer a1B2c3D4e5F6g7H8i9 to peer", "sent Bearer *** to peer"),
        ("sent Basic dXNlcjpwYXNzd29yZA== to peer", "sent Basic *** to peer"),
        ("Cookie: sid=abcdef; theme=dark", "Cookie: ***"),
        ("Set-Cookie: sid=abcdef; Path=/", "Set-Cookie: ***"),
        ("postgres://bob:hunter2@db:5432/x", "postgres://bob:***@db:5432/x"),
        ("redis://:hunter2@cache:6379", "redis://:***@cache:6379"),
        ("amqp://a:p@ss@host/v", "amqp://a:***@host/v"),
        (
            "https://3f2a9c8b7d6e5f4a3b2c1d0e9f8a7b6c@o1.ingest.example.io/5",
            "https://***@o1.ingest.example.io/5",
        ),
        ("git clone https://bob@git.example.org/x", "git clone https://bob@git.example.org/x"),
        ("ssh://git@host.example.org/x.git", "ssh://git@host.example.org/x.git"),
        ("the bearer of this letter, a basic thing", "the bearer of this letter, a basic thing"),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
    ]);
}

#[test]
fn names_can_be_added_and_values_allowed() {
    let masker = Masker::builder().name("room-pin").allow("hunter2").build();
    assert_eq!(masker.mask("roomPin=1234 password=hunter2"), "roomPin=*** password=hunter2");
    assert_eq!(masker.mask("pin=1234 password=hunter3"), "pin=1234 password=***");
}

#[test]
fn name_of_a_field_tells_of_its_value() {
    let masker = Masker::builder().name("room-pin").build();
    let rows = [
        ("DB_PASSWORD", "correct horse", "***"),
        ("smtp-pass", "x y", "***"),
        ("githubToken", "q8ZkT3vN1xYb7LwR", "***"),
        ("room_pin", "1234", "***"),
        ("Proxy-Authorization", "Basic Ym9iOnMzY3IzdA==", "Basic ***"),
        ("Set-Cookie", "id=q8ZkT3vN1x; Path=/", "***"),
        ("session_cookie", "q8ZkT3vN1xYb7LwR", "***"),
        ("db_password", "one\r\ntwo\n", "***\r\n***\n"),
        ("db_password", "***", "***"),
        ("db_password", "${DB_PASSWORD}", "${DB_PASSWORD}"),
        ("has_password", "true", "true"),
        ("next_token", "of the series", "of the series"),
        ("pwd", "/home/bob", "/home/bob"),
        ("auth", "ldap", "ldap"),
        ("password_hint", "hunter2", "hunter2"),
        ("public_key", "q8ZkT3vN1xYb7LwR", "q8ZkT3vN1xYb7LwR"),
        ("note", "pwd=hunter2", "pwd=***"),
        ("", "hunter2", "hunter2"),
    ];
    for (name, value, expected) in rows {
        assert_eq!(masker.mask_beside(name, value), expected, "{name}");
    }
}

#[test]
fn colours_of_terminals_part_no_name_from_its_value() {
    for (line, expected) in [
        (
            "\x1b[3mpass\x1b[0m\x1b[2m=\x1b[0m\"hunter2\"",
            "\x1b[3mpass\x1b[0m\x1b[2m=\x1b[0m\"***\"",
        ),
        (
            "\x1b[1;31mDB_PASSWORD\x1b[0m: \x1b[32mhunter2\x1b[0m",
            "\x1b[1;31mDB_PASSWORD\x1b[0m: \x1b[32m***\x1b[0m",
        ),
        ("[mnemonic=x1 y]", "[mnemonic=*** y]"),
        ("\x1b[32mpassword\x1b[0m took 3 ms", "\x1b[32mpassword\x1b[0m took 3 ms"),
    ] {
        assert_eq!(masked(line), expected);
    }
}
