//! Bills of materials against the libraries of their own formats, which `cargo xtask ci` installs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

use std::fs;
use std::process::Command;

use wardkit_audit_deps::{Bill, BillForm};
use wardkit_core::SystemClock;

const LOCK: &str = r#"{"packages": {
  "": {"dependencies": {"@a/grammy": "^1.0.0"}},
  "node_modules/@a/grammy": {"version": "1.2.0", "license": "MIT OR so", "dependencies": {"ws": "*"},
    "resolved": "https://registry.example.com/x/-/x.tgz", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
  "node_modules/ws": {"version": "8.0.0"}
}}"#;

const CYCLONEDX: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(repr(error) if error else 0)
";

const SPDX: &str = "
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
document = parse_file(sys.argv[1])
messages = validate_full_spdx_document(document)
sys.exit('\\n'.join(one.validation_message for one in messages) if messages else 0)
";

/// Gives a bill to a script, and asserts that it has nothing to say; then that it has, of a broken one.
fn check(form: BillForm, name: &str, script: &str, broken: (&str, &str)) {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("bot");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("package-lock.json"), LOCK).unwrap();
    fs::write(tree.join("requirements.txt"), "aiogram==3.4.1\n").unwrap();
    let bill = Bill::of_tree(&tree, "my bot", &SystemClock).unwrap().render(form);
    let file = folder.path().join(name);
    let peers = concat!(env!("CARGO_TARGET_TMPDIR"), "/peers/python");
    let run = |text: &str| {
        fs::write(&file, text).unwrap();
        let mut python = Command::new("python3");
        python.args(["-c", script]).arg(&file).env("PYTHONPATH", peers).output().unwrap()
    };
    let output = run(&bill);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let wrong = bill.replace(broken.0, broken.1);
    assert_ne!(wrong, bill);
    assert!(!run(&wrong).status.success());
}

#[test]
fn cyclonedx_is_valid_by_the_schema_of_its_own_library() {
    check(BillForm::CycloneDx, "bom.json", CYCLONEDX, ("\"library\"", "\"bogus\""));
}

#[test]
fn spdx_is_valid_by_its_own_tools() {
    check(BillForm::Spdx, "bom.spdx.json", SPDX, ("SPDX-2.3", "SPDX-9.9"));
}
