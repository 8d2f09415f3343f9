//! What is known of controls, as tables that a person reads.

use super::Section;
use crate::Compliance;
use crate::compliance::{Control, Framework};

/// Says how to read the rest, and how much of each framework a machine answered.
pub(super) fn overview(compliance: &Compliance) -> Section {
    let row = |framework: &Framework| {
        let count = |state: &str| {
            framework.controls.iter().filter(|control| control.state() == state).count().to_string()
        };
        vec![
            framework.title.clone(),
            framework.controls.len().to_string(),
            count("evidence against"),
            count("evidence for"),
            count("for a person"),
            count("not looked at"),
            format!("{} %", by_machine(framework) * 100 / framework.controls.len().max(1)),
        ]
    };
    Section {
        title: "Overview".to_owned(),
        text: READING.map(str::to_owned).to_vec(),
        columns: vec![
            "Framework",
            "Controls",
            "Evidence against",
            "Evidence for",
            "For a person",
            "Not looked at",
            "Machine-checked",
        ],
        rows: compliance.frameworks.iter().map(row).collect(),
    }
}

/// Returns the controls of a framework.
pub(super) fn of_framework(framework: &Framework) -> Section {
    let row = |control: &Control| {
        vec![
            format!("{} {}", control.id, control.title),
            control.state().to_owned(),
            some(&control.evidence_against, 10),
            some(&control.evidence_for, 3),
            control.manual.join("; "),
            some(&control.not_looked_at, 3),
        ]
    };
    Section {
        title: framework.title.clone(),
        text: vec![format!(
            "A machine has evidence on {} of {} controls, and answered {} % of the checks and questions that are known here.",
            by_machine(framework),
            framework.controls.len(),
            framework.percent_machine_checked
        )],
        columns: vec![
            "Control",
            "State",
            "Evidence against",
            "Evidence for",
            "For a person",
            "Not looked at",
        ],
        rows: framework.controls.iter().map(row).collect(),
    }
}

/// How many controls have an answer of a machine, whichever.
fn by_machine(framework: &Framework) -> usize {
    let has_answer = |control: &&Control| {
        !(control.evidence_for.is_empty() && control.evidence_against.is_empty())
    };
    framework.controls.iter().filter(has_answer).count()
}

/// Returns the first names, and how many there are besides.
fn some(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

const READING: [&str; 3] = [
    "A check that failed is evidence against a control, one that passed is evidence for it and no proof: a control asks for more than checks can see. Whoever audits decides.",
    "Begin with the controls that have evidence against them; then answer what is for a person. What was not looked at says nothing.",
    "The tables name some checks and count the rest; the JSON form has all of them, and `auditctl explain ID` tells of each.",
];

#[cfg(test)]
mod tests {
    use super::some;

    #[test]
    fn long_lists_are_counted() {
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(some(&names, 3), "a, b, c and 1 more");
        assert_eq!(some(&names[..3], 3), "a, b, c");
        assert_eq!(some(&[], 3), "");
    }
}
