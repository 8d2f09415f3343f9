//! The table of what is recognised.

mod chat;
mod cloud;
mod code;
mod models;
mod payments;
mod services;
pub(super) mod special;
mod structured;

use super::recogniser::Recogniser;

/// Returns every recogniser.
pub(super) fn all() -> impl Iterator<Item = &'static Recogniser> {
    [
        structured::TABLE,
        chat::TABLE,
        models::TABLE,
        cloud::TABLE,
        code::TABLE,
        payments::TABLE,
        services::TABLE,
    ]
    .into_iter()
    .flatten()
    .chain(special::TABLE.iter().copied())
}
