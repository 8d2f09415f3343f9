//! Statements of JavaScript and TypeScript.

use tree_sitter::Node;

use super::{Lowerer, span};
use crate::flow::tree::{Case, Expr, ExprKind, Function, Handler, Stmt, StmtKind};

impl<'t> Lowerer<'t> {
    pub(super) fn script_block(&mut self, node: Node<'t>) -> Vec<Stmt<'t>> {
        let mut body = Vec::new();
        for child in Self::parts(node) {
            self.script_statement(child, &mut body);
        }
        body
    }

    pub(super) fn script_statement(&mut self, node: Node<'t>, body: &mut Vec<Stmt<'t>>) {
        let at = span(node);
        let kind = match node.kind() {
            "expression_statement" => match node.named_child(0) {
                Some(inner) => self.script_effect(inner),
                None => return,
            },
            "variable_declaration" | "lexical_declaration" => {
                for part in Self::parts(node) {
                    let Some(name) = Self::field(part, "name") else { continue };
                    let kind = match Self::field(part, "value") {
                        Some(value) => self.script_declared(name, value),
                        None => StmtKind::Assign {
                            targets: vec![self.expr(name)],
                            value: Expr::new(span(part), ExprKind::Nothing),
                        },
                    };
                    body.push(Stmt { at: span(part), kind });
                }
                return;
            }
            "return_statement" => {
                StmtKind::Return(node.named_child(0).map(|value| self.expr(value)))
            }
            "throw_statement" => StmtKind::Raise(node.named_child(0).map(|value| self.expr(value))),
            "break_statement" | "continue_statement" => StmtKind::Leave,
            "if_statement" => self.script_if(node),
            "for_statement" | "for_in_statement" | "while_statement" | "do_statement" => {
                self.script_loop(node, body)
            }
            "try_statement" => self.script_try(node),
            "switch_statement" => self.script_switch(node),
            "function_declaration" | "generator_function_declaration" => {
                let name = Self::field(node, "name").map_or("", |name| self.text_of(name));
                StmtKind::Function(self.script_function(node, name))
            }
            "class_declaration" | "class" | "abstract_class_declaration" => self.script_class(node),
            "import_statement" => {
                self.script_import(node);
                return;
            }
            "export_statement" => return self.script_export(node, body),
            "statement_block" => StmtKind::Block(self.block(Some(node))),
            "labeled_statement" => {
                if let Some(inner) = Self::field(node, "body") {
                    let inner = self.script_statement_of(inner);
                    body.push(Stmt { at, kind: StmtKind::Block(inner) });
                }
                return;
            }
            "interface_declaration"
            | "type_alias_declaration"
            | "enum_declaration"
            | "ambient_declaration"
            | "empty_statement"
            | "hash_bang_line" => return,
            _ => StmtKind::Expr(self.expr(node)),
        };
        body.push(Stmt { at, kind });
    }

    fn script_loop(&mut self, node: Node<'t>, before: &mut Vec<Stmt<'t>>) -> StmtKind<'t> {
        let (mut bind, mut test) = (None, None);
        match node.kind() {
            "for_in_statement" => {
                bind = Some((self.field_expr(node, "left"), self.field_expr(node, "right")));
            }
            "for_statement" => {
                if let Some(begin) = Self::field(node, "initializer") {
                    self.script_statement(begin, before);
                }
            }
            _ => test = Some(self.field_expr(node, "condition")),
        }
        let body = Self::field(node, "body");
        let body = body.map_or_else(Vec::new, |body| self.script_statement_of(body));
        StmtKind::Loop { bind, test, body }
    }

    /// A function that is given a name is defined by it.
    fn script_declared(&mut self, name: Node<'t>, value: Node<'t>) -> StmtKind<'t> {
        let is_function = matches!(
            value.kind(),
            "arrow_function" | "function_expression" | "function" | "generator_function"
        );
        if is_function && name.kind() == "identifier" {
            let name = self.text_of(name);
            return StmtKind::Function(self.script_function(value, name));
        }
        let target = self.expr(name);
        StmtKind::Assign { targets: vec![target], value: self.expr(value) }
    }

    fn script_if(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let then = Self::field(node, "consequence");
        let otherwise = Self::field(node, "alternative").and_then(|other| other.named_child(0));
        StmtKind::If {
            test: self.field_expr(node, "condition"),
            then: then.map_or_else(Vec::new, |then| self.script_statement_of(then)),
            otherwise: otherwise.map_or_else(Vec::new, |other| self.script_statement_of(other)),
        }
    }

    fn script_try(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let body = self.block(Self::field(node, "body"));
        let mut handlers = Vec::new();
        if let Some(handler) = Self::field(node, "handler") {
            let name = Self::field(handler, "parameter").map(|name| self.text_of(name));
            handlers.push(Handler { name, body: self.block(Self::field(handler, "body")) });
        }
        let last = Self::field(node, "finalizer").and_then(|last| Self::field(last, "body"));
        StmtKind::Try { body, handlers, last: self.block(last) }
    }

    fn script_switch(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let subject = self.field_expr(node, "value");
        let mut cases = Vec::new();
        for case in Self::field(node, "body").map_or_else(Vec::new, Self::parts) {
            let value = Self::field(case, "value");
            let values = value.map(|value| self.expr(value)).into_iter().collect();
            let mut body = Vec::new();
            let mut cursor = case.walk();
            let inner: Vec<Node<'t>> = case.children_by_field_name("body", &mut cursor).collect();
            for stmt in inner {
                self.script_statement(stmt, &mut body);
            }
            let is_any = case.kind() == "switch_default";
            cases.push(Case { values, is_any, falls_through: true, body });
        }
        StmtKind::Match { subject, cases }
    }

    fn script_class(&mut self, node: Node<'t>) -> StmtKind<'t> {
        let name = Self::field(node, "name").map_or("", |name| self.text_of(name));
        let outer = self.class.replace((name, Vec::new()));
        let (mut body, mut decorators) = (Vec::new(), Vec::new());
        for part in Self::field(node, "body").map_or_else(Vec::new, Self::parts) {
            match part.kind() {
                "decorator" => {
                    decorators.extend(part.named_child(0).map(|inner| self.expr(inner)));
                    continue;
                }
                "method_definition" => {
                    let method = Self::field(part, "name").map_or("", |name| self.text_of(name));
                    let id = self.script_function(part, method);
                    let function: &mut Function<'t> = &mut self.module.functions[id.0];
                    function.decorators = std::mem::take(&mut decorators);
                    function.is_top = true;
                    body.push(Stmt { at: span(part), kind: StmtKind::Function(id) });
                }
                "field_definition" | "public_field_definition" => {
                    let method =
                        Self::field(part, "property").or_else(|| Self::field(part, "name"));
                    if let (Some(name), Some(value)) = (method, Self::field(part, "value")) {
                        let kind = self.script_declared(name, value);
                        body.push(Stmt { at: span(part), kind });
                    }
                }
                _ => {}
            }
            decorators.clear();
        }
        self.class = outer;
        StmtKind::Class(body)
    }

    fn script_export(&mut self, node: Node<'t>, body: &mut Vec<Stmt<'t>>) {
        let first = self.module.functions.len();
        if let Some(declared) = Self::field(node, "declaration") {
            self.script_statement(declared, body);
        } else if let Some(value) = Self::field(node, "value") {
            let value = self.expr(value);
            body.push(Stmt { at: span(node), kind: StmtKind::Expr(value) });
        }
        for function in self.module.functions.iter_mut().skip(first) {
            function.is_exported = true;
        }
    }

    fn script_import(&mut self, node: Node<'t>) {
        let source = Self::field(node, "source").map_or("", |source| self.text_of(source));
        let module = module_name(source.trim_matches(['"', '\'']));
        for clause in Self::parts(node).into_iter().filter(|part| part.kind() == "import_clause") {
            for part in Self::parts(clause) {
                match part.kind() {
                    // What a file of the project exports goes by the name that it is given here.
                    "identifier" | "namespace_import" if module.starts_with('.') => {}
                    "identifier" => {
                        self.module.imports.push((self.text_of(part), module.clone()));
                    }
                    "namespace_import" => {
                        if let Some(name) = part.named_child(0) {
                            self.module.imports.push((self.text_of(name), module.clone()));
                        }
                    }
                    "named_imports" => {
                        for one in Self::parts(part) {
                            let name =
                                Self::field(one, "name").map_or("", |name| self.text_of(name));
                            let alias =
                                Self::field(one, "alias").map_or(name, |alias| self.text_of(alias));
                            self.module.imports.push((alias, format!("{module}.{name}")));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Returns a module by the name that its parts are known by.
pub(crate) fn module_name(written: &str) -> String {
    let name = written.trim_start_matches("node:");
    match name {
        "fs/promises" => "fs.promises".to_owned(),
        "timers/promises" => "timers".to_owned(),
        "mysql2/promise" => "mysql2".to_owned(),
        _ => name.to_owned(),
    }
}
