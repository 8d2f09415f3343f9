//! What a migration does to a database that is in use.

use std::collections::BTreeSet;

use crate::found::Judged;
use crate::parse::Statement;

/// Whether a file changes a database, rather than making it.
pub(crate) fn is_migration(path: &str, text: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    let is_numbered = name.starts_with(|c: char| c.is_ascii_digit()) && name.contains(['_', '-'])
        || name.starts_with('v') && name.contains("__");
    lower.contains("migrat")
        || lower.contains("alembic")
        || is_numbered
        || name.contains(".up.")
        || UPS.iter().any(|mark| text.contains(mark))
}

/// Whether a file is the way back.
pub(crate) fn is_down(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    let is_undo = name.starts_with('u') && name.contains("__");
    ["down", "revert", "rollback", "undo"].iter().any(|word| name.contains(word)) || is_undo
}

/// Whether a file with marks has a down part; `None` when it has no marks.
pub(crate) fn has_down_part(text: &str) -> Option<bool> {
    UPS.iter().any(|mark| text.contains(mark)).then(|| DOWNS.iter().any(|mark| text.contains(mark)))
}

pub(super) fn judge(all: &[Statement], judged: &mut Judged<'_>) {
    let end =
        DOWNS.iter().filter_map(|mark| judged.text.find(mark)).min().unwrap_or(judged.text.len());
    let of_other = ["ENGINE=", "AUTO_INCREMENT", "AUTOINCREMENT", "PRAGMA ", "`"];
    let is_postgres = !of_other.iter().any(|sign| judged.text.contains(sign));
    let mut made = BTreeSet::new();
    for statement in all.iter().filter(|statement| statement.at < end) {
        if statement.begins("CREATE")
            && let Some(at) = statement.find("TABLE", 0).filter(|at| *at < 4)
        {
            made.insert(statement.name(behind_exists(statement, at + 1)).0);
        }
        let mut tell = |id: &str, current: String| {
            judged.fail(id, statement.at..statement.end, current.clone(), current);
        };
        if let Some(current) = destroys(statement, &made) {
            tell("mig-destructive", current);
        }
        if let Some(current) = locks(statement, &made, is_postgres) {
            tell("mig-lock-heavy", current);
        }
    }
}

fn behind_exists(statement: &Statement, at: usize) -> usize {
    let after = ["IF NOT EXISTS", "IF EXISTS", "ONLY"]
        .iter()
        .find(|words| statement.find(words, at) == Some(at));
    at + after.map_or(0, |words| words.split(' ').count())
}

fn destroys(statement: &Statement, made: &BTreeSet<String>) -> Option<String> {
    for what in ["DROP TABLE", "DROP SCHEMA", "DROP DATABASE", "TRUNCATE TABLE", "TRUNCATE"] {
        if statement.begins(what) {
            let (name, _) = statement.name(behind_exists(statement, what.split(' ').count()));
            return (!made.contains(&name)).then(|| format!("{what} {name}."));
        }
    }
    if statement.begins("DELETE FROM") && !statement.has("WHERE") {
        return Some(format!("DELETE FROM {} without WHERE.", statement.name(2).0));
    }
    let (table, at) = altered(statement)?;
    let is_column = statement.has("DROP COLUMN")
        || statement.find("DROP", at).is_some_and(|at| {
            !matches!(
                statement.text(at + 1),
                "CONSTRAINT"
                    | "DEFAULT"
                    | "NOT"
                    | "INDEX"
                    | "FOREIGN"
                    | "PRIMARY"
                    | "CHECK"
                    | "KEY"
                    | "IDENTITY"
                    | "EXPRESSION"
                    | "PARTITION"
                    | "TRIGGER"
                    | ""
            )
        });
    (is_column && !made.contains(&table)).then(|| format!("A column of {table} is dropped."))
}

/// Returns the table that an `ALTER TABLE` is about, and the token behind its name.
fn altered(statement: &Statement) -> Option<(String, usize)> {
    if !statement.begins("ALTER TABLE") {
        return None;
    }
    let at = behind_exists(statement, 2);
    Some(statement.name(behind_exists(statement, at)))
}

fn locks(statement: &Statement, made: &BTreeSet<String>, is_postgres: bool) -> Option<String> {
    if let Some((table, at)) = altered(statement) {
        return if made.contains(&table) {
            None
        } else {
            alters(statement, &table, at, is_postgres)
        };
    }
    let is_index = statement.begins("CREATE INDEX") || statement.begins("CREATE UNIQUE INDEX");
    if is_index && is_postgres && !statement.has("CONCURRENTLY") {
        let table =
            statement.find("ON", 0).map(|at| statement.name(behind_exists(statement, at + 1)).0)?;
        return (!made.contains(&table))
            .then(|| format!("An index of {table} is made while nobody may write."));
    }
    if statement.begins("UPDATE") && !statement.has("WHERE") {
        let (table, _) = statement.name(1);
        return (!made.contains(&table))
            .then(|| format!("Every row of {table} is written in one transaction."));
    }
    let whole = ["LOCK TABLE", "VACUUM FULL", "CLUSTER"];
    let found = whole.iter().find(|words| is_postgres && statement.begins(words));
    found.map(|words| format!("{words} keeps everybody out."))
}

fn alters(statement: &Statement, table: &str, at: usize, is_postgres: bool) -> Option<String> {
    let adds = statement.find("ADD COLUMN", at).or_else(|| {
        let at = statement.find("ADD", at)?;
        (!matches!(
            statement.text(at + 1),
            "CONSTRAINT" | "PRIMARY" | "FOREIGN" | "CHECK" | "UNIQUE" | "INDEX" | "KEY"
        ))
        .then_some(at)
    });
    let is_required = statement.find("NOT NULL", at).is_some();
    let is_filled =
        ["DEFAULT", "GENERATED", "SERIAL", "BIGSERIAL"].iter().any(|word| statement.has(word));
    if adds.is_some() && is_required && !is_filled {
        return Some(format!("{table} gets a column that is NOT NULL and has no DEFAULT."));
    }
    if !is_postgres {
        return None;
    }
    let is_volatile =
        ["GEN_RANDOM_UUID", "UUID_GENERATE_V4", "RANDOM", "CLOCK_TIMESTAMP", "NEXTVAL"]
            .iter()
            .any(|word| statement.has(word));
    if adds.is_some() && is_volatile {
        return Some(format!("{table} is rewritten for a DEFAULT that differs by row."));
    }
    if statement.find("ALTER COLUMN", at).is_some()
        && (statement.has("TYPE") || statement.has("SET DATA TYPE"))
    {
        return Some(format!("{table} is rewritten for another type."));
    }
    if statement.has("SET NOT NULL") {
        return Some(format!("{table} is read from end to end for SET NOT NULL."));
    }
    let is_checked =
        statement.has("ADD CONSTRAINT") && (statement.has("FOREIGN KEY") || statement.has("CHECK"));
    if is_checked && !statement.has("NOT VALID") {
        return Some(format!("{table} is read from end to end for a constraint."));
    }
    None
}

const UPS: [&str; 4] = ["-- +goose Up", "-- +migrate Up", "-- migrate:up", "-- +up"];
const DOWNS: [&str; 4] = ["-- +goose Down", "-- +migrate Down", "-- migrate:down", "-- +down"];
