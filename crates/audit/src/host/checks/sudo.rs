//! Who may act as others.

use super::{Answer, Area, Host, Row, known, settled};
use crate::host::facts::{FileFact, Line};
use crate::{Effort, Severity};

pub(super) const AREA: Area = Area { component: "sudo", rows: &ROWS };

/// Fails with the lines that something is wrong with.
fn lines(host: &Host<'_>, current: &str, is_bad: &dyn Fn(&str) -> bool) -> Answer {
    settled(known(&host.facts.sudoers).map(|lines| {
        let is_rule = |line: &&Line| {
            let text = line.text.as_str();
            !text.starts_with("Defaults") && !text.contains("_Alias") && !text.starts_with('@')
        };
        let bad = lines.iter().filter(is_rule).filter(|line| is_bad(&line.text));
        let answer = bad.fold(Answer::fail(current), |answer, line| {
            answer.with(&line.text, &line.text).at(&line.file, line.number)
        });
        if answer.subjects.is_empty() { Answer::pass("no such rule") } else { answer }
    }))
}

fn nopasswd_all(host: &Host<'_>) -> Answer {
    lines(host, "Rules give everything without a password.", &|text| {
        let Some((_, commands)) = text.split_once("NOPASSWD:") else { return false };
        commands
            .split(',')
            .any(|command| command.trim().rsplit(':').next().map(str::trim) == Some("ALL"))
    })
}

fn wildcard(host: &Host<'_>) -> Answer {
    lines(host, "Rules have a wildcard in a command.", &|text| {
        let commands = text.split_once('=').map_or("", |(_, commands)| commands);
        commands.split(',').any(|command| command.contains('/') && command.contains(['*', '?']))
    })
}

fn writable(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.sudoers_files).map(|files| {
        let is_bad = |file: &&FileFact| file.uid != 0 || file.mode & 0o022 != 0;
        let bad: Vec<&FileFact> = files.iter().filter(is_bad).collect();
        Answer::files(
            &bad,
            "Others than root can change the rules.",
            "root alone can change the rules",
        )
    }))
}

const ROWS: [Row; 3] = [
    Row {
        id: "host-sudo-nopasswd-all",
        title: "An account becomes root without a password",
        severity: Severity::High,
        effort: Effort::Medium,
        description: "Whoever takes over the account has root at once; for a bot's account the bot is root.",
        expected: "A rule without a password names single commands.",
        recommendation: "Replace ALL by the commands that are needed, with `visudo`.",
        cwe: &[250, 269],
        judge: nopasswd_all,
    },
    Row {
        id: "host-sudo-wildcard",
        title: "A rule of sudo has a wildcard in a command",
        severity: Severity::High,
        effort: Effort::Medium,
        description: "A wildcard matches blanks and slashes too, so it gives more files and options than it seems to.",
        expected: "Every rule names its command in full, with its arguments.",
        recommendation: "Write the arguments out, or give a script that checks them, with `visudo`.",
        cwe: &[155, 269],
        judge: wildcard,
    },
    Row {
        id: "host-sudo-writable",
        title: "Others than root can change the rules of sudo",
        severity: Severity::Critical,
        effort: Effort::Small,
        description: "Who can write there gives themselves root.",
        expected: "/etc/sudoers and /etc/sudoers.d belong to root and nobody else may write.",
        recommendation: "`chown root:root FILE && chmod 0440 FILE`; 0750 for the folder.",
        cwe: &[732],
        judge: writable,
    },
];
