//! A source file, parsed once for everything that looks at it.

use std::ops::ControlFlow;

use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::{LanguageExt as _, StrDoc};
use ast_grep_language::SupportLang;
use tree_sitter::{ParseOptions, Parser};
use wardkit_audit::Budget;

/// A node of a tree. Its own methods never recurse: `dfs`, `children`, `ancestors`, `field`, `kind`, `text`, `range`.
pub(crate) type Node<'t> = ast_grep_core::Node<'t, Doc>;

/// What a tree is made from.
pub(crate) type Doc = StrDoc<SupportLang>;

/// A language whose sources are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Language {
    Python,
    JavaScript,
    TypeScript,
    Tsx,
    Rust,
}

impl Language {
    pub(crate) const ALL: [Self; 5] =
        [Self::Python, Self::JavaScript, Self::TypeScript, Self::Tsx, Self::Rust];

    /// Returns the language of a file, by the end of its name.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (_, end) = path.rsplit_once('.')?;
        Some(match end {
            "py" | "pyw" | "pyi" => Self::Python,
            "js" | "jsx" | "cjs" | "mjs" => Self::JavaScript,
            "ts" | "cts" | "mts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "rs" => Self::Rust,
            _ => return None,
        })
    }

    /// Whether it is JavaScript or one of its supersets.
    pub(crate) const fn is_script(self) -> bool {
        matches!(self, Self::JavaScript | Self::TypeScript | Self::Tsx)
    }

    pub(crate) const fn grammar(self) -> SupportLang {
        match self {
            Self::Python => SupportLang::Python,
            Self::JavaScript => SupportLang::JavaScript,
            Self::TypeScript => SupportLang::TypeScript,
            Self::Tsx => SupportLang::Tsx,
            Self::Rust => SupportLang::Rust,
        }
    }
}

/// A parsed source. Its tree is no deeper than [`DEEPEST`].
pub(crate) struct Parsed {
    language: Language,
    tree: AstGrep<Doc>,
}

impl Parsed {
    /// Parses a source; the error says why it was not.
    pub(crate) fn new(
        language: Language,
        text: &str,
        budget: &Budget<'_>,
    ) -> Result<Self, &'static str> {
        Self::parse(language, text, &|| budget.is_spent())
    }

    /// Parses a source until it is told to stop.
    pub(crate) fn parse(
        language: Language,
        text: &str,
        is_over: &dyn Fn() -> bool,
    ) -> Result<Self, &'static str> {
        let lang = language.grammar();
        let mut parser = Parser::new();
        parser.set_language(&lang.get_ts_language()).map_err(|_| "its grammar cannot be used")?;
        let bytes = text.as_bytes();
        let mut stops =
            |_: &_| if is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let options = ParseOptions::new().progress_callback(&mut stops);
        let rest = &mut |offset: usize, _| bytes.get(offset..).unwrap_or_default();
        let tree = parser.parse_with_options(rest, None, Some(options));
        let tree = tree.ok_or("took too long to parse")?;
        let parsed =
            Self { language, tree: AstGrep::doc(StrDoc { src: text.to_owned(), lang, tree }) };
        if parsed.is_too_deep() { Err("nested too deep") } else { Ok(parsed) }
    }

    pub(crate) const fn language(&self) -> Language {
        self.language
    }

    pub(crate) fn text(&self) -> &str {
        self.tree.source()
    }

    pub(crate) fn root(&self) -> Node<'_> {
        self.tree.root()
    }

    /// Whether the grammar did not understand all of it.
    pub(crate) fn has_errors(&self) -> bool {
        self.tree.root().get_inner_node().has_error()
    }

    fn is_too_deep(&self) -> bool {
        let mut cursor = self.tree.root().get_inner_node().walk();
        loop {
            if cursor.goto_first_child() {
                if cursor.depth() > DEEPEST {
                    return true;
                }
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return false;
                }
            }
        }
    }
}

/// Returns the names of the functions and classes around a node, as `Class.method`; empty outside of them.
pub(crate) fn within(node: &Node<'_>) -> String {
    let is_scope = |node: &Node<'_>| {
        let kind = node.kind();
        kind.contains("function") || kind.contains("class_") || kind == "method_definition"
    };
    let mut names: Vec<String> = node
        .ancestors()
        .filter(is_scope)
        .filter_map(|scope| Some(scope.field("name")?.text().into_owned()))
        .collect();
    names.reverse();
    names.join(".")
}

/// Deeper trees were made to be: whoever recurses over a tree needs some 2 KB of stack a level.
pub(crate) const DEEPEST: u32 = 400;
