//! Makes a tree of tokens, as `text/template` does.

use std::sync::Arc;

use super::TemplateError;
use super::lex::{Lexeme, Token, lex};
use super::tree::{Binding, Branch, Definitions, Node, Operand, Pipe};

/// Which functions there are, and which variables are known from the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Language {
    pub(super) functions: &'static [&'static str],
    pub(super) variables: &'static [&'static str],
}

/// Reads a template; what it defines goes into `definitions`.
pub(super) fn parse(
    text: &str,
    language: Language,
    definitions: &mut Definitions,
) -> Result<Vec<Node>, TemplateError> {
    if text.len() > MAX_TEXT {
        return Err(TemplateError { line: 1, reason: format!("longer than {MAX_TEXT} bytes") });
    }
    let mut parser = Parser {
        line: 1,
        depth: 0,
        loops: 0,
        variables: language.variables.iter().map(|name| Arc::from(*name)).collect(),
        tokens: lex(text)?,
        at: 0,
        language,
        definitions,
    };
    let (nodes, end) = parser.list()?;
    match end {
        End::Text => Ok(nodes),
        End::Else => parser.error("else without if, with or range"),
        End::Closed => parser.error("end without a beginning"),
    }
}

struct Parser<'a> {
    tokens: Vec<Lexeme>,
    at: usize,
    line: usize,
    depth: usize,
    loops: usize,
    variables: Vec<Arc<str>>,
    language: Language,
    definitions: &'a mut Definitions,
}

/// What a list of nodes ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Text,
    Else,
    Closed,
}

impl Parser<'_> {
    fn error<T>(&self, reason: impl Into<String>) -> Result<T, TemplateError> {
        Err(TemplateError { line: self.line, reason: reason.into() })
    }

    fn peek(&self) -> Option<&Lexeme> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Lexeme, TemplateError> {
        match self.peek().cloned() {
            Some(lexeme) => {
                self.at += 1;
                self.line = lexeme.line;
                Ok(lexeme)
            }
            None => self.error("an action is not closed"),
        }
    }

    fn expect(&mut self, token: &Token, what: &str) -> Result<(), TemplateError> {
        let lexeme = self.next()?;
        if lexeme.token == *token { Ok(()) } else { self.unexpected(&lexeme.token, what) }
    }

    fn unexpected<T>(&self, token: &Token, what: &str) -> Result<T, TemplateError> {
        let shown = match token {
            Token::Close => "}}".to_owned(),
            Token::Name(name) | Token::Variable(name) => name.clone(),
            Token::Field(name) => format!(".{name}"),
            Token::Quoted(_) => "a text".to_owned(),
            Token::Int(_) | Token::Float(_) => "a number".to_owned(),
            other => format!("{other:?}"),
        };
        self.error(format!("unexpected {shown} in {what}"))
    }

    fn deeper(&mut self) -> Result<(), TemplateError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { self.error("nested too deep") } else { Ok(()) }
    }

    fn list(&mut self) -> Result<(Vec<Node>, End), TemplateError> {
        let mut nodes = Vec::new();
        while self.peek().is_some() {
            match self.next()?.token {
                Token::Text(text) => nodes.push(Node::Text(text)),
                _ => match self.action(&mut nodes)? {
                    End::Text => {}
                    end => return Ok((nodes, end)),
                },
            }
        }
        Ok((nodes, End::Text))
    }

    fn action(&mut self, nodes: &mut Vec<Node>) -> Result<End, TemplateError> {
        let keyword = match self.peek() {
            Some(Lexeme { token: Token::Name(name), .. }) => name.clone(),
            _ => String::new(),
        };
        if !KEYWORDS.contains(&keyword.as_str()) {
            nodes.push(Node::Action(self.pipe(&Token::Close, "an action")?));
            return Ok(End::Text);
        }
        self.next()?;
        match keyword.as_str() {
            "end" => return self.expect(&Token::Close, "end").map(|()| End::Closed),
            "else" => return Ok(End::Else),
            "if" => nodes.push(Node::If(self.branch("if")?)),
            "with" => nodes.push(Node::With(self.branch("with")?)),
            "range" => nodes.push(Node::Range(self.branch("range")?)),
            "template" => nodes.push(self.call()?),
            "block" => nodes.push(self.block()?),
            "define" => self.define()?,
            "break" | "continue" => {
                if self.loops == 0 {
                    return self.error(format!("{keyword} outside range"));
                }
                self.expect(&Token::Close, &keyword)?;
                nodes.push(if keyword == "break" { Node::Break } else { Node::Continue });
            }
            _ => {}
        }
        Ok(End::Text)
    }

    fn branch(&mut self, keyword: &str) -> Result<Branch, TemplateError> {
        self.deeper()?;
        let known = self.variables.len();
        let is_range = keyword == "range";
        let pipe = self.pipe(&Token::Close, keyword)?;
        if pipe.variables.len() > 1 && !is_range {
            return self.error(format!("too many variables in {keyword}"));
        }
        self.loops += usize::from(is_range);
        let (then, end) = self.list()?;
        self.loops -= usize::from(is_range);
        let otherwise = match end {
            End::Closed => Vec::new(),
            End::Text => return self.error(format!("{keyword} has no end")),
            End::Else => self.otherwise(keyword)?,
        };
        self.variables.truncate(known);
        self.depth -= 1;
        Ok(Branch { pipe, then, otherwise })
    }

    fn otherwise(&mut self, keyword: &str) -> Result<Vec<Node>, TemplateError> {
        let lexeme = self.next()?;
        match lexeme.token {
            Token::Close => {}
            // Its end is that of the whole.
            Token::Name(name) if name == "if" && keyword == "if" => {
                return Ok(vec![Node::If(self.branch("if")?)]);
            }
            other => return self.unexpected(&other, "else"),
        }
        match self.list()? {
            (nodes, End::Closed) => Ok(nodes),
            (_, End::Else) => self.error(format!("{keyword} has a second else")),
            (_, End::Text) => self.error(format!("{keyword} has no end")),
        }
    }

    fn name(&mut self, what: &str) -> Result<Arc<str>, TemplateError> {
        let lexeme = self.next()?;
        match lexeme.token {
            Token::Quoted(name) => Ok(name),
            other => self.unexpected(&other, what),
        }
    }

    fn call(&mut self) -> Result<Node, TemplateError> {
        let name = self.name("template")?;
        let line = self.line;
        let argument = match self.peek() {
            Some(Lexeme { token: Token::Close, .. }) => {
                self.next()?;
                None
            }
            _ => Some(self.pipe(&Token::Close, "template")?),
        };
        Ok(Node::Call { name, argument, line })
    }

    fn block(&mut self) -> Result<Node, TemplateError> {
        let name = self.name("block")?;
        let line = self.line;
        let argument = Some(self.pipe(&Token::Close, "block")?);
        self.body(&name, "block")?;
        Ok(Node::Call { name, argument, line })
    }

    fn define(&mut self) -> Result<(), TemplateError> {
        if self.depth > 0 {
            return self.error("define inside something else");
        }
        let name = self.name("define")?;
        self.expect(&Token::Close, "define")?;
        self.body(&name, "define")
    }

    /// The inside of a definition knows nothing of the outside.
    fn body(&mut self, name: &Arc<str>, keyword: &str) -> Result<(), TemplateError> {
        self.deeper()?;
        let variables = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let loops = std::mem::take(&mut self.loops);
        let (nodes, end) = self.list()?;
        self.variables = variables;
        self.loops = loops;
        self.depth -= 1;
        if end != End::Closed {
            return self.error(format!("{keyword} has no end"));
        }
        let is_blank = nodes
            .iter()
            .all(|node| matches!(node, Node::Text(text) if text.chars().all(char::is_whitespace)));
        // An empty one does not take the place of another.
        if !is_blank || !self.definitions.contains_key(name) {
            self.definitions.insert(name.clone(), nodes.into());
        }
        Ok(())
    }

    fn pipe(&mut self, end: &Token, what: &str) -> Result<Pipe, TemplateError> {
        self.deeper()?;
        let line = self.peek().map_or(self.line, |lexeme| lexeme.line);
        let (variables, binding) = self.binding(what)?;
        let mut commands = Vec::new();
        loop {
            let (command, last) = self.command(end, what)?;
            commands.push(command);
            if last {
                break;
            }
        }
        // A value that is no function has no place for what is piped into it.
        for command in commands.iter().skip(1) {
            if let Some(
                Operand::Bool(_)
                | Operand::Dot
                | Operand::Nil
                | Operand::Int(_)
                | Operand::Float(_)
                | Operand::Text(_),
            ) = command.first()
            {
                return self.error("something is piped into what is no function");
            }
        }
        if binding == Binding::Declares {
            self.variables.extend(variables.iter().cloned());
        }
        self.depth -= 1;
        Ok(Pipe { line, variables, binding, commands })
    }

    /// `$x :=`, `$x =`, and in `range` `$i, $x :=`.
    fn binding(&mut self, what: &str) -> Result<(Vec<Arc<str>>, Binding), TemplateError> {
        let mut ahead = self.tokens[self.at..].iter().map(|lexeme| &lexeme.token);
        let mut names: Vec<Arc<str>> = Vec::new();
        loop {
            match ahead.next() {
                Some(Token::Variable(name)) => names.push(name.as_str().into()),
                _ => return Ok((Vec::new(), Binding::None)),
            }
            let binding = match ahead.next() {
                Some(Token::Comma) if what == "range" && names.len() < 2 => continue,
                Some(Token::Declare) => Binding::Declares,
                Some(Token::Assign) => Binding::Assigns,
                _ => return Ok((Vec::new(), Binding::None)),
            };
            self.at += names.len() * 2;
            if binding == Binding::Assigns {
                for name in &names {
                    self.known(name)?;
                }
            }
            return Ok((names, binding));
        }
    }

    fn known(&self, name: &str) -> Result<(), TemplateError> {
        if self.variables.iter().any(|known| **known == *name) {
            return Ok(());
        }
        self.error(format!("undefined variable {name}"))
    }

    /// Returns the command, and whether it is the last one.
    fn command(&mut self, end: &Token, what: &str) -> Result<(Vec<Operand>, bool), TemplateError> {
        let mut operands = Vec::new();
        loop {
            let lexeme = self.next()?;
            if lexeme.token == *end || lexeme.token == Token::Pipe {
                if operands.is_empty() {
                    return self.error(format!("a value is missing in {what}"));
                }
                return Ok((operands, lexeme.token == *end));
            }
            if !operands.is_empty() && !lexeme.spaced {
                return self.unexpected(&lexeme.token, "an operand");
            }
            operands.push(self.operand(lexeme.token, what)?);
        }
    }

    fn operand(&mut self, token: Token, what: &str) -> Result<Operand, TemplateError> {
        let (base, takes_fields) = match token {
            Token::Dot => (Operand::Dot, false),
            Token::Field(name) => {
                (Operand::Fields(Box::new(Operand::Dot), vec![name.into()]), true)
            }
            Token::Variable(name) => {
                self.known(&name)?;
                (Operand::Variable(name.into()), true)
            }
            Token::Quoted(text) => (Operand::Text(text), false),
            Token::Int(number) => (Operand::Int(number), false),
            Token::Float(number) => (Operand::Float(number), false),
            Token::LeftParen => {
                let pipe = self.pipe(&Token::RightParen, "parentheses")?;
                (Operand::Pipe(Box::new(pipe)), true)
            }
            Token::Name(name) => (self.word(&name)?, false),
            other => return self.unexpected(&other, what),
        };
        let (base, mut fields) = match base {
            Operand::Fields(base, fields) => (base, fields),
            base => (Box::new(base), Vec::new()),
        };
        while let Some(Lexeme { token: Token::Field(_), spaced: false, .. }) = self.peek() {
            if !takes_fields {
                return self.error("a field of what has none");
            }
            if let Token::Field(name) = self.next()?.token {
                fields.push(name.into());
            }
        }
        Ok(if fields.is_empty() { *base } else { Operand::Fields(base, fields) })
    }

    fn word(&self, name: &str) -> Result<Operand, TemplateError> {
        match name {
            "true" | "false" => Ok(Operand::Bool(name == "true")),
            "nil" => Ok(Operand::Nil),
            _ => {
                let functions = BUILTIN.iter().chain(self.language.functions);
                match functions.copied().find(|known| *known == name) {
                    Some(known) => Ok(Operand::Function(known)),
                    None if UNSUPPORTED.contains(&name) => {
                        self.error(format!("the function {name} of Go is not supported"))
                    }
                    None => self.error(format!("function {name} is not defined")),
                }
            }
        }
    }
}

const KEYWORDS: [&str; 10] =
    ["if", "with", "range", "else", "end", "template", "block", "define", "break", "continue"];

/// What every template of Go's may call.
const BUILTIN: [&str; 17] = [
    "and", "eq", "ge", "gt", "html", "index", "le", "len", "lt", "ne", "not", "or", "print",
    "printf", "println", "slice", "urlquery",
];

const UNSUPPORTED: [&str; 2] = ["call", "js"];

/// In bytes: the defaults of Alertmanager have a tenth of it.
const MAX_TEXT: usize = 256 * 1024;

/// Of actions in actions and parentheses in parentheses.
const MAX_DEPTH: usize = 40;
