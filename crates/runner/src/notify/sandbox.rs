//! What the holder of a service's sandbox says of it.

use std::sync::Arc;

use wardkit_core::{Event, Labels, Severity};

use super::words::Word;
use crate::part::{Inputs, Sent};
use crate::services::Time;

/// Takes what is said of the sandbox of one run.
pub(super) struct Sandboxed {
    pub(super) service: Arc<str>,
    pub(super) generation: u64,
    /// Who may say it.
    pub(super) holder: u32,
    pub(super) time: Time,
    pub(super) inputs: Inputs,
}

impl Sandboxed {
    /// Makes one event of what was said together.
    pub(super) async fn take(&self, words: Vec<Word>) {
        let (mut enforced, mut denied) = (Vec::new(), Vec::new());
        for word in words {
            match word {
                Word::Enforced(guarantee, how) => enforced.push((guarantee, how)),
                Word::Denied(call, count) => denied.push((call, count)),
                Word::Refused(reason) => {
                    let note = format!("the sandbox was not made: {reason}");
                    self.inputs.note(&self.service, NOTE, Some(note.clone()));
                    let refused = self.event("supervise.sandbox_refused", Severity::Warning);
                    self.tell(refused.with_message(note)).await;
                }
                Word::Notice(_) | Word::MainPid(_) => {}
            }
        }
        if !enforced.is_empty() {
            self.tell_enforced(enforced).await;
        }
        if !denied.is_empty() {
            self.tell_denied(&denied).await;
        }
    }

    async fn tell_enforced(&self, enforced: Vec<(String, String)>) {
        let weak = enforced.iter().filter(|(_, how)| !how.starts_with("enforced"));
        let weak: Vec<String> = weak.map(|(name, how)| format!("{name} is {how}")).collect();
        self.inputs.note(
            &self.service,
            NOTE,
            Some(if weak.is_empty() {
                "it runs in a sandbox, in which every guarantee is enforced".to_owned()
            } else {
                format!("it runs in a sandbox: {}", weak.join("; "))
            }),
        );
        let mut event = self.event("supervise.sandboxed", Severity::Notice);
        for (guarantee, how) in enforced {
            event = event.with_detail(guarantee, how);
        }
        self.tell(event.with_message("runs in a sandbox".to_owned())).await;
    }

    async fn tell_denied(&self, denied: &[(String, u64)]) {
        let total = denied.iter().fold(0_u64, |total, (_, count)| total.saturating_add(*count));
        let calls = denied.iter().take(MOST_SHOWN).map(|(call, count)| format!("{call} {count}"));
        let calls: Vec<String> = calls.collect();
        let more = if denied.len() > MOST_SHOWN { ", and others" } else { "" };
        let message = format!("tried what its sandbox denies it: {}{more}", calls.join(", "));
        let event = self.event("supervise.sandbox_denied", Severity::Warning);
        self.tell(event.with_message(message).with_detail("denied_total", total)).await;
    }

    fn event(&self, kind: &'static str, severity: Severity) -> Event {
        let labels = Labels::from_pairs([("service", &*self.service)]).unwrap_or_default();
        Event::new(self.time.now().wall, kind, severity, "supervise")
            .with_subject(&*self.service)
            .with_labels(labels)
            .with_detail("generation", self.generation)
    }

    async fn tell(&self, event: Event) {
        self.inputs.post(Sent::Event(Box::new(event))).await;
    }
}

const NOTE: &str = "sandbox";
/// As many as one reads at a glance.
const MOST_SHOWN: usize = 10;
