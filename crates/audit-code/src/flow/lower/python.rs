//! Python.

use tree_sitter::Node;

use super::text::{integer, unescaped};
use super::{Lowerer, span, spine};
use crate::flow::tree::{
    Arg, Call, Clause, Compare, Expr, ExprKind, Function, FunctionId, Op, Param,
};

impl<'t> Lowerer<'t> {
    pub(super) fn python_expr(&mut self, node: Node<'t>) -> ExprKind<'t> {
        match node.kind() {
            "identifier" | "keyword_identifier" => ExprKind::Name(self.text_of(node)),
            "integer" => integer(self.text_of(node)).map_or(ExprKind::Number, ExprKind::Int),
            "float" => ExprKind::Number,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "none" => ExprKind::Nothing,
            "string" => self.python_string(node),
            "concatenated_string" => {
                let parts = self.exprs(Self::parts(node));
                joined(parts)
            }
            "attribute" => {
                let name = Self::field(node, "attribute").map_or("", |name| self.text_of(name));
                ExprKind::Member(self.field_boxed(node, "object"), name)
            }
            "subscript" => self.python_subscript(node),
            "call" => self.python_call(node),
            "binary_operator" => self.python_binary(node),
            "boolean_operator" => self.python_logic(node),
            "comparison_operator" => self.python_comparison(node),
            "not_operator" => ExprKind::Not(self.field_boxed(node, "argument")),
            "unary_operator" => self.python_sign(node),
            "conditional_expression" => self.python_choice(node),
            "lambda" => ExprKind::Lambda(self.python_lambda(node)),
            "named_expression" => {
                ExprKind::Assign(self.field_boxed(node, "name"), self.field_boxed(node, "value"))
            }
            "list" | "tuple" | "set" | "expression_list" | "pattern_list" | "tuple_pattern"
            | "list_pattern" => ExprKind::List(self.exprs(Self::parts(node))),
            "dictionary" => self.python_dictionary(node),
            "list_comprehension"
            | "set_comprehension"
            | "generator_expression"
            | "dictionary_comprehension" => self.python_comprehension(node),
            "list_splat"
            | "dictionary_splat"
            | "list_splat_pattern"
            | "dictionary_splat_pattern" => match node.named_child(0) {
                Some(inner) => ExprKind::Spread(self.boxed(inner)),
                None => ExprKind::Parts(Vec::new()),
            },
            "parenthesized_expression"
            | "await"
            | "yield"
            | "type"
            | "as_pattern_target"
            | "format_expression" => self.python_wrapped(node),
            _ => ExprKind::Parts(self.exprs(Self::parts(node))),
        }
    }

    /// What only wraps one expression is that expression.
    fn python_wrapped(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let mut inner = self.exprs(Self::parts(node));
        match inner.pop() {
            Some(only) if inner.is_empty() => only.kind,
            last => ExprKind::Parts(inner.into_iter().chain(last).collect()),
        }
    }

    fn python_string(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let start = node.named_child(0).map_or("", |start| self.text_of(start));
        let is_raw = start.contains(['r', 'R']);
        let mut parts = Vec::new();
        for child in Self::parts(node) {
            match child.kind() {
                "string_content" => {
                    let content = self.text_of(child);
                    let plain = if is_raw { content.into() } else { unescaped(content) };
                    parts.push(Expr::new(span(child), ExprKind::Str(plain)));
                }
                "interpolation" => parts.push(self.field_expr(child, "expression")),
                _ => {}
            }
        }
        joined(parts)
    }

    fn python_subscript(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let of = self.field_boxed(node, "value");
        let Some(key) = Self::field(node, "subscript") else {
            return ExprKind::Parts(vec![*of]);
        };
        if key.kind() != "slice" {
            return ExprKind::Index(of, self.boxed(key));
        }
        let (mut ends, mut colons) = ([None, None], 0);
        let mut cursor = key.walk();
        for child in key.children(&mut cursor) {
            if child.kind() == ":" {
                colons += 1;
            } else if colons < 2 {
                ends[colons] = Some(self.boxed(child));
            }
        }
        let [from, to] = ends;
        ExprKind::Slice(of, from, to)
    }

    fn python_call(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let callee = self.field_expr(node, "function");
        let Some(arguments) = Self::field(node, "arguments") else {
            return ExprKind::Parts(vec![callee]);
        };
        let given = if arguments.kind() == "generator_expression" {
            vec![arguments]
        } else {
            Self::parts(arguments)
        };
        let args = given.into_iter().map(|arg| self.python_argument(arg)).collect();
        ExprKind::Call(Box::new(Call { callee, args }))
    }

    fn python_argument(&mut self, node: Node<'t>) -> Arg<'t> {
        if node.kind() != "keyword_argument" {
            return Arg { name: None, value: self.expr(node) };
        }
        let name = Self::field(node, "name").map(|name| self.text_of(name));
        Arg { name, value: self.field_expr(node, "value") }
    }

    fn python_binary(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let text = self.text;
        let operator = |node: Node<'t>| {
            let operator = Self::field(node, "operator")?;
            text.get(operator.byte_range())
        };
        let is_plus =
            |node: Node<'t>| node.kind() == "binary_operator" && operator(node) == Some("+");
        if is_plus(node) {
            let joined = spine(node, &is_plus);
            if joined.len() > 2 {
                return ExprKind::Concat(self.exprs(joined));
            }
        }
        let op = op(operator(node).unwrap_or_default());
        ExprKind::Binary(op, self.field_boxed(node, "left"), self.field_boxed(node, "right"))
    }

    fn python_logic(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let is_and = Self::field(node, "operator").is_some_and(|op| op.kind() == "and");
        let (left, right) = (self.field_boxed(node, "left"), self.field_boxed(node, "right"));
        if is_and { ExprKind::And(left, right) } else { ExprKind::Or(left, right) }
    }

    /// A chain, `a < b < c`, is all of its comparisons.
    fn python_comparison(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let operands = Self::parts(node);
        let mut cursor = node.walk();
        let operators: Vec<Compare> = node
            .children_by_field_name("operators", &mut cursor)
            .map(|operator| compare(self.text_of(operator)))
            .collect();
        let mut whole: Option<Expr<'t>> = None;
        for (pair, operator) in operands.windows(2).zip(operators) {
            let (left, right) = (self.boxed(pair[0]), self.boxed(pair[1]));
            let one = Expr::new(span(node), ExprKind::Compare(operator, left, right));
            whole = Some(match whole {
                None => one,
                Some(before) => {
                    Expr::new(span(node), ExprKind::And(Box::new(before), Box::new(one)))
                }
            });
        }
        whole.map_or(ExprKind::Parts(Vec::new()), |whole| whole.kind)
    }

    fn python_sign(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let operand = self.field_expr(node, "argument");
        let is_minus = Self::field(node, "operator").is_some_and(|op| op.kind() == "-");
        match operand.kind {
            ExprKind::Int(number) if is_minus => ExprKind::Int(number.saturating_neg()),
            _ => ExprKind::Parts(vec![operand]),
        }
    }

    fn python_choice(&mut self, node: Node<'t>) -> ExprKind<'t> {
        match *Self::parts(node) {
            [then, test, otherwise] => ExprKind::Choice {
                test: self.boxed(test),
                then: self.boxed(then),
                otherwise: self.boxed(otherwise),
            },
            ref parts => ExprKind::Parts(self.exprs(parts.to_vec())),
        }
    }

    fn python_lambda(&mut self, node: Node<'t>) -> FunctionId {
        let params = self.python_params(Self::field(node, "parameters"));
        let body = Self::field(node, "body").map(|body| self.expr(body));
        let body = body.map(super::returning).into_iter().collect();
        self.add(Function { params, body, at: span(node), ..Function::default() })
    }

    fn python_dictionary(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let mut pairs = Vec::new();
        for part in Self::parts(node) {
            if part.kind() == "pair" {
                pairs.push((self.field_expr(part, "key"), self.field_expr(part, "value")));
            } else {
                let all = self.expr(part);
                pairs.push((Expr::new(span(part), ExprKind::Parts(Vec::new())), all));
            }
        }
        ExprKind::Dict(pairs)
    }

    fn python_comprehension(&mut self, node: Node<'t>) -> ExprKind<'t> {
        let (mut clauses, mut elements) = (Vec::new(), Vec::new());
        for part in Self::parts(node) {
            match part.kind() {
                "for_in_clause" => clauses.push(Clause {
                    target: self.field_expr(part, "left"),
                    iterable: self.field_expr(part, "right"),
                    tests: Vec::new(),
                }),
                "if_clause" => {
                    let tests = self.exprs(Self::parts(part));
                    if let Some(clause) = clauses.last_mut() {
                        clause.tests.extend(tests);
                    }
                }
                _ => elements.push(self.expr(part)),
            }
        }
        ExprKind::Comprehension { clauses, elements }
    }

    pub(super) fn python_params(&mut self, node: Option<Node<'t>>) -> Vec<Param<'t>> {
        let Some(node) = node else { return Vec::new() };
        let read = |node: Node<'t>| self.python_param(node);
        Self::parts(node).into_iter().filter_map(read).collect()
    }

    fn python_param(&mut self, node: Node<'t>) -> Option<Param<'t>> {
        let is_rest = |node: Node<'t>| {
            matches!(node.kind(), "list_splat_pattern" | "dictionary_splat_pattern")
        };
        let (named, annotation, default) = match node.kind() {
            "identifier" | "list_splat_pattern" | "dictionary_splat_pattern" => (node, None, None),
            "typed_parameter" => (node.named_child(0)?, Self::field(node, "type"), None),
            "default_parameter" | "typed_default_parameter" => {
                (Self::field(node, "name")?, Self::field(node, "type"), Self::field(node, "value"))
            }
            _ => return None,
        };
        let bare = if is_rest(named) { named.named_child(0)? } else { named };
        Some(Param {
            target: self.expr(bare),
            annotation: annotation.map_or("", |annotation| self.text_of(annotation)),
            default: default.map(|default| self.expr(default)),
            is_rest: is_rest(named),
        })
    }
}

/// Puts the parts of a string together; a string without gaps is one constant.
fn joined(mut parts: Vec<Expr<'_>>) -> ExprKind<'_> {
    match parts.len() {
        0 => ExprKind::Str("".into()),
        1 if matches!(parts[0].kind, ExprKind::Str(_)) => parts.remove(0).kind,
        _ => ExprKind::Concat(parts),
    }
}

fn op(written: &str) -> Op {
    match written.trim_end_matches('=') {
        "+" => Op::Add,
        "-" => Op::Sub,
        "*" => Op::Mul,
        "/" => Op::Div,
        "//" => Op::FloorDiv,
        "%" => Op::Mod,
        "**" => Op::Pow,
        _ => Op::Other,
    }
}

pub(super) fn augmenting(written: &str) -> Op {
    op(written)
}

fn compare(written: &str) -> Compare {
    match written {
        "==" | "is" => Compare::Equal,
        "!=" | "<>" | "is not" => Compare::NotEqual,
        "<" => Compare::Less,
        "<=" => Compare::LessEqual,
        ">" => Compare::Greater,
        ">=" => Compare::GreaterEqual,
        "in" => Compare::In,
        "not in" => Compare::NotIn,
        _ => Compare::Other,
    }
}
