use wardkit_audit::{Location, render};

use crate::{audit, audit_with, discord, telegram, told};
use wardkit_audit_secrets::SecretsEngine;

/// Checks that a file with a secret in the place of `@` is told by a check, and that no report has the secret.
fn check(path: &str, text: &str, secret: &str, id: &str) {
    let report = audit(&[(path, &text.replace('@', secret))]);
    let found: Vec<_> = told(&report).into_iter().map(|(id, _)| id).collect();
    assert!(found.iter().any(|found| found == id), "{path} {text}: {found:?}");
    for rendered in [
        render::text(&report),
        render::json(&report),
        render::sarif(&report),
        render::junit(&report),
        render::markdown(&report),
        render::html(&report),
        render::github(&report),
    ] {
        assert!(!rendered.contains(secret), "{rendered}");
    }
}

#[test]
fn tokens_of_bots_are_told_wherever_they_stand() {
    for (path, text) in [
        ("bot.py", "updater = Updater('@')\n"),
        ("index.js", "const bot = new Telegraf(`@`)\n"),
        (".env", "BOT=@\n"),
        ("compose.yaml", "services:\n  bot:\n    environment:\n      - TG=@\n"),
        ("config.json", "{\"a\": \"@\"}\n"),
        ("notes.ipynb", "{\"source\": [\"t = \\\"@\\\"\\n\"]}\n"),
        ("README.md", "Run it with `@`.\n"),
        ("run", "#!/bin/sh\nexport X=@ Y=1\n"),
        ("main.rs", "let bot = Bot::new(\"@\");\n"),
        ("values.toml", "token='@'\n"),
        ("a.sql", "INSERT INTO bots VALUES (1, '@');\n"),
    ] {
        check(path, text, &telegram(), "secret-telegram-token");
        check(path, text, &discord(), "secret-discord-token");
    }
    let address = "URL = \"https://api.telegram.org/bot@/sendMessage\"\n";
    check("bot.py", address, &telegram(), "secret-telegram-token");
}

#[test]
fn what_issuers_give_is_told_by_its_shape() {
    for (begin, end, id) in [
        ("sk-ant-", "api03-Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fg5Hj0Qs", "secret-anthropic-api-key"),
        ("sk-proj-", "Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fg5Hj0Qs", "secret-openai-api-key"),
        ("gsk_", "Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fg5Hj0QsAB", "secret-groq-api-key"),
        ("hf_", "ZxkKqaLmbRtcVwdYbeNcfPdgFghHjiQsjA", "secret-hugging-face-token"),
        ("AIza", "SyZx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fg5Hj0QsA", "secret-google-api-key"),
        ("ghp_", "Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fg5Hj0QsA1b2", "secret-github-token"),
        ("glpat-", "Zx8Kq2Lm9Rt4Vw7Yb1Nc", "secret-gitlab-token"),
        ("npm_", "Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fg5Hj0QsA1b2", "secret-npm-token"),
        ("sk_live_", "Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3", "secret-stripe-key"),
        ("AKIA", "ZX8KQ2LM9RT4VW7Y", "secret-aws-access-key-id"),
        ("xoxb-", "284719305561-Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3", "secret-slack-token"),
        ("https://discord.com/api/webhooks/", WEBHOOK, "secret-discord-webhook"),
        ("syt_", "Ym90_Zx8Kq2Lm9Rt4Vw7Yb1Nc_2kQ9zX", "secret-matrix-access-token"),
    ] {
        let secret = format!("{begin}{end}");
        check("a.py", "call(\"@\")\n", &secret, id);
        check("docs/a", "x @ y\n", &secret, id);
    }
}

#[test]
fn keys_in_armour_are_told_when_they_are_keys() {
    let body = "MIIEowIBAAKCAQEAx7Zq9Kf2Lm4Rt8Vw1Yb6Nc3Pd5Fg0HjQsAuXo\nE4iKzT9yWvB2rM7nJcDkLpGhSaUeZxIqOw==";
    let armour = |label: &str, body: &str| {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    for label in ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
        check("id", &armour(label, "@"), body, "secret-private-key");
    }
    let json = body.replace('\n', "\\n");
    let account =
        "{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\n@\\n-----END PRIVATE KEY-----\\n\"}";
    check("account.json", account, &json, "secret-private-key");
    for text in [
        armour("PUBLIC KEY", body),
        armour("PRIVATE KEY", "..."),
        "-----BEGIN PRIVATE KEY-----".into(),
    ] {
        assert_eq!(told(&audit(&[("id", &text)])), [], "{text}");
    }
}

#[test]
fn what_is_in_base64_is_looked_at_once_more() {
    // {"token":"5839201746:AAHw7Qm2ZxT9vKpL4sRfYc8NbJgD1eUiWo3"}
    let once = "eyJ0b2tlbiI6IjU4MzkyMDE3NDY6QUFIdzdRbTJaeFQ5dktwTDRzUmZZYzhOYkpnRDFlVWlXbzMifQ==";
    check("secret.yaml", "data:\n  config: @\n", once, "secret-telegram-token");
    // "nothing to see here, move along please"
    let harmless = "bm90aGluZyB0byBzZWUgaGVyZSwgbW92ZSBhbG9uZyBwbGVhc2U=";
    assert_eq!(told(&audit(&[("a.yaml", &format!("data: {harmless}\n"))])), []);
}

#[test]
fn what_is_no_secret_is_not_told() {
    for (path, text) in [
        ("bot.py", "TOKEN = os.environ['BOT_TOKEN']\nbot = Bot(token=TOKEN)\n"),
        ("bot.py", "password = getpass.getpass('Password: ')\nlogin(user, password=password)\n"),
        ("bot.py", "# 123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11\n"),
        ("index.ts", "interface A { password: string; token?: string | null }\n"),
        (
            "package-lock.json",
            "{\"token\": \"a8Kf93nQzL0pVx7T\", \"integrity\": \"sha512-a8Kf93nQzL0pVx7Tw==\"}\n",
        ),
        (".env.example", "BOT_TOKEN=your-token-here\nAPI_KEY=\nDB_PASSWORD=changeme\n"),
        ("compose.yaml", "environment:\n  POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}\n"),
        ("README.md", "Set `token: abc123def456` to your own.\n"),
        ("locale/de.po", "msgid \"password: a8Kf93nQzL0pVx7T\"\n"),
        (
            "ids.yaml",
            "user_id: 123e4567-e89b-12d3-a456-426614174000\nrevision: 9f86d081884c7d659a2f\n",
        ),
        ("tests/test_a.py", "password = 'gq7Zp-41xWv'\n"),
        (".gitignore", ".env\n"),
    ] {
        let findings: Vec<_> = told(&audit(&[(path, text), (".gitignore", ".env\n")]));
        assert_eq!(findings, [], "{path}: {text}");
    }
}

#[test]
fn a_thorough_look_tells_what_tests_and_trials_have() {
    let key = ["sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"].concat();
    let files = [
        ("tests/test_a.py", "password = 'gq7Zp-41xWv'\n"),
        ("pay.py", &format!("KEY = '{key}'\n")),
    ];
    assert_eq!(told(&audit(&files)), []);
    // A bot's token was issued to somebody, wherever it stands.
    let token = format!("TOKEN = '{}'\n", telegram());
    assert_eq!(told(&audit(&[("tests/conftest.py", &token)])).len(), 1);
    let found = told(&audit_with(SecretsEngine::new().thorough(), &files));
    assert_eq!(
        found.iter().map(|(id, place)| (id.as_str(), place.as_str())).collect::<Vec<_>>(),
        [("secret-stripe-key", "pay.py:1"), ("secret-generic-password", "tests/test_a.py:1")]
    );
}

#[test]
fn the_same_secret_in_one_file_is_one_finding_with_each_place() {
    let text = format!("a = '{0}'\nb = '{0}'\n", telegram());
    let report = audit(&[("bot.py", &text)]);
    assert_eq!(report.findings.len(), 1);
    let places: Vec<_> = report.findings[0].files.iter().map(Location::shown).collect();
    assert_eq!(places, ["bot.py:1", "bot.py:2"]);
}

#[test]
fn a_fingerprint_stays_while_the_secret_does() {
    let print = |text: &str| audit(&[("bot.py", text)]).findings[0].fingerprint.clone();
    let first = print(&format!("a = '{}'\n", telegram()));
    assert_eq!(print(&format!("# moved\n\nrenamed = \"{}\"\n", telegram())), first);
    assert_ne!(print(&format!("a = '{}'\n", telegram().replace("Zx", "Zy"))), first);
}

const WEBHOOK: &str =
    "284719305561284719/Zx8Kq2Lm9Rt4Vw7Yb1Nc6Pd3Fg5Hj0QsAuXoE4iKzT9yWvB2rM7nJcDkLpGhSaUeZxIqOw";
