//! Writes a batch.

use rusqlite::{Connection, params};
use wardkit_alerting::{Batch, Message, MessageState, MessageUpdate, Record, Transition};

use super::places::Places;
use super::{rows, to_stored};

pub(super) fn batch(db: &Connection, places: &mut Places, batch: &Batch) -> rusqlite::Result<()> {
    write_records(db, places, &batch.records)?;
    write_messages(db, &batch.messages)?;
    write_updates(db, &batch.updates)?;
    write_history(db, &batch.transitions)
}

fn write_records(db: &Connection, places: &mut Places, records: &[Record]) -> rusqlite::Result<()> {
    places.kept();
    if records.is_empty() {
        return Ok(());
    }
    let mut put =
        db.prepare_cached("INSERT INTO record (space, key, value) VALUES (?1, ?2, ?3)")?;
    let mut change = db.prepare_cached("UPDATE record SET value = ?2 WHERE number = ?1")?;
    let mut delete = db.prepare_cached("DELETE FROM record WHERE number = ?1")?;
    for Record { space, key, value } in records {
        let place = places.of(*space, key);
        match (value, place) {
            (None, None) => {}
            (None, Some(number)) => {
                delete.execute([number])?;
                places.set(*space, key, None);
            }
            (Some(value), _) => {
                // One that somebody deleted by hand is put again.
                let there = place.map(|number| change.execute(params![number, value]));
                if there.transpose()?.unwrap_or(0) == 0 {
                    let number = put.insert(params![space.as_str(), key, value])?;
                    places.set(*space, key, Some(number));
                }
            }
        }
    }
    Ok(())
}

fn write_messages(db: &Connection, messages: &[Message]) -> rusqlite::Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let mut put = db.prepare_cached(
        "INSERT OR REPLACE INTO message VALUES
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, NULL, ?16)",
    )?;
    let mut body = db.prepare_cached("INSERT OR REPLACE INTO payload VALUES (?1, ?2)")?;
    let mut text = Vec::new();
    for Message { head, notification } in messages {
        put.execute(params![
            to_stored(head.sequence),
            head.key.as_str(),
            head.channel.as_str(),
            head.receiver,
            head.person,
            head.incident,
            rows::word_of(&head.kind),
            rows::word_of(&head.condition),
            rows::word_of(&head.urgency),
            head.queued_at.as_unix_nanos(),
            head.expires_at.as_unix_nanos(),
            rows::state_number(head.state),
            head.attempts,
            head.at.as_unix_nanos(),
            head.reason,
            (head.origin != head.channel).then(|| head.origin.as_str()),
        ])?;
        text.clear();
        serde_json::to_writer(&mut text, notification)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        body.execute(params![to_stored(head.sequence), text])?;
    }
    Ok(())
}

fn write_updates(db: &Connection, updates: &[MessageUpdate]) -> rusqlite::Result<()> {
    if updates.is_empty() {
        return Ok(());
    }
    let mut update = db.prepare_cached(
        "UPDATE message SET channel = ?2, state = ?3, attempts = ?4, at = ?5, expires_at = ?6,
             reason = ?7, superseded_by = coalesce(?8, superseded_by),
             origin = coalesce(origin, nullif(channel, ?2)) WHERE sequence = ?1",
    )?;
    let mut receipt = db.prepare_cached(
        "INSERT OR REPLACE INTO receipt SELECT ?2, incident, ?3, ?4 FROM message
         WHERE sequence = ?1",
    )?;
    let mut forget = db.prepare_cached("DELETE FROM payload WHERE sequence = ?1")?;
    for one in updates {
        let sequence = to_stored(one.sequence);
        update.execute(params![
            sequence,
            one.channel.as_str(),
            rows::state_number(one.state),
            one.attempts,
            one.at.as_unix_nanos(),
            one.expires_at.as_unix_nanos(),
            one.reason,
            one.superseded_by.map(to_stored),
        ])?;
        if let Some(text) = &one.receipt {
            let at = one.at.as_unix_nanos();
            receipt.execute(params![sequence, one.channel.as_str(), text, at])?;
        }
        // What was said or called back is not said again; what is dead may be, what is superseded is part of a newer.
        if matches!(one.state, MessageState::Sent | MessageState::Cancelled) {
            forget.execute([sequence])?;
        }
    }
    Ok(())
}

fn write_history(db: &Connection, transitions: &[Transition]) -> rusqlite::Result<()> {
    if transitions.is_empty() {
        return Ok(());
    }
    let mut put = db.prepare_cached(
        "INSERT INTO history (at, what, subject, incident, by, why, labels)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for one in transitions {
        let labels = (!one.labels.is_empty()).then(|| rows::labels_text(&one.labels));
        put.execute(params![
            one.at.as_unix_nanos(),
            one.what,
            one.subject,
            one.incident,
            one.by,
            one.why,
            labels.unwrap_or_default(),
        ])?;
    }
    Ok(())
}
