//! JavaScript and TypeScript.

use tree_sitter::Node;

use super::text::{integer, unescaped};
use super::{Lowerer, returning, span, spine};
use crate::flow::tree::{
    Arg, Call, Compare, Expr, ExprKind, Function, FunctionId, Op, Param, Stmt, StmtKind,
};

impl<'t> Lowerer<'t> {
    pub(super) fn script_expr(&mut self, node: Node<'t>) -> ExprKind<'t> {
        match node.kind() {
            "identifier"
            | "property_identifier"
            | "shorthand_property_identifier"
            | "shorthand_property_identifier_pattern"
            | "this"
            | "super"
            | "private_property_identifier" => ExprKind::Name(self.text_of(node)),
            "number" | "true" | "false" | "null" | "undefined" | "regex" | "string" => {
                self.script_literal(node)
            }
            "template_string" => self.script_template(node),
            "member_expression" => {
                let name = Self::field(node, "property").map_or("", |name| self.text_of(name));
                ExprKind::Member(self.field_boxed(node, "object"), name)
            }
            "subscript_expression" => {
                ExprKind::Index(self.field_boxed(node, "object"), self.field_boxed(node, "index"))
            }
            "call_expression" | "new_expression" => self.script_call(node),
            "binary_expression" => self.script_binary(node),
            "unary_expression" => self.script_unary(node),
            "ternary_expression" => ExprKind::Choice {
                test: self.field_boxed(node, "condition"),
                then: self.field_boxed(node, "consequence"),
                otherwise: self.field_boxed(node, "alternative"),
            },
            "arrow_function" | "function_expression" | "function" | "generator_function" => {
                ExprKind::Lambda(self.script_function(node, ""))
            }
            "assignment_expression" => {
                ExprKind::Assign(self.field_boxed(node, "left"), self.field_boxed(node, "right"))
            }
            "augmented_assignment_expression" => {
                let (left, right) =
                    (self.field_boxed(node, "left"), self.field_boxed(node, "right"));
                let added = ExprKind::Binary(Op::Add, self.field_boxed(node, "left"), right);
                ExprKind::Assign(left, Box::new(Expr::new(span(node), added)))
            }
            "assignment_pattern" | "object_assignment_pattern" => {
                self.field_expr(node, "left").kind
            }
            "array" | "array_pattern" => ExprKind::List(self.exprs(Self::parts(node))),
            "object" | "object_pattern" => self.script_object(node),
            "spread_element" | "rest_pattern" => self.script_spread(node),
            "as_expression" | "satisfies_expression" | "non_null_expression" | "type_assertion" => {
                self.script_typed(node)
            }
            "parenthesized_expression" | "await_expression" | "yield_expression" => {
                self.script_wrapped(node)
            }
            "jsx_attribute" => self.script_attribute(node),
            "type_annotation" | "type_arguments" | "comment" => ExprKind::Parts(Vec::new()),
            _ => ExprKind::Parts(self.exprs(Self::parts(node))),
        }
    }

    /// Returns what a type is said of; before an assertion in brackets, the type stands first.
    fn script_typed(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let mut parts = Self::parts(node).into_iter();
        let inner = if node.kind() == "type_assertion" { parts.next_back() } else { parts.next() };
        inner.map_or(ExprKind::Parts(Vec::new()), |inner| self.expr(inner).kind)
    }

    fn script_spread(&mut self, node: Node<'t>) -> ExprKind<'t> {
        match node.named_child(0) {
            Some(inner) => ExprKind::Spread(self.boxed(inner)),
            None => ExprKind::Parts(Vec::new()),
        }
    }

    fn script_literal(&self, node: Node<'t>) -> ExprKind<'t> {
        let text = self.text_of(node);
        match node.kind() {
            "number" => integer(text).map_or(ExprKind::Number, ExprKind::Int),
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "regex" => ExprKind::Regex(text),
            "string" => ExprKind::Str(unescaped(text.trim_matches(['"', '\'']))),
            _ => ExprKind::Nothing,
        }
    }

    fn script_wrapped(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let mut inner = self.exprs(Self::parts(node));
        match inner.pop() {
            Some(only) if inner.is_empty() => only.kind,
            last => ExprKind::Parts(inner.into_iter().chain(last).collect()),
        }
    }

    fn script_template(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let mut parts = Vec::new();
        for child in Self::parts(node) {
            match child.kind() {
                "string_fragment" => {
                    let text = unescaped(self.text_of(child));
                    parts.push(Expr::new(span(child), ExprKind::Str(text)));
                }
                "template_substitution" => {
                    if let Some(inner) = child.named_child(0) {
                        parts.push(self.expr(inner));
                    }
                }
                _ => {}
            }
        }
        match parts.len() {
            0 => ExprKind::Str("".into()),
            1 if matches!(parts[0].kind, ExprKind::Str(_)) => parts.remove(0).kind,
            _ => ExprKind::Concat(parts),
        }
    }

    fn script_call(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let is_new = node.kind() == "new_expression";
        let callee = self.field_expr(node, if is_new { "constructor" } else { "function" });
        let Some(arguments) = Self::field(node, "arguments") else {
            return ExprKind::Call(Box::new(Call { callee, args: Vec::new() }));
        };
        let given = if arguments.kind() == "template_string" {
            vec![arguments]
        } else {
            Self::parts(arguments)
        };
        // A tagged template hands its values over apart from its text, as bound parameters are.
        let is_tagged = arguments.kind() == "template_string";
        let args = given.into_iter().map(|arg| Arg { name: None, value: self.expr(arg) });
        let args: Vec<Arg<'t>> = args.collect();
        if is_tagged {
            let values = args.into_iter().map(|arg| arg.value).collect();
            return ExprKind::List(values);
        }
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    fn script_binary(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let text = self.text;
        let operator = |node: Node<'t>| {
            let operator = Self::field(node, "operator")?;
            text.get(operator.byte_range())
        };
        let is_plus =
            |node: Node<'t>| node.kind() == "binary_expression" && operator(node) == Some("+");
        if is_plus(node) {
            let joined = spine(node, &is_plus);
            if joined.len() > 2 {
                return ExprKind::Concat(self.exprs(joined));
            }
        }
        let (left, right) = (self.field_boxed(node, "left"), self.field_boxed(node, "right"));
        match operator(node).unwrap_or_default() {
            "&&" => ExprKind::And(left, right),
            "||" | "??" => ExprKind::Or(left, right),
            "==" | "===" => ExprKind::Compare(Compare::Equal, left, right),
            "!=" | "!==" => ExprKind::Compare(Compare::NotEqual, left, right),
            "<" => ExprKind::Compare(Compare::Less, left, right),
            "<=" => ExprKind::Compare(Compare::LessEqual, left, right),
            ">" => ExprKind::Compare(Compare::Greater, left, right),
            ">=" => ExprKind::Compare(Compare::GreaterEqual, left, right),
            "in" => ExprKind::Compare(Compare::In, left, right),
            "instanceof" => ExprKind::Compare(Compare::Other, left, right),
            "+" => ExprKind::Binary(Op::Add, left, right),
            "-" => ExprKind::Binary(Op::Sub, left, right),
            "*" => ExprKind::Binary(Op::Mul, left, right),
            "**" => ExprKind::Binary(Op::Pow, left, right),
            _ => ExprKind::Binary(Op::Other, left, right),
        }
    }

    fn script_unary(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let operator = Self::field(node, "operator").map_or("", |op| self.text_of(op));
        let argument = self.field_expr(node, "argument");
        match (operator, argument.kind) {
            ("!", kind) => ExprKind::Not(Box::new(Expr::new(argument.at, kind))),
            ("-", ExprKind::Int(number)) => ExprKind::Int(number.saturating_neg()),
            ("typeof", kind) => {
                let value = Expr::new(argument.at, kind);
                let callee = Expr::new(span(node), ExprKind::Name("typeof"));
                let args = vec![Arg { name: None, value }];
                ExprKind::Call(Box::new(Call { callee, args }))
            }
            // A number or a truth comes out.
            ("-" | "+" | "~" | "void" | "delete", _) => ExprKind::Number,
            (_, kind) => kind,
        }
    }

    fn script_object(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let mut pairs = Vec::new();
        for part in Self::parts(node) {
            match part.kind() {
                "pair" | "pair_pattern" => {
                    let key = Self::field(part, "key");
                    let key = key.map(|key| self.script_key(key));
                    let value = self.field_expr(part, "value");
                    pairs.extend(key.map(|key| (key, value)));
                }
                "shorthand_property_identifier" | "shorthand_property_identifier_pattern" => {
                    let name = self.text_of(part);
                    let key = Expr::new(span(part), ExprKind::Str(name.into()));
                    pairs.push((key, self.expr(part)));
                }
                "object_assignment_pattern" => {
                    let left = self.field_expr(part, "left");
                    if let ExprKind::Name(name) = left.kind {
                        pairs.push((Expr::new(left.at, ExprKind::Str(name.into())), left));
                    }
                }
                "method_definition" => {
                    let name = Self::field(part, "name");
                    let key = name.map(|name| self.script_key(name));
                    let id = self.script_function(part, "");
                    let called = name.filter(|name| name.kind() == "property_identifier");
                    let called = called.map_or("", |name| self.text_of(name));
                    self.module.functions[id.0].name = called.into();
                    let value = Expr::new(span(part), ExprKind::Lambda(id));
                    pairs.extend(key.map(|key| (key, value)));
                }
                _ => {
                    let all = self.expr(part);
                    pairs.push((Expr::new(span(part), ExprKind::Parts(Vec::new())), all));
                }
            }
        }
        ExprKind::Dict(pairs)
    }

    fn script_key(&mut self, node: Node<'t>) -> Expr<'t> {
        match node.kind() {
            "property_identifier" => {
                Expr::new(span(node), ExprKind::Str(self.text_of(node).into()))
            }
            "computed_property_name" => match node.named_child(0) {
                Some(inner) => self.expr(inner),
                None => Expr::new(span(node), ExprKind::Parts(Vec::new())),
            },
            _ => self.expr(node),
        }
    }

    /// An attribute that sets markup is a call of it.
    fn script_attribute(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let mut parts = Self::parts(node).into_iter();
        let name = parts.next().map_or("", |name| self.text_of(name));
        let values = self.exprs(parts.collect());
        if name != "dangerouslySetInnerHTML" {
            return ExprKind::Parts(values);
        }
        let args = values.into_iter().map(|value| Arg { name: None, value: bare(value) }).collect();
        let callee = Expr::new(span(node), ExprKind::Name(name));
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    pub(super) fn script_function(&mut self, node: Node<'t>, name: &'t str) -> FunctionId {
        let params = match (Self::field(node, "parameters"), Self::field(node, "parameter")) {
            (Some(params), _) => {
                Self::parts(params).into_iter().map(|param| self.script_param(param)).collect()
            }
            (None, Some(only)) => vec![self.script_param(only)],
            (None, None) => Vec::new(),
        };
        self.within += 1;
        let body = match Self::field(node, "body") {
            Some(body) if body.kind() == "statement_block" => self.block(Some(body)),
            Some(value) => vec![returning(self.expr(value))],
            None => Vec::new(),
        };
        self.within -= 1;
        let is_method = node.kind() == "method_definition";
        let class =
            self.class.as_ref().filter(|_| is_method && !name.is_empty()).map(|(class, _)| *class);
        self.add(Function {
            name: name.into(),
            class,
            params,
            body,
            is_top: self.within == 0 && self.depth <= 2,
            at: span(node),
            ..Function::default()
        })
    }

    fn script_param(&mut self, node: Node<'t>) -> Param<'t> {
        let (target, annotation, default) = match node.kind() {
            "required_parameter" | "optional_parameter" => {
                let pattern = Self::field(node, "pattern").unwrap_or(node);
                let decorator =
                    Self::parts(node).into_iter().find(|part| part.kind() == "decorator");
                let written = decorator.or_else(|| Self::field(node, "type"));
                (pattern, written, Self::field(node, "value"))
            }
            "assignment_pattern" => {
                (Self::field(node, "left").unwrap_or(node), None, Self::field(node, "right"))
            }
            _ => (node, None, None),
        };
        let is_rest = target.kind() == "rest_pattern";
        let target = match target.named_child(0).filter(|_| is_rest) {
            Some(inner) => inner,
            None => target,
        };
        let written = annotation.map_or("", |annotation| self.text_of(annotation));
        Param {
            target: self.expr(target),
            annotation: written.trim_start_matches([':', ' ']),
            default: default.map(|default| self.expr(default)),
            is_rest,
        }
    }

    /// Statements that are an expression in the grammar.
    pub(super) fn script_effect(&mut self, node: Node<'t>) -> StmtKind<'t> {
        match node.kind() {
            "assignment_expression" => {
                let first = self.module.functions.len();
                let target = self.field_expr(node, "left");
                let value = self.field_expr(node, "right");
                self.script_exported(&target, &value, first);
                StmtKind::Assign { targets: vec![target], value }
            }
            "augmented_assignment_expression" => StmtKind::Augment {
                target: self.field_expr(node, "left"),
                op: Op::Add,
                value: self.field_expr(node, "right"),
            },
            _ => StmtKind::Expr(self.expr(node)),
        }
    }

    /// What is assigned to `exports` or a member of it is called from elsewhere.
    fn script_exported(&mut self, target: &Expr<'t>, value: &Expr<'t>, first: usize) {
        let Some(path) = target.dotted() else { return };
        if !(path.starts_with("exports.") || path.starts_with("module.exports")) {
            return;
        }
        for function in self.module.functions.iter_mut().skip(first) {
            function.is_exported = true;
        }
        if let (ExprKind::Lambda(id), ExprKind::Member(_, name)) = (&value.kind, &target.kind) {
            let function = &mut self.module.functions[id.0];
            if function.name.is_empty() {
                function.name = (*name).into();
            }
        }
    }

    pub(super) fn script_statement_of(&mut self, node: Node<'t>) -> Vec<Stmt<'t>> {
        if node.kind() == "statement_block" {
            return self.block(Some(node));
        }
        let mut body = Vec::new();
        if self.depth < super::DEEPEST {
            self.depth += 1;
            self.script_statement(node, &mut body);
            self.depth -= 1;
        } else {
            self.module.is_cut = true;
        }
        body
    }
}

/// Takes an expression out of its braces.
fn bare(value: Expr<'_>) -> Expr<'_> {
    match value.kind {
        ExprKind::Parts(mut parts) if parts.len() == 1 => match parts.pop() {
            Some(Expr { kind: ExprKind::Dict(mut pairs), at }) => match pairs.pop() {
                Some((_, inner)) => inner,
                None => Expr::new(at, ExprKind::Parts(Vec::new())),
            },
            Some(inner) => inner,
            None => Expr::new(value.at, ExprKind::Parts(Vec::new())),
        },
        kind => Expr::new(value.at, kind),
    }
}
