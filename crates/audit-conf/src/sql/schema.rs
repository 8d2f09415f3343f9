//! Tables, their keys and indexes, over all files of a project.

use std::collections::BTreeMap;

use crate::parse::{Statement, statements};

/// What the files of a project say of tables.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) tables: BTreeMap<String, Table>,
    /// The first columns of indexes, by table: the first one alone helps a foreign key.
    indexed: Vec<(String, String)>,
}

/// A table and where it is made.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) has_key: bool,
    /// The first columns of its foreign keys.
    pub(crate) foreign: Vec<String>,
}

impl Schema {
    /// Takes in what a file says.
    pub(crate) fn read(&mut self, path: &str, text: &str) {
        for statement in &statements(text) {
            if statement.begins("CREATE") {
                self.table(statement, path, text);
                self.index(statement);
            } else if statement.begins("ALTER TABLE") {
                self.alter(statement);
            }
        }
    }

    /// Returns the foreign keys of a table that no index helps.
    pub(crate) fn unindexed(&self, name: &str, table: &Table) -> Vec<String> {
        let is_indexed =
            |column: &String| self.indexed.iter().any(|(of, first)| of == name && first == column);
        table.foreign.iter().filter(|column| !is_indexed(column)).cloned().collect()
    }

    fn table(&mut self, statement: &Statement, path: &str, text: &str) {
        let Some(at) = statement.find("TABLE", 0).filter(|at| *at < 4) else { return };
        if ["TEMP", "TEMPORARY"].iter().any(|word| statement.text(1) == *word) {
            return;
        }
        let at = if statement.find("IF NOT EXISTS", at) == Some(at + 1) { at + 4 } else { at + 1 };
        let (name, open) = statement.name(at);
        let (parts, end) = statement.parts(open);
        // `CREATE TABLE a AS SELECT`, `LIKE` and partitions have their columns elsewhere.
        if parts.is_empty()
            || statement.find("INHERITS", end.min(statement.tokens.len())).is_some()
            || statement.has("LIKE")
        {
            return;
        }
        let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..statement.at]).count();
        let mut table = Table {
            path: path.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            ..Table::default()
        };
        for part in parts {
            let has =
                |words: &str| statement.find(words, part.start).is_some_and(|at| at < part.end);
            let column = statement.text(part.start).to_lowercase();
            let columns = || listed(statement, part.start, part.end);
            if has("PRIMARY KEY") {
                table.has_key = true;
                let first = columns().unwrap_or_else(|| column.clone());
                self.indexed.push((
                    name.clone(),
                    if is_constraint(&column) { first } else { column.clone() },
                ));
            } else if has("UNIQUE") || matches!(column.as_str(), "index" | "key") {
                let first = if is_constraint(&column) {
                    columns().unwrap_or_default()
                } else {
                    column.clone()
                };
                self.indexed.push((name.clone(), first));
            }
            if has("REFERENCES") {
                let first = if is_constraint(&column) { columns() } else { Some(column) };
                table.foreign.extend(first);
            }
        }
        // MySQL makes the index of a foreign key by itself.
        if statement.has("ENGINE") {
            table.foreign.clear();
        }
        self.tables.entry(name).or_insert(table);
    }

    fn index(&mut self, statement: &Statement) {
        if !statement.begins("CREATE INDEX") && !statement.begins("CREATE UNIQUE INDEX") {
            return;
        }
        let Some(on) = statement.find("ON", 0) else { return };
        let on = on + usize::from(statement.text(on + 1) == "ONLY");
        let (table, mut open) = statement.name(on + 1);
        if statement.text(open) == "USING" {
            open += 2;
        }
        if statement.text(open) == "(" {
            self.indexed.push((table, statement.text(open + 1).to_lowercase()));
        }
    }

    fn alter(&mut self, statement: &Statement) {
        let mut at = 2;
        for words in ["IF EXISTS", "ONLY"] {
            if statement.find(words, at) == Some(at) {
                at += words.split(' ').count();
            }
        }
        let (name, at) = statement.name(at);
        let end = statement.tokens.len();
        if let Some(key) = statement.find("PRIMARY KEY", at) {
            if let Some(table) = self.tables.get_mut(&name) {
                table.has_key = true;
            }
            self.indexed.extend(listed(statement, key, end).map(|first| (name.clone(), first)));
        }
        if let Some(key) = statement.find("UNIQUE", at) {
            self.indexed.extend(listed(statement, key, end).map(|first| (name.clone(), first)));
        }
        if let Some(key) = statement.find("FOREIGN KEY", at)
            && let Some(table) = self.tables.get_mut(&name)
        {
            table.foreign.extend(listed(statement, key, end));
        }
    }
}

/// Returns the first name in the first parentheses.
fn listed(statement: &Statement, from: usize, end: usize) -> Option<String> {
    let open = statement.find("(", from).filter(|open| *open < end)?;
    Some(statement.text(open + 1).to_lowercase())
}

fn is_constraint(word: &str) -> bool {
    matches!(
        word,
        "constraint" | "primary" | "foreign" | "unique" | "index" | "key" | "check" | "exclude"
    )
}
