//! Where an alert goes.

mod index;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wardkit_core::Labels;

use crate::{Matchers, Route};
use index::Index;

/// Names a node of the tree by the matchers on the way to it, as Alertmanager does: `{}/{severity="critical"}`.
///
/// It is the same after a reload as long as the way is; of nodes with the same way, later ones have a number behind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct RouteId(Arc<str>);

impl RouteId {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RouteId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for RouteId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<RouteId> for String {
    fn from(id: RouteId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for RouteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Decides where alerts go: the tree of a plan with an index over it, so that a thousand routes cost about as much as
/// the few that an alert takes.
#[derive(Clone, Debug)]
pub struct Router {
    nodes: Vec<RouteNode>,
    below: Vec<Index>,
    by_id: HashMap<RouteId, usize>,
}

/// A node of the tree, as a [`Router`] has it: the route without those below it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteNode {
    /// Which one.
    pub id: RouteId,
    /// The matchers on the way to it, as Alertmanager names its groups by them: what two nodes may share.
    pub key: String,
    /// What it says; its own `routes` are left out.
    pub route: Route,
}

impl Router {
    /// Makes a router of a tree; its root takes whatever nothing below takes, whatever its matchers say.
    #[must_use]
    pub fn new(root: &Route) -> Self {
        let mut router = Self { nodes: Vec::new(), below: Vec::new(), by_id: HashMap::new() };
        router.push(root, Matchers::default().to_string());
        // Breadth first, so that the nodes below one have numbers without gaps. `next` is the node to open.
        let mut opened: Vec<&Route> = vec![root];
        let mut next = 0;
        while let Some(&route) = opened.get(next) {
            let first = router.nodes.len();
            for below in &route.routes {
                let key = format!("{}/{}", router.nodes[next].key, below.matchers);
                router.push(below, key);
                opened.push(below);
            }
            router.below.push(Index::new(first, &route.routes));
            next += 1;
        }
        router
    }

    /// Returns the nodes that take an alert, in the order of the tree: at least one.
    #[must_use]
    pub fn route(&self, labels: &Labels) -> Vec<&RouteNode> {
        let mut taken = Vec::with_capacity(1);
        self.descend(0, labels, &mut taken);
        taken
    }

    /// Returns a node.
    #[must_use]
    pub fn node(&self, id: &RouteId) -> Option<&RouteNode> {
        self.by_id.get(id).map(|&at| &self.nodes[at])
    }

    /// Returns all nodes, the root first.
    #[must_use]
    pub fn nodes(&self) -> &[RouteNode] {
        &self.nodes
    }

    /// The depth is the tree's own, which whoever built it could walk as well.
    fn descend<'a>(&'a self, at: usize, labels: &Labels, taken: &mut Vec<&'a RouteNode>) {
        let before = taken.len();
        for below in self.below[at].candidates(labels) {
            let route = &self.nodes[below].route;
            if route.matchers.matches(labels) {
                self.descend(below, labels, taken);
                if !route.continues {
                    break;
                }
            }
        }
        if taken.len() == before {
            taken.push(&self.nodes[at]);
        }
    }

    fn push(&mut self, route: &Route, key: String) {
        let mut id = RouteId::from(key.as_str());
        let mut twin = 0_u64;
        while self.by_id.contains_key(&id) {
            twin += 1;
            id = RouteId::from(format!("{key}#{twin}"));
        }
        self.by_id.insert(id.clone(), self.nodes.len());
        let route = Route {
            matchers: route.matchers.clone(),
            receiver: route.receiver.clone(),
            group_by: route.group_by.clone(),
            mute_time_intervals: route.mute_time_intervals.clone(),
            active_time_intervals: route.active_time_intervals.clone(),
            escalation: route.escalation.clone(),
            routes: Vec::new(),
            ..*route
        };
        self.nodes.push(RouteNode { id, key, route });
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new(&Route::default())
    }
}
