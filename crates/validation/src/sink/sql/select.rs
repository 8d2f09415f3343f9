//! Statements of others that may run when they do nothing but read.

use std::fmt;

use sqlparser::ast::Statement;
use sqlparser::dialect::{Dialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::{SqlDialect, SqlError};
use crate::{Accept, Error};

/// What a statement that a language model or a user wrote must be, to be run at all: one `SELECT`, without comments,
/// without words that write or lock, and with no functions but the listed ones.
///
/// This is a second wall. The first is a connection whose user may only read, and only what everybody may see. How
/// long a statement runs is the database's own limit to set: one that joins or repeats itself may run for ever.
///
/// ```
/// use wardkit_validation::{SqlSelectRules, SqlDialect, Untrusted};
///
/// let rules = SqlSelectRules::new(SqlDialect::Sqlite);
/// let answer = Untrusted::new("SELECT name, count(*) FROM notes GROUP BY name");
/// assert!(answer.validate_for(&rules).is_ok());
/// assert!(Untrusted::new("SELECT 1; DROP TABLE notes").validate_for(&rules).is_err());
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SqlSelectRules {
    dialect: SqlDialect,
    functions: Vec<&'static str>,
}

/// A statement that is one `SELECT`.
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct SqlSelect(String);

impl SqlSelectRules {
    /// Allows the functions that every database has and that only compute.
    pub fn new(dialect: SqlDialect) -> Self {
        Self { dialect, functions: FUNCTIONS.to_vec() }
    }

    /// Allows another function, in lower case.
    pub fn with_function(mut self, name: &'static str) -> Self {
        self.functions.push(name);
        self
    }

    fn check(&self, text: &str) -> Result<(), SqlError> {
        let dialect: &dyn Dialect = match self.dialect {
            SqlDialect::Sqlite => &SQLiteDialect {},
            SqlDialect::Postgres => &PostgreSqlDialect {},
            SqlDialect::Mysql => &MySqlDialect {},
            SqlDialect::Mssql => &MsSqlDialect {},
        };
        // MySQL runs or skips what stands in such a comment by its own version, so that a quote in one hides from a
        // reader what another one runs.
        if text.contains("/*!") {
            return Err(SqlError::Comment);
        }
        let tokens = Tokenizer::new(dialect, text).tokenize().map_err(|_| SqlError::Syntax)?;
        self.check_tokens(&tokens)?;
        let statements = Parser::new(dialect)
            .with_recursion_limit(MAX_DEPTH)
            .with_tokens(tokens)
            .parse_statements()
            .map_err(|_| SqlError::Syntax)?;
        match statements.as_slice() {
            [Statement::Query(query)] if query.locks.is_empty() => Ok(()),
            [Statement::Query(_)] => Err(SqlError::Word),
            [_] => Err(SqlError::NotSelect),
            _ => Err(SqlError::Several),
        }
    }

    fn check_tokens(&self, tokens: &[Token]) -> Result<(), SqlError> {
        let comment = |token: &Token| {
            matches!(
                token,
                Token::Whitespace(
                    Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)
                )
            )
        };
        if tokens.iter().any(comment) {
            return Err(SqlError::Comment);
        }
        let mut told =
            tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).peekable();
        let (mut signs, mut joins) = (0, 0);
        let mut after_for = false;
        while let Some(token) = told.next() {
            let Token::Word(word) = token else {
                // Each of a long row of operators is one level of the tree that the parser makes.
                signs += 1;
                if signs > MAX_SIGNS {
                    return Err(SqlError::Syntax);
                }
                continue;
            };
            let name = word.value.to_ascii_lowercase();
            let bare = word.quote_style.is_none();
            // The parser calls itself for each of these without counting.
            joins += usize::from(bare && name == "join");
            if joins > MAX_JOINS {
                return Err(SqlError::Syntax);
            }
            if bare
                && (WRITES.contains(&name.as_str())
                    || (after_for && LOCKS.contains(&name.as_str())))
            {
                return Err(SqlError::Word);
            }
            after_for = bare && name == "for";
            let called = told.peek().is_some_and(|next| **next == Token::LParen);
            let keyword = bare && BEFORE_PARENTHESIS.contains(&name.as_str());
            if called && !keyword && !self.functions.contains(&name.as_str()) {
                return Err(SqlError::Function);
            }
        }
        Ok(())
    }
}

impl Accept<str> for SqlSelectRules {
    type Safe = SqlSelect;

    fn accept(&self, text: &str) -> Result<SqlSelect, Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::TooLarge { len: text.len(), cap: MAX_BYTES });
        }
        self.check(text)?;
        Ok(SqlSelect(text.to_owned()))
    }
}

impl SqlSelect {
    /// Returns the statement, to be run.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides the statement.
impl fmt::Debug for SqlSelect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqlSelect(..)")
    }
}

/// Words that a statement which reads has no need for. A column of such a name is quoted.
const WRITES: &[&str] = &[
    "into",
    "insert",
    "update",
    "delete",
    "merge",
    "upsert",
    "replace",
    "create",
    "alter",
    "drop",
    "truncate",
    "rename",
    "grant",
    "revoke",
    "call",
    "exec",
    "execute",
    "do",
    "copy",
    "load",
    "outfile",
    "dumpfile",
    "attach",
    "detach",
    "pragma",
    "vacuum",
    "reindex",
    "analyze",
    "lock",
    "handler",
    "prepare",
    "deallocate",
    "declare",
    "set",
    "reset",
    "begin",
    "commit",
    "rollback",
    "savepoint",
    "listen",
    "notify",
    "openrowset",
    "openquery",
    "opendatasource",
    "waitfor",
    "backup",
    "restore",
    "shutdown",
    "kill",
    "use",
    "install",
    "returning",
];

/// Words that make a lock of a `FOR`, in a subquery too; `FOR UPDATE` is known by its second word alone.
const LOCKS: &[&str] = &["share", "key", "no"];

/// Words that stand before a parenthesis without being called.
const BEFORE_PARENTHESIS: &[&str] = &[
    "select",
    "distinct",
    "from",
    "where",
    "and",
    "or",
    "not",
    "in",
    "as",
    "on",
    "using",
    "join",
    "by",
    "having",
    "union",
    "all",
    "except",
    "intersect",
    "any",
    "some",
    "exists",
    "when",
    "then",
    "else",
    "case",
    "like",
    "ilike",
    "between",
    "over",
    "filter",
    "group",
    "limit",
    "offset",
    "values",
    "is",
    "decimal",
    "numeric",
    "varchar",
    "char",
];

/// Functions that compute from their arguments and reach nothing else.
const FUNCTIONS: &[&str] = &[
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "total",
    "abs",
    "ceil",
    "ceiling",
    "floor",
    "round",
    "mod",
    "power",
    "sqrt",
    "sign",
    "lower",
    "upper",
    "length",
    "char_length",
    "trim",
    "ltrim",
    "rtrim",
    "substr",
    "substring",
    "left",
    "right",
    "concat",
    "coalesce",
    "nullif",
    "ifnull",
    "iif",
    "cast",
    "date",
    "time",
    "datetime",
    "strftime",
    "date_trunc",
    "extract",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "now",
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "ntile",
];

/// Longer than what people and models ask.
const MAX_BYTES: usize = 8 * 1024;

/// How deep a statement may be nested. Without optimisation, twice this takes more than the 2 MiB of a thread's stack.
const MAX_DEPTH: usize = 15;

/// How many signs a statement may have: operators, commas, parentheses, numbers.
const MAX_SIGNS: usize = 1000;

/// How many joins a statement may have.
const MAX_JOINS: usize = 20;
