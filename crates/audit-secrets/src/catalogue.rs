//! The checks: one for each secret of the table, and those of a project as a whole.

use std::borrow::Cow;
use std::collections::HashMap;

use wardkit_audit::{Check, Effort, EngineKind, Kind, Profile, Severity};
use wardkit_validation::{Recogniser, Recognisers, Sensitive};

/// A secret that is only in the history.
pub(crate) const IN_HISTORY: &str = "secret-in-history";
/// A secret in a file that shows which variables there are.
pub(crate) const IN_ENV_EXAMPLE: &str = "secret-in-env-example";
/// A file of variables that git does not ignore.
pub(crate) const ENV_FILE_TRACKED: &str = "env-file-tracked";
/// No line of `.gitignore` is for `.env`.
pub(crate) const GITIGNORE_MISSES_ENV: &str = "gitignore-misses-env";

/// Returns every check but those of own rules.
pub(crate) fn all() -> Vec<Check> {
    let mut checks: Vec<Check> = secrets().map(of_recogniser).collect();
    checks.extend(project());
    checks
}

/// Returns the checks by the names of what recognises their secrets.
pub(crate) fn by_recogniser() -> HashMap<&'static str, Check> {
    secrets().map(|recogniser| (recogniser.id, of_recogniser(recogniser))).collect()
}

/// Returns the check of an own rule.
pub(crate) fn of_rule(id: &str, description: &str) -> Check {
    let title = if description.is_empty() {
        format!("A match of the rule {id}")
    } else {
        description.to_owned()
    };
    Check { id: format!("secret-rule-{id}").into(), title: title.into(), ..plain(Severity::High) }
}

fn secrets() -> impl Iterator<Item = &'static Recogniser> {
    Recognisers::table().filter(|recogniser| recogniser.kind == Sensitive::Secret)
}

fn of_recogniser(recogniser: &'static Recogniser) -> Check {
    let name = recogniser.id.trim_start_matches("secret.");
    let name = RENAMED.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours);
    let severity = match name {
        "generic-password" | "generic-token" | "url-password" | "sql-password" | "jwt"
        | "authorization" => Severity::High,
        "cookie" | "password-hash" => Severity::Medium,
        _ => Severity::Critical,
    };
    let what = recogniser.what;
    let is_rare = severity == Severity::Medium;
    Check {
        id: format!("secret-{name}").into(),
        title: format!("{}{} in a file", what[..1].to_uppercase(), &what[1..]).into(),
        recommendation: recommendation(name),
        profiles: if is_rare { Cow::Borrowed(&[]) } else { Cow::Borrowed(USUAL) },
        ..plain(severity)
    }
}

/// Returns what all checks of secrets have in common.
fn plain(severity: Severity) -> Check {
    Check {
        id: Cow::Borrowed(""),
        engine: EngineKind::Secrets,
        component: "Secrets".into(),
        title: Cow::Borrowed(""),
        severity,
        kind: Kind::Security,
        description: "Whoever reads the file, a clone of the repository, a package or an image made of it, can act with \
                      this secret. Taking the line away is not enough: history and copies keep it."
            .into(),
        expected: "Secrets come from the environment or a secret store while the program starts; files name them only."
            .into(),
        recommendation: recommendation(""),
        effort: Effort::Small,
        cwe: Cow::Borrowed(&[798, 312]),
        owasp: Cow::Borrowed(&["A07:2025"]),
        profiles: Cow::Borrowed(USUAL),
    }
}

fn recommendation(name: &str) -> Cow<'static, str> {
    let first = match name {
        "telegram-token" => "Revoke it: /revoke at @BotFather.",
        "discord-token" => "Reset it in Discord's developer portal, under Bot.",
        "discord-webhook" | "slack-webhook" | "teams-webhook" => {
            "Delete the webhook and create another."
        }
        "slack-token" | "slack-app-token" => {
            "Revoke it at api.slack.com/apps, under OAuth & Permissions."
        }
        "private-key" => {
            "Create another pair and take the old public key from wherever it is trusted."
        }
        "generic-password" | "url-password" | "sql-password" => "Change the password.",
        "jwt" | "authorization" => {
            "End the session that it belongs to, or change the key that it was signed with."
        }
        _ => "Revoke it with its issuer and have another issued.",
    };
    format!(
        "{first} Give the new one to the program by an environment variable or a secret store, and leave the file \
         without it."
    )
    .into()
}

/// The checks that no single secret decides.
fn project() -> [Check; 4] {
    let in_history = Check {
        id: IN_HISTORY.into(),
        title: "A secret in the repository's history".into(),
        description: "The file no longer has it, every clone does. It counts as known to whoever could ever read the \
                      repository."
            .into(),
        expected: "No commit has a secret that still works.".into(),
        recommendation: "Revoke it first. Then, if the repository is not public yet, rewrite its history (git \
                         filter-repo) and have every clone made anew."
            .into(),
        effort: Effort::Medium,
        ..plain(Severity::High)
    };
    let in_example = Check {
        id: IN_ENV_EXAMPLE.into(),
        title: "A secret in a file that is an example".into(),
        description: "A file such as .env.example is there to be shared: it is tracked, packed and copied. What is in \
                      it is a value that works somewhere."
            .into(),
        expected: "An example names the variables and leaves their values out.".into(),
        ..plain(Severity::High)
    };
    let tracked = Check {
        id: ENV_FILE_TRACKED.into(),
        title: "A file of secrets that git does not ignore".into(),
        description: "It holds values of the environment, and no line of .gitignore is for it: it is tracked, or will \
                      be with the next `git add .`."
            .into(),
        expected: "Files with values of the environment are ignored; only an example without values is tracked.".into(),
        recommendation: "Add it to .gitignore, take it out of the index (git rm --cached), and revoke what was in it."
            .into(),
        cwe: Cow::Borrowed(&[312, 538]),
        owasp: Cow::Borrowed(&["A02:2025"]),
        ..plain(Severity::High)
    };
    let misses = Check {
        id: GITIGNORE_MISSES_ENV.into(),
        title: "Nothing keeps .env out of the repository".into(),
        description: "The program reads its secrets from .env, and no line of .gitignore is for that file: the first \
                      one that somebody makes can be committed by accident."
            .into(),
        expected: ".gitignore has a line for .env.".into(),
        recommendation: "Add the line `.env` to .gitignore, and to .dockerignore where images are built.".into(),
        cwe: Cow::Borrowed(&[538]),
        owasp: Cow::Borrowed(&["A02:2025"]),
        ..plain(Severity::Medium)
    };
    [in_history, in_example, tracked, misses]
}

const USUAL: &[Profile] = &[Profile::Ci, Profile::Llm];

/// Names that say more than those of the table, or are shorter.
const RENAMED: [(&str, &str); 8] = [
    ("telegram-bot-token", "telegram-token"),
    ("discord-bot-token", "discord-token"),
    ("assignment", "generic-password"),
    ("named-token", "generic-token"),
    ("url-credentials", "url-password"),
    ("json-web-token", "jwt"),
    ("meta-access-token", "whatsapp-token"),
    ("github-fine-grained-token", "github-fine-token"),
];
