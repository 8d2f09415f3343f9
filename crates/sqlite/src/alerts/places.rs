//! Where the records lie.

use std::collections::HashMap;

use rusqlite::Connection;
use wardkit_alerting::Space;

/// The rows of the records, by whose they are.
#[derive(Debug, Default)]
pub(super) struct Places {
    rows: HashMap<Name, i64>,
    /// What the batch that is being written changed, for when it is not kept.
    before: Vec<(Name, Option<i64>)>,
}

/// The space and the key of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    /// A key of sixteen digits, as alerts, groups and incidents have: nearly all.
    Number(Space, u64),
    Text(Space, Box<str>),
}

impl Places {
    /// Looks where they lie. Of two with one name, which only damage leaves behind, the older goes.
    pub(super) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let mut select = db.prepare("SELECT number, space, key FROM record ORDER BY number")?;
        let mut rows = select.query([])?;
        let mut places = Self::default();
        let mut older = Vec::new();
        while let Some(row) = rows.next()? {
            let (space, key): (String, String) = (row.get(1)?, row.get(2)?);
            // Those of a space that this version does not know stay where they are.
            if let Some(space) = Space::ALL.into_iter().find(|one| one.as_str() == space) {
                older.extend(places.rows.insert(Name::of(space, &key), row.get(0)?));
            }
        }
        for number in older {
            db.execute("DELETE FROM record WHERE number = ?1", [number])?;
        }
        Ok(places)
    }

    pub(super) fn of(&self, space: Space, key: &str) -> Option<i64> {
        self.rows.get(&Name::of(space, key)).copied()
    }

    pub(super) fn set(&mut self, space: Space, key: &str, row: Option<i64>) {
        let name = Name::of(space, key);
        let before = match row {
            Some(row) => self.rows.insert(name.clone(), row),
            None => self.rows.remove(&name),
        };
        self.before.push((name, before));
    }

    /// Takes note that the batch was kept.
    pub(super) fn kept(&mut self) {
        self.before.clear();
    }

    /// Takes back what the batch changed: it was not kept.
    pub(super) fn undo(&mut self) {
        for (name, before) in self.before.drain(..).rev() {
            match before {
                Some(row) => self.rows.insert(name, row),
                None => self.rows.remove(&name),
            };
        }
    }
}

impl Name {
    fn of(space: Space, key: &str) -> Self {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let number = (key.len() == 16 && key.bytes().all(digit))
            .then(|| u64::from_str_radix(key, 16).ok())
            .flatten();
        number.map_or_else(|| Self::Text(space, key.into()), |number| Self::Number(space, number))
    }
}
