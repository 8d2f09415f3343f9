//! Lines added to headers.

use wardkit_validation::{Policy, Sink};

fn found(sink: Option<Sink>, text: &str) -> Vec<&'static str> {
    let mut policy = Policy::default();
    policy.sink = sink;
    policy.check(text).unwrap().findings().iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn encoded_lines_are_found_everywhere() {
    for text in [
        "en%0d%0aX-Injected: 1",
        "en%0aSet-Cookie%3a%20a%3db",
        "en%0DLocation:%20//example.org",
        "en%250d%250aSet-Cookie: a=b",
        "en%u000d%u000aSet-Cookie: a=b",
        "en&#13;&#10;Set-Cookie: a=b",
        "en&#x0d;&#xa;Set-Cookie: a=b",
        "en&#0000010Refresh: 0",
        "en&NewLine;Set-Cookie: a=b",
        "en\\r\\nSet-Cookie: a=b",
        "en\\u000d\\u000aX-Other: a",
        "嘊嘍Set-Cookie: a=b",
        "%e5%98%8a%e5%98%8dSet-Cookie: a=b",
        "čĊSet-Cookie: a=b",
        "en%0d%0aHTTP/1.1 200 OK",
        "en%0d%0aGET%20/admin%20HTTP/1.1",
        "en%0d%0a%0d%0a<html><body>",
        "en%0d%0a%20%0d%0a%3Chtml%3E",
        "subject%0aBcc:someone@example.org",
        "a%0d%0a%09folded%0d%0aX-More: 1",
    ] {
        for sink in [None, Some(Sink::Header), Some(Sink::Url)] {
            assert!(found(sink, text).contains(&"header.encoded-line"), "{text:?} for {sink:?}");
        }
    }
}

#[test]
fn breaks_count_for_headers() {
    for (text, rule) in [
        ("en%0d%0amore", "header.encoded-break"),
        ("en\r\nSet-Cookie: a=b", "header.line"),
        ("en\nLocation: /", "header.line"),
        ("en\rBcc: someone@example.org", "header.line"),
        ("en\n\nHTTP/1.1 200 OK", "header.request-line"),
        ("en\nPOST /x HTTP/1.0", "header.request-line"),
    ] {
        assert_eq!(found(Some(Sink::Header), text), [rule], "{text:?}");
    }
}

#[test]
fn fields_of_mails_count_behind_a_value() {
    for text in [
        "anne@example.org\r\nCc: bob@example.org",
        "anne@example.org\nTo: bob@example.org",
        "en\r\nContent-Type: text/html",
        "1\nX-Role: admin",
        "\r\nHost: a.example",
    ] {
        assert_eq!(found(Some(Sink::Header), text), ["header.line"], "{text:?}");
    }
    for text in [
        "From: anne@example.org\nTo: bob@example.org\nSubject: x",
        "Hello Bob,\nSubject: the garden",
        "Flight\nFrom: Berlin\nTo: Paris",
        "-----Original-Message-----\nFrom: Anne\nTo: Bob",
        "> quoted text\r\nFrom: nobody",
    ] {
        assert_eq!(found(Some(Sink::Header), text), [""; 0], "{text:?}");
    }
}

#[test]
fn ordinary_texts_pass() {
    for text in [
        "first line\nsecond line: with a colon\nNote: a third",
        "Dear all,\r\n\r\nSubject: yesterday\r\nbest, Ann",
        "print(\"total\\nName: %s\" % name)",
        "see C:\\new\\reports and C:\\root\\name",
        "100%0 discount, 50%00 off",
        "a%0Ab in a link",
        "https://example.org/?q=one%0Atwo%0Ahttps://example.com",
        "Content-Type: text/html\nAccept: */*",
        "GET /index.html HTTP/1.1",
        "AT&T &#10004; done &#128512;",
        "čeština a ċ",
    ] {
        assert_eq!(found(Some(Sink::Header), text), [] as [&str; 0], "{text:?}");
        assert_eq!(found(None, text), [] as [&str; 0], "{text:?}");
    }
}
