//! The store of alerting, against the one in memory.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_alerting::{
    Batch, ChannelId, Condition, Durability, Fingerprint, HistoryQuery, Kind, MemoryStore, Message,
    MessageHead, MessageQuery, MessageState, MessageUpdate, Notification, NotificationKey,
    NotifiedAlert, Record, Space, Store, Transition, Urgency,
};
use wardkit_core::{Labels, Timestamp};
use wardkit_sqlite::AlertStore;

pub(crate) fn open(dir: &Path) -> AlertStore {
    AlertStore::open(&dir.join("alerts.sqlite")).unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000 + seconds)
}

pub(crate) fn message(sequence: u64, incident: &str, queued: i64) -> Message {
    let labels = Labels::from_pairs([("alertname", incident), ("text", "ü\n\"")]).unwrap();
    let key = NotificationKey::new(&[&sequence.to_string()]);
    let channel = ChannelId::new("web", "webhook", 0);
    let alert = NotifiedAlert {
        fingerprint: Fingerprint::of(&labels),
        condition: Condition::Firing,
        labels: labels.clone(),
        annotations: [("summary".to_owned(), "it is down".to_owned())].into(),
        starts_at: at(0),
        ends_at: None,
        generator_url: String::new(),
    };
    let notification = Notification {
        key: key.clone(),
        kind: Kind::Escalation,
        receiver: "web".to_owned(),
        channel: channel.clone(),
        person: Some("alice".to_owned()),
        incident: incident.to_owned(),
        group_key: "{}:{}".to_owned(),
        group_labels: labels,
        alerts: vec![alert],
        truncated: 3,
        urgency: Urgency::Critical,
        at: at(queued),
        max_age: Duration::from_secs(90),
    };
    let head = MessageHead {
        sequence,
        key,
        channel: channel.clone(),
        origin: channel,
        receiver: "web".to_owned(),
        person: Some("alice".to_owned()),
        incident: incident.to_owned(),
        kind: Kind::Escalation,
        condition: Condition::Firing,
        urgency: Urgency::Critical,
        queued_at: at(queued),
        expires_at: at(queued + 90),
        state: MessageState::Queued,
        attempts: 0,
        at: at(queued),
        reason: String::new(),
    };
    Message { head, notification }
}

pub(crate) fn transition(what: &str, incident: &str, seconds: i64) -> Transition {
    let mut one = Transition::new(at(seconds), what, format!("subject {seconds}"));
    incident.clone_into(&mut one.incident);
    one.labels = Labels::from_pairs([("host", "a")]).unwrap();
    one
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Batch, Durability),
    Prune(i64),
    Reopen,
    Rebuild(Batch),
}

fn any_batch() -> impl Strategy<Value = Batch> {
    let space = prop::sample::select(Space::ALL.to_vec());
    let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..4));
    let record =
        (space, "[abü]", value).prop_map(|(space, key, value)| Record { space, key, value });
    let message = (1..9_u64, "[ab]", 0..50_i64)
        .prop_map(|(sequence, incident, queued)| message(sequence, &incident, queued));
    let state = prop::sample::select(MessageState::ALL.to_vec());
    let by = prop::option::of(1..9_u64);
    let update = (1..9_u64, state, 0..50_i64, by, prop::option::of("[xy]")).prop_map(
        |(sequence, state, seconds, by, receipt)| MessageUpdate {
            sequence,
            channel: ChannelId::new("mail", "email", 1),
            state,
            attempts: 2,
            at: at(seconds),
            expires_at: at(seconds + 7),
            reason: "because".to_owned(),
            receipt,
            // Whoever supersedes is newer.
            superseded_by: by.filter(|by| *by > sequence),
        },
    );
    let what = prop::sample::select(vec!["alert.fired", "delivery.sent", "delivery.dead"]);
    let transition = (what, "[ab]?", 0..50_i64)
        .prop_map(|(what, incident, seconds)| transition(what, &incident, seconds));
    (
        prop::collection::vec(record, 0..4),
        prop::collection::vec(message, 0..3),
        prop::collection::vec(update, 0..4),
        prop::collection::vec(transition, 0..4),
    )
        .prop_map(|(records, messages, updates, transitions)| Batch {
            records,
            messages,
            updates,
            transitions,
        })
}

fn any_step() -> impl Strategy<Value = Step> {
    let durability = prop::sample::select(vec![Durability::Full, Durability::Relaxed]);
    prop_oneof![
        8 => (any_batch(), durability).prop_map(|(batch, durability)| Step::Commit(batch, durability)),
        1 => (0..60_i64).prop_map(Step::Prune),
        1 => Just(Step::Reopen),
        1 => any_batch().prop_map(Step::Rebuild),
    ]
}

fn same(one: &mut dyn Store, other: &mut dyn Store) {
    let (mut left, mut right) = (one.load().unwrap(), other.load().unwrap());
    for loaded in [&mut left, &mut right] {
        loaded.records.sort_by_key(|record| (record.space.as_str(), record.key.clone()));
        // After all was pruned, the one on disk begins anew; no message of that number is there any more.
        loaded.last_sequence = 0;
        loaded.damage = None;
    }
    assert_eq!(left, right);
    for sequence in 0..10 {
        let (left, right) = (one.payload(sequence).unwrap(), other.payload(sequence).unwrap());
        // What is sent or called back is not said again: the one on disk forgets it.
        if let Some(left) = left {
            assert_eq!(left.notification, right.as_ref().unwrap().notification);
            assert_eq!(left.receipt, right.unwrap().receipt);
        }
    }
    let mut query = MessageQuery::default();
    assert_eq!(one.messages(&query).unwrap(), other.messages(&query).unwrap());
    query.states = vec![MessageState::Dead, MessageState::Queued];
    query.incident = Some("a".to_owned());
    query.channel = Some(ChannelId::new("mail", "email", 1));
    (query.from, query.to, query.before, query.limit) = (Some(at(10)), Some(at(40)), Some(8), 2);
    assert_eq!(one.messages(&query).unwrap(), other.messages(&query).unwrap());
    let mut query = HistoryQuery::default();
    assert_eq!(rows(one, &query), rows(other, &query));
    query.what = Some("delivery.".to_owned());
    (query.from, query.to, query.limit) = (Some(at(10)), Some(at(40)), 2);
    assert_eq!(rows(one, &query), rows(other, &query));
    query.incident = Some("a".to_owned());
    query.subject = Some("subject 12".to_owned());
    assert_eq!(rows(one, &query), rows(other, &query));
}

fn rows(store: &mut dyn Store, query: &HistoryQuery) -> Vec<Transition> {
    store.history(query).unwrap().into_iter().map(|row| row.transition).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn database_keeps_what_the_one_in_memory_keeps(steps in prop::collection::vec(any_step(), 0..24)) {
        let dir = tempfile::tempdir().unwrap();
        let (mut disk, mut memory) = (open(dir.path()), MemoryStore::new());
        for step in &steps {
            match step {
                Step::Commit(batch, durability) => {
                    disk.commit(batch, *durability).unwrap();
                    memory.commit(batch, *durability).unwrap();
                }
                // Which rows go first is up to the store, so that all go.
                Step::Prune(before) => {
                    while disk.prune(at(*before), 3).unwrap() >= 3 {}
                    memory.prune(at(*before), 1000).unwrap();
                }
                Step::Reopen => {
                    drop(disk);
                    disk = open(dir.path());
                }
                // A sound database is taken over whole.
                Step::Rebuild(batch) => {
                    disk.rebuild(batch).unwrap();
                    memory.commit(batch, Durability::Full).unwrap();
                }
            }
            same(&mut disk, &mut memory);
        }
    }
}

#[test]
fn message_is_told_with_what_it_superseded_and_the_last_receipt() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let update = |sequence, by, receipt: Option<&str>| MessageUpdate {
        sequence,
        channel: ChannelId::new("web", "webhook", 0),
        state: if by == 0 { MessageState::Sent } else { MessageState::Superseded },
        attempts: 1,
        at: at(9),
        expires_at: at(99),
        reason: String::new(),
        receipt: receipt.map(str::to_owned),
        superseded_by: (by > 0).then_some(by),
    };
    let batch = Batch {
        messages: (1..=5).map(|sequence| message(sequence, "a", 1)).collect(),
        updates: vec![update(1, 0, Some("42")), update(2, 3, None), update(3, 5, None)],
        ..Batch::default()
    };
    store.commit(&batch, Durability::Full).unwrap();
    let payload = store.payload(5).unwrap().unwrap();
    assert_eq!(payload.receipt.as_deref(), Some("42"));
    let superseded: Vec<_> = payload.superseded.iter().map(|one| one.key.as_str()).collect();
    let key = |sequence: u64| NotificationKey::new(&[&sequence.to_string()]).to_string();
    assert_eq!(superseded, [key(3), key(2)]);
    assert_eq!(store.payload(1).unwrap(), None);
}
