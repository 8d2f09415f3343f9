//! What facts are read from.

use std::borrow::Cow;

use crate::source::Node;

/// Returns the text of a string that is written out, without its quotes.
pub(super) fn string<'t>(node: &Node<'t>) -> Option<Cow<'t, str>> {
    if node.kind() != "string" {
        return None;
    }
    let mut content = None;
    for child in node.children() {
        match child.kind().as_ref() {
            "string_content" | "string_fragment" if content.is_none() => {
                content = Some(child.text());
            }
            "string_start" | "string_end" | "\"" | "'" => {}
            // Put together, or with something in it.
            _ => return None,
        }
    }
    Some(content.unwrap_or_default())
}

/// Returns the strings that are written out anywhere below a node.
pub(super) fn strings(node: &Node<'_>) -> Vec<String> {
    node.dfs().filter_map(|node| string(&node)).map(Cow::into_owned).collect()
}

/// Whether a node lies in a function.
pub(super) fn is_in_function(node: &Node<'_>) -> bool {
    node.ancestors().any(|above| is_function(&above))
}

pub(super) fn is_function(node: &Node<'_>) -> bool {
    let kind = node.kind();
    kind.contains("function") || kind == "lambda" || kind == "method_definition"
}

/// Whether it is a word that may stand in a fact, whose parts are separated by signs.
pub(super) fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 200
        && word.chars().all(|sign| sign.is_alphanumeric() || "_-.@/+".contains(sign))
}
