//! Images, variables and commands of services.

use super::Service;
use crate::docker::{image, is_debug, turns_verification_off};
use crate::found::Judged;
use crate::secret::{
    is_known_value, is_placeholder, is_reference, is_secret_name, password_of_url,
};

/// What an image is, as far as checks want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Keeps data; its port.
    Store(u16),
    Grafana,
    Other,
}

/// Tells by an image's name what it is.
pub(crate) fn kind_of_image(image: &str) -> Option<Kind> {
    let name = image.split('@').next()?.rsplit('/').next()?.split(':').next()?;
    let store = STORES.iter().find(|(start, _)| name.starts_with(start));
    let is_helper = ["exporter", "admin", "commander", "insight", "express", "backup", "-ui"]
        .iter()
        .any(|word| name.contains(word));
    Some(match store {
        Some((_, port)) if !is_helper => Kind::Store(*port),
        _ if name.starts_with("grafana") => Kind::Grafana,
        _ => Kind::Other,
    })
}

pub(super) fn judge(service: &Service<'_>, judged: &mut Judged<'_>) {
    let name = service.name;
    if let Some((at, node)) = service.entry("image")
        && let Some(text) = node.text()
        // What is built here has the version of the project.
        && service.get("build").is_none()
    {
        let filled = with_defaults(text);
        image(&filled, at..at, "cmp-image-latest", judged);
    }
    let is_grafana = service.image().and_then(kind_of_image) == Some(Kind::Grafana);
    for (key, value, at) in service.environment() {
        variable(service, key, value, at, judged);
        if is_grafana && key == "GF_AUTH_ANONYMOUS_ENABLED" && value.eq_ignore_ascii_case("true") {
            judged.fail(
                "grafana-anonymous",
                at,
                format!("{name}: {key}"),
                "Grafana lets people in without a login.",
            );
        }
    }
    if is_grafana && service.image().is_some() {
        grafana(service, judged);
    }
    admin_interface(service, judged);
}

/// Takes defaults of variables: `${TAG:-latest}`.
fn with_defaults(text: &str) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let Some((inner, after)) = rest.split_once('}') else { return text.to_owned() };
    match inner.split_once(":-").or_else(|| inner.split_once('-')) {
        Some((_, default)) => format!("{before}{default}{after}"),
        None => text.to_owned(),
    }
}

fn variable(service: &Service<'_>, key: &str, value: &str, at: usize, judged: &mut Judged<'_>) {
    let filled = with_defaults(value);
    let found = of_store(key, value)
        .or_else(|| of_secret(key, value, &filled))
        .or_else(|| of_address(key, &filled))
        .or_else(|| of_switch(key, value));
    if let Some((id, what)) = found {
        let name = service.name;
        judged.fail(
            id,
            at,
            format!("{name}: {key}"),
            format!("{key} of the service {name} {what}."),
        );
    }
}

/// A check, and what a variable does.
type Found = Option<(&'static str, &'static str)>;

fn of_store(key: &str, value: &str) -> Found {
    let is_no = matches!(value, "" | "no" | "false" | "0");
    match key {
        "POSTGRES_HOST_AUTH_METHOD" if value == "trust" => {
            Some(("pg-trust-hba", "lets everybody in without a password"))
        }
        "ALLOW_EMPTY_PASSWORD"
        | "MYSQL_ALLOW_EMPTY_PASSWORD"
        | "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD"
            if !is_no =>
        {
            Some(("cmp-default-password", "allows an empty password"))
        }
        _ => None,
    }
}

fn of_secret(key: &str, value: &str, filled: &str) -> Found {
    if !is_secret_name(key) {
        return None;
    }
    if is_known_value(filled) {
        let id = if key == "GF_SECURITY_ADMIN_PASSWORD" {
            "grafana-default-admin"
        } else {
            "cmp-default-password"
        };
        return Some((id, "has a value that everybody knows"));
    }
    let is_default = filled != value;
    let is_set =
        !is_reference(filled) && (!is_placeholder(filled) || is_default) && filled.len() > 3;
    is_set.then_some(("cmp-secret-inline", "has its value in the file"))
}

fn of_address(key: &str, filled: &str) -> Found {
    let password = password_of_url(filled);
    match password {
        Some(password) if is_known_value(password) => {
            Some(("cmp-default-password", "has a password that everybody knows"))
        }
        Some(_) => Some(("cmp-secret-inline", "has its password in the file")),
        None => (filled.contains("sslmode=disable") && !key.is_empty())
            .then_some(("pg-ssl-off", "says sslmode=disable")),
    }
}

fn of_switch(key: &str, value: &str) -> Found {
    if turns_verification_off(key, value) {
        return Some(("config-tls-off", "turns the verification of certificates off"));
    }
    is_debug(key, value).then_some(("debug-on", "turns debugging on"))
}

/// Grafana without a password has the one of its documentation.
fn grafana(service: &Service<'_>, judged: &mut Judged<'_>) {
    let is_set = service.environment().iter().any(|(key, _, _)| {
        key.starts_with("GF_SECURITY_ADMIN_PASSWORD")
            || *key == "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"
            || *key == "GF_AUTH_DISABLE_LOGIN_FORM"
    });
    let image = service.image().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    let is_grafana = name.split(':').next().is_some_and(|name| {
        name.starts_with("grafana") && !name.contains("agent") && !name.contains("loki")
    });
    if !is_set && is_grafana && service.get("env_file").is_none() {
        let current = format!(
            "The service {} sets no password of the administrator: it is admin.",
            service.name
        );
        judged.fail(
            "grafana-default-admin",
            service.at,
            format!("{}: no password", service.name),
            current,
        );
    }
}

fn admin_interface(service: &Service<'_>, judged: &mut Judged<'_>) {
    let command = service.command();
    if command.contains("--web.enable-admin-api") {
        let at = service.entry("command").map_or(service.at, |(at, _)| at);
        judged.fail(
            "prom-admin-api",
            at,
            format!("{}: --web.enable-admin-api", service.name),
            "The interface that deletes the history is on.",
        );
    }
}

/// Images that keep data, by how their names begin, and their ports.
const STORES: [(&str, u16); 24] = [
    ("postgres", 5432),
    ("postgis", 5432),
    ("pgvector", 5432),
    ("timescaledb", 5432),
    ("pgbouncer", 6432),
    ("mysql", 3306),
    ("mariadb", 3306),
    ("percona", 3306),
    ("mongo", 27017),
    ("redis", 6379),
    ("valkey", 6379),
    ("keydb", 6379),
    ("dragonfly", 6379),
    ("memcached", 11211),
    ("elasticsearch", 9200),
    ("opensearch", 9200),
    ("clickhouse", 8123),
    ("cassandra", 9042),
    ("rabbitmq", 5672),
    ("influxdb", 8086),
    ("couchdb", 5984),
    ("neo4j", 7687),
    ("qdrant", 6333),
    ("minio", 9000),
];
