//! What is found in SQL, for whoever reads a report.

use super::super::{Class, Rule, Sink};

macro_rules! rules {
    ($($name:ident { $id:literal, sinks: $sinks:expr, from: $strictness:literal, message: $message:literal,
        confidence: $confidence:literal, $reason:literal, $about:literal, $example:literal })*) => {
        $(pub(super) const $name: Rule = Rule {
            id: $id,
            class: Class::Sql,
            sinks: $sinks,
            strictness: $strictness,
            message: $message,
            confidence: $confidence,
            reason: $reason,
            about: $about,
            example: $example,
        };)*
        /// Every rule of SQL.
        pub(in crate::detect) static RULES: &[Rule] = &[$($name,)*];
    };
}

/// Quotes and conditions are alike in all query languages.
const QUERIES: &[Sink] = &[Sink::Nosql, Sink::Ldap];

/// No sink but the class's own.
const NONE: &[Sink] = &[];

rules! {
    UNION { "sql.union-select", sinks: NONE, from: 1, message: 1, confidence: 95,
        "a second query is joined to the statement",
        "UNION SELECT makes a statement return rows of another table, and so reads what the statement never meant to. No \
         value has a reason to hold one. Bind the value (SqlParam); nothing that is bound is read as SQL.",
        "1 union all select password from users" }
    STACKED { "sql.stacked-query", sinks: NONE, from: 1, message: 2, confidence: 90,
        "a semicolon ends the statement and another one follows",
        "Behind the semicolon stands a whole statement, which drivers that allow several at once would run: it drops \
         tables, adds users, or calls the system. Bind the value (SqlParam), and keep multiple statements off in the driver.",
        "1; drop table users" }
    STATEMENT { "sql.statement", sinks: NONE, from: 2, message: 2, confidence: 70,
        "the text is a statement of its own",
        "A query or a command stands where a value should. Texts about SQL look alike, so alone it proves no bad will; but a \
         value that is put into a statement has no business being one. Bind it (SqlParam).",
        "select name from users where id = 1" }
    TAUTOLOGY { "sql.tautology", sinks: QUERIES, from: 1, message: 2, confidence: 90,
        "a condition is added whose outcome is known",
        "OR 1=1 makes a condition true for every row, AND 1=2 for none: the one opens a log-in, the other asks the database \
         yes-or-no questions. Bind the value (SqlParam).",
        "x' or 1=1" }
    BOOLEAN { "sql.added-condition", sinks: QUERIES, from: 2, message: 2, confidence: 80,
        "a condition is added to the statement's own",
        "Behind the end of the value a condition goes on with AND or OR. With it an attacker asks the database one question \
         at a time. Bind the value (SqlParam).",
        "' and password like 'a%' or 'x" }
    BALANCED { "sql.closed-quote", sinks: QUERIES, from: 2, message: 2, confidence: 85,
        "the text closes a quote, adds an expression, and opens the quote again",
        "Put between two quotes, the text is a valid expression and no longer a value: what it adds is computed by the \
         database. Bind the value (SqlParam); escaping quotes by hand misses encodings.",
        "a'or'a" }
    TRUNCATED { "sql.comment-truncation", sinks: QUERIES, from: 2, message: 2, confidence: 80,
        "the text ends its value and makes a comment of the rest of the statement",
        "A quote or parenthesis closes the value, and a comment sign hides whatever the statement would check next, such as \
         the password. Bind the value (SqlParam).",
        "admin'--" }
    DELAY { "sql.time-delay", sinks: NONE, from: 2, message: 2, confidence: 85,
        "a function is called that keeps the database waiting",
        "SLEEP, BENCHMARK, PG_SLEEP, WAITFOR and their like delay an answer. The delay tells an attacker whether a condition \
         holds, and enough of them stop the service. Bind the value (SqlParam).",
        "1 and sleep(5)" }
    SYSTEM { "sql.system-access", sinks: NONE, from: 1, message: 2, confidence: 95,
        "the database is asked to reach files, the network or the system",
        "Procedures such as xp_cmdshell, LOAD_FILE, INTO OUTFILE or UTL_HTTP leave the database: they run programs and read \
         and write files. Bind the value (SqlParam), and take the right to call them from the bot's account.",
        "1; exec master..xp_cmdshell 'dir'" }
    CATALOGUE { "sql.catalogue", sinks: NONE, from: 2, message: 2, confidence: 75,
        "a table is named that lists all others",
        "Catalogues such as information_schema or sqlite_master tell the names of tables and columns, which is what an \
         attacker asks for first. Texts about databases name them as well. Bind the value (SqlParam).",
        "select table_name from information_schema.tables" }
    VARIABLE { "sql.server-variable", sinks: NONE, from: 2, message: 2, confidence: 75,
        "a variable of the database server is read",
        "@@version and its like tell what the server is and where its files are, so that the next step fits. Bind the value \
         (SqlParam).",
        "1 and @@version" }
    FUNCTION { "sql.rare-function", sinks: NONE, from: 2, message: 2, confidence: 70,
        "a function is called that only databases have",
        "No plain value calls EXTRACTVALUE, GROUP_CONCAT or TO_CHAR; expressions that are put in place of a value do. Bind \
         the value (SqlParam).",
        "1-extractvalue(1,2)" }
    BUILT { "sql.built-string", sinks: NONE, from: 2, message: 2, confidence: 80,
        "a string is built from character codes or hexadecimal parts",
        "CHAR(97,98) and CONCAT(0x61,…) write a string without a quote, to pass filters that look for quotes. Bind the value \
         (SqlParam).",
        "concat(char(97,98),0x63)" }
    BRANCH { "sql.branch", sinks: NONE, from: 2, message: 2, confidence: 75,
        "an expression decides between values",
        "IF(…, …, …) and CASE WHEN let the database answer a question by what it returns or how long it takes. Bind the value \
         (SqlParam).",
        "1-if(1=1,2,3)" }
    CONVERSION { "sql.conversion", sinks: NONE, from: 2, message: 2, confidence: 75,
        "a value is converted, as is done to make the error tell it",
        "CONVERT(int, …) of a text that is no number fails, and the error message quotes the text: a way to read data where \
         no rows are shown. Bind the value (SqlParam), and keep the database's messages from users.",
        "1 and 1=convert(int,user)" }
    SUBQUERY { "sql.subquery", sinks: NONE, from: 1, message: 2, confidence: 90,
        "a query stands in parentheses inside the value",
        "A subquery is computed wherever an expression may stand, and reads any table of the account. Bind the value \
         (SqlParam).",
        "1-(select count(*) from users)" }
    CLAUSE { "sql.added-clause", sinks: NONE, from: 2, message: 2, confidence: 75,
        "the statement goes on behind the value",
        "ORDER BY 5, GROUP BY … HAVING or PROCEDURE ANALYSE behind a value tell by an error how many columns there are and \
         what they are called. Bind the value (SqlParam); for the name of a column take SqlIdent.",
        "1' order by 5--" }
    HIDDEN { "sql.hidden-keyword", sinks: NONE, from: 2, message: 2, confidence: 85,
        "keywords are hidden behind comments",
        "Comments in place of spaces, in the middle of a word, or such as MySQL executes, serve to pass a filter and nothing \
         else. Bind the value (SqlParam).",
        "1/**/union/**/all" }
    JSON { "sql.json-operator", sinks: NONE, from: 2, message: 2, confidence: 80,
        "an operator for JSON columns stands between values",
        "Filters that do not know the JSON operators of databases pass conditions written with them. Bind the value \
         (SqlParam).",
        "or '{\"a\":1}' ?& array['a']" }
}
