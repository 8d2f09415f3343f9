//! Whether a bot asks for updates and has them sent, both.

use wardkit_audit::{Sink, SourceFile};

use crate::found::place;
use crate::project::syntax::is_function;
use crate::project::tell;
use crate::source::{Node, Parsed};

/// Tells the call that asks for updates in a function which has them sent, too.
pub(super) fn judge(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    let root = parsed.root();
    let (mut asked, mut sent, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    for node in root.dfs().filter(|node| matches!(node.kind().as_ref(), "call" | "call_expression"))
    {
        let Some(callee) = node.field("function").filter(|it| it.range().len() < LONGEST) else {
            continue;
        };
        let callee = callee.text();
        let name = callee.rsplit('.').next().unwrap_or_default();
        let given = node.field("arguments").map(|it| it.text().into_owned()).unwrap_or_default();
        if ASKS.contains(&name) || name == "launch" && !given.contains("webhook") {
            asked.push(node);
        } else if SENT.contains(&name) && !is_nothing(&given) {
            sent.push(node);
        } else if ENDS.contains(&name) {
            ended.push(node);
        }
    }
    // No person wrote so many; each is compared with each.
    for calls in [&mut asked, &mut sent, &mut ended] {
        calls.truncate(MOST);
    }
    let clashes = |one: &&Node<'_>| {
        let within = function(one);
        let is_beside = |other: &&Node<'_>| function(other) == within;
        !ended.iter().any(|end| is_beside(&end))
            && sent.iter().filter(is_beside).any(|other| may_both_run(one, other))
    };
    if let Some(node) = asked.iter().find(clashes) {
        let current = "The same function sets a webhook and asks for updates.".to_owned();
        tell("bot-polling-and-webhook", place(file, node), "polling", current, sink);
    }
}

/// A webhook without an address is none.
fn is_nothing(given: &str) -> bool {
    let inner: String = given.chars().filter(|sign| !sign.is_whitespace()).collect();
    matches!(
        inner.as_str(),
        "()" | "('')" | "(\"\")" | "(None)" | "(url='')" | "(url=\"\")" | "(url=None)"
    )
}

/// Returns where the function around a node begins.
fn function(node: &Node<'_>) -> Option<usize> {
    node.ancestors().find(is_function).map(|it| it.range().start)
}

/// Whether no condition decides between two calls.
fn may_both_run(one: &Node<'_>, other: &Node<'_>) -> bool {
    let path: Vec<Node<'_>> = one.ancestors().collect();
    let Some(common) =
        other.ancestors().find(|above| path.iter().any(|it| it.node_id() == above.node_id()))
    else {
        return false;
    };
    // Between the arms of one condition only one is taken; of two conditions, one may be the other's opposite.
    let is_conditional = |node: &Node<'_>| {
        node.ancestors()
            .take_while(|above| above.node_id() != common.node_id())
            .any(|above| CONDITIONS.contains(&above.kind().as_ref()))
    };
    let is_left_early = |node: &Node<'_>| {
        node.ancestors()
            .take_while(|above| above.node_id() != common.node_id())
            .any(|above| above.text().contains("return"))
    };
    let is_one_of_both = CONDITIONS.contains(&common.kind().as_ref())
        || is_conditional(one) && is_conditional(other);
    !(is_one_of_both || is_left_early(one) || is_left_early(other))
}

const ASKS: [&str; 7] = [
    "infinity_polling",
    "long_polling",
    "polling",
    "run_polling",
    "startPolling",
    "start_polling",
    "infinityPolling",
];

const SENT: [&str; 6] =
    ["run_webhook", "setWebHook", "setWebhook", "set_webhook", "startWebhook", "start_webhook"];

const ENDS: [&str; 5] =
    ["deleteWebHook", "deleteWebhook", "delete_webhook", "remove_webhook", "removeWebhook"];

const CONDITIONS: [&str; 10] = [
    "conditional_expression",
    "elif_clause",
    "else_clause",
    "except_clause",
    "if_statement",
    "match_statement",
    "switch_statement",
    "switch_case",
    "ternary_expression",
    "try_statement",
];

const LONGEST: usize = 200;

const MOST: usize = 50;
