//! Alerts over HTTP: Alertmanager's API v2, the page of a link that acknowledges, and the commands of the control
//! socket.
//!
//! The program gets each request as a [`Call`] and answers it with documents of these shapes.

mod call;
mod page;
mod read;
mod serve;
mod shapes;

pub use call::{AckStep, AckView, Call, Command, Query, Refused};
pub use shapes::{
    AlertState, AlertStatus, Cluster, ReceiverName, ServerConfig, ServerStatus, ShownAlert,
    ShownGroup, ShownMatcher, ShownSilence, SilenceId, SilenceState, SilenceStatus, SilenceWish,
    Version,
};

pub(crate) use serve::serve;
