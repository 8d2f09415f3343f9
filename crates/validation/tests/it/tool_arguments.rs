//! Arguments that a language model gives to a tool.

use proptest::prelude::*;
use wardkit_validation::{Error, Program, Root, ToolError, ToolSchema, ToolSink, UrlPolicy};

const FETCH: &str = r##"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "page": {"type": "string", "x-sink": "url"},
        "files": {"type": "array", "maxItems": 3, "items": {"$ref": "#/$defs/file"}},
        "pattern": {"type": ["string", "null"], "x-sink": "argv"},
        "lines": {"type": "integer", "minimum": 1, "maximum": 100},
        "factor": {"type": "number"},
        "quiet": {"type": "boolean"},
        "code": {"type": "string", "pattern": "^[a-z]+$"},
        "note": {"type": "string", "maxLength": 20}
    },
    "$defs": {
        "file": {
            "type": "object",
            "properties": {"name": {"type": "string", "x-sink": "path"}, "about": {"type": "string"}},
            "required": ["name"]
        }
    },
    "required": ["page"],
    "additionalProperties": false
}"##;

fn schema() -> ToolSchema {
    ToolSchema::parse(FETCH).unwrap()
}

#[test]
fn fields_come_out_as_the_type_of_their_sink() {
    let schema = schema();
    let call = schema
        .check(
            r#"{"page": "https://example.org/a", "files": [{"name": "a/b.txt"}, {"name": "../c", "about": "x"}],
                "pattern": "a\u0000b", "lines": 5.0, "factor": 2, "quiet": true, "note": "hi"}"#,
        )
        .unwrap();
    assert_eq!(call.url("/page", &UrlPolicy::default()).unwrap().as_str(), "https://example.org/a");
    let directory = tempfile::tempdir().unwrap();
    let root = Root::open(directory.path()).unwrap();
    assert_eq!(call.len("/files"), 2);
    assert!(call.path("/files/0/name", &root).is_ok());
    assert!(matches!(call.path("/files/1/name", &root), Err(Error::Path(_))));
    assert!(matches!(
        call.arg("/pattern", &Program::new("/bin/grep").unwrap()),
        Err(Error::Argv(_))
    ));
    assert_eq!(call.integer("/lines").unwrap(), 5);
    assert!((call.number("/factor").unwrap() - 2.0).abs() < f64::EPSILON);
    assert!(call.switch("/quiet").unwrap());
    assert_eq!(call.text("/note").unwrap().into_inner_unchecked("a test"), "hi");
    assert_eq!(call.text("/files/1/about").unwrap().into_inner_unchecked("a test"), "x");
    assert_eq!(format!("{call:?}"), "ToolArguments(..)");
}

#[test]
fn a_field_with_a_sink_comes_out_in_no_other_way() {
    let schema = schema();
    let call = schema
        .check(r#"{"page": "http://10.0.0.1/", "files": [{"name": "a"}], "pattern": null}"#)
        .unwrap();
    let why = |error: Error| error.to_string();
    for at in ["/page", "/files/0/name"] {
        assert_eq!(
            why(call.text(at).unwrap_err()),
            format!(
                "the argument {at:?} has an x-sink in its schema, and comes out as that sink's type only"
            )
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let root = Root::open(directory.path()).unwrap();
    assert_eq!(
        why(call.path("/page", &root).unwrap_err()),
        "the argument \"/page\" goes to another sink, as its schema says"
    );
    assert!(call.accept("/page", ToolSink::Html, &["http://10.0.0.1/"]).is_err());
    assert!(call.url("/page", &UrlPolicy::default()).is_err());
    assert!(!call.has("/pattern"));
    assert_eq!(why(call.text("/pattern").unwrap_err()), "the argument \"/pattern\" is missing");
    assert_eq!(why(call.integer("/lines").unwrap_err()), "the argument \"/lines\" is missing");
    assert_eq!(
        why(call.integer("/page").unwrap_err()),
        "the argument \"/page\" is no whole number that fits"
    );
    assert_eq!(call.accept("/files/0/name", ToolSink::Path, &["a", "b"]).unwrap(), "a");
}

#[test]
fn refusals_say_what_the_schema_asks_and_show_no_value() {
    for (arguments, expected) in [
        (r#"{"page": "x", "lines": 500}"#, "/lines must hold to \"maximum\": 100"),
        (r#"{"lines": 5}"#, "the arguments must hold to \"required\": [\"page\"]"),
        (r#"{"page": 5}"#, "/page must hold to \"type\": \"string\""),
        (
            r#"{"page": "x", "secret-thing": 1}"#,
            "the arguments must hold to \"additionalProperties\": false",
        ),
        (r#"{"page": "x", "code": "ABC"}"#, "/code must hold to \"pattern\": \"^[a-z]+$\""),
        (r#"{"page": "x", "page": "y"}"#, "a key stands twice in the arguments"),
        (
            r#"{"page": "x", "files": [{"name": "a", "name": "b"}]}"#,
            "a key stands twice in the arguments",
        ),
        ("[]", "the arguments are no object"),
        ("\"x\"", "the arguments are no object"),
        (r#"{"page": "x""#, "the arguments are no JSON, at line 1, column 12"),
        (r#"{"page": "x"} {}"#, "the arguments are no JSON, at line 1, column 15"),
        ("", "the arguments are no JSON, at line 1, column 0"),
    ] {
        assert_eq!(schema().check(arguments).unwrap_err().to_string(), expected, "{arguments}");
    }
    let deep = format!("{{\"note\": {}{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(schema().check(&deep).unwrap_err(), ToolError::TooDeep { most: 32 });
    let long = format!("{{\"note\": \"{}\"}}", "a".repeat(70_000));
    assert_eq!(schema().check(&long).unwrap_err(), ToolError::TooLarge { most: 65_536 });
    assert_eq!(
        schema().at_most(10).check(r#"{"page": "x"}"#).unwrap_err(),
        ToolError::TooLarge { most: 10 }
    );
}

#[test]
fn problems_in_made_up_keys_do_not_show_them() {
    let schema = ToolSchema::parse(r#"{"additionalProperties": {"type": "integer"}}"#).unwrap();
    let error = schema.check(r#"{"my secret: hunter2": "x"}"#).unwrap_err();
    assert_eq!(error.to_string(), "/(…) must hold to \"type\": \"integer\"");
}

#[test]
fn schemas_that_would_not_be_followed_are_refused() {
    let field = |field: &str| format!("{{\"properties\": {{\"a\": {field}}}}}");
    for schema in [
        field(r#"{"type": "string", "x-sink": "shell"}"#),
        field(r#"{"type": "string", "x-sink": 1}"#),
        field(r#"{"x-sink": "path"}"#),
        field(r#"{"type": "integer", "x-sink": "path"}"#),
        field(r#"{"type": ["string", "array"], "x-sink": "path"}"#),
        field(r#"{"anyOf": [{"type": "string", "x-sink": "path"}]}"#),
        r#"{"additionalProperties": {"type": "string", "x-sink": "path"}}"#.to_owned(),
        r#"{"patternProperties": {"a": {"type": "string", "x-sink": "path"}}}"#.to_owned(),
        r##"{"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"properties": {"b": {"type": "string", "x-sink": "path"}}}}}"##.to_owned(),
        field(r#"{"type": "array", "additionalItems": {"type": "string", "x-sink": "path"}}"#),
        field(r#"{"type": "array", "member": [{"of": {"type": "string", "x-sink": "path"}}]}"#),
        field(r#"{"$ref": "https://example.org/schema.json"}"#),
        field(r#"{"$ref": "file:///etc/passwd"}"#),
        field(r##"{"$ref": "#/$defs/missing"}"##),
        field(r##"{"$ref": "#/properties/a/default"}"##),
        field(r#"{"$id": "https://example.org/"}"#),
        field(r#"{"type": "strin"}"#),
        field(r#"{"type": "string", "pattern": "("}"#),
        field(r#"{"type": "string", "pattern": "(a)\\1"}"#),
        field(r#"{"type": "string", "pattern": "(?:a{1000}){1000}"}"#),
        r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#.to_owned(),
        r#"{"type": "object", "type": "object"}"#.to_owned(),
        "true".to_owned(),
        "{".to_owned(),
    ] {
        assert!(matches!(ToolSchema::parse(&schema), Err(Error::ToolSchema { .. })), "{schema}");
    }
}

#[test]
fn references_in_a_circle_end() {
    for schema in [
        r##"{"$ref": "#"}"##,
        r##"{"allOf": [{"$ref": "#"}]}"##,
        r##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}"##,
    ] {
        assert!(matches!(ToolSchema::parse(schema), Err(Error::ToolSchema { .. })), "{schema}");
    }
    // Nor does one that is long enough for the stack, or for a sink at its end to be missed.
    let chain = |length: usize, form: fn(usize) -> String| {
        let links: Vec<String> = (0..length).map(form).collect();
        let end = format!(r#""d{length}": {{"type": "string", "x-sink": "path"}}"#);
        ToolSchema::parse(&format!(
            r##"{{"properties": {{"a": {{"$ref": "#/$defs/d0"}}}}, "$defs": {{{}, {end}}}}}"##,
            links.join(", ")
        ))
    };
    let plain = |at: usize| format!(r##""d{at}": {{"$ref": "#/$defs/d{}"}}"##, at + 1);
    let schema = chain(15, plain).unwrap();
    assert!(schema.check(r#"{"a": "../b"}"#).unwrap().text("/a").is_err());
    assert!(chain(16, plain).is_err());
    let both = |at: usize| {
        format!(
            r##""d{at}": {{"allOf": [{{"$ref": "#/$defs/d{0}"}}, {{"$ref": "#/$defs/d{0}"}}]}}"##,
            at + 1
        )
    };
    assert!(chain(900, both).is_err());
    let tree = r##"{"type": "object", "properties": {"name": {"type": "string", "x-sink": "path"}, "next": {"$ref": "#"}}}"##;
    let tree = ToolSchema::parse(tree).unwrap();
    let call = tree.check(r#"{"next": {"next": {"next": {"name": "a"}}}}"#).unwrap();
    assert!(call.text("/next/next/next/name").is_err());
    assert!(tree.check(r#"{"next": {"next": {"name": 5}}}"#).is_err());
}

proptest! {
    #[test]
    fn no_arguments_make_it_panic(text in "[ -~]{0,80}", nested in "[{}\\[\\]\":,0-9a-z\\\\]{0,80}") {
        let schema = schema();
        let _ = schema.check(&text);
        let _ = schema.check(&nested);
        let _ = ToolSchema::parse(&nested);
    }
}
