//! Which functions of a file answer messages and requests.

use std::collections::HashMap;

use crate::handlers::HandlerMap;

use super::tree::{Expr, ExprKind, FunctionId, Module, Stmt};

/// The functions that somebody outside reaches.
#[derive(Debug, Default)]
pub(super) struct Roles {
    roles: HashMap<FunctionId, Role>,
}

/// What a handler answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Messages of a chat platform.
    Chat,
    /// Requests, with a page: what it returns is HTML.
    Page,
    /// Requests, with data.
    Service,
}

impl Roles {
    /// Finds the handlers of a file: by their decorators, and by the calls that they are given to.
    pub(super) fn of(module: &Module<'_>, chats: &HandlerMap<'_, '_>) -> Self {
        let has_pages = module.imports.iter().any(|(_, path)| {
            ["flask", "bottle", "quart", "cherrypy"]
                .contains(&path.split('.').next().unwrap_or_default())
        }) || module.functions.iter().any(|function| {
            function
                .decorators
                .iter()
                .any(|one| one.dotted().is_some_and(|name| name.ends_with("app.route")))
        });
        let page = if has_pages { Role::Page } else { Role::Service };
        let mut finder = Finder { module, page, roles: HashMap::new(), depth: 0 };
        for (number, function) in module.functions.iter().enumerate() {
            for decorator in &function.decorators {
                if let Some(role) = finder.by_decorator(decorator) {
                    finder.roles.insert(FunctionId(number), role);
                }
            }
            finder.statements(&function.body);
        }
        finder.statements(&module.body);
        for id in chats
            .handlers
            .iter()
            .filter(|one| one.kind.is_from_users())
            .filter_map(|one| one.function)
        {
            finder.roles.entry(id).or_insert(Role::Chat);
        }
        Self { roles: finder.roles }
    }

    pub(super) fn role(&self, id: FunctionId) -> Option<Role> {
        self.roles.get(&id).copied()
    }
}

struct Finder<'m, 't> {
    module: &'m Module<'t>,
    page: Role,
    roles: HashMap<FunctionId, Role>,
    depth: usize,
}

impl<'m, 't> Finder<'m, 't> {
    fn by_decorator(&self, decorator: &Expr<'t>) -> Option<Role> {
        let name = decorator.dotted()?;
        let (owner, last) = name.rsplit_once('.').unwrap_or(("", &name));
        if is_route(decorator) && WEB.contains(&last) {
            return Some(if answers_pages(decorator) { Role::Page } else { self.page });
        }
        if matches!(owner, "click" | "cli" | "typer") {
            return None;
        }
        let is_chat = CHAT.contains(&last)
            || CHAT.contains(&owner.rsplit('.').next().unwrap_or_default()) && last != "register";
        is_chat.then_some(Role::Chat)
    }

    fn statements(&mut self, body: &'m [Stmt<'t>]) {
        if self.depth > super::walk::DEEPEST {
            return;
        }
        self.depth += 1;
        for stmt in body {
            let (mut exprs, mut stmts) = (Vec::new(), Vec::new());
            stmt.each_child(&mut |expr| exprs.push(expr), &mut |stmt| stmts.push(stmt));
            for expr in exprs {
                self.expression(expr);
            }
            for stmt in stmts {
                self.statements(std::slice::from_ref(stmt));
            }
        }
        self.depth -= 1;
    }

    fn expression(&mut self, expr: &'m Expr<'t>) {
        if self.depth > super::walk::DEEPEST {
            return;
        }
        self.depth += 1;
        if let (ExprKind::Call(call), Some(role)) = (&expr.kind, self.by_call(expr)) {
            for arg in &call.args {
                self.registered(&arg.value, role);
                self.in_options(&arg.value, role);
            }
        }
        let mut children = Vec::new();
        expr.each_child(&mut |child| children.push(child));
        for child in children {
            self.expression(child);
        }
        self.depth -= 1;
    }

    fn by_call(&self, call: &Expr<'t>) -> Option<Role> {
        let name = call.dotted()?;
        let (owner, last) = name.rsplit_once('.').unwrap_or(("", &name));
        let owner = owner.rsplit('.').next().unwrap_or_default();
        if last.ends_with("Handler") && last.len() > 7 && !last.contains("Error")
            || REGISTERS.contains(&last)
        {
            return Some(Role::Chat);
        }
        if last == "route" && is_described(call) {
            return Some(self.page);
        }
        if is_route(call)
            && (WEB.contains(&last)
                || [
                    "use",
                    "all",
                    "route",
                    "add_post",
                    "add_get",
                    "add_route",
                    "add_url_rule",
                    "Route",
                    "path",
                    "re_path",
                    "add_api_route",
                ]
                .contains(&last))
        {
            return Some(self.page);
        }
        let is_client = ["bot", "client", "composer", "app", "sock", "ev"].contains(&owner);
        if is_client
            && [
                "on",
                "once",
                "command",
                "hears",
                "action",
                "onText",
                "callbackQuery",
                "start",
                "help",
                "message",
                "event",
                "shortcut",
                "view",
                "reaction",
                "inlineQuery",
                "use",
            ]
            .contains(&last)
        {
            return Some(Role::Chat);
        }
        (owner == "http" || owner == "https")
            .then_some(())
            .filter(|()| last == "createServer")
            .map(|()| Role::Service)
    }

    /// Takes the function of a route that is described by an object: `{ path, handler }`.
    fn in_options(&mut self, arg: &Expr<'t>, role: Role) {
        let ExprKind::Dict(pairs) = &arg.kind else { return };
        for (key, value) in pairs {
            match (&key.kind, &value.kind) {
                (ExprKind::Str(name), _) if name == "handler" => self.registered(value, role),
                (ExprKind::Str(name), ExprKind::Dict(inner)) if name == "options" => {
                    for (key, value) in inner {
                        if matches!(&key.kind, ExprKind::Str(name) if name == "handler") {
                            self.registered(value, role);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes a function that is given to a registration.
    fn registered(&mut self, arg: &Expr<'t>, role: Role) {
        let id = match &arg.kind {
            ExprKind::Lambda(id) => Some(*id),
            ExprKind::Name(_) | ExprKind::Member(..) => {
                let name = arg.dotted().unwrap_or_default();
                let last = name.rsplit('.').next().unwrap_or_default();
                let place = self.module.functions.iter().position(|function| function.name == last);
                place.map(FunctionId)
            }
            _ => None,
        };
        if let Some(id) = id {
            self.roles.entry(id).or_insert(role);
        }
    }
}

/// Whether a route says that it answers with pages: `response_class=HTMLResponse`.
fn answers_pages(decorator: &Expr<'_>) -> bool {
    let ExprKind::Call(call) = &decorator.kind else { return false };
    call.args.iter().any(|arg| {
        arg.name == Some("response_class")
            && arg.value.dotted().is_some_and(|class| class.ends_with("HTMLResponse"))
    })
}

/// Whether a call is given an object that describes a route.
fn is_described(call: &Expr<'_>) -> bool {
    let ExprKind::Call(call) = &call.kind else { return false };
    call.args.first().is_some_and(|arg| matches!(arg.value.kind, ExprKind::Dict(_)))
}

/// Whether a call names a path, as registrations of routes do.
fn is_route(call: &Expr<'_>) -> bool {
    let ExprKind::Call(call) = &call.kind else { return false };
    let starts = |expr: &Expr<'_>| match &expr.kind {
        ExprKind::Str(text) => {
            text.starts_with(['/', '*']) || text.is_empty() || text.ends_with('/')
        }
        ExprKind::Regex(_) | ExprKind::Concat(_) | ExprKind::Binary(..) | ExprKind::Name(_) => true,
        _ => false,
    };
    call.args.first().is_some_and(|arg| starts(&arg.value))
}

const WEB: &[&str] = &[
    "route",
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "websocket",
    "api_route",
    "head",
    "options",
];

/// Decorators of chat frameworks.
const CHAT: &[&str] = &[
    "message",
    "message_handler",
    "callback_query",
    "callback_query_handler",
    "edited_message",
    "inline_query",
    "inline_handler",
    "channel_post",
    "on_message",
    "on_callback_query",
    "on_inline_query",
    "command",
    "hybrid_command",
    "slash_command",
    "user_command",
    "message_command",
    "event",
    "listen",
    "listener",
    "on",
    "shortcut",
    "view",
    "action",
    "options",
    "pre_checkout_query",
    "business_message",
    "chosen_inline_result",
    "my_chat_member",
    "callback_handler",
    "text_handler",
    "on_edited_message",
    "subcommand",
    "hybrid_group",
    "group",
];

/// Functions that a handler is given to.
const REGISTERS: &[&str] = &[
    "add_handler",
    "register_message_handler",
    "register_callback_query_handler",
    "add_event_handler",
    "register_next_step_handler",
    "add_listener",
    "register_inline_handler",
    "add_command",
];
