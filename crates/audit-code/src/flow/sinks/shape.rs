//! What must be so besides, for a value to do harm where it is used.

use super::super::call::{Given, Site};
use super::super::eval::is_sent_whole;
use super::super::guard::is_fixed_host;
use super::super::sources::is_secret_name;
use super::super::tree::{Expr, ExprKind};
use super::super::value::{Classes, Items, Labels, Value};
use super::super::walk::Walker;
use super::{Rule, Shape, is};

/// Whether a value does harm at a call.
pub(super) fn harms(
    walker: &mut Walker<'_, '_>,
    site: &Site<'_, '_>,
    rule: &Rule,
    value: &Value,
) -> bool {
    if rule.shape == Shape::Command {
        return command(walker, site, rule, value);
    }
    if !value.harms(rule.class, rule.labels) || value.labels.0 & rule.labels.0 == Labels::CARRIER.0
    {
        return false;
    }
    match rule.shape {
        Shape::Address => !has_fixed_host(value),
        Shape::Redirect => leads_away(value),
        Shape::Loader => loads_objects(site),
        Shape::Entities => fetches_entities(walker, site),
        Shape::Markup => is_markup(site),
        Shape::Filter => {
            let is_database = names_one_of(&site.path, &["db", "coll", "mongo", "model", "user"]);
            (is_database || walker.is_script() || value.items.is_some()) && is_filter(value)
        }
        Shape::Directory => names_one_of(&site.path, &["ldap", "conn", "directory"]),
        Shape::Document => {
            site.name.to_ascii_lowercase().contains("path")
                || names_one_of(&site.path, &["tree", "root", "xml", "doc", "elem"])
        }
        Shape::Page => !is_data(site) && value.items.is_none(),
        Shape::Whole => is_whole(value),
        Shape::Prompt => is_in_system(value, site),
        Shape::Built if walker.is_script() && is_short(&site.name) => {
            value.is_built && value.items.is_none()
        }
        Shape::Built => value.items.is_none(),
        Shape::Plain | Shape::Command | Shape::Header => true,
    }
}

/// A text goes to a shell; of a list the first word is run, and a shell among the first words runs the rest.
fn command(walker: &mut Walker<'_, '_>, site: &Site<'_, '_>, rule: &Rule, value: &Value) -> bool {
    if value.labels.0 & rule.labels.0 == Labels::CARRIER.0 {
        return false;
    }
    let harms = |value: &Value| value.harms(rule.class, rule.labels);
    let is_shell_call = is(site.named("shell"), true)
        || matches!(
            site.name.as_str(),
            "system"
                | "popen"
                | "getoutput"
                | "getstatusoutput"
                | "exec"
                | "execSync"
                | "create_subprocess_shell"
        );
    let words: Vec<&Value> = match value.items.as_deref() {
        Some(Items::List(all)) => all.iter().collect(),
        // In JavaScript the words follow the program; so do they in `os.execlp`.
        _ if walker.is_script() && spawns(&site.name) => match site.at(1).map(|arg| &arg.value) {
            Some(rest) => match rest.items.as_deref() {
                Some(Items::List(all)) => [value].into_iter().chain(all).collect(),
                _ => vec![value],
            },
            None => vec![value],
        },
        _ if site.name.starts_with("exec")
            && site.name != "exec"
            && site.path.starts_with("os.") =>
        {
            site.values().collect()
        }
        _ if site.name == "create_subprocess_exec" => site.values().collect(),
        _ => return harms(value),
    };
    let Some((program, rest)) = words.split_first() else { return false };
    if harms(program) || is_shell_call && words.iter().any(|word| harms(word)) {
        return true;
    }
    let runs_text = program.text().is_some_and(is_shell)
        && rest.iter().any(|word| {
            word.text()
                .is_some_and(|word| matches!(word, "-c" | "/c" | "/C" | "-e" | "-lc" | "-Command"))
        });
    if runs_text && rest.iter().any(|word| harms(word)) {
        return true;
    }
    options(walker, site, rest);
    false
}

/// A word that begins as its sender likes may be an option of the program.
fn options(walker: &mut Walker<'_, '_>, site: &Site<'_, '_>, rest: &[&Value]) {
    for word in rest {
        if word.text() == Some("--") {
            return;
        }
        let is_free = word.prefix.as_deref().is_none_or(str::is_empty);
        if is_free && word.harms(Classes::OPTION, Labels::USER.with(Labels::MODEL)) {
            walker.hit("arg-injection", site.at, word);
        }
    }
}

/// Names that caches and collections have too: what they are given there is a key.
fn is_short(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "all"
            | "run"
            | "each"
            | "any"
            | "one"
            | "none"
            | "where"
            | "exec"
            | "batch"
            | "prepare"
            | "execute"
    )
}

/// Whether what is called belongs to something that is named so.
fn names_one_of(path: &str, words: &[&str]) -> bool {
    let path = path.to_ascii_lowercase();
    words.iter().any(|word| path.contains(word))
}

fn spawns(name: &str) -> bool {
    matches!(name, "spawn" | "spawnSync" | "execFile" | "execFileSync" | "execa" | "cross-spawn")
}

fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    matches!(
        name,
        "sh" | "bash"
            | "zsh"
            | "dash"
            | "ksh"
            | "cmd"
            | "cmd.exe"
            | "powershell"
            | "pwsh"
            | "python"
            | "python3"
            | "perl"
            | "ruby"
            | "node"
            | "env"
            | "sudo"
            | "ssh"
    )
}

fn has_fixed_host(value: &Value) -> bool {
    value.prefix.as_deref().is_some_and(is_fixed_host)
}

/// Whether an address may lead to another host.
pub(super) fn leads_away(value: &Value) -> bool {
    let Some(prefix) = value.prefix.as_deref() else { return true };
    let is_own = prefix.starts_with('/') && prefix.len() > 1 && !prefix.starts_with("//");
    !is_own && !prefix.starts_with(['?', '#']) && !is_fixed_host(prefix)
}

fn loads_objects(site: &Site<'_, '_>) -> bool {
    let loader = site.named("Loader").or_else(|| site.at(1).map(|arg| &arg.value));
    let is_safe = loader.is_some_and(|loader| {
        let path = loader.path();
        path.contains("Safe")
            || path.contains("BaseLoader")
            || path.contains("SAFE")
            || path.contains("JSON_SCHEMA")
    });
    let is_told = site
        .named("schema")
        .is_some_and(|schema| schema.path().contains("SAFE") || schema.path().contains("JSON"));
    let has_weights = is(site.named("weights_only"), true);
    let is_array = site.path.ends_with("numpy.load") || site.path.ends_with("np.load");
    let is_plain_array = is_array && !is(site.named("allow_pickle"), true);
    !(is_safe || is_told || has_weights || is_plain_array)
}

/// The standard library's parsers fetch nothing unless told to; those of lxml resolve unless told not to.
fn fetches_entities(walker: &Walker<'_, '_>, site: &Site<'_, '_>) -> bool {
    if site.path.contains("defused") {
        return false;
    }
    if walker.is_script() {
        return ["noent", "dtdload", "replaceEntities"].iter().any(|option| site.is_set(option));
    }
    let given = site.values().chain([&site.receiver]);
    let parsers: Vec<&str> = given.map(Value::path).filter(|path| path.contains("arser")).collect();
    if parsers.iter().any(|path| path.contains("unsafe-parser")) {
        return true;
    }
    let is_lxml = site.path.contains("lxml") || site.path.contains("objectify");
    is_lxml && !parsers.iter().any(|path| path.contains("safe-parser"))
}

/// Whether a message is sent as markup.
fn is_markup(site: &Site<'_, '_>) -> bool {
    if matches!(
        site.name.as_str(),
        "reply_html" | "answer_html" | "replyWithHTML" | "replyWithMarkdown"
    ) {
        return true;
    }
    let mode = site.named("parse_mode").or_else(|| site.named("parseMode"));
    mode.is_some_and(|mode| {
        let written = mode.text().unwrap_or(mode.path()).to_ascii_lowercase();
        written.contains("html") || written.contains("markdown")
    })
}

/// A value that was sent as an object stands for any condition.
fn is_filter(value: &Value) -> bool {
    match value.items.as_deref() {
        Some(Items::Dict(pairs)) => pairs.iter().any(|(key, one)| {
            // What it is compared with is a value, whatever it holds.
            if *key == super::Const::Str("$eq".into()) {
                return false;
            }
            let is_code = *key == super::Const::Str("$where".into());
            let is_raw = !one.is_built
                && one.items.is_none()
                && one.trail.as_ref().is_some_and(|trail| {
                    trail.does == "a user sent it"
                        || trail.does == "assigned"
                        || trail.does == "taken out of it"
                        || trail.does == "comes in from outside"
                });
            one.harms(Classes::NOSQL, Labels::USER)
                && (is_code || is_raw || one.items.is_some() && is_filter(one))
        }),
        _ => true,
    }
}

/// Whether an answer is data, not a page.
fn is_data(site: &Site<'_, '_>) -> bool {
    if site.path.contains(super::PLAIN) {
        return true;
    }
    // Of aiohttp, whose answers are text unless they say otherwise.
    if site.path.ends_with("web.Response") && site.named("content_type").is_none() {
        return true;
    }
    ["content_type", "mimetype", "media_type", "contentType"].iter().any(|name| {
        site.named(name).and_then(Value::text).is_some_and(|kind| !kind.contains("html"))
    })
}

/// Whether a value is what somebody sent with all its fields, or holds it as the data of a record.
fn is_whole(value: &Value) -> bool {
    let is_data = |key: &super::Const| {
        ["data", "values", "$set", "create", "update"]
            .iter()
            .any(|name| *key == super::Const::Str((*name).into()))
    };
    match value.items.as_deref() {
        Some(Items::Dict(pairs)) => {
            pairs.iter().any(|(key, one)| is_data(key) && is_sent_whole(one))
        }
        Some(Items::List(_)) => false,
        None => is_sent_whole(value),
    }
}

/// An answer that sends a browser somewhere by its header.
pub(super) fn location(walker: &mut Walker<'_, '_>, site: &Site<'_, '_>) {
    if !walker.is_script()
        || !matches!(
            site.name.as_str(),
            "setHeader" | "set" | "header" | "append" | "writeHead" | "Response"
        )
    {
        return;
    }
    let is_location =
        |value: &Value| value.text().is_some_and(|name| name.eq_ignore_ascii_case("location"));
    let sent = if site.at(0).is_some_and(|arg| is_location(&arg.value)) {
        site.at(1).map(|arg| arg.value.clone())
    } else {
        let named = site.named("Location").or_else(|| site.named("location")).or_else(|| {
            let headers = site.named("headers")?;
            let Some(Items::Dict(pairs)) = headers.items.as_deref() else { return None };
            pairs.iter().find(|(key, _)| matches!(key, super::Const::Str(name) if name.eq_ignore_ascii_case("location"))).map(|(_, value)| value)
        });
        named.cloned()
    };
    let Some(sent) = sent else { return };
    if sent.harms(Classes::REDIRECT, Labels::USER.with(Labels::MODEL)) && leads_away(&sent) {
        walker.hit("open-redirect", site.at, &sent);
    }
}

/// Whether what a user wrote is put into the instructions of a model.
fn is_in_system(value: &Value, site: &Site<'_, '_>) -> bool {
    let is_system = |pairs: &[(super::Const, Value)]| {
        let of = |name: &str| {
            let key = super::Const::Str(name.into());
            pairs.iter().find(|(other, _)| *other == key).map(|(_, value)| value)
        };
        of("role").and_then(Value::text).is_some_and(|role| role == "system" || role == "developer")
            && of("content").is_some_and(|content| content.harms(Classes::PROMPT, Labels::USER))
    };
    let is_message = |value: &Value| matches!(value.items.as_deref(), Some(Items::Dict(pairs)) if is_system(pairs));
    if let Some(Items::List(all)) = value.items.as_deref() {
        return all.iter().any(is_message);
    }
    let is_named = |name: &str| {
        site.named(name).is_some_and(|one| {
            one.trail.as_ref().map(|trail| trail.at) == value.trail.as_ref().map(|trail| trail.at)
                && one.harms(Classes::PROMPT, Labels::USER)
        })
    };
    is_named("system")
        || is_named("instructions")
        || matches!(value.items.as_deref(), Some(Items::Dict(pairs)) if pairs.iter().any(|(key, one)| *key == super::Const::Str("messages".into()) && matches!(one.items.as_deref(), Some(Items::List(all)) if all.iter().any(is_message))))
}

/// Logs hold no secrets, and no lines that a user wrote.
pub(super) fn log(walker: &mut Walker<'_, '_>, site: &Site<'_, '_>) {
    if !is_log(walker, site) {
        return;
    }
    for arg in &site.args {
        let is_named = names_secret(arg.expr, 0)
            && arg.value.known.is_none()
            && !arg.value.cleared.holds(Classes::SECRET);
        if is_named || arg.value.harms(Classes::SECRET, Labels::SECRET) {
            walker.hit("log-secret", site.at, &arg.value);
        } else if arg.value.harms(Classes::LOG, Labels::USER) && site.name != "print" {
            walker.hit("log-injection", site.at, &arg.value);
        }
    }
}

fn is_log(walker: &Walker<'_, '_>, site: &Site<'_, '_>) -> bool {
    if walker.is_script() {
        let is_console = site.path.starts_with("console.");
        return is_console || is_level(&site.name) && site.path.contains("log");
    }
    site.path == "print" || is_level(&site.name) && site.path.to_ascii_lowercase().contains("log")
}

fn is_level(name: &str) -> bool {
    matches!(
        name,
        "debug"
            | "info"
            | "warning"
            | "warn"
            | "error"
            | "exception"
            | "critical"
            | "log"
            | "trace"
            | "fatal"
    )
}

/// Whether a secret's own value is in an expression, not only its length or whether there is one.
fn names_secret(expr: &Expr<'_>, depth: usize) -> bool {
    if depth > 12 {
        return false;
    }
    match &expr.kind {
        ExprKind::Name(name) => {
            is_secret_name(name) && !name.chars().all(|one| one.is_ascii_uppercase() && one != '_')
        }
        ExprKind::Member(_, name) => is_secret_name(name),
        ExprKind::Concat(parts) => parts.iter().any(|part| names_secret(part, depth + 1)),
        ExprKind::Binary(_, left, right) => {
            names_secret(left, depth + 1) || names_secret(right, depth + 1)
        }
        ExprKind::Index(_, key) => matches!(&key.kind, ExprKind::Str(name) if is_secret_name(name)),
        ExprKind::Call(call) => match &call.callee.kind {
            ExprKind::Member(of, "format") => {
                matches!(of.kind, ExprKind::Str(_))
                    && call.args.iter().any(|arg| names_secret(&arg.value, depth + 1))
            }
            ExprKind::Name("str" | "repr" | "String") => {
                call.args.iter().any(|arg| names_secret(&arg.value, depth + 1))
            }
            _ => false,
        },
        ExprKind::List(all) => all.iter().any(|one| names_secret(one, depth + 1)),
        _ => false,
    }
}

/// What an error says of the inside is not for users.
pub(super) fn answer(walker: &mut Walker<'_, '_>, site: &Site<'_, '_>) {
    let is_answer = matches!(
        site.name.as_str(),
        "reply_text"
            | "send_message"
            | "reply"
            | "answer"
            | "edit_text"
            | "edit_message_text"
            | "send"
            | "respond"
            | "jsonify"
            | "HttpResponse"
            | "JsonResponse"
            | "JSONResponse"
            | "json"
            | "end"
            | "sendMessage"
            | "followUp"
            | "editReply"
            | "reply_html"
            | "HTTPException"
            | "make_response"
    );
    // An answer is given on something that came with a message, or made for one.
    let is_client = site.path.contains("logger") || site.path.starts_with("console.");
    if !is_answer || is_client {
        return;
    }
    let leaking: Vec<&Given<'_, '_>> = site.args.iter().filter(|arg| leaks(&arg.value)).collect();
    for arg in leaking {
        walker.hit("error-to-user", site.at, &arg.value);
    }
}

fn leaks(value: &Value) -> bool {
    value.harms(Classes::ERROR, Labels::ERROR)
}
