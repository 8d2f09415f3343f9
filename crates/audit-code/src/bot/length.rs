//! Messages that are longer than a platform takes.

use std::collections::BTreeSet;

use super::Hit;
use super::scene::{Scene, last_name};
use crate::flow::tree::{Expr, ExprKind, StmtKind};
use crate::visit;

/// Finds answers of a language model that are sent as long as they are.
pub(super) fn judge(scene: &Scene<'_, '_>) -> Vec<Hit> {
    if scene.map.handlers.is_empty() || CUTS.iter().any(|word| scene.text.contains(word)) {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for handler in &scene.map.handlers {
        let reached = scene.reached(handler);
        let mut named = BTreeSet::new();
        for stmt in reached.stmts() {
            let StmtKind::Assign { targets, value } = &stmt.kind else { continue };
            if is_answer(value) {
                named.extend(targets.iter().filter_map(Expr::dotted));
            }
        }
        let mut sent: Vec<&Expr<'_>> = reached
            .exprs()
            .filter(|expr| {
                let ExprKind::Call(call) = &expr.kind else { return false };
                let plain = last_name(&call.callee).to_lowercase().replace('_', "");
                REPLIES.contains(&plain.as_str())
                    && call.args.iter().any(|arg| {
                        is_answer(&arg.value)
                            || arg.value.dotted().is_some_and(|name| named.contains(&name))
                    })
            })
            .collect();
        sent.sort_by_key(|expr| expr.at);
        if let Some(expr) = sent.first() {
            hits.push(Hit {
                check: "bot-message-too-long",
                at: expr.at,
                current: "What a language model answers is sent as long as it is.".to_owned(),
                about: last_name(expr),
            });
        }
    }
    hits.dedup_by_key(|hit| hit.at);
    hits
}

/// Whether an expression is the text of a model's answer.
fn is_answer(expr: &Expr<'_>) -> bool {
    if !matches!(expr.kind, ExprKind::Member(..)) {
        return false;
    }
    let mut is_of_model = false;
    visit::each_within(expr, &mut |inner| {
        is_of_model |=
            matches!(&inner.kind, ExprKind::Member(_, "choices" | "output_text" | "candidates"));
    });
    is_of_model
}

const REPLIES: [&str; 9] = [
    "reply",
    "replytext",
    "answer",
    "send",
    "sendmessage",
    "replyto",
    "followup",
    "editmessagetext",
    "respond",
];

/// Words of code that cuts texts.
const CUTS: [&str; 13] = [
    "[:",
    "slice(",
    "substring(",
    "substr(",
    "split_message",
    "splitMessage",
    "chunk",
    "4096",
    "4000",
    "2000",
    "textwrap",
    "smart_split",
    "truncate",
];
