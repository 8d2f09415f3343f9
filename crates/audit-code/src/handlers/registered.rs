//! Handlers by the calls that register them.

use super::commands::{awaited, listed};
use super::decorated::mentions;
use super::{Finder, Framework, Handler, HandlerKind};
use crate::flow::lower::Dialect;
use crate::flow::tree::{Arg, Call, Expr, ExprKind, FunctionId};

impl<'m, 't> Finder<'m, 't> {
    pub(super) fn by_call(&mut self, expr: &'m Expr<'t>, call: &'m Call<'t>) {
        let Some(name) = call.callee.dotted() else { return };
        let (owner, last) = name.rsplit_once('.').unwrap_or(("", &name));
        let registered = match self.dialect {
            Dialect::Python => self.python_registration(owner, last, call),
            Dialect::JavaScript => self.script_registration(owner, last, call),
        };
        let Some((kind, commands)) = registered else { return };
        let mut guards = Vec::new();
        let Some((name, function)) = self.handler_of(call, &mut guards) else { return };
        let receiver = owner.to_owned();
        // What stands before the call is as good a guard as what stands in it: `bot.filter(isAdmin).command(…)`.
        if let ExprKind::Member(of, _) = &call.callee.kind {
            guards.push(of);
        }
        let at = expr.at;
        self.take(Handler { kind, commands, name, function, branch: None, guards, receiver, at });
    }

    fn python_registration(
        &self,
        owner: &str,
        last: &str,
        call: &Call<'t>,
    ) -> Option<(HandlerKind, Vec<String>)> {
        let kind = match last {
            "CommandHandler" | "PrefixHandler" | "StringCommandHandler" => {
                let named = call
                    .args
                    .iter()
                    .filter(|arg| matches!(arg.name, None | Some("command" | "commands")));
                let commands = named.flat_map(|arg| listed(&arg.value)).collect();
                return Some((HandlerKind::Command, commands));
            }
            "MessageHandler" | "register_message_handler" | "EditedMessageHandler" => {
                return Some(message(call));
            }
            "register" if owner.ends_with("message") => return Some(message(call)),
            "register" if owner.ends_with("callback_query") => HandlerKind::Button,
            "register" if owner.ends_with("errors") || owner.ends_with("error") => {
                HandlerKind::Error
            }
            "register" if owner.ends_with("pre_checkout_query") => HandlerKind::PreCheckout,
            "CallbackQueryHandler" | "register_callback_query_handler" => HandlerKind::Button,
            "PreCheckoutQueryHandler" | "register_pre_checkout_query_handler" => {
                HandlerKind::PreCheckout
            }
            "InlineQueryHandler" | "ChosenInlineResultHandler" | "register_inline_handler" => {
                HandlerKind::Inline
            }
            "TypeHandler"
            | "ChatMemberHandler"
            | "ChatJoinRequestHandler"
            | "PollAnswerHandler"
            | "MessageReactionHandler" => HandlerKind::Event,
            "add_error_handler" | "register_errors_handler" => HandlerKind::Error,
            "add_event_handler" => {
                let commands = awaited(call);
                let is_button = call.args.iter().any(|arg| mentions(&arg.value, "CallbackQuery"));
                return Some(match (commands.is_empty(), is_button) {
                    (false, _) => (HandlerKind::Command, commands),
                    (true, true) => (HandlerKind::Button, commands),
                    (true, false) => (HandlerKind::Message, commands),
                });
            }
            "add_listener" if self.imports(Framework::DiscordPython) => HandlerKind::Event,
            _ => return None,
        };
        Some((kind, Vec::new()))
    }

    fn script_registration(
        &self,
        owner: &str,
        last: &str,
        call: &Call<'t>,
    ) -> Option<(HandlerKind, Vec<String>)> {
        let root = owner.split('.').next().unwrap_or_default();
        let is_bot = RECEIVERS.iter().any(|known| root.eq_ignore_ascii_case(known))
            || root.to_ascii_lowercase().ends_with("bot");
        let is_known = !self.frameworks.is_empty() && !FOREIGN.contains(&root);
        if owner.is_empty() || !(is_known || is_bot && root != "app" && root != "client") {
            return None;
        }
        let first = call.args.first();
        let kind = match last {
            "command" | "cmd" | "slashCommand" => {
                let commands = first.map_or_else(Vec::new, |arg| listed(&arg.value));
                return Some((HandlerKind::Command, commands));
            }
            "start" | "help"
                if matches!(
                    first.map(|arg| &arg.value.kind),
                    Some(ExprKind::Lambda(_) | ExprKind::Name(_))
                ) =>
            {
                return Some((HandlerKind::Command, vec![last.to_owned()]));
            }
            "hears" | "onText" => {
                let commands = first.map_or_else(Vec::new, |arg| match &arg.value.kind {
                    ExprKind::Regex(text) if !text.contains("\\/") && !text.contains('!') => {
                        Vec::new()
                    }
                    ExprKind::Str(text) if !text.starts_with(['/', '!', '.']) => Vec::new(),
                    _ => listed(&arg.value),
                });
                let is_command = !commands.is_empty();
                let kind = if is_command { HandlerKind::Command } else { HandlerKind::Message };
                return Some((kind, commands));
            }
            "action" | "callbackQuery" | "view" | "shortcut" | "gameQuery" => HandlerKind::Button,
            "inlineQuery" | "chosenInlineResult" => HandlerKind::Inline,
            "preCheckoutQuery" => HandlerKind::PreCheckout,
            "message" if self.imports(Framework::SlackBolt) => HandlerKind::Message,
            "error" | "catch" if call.args.len() == 1 && !owner.contains('.') => HandlerKind::Error,
            "on" | "once" | "event" => return on(first?),
            _ => return None,
        };
        Some((kind, Vec::new()))
    }

    /// Returns the function that is registered: of scripts the last, else the first one. All else are guards.
    fn handler_of(
        &self,
        call: &'m Call<'t>,
        guards: &mut Vec<&'m Expr<'t>>,
    ) -> Option<(String, Option<FunctionId>)> {
        let given: Vec<&'m Arg<'t>> = call.args.iter().collect();
        let is_script = self.dialect == Dialect::JavaScript;
        let mut place = None;
        for (number, arg) in given.iter().enumerate() {
            if is_filter(&arg.value) {
                continue;
            }
            let is_named = matches!(arg.name, Some("callback" | "handler" | "func" | "fn"));
            let Some((_, function)) = self.wrapped(&arg.value, &mut Vec::new()) else { continue };
            let is_better = is_named
                || place.is_none_or(|(_, is_own): (usize, bool)| {
                    is_script || !is_own && function.is_some()
                });
            if is_better && (arg.name.is_none() || is_named) {
                place = Some((number, function.is_some()));
            }
        }
        let (place, _) = place?;
        let others = given.iter().enumerate().filter(|(number, _)| *number != place);
        guards.extend(others.map(|(_, arg)| &arg.value));
        self.wrapped(&given[place].value, guards)
    }

    /// Returns the function that an expression is or wraps; the wrappers are guards.
    fn wrapped(
        &self,
        expr: &'m Expr<'t>,
        guards: &mut Vec<&'m Expr<'t>>,
    ) -> Option<(String, Option<FunctionId>)> {
        let mut at = expr;
        for _ in 0..DEEPEST {
            let ExprKind::Call(call) = &at.kind else { return self.named(at) };
            guards.push(&call.callee);
            at = &call.args.iter().rev().find(|arg| self.named(&arg.value).is_some())?.value;
        }
        None
    }
}

/// Whether an expression is one of a library's filters, which are named as functions are.
fn is_filter(expr: &Expr<'_>) -> bool {
    let name = expr.dotted().unwrap_or_default();
    let is_constant = !name.is_empty() && !name.contains(|one: char| one.is_lowercase());
    is_constant || FILTERS.contains(&name.split('.').next().unwrap_or_default())
}

/// A handler of messages, which a filter may make one of a command or of a payment.
fn message(call: &Call<'_>) -> (HandlerKind, Vec<String>) {
    let commands = awaited(call);
    let is_of_payments = call.args.iter().any(|arg| {
        mentions(&arg.value, "SUCCESSFUL_PAYMENT") || mentions(&arg.value, "successful_payment")
    });
    match (commands.is_empty(), is_of_payments) {
        (false, _) => (HandlerKind::Command, commands),
        (true, true) => (HandlerKind::Payment, commands),
        (true, false) => (HandlerKind::Message, commands),
    }
}

/// Returns what an event of a script is about.
fn on(event: &Arg<'_>) -> Option<(HandlerKind, Vec<String>)> {
    let is = |word: &str| mentions(&event.value, word);
    let kind = if is("successful_payment") {
        HandlerKind::Payment
    } else if is("pre_checkout_query") {
        HandlerKind::PreCheckout
    } else if is("callback_query") || is("interaction") || is("InteractionCreate") {
        HandlerKind::Button
    } else if is("inline_query") {
        HandlerKind::Inline
    } else if is("error") {
        HandlerKind::Error
    } else if ["message", "messageCreate", "MessageCreate", "text", "app_mention", "upsert"]
        .iter()
        .any(|word| is(word))
    {
        HandlerKind::Message
    } else if matches!(
        event.value.kind,
        ExprKind::Str(_) | ExprKind::Member(..) | ExprKind::List(_)
    ) {
        HandlerKind::Event
    } else {
        return None;
    };
    Some((kind, Vec::new()))
}

/// What bots are called where another file makes them.
const RECEIVERS: [&str; 5] = ["bot", "composer", "telegram", "sock", "discord"];

/// What has the same methods and is no bot.
const FOREIGN: [&str; 12] = [
    "process", "server", "socket", "http", "https", "stream", "emitter", "program", "window",
    "document", "redis", "db",
];

/// Where libraries keep their filters.
const FILTERS: [&str; 5] = ["filters", "Filters", "F", "events", "filter"];

/// Nobody wraps a function in more.
const DEEPEST: usize = 6;
