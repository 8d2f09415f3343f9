//! Who needs whom, and in which order that has services start.

mod circles;

use std::collections::{BTreeSet, HashMap};

use crate::{Config, Kind, ServiceSpec, Strategy, Violation};

/// The dependencies of services, by their places in the configuration.
///
/// ```
/// use wardkit_supervise::{Config, Graph, ServiceSpec};
///
/// let db = ServiceSpec::new("db", ["postgres"]);
/// let cache = ServiceSpec::new("cache", ["redis-server"]);
/// let mut bot = ServiceSpec::new("bot", ["bot"]);
/// bot.depends = vec!["db".into(), "cache".into()];
/// let graph = Graph::new(&Config::new([bot, db, cache]));
/// assert_eq!(graph.waves(), [vec!["cache", "db"], vec!["bot"]]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Graph {
    names: Vec<String>,
    pub(crate) nodes: Vec<Node>,
}

/// The dependencies of one service; those that are not there are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// Must be ready before it starts: `depends` and `binds_to`.
    pub(crate) needs: Vec<usize>,
    /// Must not go down while it runs.
    pub(crate) binds_to: Vec<usize>,
    /// Must be ready before it starts, if they are to run: `after`, and those before it in a group.
    pub(crate) after: Vec<usize>,
    /// Are started along with it.
    pub(crate) wants: Vec<usize>,
    /// Cannot run beside it, in either direction.
    pub(crate) conflicts: Vec<usize>,
    /// Those that have it in `needs`.
    pub(crate) needed_by: Vec<usize>,
    /// Those that have it in `after`.
    pub(crate) before: Vec<usize>,
    /// Those that are started again when it fails.
    pub(crate) restarts_with: Vec<usize>,
    /// All of its group.
    pub(crate) group: Vec<usize>,
}

impl Graph {
    /// Reads the dependencies of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let services = &config.services;
        let index_of = index(services);
        let places = |names: &mut dyn Iterator<Item = &String>| -> Vec<usize> {
            let set: BTreeSet<usize> =
                names.filter_map(|name| index_of.get(name.as_str()).copied()).collect();
            set.into_iter().collect()
        };
        let node_of = |spec: &ServiceSpec| Node {
            needs: places(&mut spec.needs()),
            binds_to: places(&mut spec.binds_to.iter()),
            after: places(&mut spec.after.iter()),
            wants: places(&mut spec.wants.iter()),
            conflicts: places(&mut spec.conflicts.iter()),
            ..Node::default()
        };
        let mut nodes: Vec<Node> = services.iter().map(node_of).collect();
        for group in &config.groups {
            let members: Vec<usize> = (group.services.iter())
                .filter_map(|name| index_of.get(name.as_str()).copied())
                .collect();
            join(&mut nodes, &members, group.strategy);
        }
        for at in 0..nodes.len() {
            for other in nodes[at].needs.clone() {
                nodes[other].needed_by.push(at);
            }
            for other in nodes[at].after.clone() {
                nodes[other].before.push(at);
            }
            for other in nodes[at].conflicts.clone() {
                if !nodes[other].conflicts.contains(&at) {
                    nodes[other].conflicts.push(at);
                }
            }
        }
        Self { names: services.iter().map(|spec| spec.name.clone()).collect(), nodes }
    }

    /// Returns the names of the services that can start together, wave after wave; each wave waits for those before it
    /// to be ready. Those that go in a circle are in none.
    #[must_use]
    pub fn waves(&self) -> Vec<Vec<&str>> {
        let mut missing: Vec<usize> =
            (self.nodes.iter()).map(|node| node.needs.len() + node.after.len()).collect();
        let free = |missing: &[usize], at: &usize| missing[*at] == 0;
        let mut wave: Vec<usize> = (0..self.nodes.len()).filter(|at| free(&missing, at)).collect();
        let mut waves = Vec::new();
        while !wave.is_empty() {
            let mut next = Vec::new();
            for &at in &wave {
                let node = &self.nodes[at];
                for &waiting in node.needed_by.iter().chain(&node.before) {
                    missing[waiting] -= 1;
                    if missing[waiting] == 0 {
                        next.push(waiting);
                    }
                }
            }
            let mut names: Vec<&str> = wave.iter().map(|at| self.names[*at].as_str()).collect();
            names.sort_unstable();
            waves.push(names);
            wave = next;
        }
        waves
    }

    /// Returns all that a service waits for before it starts.
    fn ordered_after(&self, at: usize) -> impl Iterator<Item = usize> {
        self.nodes[at].needs.iter().chain(&self.nodes[at].after).copied()
    }
}

/// Returns names that are there twice, names that are not there, circles, and conflicts that cannot be kept; each with
/// the services that cannot run because of it.
pub(crate) fn violations(config: &Config) -> Vec<(Vec<usize>, Violation)> {
    let mut found = Vec::new();
    let index_of = index(&config.services);
    for (at, spec) in config.services.iter().enumerate() {
        let key = |name: &str| format!("service[{at}].{name}");
        if let Some(first) = index_of.get(spec.name.as_str()).filter(|first| **first != at) {
            let reason = format!("`{}` is the name of service[{first}] too", spec.name);
            found.push((vec![at], Violation::new(key("name"), reason)));
        }
        for (list, names) in lists(spec) {
            for name in names {
                let reason = match index_of.get(name.as_str()) {
                    Some(other) if *other == at => format!("`{name}` is the service itself"),
                    Some(_) => continue,
                    None => format!("there is no service `{name}`"),
                };
                found.push((vec![at], Violation::new(key(list), reason)));
            }
        }
        for (number, recovery) in spec.recoveries.iter().enumerate() {
            for step in &recovery.steps {
                let crate::Step::Task(name) = step else { continue };
                let is_task = |at: &usize| config.services[*at].kind == Kind::Task;
                if !index_of.get(name.as_str()).is_some_and(is_task) {
                    let reason = format!("there is no task `{name}`");
                    found.push((
                        vec![at],
                        Violation::new(key(&format!("recovery[{number}].do")), reason),
                    ));
                }
            }
        }
    }
    groups(config, &index_of, &mut found);
    let graph = Graph::new(config);
    circles(&graph, &mut found);
    conflicts(config, &graph, &mut found);
    found
}

fn circles(graph: &Graph, found: &mut Vec<(Vec<usize>, Violation)>) {
    for circle in circles::circles(graph.nodes.len(), |at| graph.ordered_after(at)) {
        let mut names: Vec<&str> = circle.path.iter().map(|at| graph.names[*at].as_str()).collect();
        names.extend(names.first().copied());
        let at = circle.path.first().copied().unwrap_or_default();
        let violation = Violation::new(
            format!("service[{at}].depends"),
            format!("goes in a circle: {}", names.join(" -> ")),
        );
        found.push((circle.members, violation));
    }
}

fn conflicts(config: &Config, graph: &Graph, found: &mut Vec<(Vec<usize>, Violation)>) {
    for (at, spec) in config.services.iter().enumerate() {
        for &other in graph.nodes[at].conflicts.iter().filter(|other| **other > at) {
            let name = &config.services[other].name;
            let key = format!("service[{at}].conflicts");
            let needs = |one: usize, other: usize| graph.nodes[one].needs.contains(&other);
            if needs(at, other) || needs(other, at) {
                let reason = format!("`{}` and `{name}` need each other, too", spec.name);
                found.push((vec![at, other], Violation::new(key, reason)));
            } else if spec.autostart && config.services[other].autostart {
                let reason = format!("`{}` and `{name}` both have autostart", spec.name);
                found.push((vec![other], Violation::new(key, reason)));
            }
        }
    }
}

fn groups(
    config: &Config,
    index_of: &HashMap<&str, usize>,
    found: &mut Vec<(Vec<usize>, Violation)>,
) {
    let mut group_of = HashMap::new();
    for (at, group) in config.groups.iter().enumerate() {
        let key = format!("service_group[{at}].services");
        for name in &group.services {
            match index_of.get(name.as_str()) {
                None => {
                    let reason = format!("there is no service `{name}`");
                    found.push((Vec::new(), Violation::new(&key, reason)));
                }
                Some(_) => {
                    if let Some(other) = group_of.insert(name, at) {
                        let reason = format!("`{name}` is in service_group[{other}] already");
                        found.push((Vec::new(), Violation::new(&key, reason)));
                    }
                }
            }
        }
    }
}

/// Has the members of a group start one after the other, and again with each other.
fn join(nodes: &mut [Node], members: &[usize], strategy: Strategy) {
    if strategy == Strategy::OneForOne {
        return;
    }
    for (place, &at) in members.iter().enumerate() {
        nodes[at].group = members.to_vec();
        nodes[at].restarts_with = match strategy {
            Strategy::OneForAll => members.iter().copied().filter(|other| *other != at).collect(),
            _ => members[place + 1..].to_vec(),
        };
        if let Some(before) = place.checked_sub(1).map(|place| members[place])
            && !nodes[at].after.contains(&before)
        {
            nodes[at].after.push(before);
        }
    }
}

/// The place of each name; of one that is there twice, the first.
fn index(services: &[ServiceSpec]) -> HashMap<&str, usize> {
    let mut index_of = HashMap::with_capacity(services.len());
    for (at, spec) in services.iter().enumerate() {
        index_of.entry(spec.name.as_str()).or_insert(at);
    }
    index_of
}

fn lists(spec: &ServiceSpec) -> [(&'static str, &[String]); 5] {
    [
        ("depends", &spec.depends),
        ("wants", &spec.wants),
        ("after", &spec.after),
        ("binds_to", &spec.binds_to),
        ("conflicts", &spec.conflicts),
    ]
}
