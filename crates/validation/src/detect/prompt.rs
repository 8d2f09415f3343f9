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
use words::Words;

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
    "above",
    "each time you",
    "pr3vi",
    "1gn",
    "1nstr",
    "hidden rules",
    "do not tell",
    "a bomb",
    "</system",
    "tidigare",
    "指示を",
    "instead",
    "deceased",
    "grand",
    "say \"i can",
    "base64",
    "<!-- ",
    "</",
    "snoitcurtsni",
    "i g n o r e",
    "hypothetical",
    "attention to",
    "were told",
    "system message",
    "your hidden",
    "your secret",
    "your first",
    "your initial",
    "your real",
    "your context",
    "configuration",
    "you were given",
    "note to",
    "note for",
    "content policy",
    "moderation",
    "safety",
    "sure, here",
    "assistant: sure",
    "mention",
    "telling the user",
    "tell the user",
    " history",
    "when you",
    "user's",
    "system override",
    "end of user",
    "</prompt",
    "ігноруй",
    "попередн",
    "התעלם",
    "ההוראות",
    "التعليمات",
    "دستورالعمل",
    "命令を",
    "忘掉",
    "지침",
    "명령",
    "คำสั่ง",
    "hướng dẫn",
    "talimat",
    "নির্দেশ",
    "ohjeet",
    "ohjeita",
    "utasítás",
    "pokyny",
    "instrukce",
    "οδηγίες",
    "aside your",
    "safeguard",
    "your rules",
    "the rules",
    "never decline",
    "précède",
    "vorher",
    "oben steht",
    "следуй",
    "выше",
    "lo anterior",
    "hierboven",
    "befolge",
];

/// Adds up the phrases of a text.
pub(crate) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let sum = score::sum(view.text);
    let Some((signal, _, span)) = sum.parts.first() else { return };
    if let Some(rule) = rules::of(sum.points, *signal) {
        hits.hit(rule, span.clone());
    }
}

/// Tells whether a part of a text has a word that orders to models have.
pub(super) fn may_order(text: &[u8]) -> bool {
    text.utf8_chunks()
        .any(|chunk| Words::new(chunk.valid()).any(|word| word.meaning & lexicon::OF_ORDERS != 0))
}

#[cfg(test)]
mod tests;
