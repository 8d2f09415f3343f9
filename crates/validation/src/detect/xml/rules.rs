//! What there is to find in XML.

use crate::detect::{Class, Rule, Sink};

/// Every rule of this detector.
pub(crate) static RULES: &[Rule] = &[
    ENTITY,
    DOCTYPE,
    DECLARATION,
    CDATA,
    INSTRUCTION,
    STYLE_SHEET,
    INCLUSION,
    LOCATION,
    FOREIGN_NAMESPACE,
    BREAK_OUT,
    VALUE,
    XPATH,
];

pub(super) const ENTITY: Rule = Rule {
    id: "xml.entity",
    strictness: 1,
    message: 2,
    confidence: 97,
    reason: "the text declares an entity",
    about: "An entity can stand for the content of a file or of an address, or for billions of others. Parse with a parser \
            that refuses document types, and put text into documents through a writer that escapes it.",
    example: "<!ENTITY x SYSTEM \"file:///etc/hosts\">",
    ..BASE
};

pub(super) const DOCTYPE: Rule = Rule {
    id: "xml.doctype",
    message: 2,
    confidence: 90,
    reason: "the text brings a document type of its own, or one from elsewhere",
    about: "A document type with an internal part or an address makes the parser fetch files and expand entities. Parse with \
            a parser that refuses document types.",
    example: "<!DOCTYPE a SYSTEM \"http://example.org/a.dtd\">",
    ..BASE
};

pub(super) const DECLARATION: Rule = Rule {
    id: "xml.declaration",
    confidence: 80,
    reason: "the text has declarations of a document type",
    about: "Elements and attributes are declared in a document type only, which no text needs to bring along. Parse with a \
            parser that refuses document types.",
    example: "<!ATTLIST a b CDATA 'x'>",
    ..BASE
};

pub(super) const CDATA: Rule = Rule {
    id: "xml.cdata",
    message: 2,
    confidence: 85,
    reason: "markup within sections that pass checks as plain text",
    about: "A section of character data hides markup from a check, or splits a word that the check looks for; when the \
            document is read, both are back. Put text into documents through a writer that escapes it.",
    example: "<![CDATA[<b>]]>",
    ..BASE
};

pub(super) const INSTRUCTION: Rule = Rule {
    id: "xml.instruction",
    message: 2,
    confidence: 85,
    reason: "an instruction that loads a style sheet or runs a program",
    about: "Processing instructions make a browser or server fetch a style sheet, or run a program. Put text into documents \
            through a writer that escapes it.",
    example: "<?xml-stylesheet href=\"//example.org\"?>",
    ..BASE
};

pub(super) const STYLE_SHEET: Rule = Rule {
    id: "xml.style-sheet",
    message: 3,
    confidence: 85,
    reason: "the text is a style sheet, which is a program",
    about: "Style sheets of XSLT read files, and in some processors run code. Never take a style sheet from outside.",
    example: "<xsl:value-of select=\"document('x')\"/>",
    ..BASE
};

pub(super) const INCLUSION: Rule = Rule {
    id: "xml.inclusion",
    message: 2,
    confidence: 90,
    reason: "the text makes the parser include another document",
    about: "XInclude puts the content of files and addresses in, without any document type. Parse with inclusions off.",
    example: "<xi:include href=\"x\"/>",
    ..BASE
};

pub(super) const LOCATION: Rule = Rule {
    id: "xml.location",
    message: 2,
    confidence: 80,
    reason: "an attribute names a schema or a base that the parser fetches",
    about: "A validating parser connects to the address of a schema that a document names. Parse with fixed schemas.",
    example: "<a xsi:schemaLocation=\"b http://example.org/b.xsd\"/>",
    ..BASE
};

pub(super) const FOREIGN_NAMESPACE: Rule = Rule {
    id: "xml.foreign-namespace",
    message: 3,
    confidence: 75,
    reason: "a namespace that turns elements of XML into a page or a style sheet",
    about: "With the namespace of XHTML any prefix makes elements of a page, scripts included. Serve documents of others as \
            downloads.",
    example: "<x:b xmlns:x=\"http://www.w3.org/1999/xhtml\"/>",
    ..BASE
};

pub(super) const BREAK_OUT: Rule = Rule {
    id: "xml.break-out",
    sinks: &[],
    confidence: 80,
    reason: "the text ends the element that it stands in, and begins others",
    about: "With an end tag first, the rest becomes part of the document: another role, another price. Put text into \
            documents through a writer that escapes it.",
    example: "x</name><role>admin</role><name>",
    ..BASE
};

pub(super) const VALUE: Rule = Rule {
    id: "xml.value",
    sinks: &[],
    confidence: 70,
    reason: "the content of an element is made for the quotes of a query or a program",
    about: "The document is well formed, and what stands within an element or a section ends the quotes of whatever the \
            program puts it into next. Values from documents are as foreign as any other: bind them as SqlParam, pass them \
            through Argv.",
    example: "<a>','')); f();</a>",
    ..BASE
};

pub(super) const XPATH: Rule = Rule {
    id: "xml.xpath",
    sinks: &[Sink::Ldap],
    confidence: 80,
    reason: "an expression of XPath that asks for more than its own place",
    about: "A value within a query of XPath can end its quotes and select the whole document. Pass values as variables of the \
            query.",
    example: "x' or name()='a' or 'x'='y",
    ..BASE
};

/// What most of them share. A page that takes the text in has the same parser behind it, as often as not.
const BASE: Rule = Rule {
    id: "",
    class: Class::Xml,
    sinks: &[Sink::Html],
    strictness: 2,
    message: 0,
    confidence: 0,
    reason: "",
    about: "",
    example: "",
};
