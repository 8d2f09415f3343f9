//! The store of services.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, params};
use wardkit_supervise::{Desired, Maintenance, Record};

use crate::Error;
use crate::database::{self, Layout, is_damage};

/// What is kept of services, in a database of SQLite.
///
/// A commit survives the death of the program; one that changes what is wanted of a service, or who leaves it alone,
/// also survives a loss of power. A database that is damaged, removed or replaced is put aside and made anew with all
/// that can be read of it, even while it is used, and [`take_damage`](Self::take_damage) says so: a supervisor that
/// cannot write does not restart anything. One that a newer version of the program wrote is left alone.
///
/// It waits a quarter of a second for another program that holds the database; then the commit fails, and can be tried
/// again.
///
/// ```
/// use wardkit_sqlite::{ServiceChange, ServiceStore};
/// use wardkit_supervise::{Action, Config, Host, Input, Now, ServiceSpec, Supervisor};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let mut store = ServiceStore::open(&dir.join("state.sqlite"))?;
/// let config = Config::new([ServiceSpec::new("bot", ["/usr/bin/bot"])]);
/// let mut supervisor =
///     Supervisor::new(config, store.load()?, Now::default(), Host::new("boot 1", 7));
/// for action in supervisor.step(Now::default(), Input::Tick) {
///     if let Action::Keep(record) = action {
///         store.commit([ServiceChange::Keep(&record)])?;
///     }
/// }
/// assert_eq!(store.load()?[0].service, "bot");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ServiceStore {
    path: PathBuf,
    connection: Connection,
    damage: Option<String>,
    /// What is wanted of each service of which it is not the usual.
    wishes: HashMap<String, Wish>,
    /// What the connection is set to.
    durability: Durability,
    /// How many commits the log has that the database has not.
    ahead: u32,
    /// The file that the connection holds, by device and number.
    file: (u64, u64),
}

/// What is to be changed of what is kept of services.
///
/// Exhaustive on purpose: something is kept, or it is not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ServiceChange<'a> {
    /// Keep this over whatever is kept of the service.
    Keep(&'a Record),
    /// Keep nothing of this service any more.
    Forget(&'a str),
}

/// What of a record must outlive a loss of power.
type Wish = (Desired, Option<Maintenance>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    Full,
    Relaxed,
}

impl ServiceStore {
    /// Opens the database, and makes one if there is none or what there is cannot be used.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written, is held by another program, was written by a newer version, or a damaged one
    /// cannot be put aside.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (connection, damage) = database::open(path, &LAYOUT)?;
        let file = database::identity(path)
            .map_err(|error| Error::Open { path: path.to_owned(), source: error.into() })?;
        let mut store = Self {
            path: path.to_owned(),
            connection,
            damage,
            wishes: HashMap::new(),
            durability: Durability::Full,
            ahead: 0,
            file,
        };
        if let Err(error) = store.read() {
            if !is_damage(&error) {
                return Err(store.cannot_read(error));
            }
            store.rebuild(&error.to_string())?;
        }
        Ok(store)
    }

    /// Returns all records, by name. Those that cannot be read are left out, and count as damage.
    ///
    /// # Errors
    ///
    /// When the database cannot be read.
    pub fn load(&mut self) -> Result<Vec<Record>, Error> {
        match self.read() {
            Err(error) if is_damage(&error) => {
                self.rebuild(&error.to_string())?;
                self.read().map_err(|error| self.cannot_read(error))
            }
            read => read.map_err(|error| self.cannot_read(error)),
        }
    }

    /// Makes changes in this order, all of them or none.
    ///
    /// # Errors
    ///
    /// When they cannot be written; nothing is changed then.
    pub fn commit<'a>(
        &mut self,
        changes: impl IntoIterator<Item = ServiceChange<'a>>,
    ) -> Result<(), Error> {
        let changes: Vec<ServiceChange<'_>> = changes.into_iter().collect();
        // Whoever moves or removes it leaves a file that this connection goes on to write and no restart finds.
        if self.is_taken_away() {
            self.rebuild("it was taken away while it was used")?;
        }
        let written = match self.write(&changes) {
            Err(error) if is_damage(&error) => {
                self.rebuild(&error.to_string())?;
                self.write(&changes)
            }
            Err(error) if has_no_room(&error) => {
                // What the log holds has its place in the database already: after that the log is written from its
                // beginning, which takes no room.
                let restart = "PRAGMA wal_checkpoint(RESTART)";
                let _ = self.connection.query_row(restart, [], |_| Ok(()));
                self.write(&changes)
            }
            written => written,
        };
        written.map_err(|error| self.cannot_write(error))
    }

    /// Returns what was wrong with the database, for people, once.
    #[must_use]
    pub fn take_damage(&mut self) -> Option<String> {
        self.damage.take()
    }

    /// Carries the log over into the database when it has become long. Call it while nothing else is to do.
    pub fn rest(&mut self) {
        if self.ahead < AHEAD {
            return;
        }
        // What cannot be done now is done at the next rest, or by a commit once the log is long.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        self.ahead = 0;
    }

    fn read(&mut self) -> rusqlite::Result<Vec<Record>> {
        let (mut records, mut unreadable) = (Vec::new(), Vec::new());
        {
            let sql = "SELECT number, name, sum, record FROM service ORDER BY name";
            let mut select = self.connection.prepare_cached(sql)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let (number, sum): (i64, i64) = (row.get(0)?, row.get(2)?);
                let (name, text) = (row.get_ref(1)?.as_bytes()?, row.get_ref(3)?.as_bytes()?);
                let record = serde_json::from_slice::<Record>(text).ok();
                match record.filter(|one| sum == sum_of(text) && one.service.as_bytes() == name) {
                    Some(record) => records.push(record),
                    None => unreadable.push((number, String::from_utf8_lossy(name).into_owned())),
                }
            }
        }
        let wishes = records.iter().filter_map(|one| Some((one.service.clone(), wish(one)?)));
        self.wishes = wishes.collect();
        for (number, name) in unreadable {
            self.add_damage(format!("what was kept of the service {name:?} cannot be read"));
            // Nothing is to be had of it, and it would be told at each start.
            self.connection.execute("DELETE FROM service WHERE number = ?1", [number])?;
        }
        Ok(records)
    }

    fn write(&mut self, changes: &[ServiceChange<'_>]) -> rusqlite::Result<()> {
        let wishes = self.new_wishes(changes);
        self.set(if wishes.is_empty() { Durability::Relaxed } else { Durability::Full })?;
        let transaction = self.connection.transaction()?;
        {
            let mut keep = transaction.prepare_cached(
                "INSERT INTO service (name, sum, record) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET sum = ?2, record = ?3",
            )?;
            let mut forget = transaction.prepare_cached("DELETE FROM service WHERE name = ?1")?;
            for change in changes {
                match change {
                    ServiceChange::Keep(record) => {
                        let text = serde_json::to_string(record).map_err(|error| {
                            rusqlite::Error::ToSqlConversionFailure(error.into())
                        })?;
                        keep.execute(params![record.service, sum_of(text.as_bytes()), text])?;
                    }
                    ServiceChange::Forget(name) => {
                        forget.execute([name])?;
                    }
                }
            }
        }
        transaction.commit()?;
        self.ahead = self.ahead.saturating_add(1);
        for (name, wish) in wishes {
            match wish {
                Some(wish) => self.wishes.insert(name, wish),
                None => self.wishes.remove(&name),
            };
        }
        Ok(())
    }

    /// Returns what is now wanted of those of which it was something else before.
    fn new_wishes(&self, changes: &[ServiceChange<'_>]) -> HashMap<String, Option<Wish>> {
        let mut new = HashMap::new();
        for change in changes {
            let (name, wish) = match change {
                ServiceChange::Keep(record) => (&*record.service, wish(record)),
                ServiceChange::Forget(name) => (*name, None),
            };
            if self.wishes.get(name) != wish.as_ref() || new.contains_key(name) {
                new.insert(name.to_owned(), wish);
            }
        }
        new
    }

    fn set(&mut self, durability: Durability) -> rusqlite::Result<()> {
        if self.durability != durability {
            let level = match durability {
                Durability::Full => "FULL",
                Durability::Relaxed => "NORMAL",
            };
            self.connection.execute_batch(&format!("PRAGMA synchronous = {level};"))?;
            self.durability = durability;
        }
        Ok(())
    }

    fn is_taken_away(&self) -> bool {
        match database::identity(&self.path) {
            Ok(file) => file != self.file,
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }

    /// Puts what lies there aside and begins anew with what can be read of it, or else of what the connection holds.
    fn rebuild(&mut self, reason: &str) -> Result<(), Error> {
        let failed =
            |error: rusqlite::Error| Error::Open { path: self.path.clone(), source: error.into() };
        let nothing = Connection::open_in_memory().map_err(failed)?;
        let is_taken_away = self.is_taken_away();
        let old = std::mem::replace(&mut self.connection, nothing);
        // A damaged file must be closed before it is moved; one that was taken away is only to be had from here.
        let old = is_taken_away.then_some(old);
        let (mut connection, what) = database::replace(&self.path, reason, &LAYOUT)?;
        if let Some(old) = old {
            database::salvage(&old, &mut connection, &LAYOUT);
        }
        self.connection = connection;
        self.durability = Durability::Full;
        self.file = database::identity(&self.path)
            .map_err(|error| Error::Open { path: self.path.clone(), source: error.into() })?;
        self.add_damage(what);
        Ok(())
    }

    fn add_damage(&mut self, what: String) {
        self.damage = Some(match self.damage.take() {
            Some(damage) => format!("{damage}; {what}"),
            None => what,
        });
    }

    fn cannot_read(&self, error: rusqlite::Error) -> Error {
        Error::Read { path: self.path.clone(), source: error.into() }
    }

    fn cannot_write(&self, error: rusqlite::Error) -> Error {
        Error::Write { path: self.path.clone(), source: error.into() }
    }
}

impl fmt::Debug for ServiceStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Returns what is wanted of a service; nothing where it is the usual: that it runs and is looked after.
fn wish(record: &Record) -> Option<Wish> {
    let is_usual = record.desired == Desired::Up && record.maintenance.is_none();
    (!is_usual).then(|| (record.desired, record.maintenance.clone()))
}

/// Returns whether it may be that the disk is full or the file may not grow.
fn has_no_room(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure))
}

/// Returns what tells that a text is the one that was written: SQLite does not notice a bit that flips in a row.
fn sum_of(text: &[u8]) -> i64 {
    let fnv = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.iter().copied().fold(0xcbf2_9ce4_8422_2325, fnv).cast_signed()
}

/// For a few commits the log need not be carried over into the database.
const AHEAD: u32 = 200;
/// A log of 8 MiB makes a commit wait until it is carried over; that is thousands of restarts without a rest.
const LAYOUT: Layout = Layout {
    version: 1,
    settings: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -256; \
        PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 1048576; PRAGMA trusted_schema = OFF;",
    schema: "BEGIN;
        CREATE TABLE service (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
            sum INTEGER NOT NULL, record TEXT NOT NULL) STRICT;
        PRAGMA user_version = 1;
        COMMIT;",
    tables: &[("service", &["number"])],
};
