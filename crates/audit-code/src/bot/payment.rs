//! Payments that count as often as they are told.

use super::Hit;
use super::effect::{Effect, EffectKind, effects};
use super::scene::{Reached, Scene, last_name};
use crate::flow::tree::{ExprKind, FunctionId};
use crate::handlers::HandlerKind;
use crate::visit;

/// Finds what gives something for a payment, and does not look whether it has been given.
pub(super) fn judge(scene: &Scene<'_, '_>) -> Vec<Hit> {
    if !TOLD.iter().any(|word| scene.text.contains(word)) {
        return Vec::new();
    }
    let mut hits: Vec<Hit> = Vec::new();
    for (number, function) in scene.module.functions.iter().enumerate() {
        let id = FunctionId(number);
        let handles = scene
            .map
            .handlers
            .iter()
            .any(|one| one.function == Some(id) && one.kind == HandlerKind::Payment);
        let own = scene.text_of(function.at);
        if !handles && !TOLD.iter().any(|word| own.contains(word)) {
            continue;
        }
        let reached = scene.reached_from(&function.body, Some(id));
        if is_once(&reached) {
            continue;
        }
        let effects = effects(scene, &reached);
        let Some(grant) = effects.iter().find(|effect| gives(scene, effect)) else { continue };
        if hits.iter().all(|hit| hit.at != grant.at) {
            hits.push(Hit {
                check: "pay-no-idempotency",
                at: grant.at,
                current: format!(
                    "`{}` gives something for a payment without a look at whether this payment was counted before.",
                    grant.name
                ),
                about: grant.name.clone(),
            });
        }
    }
    hits
}

/// Whether an effect gives what was paid for.
fn gives(scene: &Scene<'_, '_>, effect: &Effect) -> bool {
    let text = scene.text_of(effect.at).to_lowercase();
    effect.kind == EffectKind::Data && GOODS.iter().any(|word| text.contains(word))
}

/// Whether a payment is told from the same one told again.
fn is_once(reached: &Reached<'_, '_>) -> bool {
    reached.exprs().any(|expr| match &expr.kind {
        ExprKind::Call(call) => {
            let name = last_name(&call.callee).to_lowercase();
            let only_tells = TELLING.iter().any(|word| name.contains(word)) || name.is_empty();
            call.args.iter().any(|arg| {
                arg.name.is_some_and(|name| matches!(name, "nx" | "NX"))
                    || !only_tells && names_charge(&arg.value)
            })
        }
        ExprKind::Compare(_, left, right) => names_charge(left) || names_charge(right),
        ExprKind::Dict(pairs) => pairs.iter().any(|(_, value)| names_charge(value)),
        ExprKind::Index(of, key) => {
            matches!(&key.kind, ExprKind::Str(key) if key == "id") && last_name(of) == "event"
        }
        ExprKind::Member(of, name) => {
            *name == "id" && last_name(of) == "event" || tells_apart(name)
        }
        ExprKind::Name(name) => tells_apart(name),
        ExprKind::Str(text) => tells_apart(text),
        _ => false,
    })
}

fn tells_apart(word: &str) -> bool {
    let lower = word.to_lowercase();
    lower == "status" || ONCE.iter().any(|one| lower.contains(one))
}

fn names_charge(expr: &crate::flow::tree::Expr<'_>) -> bool {
    let mut is_named = false;
    visit::each_within(expr, &mut |inner| {
        is_named |= match &inner.kind {
            ExprKind::Name(name) | ExprKind::Member(_, name) => {
                let plain = name.to_lowercase().replace('_', "");
                plain.ends_with("chargeid")
                    || matches!(
                        plain.as_str(),
                        "eventid" | "paymentid" | "invoiceid" | "paymentintent"
                    )
            }
            _ => false,
        };
    });
    is_named
}

/// What a payment is told by.
const TOLD: [&str; 8] = [
    "successful_payment",
    "successfulPayment",
    "SUCCESSFUL_PAYMENT",
    "checkout.session.completed",
    "payment_intent.succeeded",
    "invoice.paid",
    "charge.succeeded",
    "payment.succeeded",
];

const GOODS: [&str; 13] = [
    "balance",
    "coin",
    "credit",
    "money",
    "premium",
    "vip",
    "token",
    "subscription",
    "points",
    "gold",
    "wallet",
    "stars",
    "gems",
];

/// Parts of names and statements of code that counts a payment once.
const ONCE: [&str; 13] = [
    "idempot",
    "already",
    "processed",
    "on conflict",
    "or ignore",
    "get_or_create",
    "exists",
    "integrityerror",
    "unique",
    "setnx",
    "is_paid",
    "ispaid",
    "duplicate",
];

/// What only tells people of it.
const TELLING: [&str; 8] = ["log", "print", "reply", "send", "answer", "info", "debug", "warn"];
