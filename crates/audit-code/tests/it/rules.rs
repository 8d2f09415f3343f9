//! Rules that are built in, and one's own.

use wardkit_audit_code::Rules;

#[test]
fn the_rules_that_are_built_in_pass_their_own_tests() {
    let rules = Rules::built_in().unwrap();
    rules.test().unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_file_of_rules_is_built_in() {
    let table = include_str!("../../src/rules/embedded.rs");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for folder in std::fs::read_dir(&root).unwrap().map(Result::unwrap) {
        for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            let (folder, file) = (folder.file_name(), file.file_name());
            let name = format!("{}/{}", folder.display(), file.display());
            assert!(table.contains(&format!("rules/{name}\"")), "{name} is not in the table");
        }
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_told_with_file_key_and_reason() {
    let check = |from: &str, to: &str, expected: &str| {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let error = Rules::read([("own.yaml", text.as_str())]).unwrap_err().to_string();
        assert!(error.starts_with("own.yaml: ") && error.contains(expected), "{error}");
    };
    Rules::read([("own.yaml", GOOD)]).unwrap();
    check("id: own-exec", "id: Own Exec", "id: a name is");
    check("id: own-exec\n", "id: own-exec\nwhatever: 1\n", "whatever");
    check("  cwe: [95]", "  cwe: [95]\n  colour: red", "colour");
    check("message: runs", "url: runs", "message: is missing");
    check("language: python", "language: bash", "language: not python");
    check("  title: T\n", "", "audit.title: no rule of this check says");
    check("  expected: E\n", "", "audit.expected: is missing");
    check("A05:2025", "A05:2021", "audit.owasp");
    check("    - b = 2\n", "", "tests.valid: needs at least two");
    check("    - exec(a)\n", "    - a\n", "tests.invalid: found nothing in source 1");
    check("    - b = 2\n", "    - exec(b)\n", "tests.valid: found something in source 2");
    check("pattern: exec($A)", "regex: exec", "rule: ");
    check("  effort: Small", "  effort: Small\n  fix: safe", "audit.fix: there is no fix");
    let twice = format!("{GOOD}---\n{GOOD}");
    let error = Rules::read([("own.yaml", twice.as_str())]).unwrap_err().to_string();
    assert_eq!(error, "own.yaml: own-exec: id: another rule has this name");
}

const GOOD: &str = "\
id: own-exec
language: python
message: runs `$A`
note: why
rule:
  pattern: exec($A)
audit:
  title: T
  component: Code
  severity: High
  type: Security
  expected: E
  recommendation: R
  effort: Small
  cwe: [95]
  owasp: ['A05:2025']
  profiles: [ci]
  prefilter: [exec]
tests:
  valid:
    - a = 1
    - b = 2
  invalid:
    - exec(a)
    - |
      def f(x):
          exec(x)
";
