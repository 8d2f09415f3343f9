//! Pipelines of GitHub, and actions that are made of steps.

use crate::docker::{downloads_unseen, image, shows_secret};
use crate::found::Judged;
use crate::parse::{Node, commands, program};
use crate::secret::{is_reference, is_secret_name};

pub(crate) fn judge(document: &Node, judged: &mut Judged<'_>) {
    let triggers = triggers(document);
    permissions(document, judged);
    variables(document, judged);
    for (_, _, job) in document.get("jobs").map(Node::entries).unwrap_or_default() {
        permissions(job, judged);
        variables(job, judged);
        if let Some(called) = job.get("uses") {
            uses(called, judged);
            if let Some((at, _)) =
                job.entry("secrets").filter(|(_, node)| node.text() == Some("inherit"))
            {
                judged.fail(
                    "ci-secrets-inherit",
                    at,
                    "secrets: inherit",
                    "The called workflow gets all secrets.",
                );
            }
        }
        runner(job, &triggers, judged);
        steps(job, &triggers, judged);
    }
    if let Some(runs) = document.get("runs") {
        steps(runs, &triggers, judged);
    }
}

/// What starts a workflow: a name, a list of names, or a map by name.
fn triggers(document: &Node) -> Vec<&str> {
    let Some(on) = document.get("on").or_else(|| document.get("true")) else { return Vec::new() };
    let named = on.texts().into_iter().map(|(_, text)| text);
    named.chain(on.entries().into_iter().map(|(name, _, _)| name)).collect()
}

fn permissions(node: &Node, judged: &mut Judged<'_>) {
    if let Some((at, value)) = node.entry("permissions")
        && value.text() == Some("write-all")
    {
        judged.fail(
            "ci-token-write-all",
            at,
            "permissions: write-all",
            "The token may write everything.",
        );
    }
}

fn variables(node: &Node, judged: &mut Judged<'_>) {
    for (name, at, value) in node.get("env").map(Node::entries).unwrap_or_default() {
        let value = value.text().unwrap_or_default();
        if is_secret_name(name) && value.len() > 3 && !is_reference(value) && !is_of_test(value) {
            judged.fail(
                "ci-secret-inline",
                at,
                name,
                format!("{name} has its value in the pipeline."),
            );
        }
    }
}

/// Databases that a pipeline starts for its tests have passwords that nobody has to guess.
fn is_of_test(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["test", "postgres", "password", "root", "dummy", "fake", "ci", "example"]
        .iter()
        .any(|word| lower.contains(word))
}

fn runner(job: &Node, triggers: &[&str], judged: &mut Judged<'_>) {
    let Some((at, runner)) = job.entry("runs-on") else { return };
    let labels = runner.get("labels").unwrap_or(runner).texts();
    let is_own = labels.iter().any(|(_, label)| *label == "self-hosted");
    if is_own && triggers.iter().any(|one| one.starts_with("pull_request")) {
        judged.fail(
            "ci-self-hosted-pr",
            at,
            "runs-on: self-hosted",
            "Pull requests run on a machine of your own.",
        );
    }
    let containers = [job.get("container")].into_iter().flatten();
    let services = job.get("services").map(Node::entries).unwrap_or_default();
    for container in containers.chain(services.into_iter().map(|(_, _, node)| node)) {
        let named = container.get("image").unwrap_or(container);
        if let Some(text) = named.text() {
            image(text, named.at..named.at, "ci-image-latest", judged);
        }
    }
}

fn steps(job: &Node, triggers: &[&str], judged: &mut Judged<'_>) {
    let is_privileged = triggers
        .iter()
        .any(|one| matches!(*one, "pull_request_target" | "workflow_run" | "issue_comment"));
    for step in job.get("steps").map(Node::list).unwrap_or_default() {
        variables(step, judged);
        if let Some(action) = step.get("uses") {
            uses(action, judged);
            if is_privileged {
                checkout(step, action, judged);
            }
            if action.text().is_some_and(|text| text.starts_with("actions/github-script@"))
                && let Some(script) = step.at_path(&["with", "script"])
            {
                injection(script, judged);
            }
        }
        if let Some(script) = step.get("run") {
            injection(script, judged);
            run(script, is_privileged, judged);
        }
    }
}

/// The version of an action.
fn uses(action: &Node, judged: &mut Judged<'_>) {
    let Some(text) = action.text() else { return };
    if text.starts_with("./") || text.contains("${{") {
        return;
    }
    if let Some(name) = text.strip_prefix("docker://") {
        image(name, action.at..action.at, "ci-image-latest", judged);
        return;
    }
    let (name, version) = text.split_once('@').unwrap_or((text, ""));
    let is_commit =
        matches!(version.len(), 40 | 64) && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_branch =
        matches!(version, "" | "main" | "master" | "develop" | "dev" | "HEAD" | "latest");
    // Who runs the pipeline is trusted with it anyway.
    let is_of_github = name.starts_with("actions/") || name.starts_with("github/");
    if !is_commit && (!is_of_github || is_branch) {
        let current = format!("{name} is used by the name {version:?}, which can be moved.");
        judged.fail("ci-unpinned-action", action.at, text, current);
    }
}

/// Whether a step that has the secrets takes the code of a pull request.
fn checkout(step: &Node, action: &Node, judged: &mut Judged<'_>) {
    if !action.text().is_some_and(|text| text.starts_with("actions/checkout")) {
        return;
    }
    for key in ["ref", "repository"] {
        let Some(value) = step.at_path(&["with", key]) else { continue };
        if value.text().is_some_and(is_of_stranger) {
            let current = format!(
                "The code that {} names is checked out where the secrets are.",
                value.text().unwrap_or_default()
            );
            judged.fail("ci-pr-target-checkout", action.at, format!("checkout {key}"), current);
            return;
        }
    }
}

fn is_of_stranger(text: &str) -> bool {
    [
        "pull_request.head",
        "github.head_ref",
        "workflow_run.head_",
        "refs/pull/",
        "pull_request.merge_commit_sha",
        "pull_request.number",
        "issue.number",
    ]
    .iter()
    .any(|part| text.contains(part))
}

/// What strangers write, set into a script.
fn injection(script: &Node, judged: &mut Judged<'_>) {
    let Some(text) = script.text() else { return };
    for part in text.split("${{").skip(1) {
        let Some((expression, _)) = part.split_once("}}") else { continue };
        let compact: String = expression.chars().filter(|c| !c.is_whitespace()).collect();
        let lower = compact.replace("['", ".").replace("']", "").to_ascii_lowercase();
        if let Some(found) = STRANGERS.iter().find(|one| contains_path(&lower, one)) {
            let current = format!("{} is set into the script.", expression.trim());
            judged.fail("ci-script-injection", script.at, *found, current);
        }
    }
}

/// Whether an expression names a path; `*` of the path is any one name.
fn contains_path(expression: &str, path: &str) -> bool {
    let ends =
        |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '*' | '-' | '[' | ']');
    expression.split(ends).any(|named| {
        let named = named.replace('[', ".").replace(']', "");
        let (mut have, mut want) = (named.split('.'), path.split('.'));
        loop {
            match (have.next(), want.next()) {
                (_, None) => return true,
                (Some(have), Some(want)) if have == want || want == "*" => {}
                _ => return false,
            }
        }
    })
}

fn run(script: &Node, is_privileged: bool, judged: &mut Judged<'_>) {
    let Some(text) = script.text() else { return };
    let all = commands(text);
    let at = script.at;
    if let Some(current) = downloads_unseen(&all) {
        judged.fail("ci-curl-pipe", at, "download", current);
    }
    if let Some(current) = shows_secret(&all) {
        judged.fail("ci-secret-inline", at, "command", current);
    }
    let prints = |words: &[String]| {
        matches!(words.first().map(String::as_str), Some("echo" | "printf" | "cat"))
    };
    for (index, command) in all.iter().enumerate() {
        let words = program(&command.words);
        let is_kept = command.words.iter().any(|word| word == ">")
            || all.get(index + 1).is_some_and(|next| next.is_piped);
        let is_secret = words.iter().any(|word| word.contains("secrets."));
        if prints(words)
            && !is_kept
            && (is_secret || words.iter().any(|word| word.contains("toJSON(secrets)")))
        {
            judged.fail("ci-secret-shown", at, "echo", "A secret is printed into the log.");
        }
        let arguments = words.windows(2).filter(|pair| pair[0] == "--build-arg");
        for pair in arguments {
            let name = pair[1].split('=').next().unwrap_or_default();
            if is_secret_name(name) {
                let current =
                    format!("{name} is a build argument: it stays in the history of the image.");
                judged.fail("dkr-secret-env", at, format!("--build-arg {name}"), current);
            }
        }
        let takes = words.first().is_some_and(|name| name == "gh")
            && words.get(1..3).is_some_and(|rest| rest == ["pr", "checkout"]);
        let fetches = words.first().is_some_and(|name| name == "git")
            && words.iter().any(|word| is_of_stranger(word) || word.starts_with("pull/"));
        if is_privileged && (takes || fetches) {
            let current = "The code of a pull request is fetched where the secrets are.";
            judged.fail("ci-pr-target-checkout", at, "fetch", current);
        }
    }
}

/// Paths of contexts whose text strangers choose.
const STRANGERS: [&str; 28] = [
    "github.event.issue.title",
    "github.event.issue.body",
    "github.event.pull_request.title",
    "github.event.pull_request.body",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.label",
    "github.event.pull_request.head.repo.default_branch",
    "github.event.pull_request.head.repo.description",
    "github.event.pull_request.head.repo.homepage",
    "github.event.comment.body",
    "github.event.review.body",
    "github.event.review_comment.body",
    "github.event.discussion.title",
    "github.event.discussion.body",
    "github.event.pages.*.page_name",
    "github.event.commits.*.message",
    "github.event.commits.*.author.email",
    "github.event.commits.*.author.name",
    "github.event.head_commit.message",
    "github.event.head_commit.author.email",
    "github.event.head_commit.author.name",
    "github.event.workflow_run.head_branch",
    "github.event.workflow_run.head_commit.message",
    "github.event.workflow_run.head_commit.author.name",
    "github.event.workflow_run.display_title",
    "github.event.workflow_run.pull_requests.*.head.ref",
    "github.event.client_payload",
    "github.head_ref",
];
