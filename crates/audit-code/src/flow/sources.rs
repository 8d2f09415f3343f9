//! Where data comes in that somebody outside chose.

use super::Dialect;
use super::call::Site;
use super::tree::Span;
use super::value::{Labels, Value};

/// Returns what a name brings in by itself, with imports resolved.
pub(super) fn of_name(dialect: Dialect, path: &str) -> Labels {
    let last = path.rsplit('.').next().unwrap_or_default();
    match dialect {
        // The request that web frameworks hold for the thread.
        Dialect::Python if last == "request" && path.contains('.') => Labels::CARRIER,
        Dialect::JavaScript if path == "location" => Labels::CARRIER,
        _ => Labels::default(),
    }
}

/// Returns a member of a value.
pub(super) fn of_member(dialect: Dialect, of: &Value, name: &str, path: &str, at: Span) -> Value {
    if let Some(labels) = by_path(dialect, path) {
        return Value::source(labels, at, "comes in from outside");
    }
    if of.labels.meets(Labels::CARRIER) {
        return carried(of, name, at);
    }
    if of.labels.meets(Labels::ANSWER) {
        return answered(of, name, at);
    }
    let is_sent = lists(FIELDS, last_of(of.path())) && name.ends_with("id");
    if is_plain(name) && !is_sent {
        return Value::default();
    }
    of.taint()
}

/// Returns what an object has that carries what a user sent.
fn carried(of: &Value, name: &str, at: Span) -> Value {
    let rest = Value { labels: of.labels.without(Labels::CARRIER), ..of.taint() };
    let mut value = if lists(SENT, name) {
        let mut value = Value { labels: Labels::USER, ..of.taint() };
        if value.trail.is_none() {
            value = Value::source(Labels::USER, at, "a user sent it");
        }
        value.is_part = true;
        value.step(at, "a user sent it")
    } else if lists(CARRIERS, name) {
        Value { labels: Labels::CARRIER, ..of.taint() }
    } else {
        Value::default()
    };
    value.absorb(&rest);
    value
}

/// Returns a part of a model's answer.
fn answered(of: &Value, name: &str, at: Span) -> Value {
    if is_plain(name) || matches!(name, "usage" | "model" | "finish_reason" | "role" | "type") {
        return Value::default();
    }
    let is_text = matches!(
        name,
        "content"
            | "text"
            | "arguments"
            | "output_text"
            | "input"
            | "parsed"
            | "output"
            | "response"
    );
    let labels = if is_text { Labels::MODEL } else { Labels::ANSWER };
    Value { labels, ..of.taint() }.step(at, "a part of the model's answer")
}

/// Returns what a call brings in. `None` when it is not known to.
pub(super) fn of_call(dialect: Dialect, site: &Site<'_, '_>) -> Option<Value> {
    let at = site.at;
    if let Some(labels) = by_path(dialect, &site.path) {
        return Some(Value::source(labels, at, "comes in from outside"));
    }
    if is_model(&site.path) {
        return Some(Value::source(
            Labels::ANSWER.with(Labels::MODEL),
            at,
            "a language model answers",
        ));
    }
    if is_guessable(dialect, site) {
        return Some(Value::source(Labels::GUESSABLE, at, "a number that can be guessed"));
    }
    if let Some(labels) = of_environment(site) {
        return Some(Value::source(labels, at, "comes from the environment"));
    }
    let receiver = &site.receiver;
    if receiver.labels.meets(Labels::CARRIER) && reads(&site.name) {
        let value = Value { labels: Labels::USER, is_part: true, ..receiver.taint() };
        return Some(value.step(at, "a user sent it"));
    }
    if receiver.labels.meets(Labels::CARRIER) && lists(CARRIERS, &site.name) {
        return Some(receiver.taint());
    }
    if is_rows(site) {
        return Some(Value::source(Labels::STORED, at, "was stored before"));
    }
    if site.path.ends_with("traceback.format_exc")
        || site.path.ends_with("traceback.format_exception")
    {
        return Some(Value::source(Labels::ERROR, at, "the trace of an error"));
    }
    None
}

/// Returns what a function is given that is called back, when the call brings it in.
pub(super) fn of_callback(dialect: Dialect, site: &Site<'_, '_>) -> Option<Value> {
    let at = site.at;
    let is_line = site.name == "question" || site.path.ends_with("stdin.on");
    let is_socket = site.name == "on"
        && ["socket", "ws", "conn", "connection", "sock"].contains(&last_of(site.receiver.path()));
    (dialect == Dialect::JavaScript && (is_line || is_socket))
        .then(|| Value::source(Labels::USER, at, "somebody outside sent it"))
        .or_else(|| {
            let is_body = site.name == "on" && site.receiver.labels.meets(Labels::CARRIER);
            is_body.then(|| Value { labels: Labels::USER, ..site.receiver.taint() })
        })
}

/// Whether a name is among those of a list with spaces between them.
fn lists(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == name)
}

fn last_of(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

fn by_path(dialect: Dialect, path: &str) -> Option<Labels> {
    let table = match dialect {
        Dialect::Python => PYTHON,
        Dialect::JavaScript => SCRIPT,
    };
    let found = table.iter().find(|(name, _)| path == *name || ends_with(path, name));
    found.map(|(_, labels)| *labels)
}

fn ends_with(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
}

fn is_model(path: &str) -> bool {
    MODELS.split_ascii_whitespace().any(|name| path == name || ends_with(path, name))
}

fn is_guessable(dialect: Dialect, site: &Site<'_, '_>) -> bool {
    match dialect {
        Dialect::Python => {
            (site.path.starts_with("random.") || site.path.starts_with("numpy.random."))
                && !site.path.contains("SystemRandom")
                && !matches!(site.name.as_str(), "seed" | "shuffle" | "SystemRandom" | "Random")
        }
        Dialect::JavaScript => site.path == "Math.random",
    }
}

/// The environment is the operator's; what has a secret's name is one.
fn of_environment(site: &Site<'_, '_>) -> Option<Labels> {
    let is_environment =
        matches!(site.path.as_str(), "os.getenv" | "os.environ.get" | "getpass.getpass");
    if !is_environment {
        return None;
    }
    let is_secret = site.name == "getpass"
        || site.at(0).and_then(|arg| arg.value.text()).is_some_and(is_secret_name);
    Some(if is_secret { Labels::SECRET.with(Labels::ENVIRONMENT) } else { Labels::ENVIRONMENT })
}

/// Whether a name is one that people give to secrets.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let is_one = [
        "password",
        "passwd",
        "secret",
        "api_key",
        "apikey",
        "private_key",
        "bot_token",
        "auth_token",
        "access_token",
        "refresh_token",
        "client_secret",
        "privatekey",
        "authtoken",
        "accesstoken",
        "credential",
        "passphrase",
    ]
    .iter()
    .any(|word| name.contains(word))
        || name == "token"
        || name.ends_with("_token");
    let is_about = [
        "hash", "_id", "name", "len", "count", "type", "url", "path", "file", "field", "_re",
        "pattern", "reset", "prompt", "policy", "expir", "form", "page", "valid", "has_", "is_",
        "error", "manager", "cancel",
    ]
    .iter()
    .any(|word| name.contains(word));
    is_one && !is_about
}

fn is_rows(site: &Site<'_, '_>) -> bool {
    matches!(site.name.as_str(), "fetchone" | "fetchall" | "fetchmany")
}

/// Whether a method of a request reads what was sent.
fn reads(name: &str) -> bool {
    const READS: &str = "get getlist getall getone get_json get_data json text body read form post param \
    query header cookie get_argument get_arguments get_query_argument get_body_argument \
    get_cookie get_secure_cookie formData getString getAttachment getlast multipart \
    stream valid parseBody item to_dict values items readline queries parsed_body \
    cleaned_data get_signed_cookie content getParameter getHeader";
    let is_getter =
        name.starts_with("get_") || name.starts_with("read_") || name.starts_with("fetch_");
    (lists(READS, name) || is_getter) && !name.contains("safe") && !is_object(name)
}

/// Methods of a bot's objects that return objects, not texts.
fn is_object(name: &str) -> bool {
    [
        "_bot", "_chat", "_member", "_user", "_channel", "_guild", "_role", "_cog", "_context",
        "_embed", "_message", "_session", "_host", "_id", "_me", "_port", "_command", "_prefix",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

/// What is a number or a handle, whatever it belongs to.
fn is_plain(name: &str) -> bool {
    matches!(
        name,
        "id" | "user_id"
            | "chat_id"
            | "message_id"
            | "length"
            | "size"
            | "date"
            | "created_at"
            | "status_code"
            | "guild_id"
            | "channel_id"
            | "file_size"
            | "mention"
            | "ok"
    )
}

/// What a user chose of a message or a request.
const SENT: &str = "GET POST COOKIES META FILES args form values cookies headers json data files \
    query_string body query_params path_params query match_info rel_url url path \
    full_path base_url referrer user_agent view_args text caption content clean_content \
    file_name filename originalname first_name last_name full_name username raw_text \
    message_text html_text text_html text_markdown matches command_args params \
    originalUrl file rawBody match startPayload payload signedCookies searchParams \
    queryStringParameters pathParameters hash search href firstName lastName \
    QUERY_STRING stream arguments forms inline_query_text search_params session_data \
    custom_id customId nextUrl hostname rfile title cleaned_data json_body pushName \
    conversation display_name global_name query_arguments body_arguments remote_addr uri \
    environ mimetype raw_args referer body rawPath rawQueryString";

/// What carries such things itself.
const CARRIERS: &str = "message effective_message callback_query inline_query edited_message channel_post \
    reply_to_message request req event interaction options update msg document \
    effective_user effective_chat from_user author user chat callbackQuery inlineQuery \
    from web_app_data poll_answer current_message chosen_inline_result \
    pre_checkout_query contact photo attachments location replied_message quotedMsg \
    messages ctx fields namespace sender command shortcut action view get_message get_sender get_reply_message clone \
    json_payload";

/// What holds fields that somebody named and filled in.
const FIELDS: &str = "params query body cookies payload pathParameters queryStringParameters \
    headers fields searchParams view_args match_info path_params query_params json parse()";

const PYTHON: &[(&str, Labels)] = &[
    ("input", Labels::OPERATOR),
    ("raw_input", Labels::OPERATOR),
    ("sys.argv", Labels::OPERATOR),
    ("sys.stdin", Labels::OPERATOR),
    ("sys.stdin.read", Labels::OPERATOR),
    ("sys.stdin.readline", Labels::OPERATOR),
    ("fileinput.input", Labels::OPERATOR),
    ("parse_args", Labels::OPERATOR),
    ("recv", Labels::USER),
    ("recvfrom", Labels::USER),
    ("receive_text", Labels::USER),
    ("receive_json", Labels::USER),
    ("get_argument", Labels::USER),
    ("get_body_argument", Labels::USER),
    ("get_query_argument", Labels::USER),
    ("rfile.read", Labels::USER),
    ("cgi.FieldStorage", Labels::USER),
];

const SCRIPT: &[(&str, Labels)] = &[
    ("process.argv", Labels::OPERATOR),
    ("req.body", Labels::USER),
    ("req.query", Labels::USER),
    ("req.params", Labels::USER),
    ("req.headers", Labels::USER),
    ("req.cookies", Labels::USER),
    ("request.body", Labels::USER),
    ("request.query", Labels::USER),
    ("request.params", Labels::USER),
    ("request.payload", Labels::USER),
    ("location.hash", Labels::USER),
    ("location.search", Labels::USER),
    ("location.href", Labels::USER),
    ("document.URL", Labels::USER),
    ("document.referrer", Labels::USER),
    ("document.cookie", Labels::USER),
    ("window.name", Labels::USER),
    ("prompt", Labels::OPERATOR),
];

/// Calls of language models.
const MODELS: &str = "completions.create completions.parse messages.create responses.create \
    ChatCompletion.create ChatCompletion.acreate Completion.create generate_content \
    generate_content_async generateContent send_message_async litellm.completion \
    litellm.acompletion ollama.chat ollama.generate llm.invoke llm.ainvoke chain.invoke \
    chain.ainvoke llm.predict llm.complete llm.chat model.invoke agent.run chain.run \
    generateText generateObject chat.complete text_generation invoke_model client.chat \
    llm.generate llm.apredict model.generate";
