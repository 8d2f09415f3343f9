//! All patterns of a policy as one tree of names, walked once for each path.

use std::collections::BTreeMap;

use super::pattern::{Glob, Part, Pattern};

/// The patterns of all rules. Holding a path against it costs a few steps for each of its names, however many rules
/// there are; only wildcards that begin at the same directory are tried one by one.
#[derive(Clone, Debug)]
pub(super) struct Automaton {
    nodes: Vec<Node>,
}

/// A place that a path's names may lead to.
#[derive(Clone, Debug)]
struct Node {
    names: BTreeMap<Box<[u8]>, usize>,
    globs: Vec<(Glob, usize)>,
    /// Where `**` leads.
    any_depth: Option<usize>,
    /// It is where `**` led: any further name leads back here.
    loops: bool,
    /// The rules whose patterns end here, first and all.
    rules: Vec<usize>,
    /// The first rule that keeps something below here.
    kept_below: usize,
}

impl Node {
    fn new(loops: bool) -> Self {
        Self {
            names: BTreeMap::new(),
            globs: Vec::new(),
            any_depth: None,
            loops,
            rules: Vec::new(),
            kept_below: NONE,
        }
    }

    fn lead(&self, name: &[u8], next: &mut Vec<usize>) {
        next.extend(self.names.get(name));
        next.extend(self.globs.iter().filter(|(glob, _)| glob.matches(name)).map(|(_, to)| *to));
    }

    fn first(&self) -> usize {
        self.rules.first().copied().unwrap_or(NONE)
    }
}

/// What the tree says about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The first rule that covers the path.
    pub(super) rule: Option<usize>,
    /// The first rule that covers everything below it, unless an earlier one keeps something there.
    pub(super) all_below: Option<usize>,
}

impl Automaton {
    /// Builds the tree. `patterns` come with the numbers of their rules, ascending; `keeps` tells of a rule whether it
    /// wants to see what it covers.
    pub(super) fn new<'p>(
        patterns: impl Iterator<Item = (usize, &'p Pattern)>,
        keeps: impl Fn(usize) -> bool,
    ) -> Self {
        let mut nodes = vec![Node::new(false)];
        // Finds a wildcard's node again: among thousands of siblings a list would be slow.
        let mut known: BTreeMap<(usize, &Glob), usize> = BTreeMap::new();
        for (rule, pattern) in patterns {
            let mut at = 0;
            for part in pattern.parts() {
                let next = nodes.len();
                let to = match part {
                    Part::Name(name) => *nodes[at].names.entry(name.clone()).or_insert(next),
                    Part::AnyDepth => *nodes[at].any_depth.get_or_insert(next),
                    Part::Glob(glob) => *known.entry((at, glob)).or_insert_with(|| {
                        nodes[at].globs.push((glob.clone(), next));
                        next
                    }),
                };
                if to == next {
                    nodes.push(Node::new(*part == Part::AnyDepth));
                }
                at = to;
            }
            if nodes[at].rules.last() != Some(&rule) {
                nodes[at].rules.push(rule);
            }
        }
        // A node comes before those it leads to, so that backwards each finds theirs done.
        for at in (0..nodes.len()).rev() {
            let kept = |node: &Node| node.rules.iter().copied().find(|&rule| keeps(rule));
            let below = |&to: &usize| nodes[to].kept_below.min(kept(&nodes[to]).unwrap_or(NONE));
            let node = &nodes[at];
            let children = node.names.values().chain(node.globs.iter().map(|(_, to)| to));
            let mut kept_below = children.chain(&node.any_depth).map(below).min().unwrap_or(NONE);
            if node.loops {
                kept_below = kept_below.min(kept(node).unwrap_or(NONE));
            }
            nodes[at].kept_below = kept_below;
        }
        Self { nodes }
    }

    /// Holds a path against the tree.
    pub(super) fn find(&self, path: &[u8]) -> Found {
        let ends = self.walk(path);
        let nodes = ends.iter().map(|&at| &self.nodes[at]);
        let rule = nodes.clone().map(Node::first).min().unwrap_or(NONE);
        let all = nodes.clone().filter(|node| node.loops).map(Node::first).min().unwrap_or(NONE);
        let kept = nodes.map(|node| node.kept_below).min().unwrap_or(NONE);
        let known = |rule: usize| (rule != NONE).then_some(rule);
        Found { rule: known(rule), all_below: known(all).filter(|&all| all < kept) }
    }

    /// Returns every rule that covers a path, first to last.
    pub(super) fn all(&self, path: &[u8]) -> Vec<usize> {
        let ends = self.walk(path);
        let mut rules: Vec<usize> =
            ends.iter().flat_map(|&at| &self.nodes[at].rules).copied().collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// Returns the first rule that covers every path that the pattern covers, as far as can be told part by part: what
    /// it returns is certain, but it does not find every such rule.
    pub(super) fn covering(&self, pattern: &Pattern) -> Option<usize> {
        let mut ends = vec![0];
        ends.extend(self.nodes[0].any_depth);
        for part in pattern.parts() {
            ends = self.step(&ends, |node, next| match part {
                Part::Name(name) => node.lead(name, next),
                Part::Glob(glob) => {
                    let covering = node.globs.iter().filter(|(own, _)| own.covers(glob));
                    next.extend(covering.map(|(_, to)| *to));
                }
                Part::AnyDepth => {}
            });
        }
        ends.iter().map(|&at| self.nodes[at].first()).min().filter(|&rule| rule != NONE)
    }

    fn walk(&self, path: &[u8]) -> Vec<usize> {
        let mut ends = Vec::with_capacity(8);
        ends.push(0);
        ends.extend(self.nodes[0].any_depth);
        for name in path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()) {
            ends = self.step(&ends, |node, next| node.lead(name, next));
            if ends.is_empty() {
                break;
            }
        }
        ends
    }

    /// Goes from all places one name further.
    fn step(&self, from: &[usize], lead: impl Fn(&Node, &mut Vec<usize>)) -> Vec<usize> {
        let mut next = Vec::with_capacity(8);
        for &at in from {
            let node = &self.nodes[at];
            if node.loops {
                next.push(at);
            }
            let reached = next.len();
            lead(node, &mut next);
            // `**` may stand for nothing: where it begins is where it has led.
            for index in reached..next.len() {
                next.extend(self.nodes[next[index]].any_depth);
            }
        }
        if next.len() > 1 {
            next.sort_unstable();
            next.dedup();
        }
        next
    }
}

/// No rule: comes after all.
const NONE: usize = usize::MAX;
