//! Hostile files: nothing panics, and nothing takes long.

use proptest::prelude::*;
use wardkit_audit_conf::ConfEngine;

const PATHS: [&str; 16] = [
    "Dockerfile",
    "compose.yml",
    ".github/workflows/a.yml",
    ".gitlab-ci.yml",
    "prometheus.yml",
    "loki.yml",
    "alertmanager.yml",
    "config.yaml",
    ".env",
    "a.ini",
    "nginx.conf",
    "redis.conf",
    "postgresql.conf",
    "pg_hba.conf",
    "migrations/a.sql",
    "bot.service",
];

const WORDS: [&str; 40] = [
    "FROM a\n",
    "RUN ",
    "<<EOF\n",
    "EOF\n",
    "\\\n",
    "services:\n",
    "  a: ",
    "&x ",
    "*x\n",
    "<<: *x\n",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "$(",
    "`",
    "'",
    "\"",
    ";",
    "|",
    "curl http://x ",
    "sh ",
    "CREATE TABLE a ",
    "ALTER TABLE a ",
    "$$",
    "--",
    "/*",
    "location /a ",
    "alias /b/",
    "host all all ",
    "é",
    "\u{feff}",
    "=",
    ":",
    "#",
    "\n",
    "[Service]\nExecStart=/x\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_panics(path in 0..PATHS.len(), parts in prop::collection::vec(0..WORDS.len(), 0..60)) {
        let text: String = parts.iter().map(|part| WORDS[*part]).collect();
        for finding in ConfEngine::new().findings(PATHS[path], &text) {
            let line = finding.files[0].line.unwrap_or(1) as usize;
            prop_assert!(line >= 1 && line <= text.lines().count() + 1);
        }
    }

    #[test]
    fn no_bytes_panic(path in 0..PATHS.len(), text in "\\PC{0,200}") {
        let _ = ConfEngine::new().findings(PATHS[path], &text);
    }
}

#[test]
fn what_is_deep_or_long_ends() {
    for part in [
        "(",
        "{",
        "[",
        "- ",
        "a: ",
        "$(",
        "`",
        "'",
        "<<A\n",
        "\\\n",
        "a {",
        "--",
        "$a$ ",
        "FROM a\n",
        "a:\n ",
        "RUN a | b\n",
        "CREATE TABLE a (b int);\n",
        "x=1\n",
        "USER root\n",
    ] {
        let text = part.repeat(4_000);
        for path in PATHS {
            let _ = ConfEngine::new().findings(path, &format!("FROM a\nRUN {text}"));
            let _ = ConfEngine::new().findings(path, &text);
        }
    }
}
