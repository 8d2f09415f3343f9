use super::super::Layer;
use super::Readings;
use crate::detect::traits::Traits;

/// Reads a text and returns what its readings say.
fn read(text: &str) -> Vec<(Layer, String)> {
    Readings::of(text, Traits::of(text))
        .iter()
        .map(|reading| (reading.layer, reading.text.clone()))
        .collect()
}

fn reads_as(text: &str, layer: Layer, expected: &str) {
    let readings = read(text);
    assert!(
        readings.iter().any(|(found, text)| *found == layer && text == expected),
        "{text:?} as {expected:?}: {readings:?}"
    );
}

#[test]
fn every_encoding_is_read() {
    for (text, layer, expected) in [
        ("%27 or 1", Layer::UrlDecoded, "' or 1"),
        ("%u0027", Layer::UrlDecoded, "'"),
        ("..%c0%af..", Layer::UrlDecoded, "../.."),
        ("%e0%80%af", Layer::UrlDecoded, "/"),
        ("%E5%98%8A", Layer::UrlDecoded, "\u{560a}"),
        ("%e9t%e9", Layer::UrlDecoded, "été"),
        ("%252e", Layer::UrlDecoded, "."),
        ("%%32%65", Layer::UrlDecoded, "."),
        ("&lt;x&#62", Layer::HtmlDecoded, "<x>"),
        ("&#x00000006A;avascript&colon;", Layer::HtmlDecoded, "javascript:"),
        ("\\x3cb\\u003e\\u{3c}\\074", Layer::Unescaped, "<b><<"),
        ("a\\r\\nb", Layer::Unescaped, "a\r\nb"),
        ("cm0gLXJmIC8gJiYgZWNobyBvaw==", Layer::Base64, "rm -rf / && echo ok"),
        ("\u{ff1c}ｓｃｒｉｐｔ＞", Layer::Folded, "<script>"),
        ("𝐢𝐠𝓃ℴ𝕣𝖾 𝟏", Layer::Folded, "ignore 1"),
        ("ig\u{ad}no\u{200b}re", Layer::Folded, "ignore"),
        ("\u{e0048}\u{e0069}", Layer::Folded, "Hi"),
        ("іgnоrе", Layer::Folded, "ignore"),
        ("①②⑦｡0｡0｡⑴", Layer::Folded, "127｡0.0.⑴"),
        ("%26lt%3b", Layer::HtmlDecoded, "<"),
        ("%EF%BC%9Cb", Layer::Folded, "<b"),
        ("&#x25;27", Layer::UrlDecoded, "'"),
    ] {
        reads_as(text, layer, expected);
    }
}

#[test]
fn ordinary_text_has_one_reading() {
    for text in [
        "",
        "hello there, how are you?",
        "100 % sure & more; C:\\new\\table, AT&T, R&D, ?a=1&copy=2",
        "Это обычный текст, в котором нет ничего.",
        "internationalization/localization",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "これは普通の文章です。",
        "你好，世界！今天天气（很好）吗？",
    ] {
        assert_eq!(read(text), [], "{text:?}");
    }
}

#[test]
fn places_lead_back_to_what_was_given() {
    let text = "ab%26lt%3bcd";
    let readings = Readings::of(text, Traits::of(text));
    let last = readings.iter().last().unwrap();
    assert_eq!(last.text, "ab<cd");
    assert_eq!(readings.origin(last, 2..3), 2..10);
    assert_eq!(readings.origin(last, 1..4), 1..11);
    assert_eq!(readings.origin(last, 5..5), 12..12);
    let text = "ﬃx";
    let readings = Readings::of(text, Traits::of(text));
    let last = readings.iter().last().unwrap();
    assert_eq!(readings.origin(last, 1..2), 0..3);
}

#[test]
fn encoding_without_end_is_noticed() {
    assert!(!Readings::of("%252527", Traits::of("%252527")).is_deeper);
    assert!(Readings::of("%25252527", Traits::of("%25252527")).is_deeper);
}

#[test]
fn readings_stay_in_proportion_to_the_text() {
    for unit in ["%25", "&#x26;", "\\x5c", "ﬃ", "&amp;lt;", "%26%23x26;"] {
        let text = unit.repeat(10_000);
        let total: usize =
            Readings::of(&text, Traits::of(&text)).iter().map(|reading| reading.text.len()).sum();
        assert!(total <= text.len() * 4 + 256, "{unit}");
    }
}
