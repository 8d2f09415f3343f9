//! Hostile URLs in many spellings, and the harmless texts beside them.

use wardkit_validation::{Policy, Sink, rule};

pub(crate) fn rules_of(text: &str) -> Vec<&'static str> {
    let verdict = Policy::for_sink(Sink::Url).check(text).unwrap();
    verdict.findings().iter().map(|finding| finding.rule.id).collect()
}

#[track_caller]
pub(crate) fn check(id: &str, texts: &[&str]) {
    assert!(rule(id).is_some(), "{id}");
    for text in texts {
        let found = rules_of(text);
        assert!(found.contains(&id), "{text:?}: {found:?}");
    }
}

#[test]
fn addresses_of_the_inside_are_found_as_they_are() {
    check(
        "url.internal-address",
        &[
            "http://127.0.0.1",
            "http://127.8.9.1:8000/x",
            "HTTP://10.0.0.138/",
            "https://172.31.0.5/?a=b#c",
            "ws://192.168.100.1/socket",
            "http://0.0.0.0/",
            "http://0/",
            "http://[::]/",
            "http://[::1]:3000/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[fe80::1%25eth0]/",
            "http://[fd12:3456:789a::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:c0a8:0101::1]/",
            "http://100.64.3.4/",
            "http://198.18.0.1/",
            "http://224.0.0.251/",
            "  http://10.1.2.3/  ",
            "\"http://10.1.2.3/\"",
            "?url=http://10.1.2.3/",
            "src=\"http://10.1.2.3/a.png\"",
            "https://example.com/fetch?u=http%3A%2F%2F10.1.2.3%2F",
            "10.0.0.7:8080/status",
            "127.0.0.1",
            "[::1]:6379",
        ],
    );
}

#[test]
fn addresses_in_odd_spellings_are_found() {
    check(
        "url.disguised-address",
        &[
            "http://2130706433/",
            "http://3232235777",
            "http://0x7f000001/",
            "http://0X7F.0x0.0x0.0x1/",
            "http://017700000001/",
            "http://0177.0.0.01/",
            "http://127.1/",
            "http://127.0.1:8080/",
            "http://0x7f.1/",
            "http://10.1/",
            "http://192.168.257/",
            "http://00000000177.0.0.1/",
            "http://0xc0a80001/",
            "http://[::127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::ffff:93.184.215.14]/",
            "http://0x5db8d70e/",
            "http://1572395022/",
            "https://0135.0270.0327.016/",
            "http://127.1.:80/",
            "0x7f.0x0.0x0.0x1",
            "127.1:6379",
            "http://4294967297/",
        ],
    );
}

#[test]
fn metadata_services_are_found() {
    check(
        "url.metadata",
        &[
            "http://169.254.169.254/",
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/role",
            "http://[fd00:ec2::254]/latest/meta-data/",
            "http://2852039166/latest/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://100.100.100.200/latest/meta-data/",
            "http://metadata.google.internal/computeMetadata/v1/",
            "http://metadata/computeMetadata/v1/instance/",
            "http://instance-data/latest/user-data",
            "http://192.0.0.192/opc/v1/instance/",
            "http://169.254.170.2/v2/credentials/x",
            "http://redirect.example/to-169.254.169.254",
            "http://425.510.425.510/",
            "http://0xA9FEA9FEA9FEA9FE/",
            "https://anything.example/latest/meta-data/",
            "please summarise http://169.254.169.254/latest/meta-data for me",
            "169.254.169.254",
        ],
    );
}

#[test]
fn names_of_the_inside_are_found() {
    check(
        "url.internal-name",
        &[
            "http://localhost",
            "http://LOCALHOST:8080/admin",
            "https://localhost./",
            "http://app.localhost/",
            "http://printer.local/",
            "http://vault.service.internal/v1",
            "http://kubernetes.default.svc/api",
            "https://kubernetes.default.svc.cluster.local/",
            "http://redis:6379/",
            "http://router.lan/",
            "http://nas.home.arpa/",
            "localhost:9200/_search",
            "http://localhost\u{3002}localdomain/",
        ],
    );
    check(
        "url.rebinding-name",
        &[
            "http://127.0.0.1.nip.io/",
            "http://app-10-0-0-1.sslip.io/",
            "https://localtest.me/x",
            "http://a.b.lvh.me:3000/",
            "http://7f000001.c0a80001.rbndr.us/",
            "http://x.192-168-1-1.corp-proxy.example/",
            "http://169.254.169.254.evil.example/",
        ],
    );
    check(
        "url.callback-name",
        &[
            "http://abc123.oastify.com/",
            "https://x.interact.sh",
            "see http://q.burpcollaborator.net/y now",
        ],
    );
}

#[test]
fn schemes_beyond_the_web_are_found() {
    check(
        "url.scheme",
        &[
            "file:///etc/passwd",
            "FILE://C:/boot.ini",
            "file:/etc/shadow",
            "file:etc/passwd",
            "file:\\\\host\\share",
            "file://localhost/proc/self/environ",
            "gopher://192.0.2.9:6379/_FLUSHALL",
            "fetch gopher://192.0.2.9:25/_HELO for me",
            "dict://192.0.2.9:11211/stat",
            "ldap://192.0.2.9/cn=x",
            "ldaps://x.example:636/",
            "jar:http://x.example/a.jar!/b",
            "netdoc:///etc/hosts",
            "php://filter/convert.base64-encode/resource=index.php",
            "phar:///tmp/x.jpg/y",
            "zip:///tmp/x.zip#y",
            "expect://id",
            "glob:///etc/*",
            "compress.zlib:///etc/passwd",
            "tftp://192.0.2.9/x",
            "sftp://x.example/y",
            "smb://x.example/share",
            "rmi://x.example:1099/o",
            "url:file://x.example",
            "?page=php://input",
            "view=file%3A%2F%2F%2Fetc%2Fpasswd",
            "fi\tle:///etc/passwd",
            "/file:///etc/passwd",
        ],
    );
    check(
        "url.unusual-scheme",
        &["ftp://x.example/y", "ssh://x.example", "0://x.example:22", "foo://x.example/"],
    );
    check(
        "url.script",
        &[
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "javascript://x.example/%0aalert(1)",
            "java%0dscript:alert(1)",
            "/javascript:alert(1)",
            "//javascript:alert(1);",
            "\\j\\av\\a\\s\\cr\\i\\pt\\:\\a\\l\\ert\\(1\\)",
            "?next=javascript:alert(1)",
            "vbscript:msgbox(1)",
            "data:text/html,<script>alert(1)</script>",
            "data:text/html;base64,PHNjcmlwdD4=",
            "data://text/plain;base64,AA==",
            "data:,alert(1)",
            "javascript&colon;alert(1)",
        ],
    );
}

#[test]
fn tricks_with_user_host_and_port_are_found() {
    for (expected, texts) in TRICKS {
        check(expected, texts);
    }
}

#[test]
fn harmless_texts_pass() {
    for text in [
        "",
        " ",
        "hello",
        "https://example.com",
        "https://example.com/",
        "http://www.example.com/a/b.html?c=d&e=f#g",
        "https://example.co.uk/path",
        "https://shop.example.com.br/",
        "https://m\u{fc}nchen.de/stra\u{df}e",
        "https://\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}/",
        "http://\u{4f8b}\u{3048}.jp/\u{3042}",
        "https://ru.wikipedia.org/wiki/\u{420}\u{43e}\u{441}\u{441}\u{438}\u{44f}",
        "https://example.com/?args=performance",
        "https://example.com/search?q=a%20b%26c&lang=en",
        "https://medium.com/@writer/a-story-1234",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s",
        "https://maps.example.com/@52.5,13.4,12z",
        "https://example.com:8443/app",
        "https://user.example.com/?mail=a.b@example.com",
        "mailto:someone@example.com",
        "someone@example.com",
        "tel:+49301234567",
        "see https://example.com/a, and write to me@example.com",
        "\u{8acb}\u{770b}https://example.com/a\u{3002}\u{8b1d}\u{8b1d}",
        "\u{770b}https://example.com\u{ff0c}\u{8b1d}\u{8b1d}",
        "Note: the file: it is there. data: none, javascript: a language",
        "The ratio is 3:1 // about 12:30",
        "std::net::Ipv4Addr::LOCALHOST",
        "git@github.com:owner/repo.git",
        "C:\\Windows\\System32\\drivers",
        "fn main() { println!(\"http://{}:{}\", host, port); }",
        "version 10.0.0.1 of the driver",
        "10.5",
        "2130706433",
        "0x7f000001",
        "ping 127.0.0.1",
        "I run it on http://localhost:3000 and it does not answer",
        "at file:///home/me/app/index.js:10:5",
        "file_get_contents('php://input')",
        "{\"url\":\"https:\\/\\/example.com\\/a\"}",
        "<a href=\"https://example.com/\">x</a>",
        "Time: 10:20:30",
        "\u{645}\u{631}\u{62d}\u{628}\u{627} https://example.com/\u{645}",
        "image/png;base64",
        "Re: your order",
        "https://example.com/a%2Fb%20c?d=%2Fe%3Ff%3D%2520g",
        "100%41",
        "50%25 off",
        "http: the protocol",
        "https://example.com/a\nhttps://example.org/b",
    ] {
        let found = rules_of(text);
        assert!(found.is_empty(), "{text:?}: {found:?}");
    }
}

#[test]
fn a_span_is_the_url_in_the_text_as_given() {
    let text = "look, \u{e9}: http://169.254.169.254/latest there";
    let verdict = Policy::for_sink(Sink::Url).check(text).unwrap();
    let span = verdict.findings()[0].span.clone();
    assert_eq!(&text[span], "http://169.254.169.254/latest");
}

#[test]
fn a_text_of_nothing_but_schemes_is_suspicious_and_not_dear() {
    for text in ["a:".repeat(4000), "http://".repeat(9000), "x http://a".repeat(6000)] {
        let found = rules_of(&text);
        assert_eq!(
            found.iter().filter(|id| **id == "input.budget-exhausted").count(),
            1,
            "{found:?}"
        );
    }
}

const TRICKS: &[(&str, &[&str])] = &[
    (
        "url.userinfo",
        &[
            "https://bank.example@evil.example/",
            "https://bank.example:443@evil.example/",
            "http://user:pass@10.0.0.1/",
            "http://bank.example\\@evil.example/",
            "http://bank.example#@evil.example/",
            "http://bank.example?@evil.example/",
            "http://bank.example&@evil.example#@bank.example/",
            "http://bank.example%40evil.example/",
            "http://1.2.3.4 &@5.6.7.8# @9.9.9.9/",
            "https://[::ffff:1.2.3.4]@evil.example",
            "http://a.example:80+&@evil.example#+@bank.example/",
        ],
    ),
    (
        "url.encoded-host",
        &[
            "http://%31%32%37.0.0.1/",
            "http://bank%2eexample/",
            "http://evil.example%00.bank.example/",
            "http://google%E3%80%82com",
        ],
    ),
    (
        "url.encoded-plain",
        &[
            "https://bank.example/%61dmin",
            "/%61/b",
            "https%3A%2F%2Fevil.example%2F",
            "%68%74%74%70%3a%2f%2fevil.example",
            "//evil.example/%252e%252e",
        ],
    ),
    (
        "url.look-alike-host",
        &[
            "http://\u{2460}\u{2461}\u{2466}.\u{24ea}.\u{24ea}.\u{2460}/",
            "http://\u{24d4}\u{24e7}\u{24d0}\u{24dc}\u{24df}\u{24db}\u{24d4}.\u{24d2}\u{24de}\u{24dc}",
            "http://127\u{3002}0\u{3002}0\u{3002}1/",
            "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "http://\u{1d7cf}27.0.0.1/",
            "http://169.254.169\u{ff0e}254/",
            "http://loc\u{200b}alhost/",
            "\u{ff48}ttp://evil.example",
            "\u{24d7}\u{24e3}\u{24e3}\u{24df}://evil.example",
        ],
    ),
    (
        "url.homograph",
        &[
            "https://p\u{430}ypal.com/",
            "http://xn--pypal-4ve.com",
            "https://\u{430}\u{440}\u{440}\u{4cf}\u{435}.com/",
            "http://g\u{3bf}ogle.com",
        ],
    ),
    (
        "url.malformed-authority",
        &[
            "http://a.example:80:81/",
            "http://a.example:99999/",
            "http://a.example:8o/",
            "http://a.example;b.example/",
            "http://a.example|b.example/",
            "http://[::1/",
            "http://[::g]/",
            "http://1.2.3.4.5/",
            "http://a>b.example/",
            "http://.evil.example/",
            "http://evil..example/",
            "http://a.example:22;http://b.example:80/",
        ],
    ),
    (
        "url.service-port",
        &[
            "http://db.example.net:6379/",
            "https://x.example:22",
            "http://x.example:11211/stats",
            "http://x.example:2375/containers/json",
        ],
    ),
    (
        "url.control",
        &[
            "https://x.example/%0d%0aSet-Cookie:a=b",
            "%0d%0a/evil.example",
            "/%01https://evil.example",
            "http://x.example/a%00.png",
            "ht\ntp://x.example/",
            "http://x.exa\tmple/",
        ],
    ),
    (
        "url.raw-address",
        &["http://93.184.215.14/", "https://[2606:4700::1111]/", "?to=http://9.9.9.9"],
    ),
];
