//! Instructions to a language model. A signal, never a wall: what a model reads, it may follow.

mod lexicon;
mod markers;
mod patterns;
mod rules;
mod score;
mod signal;
mod words;

pub(crate) use rules::RULES;
pub use signal::{PromptScore, PromptSignal, prompt_score};

use super::hits::{Hits, View};

/// One of these is in every message that the table of phrases finds.
pub(crate) const GATE: &[&str] = &[
    "ignor",
    "disregard",
    "forget",
    "overrid",
    "instruc",
    "istruzioni",
    "instruk",
    "prompt",
    "pretend",
    "gpt",
    "openai",
    "roleplay",
    "role-play",
    "role play",
    "in character",
    "break character",
    "unfiltered",
    "uncensored",
    "restric",
    "jailbr",
    "ethic",
    "moral",
    "guideline",
    "persona",
    "simulat",
    "act as",
    "developer mode",
    "do anything now",
    "<|",
    "[inst",
    "<<sys",
    "<start_of_turn",
    "### system",
    "[system]",
    "</system>",
    "refuse",
    "from now o",
    "no rules",
    "no limit",
    "filter",
    "illegal",
    "language model",
    "chatbot",
    "anweisung",
    "vergiss",
    "consigne",
    "vergeet",
    "unut",
    "abaikan",
    "upute",
    "naredbe",
    "oublie",
    "olvida",
    "tokens",
    "the words above",
    " ai ",
    "инструкц",
    "игнорир",
    "забудь",
    "忽略",
    "無視",
    "无视",
    "忘记",
    "忘記",
    "忘れ",
    "지시",
    "تجاهل",
    "निर्देश",
    "提示词",
];

/// Adds up the phrases of a text.
pub(crate) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let sum = score::sum(view.text);
    let Some((signal, _, span)) = sum.parts.first() else { return };
    if let Some(rule) = rules::of(sum.points, *signal) {
        hits.hit(rule, span.clone());
    }
}

#[cfg(test)]
mod tests;
