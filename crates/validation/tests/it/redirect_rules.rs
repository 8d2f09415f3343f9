//! Redirects that lead elsewhere than they seem to.

use crate::url_rules::{check, rules_of};

#[test]
fn paths_that_are_hosts_are_found() {
    check(
        "redirect.scheme-relative",
        &[
            "//evil.example",
            "///evil.example/",
            "////evil.example/%2f..",
            "/\\evil.example",
            "\\\\evil.example\\x",
            "\\/\\/evil.example/",
            "/\\/evil.example",
            "//bank.example@evil.example/",
            "//;@evil.example",
            "//93.184.215.14",
            "//0x7f000001/",
            "//[::1]/",
            "//localhost",
            "/%09/evil.example",
            "/%5cevil.example",
            "/%2f%2fevil.example",
            "%2f%2fevil.example",
            "/\t/evil.example",
            "/%0a/evil.example",
            "<>//evil.example",
            "/.//evil.example",
            "//evil\u{3002}example",
            "//evil%E3%80%82example",
        ],
    );
    check(
        "redirect.slash-look-alike",
        &["/\u{309d}evil.example", "\u{3031}evil.example", "/\u{2215}evil.example"],
    );
    check(
        "redirect.path-to-url",
        &[
            "/https://evil.example",
            "////http://evil.example/",
            "/http:evil.example",
            "//https://evil.example//",
            "/.https://evil.example",
        ],
    );
}

#[test]
fn urls_that_browsers_repair_are_found() {
    check(
        "redirect.slashes",
        &[
            "https:evil.example",
            "http:/evil.example",
            "http:///evil.example",
            "https:/\\evil.example",
            "http:\\\\evil.example",
            "https:\\/\\/evil.example/",
            "https:////evil.example",
            "?next=https:evil.example",
        ],
    );
}

#[test]
fn urls_within_urls_are_found() {
    check(
        "redirect.nested",
        &[
            "?next=//evil.example",
            "/login?next=https://evil.example/",
            "https://bank.example/out?url=http://evil.example",
            "https://bank.example/out?url=http%3A%2F%2Fevil.example",
            "https://bank.example/out?x=1&to=/\\evil.example",
            "/redirect?redirect_uri=evil.example",
            "/?http://evil.example",
            "https://bank.example//evil.example",
            "https://bank.example/https://evil.example",
            "next=//evil.example",
        ],
    );
}

#[test]
fn names_that_imitate_are_found() {
    check(
        "redirect.imitation",
        &[
            "https://bank.com.evil.example/",
            "http://www.bank.com.evil.co.uk/",
            "https://shop.org.evil.net/x",
            "https://bank.com-login.example/",
        ],
    );
    check(
        "redirect.dot-segments",
        &[
            "//evil.example/%2f..",
            "https://evil.example/%2f%2e%2e",
            "https://evil.example/a/../b",
            "http://evil.example/%5c..",
        ],
    );
}

#[test]
fn texts_that_become_another_name_are_found() {
    check(
        "redirect.suffix",
        &[".evil.com", "/.evil.com", "/;@evil.com", "@evil.com", "&@evil.net/x"],
    );
    check(
        "redirect.second-host",
        &[
            "https://evil.example?www.bank.example",
            "https://evil.example#bank.example",
            "https://evil.example/?bank.com",
            "http://evil.example/.bank.com",
            "http://evil.example\\bank.example/x",
        ],
    );
    check(
        "redirect.nested",
        &["/redirect/evil.com", "?url=evil.example", "/cgi-bin/redirect.cgi?evil.example"],
    );
}

#[test]
fn harmless_texts_pass() {
    for text in [
        "/",
        "/login",
        "/a/b.html?c=d",
        "/a%20b/c",
        "/.bashrc.bak",
        "https://example.com?a=b.c",
        "https://example.com/.well-known/security.txt",
        "https://www.net-shop.example/",
        "https://example.com#section-1.2",
        "https://example.com/redirects/all.html",
        "/etc/resolv.conf",
        "./a.b/c.d",
        "../README.md",
        "// a comment",
        "//comment",
        "\\d+\\.\\d+",
        "\\\\.py$",
        "C:\\a.b\\c.d",
        "?q=what",
        "?a=b&c=d.e",
        "/search?q=site:example.com",
        "https://example.com/a/b?next=/home",
        "https://example.com/?ref=newsletter",
        "https://docs.example.com/en/latest/",
        "http/2 and https",
        "and/or",
        "1/2",
        "\u{30fc}\u{30fc}\u{30fc}",
        "\u{30ce}\u{30fc}\u{30c8}",
        "s//g",
        "a//b",
        "...",
        ".gitignore",
        "@name",
        "/@name",
        "https://example.co.uk",
        "https://news.example.com.au/",
        "\u{ff0f}\u{ff0f}",
        "km/h",
    ] {
        let found = rules_of(text);
        assert!(found.is_empty(), "{text:?}: {found:?}");
    }
}
