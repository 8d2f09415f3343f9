//! Each rule of the validator, with the small example that breaks it.

use wardkit_plugin::{Finding, Package, Rule, SecretKey, Trust, Validator};

use crate::{manifest, package};

const MODULE: &str = r#"(module
    (memory (export "memory") 2 4)
    (func (export "wk_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "wk_handle") (param i32 i32) (result i64) i64.const 0))"#;

fn check(more: &str, module: &str) -> Vec<Finding> {
    let text = manifest("wasm", "hello.wasm", more);
    let module = wat::parse_str(module).unwrap();
    Validator::default()
        .check(&package(&[("plugin.toml", text.as_bytes()), ("hello.wasm", &module)]))
}

fn has(found: &[Finding], rule: Rule) -> bool {
    found.iter().any(|one| one.rule == rule)
}

const SOUND: [Rule; 2] = [Rule::NoSchema, Rule::NoSelfTest];

#[test]
fn a_small_plugin_has_nothing_grave() {
    let found = check("", MODULE);
    assert!(found.iter().all(|one| SOUND.contains(&one.rule) && !one.is_error()), "{found:?}");
}

#[test]
fn what_a_module_may_not_be_is_told() {
    let with = |what: &str| MODULE.replacen("(module", &format!("(module {what}"), 1);
    let wasi = r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#;
    let log = r#"(import "wardkit" "log" (func (param i32 i32 i32)))"#;
    let ask = r#"(import "wardkit" "ask" (func (param i32 i32 i32 i32) (result i64)))"#;
    let rows = [
        (with(wasi), Rule::ForeignImport),
        (with(r#"(import "wardkit" "exec" (func))"#), Rule::ForeignImport),
        (with(r#"(import "wardkit" "log" (global i32))"#), Rule::ForeignImport),
        (with(log), Rule::ImportNotAsked),
        (with(ask), Rule::ImportNotAsked),
        (MODULE.replace("wk_handle", "handle"), Rule::MissingExport),
        (
            MODULE.replace(
                r#"(memory (export "memory") 2 4)"#,
                r#"(global (export "memory") i32 i32.const 0)"#,
            ),
            Rule::MissingExport,
        ),
        (
            format!("{} (func $s) (start $s))", MODULE.strip_suffix(')').unwrap()),
            Rule::StartFunction,
        ),
        (MODULE.replace("2 4)", "1000 2000)"), Rule::MemoryTooLarge),
        (MODULE.replace("2 4)", "2)"), Rule::MemoryUnbounded),
        (MODULE.replace("2 4)", "2 4) (memory 1 1)"), Rule::TooLarge),
        (MODULE.replace("2 4)", "2 4 shared)"), Rule::NotWasm),
        (MODULE.replace("2 4)", "i64 2 4)"), Rule::NotWasm),
        (with(&"(global i32 i32.const 0)".repeat(1001)), Rule::TooLarge),
        (with("(func (result v128) v128.const i32x4 0 0 0 0)"), Rule::NotWasm),
    ];
    for (module, rule) in rows {
        let found = check("", &module);
        assert!(has(&found, rule), "{} {}: {found:?}", rule.id(), rule.what());
    }
    let asked = "[permissions.log]\nwhy = \"says what it does\"\n[permissions.kv]\nbytes = \"1KiB\"\nwhy = \"remembers\"";
    let found = check(asked, &with(&format!("{log}{ask}")));
    assert!(found.iter().all(|one| !one.is_error()), "{found:?}");
}

#[test]
fn what_a_manifest_may_not_ask_for_is_told() {
    let host =
        |host: &str| format!("[[permissions.http]]\nhost = \"{host}\"\nwhy = \"it is needed\"");
    let rows = [
        (host("*.com"), Rule::BroadHost),
        (host("*.example.com"), Rule::BroadHost),
        (host("printer.local"), Rule::PrivateHost),
        (host("intranet"), Rule::PrivateHost),
        (host("metadata.google.internal"), Rule::PrivateHost),
        (format!("{}\nschemes = [\"http\"]", host("a.example.com")), Rule::ClearText),
        ("[limits]\nmemory = \"51MB\"".to_owned(), Rule::AboveDefault),
        ("[limits]\ncalls-per-minute = 61".to_owned(), Rule::AboveDefault),
        ("[io]\ninput-schema = \"in.json\"".to_owned(), Rule::MissingFile),
        ("[permissions.runtime]\nwhy = \"it is needed\"".to_owned(), Rule::KindMismatch),
        ("[artifact]\nblake3 = \"00\"\nsize = 1".to_owned(), Rule::ArtifactChanged),
    ];
    for (more, rule) in rows {
        let found = check(&more, MODULE);
        assert!(has(&found, rule), "{} {}: {found:?}", rule.id(), rule.what());
    }
    assert!(!has(&check(&host("api.example.com"), MODULE), Rule::BroadHost));
}

#[test]
fn what_the_files_hold_is_told() {
    let native = manifest("native", "hello.py", "[io]\ninput-schema = \"in.json\"");
    let of = |script: &[u8], schema: &[u8]| {
        let files = [("plugin.toml", native.as_bytes()), ("hello.py", script), ("in.json", schema)];
        Validator::default().check(&package(&files))
    };
    assert!(has(&of(b"", b"{\"type\": \"object\"}"), Rule::NativeCode));
    let loads = manifest("native", "hello.py", "[limits]\nload = \"1s\"");
    let files = [("plugin.toml", loads.as_bytes()), ("hello.py", b"")];
    let found = Validator::default().check(&package(&files));
    assert!(found.iter().any(|one| one.at == "limits.load" && one.is_error()), "{found:?}");
    for schema in ["{\"type\": 5}", "nonsense", "{\"$ref\": \"https://example.com/\"}"] {
        assert!(has(&of(b"", schema.as_bytes()), Rule::BadSchema), "{schema}");
    }
    assert!(!has(&of(b"password = input()", b"{}"), Rule::Secret));
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n";
    assert!(has(&of(key.as_bytes(), b"{}"), Rule::Secret));
    let text = manifest("wasm", "hello.wasm", "");
    let module =
        MODULE.replacen("(memory", "(data (i32.const 0) \"AKIAQYLPMN5HHHFPZAM2\") (memory", 1);
    let module = wat::parse_str(module).unwrap();
    let found = Validator::default()
        .check(&package(&[("plugin.toml", text.as_bytes()), ("hello.wasm", &module)]));
    assert!(has(&found, Rule::Secret), "{found:?}");
}

#[test]
fn history_and_signatures_are_told() {
    let text = manifest("native", "hello.py", "").replace("org.example", "dev.wardkit");
    let one = package(&[("plugin.toml", text.as_bytes()), ("hello.py", b"")]);
    let mut validator = Validator::default();
    validator.installed = Some("0.3.0".parse().unwrap());
    validator.revoked.ids.insert("dev.wardkit.hello".to_owned());
    validator.is_packed = true;
    let found = validator.check(&one);
    for rule in [Rule::Downgrade, Rule::Revoked, Rule::ReservedId, Rule::ArtifactChanged] {
        assert!(has(&found, rule), "{}: {found:?}", rule.id());
    }
    let packed = Package::read(&one.pack().unwrap()).unwrap();
    assert!(!has(&validator.check(&packed), Rule::ArtifactChanged));
    let mut found = Vec::new();
    validator.signed(&Trust::Unsigned, &mut found);
    assert!(has(&found, Rule::Unsigned));
    let key = SecretKey::from_random([1; 40]).public().id();
    let mut found = Vec::new();
    validator.signed(&Trust::Signed(key), &mut found);
    assert_eq!(found, []);
    validator.revoked.keys.insert(key);
    validator.signed(&Trust::Signed(key), &mut found);
    assert!(has(&found, Rule::Revoked));
}

#[test]
fn numbers_of_rules_are_given_once_and_in_order() {
    let ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    let expected: Vec<String> = (1..=ids.len()).map(|number| format!("WKP{number:03}")).collect();
    assert_eq!(ids, expected);
}
