//! Between rows and what they mean.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wardkit_alerting::{
    ChannelId, HistoryRow, MessageHead, MessageState, Record, Space, Transition,
};
use wardkit_core::{Labels, Timestamp};

/// The columns of a message, as [`head_of`] reads them.
pub(super) const MESSAGE: &str = "sequence, key, channel, receiver, person, incident, kind, \
    condition, urgency, queued_at, expires_at, state, attempts, at, reason, origin";

/// Reads a message; none when it says what this version does not know.
pub(super) fn head_of(row: &Row<'_>) -> rusqlite::Result<Option<MessageHead>> {
    let (key, channel) = (text_as(row, 1)?, text_as::<ChannelId>(row, 2)?);
    let (kind, condition, urgency) = (text_as(row, 6)?, text_as(row, 7)?, text_as(row, 8)?);
    let state: u8 = row.get(11)?;
    // It is stored where it is another one only.
    let origin = match row.get_ref(15)? {
        ValueRef::Null => channel.clone(),
        _ => text_as(row, 15)?,
    };
    let (
        Some(key),
        Some(channel),
        Some(origin),
        Some(kind),
        Some(condition),
        Some(urgency),
        Some(state),
    ) = (
        key,
        channel,
        origin,
        kind,
        condition,
        urgency,
        MessageState::ALL.get(usize::from(state)).copied(),
    )
    else {
        return Ok(None);
    };
    Ok(Some(MessageHead {
        sequence: number_of(row.get(0)?),
        key,
        channel,
        origin,
        receiver: row.get(3)?,
        person: row.get(4)?,
        incident: row.get(5)?,
        kind,
        condition,
        urgency,
        queued_at: Timestamp::from_unix_nanos(row.get(9)?),
        expires_at: Timestamp::from_unix_nanos(row.get(10)?),
        state,
        attempts: row.get(12)?,
        at: Timestamp::from_unix_nanos(row.get(13)?),
        reason: row.get(14)?,
    }))
}

/// Reads a record; none when it belongs to a space that this version does not know.
pub(super) fn record_of(row: &Row<'_>) -> rusqlite::Result<Option<Record>> {
    let space: String = row.get(0)?;
    let Some(space) = Space::ALL.into_iter().find(|one| one.as_str() == space) else {
        return Ok(None);
    };
    Ok(Some(Record { space, key: row.get(1)?, value: Some(row.get(2)?) }))
}

pub(super) fn row_of(row: &Row<'_>) -> rusqlite::Result<HistoryRow> {
    let labels: String = row.get(7)?;
    let mut transition = Transition::new(
        Timestamp::from_unix_nanos(row.get(1)?),
        row.get::<_, String>(2)?,
        row.get::<_, String>(3)?,
    );
    transition.incident = row.get(4)?;
    transition.by = row.get(5)?;
    transition.why = row.get(6)?;
    // Labels that cannot be read are no reason to hide what happened.
    transition.labels = serde_json::from_str::<Labels>(&labels).unwrap_or_default();
    Ok(HistoryRow { number: number_of(row.get(0)?), transition })
}

pub(super) fn labels_text(labels: &Labels) -> String {
    serde_json::to_string(labels).unwrap_or_default()
}

/// Returns the number of a state, which is part of the stored format.
pub(super) const fn state_number(state: MessageState) -> u8 {
    state as u8
}

/// Returns the word of a kind, a condition or an urgency, as their formats have it.
pub(super) fn word_of<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

pub(super) fn number_of(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

fn text_as<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: String = row.get(column)?;
    Ok(serde_json::from_value(serde_json::Value::String(text)).ok())
}
