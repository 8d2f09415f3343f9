//! The part `watchdog`: tells systemd, or whoever else set `NOTIFY_SOCKET`, how the daemon is.

use sd_notify::NotifyState;
use wardkit_core::Health;

use crate::app::App;

/// Starts the part when the service manager wants to be told that the daemon lives.
pub(crate) fn start(app: &App) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    app.parts.start("watchdog", move |context| async move {
        // Half of the limit, as sd_watchdog_enabled(3) recommends.
        let mut ticks = tokio::time::interval(limit / 2);
        context.set_health(Health::Up);
        loop {
            tokio::select! {
                () = context.stop.cancelled() => return Ok(()),
                _ = ticks.tick() => tell(&[NotifyState::Watchdog]),
            }
        }
    });
}

/// Says that the daemon does its work.
pub(crate) fn notify_ready() {
    tell(&[NotifyState::Ready]);
}

/// A reload under way. However it ends, also when nobody waits for it any more, the manager learns of it.
#[must_use]
pub(crate) struct Reloading(());

impl Reloading {
    /// Says that the daemon reads its configuration again.
    pub(crate) fn begin() -> Self {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::warn!(%error, "cannot read the monotonic clock"),
        }
        Self(())
    }
}

impl Drop for Reloading {
    fn drop(&mut self) {
        notify_ready();
    }
}

/// Says that the daemon ends.
pub(crate) fn notify_stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot notify the service manager");
    }
}
