//! Opens an SQLite database for reading and looks into it.

use std::fs;
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle, OpenFlags};
use tokio::sync::oneshot;

use super::Place;
use crate::{Outcome, SqliteTarget};

pub(super) async fn ask(target: &SqliteTarget, timeout: Duration, place: &Place) -> Outcome {
    let (sender, receiver) = oneshot::channel();
    // Dropped at the deadline, before the look has come back: it ends, and the thread with it.
    let _interrupt = Interrupt(receiver);
    let target = target.clone();
    match place.block(move || look(&target, timeout, sender)).await {
        Ok(()) => Outcome::Passed,
        Err(reason) => Outcome::failed(reason),
    }
}

struct Interrupt(oneshot::Receiver<InterruptHandle>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        if let Ok(handle) = self.0.try_recv() {
            handle.interrupt();
        }
    }
}

fn look(
    target: &SqliteTarget,
    timeout: Duration,
    interrupt: oneshot::Sender<InterruptHandle>,
) -> Result<(), String> {
    let path = target.path.display();
    let found = fs::metadata(&target.path).map_err(|error| format!("{path}: {error}"))?;
    // Opening a named pipe would wait for somebody to write.
    if !found.is_file() {
        return Err(format!("{path} is no file"));
    }
    let wrong = |error: rusqlite::Error| format!("{path}: {error}");
    // Without the flag that creates it: a database that is gone must not come back empty.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(&target.path, flags).map_err(wrong)?;
    database.busy_timeout(timeout).map_err(wrong)?;
    if interrupt.send(database.get_interrupt_handle()).is_err() {
        return Err("nobody waits for it any longer".to_owned());
    }
    if target.quick_check {
        let said: String =
            database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(wrong)?;
        return if said == "ok" { Ok(()) } else { Err(format!("{path} is damaged: {said}")) };
    }
    let schema = "SELECT count(*) FROM sqlite_schema";
    database.query_row(schema, [], |row| row.get::<_, i64>(0)).map(drop).map_err(wrong)
}
