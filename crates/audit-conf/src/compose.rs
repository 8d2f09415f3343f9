//! Compose files.

mod data;
mod rights;
mod values;

use crate::found::Judged;
use crate::parse::{Node, Value};

pub(crate) use rights::{GRAVE, is_engine_socket, is_host_folder};
pub(crate) use values::{Kind, kind_of_image};

/// A service, with what it extends in the same file.
pub(crate) struct Service<'n> {
    pub(crate) name: &'n str,
    pub(crate) at: usize,
    /// Its own node first, then those that it extends.
    nodes: Vec<&'n Node>,
    /// Whether it extends what is in another file: what seems absent may be there.
    is_partial: bool,
}

impl<'n> Service<'n> {
    pub(crate) fn entry(&self, key: &str) -> Option<(usize, &'n Node)> {
        self.nodes.iter().find_map(|node| node.entry(key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, node)| node)
    }

    pub(crate) fn image(&self) -> Option<&'n str> {
        self.get("image")?.text()
    }

    /// Returns the variables with their places: of a map or a list.
    pub(crate) fn environment(&self) -> Vec<(&'n str, &'n str, usize)> {
        let mut found: Vec<(&str, &str, usize)> = Vec::new();
        for node in self.nodes.iter().filter_map(|node| node.get("environment")) {
            let of_list = node.list().iter().filter_map(|item| {
                let (name, value) = item.text()?.split_once('=')?;
                Some((name, value, item.at))
            });
            let of_map = node.entries().into_iter();
            let of_map = of_map.filter_map(|(name, at, value)| Some((name, value.text()?, at)));
            for one in of_list.chain(of_map) {
                if !found.iter().any(|(name, _, _)| *name == one.0) {
                    found.push(one);
                }
            }
        }
        found
    }

    /// Returns the words of the command and entry point.
    pub(crate) fn command(&self) -> String {
        let keys = ["entrypoint", "command"];
        let nodes = keys.iter().filter_map(|key| self.get(key));
        let words: Vec<&str> = nodes.flat_map(Node::texts).map(|(_, text)| text).collect();
        words.join(" ")
    }
}

pub(crate) fn judge(document: &Node, judged: &mut Judged<'_>) {
    let services = services(document);
    // An override adds to another file, which may have what seems absent.
    let name = judged.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let is_override = ["override", ".dev.", ".local.", "-dev.", ".prod.", "-prod."]
        .iter()
        .any(|part| name.contains(part));
    for service in &services {
        rights::judge(service, judged);
        values::judge(service, judged);
        data::judge(service, judged);
        if !is_override && !service.is_partial {
            absent(service, judged);
        }
    }
    if services.len() > 2 && !is_override {
        networks(document, &services, judged);
    }
}

/// Returns the services of a document.
pub(crate) fn services(document: &Node) -> Vec<Service<'_>> {
    let Some(all) = document.get("services") else { return Vec::new() };
    let entries = all.entries();
    let of = |(name, at, node): &(&'_ str, usize, &'_ Node)| (name.len(), *at, node.is_map());
    entries
        .iter()
        .filter(|entry| of(entry).2)
        .map(|(name, at, node)| {
            let (nodes, is_partial) = extended(node, all);
            Service { name, at: *at, nodes, is_partial }
        })
        .collect()
}

/// Follows `extends` within the file, a few times.
fn extended<'n>(node: &'n Node, all: &'n Node) -> (Vec<&'n Node>, bool) {
    let mut nodes = vec![node];
    for _ in 0..MOST_EXTENDED {
        let Some(extends) = nodes.last().and_then(|node| node.get("extends")) else {
            return (nodes, false);
        };
        if extends.get("file").is_some() {
            return (nodes, true);
        }
        let name = extends.text().or_else(|| extends.get("service").and_then(Node::text));
        let Some(next) = name.and_then(|name| all.get(name)) else { return (nodes, true) };
        nodes.push(next);
    }
    (nodes, true)
}

/// What a service should say and does not.
fn absent(service: &Service<'_>, judged: &mut Judged<'_>) {
    // What runs once and ends needs no restart, and holds memory for a moment.
    let is_job = ["migrat", "init", "setup", "seed", "certbot", "backup"]
        .iter()
        .any(|word| service.name.contains(word))
        || service.get("profiles").is_some()
        || service.get("restart").is_some_and(|restart| restart.text() == Some("no"));
    let name = service.name;
    let mut tell = |id: &str, what: &str| {
        judged.fail(
            id,
            service.at,
            format!("{name}: {what}"),
            format!("The service {name} has {what}."),
        );
    };
    let deploy = service.get("deploy");
    let limits = deploy.and_then(|deploy| deploy.at_path(&["resources", "limits"]));
    let has_limit = service.get("mem_limit").is_some()
        || limits.is_some_and(|limits| limits.get("memory").is_some());
    if !has_limit && !is_job {
        tell("cmp-no-limits", "no limit of memory");
    }
    let restart = service.get("restart").and_then(Node::text);
    if restart.is_none()
        && deploy.is_none_or(|deploy| deploy.get("restart_policy").is_none())
        && !is_job
    {
        tell("cmp-no-restart", "no restart policy");
    }
    let health = service.get("healthcheck");
    let is_off = health.is_some_and(|health| {
        health.get("disable").is_some_and(Node::is_true)
            || health
                .get("test")
                .is_some_and(|test| test.texts().first().is_some_and(|(_, text)| *text == "NONE"))
    });
    if (health.is_none() || is_off) && !is_job {
        tell("cmp-no-healthcheck", "no health check");
    }
    if !service.get("read_only").is_some_and(Node::is_true) {
        tell("cmp-rw-root", "a root that it may write to");
    }
    let options = service.get("security_opt").map(Node::texts).unwrap_or_default();
    if !options.iter().any(|(_, text)| text.contains("no-new-privileges")) {
        tell("cmp-new-privileges", "no `no-new-privileges`");
    }
}

fn networks(document: &Node, services: &[Service<'_>], judged: &mut Judged<'_>) {
    let has_network = |service: &Service<'_>| {
        service.get("networks").is_some() || service.get("network_mode").is_some()
    };
    let Some((at, _)) = document.entry("services") else { return };
    let has_store = services.iter().any(|service| {
        service.image().is_some_and(|image| matches!(kind_of_image(image), Some(Kind::Store(_))))
    });
    if has_store && !services.iter().any(has_network) {
        judged.fail(
            "cmp-flat-network",
            at,
            "one network",
            "All services are on the default network.",
        );
    }
}

/// Returns whether a node says anything.
pub(crate) fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Scalar(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
    }
}

/// Compose itself goes further; nobody does.
const MOST_EXTENDED: usize = 8;
