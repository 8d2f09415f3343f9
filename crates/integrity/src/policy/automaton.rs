//! All patterns of a policy as one tree of names, walked once for each path.

use std::collections::BTreeMap;
use std::mem::{swap, take};

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
    /// Names after which more may follow.
    onward: Names,
    /// Names that end a pattern: they matter only where the path ends too.
    ending: Names,
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
            onward: Names::default(),
            ending: Names::default(),
            any_depth: None,
            loops,
            rules: Vec::new(),
            kept_below: NONE,
        }
    }

    /// Tells whether no name leads on from here. Asked before what ends is taken out.
    fn is_end(&self) -> bool {
        !self.loops && self.any_depth.is_none() && self.onward.targets().next().is_none()
    }

    fn first(&self) -> usize {
        self.rules.first().copied().unwrap_or(NONE)
    }
}

/// Where names lead.
#[derive(Clone, Debug, Default)]
struct Names {
    /// Sorted by length and then by bytes: most are told apart without reading them.
    literal: Vec<(Box<[u8]>, usize)>,
    globs: Vec<(Glob, usize)>,
}

impl Names {
    fn lead(&self, name: &[u8], next: &mut Vec<usize>) {
        let order = |(own, _): &(Box<[u8]>, usize)| {
            own.len().cmp(&name.len()).then_with(|| (**own).cmp(name))
        };
        next.extend(self.literal.binary_search_by(order).map(|found| self.literal[found].1));
        next.extend(self.globs.iter().filter(|(glob, _)| glob.matches(name)).map(|(_, to)| *to));
    }

    fn lead_all(&self, part: &Part, next: &mut Vec<usize>) {
        match part {
            Part::Name(name) => self.lead(name, next),
            Part::Glob(glob) => {
                let covering = self.globs.iter().filter(|(own, _)| own.covers(glob));
                next.extend(covering.map(|(_, to)| *to));
            }
            Part::AnyDepth => {}
        }
    }

    fn targets(&self) -> impl Iterator<Item = usize> {
        self.literal.iter().map(|(_, to)| *to).chain(self.globs.iter().map(|(_, to)| *to))
    }

    /// Sorts the names, and takes those out whose targets lead no further.
    fn split_ending(&mut self, ends: impl Fn(usize) -> bool) -> Self {
        self.literal.sort_by(|(left, _), (right, _)| {
            left.len().cmp(&right.len()).then_with(|| left.cmp(right))
        });
        let (ending, onward) = take(&mut self.literal).into_iter().partition(|(_, to)| ends(*to));
        let (ending_globs, globs) =
            take(&mut self.globs).into_iter().partition(|(_, to)| ends(*to));
        *self = Self { literal: onward, globs };
        Self { literal: ending, globs: ending_globs }
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
        // Finds a name's node again: among thousands of siblings a list would be slow.
        let mut known: BTreeMap<(usize, &Part), usize> = BTreeMap::new();
        for (rule, pattern) in patterns {
            let mut at = 0;
            for part in pattern.parts() {
                let next = nodes.len();
                let to = *known.entry((at, part)).or_insert(next);
                if to == next {
                    nodes.push(Node::new(*part == Part::AnyDepth));
                    match part {
                        Part::Name(name) => nodes[at].onward.literal.push((name.clone(), to)),
                        Part::Glob(glob) => nodes[at].onward.globs.push((glob.clone(), to)),
                        Part::AnyDepth => nodes[at].any_depth = Some(to),
                    }
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
            let below = |to: usize| nodes[to].kept_below.min(kept(&nodes[to]).unwrap_or(NONE));
            let node = &nodes[at];
            let children = node.onward.targets().chain(node.any_depth);
            let mut kept_below = children.map(below).min().unwrap_or(NONE);
            if node.loops {
                kept_below = kept_below.min(kept(node).unwrap_or(NONE));
            }
            nodes[at].kept_below = kept_below;
        }
        let ends: Vec<bool> = nodes.iter().map(Node::is_end).collect();
        for node in &mut nodes {
            node.ending = node.onward.split_ending(|to| ends[to]);
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
        let mut places = self.start();
        for part in pattern.parts() {
            places.step(self, |node, next| {
                node.onward.lead_all(part, next);
                node.ending.lead_all(part, next);
            });
        }
        let ends = places.at;
        ends.iter().map(|&at| self.nodes[at].first()).min().filter(|&rule| rule != NONE)
    }

    fn walk(&self, path: &[u8]) -> Vec<usize> {
        let mut places = self.start();
        let mut names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).peekable();
        while let Some(name) = names.next() {
            let is_last = names.peek().is_none();
            places.step(self, |node, next| {
                node.onward.lead(name, next);
                if is_last {
                    node.ending.lead(name, next);
                }
            });
            if places.at.is_empty() {
                break;
            }
        }
        places.at
    }

    fn start(&self) -> Places {
        let mut at = Vec::with_capacity(8);
        at.push(0);
        at.extend(self.nodes[0].any_depth);
        Places { at, next: Vec::with_capacity(8) }
    }
}

/// Where the names of a path have led so far.
struct Places {
    at: Vec<usize>,
    next: Vec<usize>,
}

impl Places {
    /// Goes from all places one name further.
    fn step(&mut self, tree: &Automaton, lead: impl Fn(&Node, &mut Vec<usize>)) {
        let next = &mut self.next;
        next.clear();
        for &at in &self.at {
            let node = &tree.nodes[at];
            if node.loops {
                next.push(at);
            }
            let reached = next.len();
            lead(node, next);
            // `**` may stand for nothing: where it begins is where it has led.
            for index in reached..next.len() {
                next.extend(tree.nodes[next[index]].any_depth);
            }
        }
        if next.len() > 1 {
            next.sort_unstable();
            next.dedup();
        }
        swap(&mut self.at, &mut self.next);
    }
}

/// No rule: comes after all.
const NONE: usize = usize::MAX;
