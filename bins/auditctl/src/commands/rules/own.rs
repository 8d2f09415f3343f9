//! Rules of the audit: those that are built in, and one's own.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use wardkit_audit_code::Rules;
use wardkit_cli::{Format, Report, escaped};

use crate::commands::{could_not_run, print};

/// Whether a file has rules of the audit: they name a language.
pub(super) fn is_own(path: &Path) -> bool {
    wardkit_cli::read_small_text(path)
        .is_ok_and(|text| text.lines().any(|line| line.starts_with("language:")))
}

/// Runs the tests that a file of rules brings; the error says which failed.
pub(super) fn test(path: &Path) -> Result<usize, String> {
    let text = wardkit_cli::read_small_text(path).map_err(|error| error.to_string())?;
    let rules = Rules::read([(path.display().to_string().as_str(), text.as_str())]);
    rules.map(|rules| rules.list().count()).map_err(|error| error.to_string())
}

/// Reads rules from files, and from what lies in folders.
pub(in crate::commands) fn read(paths: &[PathBuf]) -> Result<Rules, Report> {
    let mut texts = Vec::new();
    for path in paths {
        let failed = |error: std::io::Error| could_not_run(format!("{}: {error}", shown(path)));
        if path.is_dir() {
            let mut files = fs::read_dir(path)
                .and_then(|entries| {
                    entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>()
                })
                .map_err(failed)?;
            files.retain(|file| file.extension().is_some_and(|end| end == "yaml" || end == "yml"));
            files.sort();
            for file in files {
                let text = wardkit_cli::read_small_text(&file).map_err(failed)?;
                texts.push((file.display().to_string(), text));
            }
        } else {
            let text = wardkit_cli::read_small_text(path).map_err(failed)?;
            texts.push((path.display().to_string(), text));
        }
    }
    Rules::read(texts.iter().map(|(file, text)| (file.as_str(), text.as_str()))).map_err(|error| {
        // The parser draws a picture below what it says.
        let text = error.to_string();
        could_not_run(escaped(text.lines().next().unwrap_or_default()))
    })
}

/// Lists the rules that are built in.
pub(super) fn list(format: Format) -> Result<(), Report> {
    let rules = Rules::built_in().map_err(could_not_run)?;
    let text = match format {
        Format::Text => rules.list().fold(String::new(), |mut text, rule| {
            let (severity, title) = (rule.check.severity, &rule.check.title);
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "{:<36}  {:<10}  {severity:<8}  {title}", rule.id, rule.language);
            text
        }),
        Format::Json => {
            let objects: Vec<_> = rules
                .list()
                .map(|rule| {
                    json!({
                        "id": rule.id,
                        "check": rule.check.id,
                        "language": rule.language,
                        "severity": rule.check.severity,
                        "fix": rule.is_fixable,
                    })
                })
                .collect();
            format!("{}\n", serde_json::Value::Array(objects))
        }
    };
    print(&text)
}

/// Writes a rule to begin with; what is there is kept.
pub(super) fn new(id: &str) -> Result<(), Report> {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    if !id.starts_with(is_plain) || !id.chars().all(|one| is_plain(one) || one == '-') {
        return Err(could_not_run("a rule's name is small letters, digits and -"));
    }
    let path = format!("{id}.yaml");
    File::create_new(&path)
        .and_then(|mut file| file.write_all(TEMPLATE.replace("ID", id).as_bytes()))
        .map_err(|error| could_not_run(format!("{path}: {error}")))?;
    print(&format!("{path}\n"))
}

fn shown(path: &Path) -> String {
    escaped(&path.display().to_string())
}

/// A rule that passes its tests.
const TEMPLATE: &str = "\
id: ID
language: python
message: \"How it is: `$CALL`.\"
note: Why it matters.
rule:
  kind: call
  all:
    - has: {field: function, pattern: $CALL}
    - has: {field: function, regex: \"^old_api\\\\.\"}
audit:
  title: What is wrong
  component: Code
  severity: Medium
  type: Security
  expected: How it should be.
  recommendation: What to do.
  effort: Small
  cwe: [477]
  owasp: []
  profiles: [ci]
  prefilter: [old_api]
tests:
  valid:
    - new_api.send(text)
    - old_api = None
  invalid:
    - old_api.send(text)
    - |
      def handle(text):
          return old_api.send(text)
";
