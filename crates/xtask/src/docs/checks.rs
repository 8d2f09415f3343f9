//! The page of the audit's checks, from what `auditctl explain` lists.

use std::fmt::Write as _;

use serde_json::Value;

/// Returns the page.
pub(crate) fn page(checks: &Value) -> String {
    let checks = checks.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut page = format!(
        "# Checks\n\n`auditctl explain` lists the {} checks, `auditctl explain ID` tells of one.\n",
        checks.len()
    );
    for check in checks {
        let text = |key: &str| check[key].as_str().unwrap_or_default();
        let cwe =
            check["cwe"].as_array().into_iter().flatten().map(|number| format!("CWE-{number}"));
        let owasp = check["owasp"].as_array().into_iter().flatten();
        let owasp = owasp.filter_map(Value::as_str).map(str::to_owned);
        let references: Vec<String> = cwe.chain(owasp).collect();
        let references = if references.is_empty() {
            String::new()
        } else {
            format!(", {}", references.join(", "))
        };
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {}\n\n{}. {}, {}, effort {}, engine `{}`{references}.\n\n{}\n\nExpected: {}\n\nDo: {}\n",
            text("id"),
            text("title"),
            text("severity"),
            text("type"),
            text("effort"),
            text("engine"),
            text("description"),
            text("expected"),
            text("recommendation"),
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_a_section() {
        let checks = serde_json::json!([{
            "id": "a-b", "title": "Bad", "severity": "High", "type": "Bug", "effort": "Small", "engine": "host",
            "cwe": [78], "owasp": ["A05:2025"], "description": "Why.", "expected": "So.", "recommendation": "Do.",
        }]);
        let page = page(&checks);
        assert!(page.starts_with("# Checks\n\n`auditctl explain` lists the 1 checks"));
        assert!(page.ends_with(
            "\n## a-b\n\nBad. High, Bug, effort Small, engine `host`, CWE-78, A05:2025.\n\nWhy.\n\nExpected: So.\n\nDo: Do.\n"
        ));
    }
}
