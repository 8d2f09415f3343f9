//! Paths: what climbs, what is absolute, and what is prose.

use wardkit_validation::{Policy, Sink};

#[test]
fn climbs_are_found_in_every_spelling() {
    for dots in DOTS {
        for separator in SEPARATORS {
            for (before, after) in
                [("", "etc%2fpasswd"), ("/", ""), ("\\", "boot.ini"), ("///", "notes.txt")]
            {
                let climb = format!("{before}{}{after}", format!("{dots}{separator}").repeat(4));
                check(&climb, true);
            }
        }
    }
}

#[test]
fn dots_that_a_filter_or_a_file_system_turns_into_climbs_are_found() {
    for unit in [
        "....//", "...//", ".../", "...\\", ".?/", ".?%2f", "./", ".\\", "....\\\\", ".?%u2215",
        ".../.\\", "..;/",
    ] {
        check(&unit.repeat(5), true);
        check(&format!("/{}boot.ini", unit.repeat(5)), true);
    }
    check("..2f..2f..2fetc2fpasswd", true);
}

#[test]
fn places_of_the_system_are_found_where_they_are_the_text() {
    for path in [
        "/etc/hosts",
        "/etc/hostname.eth0%00",
        "/proc/self/environ",
        "/usr/local/etc/php.ini",
        "/var/log/app/error.log",
        "/sys/kernel",
        "/Volumes/disk/private/x",
        "/opt/server/conf/x.xml",
        "/home/anna/.ssh/id_rsa",
        "cat /etc/group-",
        "C:\\Windows\\win.ini",
        "c:/boot.ini",
        "\\\\192.0.2.1\\share\\x",
        "\\\\?\\C:\\x",
        "file:///etc/hosts",
        "php://filter/resource=x",
        "phar://x.jpg",
        "~/.ssh/id_rsa",
        "%SYSTEMROOT%\\win.ini",
        "/srv/backup/notes.txt",
        "/notes.db",
        ".htaccess",
        "%2e%68%74%61%63%63%65%73%73",
        ".git/config",
        "WEB-INF/web.xml",
        "app/.env",
        "/.gitignore",
        "etc/hosts",
        "config.php.bak",
        "index.php~",
        "settings.ini.old",
        "notes.png%00.php",
        "page=/etc/hosts&x=1",
        "<r><a b=\"/etc/shadow\"></a></r>",
        "../notes.txt",
    ] {
        check(path, true);
    }
    check(&"A".repeat(300), true);
}

#[test]
fn prose_that_mentions_a_path_passes() {
    for text in [
        "and/or",
        "9/16",
        "12/05/2026",
        "1/2 cup of sugar",
        "see https://example.org/a/b?c=/d for more",
        "well... maybe",
        "wait.../no",
        "notes.txt",
        "photos/2026/cat.jpg",
        "/start",
        "/help me please",
        "Find all files below /etc and list them",
        "move the file /usr/local/bin/tool to my home directory please",
        "include \"../lib/x.h\" and compile it again",
        "what is in /proc/cpuinfo on this machine",
        "his/her",
        "C: the language",
        "ratio 3:4",
        "100%",
        "50% of 20%off",
        "see you at 5.25.",
        "a.b.c",
        "e.g. ./configure && make",
        "the .env file is missing here, why",
        "s/he",
        "</b>",
        "text >/dev/null is a redirection",
        "....",
        "..",
        "i think.. no",
        "..................../",
    ] {
        check(text, false);
    }
}

#[test]
fn a_climb_is_found_in_a_message_too() {
    let policy = Policy::default();
    for (text, found) in [
        ("../../../etc/passwd", true),
        ("%2e%2e%2fetc", true),
        ("/etc/passwd", true),
        ("where is /etc/passwd documented for beginners", false),
        ("/start", false),
        ("/notes/today", false),
    ] {
        assert_eq!(policy.check(text).unwrap().findings().is_empty(), !found, "{text}");
    }
}

#[test]
fn a_span_names_the_climb_in_the_text_as_given() {
    let text = "page=%2e%2e%2fx";
    let verdict = Policy::for_sink(Sink::Path).check(text).unwrap();
    let finding = &verdict.findings()[0];
    assert_eq!(finding.rule.id, "path.encoded-traversal");
    assert_eq!(&text[finding.span.clone()], "%2e%2e%2f");
}

fn check(text: &str, attack: bool) {
    let verdict = Policy::for_sink(Sink::Path).check(text).unwrap();
    let rules: Vec<_> = verdict.findings().iter().map(|finding| finding.rule.id).collect();
    assert_eq!(!rules.is_empty(), attack, "{text} {rules:?}");
}

/// Two dots, as decoders read them.
const DOTS: &[&str] = &[
    "..",
    "%2e%2e",
    ".%2E",
    "%252e%252e",
    "%25252e.",
    "0x2e0x2e",
    "%c0%ae%c0%ae",
    "%c0%2e%c0%2e",
    "%c0.%c0.",
    "%e0%80%ae.",
    "%e0%40%ae%e0%40%ae",
    "%f0%80%80%ae%f0%80%80%ae",
    "%f8%80%80%80%ae.",
    "%u002e%u002e",
    "%uff0e%uff0e",
    "\\x2e\\x2e",
    "\\u002e\\u002e",
    "%%32%65%%32%65",
];

/// What decoders and file systems take for a separator.
const SEPARATORS: &[&str] = &[
    "/",
    "\\",
    "//",
    "\\/",
    "%2f",
    "%5C",
    "%252f",
    "%255c",
    "%25252f",
    "%c0%af",
    "%c0%2f",
    "%c1%9c",
    "%c1%1c",
    "%c1%af",
    "%c0%5c",
    "%c1%pc",
    "%c0%9v",
    "%c0%qf",
    "%c1%8s",
    "%bg%qf",
    "%e0%80%af",
    "%f0%80%80%af",
    "%f8%80%80%80%af",
    "%25c0%25af",
    "%u002f",
    "%u2215",
    "%u2216",
    "%uEFC8",
    "%uF025",
    "%uff0f",
    "%%32%66",
    "%%35%63",
    "0x2f",
    "0x5c",
    "\\x2f",
    ";/",
    "%00/",
    "%20/",
    "%09\\",
    "%01/",
    ";x=1/",
];

#[test]
fn names_with_blanks_and_names_of_settings_are_found_where_they_are_the_text() {
    for text in [
        "C:\\Program Files\\Some Server\\Some Server 5.7\\my.ini",
        "c:/Documents and Settings/Some One/ntuser.dat",
        "....//",
        "..././",
        "...\\.\\",
        "~root",
        ".sometoolrc",
        ".sometool.yml",
        ".sometool_history",
        "/system32/cmd.exe?/c+dir",
        "C:/",
        "c:\\",
    ] {
        assert!(
            !Policy::for_sink(Sink::Path).check(text).unwrap().findings().is_empty(),
            "{text:?}"
        );
    }
    for text in [
        "...",
        "..../",
        "C:\\ is full, and so is D:",
        ".NET",
        ".com",
        "a.rc",
        ".pdf",
        "so.../",
        "C:/ a",
    ] {
        assert!(
            Policy::for_sink(Sink::Path).check(text).unwrap().findings().is_empty(),
            "{text:?}"
        );
    }
}

#[test]
fn dumps_and_files_that_end_a_path_with_blanks_are_found() {
    for text in [
        "backup.sql",
        "site-backup_2024.tar.gz",
        "dumps/db.zip",
        "report.swp",
        "var/log/messages",
        ".some_aliases",
        ".cargo/credentials",
        "D:\\Data Files\\Last Year\\tax report final.pdf",
    ] {
        check(text, true);
    }
    for text in [
        "photos.zip",
        "holiday.tar.gz",
        "my db is slow",
        "the backup.sql file is too big for the disk, help",
        "C:\\ is full, see D:\\ and the rest of it.",
    ] {
        check(text, false);
    }
}
