//! Circles in a graph, in time linear in its edges.

/// Nodes that reach each other, and one way around.
pub(super) struct Circle {
    pub(super) members: Vec<usize>,
    pub(super) path: Vec<usize>,
}

/// Returns the circles: one for each set of nodes that reach each other.
///
/// Tarjan's algorithm with a stack of its own: a chain as long as the configuration must not end the program's.
pub(super) fn circles<I: Iterator<Item = usize>>(
    count: usize,
    edges: impl Fn(usize) -> I,
) -> Vec<Circle> {
    let mut walk = Walk {
        number: vec![None; count],
        low: vec![0; count],
        on_stack: vec![false; count],
        stack: Vec::new(),
        next: 0,
    };
    let mut found = Vec::new();
    for start in 0..count {
        if walk.number[start].is_none() {
            walk.from(start, &edges, &mut found);
        }
    }
    found.retain(|members| {
        members.len() > 1 || members.iter().any(|at| edges(*at).any(|to| to == *at))
    });
    found
        .into_iter()
        .map(|members| {
            let path = around(&members, &edges, count);
            Circle { members, path }
        })
        .collect()
}

struct Walk {
    number: Vec<Option<usize>>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
}

impl Walk {
    fn from<I: Iterator<Item = usize>>(
        &mut self,
        start: usize,
        edges: &impl Fn(usize) -> I,
        found: &mut Vec<Vec<usize>>,
    ) {
        let mut path = vec![(start, self.enter(start, edges))];
        while let Some((at, rest)) = path.last_mut() {
            let at = *at;
            if let Some(to) = rest.next() {
                match self.number[to] {
                    None => {
                        let edges_of = self.enter(to, edges);
                        path.push((to, edges_of));
                    }
                    Some(number) if self.on_stack[to] => self.low[at] = self.low[at].min(number),
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            if let Some((above, _)) = path.last() {
                self.low[*above] = self.low[*above].min(self.low[at]);
            }
            if self.number[at] == Some(self.low[at]) {
                found.push(self.leave(at));
            }
        }
    }

    fn enter<I: Iterator<Item = usize>>(&mut self, at: usize, edges: &impl Fn(usize) -> I) -> I {
        self.number[at] = Some(self.next);
        self.low[at] = self.next;
        self.next += 1;
        self.stack.push(at);
        self.on_stack[at] = true;
        edges(at)
    }

    /// Takes the set that begins with `first` off the stack.
    fn leave(&mut self, first: usize) -> Vec<usize> {
        let from = self.stack.iter().rposition(|at| *at == first).unwrap_or(0);
        let members = self.stack.split_off(from);
        for at in &members {
            self.on_stack[*at] = false;
        }
        members
    }
}

/// Walks within a set until a node comes again; every node of it has a way on.
fn around<I: Iterator<Item = usize>>(
    members: &[usize],
    edges: &impl Fn(usize) -> I,
    count: usize,
) -> Vec<usize> {
    let mut is_member = vec![false; count];
    let mut place = vec![None; count];
    for at in members {
        is_member[*at] = true;
    }
    let mut path = Vec::new();
    let mut at = members.iter().copied().min().unwrap_or_default();
    loop {
        if let Some(first) = place[at] {
            return path.split_off(first);
        }
        place[at] = Some(path.len());
        path.push(at);
        match edges(at).find(|to| is_member[*to]) {
            Some(to) => at = to,
            None => return path,
        }
    }
}
