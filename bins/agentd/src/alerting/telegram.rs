//! Buttons of Telegram: who pressed them acknowledges, when they are among those who may.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;
use wardkit_alerting::Violation;
use wardkit_alerting::receiver::{ChannelKind, ReceiverConfig, TelegramConfig};
use wardkit_api::alerts::{AckStep, AckView, Refused};
use wardkit_auditlog::Entry;
use wardkit_channels::notify::{Press, TelegramUpdates, UpdatesError};
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock};
use wardkit_supervise::tasks::Context;

use super::{Prepared, channels};
use crate::app::App;
use crate::reload::error_chain;

/// Returns the readers of all buttons that somebody may press, one for each bot.
///
/// # Errors
///
/// Returns what is wrong with a token or a URL.
pub(crate) fn telegram_readers(
    prepared: &Prepared,
) -> Result<Vec<TelegramUpdates>, Vec<Violation>> {
    let channels = prepared.receivers.iter().flat_map(ReceiverConfig::channels);
    let telegrams = channels.filter_map(|(_, config)| match &config.kind {
        ChannelKind::Telegram(telegram) => Some(telegram),
        _ => None,
    });
    let telegrams: Vec<&TelegramConfig> = telegrams.collect();
    TelegramUpdates::of_bots(telegrams, &channels::options(&prepared.external_url))
}

/// Reads the buttons of a bot, for ever.
pub(crate) async fn read_buttons(app: App, context: Context, mut reader: TelegramUpdates) {
    let mut outage = Outage::default();
    let mut strangers = BTreeSet::new();
    loop {
        // What was pressed while alerting does not run is pressed again by the one who was told so: it is not asked for.
        while app.alerting.running().is_none() {
            sleep(SHORTEST).await;
        }
        match reader.presses().await {
            Ok(presses) => {
                if outage.heard() {
                    context.set_health(Health::Up);
                    let reason = "Telegram tells of buttons again".to_owned();
                    publish(&app, "alerting.telegram.resumed", Severity::Notice, reason);
                }
                // Before the next question, which says that these are dealt with.
                for press in presses {
                    deal_with(&app, &reader, &press, &mut strangers).await;
                }
            }
            Err(error) => {
                let reason = error_chain(&error);
                let after = match error {
                    UpdatesError::Refused { after, .. } => after,
                    _ => None,
                };
                let (wait, is_news) = outage.failed(after);
                if is_news {
                    let reason = format!("nobody can acknowledge by a button: {reason}");
                    context.set_health(Health::degraded(reason.clone()));
                    publish(&app, "alerting.telegram.failed", Severity::Warning, reason);
                }
                sleep(wait).await;
            }
        }
    }
}

/// Acknowledges for who may, and tells everybody else why not.
async fn deal_with(
    app: &App,
    reader: &TelegramUpdates,
    press: &Press,
    strangers: &mut BTreeSet<i64>,
) {
    let by = format!("{} in Telegram (user {})", press.by, press.user);
    if !press.is_allowed {
        // Once for each of them: whoever is in the chat could fill the trail.
        if strangers.len() < MOST_STRANGERS && strangers.insert(press.user) {
            let entry = Entry::new("alerting.acknowledgement.refused", "telegram").by(by);
            app.events.recorder().record(entry);
        }
        let said = format!("You are not among those who may: ask for user {}.", press.user);
        tell(reader.answer(press, &said).await);
        return;
    }
    let taken = app.use_token(&press.token, AckStep::Acknowledge, Some(&by)).await;
    let (said, line) = words(&taken, &by, &press.by);
    tell(reader.answer(press, &said).await);
    if let Some(line) = line {
        tell(reader.mark(press, &line).await);
    }
}

/// Returns what whoever pressed the button is told, and what everybody sees below the message.
fn words(taken: &Result<AckView, Refused>, by: &str, name: &str) -> (String, Option<String>) {
    match taken {
        Ok(view) if view.is_over => {
            ("It is over already.".to_owned(), Some("It was over already.".to_owned()))
        }
        Ok(view) => match view.taken_by.as_deref() {
            Some(other) if other != by => {
                let said = format!("{other} takes care of it.");
                (said.clone(), Some(said))
            }
            _ => ("You take care of it.".to_owned(), Some(format!("{name} takes care of it."))),
        },
        // It may work a moment later: the button stays.
        Err(Refused::Unavailable(reason)) => (format!("Not now, press again: {reason}."), None),
        Err(Refused::Bad(reason) | Refused::NotFound(reason)) => {
            (format!("It was not acknowledged: {reason}."), None)
        }
    }
}

/// What was done is kept; that somebody in a chat does not see it is worth no second try.
fn tell(told: Result<(), UpdatesError>) {
    if let Err(error) = told {
        tracing::debug!(error = error_chain(&error), "Telegram did not take what came of a button");
    }
}

fn publish(app: &App, kind: &'static str, severity: Severity, reason: String) {
    let event = Event::new(SystemClock.now(), kind, severity, "telegram");
    app.events.publish(event.with_message(reason));
}

/// Failures in a row.
#[derive(Debug, Default)]
struct Outage {
    failures: u32,
}

impl Outage {
    /// Returns how long to wait, and whether it is to be told: once, and not of a single failure, which a reader makes
    /// that takes over from another one.
    fn failed(&mut self, after: Option<Duration>) -> (Duration, bool) {
        self.failures = self.failures.saturating_add(1);
        let doubled = SHORTEST.saturating_mul(1 << (self.failures - 1).min(16)).min(LONGEST);
        let wait = after.map_or(doubled, |after| after.clamp(doubled, MOST_PATIENCE));
        (wait, self.failures == TOLD_AT)
    }

    /// Returns whether an outage that was told is over.
    fn heard(&mut self) -> bool {
        std::mem::take(&mut self.failures) >= TOLD_AT
    }
}

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);
/// Who asks for more than that may have meant another unit.
const MOST_PATIENCE: Duration = Duration::from_hours(1);
const TOLD_AT: u32 = 2;
const MOST_STRANGERS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_and_asked_ever_less_often() {
        let mut outage = Outage::default();
        let told: Vec<_> = (0..9).map(|_| outage.failed(None)).collect();
        let waits: Vec<_> = told.iter().map(|(wait, _)| wait.as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(told.iter().filter(|(_, is_news)| *is_news).count(), 1);
        assert!(told[1].1);
        assert!(outage.heard());
        assert!(!outage.heard());
        assert_eq!(outage.failed(None), (SHORTEST, false));
        assert!(!outage.heard());
        for _ in 0..100 {
            outage.failed(None);
        }
        assert_eq!(outage.failed(None).0, LONGEST);
    }

    #[test]
    fn telegram_is_left_alone_for_as_long_as_it_wants() {
        let wait = |after: u64| Outage::default().failed(Some(Duration::from_secs(after))).0;
        assert_eq!((wait(7), wait(0)), (Duration::from_secs(7), SHORTEST));
        assert_eq!(wait(1_000_000), MOST_PATIENCE);
    }

    #[test]
    fn whoever_presses_is_told_what_came_of_it() {
        let mut view = AckView::of("7");
        view.taken_by = Some("@ann in Telegram (user 5)".to_owned());
        let (said, line) = words(&Ok(view.clone()), "@ann in Telegram (user 5)", "@ann");
        assert_eq!(said, "You take care of it.");
        assert_eq!(line.as_deref(), Some("@ann takes care of it."));
        let (said, _) = words(&Ok(view.clone()), "@bob in Telegram (user 6)", "@bob");
        assert_eq!(said, "@ann in Telegram (user 5) takes care of it.");
        view.is_over = true;
        assert_eq!(words(&Ok(view), "x", "x").0, "It is over already.");
        let (said, line) = words(&Err(Refused::Unavailable("the disk is full".to_owned())), "", "");
        assert_eq!((said.as_str(), line), ("Not now, press again: the disk is full.", None));
    }
}
