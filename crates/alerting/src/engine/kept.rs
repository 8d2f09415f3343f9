//! The state as it is kept over a restart: JSON, so that an operator can look at it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wardkit_core::{Labels, Timestamp};

use super::flaps::Ring;
use super::group::{Group, GroupId, Incident, Told};
use super::time::Mono;
use super::tracked::{Said, Tracked};
use super::view::Suppressor;
use crate::{Annotations, Fingerprint, Record, RouteId, Space, Urgency};

/// An alert, as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptAlert<'a> {
    labels: Cow<'a, Labels>,
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    annotations: Annotations,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    generator_url: Cow<'a, str>,
    starts_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    updated_at: Timestamp,
    expires: Mono,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    explicit_end: bool,
    episode: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    dismissed: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    flapping: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ring: Option<Ring>,
    groups: Cow<'a, [GroupId]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_by: Option<Cow<'a, Suppressor>>,
}

pub(super) fn alert_record(
    fingerprint: Fingerprint,
    alert: Option<&Tracked>,
    ring: Option<&Ring>,
) -> Record {
    let value = alert.map(|alert| {
        encode(&KeptAlert {
            labels: Cow::Borrowed(&alert.labels),
            annotations: alert.said.annotations(),
            generator_url: Cow::Borrowed(alert.said.generator_url()),
            starts_at: alert.starts_at,
            ended_at: alert.ended_at,
            updated_at: alert.updated_at,
            expires: alert.expires,
            explicit_end: alert.explicit_end,
            episode: alert.episode,
            dismissed: alert.dismissed,
            flapping: alert.flapping,
            ring: ring.copied(),
            groups: Cow::Borrowed(&alert.groups),
            held_by: alert.held_by.as_deref().map(Cow::Borrowed),
        })
    });
    Record { space: Space::Alert, key: fingerprint.to_string(), value }
}

/// Returns an alert with its fingerprint and last states.
pub(super) fn read_alert(value: &[u8]) -> Option<(Fingerprint, Tracked, Option<Ring>)> {
    let kept: KeptAlert<'_> = serde_json::from_slice(value).ok()?;
    let labels = kept.labels.into_owned();
    let fingerprint = Fingerprint::of(&labels);
    let tracked = Tracked {
        urgency: Urgency::of(&labels),
        labels: Arc::new(labels),
        said: Said::new(kept.annotations, kept.generator_url.into_owned()),
        starts_at: kept.starts_at,
        ended_at: kept.ended_at,
        updated_at: kept.updated_at,
        expires: kept.expires,
        explicit_end: kept.explicit_end,
        episode: kept.episode,
        dismissed: kept.dismissed,
        flapping: kept.flapping,
        groups: kept.groups.into_owned(),
        held_by: kept.held_by.map(|by| Box::new(by.into_owned())),
    };
    Some((fingerprint, tracked, kept.ring))
}

/// A group, as it is kept. Its alerts are not: they know their groups.
#[derive(Serialize, Deserialize)]
struct KeptGroup<'a> {
    route: Cow<'a, str>,
    labels: Cow<'a, Labels>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    flushed: bool,
    next: Mono,
    generation: u32,
    #[serde(default, skip_serializing_if = "<[Told]>::is_empty")]
    told: Cow<'a, [Told]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_by: Option<Cow<'a, Suppressor>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incident: Option<Cow<'a, Incident>>,
}

pub(super) fn group_record(id: GroupId, group: Option<&Group>) -> Record {
    let value = group.map(|group| {
        encode(&KeptGroup {
            route: Cow::Borrowed(group.route.as_str()),
            labels: Cow::Borrowed(&group.labels),
            flushed: group.flushed,
            next: group.next,
            generation: group.generation,
            told: Cow::Borrowed(&group.told),
            held_by: group.held_by.as_deref().map(Cow::Borrowed),
            incident: group.incident.as_ref().map(Cow::Borrowed),
        })
    });
    Record { space: Space::Group, key: id.key(), value }
}

pub(super) fn read_group(value: &[u8]) -> Option<Group> {
    let kept: KeptGroup<'_> = serde_json::from_slice(value).ok()?;
    let route = RouteId::from(kept.route.as_ref());
    let mut group = Group::new(route, Arc::new(kept.labels.into_owned()), kept.next);
    group.flushed = kept.flushed;
    group.generation = kept.generation;
    group.told = kept.told.into_owned();
    group.held_by = kept.held_by.map(|by| Box::new(by.into_owned()));
    group.incident = kept.incident.map(Cow::into_owned);
    Some(group)
}

pub(super) fn record<T: Serialize>(space: Space, key: &str, value: Option<&T>) -> Record {
    Record { space, key: key.to_owned(), value: value.map(encode) }
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("the keys of all maps are texts")
}

/// The record in the space meta that says when the state was written.
pub(super) const ANCHOR: &str = "engine/anchor";
/// What the names of records about parents that are down begin with.
pub(super) const PARENT: &str = "engine/parent/";
