//! Statements of Python.

use tree_sitter::Node;

use super::python::augmenting;
use super::{Lowerer, span};
use crate::flow::tree::{Case, Expr, ExprKind, Function, Handler, Stmt, StmtKind};

impl<'t> Lowerer<'t> {
    pub(super) fn python_block(&mut self, node: Node<'t>) -> Vec<Stmt<'t>> {
        let mut body = Vec::new();
        for child in Self::parts(node) {
            let at = span(child);
            self.python_statement(child, &mut |kind| body.push(Stmt { at, kind }));
        }
        body
    }

    fn python_statement(&mut self, node: Node<'t>, put: &mut dyn FnMut(StmtKind<'t>)) {
        match node.kind() {
            "expression_statement" => {
                for child in Self::parts(node) {
                    let kind = self.python_simple(child);
                    put(kind);
                }
            }
            "return_statement" => {
                let value = node.named_child(0).map(|value| self.expr(value));
                put(StmtKind::Return(value));
            }
            "raise_statement" => {
                let value = node.named_child(0).map(|value| self.expr(value));
                put(StmtKind::Raise(value));
            }
            "break_statement" | "continue_statement" => put(StmtKind::Leave),
            "if_statement" => put(self.python_if(node)),
            "for_statement" => {
                let bind = (self.field_expr(node, "left"), self.field_expr(node, "right"));
                let body = self.block(Self::field(node, "body"));
                put(StmtKind::Loop { bind: Some(bind), test: None, body });
            }
            "while_statement" => {
                let test = Some(self.field_expr(node, "condition"));
                let body = self.block(Self::field(node, "body"));
                put(StmtKind::Loop { bind: None, test, body });
            }
            "with_statement" => put(self.python_with(node)),
            "try_statement" => put(self.python_try(node)),
            "match_statement" => put(self.python_match(node)),
            "function_definition" => put(self.python_function(node, Vec::new())),
            "class_definition" => put(self.python_class(node)),
            "decorated_definition" => put(self.python_decorated(node)),
            "import_statement" => self.python_import(node),
            "import_from_statement" => self.python_import_from(node),
            "assert_statement" | "exec_statement" | "print_statement" => {
                let parts = self.exprs(Self::parts(node));
                put(StmtKind::Expr(Expr::new(span(node), ExprKind::Parts(parts))));
            }
            "else_clause" | "block" | "module" => {
                let body = self.block(Some(node));
                put(StmtKind::Block(body));
            }
            _ => {}
        }
    }

    fn python_simple(&mut self, node: Node<'t>) -> StmtKind<'t> {
        match node.kind() {
            "assignment" => {
                let mut targets = vec![self.field_expr(node, "left")];
                let mut right = Self::field(node, "right");
                // `a = b = c` is an assignment in an assignment.
                while let Some(inner) = right.filter(|right| right.kind() == "assignment") {
                    targets.push(self.field_expr(inner, "left"));
                    right = Self::field(inner, "right");
                }
                match right {
                    Some(value) => StmtKind::Assign { targets, value: self.expr(value) },
                    None => StmtKind::Block(Vec::new()),
                }
            }
            "augmented_assignment" => StmtKind::Augment {
                target: self.field_expr(node, "left"),
                op: Self::field(node, "operator")
                    .map_or(crate::flow::tree::Op::Other, |op| augmenting(self.text_of(op))),
                value: self.field_expr(node, "right"),
            },
            _ => StmtKind::Expr(self.expr(node)),
        }
    }

    /// The branches of a chain hang on each other, the last first.
    fn python_if(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let mut cursor = node.walk();
        let alternatives: Vec<Node<'t>> =
            node.children_by_field_name("alternative", &mut cursor).collect();
        let mut otherwise = Vec::new();
        for alternative in alternatives.into_iter().rev() {
            if alternative.kind() == "elif_clause" {
                let kind = StmtKind::If {
                    test: self.field_expr(alternative, "condition"),
                    then: self.block(Self::field(alternative, "consequence")),
                    otherwise,
                };
                otherwise = vec![Stmt { at: span(alternative), kind }];
            } else {
                otherwise = self.block(Self::field(alternative, "body"));
            }
        }
        StmtKind::If {
            test: self.field_expr(node, "condition"),
            then: self.block(Self::field(node, "consequence")),
            otherwise,
        }
    }

    fn python_with(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let mut items = Vec::new();
        for clause in Self::parts(node).into_iter().filter(|part| part.kind() == "with_clause") {
            for item in Self::parts(clause) {
                let Some(value) = Self::field(item, "value") else { continue };
                if value.kind() == "as_pattern" {
                    let named = Self::field(value, "alias").map(|alias| self.expr(alias));
                    if let Some(context) = value.named_child(0) {
                        items.push((self.expr(context), named));
                    }
                } else {
                    items.push((self.expr(value), None));
                }
            }
        }
        StmtKind::With { items, body: self.block(Self::field(node, "body")) }
    }

    fn python_try(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let mut body = self.block(Self::field(node, "body"));
        let (mut handlers, mut last) = (Vec::new(), Vec::new());
        for part in Self::parts(node) {
            match part.kind() {
                "except_clause" | "except_group_clause" => handlers.push(self.python_except(part)),
                "else_clause" => body.extend(self.block(Self::field(part, "body"))),
                "finally_clause" => last.extend(self.block(part.named_child(0))),
                _ => {}
            }
        }
        StmtKind::Try { body, handlers, last }
    }

    fn python_except(&mut self, node: Node<'t>) -> Handler<'t> {
        let parts = Self::parts(node);
        let alias = Self::field(node, "alias").or_else(|| {
            let caught = parts.iter().find(|part| part.kind() == "as_pattern")?;
            Self::field(*caught, "alias")
        });
        let block = parts.into_iter().find(|part| part.kind() == "block");
        Handler { name: alias.map(|alias| self.text_of(alias)), body: self.block(block) }
    }

    fn python_match(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let subject = self.field_expr(node, "subject");
        let mut cases = Vec::new();
        for case in Self::field(node, "body").map_or_else(Vec::new, Self::parts) {
            if case.kind() != "case_clause" {
                continue;
            }
            let patterns: Vec<Node<'t>> = Self::parts(case)
                .into_iter()
                .filter(|part| part.kind() == "case_pattern")
                .collect();
            let is_guarded = Self::field(case, "guard").is_some();
            let (mut values, mut is_any) = (Vec::new(), false);
            for pattern in patterns {
                is_any |= self.python_pattern(pattern, &mut values) && !is_guarded;
            }
            let body = self.block(Self::field(case, "consequence"));
            cases.push(Case { values, is_any, falls_through: false, body });
        }
        StmtKind::Match { subject, cases }
    }

    /// Adds the constants of a pattern; returns whether it fits anything.
    fn python_pattern(&mut self, pattern: Node<'t>, values: &mut Vec<Expr<'t>>) -> bool {
        let inner = pattern.named_child(0);
        match inner.map(|inner| (inner, inner.kind())) {
            None => true,
            Some((name, "dotted_name")) => !self.text_of(name).contains('.'),
            Some((union, "union_pattern")) => {
                for part in Self::parts(union) {
                    values.push(self.expr(part));
                }
                false
            }
            Some((value, _)) => {
                values.push(self.expr(value));
                false
            }
        }
    }

    fn python_decorated(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let mut decorators = Vec::new();
        for part in Self::parts(node).into_iter().filter(|part| part.kind() == "decorator") {
            if let Some(inner) = part.named_child(0) {
                decorators.push(self.expr(inner));
            }
        }
        match Self::field(node, "definition") {
            Some(definition) if definition.kind() == "class_definition" => {
                self.python_class(definition)
            }
            Some(definition) => self.python_function(definition, decorators),
            None => StmtKind::Block(Vec::new()),
        }
    }

    fn python_function(&mut self, node: Node<'t>, decorators: Vec<Expr<'t>>) -> StmtKind<'t> {
        let name = Self::field(node, "name").map_or("", |name| self.text_of(name));
        let params = self.python_params(Self::field(node, "parameters"));
        let (class, bases) =
            self.class.clone().map_or((None, Vec::new()), |(name, bases)| (Some(name), bases));
        // What is defined in a function is no method of the class around it.
        let outer = self.class.take();
        let body = self.block(Self::field(node, "body"));
        self.class = outer;
        StmtKind::Function(self.add(Function {
            name: name.into(),
            class,
            bases,
            params,
            decorators,
            body,
            is_exported: !name.starts_with('_'),
            is_top: self.depth <= 1,
            at: span(node),
        }))
    }

    fn python_class(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let name = Self::field(node, "name").map_or("", |name| self.text_of(name));
        let bases = Self::field(node, "superclasses").map_or_else(Vec::new, Self::parts);
        let bases: Vec<&'t str> = bases.into_iter().map(|base| self.text_of(base)).collect();
        if bases.iter().any(|base| {
            matches!(base.rsplit('.').next(), Some("Enum" | "IntEnum" | "StrEnum" | "Flag"))
        }) {
            self.module.choices.push(name);
        }
        let outer = self.class.replace((name, bases));
        let body = self.block(Self::field(node, "body"));
        self.class = outer;
        StmtKind::Class(body)
    }

    fn python_import(&mut self, node: Node<'t>) {
        let mut cursor = node.walk();
        let names: Vec<Node<'t>> = node.children_by_field_name("name", &mut cursor).collect();
        for name in names {
            if name.kind() == "aliased_import" {
                self.python_alias(name, "");
            }
        }
    }

    fn python_import_from(&mut self, node: Node<'t>) {
        let module = Self::field(node, "module_name").map_or("", |name| self.text_of(name));
        let module = module.trim_start_matches('.');
        let mut cursor = node.walk();
        let names: Vec<Node<'t>> = node.children_by_field_name("name", &mut cursor).collect();
        for name in names {
            self.python_alias(name, module);
        }
    }

    fn python_alias(&mut self, node: Node<'t>, module: &str) {
        let (name, alias) = if node.kind() == "aliased_import" {
            let part = |field| Self::field(node, field).map_or("", |part| self.text_of(part));
            (part("name"), part("alias"))
        } else {
            (self.text_of(node), self.text_of(node))
        };
        let full = if module.is_empty() { name.to_owned() } else { format!("{module}.{name}") };
        self.module.imports.push((alias, full));
    }
}
