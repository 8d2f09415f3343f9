//! Whether a database has the tables that this program makes.

use rusqlite::Connection;

/// Checks that all tables and indexes are there as `schema` makes them; says what is not.
///
/// A flipped bit in the name of a column, or a table that another program left behind under the right version, passes
/// the check of `SQLite` and would fail later, at every question. What somebody added is left alone.
pub(crate) fn check(connection: &Connection, schema: &str) -> Result<(), String> {
    let expected = Connection::open_in_memory().and_then(|fresh| {
        fresh.execute_batch(schema)?;
        definitions(&fresh)
    });
    let expected = expected.map_err(|error| error.to_string())?;
    let found = definitions(connection).map_err(|error| error.to_string())?;
    match expected.iter().find(|definition| !found.contains(definition)) {
        Some((name, _)) => Err(format!("{name} is not there as this program makes it")),
        None => Ok(()),
    }
}

/// The names and texts of tables and indexes.
fn definitions(connection: &Connection) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut select = connection.prepare("SELECT name, sql FROM sqlite_schema")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
