//! Statements and their values.

use wardkit_validation::{
    Error, SqlBind, SqlDialect, SqlError, SqlIdents, SqlParam, SqlStatement, SqlValue, Untrusted,
};

/// What would end a value, or a name, in one database or another.
const PAYLOADS: &[&str] = &[
    "' OR 1=1 --",
    "\" OR \"\"=\"",
    "`; DROP TABLE x",
    "]; DROP TABLE x --",
    "\\' OR 1=1 #",
    "'; EXEC xp_cmdshell('id')--",
    "1 UNION SELECT password FROM users",
    "%' AND 1=0 UNION SELECT 1 --",
    "\0' OR 1",
    "\u{2019} OR 1=1",
    "/*!50000x*/",
    "$$; DROP TABLE x; $$",
    "?1",
    "$1",
    "@P1",
    ":name",
    "a--b",
    "E'\\''",
    "0x27",
    "",
];

#[test]
fn a_value_never_becomes_text() {
    for dialect in [SqlDialect::Sqlite, SqlDialect::Postgres, SqlDialect::Mysql, SqlDialect::Mssql]
    {
        let plain = SqlStatement::new(dialect, "SELECT a FROM b WHERE c = ").bind("x").text(";");
        for payload in PAYLOADS {
            let statement = SqlStatement::new(dialect, "SELECT a FROM b WHERE c = ")
                .bind(&Untrusted::new(*payload))
                .text(";");
            assert_eq!(statement.as_str(), plain.as_str());
            assert_eq!(statement.values().collect::<Vec<_>>(), [SqlValue::Text(payload)]);
            let bound = Untrusted::new(*payload).validate_for(&SqlBind).unwrap();
            assert_eq!(bound.value(), SqlValue::Text(payload));
        }
    }
}

#[test]
fn placeholders_and_names_are_those_of_the_dialect() {
    let names = SqlIdents::new(&["name"]).unwrap();
    let name = Untrusted::new("name").validate_for(&names).unwrap();
    let check = |dialect, expected: &str| {
        let statement =
            SqlStatement::new(dialect, "x ").ident(&name).text(" ").bind(1).text(" ").bind(2.5);
        assert_eq!(statement.as_str(), expected);
        let values: Vec<_> = statement.values().collect();
        assert_eq!(values, [SqlValue::Integer(1), SqlValue::Real(2.5)]);
    };
    check(SqlDialect::Sqlite, r#"x "name" ?1 ?2"#);
    check(SqlDialect::Postgres, r#"x "name" $1 $2"#);
    check(SqlDialect::Mysql, "x `name` ? ?");
    check(SqlDialect::Mssql, "x [name] @P1 @P2");
}

#[test]
fn every_kind_of_value_is_bound() {
    let value = |param: SqlParam| match param.value() {
        SqlValue::Null => "null".to_owned(),
        SqlValue::Blob(bytes) => format!("{bytes:?}"),
        SqlValue::Text(text) => text.to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(value(None::<i64>.into()), "null");
    assert_eq!(value(Some("a").into()), "a");
    assert_eq!(value(b"\0\xff".as_slice().into()), "[0, 255]");
    assert_eq!(value(SqlParam::containing(&Untrusted::new("50%_!"))), "%50!%!_!!%");
    assert_eq!(
        format!("{:?} {:?}", SqlParam::from("x"), SqlParam::from("x").value()),
        "SqlParam(..) SqlValue(..)"
    );
}

#[test]
fn a_name_is_one_of_the_list() {
    let names = SqlIdents::new(&["id", "created_at"]).unwrap();
    assert_eq!(Untrusted::new("id").validate_for(&names).unwrap().as_str(), "id");
    for payload in PAYLOADS.iter().chain(&["ID", "id ", "id; --", "id\0", "\"id\""]) {
        assert!(matches!(Untrusted::new(*payload).validate_for(&names), Err(Error::NotListed)));
    }
    for payload in PAYLOADS.iter().chain(&["1a", "a b", "é", &"a".repeat(64)]) {
        assert!(
            matches!(SqlIdents::new(&[payload]), Err(Error::Sql(SqlError::Ident))),
            "{payload}"
        );
    }
}

#[cfg(feature = "sql-parse")]
mod select {
    use wardkit_validation::SqlSelectRules;

    use super::*;

    fn check(text: &str) -> Result<String, SqlError> {
        let mut last = None;
        for dialect in
            [SqlDialect::Sqlite, SqlDialect::Postgres, SqlDialect::Mysql, SqlDialect::Mssql]
        {
            let outcome = match Untrusted::new(text).validate_for(&SqlSelectRules::new(dialect)) {
                Ok(select) => Ok(select.as_str().to_owned()),
                Err(Error::Sql(error)) => Err(error),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(*last.get_or_insert_with(|| outcome.clone()), outcome, "{dialect:?} {text}");
        }
        last.unwrap()
    }

    #[test]
    fn what_only_reads_is_taken() {
        for text in [
            "SELECT 1",
            "select name, count(*) from notes where id in (1, 2) group by name having count(*) > 1",
            "SELECT a FROM b JOIN c ON (b.id = c.id) WHERE a LIKE '%delete%' ORDER BY a",
            "WITH x AS (SELECT 1 AS n) SELECT n FROM x",
            "SELECT a FROM b UNION ALL SELECT a FROM c;",
            "SELECT CASE WHEN (a > 1) THEN 'x' ELSE 'y' END FROM b",
            "SELECT cast(a AS decimal(5, 2)) FROM b",
            "SELECT max(a) FROM (SELECT a FROM b) AS t",
        ] {
            assert_eq!(check(text).unwrap(), text);
        }
    }

    #[test]
    fn what_does_more_is_refused() {
        let refuse = |text: &str, expected| assert_eq!(check(text), Err(expected), "{text}");
        refuse("", SqlError::Several);
        refuse("SELECT 1; SELECT 2", SqlError::Several);
        refuse("SELECT 1 -- x", SqlError::Comment);
        refuse("SELECT /* x */ 1", SqlError::Comment);
        refuse("SELECT /*!50000 1 + */ 1", SqlError::Comment);
        // A MySQL older than 9.99.99 sees two comments, and the call between them.
        refuse("SELECT 1 /*!99999 , ' */ , sleep(9) /*!99999 ' */", SqlError::Comment);
        for dialect in [SqlDialect::Sqlite, SqlDialect::Mysql] {
            for text in ["SELECT /*!50000 sleep(9) */ 1", "SELECT \"load_extension\" ('x')"] {
                let refused = Untrusted::new(text).validate_for(&SqlSelectRules::new(dialect));
                assert!(refused.is_err(), "{dialect:?} {text}");
            }
        }
        refuse("DELETE FROM a", SqlError::Word);
        refuse("SELECT 1; DROP TABLE a", SqlError::Word);
        refuse("SELECT a INTO b FROM c", SqlError::Word);
        refuse("SELECT a FROM b INTO OUTFILE '/tmp/x'", SqlError::Word);
        refuse("WITH x AS (DELETE FROM a RETURNING b) SELECT b FROM x", SqlError::Word);
        refuse("SELECT a FROM b FOR UPDATE", SqlError::Word);
        refuse("SELECT a FROM (SELECT a FROM b FOR SHARE) AS c", SqlError::Word);
        refuse("SELECT (SELECT a FROM b FOR NO KEY UPDATE)", SqlError::Word);
        refuse("SELECT pg_read_file('/etc/passwd')", SqlError::Function);
        refuse("SELECT pg_catalog.pg_sleep(10)", SqlError::Function);
        refuse("SELECT load_file('/etc/passwd')", SqlError::Function);
        refuse("SELECT sleep\n(10)", SqlError::Function);
        refuse("SHOW TABLES", SqlError::NotSelect);
        refuse("EXPLAIN SELECT 1", SqlError::NotSelect);
        refuse("hello", SqlError::Syntax);
        refuse("SELECT 'unclosed", SqlError::Syntax);
    }

    #[test]
    fn deep_and_long_statements_are_refused() {
        let nested =
            |open: &str, close: &str| format!("SELECT {}1{}", open.repeat(400), close.repeat(400));
        for text in [
            nested("(", ")"),
            nested("(SELECT ", ")"),
            nested("NOT ", ""),
            nested("CASE WHEN ", ""),
            nested("cast(", ")"),
            nested("- ", ""),
            format!("SELECT 1{}", "+1".repeat(4000)),
            format!("SELECT 1 FROM {}a", "a JOIN ".repeat(1000)),
            format!("SELECT 1 FROM {}a", "(".repeat(900)),
        ] {
            for dialect in [SqlDialect::Sqlite, SqlDialect::Postgres, SqlDialect::Mysql] {
                let refused =
                    Untrusted::new(text.as_str()).validate_for(&SqlSelectRules::new(dialect));
                assert!(matches!(refused, Err(Error::Sql(SqlError::Syntax))), "{}", &text[..30]);
            }
        }
        // Long, and yet one statement.
        assert!(check(&format!("SELECT 1 {}", "UNION SELECT 1 ".repeat(400))).is_ok());
        assert!(check(&format!("SELECT 1{}", "+1".repeat(400))).is_ok());
        let long = format!("SELECT '{}'", "x".repeat(8192));
        let rules = SqlSelectRules::new(SqlDialect::Sqlite);
        assert!(matches!(Untrusted::new(long).validate_for(&rules), Err(Error::TooLarge { .. })));
    }
}
