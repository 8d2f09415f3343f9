//! Statements whose text is the author's and whose values are anybody's.

#[cfg(feature = "sql-parse")]
mod select;

use std::fmt;

#[cfg(feature = "sql-parse")]
pub use select::{SqlSelect, SqlSelectRules};

use super::{Accept, Untrusted};
use crate::Error;

/// A statement: text that stands in the program, names from a list, and values that are bound.
///
/// A value never becomes a part of the text; the text has a placeholder in its place, and the driver is given the
/// value beside it. The pieces of text are `&'static str`, so that nothing that came in at run time fits.
///
/// ```
/// use wardkit_validation::{SqlDialect, SqlIdents, SqlStatement, SqlValue, Untrusted};
///
/// let columns = SqlIdents::new(&["name", "created"])?;
/// let sort = Untrusted::new("created").validate_for(&columns)?;
/// let owner = Untrusted::new("' OR 1=1 --");
///
/// let statement = SqlStatement::new(SqlDialect::Sqlite, "SELECT * FROM notes WHERE owner = ")
///     .bind(&owner)
///     .text(" ORDER BY ")
///     .ident(&sort);
/// assert_eq!(statement.as_str(), r#"SELECT * FROM notes WHERE owner = ?1 ORDER BY "created""#);
/// // With rusqlite or sqlx: prepare the text, and bind each of these in their order.
/// let values: Vec<_> = statement.values().collect();
/// assert_eq!(values, [SqlValue::Text("' OR 1=1 --")]);
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
///
/// A text that came from somewhere is refused by the compiler:
///
/// ```compile_fail,E0308
/// use wardkit_validation::{SqlDialect, SqlStatement};
///
/// fn search(name: String) -> SqlStatement {
///     SqlStatement::new(SqlDialect::Sqlite, "SELECT * FROM notes WHERE name = ").text(name)
/// }
/// ```
///
/// ```compile_fail,E0521
/// use wardkit_validation::{SqlDialect, SqlStatement};
///
/// fn search(name: &str) -> SqlStatement {
///     SqlStatement::new(SqlDialect::Sqlite, name)
/// }
/// ```
///
/// And a value has no text to paste:
///
/// ```compile_fail,E0277
/// fn search(name: wardkit_validation::SqlParam) -> String {
///     format!("SELECT * FROM notes WHERE name = '{name}'")
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct SqlStatement {
    dialect: SqlDialect,
    text: String,
    params: Vec<SqlParam>,
}

/// How a database writes placeholders and quotes names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlDialect {
    /// `?1` and `"name"`.
    Sqlite,
    /// `$1` and `"name"`.
    Postgres,
    /// `?` and `` `name` ``.
    Mysql,
    /// `@P1` and `[name]`.
    Mssql,
}

impl SqlStatement {
    /// Begins a statement.
    pub fn new(dialect: SqlDialect, text: &'static str) -> Self {
        Self { dialect, text: text.to_owned(), params: Vec::new() }
    }

    /// Adds text.
    pub fn text(mut self, text: &'static str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder, and the value for it.
    pub fn bind(mut self, value: impl Into<SqlParam>) -> Self {
        self.params.push(value.into());
        let (sign, numbered) = match self.dialect {
            SqlDialect::Sqlite => ("?", true),
            SqlDialect::Postgres => ("$", true),
            SqlDialect::Mysql => ("?", false),
            SqlDialect::Mssql => ("@P", true),
        };
        self.text.push_str(sign);
        if numbered {
            self.text.push_str(&self.params.len().to_string());
        }
        self
    }

    /// Adds a name from a list, quoted.
    pub fn ident(mut self, ident: &SqlIdent) -> Self {
        let (open, close) = match self.dialect {
            SqlDialect::Sqlite | SqlDialect::Postgres => ('"', '"'),
            SqlDialect::Mysql => ('`', '`'),
            SqlDialect::Mssql => ('[', ']'),
        };
        self.text.push(open);
        self.text.push_str(&ident.0);
        self.text.push(close);
        self
    }

    /// Returns the text, to be prepared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the values, to be bound in this order.
    pub fn values(&self) -> impl Iterator<Item = SqlValue<'_>> {
        self.params.iter().map(SqlParam::value)
    }
}

/// Shows the text and hides the values.
impl fmt::Debug for SqlStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStatement").field("text", &self.text).finish_non_exhaustive()
    }
}

/// A value that is bound to a statement. It says nothing but to a driver, through [`SqlParam::value`].
#[derive(Clone, PartialEq)]
#[must_use]
pub struct SqlParam(Owned);

#[derive(Clone, PartialEq)]
enum Owned {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// What a driver binds. It has no `Display`: match on it, and give each kind to the driver's own call.
#[derive(Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SqlValue<'a> {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl SqlParam {
    /// Takes a text to be looked for with `LIKE ? ESCAPE '!'`, anywhere in a value: its own `%` and `_` stand for
    /// themselves.
    pub fn containing<T: AsRef<str>>(text: &Untrusted<T>) -> Self {
        let mut pattern = String::from("%");
        for c in text.inside().as_ref().chars() {
            // Square brackets are wildcards of SQL Server alone; an escape before them is allowed there only.
            if matches!(c, '!' | '%' | '_') {
                pattern.push('!');
            }
            pattern.push(c);
        }
        pattern.push('%');
        Self(Owned::Text(pattern))
    }

    /// Returns the value, for the driver.
    #[must_use]
    pub fn value(&self) -> SqlValue<'_> {
        match &self.0 {
            Owned::Null => SqlValue::Null,
            Owned::Integer(number) => SqlValue::Integer(*number),
            Owned::Real(number) => SqlValue::Real(*number),
            Owned::Text(text) => SqlValue::Text(text),
            Owned::Blob(bytes) => SqlValue::Blob(bytes),
        }
    }
}

impl fmt::Debug for SqlParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqlParam(..)")
    }
}

impl fmt::Debug for SqlValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqlValue(..)")
    }
}

impl From<&str> for SqlParam {
    fn from(text: &str) -> Self {
        Self(Owned::Text(text.to_owned()))
    }
}

impl From<String> for SqlParam {
    fn from(text: String) -> Self {
        Self(Owned::Text(text))
    }
}

impl<T: AsRef<str>> From<&Untrusted<T>> for SqlParam {
    fn from(text: &Untrusted<T>) -> Self {
        Self::from(text.inside().as_ref())
    }
}

impl From<&[u8]> for SqlParam {
    fn from(bytes: &[u8]) -> Self {
        Self(Owned::Blob(bytes.to_owned()))
    }
}

impl From<i64> for SqlParam {
    fn from(number: i64) -> Self {
        Self(Owned::Integer(number))
    }
}

impl From<f64> for SqlParam {
    fn from(number: f64) -> Self {
        Self(Owned::Real(number))
    }
}

impl<P: Into<Self>> From<Option<P>> for SqlParam {
    fn from(value: Option<P>) -> Self {
        value.map_or(Self(Owned::Null), Into::into)
    }
}

/// Takes every text as a value to be bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SqlBind;

impl Accept<str> for SqlBind {
    type Safe = SqlParam;

    fn accept(&self, text: &str) -> Result<SqlParam, Error> {
        Ok(SqlParam::from(text))
    }
}

/// The name of a table or a column, from a list: a letter or `_`, then letters, digits and `_`, all ASCII, at most
/// 63.
///
/// ```compile_fail,E0423
/// fn column(name: String) -> wardkit_validation::SqlIdent {
///     wardkit_validation::SqlIdent(name.into())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[must_use]
pub struct SqlIdent(Box<str>);

impl SqlIdent {
    /// Returns the name, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The names of tables or columns that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SqlIdents(Vec<SqlIdent>);

impl SqlIdents {
    /// Lists names that the program or its configuration has.
    ///
    /// # Errors
    ///
    /// One of them is no name.
    pub fn new<S: AsRef<str>>(names: &[S]) -> Result<Self, Error> {
        let check = |name: &S| {
            let name = name.as_ref();
            let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if letters && begins && name.len() <= MAX_IDENT {
                Ok(SqlIdent(name.into()))
            } else {
                Err(SqlError::Ident.into())
            }
        };
        names.iter().map(check).collect::<Result<_, Error>>().map(Self)
    }
}

impl Accept<str> for SqlIdents {
    type Safe = SqlIdent;

    fn accept(&self, name: &str) -> Result<SqlIdent, Error> {
        self.0.iter().find(|ident| *ident.0 == *name).cloned().ok_or(Error::NotListed)
    }
}

/// Why a name or a statement was refused. None shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// It is no name of a table or column.
    #[error("the name is not an ASCII letter followed by at most 62 letters, digits or `_`")]
    Ident,
    /// It is no statement.
    #[error("the text is no statement of this dialect")]
    Syntax,
    /// It is more than one statement, or none.
    #[error("the text is not one statement")]
    Several,
    /// It is no SELECT.
    #[error("the statement is no SELECT")]
    NotSelect,
    /// It has a comment, which some databases run.
    #[error("the statement has a comment")]
    Comment,
    /// It has a word of a statement that changes something.
    #[error("the statement has a word that changes or locks something")]
    Word,
    /// It calls a function that is not listed.
    #[error("the statement calls a function that is not allowed")]
    Function,
}

/// The least that databases take (Postgres).
const MAX_IDENT: usize = 63;
