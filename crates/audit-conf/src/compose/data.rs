//! Services that keep data, and what all write.

use super::{Kind, Service, kind_of_image};
use crate::found::Judged;
use crate::parse::Node;
use crate::secret::{is_known_value, is_reference};

pub(super) fn judge(service: &Service<'_>, judged: &mut Judged<'_>) {
    ports(service, judged);
    if service.image().is_some_and(is_redis) {
        redis(service, judged);
    }
    logging(service, judged);
}

/// A port of a database on every address, by the image or by the number.
fn ports(service: &Service<'_>, judged: &mut Judged<'_>) {
    let kind = service.image().and_then(kind_of_image);
    let Some(ports) = service.get("ports") else { return };
    for port in ports.list() {
        let Some((address, inner)) = published(port) else { continue };
        let is_local = address.starts_with("127.")
            || address == "localhost"
            || address.starts_with("[::1")
            || address.starts_with("::1");
        let is_store = matches!(kind, Some(Kind::Store(_)))
            || (kind != Some(Kind::Other) || service.get("build").is_none())
                && DATABASES.contains(&inner);
        if is_store && !is_local && !address.contains('$') {
            let name = service.name;
            let current = format!("The service {name} publishes port {inner} on every address.");
            judged.fail("cmp-port-public-db", port.at, format!("{name}: {inner}"), current);
        }
    }
}

/// Returns the address that a port is published on, and the port in the container.
fn published(port: &Node) -> Option<(String, u16)> {
    if port.is_map() {
        let inner = port.get("target")?.text()?.parse().ok()?;
        port.get("published")?;
        let address = port.get("host_ip").and_then(Node::text).unwrap_or_default();
        return Some((address.to_owned(), inner));
    }
    let text = port.text()?;
    let text = text.split('/').next()?;
    let (before, inner) = text.rsplit_once(':').unwrap_or(("", text));
    let inner = inner.split('-').next()?;
    let inner = inner.trim_start_matches("${").split([':', '-', '}']).next()?.parse().ok()?;
    let address = match before.rsplit_once(':') {
        // The end of `${NAME:-5432}` is no address.
        Some((address, _)) if !before.contains("${") || address.starts_with("127.") => {
            address.to_owned()
        }
        _ => String::new(),
    };
    Some((address, inner))
}

fn is_redis(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    let name = name.split([':', '@']).next().unwrap_or(name);
    matches!(name, "redis" | "valkey" | "keydb" | "redis-stack" | "redis-stack-server")
}

/// Redis on a network of the project asks for no password unless it is told to.
fn redis(service: &Service<'_>, judged: &mut Judged<'_>) {
    let name = service.name;
    let command = service.command();
    let has_file = command.contains(".conf") || command.contains("--aclfile");
    let environment = service.environment();
    let has_variable =
        environment.iter().any(|(key, _, _)| key.contains("PASSWORD") || *key == "REDIS_ARGS");
    let at = service.entry("command").map_or(service.at, |(at, _)| at);
    let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let password = words.by_ref().find(|word| *word == "--requirepass").and(words.next());
    match password {
        Some(password) if is_known_value(password) && !is_reference(password) => {
            judged.fail(
                "redis-weak-password",
                at,
                format!("{name}: requirepass"),
                format!("The password of {name} is one that is guessed."),
            );
        }
        None if !has_file && !has_variable && service.get("configs").is_none() => {
            judged.fail(
                "redis-no-auth",
                at,
                format!("{name}: no requirepass"),
                format!("The service {name} asks for no password."),
            );
        }
        Some(_) | None => {}
    }
    if !has_file
        && !command.contains("--maxmemory")
        && !environment.iter().any(|(_, value, _)| value.contains("--maxmemory"))
    {
        judged.fail(
            "redis-no-maxmemory",
            at,
            format!("{name}: no maxmemory"),
            format!("The service {name} has no limit of memory of its own."),
        );
    }
}

/// The driver that is the default never deletes what it wrote.
fn logging(service: &Service<'_>, judged: &mut Judged<'_>) {
    let Some((at, logging)) = service.entry("logging") else { return };
    let driver = logging.get("driver").and_then(Node::text).unwrap_or("json-file");
    let has_limit = logging.at_path(&["options", "max-size"]).is_some();
    if driver == "json-file" && !has_limit {
        let name = service.name;
        judged.fail(
            "log-no-rotation",
            at,
            format!("{name}: logging"),
            format!("The log of {name} has no max-size."),
        );
    }
}

const DATABASES: [u16; 14] =
    [1433, 2379, 3306, 5432, 5984, 6379, 7687, 8086, 9042, 9200, 11211, 26379, 27017, 27018];
