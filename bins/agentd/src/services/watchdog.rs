//! The part `watchdog`: tells systemd, or whoever else set `NOTIFY_SOCKET`, how the daemon is.

use std::time::Duration;

use sd_notify::NotifyState;
use wardkit_core::Health;

use crate::app::App;

/// Starts the part when the service manager wants to be told that the daemon lives.
pub(crate) fn start(app: &App) {
    let Some(limit) = limit() else { return };
    app.parts.start("watchdog", move |context| async move {
        // Half of the limit, as sd_watchdog_enabled(3) recommends.
        let mut ticks = tokio::time::interval(limit / 2);
        context.set_health(Health::Up);
        loop {
            tokio::select! {
                () = context.stopped() => return Ok(()),
                _ = ticks.tick() => tell(&[NotifyState::Watchdog]),
            }
        }
    });
}

/// Says that the daemon does its work, and that it is this process: systemd knows nothing of one that the guardian started.
pub(crate) fn notify_ready() {
    tell(&[NotifyState::MainPid(std::process::id()), NotifyState::Ready]);
}

/// Returns how long the service manager waits for a sign of life; none when it waits for none of ours.
fn limit() -> Option<Duration> {
    let variable = |name| std::env::var(name).ok();
    let limit = variable("WATCHDOG_USEC")?.parse().ok().filter(|&limit| limit > 0)?;
    // The first agentd was meant, and this one took its place.
    let is_meant = match variable("WATCHDOG_PID").map(|pid| pid.parse::<u32>()) {
        None => true,
        Some(Ok(pid)) if pid == std::process::id() => true,
        Some(_) => is_started_by_guardian(),
    };
    is_meant.then(|| Duration::from_micros(limit))
}

fn is_started_by_guardian() -> bool {
    let parent = std::os::unix::process::parent_id();
    let command = std::fs::read(format!("/proc/{parent}/cmdline")).unwrap_or_default();
    command.split(|&byte| byte == 0).nth(1) == Some(b"--guardian")
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
