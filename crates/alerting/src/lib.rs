//! Alerts from rules to people: grouping, silences, escalation, and delivery that loses nothing.
//!
//! ```text
//! rules, events, API --Alert--> Engine --Effect--> Outbox --Delivery--> Channel
//!                        silence, ack --^               \__Store: one commit__/
//! ```
//!
//! [`Engine`] decides and has no clock, disk or network. What it wants kept and what it wants sent go into one commit of
//! a [`Store`]; a [`Channel`] carries it out. `service` drives both on tokio.
//!
//! ```
//! use std::time::Duration;
//! use wardkit_alerting::{
//!     Alert, ChannelId, Effect, Engine, EngineConfig, Input, Now, Plan, Receiver, ReceiverChannel,
//! };
//! use wardkit_core::{Labels, Timestamp};
//!
//! let mut plan = Plan::default();
//! plan.route.receiver = "ops".to_owned();
//! let mut ops = Receiver::default();
//! ops.channels = vec![ReceiverChannel::new(ChannelId::new("ops", "email", 0))];
//! plan.receivers.insert("ops".to_owned(), ops);
//! let mut engine = Engine::new(plan, EngineConfig::default(), "this boot's id");
//!
//! let start = Timestamp::from_unix_seconds(1_700_000_000);
//! let now = Now { wall: start, boot: Duration::from_secs(100) };
//! let alert = Alert {
//!     labels: Labels::from_pairs([("alertname", "DiskFull")])?,
//!     annotations: [("summary".to_owned(), "/ is full".to_owned())].into(),
//!     starts_at: start,
//!     ends_at: None,
//!     generator_url: String::new(),
//! };
//! engine.step(now, Input::Alerts { source: "api".to_owned(), alerts: vec![alert] });
//!
//! // A new group waits half a minute for more of its alerts; then it is told.
//! let wake = engine.next_wake().expect("a group waits");
//! assert_eq!(wake, Duration::from_secs(130));
//! let later = Now { wall: start.saturating_add(Duration::from_secs(30)), boot: wake };
//! let effects = engine.step(later, Input::Tick);
//! let told = effects.iter().find_map(|effect| match effect {
//!     Effect::Notify(notification) => Some(notification.channel.as_str()),
//!     _ => None,
//! });
//! assert_eq!(told, Some("ops/email[0]"));
//! # Ok::<(), wardkit_core::Error>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Engine`], [`Input`], [`Effect`] | decides who is told what, when; what it is told and what it wants done |
//! | [`Alert`], [`Fingerprint`], [`Notification`] | what somebody brings, and what is told |
//! | [`Plan`], [`Route`], [`Router`], [`Matcher`], [`TimeInterval`] | who is told what, when: the configuration |
//! | [`AlertView`], [`IncidentView`], [`GroupView`], [`Silence`] | the state, to look at |
//! | [`Store`], [`Batch`], [`Outbox`] | where all that is kept; the messages that must arrive |
//! | [`Channel`], [`Delivery`], [`Outcome`] | who carries a notification out |
//! | [`rules`], [`receiver`], [`gotemplate`] | the rules, the settings of channels, Go's templates |
//!
//! # Features
//!
//! - `yaml`: Prometheus' rule files and Alertmanager's configuration.
//! - `schedules`: time zones other than UTC.
//! - `service`: the driver on tokio.
//! - `schema`: JSON Schema of the configuration.
//!
//! # What it does not do
//!
//! No network and no clock of its own; no cluster of several. How it differs from Alertmanager is in the README.
#![forbid(unsafe_code)]

mod ack;
mod alert;
#[cfg(feature = "yaml")]
pub mod alertmanager;
mod analytics;
mod channel;
mod duration;
mod engine;
mod escalation;
pub mod gotemplate;
mod interval;
mod matcher;
mod notification;
mod now;
mod outbox;
mod plan;
pub mod receiver;
mod record;
mod route;
pub mod rules;
#[cfg(feature = "schedules")]
mod schedule;
#[cfg(feature = "service")]
pub mod service;
mod store;
mod transition;
mod violation;
#[cfg(feature = "yaml")]
mod yaml;

pub use ack::{AckKey, AckToken, InvalidToken};
pub use alert::{Alert, Annotations, Fingerprint};
pub use analytics::{Analysis, Analytics, ChannelAnalysis, PersonAnalysis, RuleAnalysis};
pub use channel::{BoxFuture, Capabilities, Channel, Delivery, Outcome};
pub use engine::{
    AlertState, AlertView, Answer, Cancel, Effect, Engine, EngineConfig, EngineStats, Escalate,
    EscalationView, Fate, Flapping, GroupView, IncidentAction, IncidentState, IncidentTotals,
    IncidentView, Input, Refusal, RuleTotals, Silence, SilenceRequest, SilenceState, Suppressor,
};
pub use escalation::{
    EscalationConfig, EscalationPolicy, EscalationStep, EscalationStepConfig, OnCall, OnlyIf,
    OnlyIfConfig, PersonConfig, Rota, Target,
};
pub use interval::{DayOfMonth, InvalidInterval, Location, TimeConfig, TimeInterval, TimeRange};
pub use matcher::{InvalidMatcher, MatchOp, Matcher, Matchers};
pub use notification::{
    AckLinks, Condition, Kind, Notification, NotificationKey, NotifiedAlert, Urgency,
};
pub use now::{Anchor, Now};
pub use outbox::{
    BucketConfig, ChannelChange, ChannelSettings, ChannelView, Finished, Lease, Outbox,
    OutboxChanges, OutboxConfig, OutboxView,
};
pub use plan::{ChannelId, GroupBy, InhibitRule, Plan, Receiver, ReceiverChannel, Route};
pub use record::{Record, Space};
pub use route::{RouteId, RouteNode, Router};
#[cfg(feature = "schedules")]
pub use schedule::{LayerConfig, OverrideConfig, Schedule, ScheduleConfig, ScheduleDay, Shift};
pub use store::{
    Batch, Durability, HistoryQuery, HistoryRow, Loaded, MOST_SUPERSEDED, MemoryStore, Message,
    MessageHead, MessageQuery, MessageState, MessageUpdate, Payload, Store, StoreError,
};
pub use transition::Transition;
pub use violation::Violation;
