//! Settings of the bot itself: `.env`, YAML, TOML and INI.

use crate::docker::{is_debug, turns_verification_off};
use crate::found::Judged;
use crate::parse::{self, Node};
use crate::secret::{is_known_value, is_reference, is_secret_name, password_of_url};

pub(crate) fn environment(judged: &mut Judged<'_>) {
    for one in parse::environment(judged.text) {
        setting(&one.key, "", &one.value, one.at, judged);
    }
}

pub(crate) fn sections(judged: &mut Judged<'_>) {
    for one in parse::sections(judged.text) {
        setting(&one.key, &one.section, &one.value, one.at, judged);
    }
}

pub(crate) fn yaml(document: &Node, judged: &mut Judged<'_>) {
    let mut found = Vec::new();
    document.each_scalar(&mut |keys, value, at| {
        let above = keys.len().checked_sub(2).map_or("", |index| keys[index]);
        found.push((
            keys.last().copied().unwrap_or_default().to_owned(),
            above.to_owned(),
            value.to_owned(),
            at,
        ));
    });
    for (key, above, value, at) in found {
        setting(&key, &above, &value, at, judged);
    }
}

fn setting(key: &str, section: &str, value: &str, at: usize, judged: &mut Judged<'_>) {
    let is_example = is_example(judged.path);
    let lower = key.to_ascii_lowercase();
    let known_password =
        password_of_url(value).is_some_and(is_known_value) && !value.starts_with("driver://");
    if !is_example && (is_secret_name(key) && is_known_value(value) || known_password) {
        judged.fail(
            "config-default-secret",
            at,
            key,
            format!("{key} has a value that everybody knows."),
        );
    } else if turns_verification_off(key, value) || is_unverified(&lower, value) {
        judged.fail(
            "config-tls-off",
            at,
            key,
            format!("{key} turns the verification of certificates off."),
        );
    } else if !is_example
        && !is_of_developers(judged.path)
        && debugs(judged.path, key, &lower, value)
    {
        judged.fail("debug-on", at, key, format!("{key} turns debugging on."));
    } else if is_any(&lower, value) {
        judged.fail("config-allow-any", at, key, format!("{key} allows everybody."));
    } else if value.contains("sslmode=disable")
        && !["localhost", "127.0.0.1"].iter().any(|host| value.contains(host))
    {
        judged.fail("pg-ssl-off", at, key, format!("{key} says sslmode=disable."));
    } else if is_public_bind(&lower, section, value) {
        judged.fail("bind-all", at, key, format!("{key} is {value}."));
    } else if matches!(
        (lower.trim_start_matches("db_"), value),
        ("max_overflow" | "pool_max_overflow", "-1")
            | ("pool_size" | "pool_max" | "pool_max_size" | "max_pool_size", "0" | "-1")
    ) {
        judged.fail("pool-unbounded", at, key, format!("{key} is {value}: there is no bound."));
    }
}

/// Whether a file shows what another should look like.
fn is_example(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    ["example", "sample", "template", ".dist", ".tpl", "default"]
        .iter()
        .any(|word| name.contains(word))
        || lower.starts_with("docs/")
}

fn is_of_developers(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    name.split(['.', '-', '_']).any(|part| {
        matches!(part, "dev" | "development" | "local" | "test" | "testing" | "ci" | "debug")
    })
}

fn debugs(path: &str, key: &str, lower: &str, value: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let is_settings = ["config", "settings", "application", "values", "prod", "env", "bot"]
        .iter()
        .any(|word| name.contains(word));
    let is_on = value.eq_ignore_ascii_case("true") && lower == "debug";
    is_settings && (is_on || is_debug(key, value))
}

fn is_unverified(key: &str, value: &str) -> bool {
    let is_off = matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "no" | "off");
    let is_on = matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on");
    let plain = key.replace(['-', '_', '.'], "");
    match plain.as_str() {
        "verifyssl" | "sslverify" | "tlsverify" | "verifytls" | "rejectunauthorized"
        | "verifycertificates" | "validatecerts" => is_off,
        "insecureskipverify" | "tlsinsecure" | "sslinsecure" | "skipverify" | "tlsskipverify" => {
            is_on
        }
        _ => false,
    }
}

fn is_any(key: &str, value: &str) -> bool {
    let plain = key.replace(['-', '_', '.'], "");
    let is_list = [
        "allowedhosts",
        "alloworigins",
        "allowedorigins",
        "corsorigins",
        "corsallowedorigins",
        "corsalloworigins",
        "accesscontrolalloworigin",
    ]
    .iter()
    .any(|name| plain.ends_with(name));
    is_list && matches!(value.trim_matches(['[', ']', '"', '\'', ' ']), "*" | "https://*" | ".*")
}

/// The addresses that databases listen on. Whether a bot may is for its container to say.
fn is_public_bind(key: &str, section: &str, value: &str) -> bool {
    let is_everywhere =
        value.split(',').any(|part| matches!(part.trim(), "0.0.0.0" | "*" | "::" | "[::]"));
    let is_bind = matches!(
        (key, section),
        ("bind-address" | "bind_address" | "network.host" | "bindip", _) | ("host", "network")
    );
    (is_bind && is_everywhere)
        || (key == "bindipall" && value.eq_ignore_ascii_case("true"))
        || (key == "bind_ip" && is_everywhere && !is_reference(value))
}
