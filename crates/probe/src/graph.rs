//! Which check depends on which.

use std::collections::HashMap;

use crate::{CheckConfig, Violation};

/// The dependencies of each check, by index, and an order in which each comes after those it depends on.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) depends_on: Vec<Vec<usize>>,
    pub(crate) order: Vec<usize>,
}

/// Returns names that are there twice, dependencies that are not there, and cycles.
pub(crate) fn violations(checks: &[CheckConfig]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut index_of = HashMap::new();
    for (index, check) in checks.iter().enumerate() {
        if let Some(first) = index_of.insert(check.name.as_str(), index) {
            index_of.insert(check.name.as_str(), first);
            let reason = format!("`{}` is the name of check[{first}] too", check.name);
            found.push(Violation::new(format!("check[{index}].name"), reason));
        }
    }
    for (index, check) in checks.iter().enumerate() {
        for name in check.depends_on.iter().filter(|name| !index_of.contains_key(name.as_str())) {
            let reason = format!("there is no check `{name}`");
            found.push(Violation::new(format!("check[{index}].depends-on"), reason));
        }
    }
    if found.is_empty()
        && let Err(cycle) = order(&edges(checks))
    {
        let mut names: Vec<&str> = cycle.iter().map(|at| checks[*at].name.as_str()).collect();
        names.extend(names.first().copied());
        let path = format!("check[{}].depends-on", cycle.first().copied().unwrap_or_default());
        found.push(Violation::new(path, format!("goes in a circle: {}", names.join(" -> "))));
    }
    found
}

impl Graph {
    /// Reads the dependencies of checks without [`violations`].
    pub(crate) fn new(checks: &[CheckConfig]) -> Self {
        let depends_on = edges(checks);
        let order = order(&depends_on).unwrap_or_default();
        Self { depends_on, order }
    }
}

fn edges(checks: &[CheckConfig]) -> Vec<Vec<usize>> {
    let index_of: HashMap<&str, usize> =
        checks.iter().enumerate().map(|(index, check)| (check.name.as_str(), index)).collect();
    let edges_of = |check: &CheckConfig| {
        let mut edges: Vec<usize> = check
            .depends_on
            .iter()
            .filter_map(|name| index_of.get(name.as_str()).copied())
            .collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    };
    checks.iter().map(edges_of).collect()
}

/// Returns an order in which each comes after those it depends on, or a cycle.
///
/// Depth first with a stack of its own: a chain as long as the configuration must not end the program's.
fn order(depends_on: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut order = Vec::with_capacity(depends_on.len());
    let mut seen = vec![Seen::Never; depends_on.len()];
    // Each entry: a check, and how many of its dependencies have been looked at.
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in 0..depends_on.len() {
        if seen[start] == Seen::Never {
            seen[start] = Seen::OnPath;
            path.push((start, 0));
        }
        while let Some((at, looked)) = path.last_mut() {
            let at = *at;
            let Some(&next) = depends_on[at].get(*looked) else {
                seen[at] = Seen::Done;
                order.push(at);
                path.pop();
                continue;
            };
            *looked += 1;
            match seen[next] {
                Seen::Done => {}
                Seen::Never => {
                    seen[next] = Seen::OnPath;
                    path.push((next, 0));
                }
                Seen::OnPath => {
                    let walked = path.iter().map(|(at, _)| *at);
                    return Err(walked.skip_while(|at| *at != next).collect());
                }
            }
        }
    }
    Ok(order)
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Never,
    OnPath,
    Done,
}
