//! Prometheus, Alertmanager, Loki and Grafana.

use crate::compose::is_empty;
use crate::found::{Judged, Place};
use crate::parse::Node;
use crate::secret::{is_known_value, is_reference, is_secret_name};

pub(crate) fn prometheus(document: &Node, judged: &mut Judged<'_>) {
    let Some((at, jobs)) = document.entry("scrape_configs") else { return };
    let has_rules = document.get("rule_files").is_some_and(|node| !is_empty(node));
    let has_managers = document.get("alerting").is_some_and(|node| !is_empty(node));
    if !has_rules || !has_managers {
        let what = match (has_rules, has_managers) {
            (false, false) => "neither rules nor an Alertmanager",
            (false, true) => "no rules",
            _ => "no Alertmanager",
        };
        judged.fail("prom-no-alerts", at, what, format!("There are {what}."));
    }
    for job in jobs.list() {
        target(job, judged);
    }
    secrets(document, judged);
}

/// A job that scrapes other hosts in clear.
fn target(job: &Node, judged: &mut Judged<'_>) {
    let is_tls = job.get("scheme").and_then(Node::text) == Some("https");
    let is_known = ["basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"]
        .iter()
        .any(|key| job.get(key).is_some());
    let configs = job.get("static_configs").map(Node::list).unwrap_or_default();
    let targets = configs.iter().filter_map(|config| config.get("targets")).flat_map(Node::texts);
    for (at, target) in targets {
        let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
        let is_guarded = is_tls && is_known;
        if !is_near(host) && !is_guarded {
            let current =
                format!("{host} is scraped without {}.", if is_tls { "a password" } else { "TLS" });
            judged.fail("prom-target-no-auth", at, target, current);
        }
    }
}

/// Whether a host is this one, in the same project, or on a private network.
fn is_near(host: &str) -> bool {
    let is_private = host.starts_with("10.")
        || host.starts_with("192.168.")
        || host.starts_with("127.")
        || host.starts_with("[::1")
        || host.strip_prefix("172.").is_some_and(|rest| {
            rest.split('.')
                .next()
                .and_then(|part| part.parse().ok())
                .is_some_and(|part: u8| (16..32).contains(&part))
        });
    let is_name = !host.contains('.')
        || [".local", ".internal", ".svc", ".lan", ".docker.internal"]
            .iter()
            .any(|end| host.ends_with(end))
        || host.contains(".svc.");
    is_private || is_name || is_reference(host)
}

/// Secrets that stand where a `_file` could.
fn secrets(document: &Node, judged: &mut Judged<'_>) {
    let mut found = Vec::new();
    document.each_scalar(&mut |keys, value, at| {
        let key = keys.last().copied().unwrap_or_default();
        let is_named = is_secret_name(key)
            || matches!(
                key,
                "credentials" | "service_key" | "routing_key" | "slack_api_url" | "api_url"
            );
        let is_address = matches!(key, "slack_api_url" | "webhook_url") && value.contains("hooks.");
        if is_named
            && key != "api_url"
            && !is_reference(value)
            && value.len() > 3
            && (!key.ends_with("_url") || is_address)
        {
            found.push((key.to_owned(), at));
        }
    });
    for (key, at) in found {
        judged.fail(
            "prom-secret-inline",
            at,
            key.as_str(),
            format!("{key} has its value in the file."),
        );
    }
}

pub(crate) fn alertmanager(document: &Node, judged: &mut Judged<'_>) {
    secrets(document, judged);
    let Some(name) = document.at_path(&["route", "receiver"]) else { return };
    let receivers = document.get("receivers").map(Node::list).unwrap_or_default();
    let is_it = |receiver: &&Node| receiver.get("name").and_then(Node::text) == name.text();
    let Some(receiver) = receivers.iter().find(is_it) else { return };
    let has_channel = receiver
        .entries()
        .iter()
        .any(|(key, _, node)| key.ends_with("_configs") && !is_empty(node));
    if !has_channel {
        let shown = name.text().unwrap_or_default();
        judged.fail(
            "alert-no-receiver",
            receiver.at,
            shown,
            format!("The receiver {shown} has no channel."),
        );
    }
}

pub(crate) fn loki(document: &Node, judged: &mut Judged<'_>) {
    if !document.is_map()
        || document.get("schema_config").is_none() && document.get("limits_config").is_none()
    {
        return;
    }
    let period = document.at_path(&["limits_config", "retention_period"]);
    let is_set = period.and_then(Node::text).is_some_and(|text| !matches!(text, "0" | "0s"));
    let is_deleted =
        document.at_path(&["compactor", "retention_enabled"]).is_some_and(Node::is_true)
            || document
                .at_path(&["table_manager", "retention_deletes_enabled"])
                .is_some_and(Node::is_true);
    if !is_deleted || (!is_set && document.get("table_manager").is_none()) {
        judged.fail("loki-no-retention", Place::FILE, "no retention", "Logs are never deleted.");
    }
    if let Some((at, node)) = document.entry("auth_enabled")
        && node.is_false()
    {
        judged.fail("loki-no-auth", at, "auth_enabled", "auth_enabled is false.");
    }
    secrets(document, judged);
}

pub(crate) fn grafana(document: &Node, judged: &mut Judged<'_>) {
    for source in document.get("datasources").map(Node::list).unwrap_or_default() {
        let password = [source.get("password"), source.at_path(&["secureJsonData", "password"])]
            .into_iter()
            .flatten();
        for node in password {
            let text = node.text().unwrap_or_default();
            if is_known_value(text) {
                judged.fail(
                    "config-default-secret",
                    node.at,
                    "datasource password",
                    "The password of a data source is one that is guessed.",
                );
            } else if !is_reference(text) {
                judged.fail(
                    "prom-secret-inline",
                    node.at,
                    "datasource password",
                    "The password of a data source is in the file.",
                );
            }
        }
        if source.at_path(&["jsonData", "tlsSkipVerify"]).is_some_and(Node::is_true) {
            judged.fail(
                "config-tls-off",
                source.at,
                "tlsSkipVerify",
                "The certificate of a data source is not verified.",
            );
        }
    }
}
