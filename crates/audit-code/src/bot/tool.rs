//! Tools of language models that nobody is asked about.

use std::collections::BTreeMap;

use super::Hit;
use super::effect::{Effect, EffectKind, effects};
use super::scene::{Scene, last_name};
use crate::flow::tree::{Call, Expr, ExprKind, FunctionId, Span, StmtKind};
use crate::visit::{self, Piece};

/// Finds tools that destroy, pay, send or run something as soon as a model wishes.
pub(super) fn judge(scene: &Scene<'_, '_>) -> Vec<Hit> {
    let has_tools =
        ["ool", "OOL", "available_functions"].iter().any(|word| scene.text.contains(word));
    if !has_tools || ASKED_ANYWHERE.iter().any(|word| scene.text.contains(word)) {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for (id, offered) in tools(scene) {
        let function = scene.function(id);
        let reached = scene.reached_from(&function.body, Some(id));
        let is_asked = |at: Span| {
            let text = scene.text_of(at).to_lowercase();
            ASKED.iter().any(|word| text.contains(word))
        };
        let is_asked = reached.functions.iter().any(|id| is_asked(scene.function(*id).at))
            || function.decorators.iter().any(|decorator| is_asked(decorator.at))
            || offered.is_some_and(is_asked);
        if is_asked {
            continue;
        }
        let mut found: Vec<Effect> =
            effects(scene, &reached).into_iter().filter(|effect| is_final(scene, effect)).collect();
        found.extend(reached.exprs().filter_map(of_files_and_mails));
        found.sort_by_key(|effect| effect.at);
        let Some(effect) = found.first() else { continue };
        hits.push(Hit {
            check: "llm-tool-no-confirm",
            at: effect.at,
            current: format!(
                "A tool of a language model reaches `{}` and asks nobody first.",
                effect.name
            ),
            about: effect.name.clone(),
        });
    }
    hits
}

/// Returns the functions that a model may call, and where they are offered to it.
fn tools(scene: &Scene<'_, '_>) -> BTreeMap<FunctionId, Option<Span>> {
    let mut tools = BTreeMap::new();
    for (number, function) in scene.module.functions.iter().enumerate() {
        let mut names = function.decorators.iter().map(last_name_of_decorator);
        if names.any(|name| DECORATORS.contains(&name.as_str())) {
            tools.insert(FunctionId(number), None);
        }
    }
    let bodies = scene.module.functions.iter().map(|function| function.body.as_slice());
    for body in bodies.chain([scene.module.body.as_slice()]) {
        visit::each(body, &mut |piece| match piece {
            Piece::Expr(expr) => {
                if let ExprKind::Call(call) = &expr.kind {
                    for id in offered(scene, call) {
                        tools.entry(id).or_insert(Some(expr.at));
                    }
                }
            }
            Piece::Stmt(stmt) => {
                let StmtKind::Assign { targets, value } = &stmt.kind else { return };
                let is_table = targets.iter().any(|target| {
                    let name = last_name(target).to_lowercase();
                    name.contains("tool")
                        || name.contains("available_functions")
                        || name.contains("availablefunctions")
                });
                let ExprKind::Dict(pairs) = &value.kind else { return };
                for (_, value) in pairs.iter().filter(|_| is_table) {
                    if let Some(id) = scene.function_of(value) {
                        tools.entry(id).or_insert(Some(stmt.at));
                    }
                }
            }
        });
    }
    tools
}

fn last_name_of_decorator(decorator: &Expr<'_>) -> String {
    decorator.dotted().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned()
}

/// Returns the functions that a call makes tools.
fn offered(scene: &Scene<'_, '_>, call: &Call<'_>) -> Vec<FunctionId> {
    let name = call.callee.dotted().unwrap_or_default();
    let (owner, last) = name.rsplit_once('.').unwrap_or(("", &name));
    let makes = MAKERS.contains(&last)
        || matches!(last, "from_function" | "from_defaults") && owner.ends_with("Tool");
    if !makes {
        return Vec::new();
    }
    let mut found = Vec::new();
    for arg in &call.args {
        match &arg.value.kind {
            ExprKind::Dict(pairs) => {
                let runs = pairs.iter().filter(|(key, _)| {
                    matches!(&key.kind, ExprKind::Str(key) if RUNS.contains(&key.as_ref()))
                });
                found.extend(runs.filter_map(|(_, value)| scene.function_of(value)));
            }
            ExprKind::Lambda(_) | ExprKind::Name(_) => found.extend(scene.function_of(&arg.value)),
            _ => {}
        }
    }
    found
}

/// Whether an effect cannot be taken back.
fn is_final(scene: &Scene<'_, '_>, effect: &Effect) -> bool {
    let text = scene.text_of(effect.at).to_lowercase();
    match effect.kind {
        EffectKind::System | EffectKind::Member | EffectKind::Everybody => true,
        EffectKind::Data => {
            let name = effect.name.to_lowercase();
            ["delete", "drop", "refund", "wipe", "truncate", "destroy"].iter().any(|word| {
                name.contains(word)
                    || text.contains(&format!("\"{word} "))
                    || text.contains(&format!("'{word} "))
                    || text.contains(&format!("`{word} "))
            })
        }
    }
}

fn of_files_and_mails(expr: &Expr<'_>) -> Option<Effect> {
    let ExprKind::Call(call) = &expr.kind else { return None };
    let name = call.callee.dotted().unwrap_or_else(|| last_name(&call.callee));
    let plain = last_name(&call.callee).to_lowercase().replace('_', "");
    let owner = name.rsplit_once('.').map_or("", |(owner, _)| owner);
    let is_of_files = matches!(owner, "os" | "fs" | "shutil" | "fs.promises" | "fsp" | "pathlib")
        && matches!(
            plain.as_str(),
            "remove"
                | "unlink"
                | "rmdir"
                | "rmtree"
                | "rm"
                | "rmsync"
                | "unlinksync"
                | "removedirs"
        );
    let is_of_money = [
        "refunds",
        "charges",
        "transfers",
        "payouts",
        "paymentIntents",
        "Refund",
        "Charge",
        "Transfer",
        "Payout",
        "PaymentIntent",
    ]
    .iter()
    .any(|end| owner.ends_with(end))
        && plain == "create";
    (is_of_files || is_of_money || MAILS.contains(&plain.as_str())).then_some(Effect {
        kind: EffectKind::Data,
        name,
        at: expr.at,
    })
}

const DECORATORS: [&str; 7] = [
    "tool",
    "function_tool",
    "ai_function",
    "kernel_function",
    "llm_tool",
    "tool_plain",
    "register_tool",
];

const MAKERS: [&str; 9] = [
    "tool",
    "DynamicTool",
    "DynamicStructuredTool",
    "StructuredTool",
    "Tool",
    "registerTool",
    "FunctionTool",
    "defineTool",
    "betaZodTool",
];

const RUNS: [&str; 6] = ["execute", "func", "handler", "run", "function", "fn"];

const MAILS: [&str; 8] = [
    "sendmail",
    "sendemail",
    "transfer",
    "transferfunds",
    "sendmoney",
    "sendpayment",
    "makepayment",
    "wiretransfer",
];

/// Words of a tool that somebody is asked about, or that cannot do much.
const ASKED: [&str; 17] = [
    "confirm",
    "approv",
    "human",
    "interrupt",
    "consent",
    "ask_user",
    "askuser",
    "input(",
    "dry_run",
    "dryrun",
    "permission",
    "elicit",
    "authori",
    "allowed",
    "whitelist",
    "sandbox",
    "is_admin",
];

/// Words of a program that asks before every tool.
const ASKED_ANYWHERE: [&str; 7] = [
    "needsApproval",
    "needs_approval",
    "HumanInTheLoop",
    "human_in_the_loop",
    "interrupt_before",
    "interrupt_on",
    "require_confirmation",
];
