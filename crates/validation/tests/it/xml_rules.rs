//! XML: what makes a parser fetch, expand or run.

use wardkit_validation::{Policy, Sink};

#[test]
fn what_makes_a_parser_fetch_expand_or_run_is_found() {
    for text in [
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hosts\">]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY % b SYSTEM \"http://example.org/x.dtd\"> %b;]>",
        "<!DOCTYPE a PUBLIC \"-//B/C/EN\" \"http://example.org/\">",
        "<!DOCTYPE a SYSTEM 'x.dtd'>",
        "<!DOCTYPE a [<!ENTITY b \"x\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>",
        "<!entity b \"x\">",
        "<!DOCTYPE a [<!ATTLIST b c CDATA \"d\">]>",
        "%3C%21ENTITY%20a%20SYSTEM%20%22x%22%3E",
        "<a xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include parse=\"text\" href=\"x\"/></a>",
        "<xsl:stylesheet version=\"1.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">",
        "<?xml-stylesheet type=\"text/xsl\" href=\"x\"?>",
        "<![CDATA[<]]>script<![CDATA[>]]>",
        "<a xsi:schemaLocation=\"b http://example.org/b.xsd\">",
        "<a xsi:noNamespaceSchemaLocation='http://example.org/b.xsd'/>",
        "<a xml:base=\"http://example.org/\">",
        "<x:b xmlns:x=\"http://www.w3.org/1999/xhtml\" src=\"data:,x\"/>",
        "x</name><role>admin</role><name>y",
        "]]><a>b</a>",
        "<a>','')); f(); /*</a>",
        "<a><![CDATA[' or ''=']]></a>",
        "x' or name()='a' or 'x'='y",
        "count(/child::node())",
        "<a><script>f()</script></a>",
        "<xml id=\"a\"><b><i src=\"javas<!-- -->cript:f()\"></i></b></xml>",
    ] {
        assert!(is_attack(text), "{text}");
    }
}

#[test]
fn plain_documents_pass() {
    for text in [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><order><id>12345</id></order>",
        "<?xml\tversion=\"1.0\"?>",
        "<a b=\"c\"><d/></a>",
        "<a><![CDATA[x & y]]></a>",
        "1 < 2",
        "an entity of the system",
        "fish &amp; chips",
        "text</b> and more",
    ] {
        assert!(!is_attack(text), "{text}");
    }
}

#[test]
fn entities_are_found_in_messages_and_pages_too() {
    let text = "<!DOCTYPE a [<!ENTITY b SYSTEM \"x\">]>";
    for policy in [Policy::default(), Policy::for_sink(Sink::Html), Policy::for_sink(Sink::Xml)] {
        let verdict = policy.check(text).unwrap();
        assert_eq!(verdict.findings()[0].rule.id, "xml.entity");
    }
}

fn is_attack(text: &str) -> bool {
    !Policy::for_sink(Sink::Xml).check(text).unwrap().findings().is_empty()
}

#[test]
fn conditional_sections_and_edge_inclusions_are_found() {
    for text in ["<![INCLUDE[x]]>", "<![IGNORE[x]]>", "<esi:include src=\"http://host.example/\"/>"]
    {
        assert!(is_attack(text), "{text:?}");
    }
}
