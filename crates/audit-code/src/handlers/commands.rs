//! The names of commands, as registrations write them.

use crate::flow::tree::{Call, Expr, ExprKind};

/// Returns a command without what stands before it: of `/ban@my_bot`, `!ban` and `^\/ban (.+)` it is `ban`.
pub(super) fn command(written: &str) -> Option<String> {
    let mut rest = written;
    loop {
        let before = rest;
        rest = rest.trim_start_matches(['/', '!', '.', '^', '\\', '$', '?', '(', '-', ' ', '#']);
        // A set of what may stand before a command: `[!/.]`, and groups that name nothing.
        if rest.starts_with('[') {
            rest = rest.split_once(']').map_or("", |(_, rest)| rest);
        }
        rest = rest.strip_prefix(":").unwrap_or(rest);
        if rest == before {
            break;
        }
    }
    let name: String =
        rest.chars().take_while(|one| one.is_alphanumeric() || matches!(one, '_' | '-')).collect();
    (!name.is_empty()).then(|| name.to_lowercase())
}

/// Returns the commands that an expression lists: a text, a list of them, a regular expression.
pub(super) fn listed(expr: &Expr<'_>) -> Vec<String> {
    match &expr.kind {
        ExprKind::Str(text) => command(text).into_iter().collect(),
        ExprKind::Regex(text) => command(text).into_iter().collect(),
        ExprKind::List(all) => all.iter().flat_map(listed).collect(),
        ExprKind::Concat(parts) => parts
            .iter()
            .find(|part| matches!(part.kind, ExprKind::Str(_)))
            .map_or_else(Vec::new, listed),
        _ => Vec::new(),
    }
}

/// Returns the commands that a registration waits for: `commands=[…]`, `Command("ban")`, `filters.command("ban")`,
/// `events.NewMessage(pattern="/ban")`, `F.text == "/ban"`.
pub(super) fn awaited(call: &Call<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for arg in &call.args {
        match arg.name {
            Some("commands" | "command") => found.extend(listed(&arg.value)),
            Some("pattern" | "regexp" | "text" | "text_startswith") => {
                found.extend(with_sigil(&arg.value));
            }
            _ => found.extend(filtered(&arg.value, 0)),
        }
    }
    found
}

/// Returns the commands of a filter.
fn filtered(filter: &Expr<'_>, depth: usize) -> Vec<String> {
    if depth > DEEPEST {
        return Vec::new();
    }
    match &filter.kind {
        ExprKind::Call(call) => {
            let name = filter.dotted().unwrap_or_default();
            match name.rsplit('.').next().unwrap_or_default() {
                "CommandStart" => vec!["start".to_owned()],
                "CommandHelp" => vec!["help".to_owned()],
                "Command" | "command" | "commands" | "Commands" | "CommandObject" => {
                    let given = call.args.iter().filter(|arg| {
                        matches!(arg.name, None | Some("commands" | "command" | "values"))
                    });
                    given.flat_map(|arg| listed(&arg.value)).collect()
                }
                "NewMessage" | "regex" | "Regex" => {
                    call.args.iter().flat_map(|arg| with_sigil(&arg.value)).collect()
                }
                "startswith" | "startsWith" => {
                    call.args.iter().flat_map(|arg| with_sigil(&arg.value)).collect()
                }
                _ => Vec::new(),
            }
        }
        ExprKind::Compare(_, _, right) => with_sigil(right),
        ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Binary(_, a, b) => {
            let mut found = filtered(a, depth + 1);
            found.extend(filtered(b, depth + 1));
            found
        }
        _ => Vec::new(),
    }
}

/// Texts that begin as commands do.
pub(super) fn with_sigil(expr: &Expr<'_>) -> Vec<String> {
    match &expr.kind {
        ExprKind::Str(text) => {
            let bare = text.trim_start_matches(['^', '(', '?', ':', 'i', ')', '\\', '[']);
            let is_command = bare.starts_with(['/', '!', '.', '$', '-', '?']) && bare.len() > 1;
            is_command.then(|| command(text)).flatten().into_iter().collect()
        }
        ExprKind::List(all) => all.iter().flat_map(with_sigil).collect(),
        _ => Vec::new(),
    }
}

/// Filters are joined by operators; nobody joins more.
const DEEPEST: usize = 12;
