//! The readings of a text: what a decoder between its sender and its sink could make of it.

mod base64;
mod escapes;
mod fold;
mod percent;
mod reading;
mod references;

use super::Layer;
use super::traits::Traits;
pub(super) use fold::{LOOK_ALIKES, folds, is_mark, look_alike};
use reading::Draft;
pub(super) use reading::Reading;

/// A step of the ladder: writes what it makes of a text, or nothing when it would change nothing.
struct Step {
    layer: Layer,
    /// Bytes without which the step changes nothing; none means that the step looks itself.
    trigger: Option<u8>,
    decode: fn(&str, &mut Draft<'_>),
}

/// Percent escapes come first: they hide all the others from whoever reads a request.
const STEPS: [Step; 5] = [
    Step { layer: Layer::UrlDecoded, trigger: Some(b'%'), decode: percent::decode },
    Step { layer: Layer::HtmlDecoded, trigger: Some(b'&'), decode: references::decode },
    Step { layer: Layer::Unescaped, trigger: Some(b'\\'), decode: escapes::decode },
    Step { layer: Layer::Base64, trigger: None, decode: base64::decode },
    Step { layer: Layer::Folded, trigger: None, decode: fold::decode },
];

/// All readings of a text other than the text itself.
#[derive(Default)]
pub(super) struct Readings {
    all: Vec<Reading>,
    /// More decoding would still change the text.
    pub(super) is_deeper: bool,
}

impl Readings {
    /// Reads a text in every way: through each step alone, and through all of them, up to three times over. An attacker
    /// who mixes encodings is met by the second, and one who hides an attack from a step by another by the first.
    pub(super) fn of(text: &str, traits: Traits) -> Self {
        let mut readings = Self::default();
        let mut room = text.len().saturating_mul(MOST_OUTPUT).saturating_add(256);
        let mut last = None;
        let is_needed = |step: &&Step| step.layer != Layer::Folded || fold::changes(traits);
        for step in STEPS.iter().filter(is_needed) {
            if let Some(reading) = step.read(text, None) {
                room = room.saturating_sub(reading.text.len());
                last = Some(readings.push(reading));
            }
        }
        if readings.all.len() != 1 {
            last = None;
        }
        if readings.all.is_empty() {
            return readings;
        }
        let first_round = usize::from(last.is_some());
        for _ in first_round..MOST_ROUNDS {
            let before = last;
            for step in &STEPS {
                let source = last.map_or(text, |index: usize| &readings.all[index].text);
                let Some(reading) = step.read(source, last) else { continue };
                if reading.text.len() > room {
                    readings.is_deeper = true;
                    return readings;
                }
                room -= reading.text.len();
                last = Some(readings.push(reading));
            }
            if last == before {
                return readings;
            }
        }
        readings.is_deeper = last.is_some_and(|index| {
            let source = &readings.all[index].text;
            STEPS.iter().any(|step| step.read(source, None).is_some())
        });
        readings
    }

    /// Returns the readings that differ from one another, and the function that leads a place back to the text.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Reading> {
        let first = |index: usize| {
            !self.all[..index].iter().any(|earlier| earlier.text == self.all[index].text)
        };
        (0..self.all.len()).filter(move |index| first(*index)).map(|index| &self.all[index])
    }

    /// Leads a place in a reading back to the text that all of them come from.
    pub(super) fn origin(
        &self,
        reading: &Reading,
        span: std::ops::Range<usize>,
    ) -> std::ops::Range<usize> {
        let mut span = reading.origin(span);
        let mut parent = reading.parent;
        while let Some(index) = parent {
            span = self.all[index].origin(span);
            parent = self.all[index].parent;
        }
        span
    }

    fn push(&mut self, reading: Reading) -> usize {
        self.all.push(reading);
        self.all.len() - 1
    }
}

impl Step {
    fn read(&self, source: &str, parent: Option<usize>) -> Option<Reading> {
        if self.trigger.is_some_and(|byte| memchr::memchr(byte, source.as_bytes()).is_none()) {
            return None;
        }
        let mut draft = Draft::new(source);
        (self.decode)(source, &mut draft);
        draft.finish(self.layer, parent)
    }
}

/// How often a text may be encoded over and over; an honest one rarely is twice.
const MOST_ROUNDS: usize = 3;

/// All readings together have at most so many times the text's length.
const MOST_OUTPUT: usize = 4;

#[cfg(test)]
mod tests;
