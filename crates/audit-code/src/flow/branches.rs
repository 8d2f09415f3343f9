//! Statements that choose, repeat or fail.

use super::tree::{Case, Expr, Handler, Span, Stmt};
use super::value::{Labels, Value};
use super::walk::{Names, Next, Walker};

impl<'m, 't> Walker<'m, 't> {
    pub(super) fn branch(
        &mut self,
        test: &'m Expr<'t>,
        then: &'m [Stmt<'t>],
        otherwise: &'m [Stmt<'t>],
    ) -> Next {
        let truth = self.eval(test).known.map(|known| known.is_true());
        if let Some(truth) = truth {
            return self.block(if truth { then } else { otherwise });
        }
        let before = self.copied();
        self.guard(test, true);
        let first = self.block(then);
        let after_then = std::mem::replace(&mut self.names, before);
        self.guard(test, false);
        let second = self.block(otherwise);
        match (first, second) {
            (Next::Ends, next) => next,
            (Next::Goes, Next::Ends) => {
                self.names = after_then;
                Next::Goes
            }
            (Next::Goes, Next::Goes) => {
                self.join(after_then);
                Next::Goes
            }
        }
    }

    /// A loop is walked twice: the second turn sees what the first one left.
    pub(super) fn turns(
        &mut self,
        bind: Option<&'m (Expr<'t>, Expr<'t>)>,
        test: Option<&'m Expr<'t>>,
        body: &'m [Stmt<'t>],
    ) -> Next {
        let iterable = bind.map(|(_, iterable)| self.eval(iterable));
        for _ in 0..2 {
            let truth = test.and_then(|test| self.eval(test).known).map(|known| known.is_true());
            if truth == Some(false) {
                return Next::Goes;
            }
            let before = self.copied();
            if let (Some((target, _)), Some(iterable)) = (bind, &iterable) {
                let element = Self::element_of(iterable).step(target.at, "each of them");
                self.assign(target, element);
            }
            if let Some(test) = test {
                self.guard(test, true);
            }
            self.left.push(Vec::new());
            self.block(body);
            for left in self.left.pop().unwrap_or_default() {
                self.join(left);
            }
            self.join(before);
        }
        Next::Goes
    }

    pub(super) fn attempt(
        &mut self,
        body: &'m [Stmt<'t>],
        handlers: &'m [Handler<'t>],
        last: &'m [Stmt<'t>],
    ) -> Next {
        let before = self.copied();
        let mut next = self.block(body);
        let after = self.copied();
        let mut joined = (next == Next::Goes).then(|| after.clone());
        for handler in handlers {
            self.names.clone_from(&before);
            self.join(after.clone());
            if let Some(name) = handler.name {
                let error = Value::source(Labels::ERROR, span_of(handler), "an error is caught");
                self.names.insert(name.into(), error);
            }
            if self.block(&handler.body) == Next::Goes {
                next = Next::Goes;
                if let Some(others) = joined.take() {
                    self.join(others);
                }
                joined = Some(self.copied());
            }
        }
        self.names = joined.unwrap_or(after);
        if self.block(last) == Next::Ends { Next::Ends } else { next }
    }

    pub(super) fn cases(&mut self, subject: &'m Expr<'t>, cases: &'m [Case<'t>]) -> Next {
        let subject = self.eval(subject);
        let before = self.copied();
        let (mut joined, mut is_covered, mut falls): (Option<Names<'t>>, bool, bool) =
            (None, false, false);
        for case in cases {
            if !falls {
                self.names.clone_from(&before);
                match self.fits(&subject, case) {
                    Some(false) => continue,
                    Some(true) => is_covered = true,
                    None => is_covered |= case.is_any,
                }
            }
            let ends = self.block(&case.body) == Next::Ends;
            falls = case.falls_through && !ends;
            if !ends || self.is_script() {
                if let Some(others) = joined.take() {
                    self.join(others);
                }
                joined = Some(self.copied());
            }
            if is_covered && !falls {
                break;
            }
        }
        match (joined, is_covered) {
            (Some(joined), true) => self.names = joined,
            (Some(joined), false) => {
                self.names = before;
                self.join(joined);
            }
            (None, true) => return Next::Ends,
            (None, false) => self.names = before,
        }
        Next::Goes
    }

    /// Whether a case is taken, as far as constants tell.
    fn fits(&mut self, subject: &Value, case: &'m Case<'t>) -> Option<bool> {
        let known = subject.known.as_ref()?;
        if case.is_any {
            return Some(true);
        }
        let mut is_sure = true;
        for value in &case.values {
            match self.eval(value).known {
                Some(other) if other == *known => return Some(true),
                Some(_) => {}
                None => is_sure = false,
            }
        }
        is_sure.then_some(false)
    }
}

fn span_of(handler: &Handler<'_>) -> Span {
    handler.body.first().map_or(Span::default(), |stmt| stmt.at)
}
