//! What a function is given when somebody outside the file calls it.

use super::handlers::Role;
use super::tree::{Function, Param};
use super::value::{Labels, Value};
use super::walk::Walker;

/// Gives each parameter what it holds.
pub(super) fn bind<'m, 't>(
    walker: &mut Walker<'m, 't>,
    function: &'m Function<'t>,
    role: Option<Role>,
) {
    // Whoever reaches a handler brings something in, also where every part of it has a harmless type.
    walker.met_outside |= role.is_some();
    let mut place = 0;
    for param in &function.params {
        let name = param.name();
        let value = if matches!(name, "self" | "this" | "cls") {
            own(function)
        } else {
            let value = given(walker, function, role, param, place);
            place += 1;
            value
        };
        walker.assign(&param.target, value);
    }
    if function.bases.iter().any(|base| is_request_handler(base)) && walker.is_script().eq(&false) {
        for member in ["self.request", "self.headers", "self.path", "self.rfile"] {
            let value = Value::source(Labels::CARRIER, function.at, "a request");
            let value = match member {
                "self.request" => value,
                _ => Value { labels: Labels::USER, ..value },
            };
            walker.names.insert(member.into(), value);
        }
    }
}

fn own(function: &Function<'_>) -> Value {
    Value::named(format!("{}()", function.class.unwrap_or_default()))
}

fn given(
    walker: &Walker<'_, '_>,
    function: &Function<'_>,
    role: Option<Role>,
    param: &Param<'_>,
    place: usize,
) -> Value {
    let source = |labels, does| {
        let mut value = Value::source(labels, param.target.at, does);
        value.path = (!param.name().is_empty()).then(|| param.name().into());
        value
    };
    let (name, written) = (param.name(), param.annotation);
    let named = Value::named(name);
    if is_harmless_type(written) || is_converted(function, name) || SERVICES.contains(&name) {
        return named;
    }
    if walker.is_script()
        && let Some(labels) = script_given(function, param, place)
    {
        return source(labels, "somebody outside sends it");
    }
    if is_carrier_type(written) || walker.is_script() && is_script_request(function, name, place) {
        return source(Labels::CARRIER, "a request or a message");
    }
    match role {
        Some(Role::Page | Role::Service) => match name {
            "request" | "req" | "event" | "ctx" | "c" => source(Labels::CARRIER, "a request"),
            "context" | "response" | "res" | "next" | "reply" | "h" => named,
            _ if walker.is_script() => match place {
                0 => source(Labels::CARRIER, "a request"),
                _ => named,
            },
            _ if param.default.as_ref().is_some_and(is_injected) => named,
            _ => source(Labels::USER, "a client sends it"),
        },
        Some(Role::Chat) => match name {
            _ if place == 0 => source(Labels::CARRIER, "a message"),
            "context" | "ctx" | "message" | "msg" | "update" | "event" | "interaction" => {
                source(Labels::CARRIER, "a message")
            }
            "match" | "args" if walker.is_script() => source(Labels::USER, "a user sends it"),
            _ if walker.is_script() => source(Labels::CARRIER, "a message"),
            _ => source(Labels::USER, "a user sends it"),
        },
        None if name == "request" && !walker.is_script() => source(Labels::CARRIER, "a request"),
        // A view's other parameters come from its address.
        None if has_request(function)
            && place > 0
            && !walker.is_script()
            && param.default.is_none() =>
        {
            source(Labels::USER, "a part of the address")
        }
        None if is_tool(function) => source(Labels::MODEL, "a language model chooses it"),
        None if function.is_exported && function.is_top && param.default.is_none() => {
            source(Labels::CALLER, "whoever calls chooses it")
        }
        None => named,
    }
}

/// Whether a part of an address is said to be a number: `/file/<int:name>`.
fn is_converted(function: &Function<'_>, name: &str) -> bool {
    let addresses = function.decorators.iter().filter_map(|decorator| match &decorator.kind {
        super::tree::ExprKind::Call(call) => call.args.first(),
        _ => None,
    });
    addresses.into_iter().any(|arg| match &arg.value.kind {
        super::tree::ExprKind::Str(text) => {
            ["int", "float", "uuid"].iter().any(|kind| text.contains(&format!("<{kind}:{name}>")))
        }
        _ => false,
    })
}

/// What frameworks of scripts hand over by the form of a function alone.
fn script_given(function: &Function<'_>, param: &Param<'_>, place: usize) -> Option<Labels> {
    let (name, written) = (param.name(), param.annotation);
    let decorator = written.strip_prefix('@').and_then(|rest| rest.split('(').next());
    if let Some(decorator) = decorator {
        return match decorator {
            "Query" | "Body" | "Param" | "Headers" | "Cookies" | "UploadedFile" | "Args"
            | "Arg" | "QueryParam" | "BodyParam" | "HeaderParam" | "CookieParam"
            | "MessageBody" | "Payload" | "QueryParams" | "BodyParams" | "PathParams" => {
                Some(Labels::USER)
            }
            "Req" | "Request" | "Ctx" | "Context" | "Update" => Some(Labels::CARRIER),
            _ => None,
        };
    }
    if name == "interaction" || place == 0 && matches!(name, "ctx" | "formData") {
        return Some(Labels::CARRIER);
    }
    let called: &str = &function.name;
    let is_route = matches!(called, "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD");
    let is_loader = matches!(called, "loader" | "action" | "getServerSideProps");
    let is_lambda = called == "handler" && matches!(name, "event" | "evt");
    (function.is_exported && place == 0 && (is_route || is_loader || is_lambda))
        .then_some(Labels::CARRIER)
}

/// Node's own form of handlers: `(req, res)`, whatever they are given to.
fn is_script_request(function: &Function<'_>, name: &str, place: usize) -> bool {
    let is_first = matches!(name, "req" | "request") && place <= 1;
    let answers =
        function.params.iter().any(|param| matches!(param.name(), "res" | "response" | "reply"));
    is_first && (answers || name == "req")
}

fn has_request(function: &Function<'_>) -> bool {
    let first = function.params.iter().find(|param| !matches!(param.name(), "self" | "cls"));
    first.is_some_and(|param| param.name() == "request")
}

/// A function that a language model may call.
fn is_tool(function: &Function<'_>) -> bool {
    function.decorators.iter().filter_map(super::tree::Expr::dotted).any(|name| {
        let last = name.rsplit('.').next().unwrap_or_default();
        matches!(last, "tool" | "function_tool" | "ai_function" | "kernel_function" | "llm_tool")
    })
}

fn is_injected(default: &super::tree::Expr<'_>) -> bool {
    default
        .dotted()
        .is_some_and(|name| matches!(name.rsplit('.').next(), Some("Depends" | "Security")))
}

fn is_request_handler(base: &str) -> bool {
    base.ends_with("RequestHandler") || base.ends_with("WebSocketHandler")
}

/// Types that a framework has checked.
fn is_harmless_type(written: &str) -> bool {
    let bare = written.trim_start_matches("Optional[").trim_start_matches("typing.");
    let bare = bare.split(['|', '[', ' ', '=', ']']).next().unwrap_or_default();
    let last = bare.rsplit('.').next().unwrap_or_default();
    matches!(
        last,
        "int"
            | "float"
            | "bool"
            | "UUID"
            | "date"
            | "datetime"
            | "timedelta"
            | "Decimal"
            | "Member"
            | "User"
            | "Role"
            | "TextChannel"
            | "Guild"
            | "Session"
            | "AsyncSession"
            | "BackgroundTasks"
            | "Response"
            | "FSMContext"
            | "Bot"
            | "number"
            | "boolean"
            | "Emoji"
            | "Color"
            | "Colour"
            | "VoiceChannel"
            | "Literal"
            | "Path"
            | "Converter"
            | "Red"
            | "Config"
            | "Connection"
    ) || last.ends_with("Converter")
        || last.ends_with("Channel")
}

fn is_carrier_type(written: &str) -> bool {
    let last = written.rsplit('.').next().unwrap_or_default();
    matches!(
        last,
        "Request"
            | "HttpRequest"
            | "Update"
            | "Message"
            | "CallbackQuery"
            | "InlineQuery"
            | "WebSocket"
            | "Interaction"
            | "NextApiRequest"
            | "IncomingMessage"
            | "NextRequest"
            | "FastifyRequest"
    ) && !written.contains("->")
}

/// What a framework hands over to be used, not to be read.
const SERVICES: &[&str] = &[
    "bot",
    "client",
    "db",
    "session",
    "state",
    "ack",
    "say",
    "respond",
    "logger",
    "app",
    "pool",
    "redis",
    "settings",
    "config",
    "cursor",
    "conn",
    "connection",
    "engine",
    "guild",
    "channel",
    "role",
    "member",
];
