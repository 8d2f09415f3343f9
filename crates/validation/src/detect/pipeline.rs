//! From a text to a verdict: the readings of it, and the detectors that look at each.

use std::ops::Range;

use super::hits::{Hits, View};
use super::ladder::Readings;
use super::table::Detector;
use super::traits::Traits;
use super::{Class, Finding, Layer, Rule, Sink, gate, table};

/// What the pipeline itself finds.
pub(super) static RULES: &[Rule] = &[EXHAUSTED, NESTED];

const EXHAUSTED: Rule = Rule {
    id: "input.budget-exhausted",
    class: Class::Input,
    sinks: Sink::ALL,
    strictness: 1,
    message: 1,
    confidence: 50,
    reason: "judging the text would cost more work than any honest text does",
    about: "Detection counts the bytes it visits and stops at a limit in proportion to the text, so that no message can \
            keep a bot busy. Honest texts stay far below it. A long text comes to the limit soon once it is sure to be rejected. \
            What was found before the limit is in the verdict, but the rest was not looked at: treat the text as hostile.",
    example: "",
};

const NESTED: Rule = Rule {
    id: "input.nested-encoding",
    class: Class::Input,
    sinks: Sink::ALL,
    strictness: 2,
    message: 2,
    confidence: 60,
    reason: "the text is encoded more often over than an honest one would be",
    about: "Escapes within escapes hide what a text says from whoever looks at it, until a sink decodes it once too \
            often. Detection decodes three times; this text would go on changing, so what it says in the end was not \
            looked at. Decode exactly as often as the protocol asks, and then hand the value to a typed sink.",
    example: "%252525253Cscript%252525253E",
};

/// Looks at a text in all its readings.
pub(super) fn findings(
    text: &str,
    sink: Option<Sink>,
    strictness: u8,
    excepted: &dyn Fn(&Rule) -> bool,
) -> Vec<Finding> {
    let budget = text.len().saturating_mul(WORK_PER_BYTE).saturating_add(WORK_AT_LEAST);
    let once_sure = if text.len() > LONG { WORK_ONCE_SURE } else { budget };
    let mut hits = Hits::new(sink, strictness, excepted, (budget, once_sure));
    let traits = Traits::of(text);
    let view = View { text, layer: Layer::Raw, sink, traits };
    hits.on_layer(Layer::Raw, |span| span, |hits| look(&view, hits));
    let readings =
        if hits.spend(text.len()) { Readings::of(text, traits) } else { Readings::default() };
    for reading in readings.iter() {
        // What is folded has nothing left of them.
        let traits = match reading.layer {
            Layer::Folded => Traits::default(),
            _ => Traits::of(&reading.text),
        };
        let view = View { text: &reading.text, layer: reading.layer, traits, ..view };
        hits.on_layer(
            reading.layer,
            |span| readings.origin(reading, span),
            |hits| look(&view, hits),
        );
    }
    if readings.is_deeper {
        hits.hit(&RULES[1], 0..text.len());
    }
    if hits.is_exhausted() {
        hits.hit(&RULES[0], 0..text.len());
    }
    hits.finish()
}

fn look(view: &View<'_>, hits: &mut Hits<'_>) {
    let mut visit = |detector: &Detector, part: Range<usize>| {
        if hits.spend(part.len()) {
            let start = part.start;
            let view = View { text: &view.text[part], ..*view };
            hits.at(start, |hits| (detector.detect)(&view, hits));
        }
    };
    match view.sink {
        None => gate::open(view.text, visit),
        Some(sink) => {
            table::members(table::for_sink(sink)).for_each(|d| visit(d, 0..view.text.len()));
        }
    }
}

/// Passes over the text that all detectors may make together; an honest text needs a dozen.
const WORK_PER_BYTE: usize = 128;

/// Short texts may be looked at as closely as they like.
const WORK_AT_LEAST: usize = 16 * 1024;

/// From this length on, in bytes, nobody needs all that is wrong with a text that is rejected anyway.
const LONG: usize = 4 * 1024;

/// Work that is spent on such a text once it is sure to be rejected.
const WORK_ONCE_SURE: usize = 32 * 1024;
