//! Cycles in a graph.

/// Returns the groups of nodes that reach each other, each sorted, in the order of their first node. A node alone is none.
pub(super) fn cycles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut tarjan = Tarjan {
        edges,
        order: vec![None; edges.len()],
        lowest: vec![0; edges.len()],
        is_open: vec![false; edges.len()],
        open: Vec::new(),
        count: 0,
        groups: Vec::new(),
    };
    for node in 0..edges.len() {
        if tarjan.order[node].is_none() {
            tarjan.visit(node);
        }
    }
    let mut groups = tarjan.groups;
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.sort();
    groups
}

/// Strongly connected components by Tarjan, without recursion: a chain may be as long as a tree has files.
struct Tarjan<'e> {
    edges: &'e [Vec<usize>],
    order: Vec<Option<usize>>,
    lowest: Vec<usize>,
    is_open: Vec<bool>,
    open: Vec<usize>,
    count: usize,
    groups: Vec<Vec<usize>>,
}

impl Tarjan<'_> {
    fn visit(&mut self, start: usize) {
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((node, next)) = path.last_mut() {
            let at = *node;
            let Some(to) = self.edges[at].get(*next).copied() else {
                path.pop();
                self.leave(at, path.last().map(|(node, _)| *node));
                continue;
            };
            *next += 1;
            match self.order[to] {
                None => {
                    self.enter(to);
                    path.push((to, 0));
                }
                Some(order) if self.is_open[to] => self.lowest[at] = self.lowest[at].min(order),
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, node: usize) {
        (self.order[node], self.lowest[node]) = (Some(self.count), self.count);
        self.count += 1;
        self.is_open[node] = true;
        self.open.push(node);
    }

    fn leave(&mut self, node: usize, above: Option<usize>) {
        if let Some(above) = above {
            self.lowest[above] = self.lowest[above].min(self.lowest[node]);
        }
        if self.order[node] != Some(self.lowest[node]) {
            return;
        }
        let begin = self.open.iter().rposition(|open| *open == node).unwrap_or_default();
        let group = self.open.split_off(begin);
        for one in &group {
            self.is_open[*one] = false;
        }
        if group.len() > 1 || self.edges[node].contains(&node) {
            self.groups.push(group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_reach_each_other_are_a_cycle() {
        let check = |edges: &[&[usize]], expected: &[&[usize]]| {
            let edges: Vec<Vec<usize>> = edges.iter().map(|to| to.to_vec()).collect();
            assert_eq!(cycles(&edges), expected, "{edges:?}");
        };
        check(&[&[1], &[2], &[]], &[]);
        check(&[&[1], &[0], &[0]], &[&[0, 1]]);
        check(&[&[0]], &[&[0]]);
        check(&[&[1], &[2], &[0], &[4], &[3, 0]], &[&[0, 1, 2], &[3, 4]]);
    }

    #[test]
    fn a_long_chain_is_no_deep_recursion() {
        let mut edges: Vec<Vec<usize>> = (1..200_000).map(|next| vec![next]).collect();
        edges.push(vec![0]);
        assert_eq!(cycles(&edges).len(), 1);
    }
}
