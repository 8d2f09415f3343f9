//! Texts that become part of a page.

use proptest::prelude::*;
use wardkit_validation::{HtmlEscape, HtmlEscaped, Untrusted};

#[test]
fn markup_becomes_text() {
    let check = |text: &str, expected: &str| {
        assert_eq!(HtmlEscaped::new(text).as_str(), expected);
        assert_eq!(Untrusted::new(text).validate_for(&HtmlEscape).unwrap().to_string(), expected);
    };
    check("a & b", "a &amp; b");
    check("<b>\"'`", "&lt;b&gt;&quot;&#39;&#96;");
    check("&amp;", "&amp;amp;");
    check("a\0b", "a\u{fffd}b");
    check("日本 <3", "日本 &lt;3");
}

/// Undoes the escapes, as a browser does.
fn unescape(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#96;", "`"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

proptest! {
    #[test]
    fn escaped_texts_have_no_markup_and_say_the_same(text in "[\\s\\S]{0,40}|[&<>\"'`a;#]{0,20}") {
        let escaped = HtmlEscaped::new(&text);
        prop_assert!(!escaped.as_str().contains(['<', '>', '"', '\'', '`', '\0']));
        prop_assert_eq!(unescape(escaped.as_str()), text.replace('\0', "\u{fffd}"));
    }

    #[test]
    fn texts_without_markup_are_unchanged(text in "[^&<>\"'`\\x00]{0,40}") {
        let escaped = HtmlEscaped::new(&text);
        prop_assert_eq!(escaped.as_str().as_ptr(), text.as_ptr());
    }
}

#[cfg(feature = "html")]
mod sanitized {
    use std::borrow::Cow;

    use wardkit_validation::{Accept, Error, HtmlRules, Sanitizer};

    use super::*;

    fn chat(markup: &str) -> String {
        HtmlRules::Chat.accept(markup).unwrap().as_element_content().to_owned()
    }

    #[test]
    fn harmless_markup_stays() {
        for markup in
            ["<b>a</b> &amp; <i>b</i>", "<pre><code>x &lt; y</code></pre>", "<ul><li>1</li></ul>"]
        {
            assert!(
                matches!(HtmlRules::Chat.sanitize(markup), Cow::Borrowed(same) if same == markup)
            );
        }
        assert_eq!(
            chat("<a href=\"https://example.org/?a=1&amp;b\">x</a>"),
            "<a href=\"https://example.org/?a=1&amp;b\" rel=\"noopener noreferrer nofollow\">x</a>"
        );
    }

    #[test]
    fn the_rest_goes() {
        let check = |markup: &str, expected: &str| assert_eq!(chat(markup), expected, "{markup}");
        check("a<script>alert(1)</script>b", "ab");
        check("<b onclick=alert(1) style=color:red id=x>a</b>", "<b>a</b>");
        check("<a href=javascript:alert(1)>a</a>", "<a rel=\"noopener noreferrer nofollow\">a</a>");
        check("<a href=\"/local\">a</a>", "<a rel=\"noopener noreferrer nofollow\">a</a>");
        check("<svg><g>x</g></svg>", "");
        // A bold element ends the drawing, to every browser.
        check("<svg><b>x</b></svg>", "<b>x</b>");
        check("<math><mi>x</mi></math>y", "y");
        check("<style>@import 'x'</style><noscript><img src=x onerror=1></noscript>", "");
        check("<!-- <b> -->a", "a");
        check("<img src=x onerror=alert(1)>", "");
        check("<form action=x><input></form>a", "a");
        check("<b>unclosed", "<b>unclosed</b>");
    }

    #[test]
    fn markup_that_is_too_deep_or_too_long_is_refused() {
        let deep = |levels: usize| format!("{}x{}", "<q>".repeat(levels), "</q>".repeat(levels));
        assert!(HtmlRules::Chat.accept(&deep(200)).is_ok());
        assert!(matches!(HtmlRules::Chat.accept(&deep(201)), Err(Error::NestedTooDeep)));
        assert_eq!(HtmlRules::Chat.sanitize(&deep(201)), "");
        let hidden = "<q></x><q title=\"</q>\"><br>".repeat(201);
        assert!(matches!(HtmlRules::Chat.accept(&hidden), Err(Error::NestedTooDeep)));
        assert!(HtmlRules::Chat.accept(&"<q>x</q><br>".repeat(1000)).is_ok());
        assert!(matches!(
            HtmlRules::Chat.accept(&"x".repeat(300_000)),
            Err(Error::TooLarge { .. })
        ));
    }

    #[test]
    fn elements_that_are_left_open_do_not_multiply() {
        // Were the attributes different, half a million elements would come of it.
        let open = |tags: String, blocks: usize| format!("<p>{tags}{}", "<p>x".repeat(blocks));
        let own = open("<b a=N>".repeat(800), 600);
        let few = open("<b><i><u><s><em><tt><big><code><font><small><strong>".repeat(3), 8_000);
        for markup in [&own, &few, &own.to_ascii_uppercase()] {
            assert!(matches!(HtmlRules::Chat.accept(markup), Err(Error::RepeatedMarkup)));
            assert_eq!(HtmlRules::Article.sanitize(markup), "");
        }
        let article =
            "<p>a <b>b</b> <code class=x>c</code> <a href=\"https://example.org/\">d</a></p>";
        assert!(HtmlRules::Article.accept(&article.repeat(120)).is_ok());
    }

    #[test]
    fn a_link_that_a_table_puts_into_a_link_falls_out_of_it() {
        let clean = HtmlRules::Chat.sanitize("<a href=http://x>1<b>2<table><a href=http://y>3");
        assert_eq!(HtmlRules::Chat.sanitize(&clean), clean);
        let ends = clean.match_indices("</a>").map(|(at, _)| at);
        let begins = clean.match_indices("<a ").map(|(at, _)| at).skip(1);
        assert!(begins.zip(ends).all(|(begin, end)| end < begin), "{clean}");
    }

    proptest! {
        #[test]
        fn sanitized_markup_stays_as_it_is(
            parts in prop::collection::vec(prop::sample::select(vec![
                "<b>", "</b>", "<i a=1>", "</i>", "<a href=http://x>", "</a>", "<p>", "</p>", "<table>", "<td>",
                "</table>", "<svg>", "</svg>", "<math>", "<mtext>", "<style>", "</style>", "<script>", "</script>",
                "<img src=x>", "<!--", "-->", "<![CDATA[", "]]>", "x", "<", ">", "&lt;", "&", "\"", "<br>", "<ul>",
                "<li>", "<select>", "<template>", "<noscript>", "<textarea>", "</p>", "<form>", "<pre>\n", "</pre>",
            ]), 0..14),
        ) {
            let markup = parts.concat();
            for rules in [HtmlRules::Chat, HtmlRules::Article] {
                let clean = rules.sanitize(&markup).into_owned();
                prop_assert_eq!(&rules.sanitize(&clean), &clean);
                for word in ["<svg", "<math", "<style", "<script", "<!--", "<select", "<template", "<form"] {
                    prop_assert!(!clean.contains(word), "{}", clean);
                }
            }
        }
    }
}
