//! Characters that deceive, and the many that do not.

use wardkit_validation::{Level, Policy, Sink};

fn found(sink: Option<Sink>, text: &str) -> Vec<&'static str> {
    let mut policy = Policy::default();
    policy.sink = sink;
    policy.check(text).unwrap().findings().iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn deceptions_are_found_in_messages() {
    for (text, rule) in [
        ("invoice_\u{202e}fdp.exe", "unicode.bidi-override"),
        ("\u{202d}1234\u{202c}", "unicode.bidi-override"),
        ("name \u{2067}and more", "unicode.bidi-unclosed"),
        ("\u{202b}abc\nnext line", "unicode.bidi-unclosed"),
        ("sure\u{e0073}\u{e0065}\u{e0072}", "unicode.tag-characters"),
        ("vi\u{200b}agra", "unicode.hidden-in-word"),
        ("fr\u{2060}ee", "unicode.hidden-in-word"),
        ("a\u{feff}b", "unicode.hidden-in-word"),
        ("ok\u{200c}\u{200b}\u{200c}\u{200b}\u{200c}", "unicode.hidden-run"),
        ("x\u{fe00}\u{fe05}\u{fe0a}\u{fe01}", "unicode.hidden-run"),
        ("e\u{300}\u{301}\u{302}\u{303}", "unicode.stacked-marks"),
        ("pаypаl", "unicode.mixed-script"),
        ("аdmin", "unicode.mixed-script"),
        ("Micrοsoft", "unicode.mixed-script"),
    ] {
        assert!(found(None, text).contains(&rule), "{text:?}: {:?}", found(None, text));
    }
}

#[test]
fn deceptions_that_are_ordinary_in_messages_are_found_for_names() {
    for (text, rule) in [
        ("\u{3164}", "unicode.blank-name"),
        ("\u{2800}\u{200b}", "unicode.blank-name"),
        ("ｆｒｅｅ ｍｏｎｅｙ", "unicode.styled-letters"),
        ("𝓯𝓻𝓮𝓮 𝓶𝓸𝓷𝓮𝔂", "unicode.styled-letters"),
        ("ʎǝuoɯ ǝǝɹɟ", "unicode.turned-letters"),
        ("a\u{2002}b\u{2003}c\u{3000}d", "unicode.odd-spaces"),
        ("if \u{2066}a\u{2069}", "unicode.bidi-control"),
    ] {
        let names = found(Some(Sink::Unicode), text);
        assert!(names.contains(&rule), "{text:?}: {names:?}");
        assert!(!found(None, text).contains(&rule), "{text:?}");
    }
}

#[test]
fn the_languages_of_the_world_pass() {
    for text in [
        "می‌خواهم کتاب‌ها را بخوانم",
        "क्‍ष और ज्ञ, श्री राम",
        "ක්‍රීඩා ශ්‍රී ලංකා",
        "മലയാളം എന്‍റെ ഭാഷ",
        "বাংলা ভাষা র‍্যাব",
        "שלום \u{200f}(עולם)\u{200f}",
        "مرحبا \u{200e}C++\u{200e} بالعالم",
        "\u{2067}שלום\u{2069} hello",
        "ภาษาไทย\u{200b}มี\u{200b}ช่องว่าง",
        "ខ្ញុំ\u{200b}ស្រឡាញ់\u{200b}ភាសា\u{200b}ខ្មែរ",
        "မြန်မာ\u{200b}စာ",
        "བོད་ཡིག",
        "Tiếng Việt rất hay, được không?",
        "Tie\u{302}\u{301}ng Vie\u{323}\u{302}t",
        "日本語のテスト、全角ＡＢＣと半角abc。",
        "한국어 텍스트, ㅋㅋㅋ ㅠㅠ",
        "Это обычный текст. SMSка пришла, IT-отдел, Wi-Fi'я",
        "Українська мова: п’ять, об'єкт, з'їзд",
        "Ελληνικά, με τόνους και USB-στικ",
        "Größe, façade, naïve, Donau\u{ad}dampf\u{ad}schiff",
        "«\u{a0}Bonjour\u{202f}!\u{a0}» — c’est l’été…",
        "5 μm, ΔT = 3 K, α-helix, π ≈ 3.14",
        "👩‍👩‍👧‍👦 family, 🏳️‍🌈 flag, 👍🏽, ❤️‍🔥, 1️⃣",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} Scotland",
        "\u{feff}begins with a mark of byte order",
        "tel. \u{202a}+49 30 1234567\u{202c}",
        "/ˈfəʊnɛtɪk/ notation",
        "ⓘ Ⓐ note ™ № ½ m²",
        "Ünïcödé nämés: Łukasz Żółć, Ðorđe, Çağrı, Nguyễn",
    ] {
        assert_eq!(found(None, text), [] as [&str; 0], "{text:?}");
        let verdict = Policy::for_sink(Sink::Header).check(text).unwrap();
        assert_eq!(verdict.level(), Level::Clean, "{text:?}");
    }
}
