//! The configuration without its secrets.

use crate::yaml::{Content, Node, Style};

/// Writes the tree as YAML, `<secret>` for every secret; the keys keep their order.
pub(super) fn print(root: &Node) -> String {
    let mut out = String::new();
    write(root, "", "", &mut out, 0);
    out
}

/// `list` is the key of the list that the node is in, `key` the node's own.
fn write(node: &Node, list: &str, key: &str, out: &mut String, indent: usize) {
    match &node.content {
        Content::Map(pairs) if !pairs.is_empty() => {
            for (index, (name, value)) in pairs.iter().enumerate() {
                // The first stands where the dash of its list has left off.
                if index > 0 || !out.ends_with("- ") {
                    start_line(out, indent);
                }
                let name = name.text().unwrap_or_default();
                scalar(name, Style::Quoted, out);
                out.push(':');
                entry(value, list, name, out, indent + 2);
            }
        }
        Content::List(items) if !items.is_empty() => {
            for item in items {
                start_line(out, indent);
                out.push_str("- ");
                match &item.content {
                    Content::Scalar(..) => entry_scalar(item, list, key, out),
                    Content::Map(pairs) if !pairs.is_empty() => {
                        write(item, key, key, out, indent + 2);
                    }
                    Content::Map(_) => out.push_str("{}"),
                    // Lists in lists are no part of the format.
                    Content::List(_) => out.push_str("[]"),
                }
            }
        }
        Content::Map(_) => out.push_str(" {}"),
        Content::List(_) => out.push_str(" []"),
        Content::Scalar(..) => entry_scalar(node, list, key, out),
    }
}

fn entry(value: &Node, list: &str, name: &str, out: &mut String, indent: usize) {
    if let Content::Scalar(..) = value.content {
        out.push(' ');
        entry_scalar(value, list, name, out);
    } else {
        write(value, list, name, out, indent);
    }
}

fn entry_scalar(node: &Node, list: &str, key: &str, out: &mut String) {
    let Content::Scalar(text, style) = &node.content else { return };
    if node.is_null() {
        out.push_str("null");
    } else if list == "webhook_configs" && key == "url" {
        scalar(&host_only(text), Style::Quoted, out);
    } else if is_secret(list, key) && !text.is_empty() {
        out.push_str("<secret>");
    } else {
        scalar(text, *style, out);
    }
}

fn start_line(out: &mut String, indent: usize) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.extend(std::iter::repeat_n(' ', indent));
}

fn scalar(text: &str, style: Style, out: &mut String) {
    let is_word =
        |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '/');
    let starts = text.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_');
    let bare = starts && text.chars().all(is_word);
    // What was quoted may look like a number or a yes.
    let ambiguous = style == Style::Quoted
        && (text.starts_with(|char: char| char.is_ascii_digit())
            || WORDS.contains(&text.to_ascii_lowercase().as_str()));
    if bare && !ambiguous {
        out.push_str(text);
        return;
    }
    if style == Style::Plain && text.parse::<i64>().is_ok() {
        out.push_str(text);
        return;
    }
    // The quoted texts of JSON are such of YAML, too.
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// A webhook's URL is no secret by its kind, yet all but its host may be one.
fn host_only(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "http://secret".to_owned() };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    match path {
        "" | "/" => format!("{scheme}://{host}{path}"),
        _ => format!("{scheme}://{host}/<secret>"),
    }
}

fn is_secret(list: &str, key: &str) -> bool {
    SECRETS.contains(&key) || (list == "slack_configs" && key == "api_url")
}

const SECRETS: [&str; 23] = [
    "api_key",
    "api_secret",
    "auth_password",
    "auth_secret",
    "bearer_token",
    "bot_token",
    "client_secret",
    "credentials",
    "opsgenie_api_key",
    "password",
    "routing_key",
    "secret_key",
    "service_key",
    "slack_api_url",
    "smtp_auth_password",
    "smtp_auth_secret",
    "token",
    "url_secret",
    "user_key",
    "victorops_api_key",
    "webhook_url",
    "wechat_api_secret",
    "access_key",
];

const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan"];
