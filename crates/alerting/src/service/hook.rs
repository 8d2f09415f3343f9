//! What decides together with the engine.

use std::time::Duration;

use crate::{Effect, Engine, Input, Now, Record, Transition};

/// A part that decides together with the engine, such as escalation: it sees what the engine decides, and what it
/// wants is done in the same commit.
///
/// The service calls it from its own thread, and only one of its methods at a time.
pub trait Hook: Send {
    /// Takes in what an earlier run kept; each hook knows its own records.
    fn restore(&mut self, now: Now, engine: &Engine, records: &[Record]) -> HookEffects;

    /// Sees what the engine decided on one input, also on an input of its own.
    fn observe(&mut self, now: Now, engine: &Engine, effects: &[Effect]) -> HookEffects;

    /// Does what is due.
    fn tick(&mut self, now: Now, engine: &Engine) -> HookEffects;

    /// Returns when [`tick`](Self::tick) is due, by the time since the host's start.
    fn next_wake(&self) -> Option<Duration>;

    /// Returns all that it wants kept, for a store that begins anew.
    fn records(&self) -> Vec<Record>;
}

/// What a [`Hook`] wants.
#[derive(Clone, Debug, Default)]
pub struct HookEffects {
    /// What the engine is to be told.
    pub inputs: Vec<Input>,
    /// State to keep.
    pub records: Vec<Record>,
    /// What happened.
    pub transitions: Vec<Transition>,
}
