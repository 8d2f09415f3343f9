//! Manifests.

use wardkit_plugin::Manifest;

use crate::manifest;

const FULL: &str = r#"
authors = ["Ann"]

[[permissions.http]]
host = "*.api.example.com"
methods = ["GET", "POST"]
max-bytes = "64KiB"
why = "asks for the weather"

[permissions.kv]
bytes = "64KiB"
why = "remembers the last answer"

[[permissions.secrets]]
name = "weather"
why = "the key of the service"

[limits]
memory = "20MB"
cpu = "5%"
timeout = "1500ms"
calls-per-minute = 5

[io]
input-schema = "schemas/input.json"

[health]
input = { city = "Oslo" }

[[docs.examples]]
name = "a city"
input = { city = "Oslo" }
"#;

#[test]
fn what_is_written_is_read_again() {
    let read = Manifest::from_toml("plugin.toml", &manifest("wasm", "hello.wasm", FULL)).unwrap();
    let text = read.to_toml().unwrap();
    assert_eq!(Manifest::from_toml("plugin.toml", &text).unwrap(), read);
    assert_eq!(read.to_toml().unwrap(), text);
    assert_eq!(read.limits.timeout.unwrap().to_string(), "1500ms");
    assert_eq!(read.permissions.told().len(), 3);
    assert_eq!(
        read.permissions.told()[0],
        ("http: GET, POST *.api.example.com (at most 64KiB)".into(), "asks for the weather".into())
    );
}

#[test]
fn yaml_of_the_same_shape_is_the_same() {
    let yaml = "plugin:\n  id: org.example.hello\n  name: Hello\n  version: 0.2.0\n  description: Greets\n  \
                kind: wasm\n  entry: hello.wasm\n  api: \"1\"\n";
    let toml = Manifest::parse("plugin.toml", &manifest("wasm", "hello.wasm", "")).unwrap();
    assert_eq!(Manifest::parse("plugin.yaml", yaml).unwrap(), toml);
}

#[test]
fn an_error_names_file_key_and_reason() {
    let rows = [
        ("id = \"org.example.hello\"", "id = \"hello\"", "plugin.toml: plugin.id: is no id"),
        ("\"0.2.0\"", "\"new\"", "plugin.toml: plugin.version: unexpected character"),
        ("\"wasm\"", "\"shell\"", "plugin.toml: plugin.kind: unknown variant `shell`"),
        ("hello.wasm", "../hello.wasm", "plugin.toml: plugin.entry: is no path within"),
        ("hello.wasm", "/bin/sh", "plugin.toml: plugin.entry: is no path within"),
        ("api = \"1\"", "api = \"2\"", "plugin.toml: plugin.api: is not \"1\""),
        ("api = \"1\"", "api = \"1\"\ncolour = 1", "plugin.toml: plugin.colour: unknown field"),
        ("[permissions.kv]", "[permissions.disk]", "plugin.toml: permissions.disk: unknown field"),
        ("\nbytes = \"64KiB\"", "\nbytes = 5", "plugin.toml: permissions.kv.bytes: invalid type"),
        (
            "why = \"asks for the weather\"",
            "",
            "plugin.toml: permissions.http[0]: missing field `why`",
        ),
        ("asks for the weather", "  w  ", "plugin.toml: permissions.http[0].why: says too little"),
        ("*.api.example.com", "10.0.0.1", "plugin.toml: permissions.http[0].host: no pattern"),
        ("[\"GET\", \"POST\"]", "[]", "plugin.toml: permissions.http[0].methods: is empty"),
        ("\"1500ms\"", "\"1.5s\"", "plugin.toml: limits.timeout: is no span"),
        ("\"5%\"", "\"0%\"", "plugin.toml: limits.cpu: "),
        ("[limits]", "[limits", "plugin.toml: line 26: "),
    ];
    let sound = manifest("wasm", "hello.wasm", FULL);
    for (from, to, expected) in rows {
        let broken = sound.replacen(from, to, 1);
        assert_ne!(broken, sound, "{from}");
        let told = Manifest::from_toml("plugin.toml", &broken).unwrap_err().to_string();
        assert!(told.starts_with(expected), "{from} -> {to}: {told}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    let schema = Manifest::schema();
    let text = schema.to_string();
    for key in ["permissions", "max-bytes", "calls-per-minute", "input-schema", "self-test", "why"]
    {
        let is_there = text.contains(&format!("\"{key}\""));
        assert_eq!(is_there, key != "self-test", "{key}");
    }
    assert_eq!(schema["additionalProperties"], false);
}
