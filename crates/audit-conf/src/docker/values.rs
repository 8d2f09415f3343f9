//! Variables, and what is copied.

use super::shown;
use crate::found::Judged;
use crate::parse::{Instruction, Stage};
use crate::secret::{is_reference, is_secret_name, password_of_url};

/// Judges a stage. Only the last one is where the bot runs, and may not be there for debugging.
pub(super) fn judge(stage: &Stage, is_last: bool, judged: &mut Judged<'_>) {
    for instruction in &stage.instructions {
        match instruction.keyword.as_str() {
            "ENV" | "ARG" => variables(instruction, is_last, judged),
            "ADD" | "COPY" => copied(instruction, judged),
            _ => {}
        }
        if instruction.flag("security") == Some("insecure")
            || instruction.flag("network") == Some("host")
        {
            let current = "The step runs without the sandbox of the builder.";
            judged.fail(
                "dkr-build-insecure",
                instruction.at..instruction.end,
                shown(instruction),
                current,
            );
        }
    }
}

/// Returns what an instruction copies.
pub(super) fn sources(instruction: &Instruction) -> Vec<String> {
    let mut words: Vec<String> = instruction
        .exec_form()
        .unwrap_or_else(|| instruction.text.split_whitespace().map(ToOwned::to_owned).collect());
    words.pop();
    words
}

fn variables(instruction: &Instruction, is_last: bool, judged: &mut Judged<'_>) {
    let place = instruction.at..instruction.end;
    let kind = instruction.keyword.as_str();
    for (name, value) in instruction.pairs() {
        let about = format!("{kind} {name}");
        let is_set = !value.trim().is_empty() && !is_harmless(&value);
        if is_secret_name(&name) && (kind == "ARG" || is_set) {
            let current = match kind {
                "ARG" => format!("The build argument {name} stays in the history of the image."),
                _ => format!("The variable {name} has its value in the image."),
            };
            judged.fail("dkr-secret-env", place.clone(), about, current);
        } else if password_of_url(&value).is_some() {
            let current = format!("The address in {name} has a password.");
            judged.fail("dkr-secret-env", place.clone(), about, current);
        } else if turns_verification_off(&name, &value) {
            let current = format!("{name} turns off the verification of certificates.");
            judged.fail("dkr-tls-off", place.clone(), about, current);
        } else if is_last && is_debug(&name, &value) {
            let current = format!("{name} turns debugging on.");
            judged.fail("debug-on", place.clone(), about, current);
        }
    }
}

/// Whether a value says where a secret is, or that there is none.
fn is_harmless(value: &str) -> bool {
    // `$NAME` copies what is only there while building: it is in the image all the same.
    let value = value.trim();
    value.starts_with('/') || (is_reference(value) && !value.starts_with('$'))
}

/// Whether a variable keeps programs from looking at certificates.
pub(crate) fn turns_verification_off(name: &str, value: &str) -> bool {
    let is_off = matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off");
    let is_on = matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on");
    match name {
        "NODE_TLS_REJECT_UNAUTHORIZED"
        | "PYTHONHTTPSVERIFY"
        | "NPM_CONFIG_STRICT_SSL"
        | "npm_config_strict_ssl" => is_off,
        "GIT_SSL_NO_VERIFY" | "CURL_INSECURE" => is_on || value == "*",
        "PIP_TRUSTED_HOST" | "UV_INSECURE_HOST" => !value.is_empty(),
        _ => false,
    }
}

/// Whether a variable turns debugging on.
pub(crate) fn is_debug(name: &str, value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    let is_on = matches!(lower.as_str(), "1" | "true" | "yes" | "on");
    let name = name.to_ascii_uppercase();
    if matches!(name.as_str(), "APP_ENV" | "FLASK_ENV" | "NODE_ENV" | "RAILS_ENV") {
        return matches!(lower.as_str(), "development" | "dev" | "debug");
    }
    is_on && (name == "DEBUG" || name.ends_with("_DEBUG"))
}

fn copied(instruction: &Instruction, judged: &mut Judged<'_>) {
    let place = instruction.at..instruction.end;
    let sources = sources(instruction);
    let is_from_stage = instruction.flag("from").is_some();
    for source in sources.iter().filter(|_| !is_from_stage) {
        let name = source.rsplit('/').next().unwrap_or(source).to_ascii_lowercase();
        if is_secret_file(&name, source) {
            let current = format!("{source} is copied into the image.");
            judged.fail("dkr-secret-copied", place.clone(), shown(instruction), current);
        }
    }
    if instruction.keyword == "ADD" && instruction.heredocs.is_empty() {
        let is_address = |source: &&String| source.contains("://") || source.starts_with("git@");
        let is_archive = |source: &String| {
            let source = source.to_ascii_lowercase();
            [".tar", ".tgz", ".gz", ".xz", ".bz2", ".zst", ".txz", ".tbz2"]
                .iter()
                .any(|end| source.contains(end))
        };
        let pinned = |source: &str| {
            let (_, commit) = source.rsplit_once('#').unwrap_or(("", ""));
            commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if let Some(address) = sources.iter().find(is_address) {
            if instruction.flag("checksum").is_none() && !pinned(address) {
                let current = "ADD fetches an address without a checksum.";
                judged.fail("dkr-add-url", place.clone(), shown(instruction), current);
            }
            if address.starts_with("http://") {
                let current = "ADD fetches without TLS.";
                judged.fail("dkr-http-download", place, shown(instruction), current);
            }
        } else if !sources.iter().any(is_archive) {
            judged.fail(
                "dkr-add-local",
                place,
                shown(instruction),
                "ADD copies files of the project.",
            );
        }
    }
    if let Some(mode) = instruction.flag("chmod")
        && is_open_mode(mode)
    {
        let current = format!("Files are copied with mode {mode}.");
        judged.fail("dkr-chmod-777", instruction.at..instruction.end, shown(instruction), current);
    }
}

/// Whether a mode lets everybody write.
pub(super) fn is_open_mode(mode: &str) -> bool {
    let is_number = !mode.is_empty() && mode.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    if is_number {
        // The sticky bit of /tmp keeps others from taking files away.
        let has_sticky_bit = mode.len() == 4 && mode.starts_with('1');
        return matches!(mode.as_bytes().last(), Some(b'2' | b'3' | b'6' | b'7'))
            && !has_sticky_bit;
    }
    mode.split(',').any(|part| {
        let (who, what) = part.split_once(['+', '=']).unwrap_or((part, ""));
        (who.contains('o') || who.contains('a')) && what.contains('w')
    })
}

fn is_secret_file(name: &str, source: &str) -> bool {
    let is_example = ["example", "sample", "template", "dist", ".pub", ".test"]
        .iter()
        .any(|word| name.contains(word));
    let is_certificate = name.contains("ca") || name.contains("cert") || name.contains("chain");
    let is_named = matches!(
        name,
        ".env"
            | ".npmrc"
            | ".pypirc"
            | ".netrc"
            | ".pgpass"
            | ".git-credentials"
            | "id_rsa"
            | "id_ed25519"
            | "id_ecdsa"
            | "credentials.json"
            | "service-account.json"
            | "serviceaccount.json"
            | "secrets.json"
            | "secrets.yml"
            | "secrets.yaml"
            | "secrets.toml"
            | "client_secret.json"
            | ".htpasswd"
            | "kubeconfig"
            | ".dockercfg"
    );
    let ends = |end: &str| name.ends_with(end);
    let mut folders = source.split('/');
    !is_example
        && (is_named
            || name.starts_with(".env.")
            || ends(".key")
            || ends(".p12")
            || ends(".pfx")
            || ends(".kdbx")
            || (ends(".pem") && !is_certificate)
            || folders.any(|folder| matches!(folder, ".ssh" | ".aws" | ".kube")))
}
