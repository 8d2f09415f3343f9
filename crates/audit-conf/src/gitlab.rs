//! Pipelines of GitLab.

use crate::docker::{downloads_unseen, image, shows_secret};
use crate::found::Judged;
use crate::parse::{Node, commands, program};
use crate::secret::{is_reference, is_secret_name, without_password};

pub(crate) fn judge(document: &Node, judged: &mut Judged<'_>) {
    includes(document, judged);
    job(document, judged);
    for (name, _, node) in document.entries() {
        if node.is_map() && name != "variables" {
            job(node, judged);
        }
    }
}

fn job(node: &Node, judged: &mut Judged<'_>) {
    if let Some(named) = node.get("image") {
        let named = named.get("name").unwrap_or(named);
        if let Some(text) = named.text() {
            image(text, named.at..named.at, "ci-image-latest", judged);
        }
    }
    for (name, at, value) in node.get("variables").map(Node::entries).unwrap_or_default() {
        let text = value.get("value").unwrap_or(value).text().unwrap_or_default();
        if name == "CI_DEBUG_TRACE" && matches!(text, "true" | "1") {
            judged.fail(
                "ci-secret-shown",
                at,
                name,
                "Every command is traced, with the secrets in it.",
            );
        } else if is_secret_name(name)
            && text.len() > 3
            && !is_reference(text)
            && !name.starts_with("POSTGRES")
        {
            judged.fail(
                "ci-secret-inline",
                at,
                name,
                format!("{name} has its value in the pipeline."),
            );
        }
    }
    for key in ["before_script", "script", "after_script"] {
        let Some(script) = node.get(key) else { continue };
        for (at, text) in script.texts() {
            line(at, text, judged);
        }
    }
}

fn line(at: usize, text: &str, judged: &mut Judged<'_>) {
    let all = commands(text);
    if let Some(current) = downloads_unseen(&all) {
        judged.fail("ci-curl-pipe", at, "download", current);
    }
    if let Some(current) = shows_secret(&all) {
        judged.fail("ci-secret-inline", at, "command", current);
    }
    for command in &all {
        let words = program(&command.words);
        let is_run = command.words.iter().any(|word| word == "eval")
            || words.iter().any(|word| word == "-c")
                && words.first().is_some_and(|name| name.ends_with("sh"));
        if is_run && words.iter().any(|word| STRANGERS.iter().any(|name| word.contains(name))) {
            judged.fail("ci-script-injection", at, "eval", "Text of strangers is run as a script.");
        }
    }
}

fn includes(document: &Node, judged: &mut Judged<'_>) {
    let Some(include) = document.get("include") else { return };
    let items =
        if include.list().is_empty() { std::slice::from_ref(include) } else { include.list() };
    for item in items {
        let remote = item
            .get("remote")
            .and_then(Node::text)
            .or_else(|| item.text().filter(|text| text.contains("://")));
        let version = item.get("ref").and_then(Node::text).unwrap_or("main");
        if let Some(address) = remote.filter(|_| item.get("integrity").is_none()) {
            let address = without_password(address);
            judged.fail(
                "ci-unpinned-action",
                item.at,
                address,
                format!("{address} is included as it is that day."),
            );
        } else if let Some(project) = item.get("project").and_then(Node::text)
            && matches!(version, "main" | "master" | "develop" | "HEAD")
        {
            judged.fail(
                "ci-unpinned-action",
                item.at,
                project,
                format!("{project} is included from a branch."),
            );
        }
    }
}

/// Variables whose text strangers choose.
const STRANGERS: [&str; 6] = [
    "CI_COMMIT_MESSAGE",
    "CI_COMMIT_TITLE",
    "CI_COMMIT_DESCRIPTION",
    "CI_COMMIT_REF_NAME",
    "CI_MERGE_REQUEST_TITLE",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
];
