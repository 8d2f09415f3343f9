//! Files for Prometheus.

use std::fmt::Write as _;

use super::tables::RULES;

/// Writes a configuration that scrapes these targets and reads the rules beside it.
pub(super) fn scrape(targets: &[String]) -> String {
    let mut text = String::from(
        "# Written by `auditctl metrics files prometheus-scrape`.\n\
         global:\n  scrape_interval: 15s\n  evaluation_interval: 15s\n\
         rule_files:\n  - agentd.rules.yml\n\
         scrape_configs:\n  - job_name: agentd\n    static_configs:\n      - targets:\n",
    );
    for target in targets {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "          - {}", quoted(target));
    }
    text
}

/// Writes the rules as `agentd.rules.yml`.
pub(super) fn rules() -> String {
    let mut text = String::from(
        "# Written by `auditctl metrics files prometheus-rules`.\ngroups:\n  - name: agentd\n    rules:\n",
    );
    for rule in RULES {
        let _ = write!(
            text,
            "      - alert: {}\n        expr: {}\n        for: {}\n        labels:\n          severity: {}\n        \
             annotations:\n          summary: {}\n          action: {}\n",
            rule.name,
            quoted(rule.query),
            rule.wait,
            rule.severity,
            quoted(rule.summary),
            quoted(rule.action),
        );
    }
    text
}

/// A string of YAML in single quotes: nothing in it has a meaning.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_is_wrong_and_what_to_do() {
        let text = rules();
        for rule in RULES {
            assert!(text.contains(&format!("- alert: {}\n", rule.name)));
            assert!(rule.summary.contains("{{ $labels.instance }}"), "{}", rule.name);
            assert!(rule.action.ends_with('.'), "{}", rule.name);
        }
        assert_eq!(text.matches("expr: '").count(), RULES.len());
    }

    #[test]
    fn each_target_is_a_line() {
        let text = scrape(&["a:1".to_owned(), "[::1]:2".to_owned()]);
        assert!(text.ends_with("          - 'a:1'\n          - '[::1]:2'\n"), "{text}");
    }
}
