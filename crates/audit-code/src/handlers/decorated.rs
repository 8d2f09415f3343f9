//! Handlers by their decorators.

use super::commands::{awaited, listed};
use super::{Finder, Framework, Handler, HandlerKind};
use crate::flow::tree::{Call, Expr, ExprKind, Function, FunctionId};

impl<'m, 't> Finder<'m, 't> {
    pub(super) fn by_decorators(&mut self, id: FunctionId) {
        let module = self.module;
        let function = &module.functions[id.0];
        for (place, decorator) in function.decorators.iter().enumerate() {
            let Some((kind, commands)) = self.decorated(function, decorator) else { continue };
            let others = function.decorators.iter().enumerate();
            let mut guards: Vec<&'m Expr<'t>> =
                others.filter(|(other, _)| *other != place).map(|(_, other)| other).collect();
            if let ExprKind::Call(call) = &decorator.kind {
                guards.extend(call.args.iter().map(|arg| &arg.value));
            }
            let name = decorator.dotted().unwrap_or_default();
            self.take(Handler {
                kind,
                commands,
                name: function.name.to_string(),
                function: Some(id),
                branch: None,
                guards,
                receiver: name.rsplit_once('.').map_or("", |(owner, _)| owner).to_owned(),
                at: function.at,
            });
        }
    }

    /// Returns what a decorator makes of a function.
    fn decorated(
        &self,
        function: &Function<'t>,
        decorator: &Expr<'t>,
    ) -> Option<(HandlerKind, Vec<String>)> {
        let name = decorator.dotted()?;
        let (owner, last) = name.rsplit_once('.').unwrap_or(("", &name));
        let is_plain = self.frameworks.is_empty();
        if is_plain && !ONLY_CHATS.contains(&last) || matches!(owner, "click" | "cli" | "typer") {
            return None;
        }
        let call = if let ExprKind::Call(call) = &decorator.kind { Some(&**call) } else { None };
        let kind = match last {
            "message" | "message_handler" | "on_message" | "edited_message" | "channel_post"
            | "business_message" | "on_edited_message" | "hears" | "text" => {
                return Some(message(function, call));
            }
            "callback_query"
            | "callback_query_handler"
            | "on_callback_query"
            | "button"
            | "action"
            | "view"
            | "select"
            | "shortcut"
            | "component_callback"
            | "modal_callback"
            | "options" => HandlerKind::Button,
            "pre_checkout_query" | "pre_checkout_query_handler" | "on_pre_checkout_query" => {
                HandlerKind::PreCheckout
            }
            "inline_query" | "inline_handler" | "on_inline_query" | "chosen_inline_result" => {
                HandlerKind::Inline
            }
            "errors" | "error" | "errors_handler" | "error_handler" => HandlerKind::Error,
            "command" | "hybrid_command" | "slash_command" | "subcommand" | "group"
            | "hybrid_group" | "sub_command" => {
                let is_command = self.imports(Framework::DiscordPython)
                    || self.imports(Framework::SlackBolt)
                    || self.imports(Framework::PythonTelegramBot);
                return is_command.then(|| (HandlerKind::Command, own_names(function, call)));
            }
            "user_command" | "message_command" | "context_menu" => HandlerKind::Command,
            "event" | "listener" | "listen" | "on" => return Some(event(function, call)),
            "my_chat_member" | "chat_member" | "poll_answer" | "poll" | "chat_join_request"
            | "startup" | "shutdown" => HandlerKind::Event,
            _ => return None,
        };
        Some((kind, Vec::new()))
    }
}

/// A handler of messages, which a filter may make one of a command or of a payment.
fn message(function: &Function<'_>, call: Option<&Call<'_>>) -> (HandlerKind, Vec<String>) {
    let mut commands = call.map_or_else(Vec::new, awaited);
    if !commands.is_empty() {
        commands.dedup();
        return (HandlerKind::Command, commands);
    }
    let is_of_payments = call
        .is_some_and(|call| call.args.iter().any(|arg| mentions(&arg.value, "successful_payment")));
    if is_of_payments || function.name.contains("successful_payment") {
        return (HandlerKind::Payment, commands);
    }
    (HandlerKind::Message, commands)
}

/// The name that a decorator or else the function gives a command.
fn own_names(function: &Function<'_>, call: Option<&Call<'_>>) -> Vec<String> {
    let mut names = Vec::new();
    for arg in call.into_iter().flat_map(|call| &call.args) {
        if matches!(arg.name, None | Some("name" | "aliases")) {
            names.extend(listed(&arg.value));
        }
    }
    let is_named = call.is_some_and(|call| {
        call.args.iter().any(|arg| {
            arg.name == Some("name")
                || arg.name.is_none() && matches!(arg.value.kind, ExprKind::Str(_))
        })
    });
    if !is_named {
        names.push(function.name.to_lowercase());
    }
    names
}

/// An event by what is waited for, or by the name of the function.
fn event(function: &Function<'_>, call: Option<&Call<'_>>) -> (HandlerKind, Vec<String>) {
    let first = call.and_then(|call| call.args.first());
    let awaits = |what: &str| first.is_some_and(|arg| mentions(&arg.value, what));
    let commands = call.map_or_else(Vec::new, awaited);
    let name = function.name.as_ref();
    let kind = if !commands.is_empty() {
        HandlerKind::Command
    } else if awaits("CallbackQuery") || name == "on_interaction" {
        HandlerKind::Button
    } else if awaits("NewMessage")
        || awaits("message")
        || awaits("app_mention")
        || name == "on_message"
    {
        HandlerKind::Message
    } else if matches!(
        name,
        "on_error" | "on_command_error" | "on_application_command_error" | "on_slash_command_error"
    ) {
        HandlerKind::Error
    } else {
        HandlerKind::Event
    };
    (kind, commands)
}

/// Whether a name or a text in an expression has a word in it.
pub(super) fn mentions(expr: &Expr<'_>, word: &str) -> bool {
    let mut is_there = false;
    crate::visit::each_within(expr, &mut |inner| {
        is_there |= match &inner.kind {
            ExprKind::Str(text) => text.contains(word),
            ExprKind::Name(name) | ExprKind::Member(_, name) => {
                name.contains(word) || name.eq_ignore_ascii_case(word)
            }
            _ => false,
        };
    });
    is_there
}

/// Decorators that no other kind of library has.
const ONLY_CHATS: [&str; 9] = [
    "message_handler",
    "callback_query",
    "callback_query_handler",
    "on_message",
    "on_callback_query",
    "pre_checkout_query",
    "pre_checkout_query_handler",
    "hybrid_command",
    "slash_command",
];
