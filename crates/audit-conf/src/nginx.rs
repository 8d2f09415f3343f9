//! nginx.

use crate::found::Judged;
use crate::parse::{Directive, nginx};

pub(crate) fn judge(judged: &mut Judged<'_>) {
    let file = nginx(judged.text);
    let mut waiting: Vec<Vec<&Directive>> = vec![vec![&file]];
    let is_main = judged.path.ends_with("nginx.conf");
    while let Some(path) = waiting.pop() {
        let Some(directive) = path.last().copied() else { continue };
        block(&path, judged);
        match directive.name() {
            "server" => server(&path, judged),
            "location" => location(&path, judged),
            "http" if is_main && !says(&path, "server_tokens", "off") => {
                judged.fail(
                    "nginx-server-tokens",
                    directive.at,
                    "server_tokens",
                    "server_tokens is not off.",
                );
            }
            _ => {}
        }
        for inner in directive.block.iter().filter(|inner| !inner.block.is_empty()) {
            waiting.push([path.clone(), vec![inner]].concat());
        }
    }
}

/// Whether a directive or one around it says a value.
fn says(path: &[&Directive], name: &str, value: &str) -> bool {
    let nearest = path.iter().rev().find_map(|one| one.all(name).last());
    nearest.is_some_and(|one| one.value() == value)
}

fn has(path: &[&Directive], name: &str) -> bool {
    path.iter().any(|one| one.has(name))
}

/// Whether a server or location takes lines from a file that may limit requests.
fn includes_unknown(path: &[&Directive]) -> bool {
    let blocks = path.iter().filter(|one| matches!(one.name(), "server" | "location"));
    let mut files = blocks.flat_map(|one| one.all("include")).map(Directive::value);
    files.any(|file| {
        !["params", "mime", "ssl", "letsencrypt", "proxy"].iter().any(|part| file.contains(part))
    })
}

fn block(path: &[&Directive], judged: &mut Judged<'_>) {
    let Some(directive) = path.last() else { return };
    for one in directive.all("ssl_protocols") {
        let old: Vec<&str> = one.words[1..]
            .iter()
            .map(String::as_str)
            .filter(|word| matches!(*word, "SSLv2" | "SSLv3" | "TLSv1" | "TLSv1.0" | "TLSv1.1"))
            .collect();
        if !old.is_empty() {
            judged.fail(
                "nginx-old-tls",
                one.at,
                one.words.join(" "),
                format!("{} is allowed.", old.join(", ")),
            );
        }
    }
    for one in directive.all("ssl_ciphers") {
        let is_weak = |word: &str| {
            matches!(
                word,
                "RC4"
                    | "DES"
                    | "3DES"
                    | "MD5"
                    | "NULL"
                    | "aNULL"
                    | "eNULL"
                    | "EXPORT"
                    | "EXP"
                    | "LOW"
                    | "ALL"
            )
        };
        if one.value().split([':', ',']).any(|part| {
            is_weak(part) || part.split('+').any(is_weak) && !part.starts_with(['!', '-'])
        }) {
            judged.fail("nginx-old-tls", one.at, "ssl_ciphers", "Weak ciphers are allowed.");
        }
    }
    for one in directive.all("autoindex").filter(|one| one.value() == "on") {
        judged.fail("nginx-autoindex", one.at, "autoindex on", "Folders are listed.");
    }
    for one in directive.all("server_tokens").filter(|one| one.value() == "on") {
        judged.fail("nginx-server-tokens", one.at, "server_tokens on", "server_tokens is on.");
    }
    targets(directive, judged);
}

/// Where requests are sent, and clients.
fn targets(directive: &Directive, judged: &mut Judged<'_>) {
    let passed = directive.all("proxy_pass").map(|one| (one, one.value()));
    let sent = directive.all("return").filter_map(|one| Some((one, one.words.last()?.as_str())));
    let rewritten =
        directive.all("rewrite").filter_map(|one| Some((one, one.words.get(2)?.as_str())));
    for (one, target) in passed.filter(|(_, target)| is_of_client(target)) {
        judged.fail(
            "nginx-host-header",
            one.at,
            target,
            "A part of the request decides where it is sent.",
        );
    }
    let is_split = |target: &str| target.contains("$uri") || target.contains("$document_uri");
    for (one, target) in
        sent.chain(rewritten).filter(|(_, target)| is_split(target) && target.contains("://"))
    {
        judged.fail("nginx-host-header", one.at, target, "A decoded path is set into a header.");
    }
}

/// Whether the host of an upstream is of what the client sent.
fn is_of_client(target: &str) -> bool {
    let host = target
        .split_once("://")
        .map_or(target, |(_, rest)| rest)
        .split('/')
        .next()
        .unwrap_or_default();
    ["$http_", "$arg_", "$host", "$cookie_", "$request_uri", "$uri", "$1", "$2"]
        .iter()
        .any(|name| host.contains(name))
}

fn server(path: &[&Directive], judged: &mut Judged<'_>) {
    let Some(server) = path.last() else { return };
    let is_tls = server
        .all("listen")
        .any(|one| one.words.iter().any(|word| word == "ssl") || one.value().ends_with("443"));
    let redirects =
        server.all("return").any(|one| one.value().starts_with('3') || one.value() == "444");
    let passes =
        server.has("proxy_pass") || server.all("location").any(|one| one.has("proxy_pass"));
    let is_local = server.all("listen").next().is_some()
        && server.all("listen").all(|one| {
            one.value().starts_with("127.")
                || one.value().starts_with("unix:")
                || one.value().starts_with("localhost")
                || one.value().starts_with("[::1]")
        });
    if !is_tls && passes && !redirects && !is_local {
        judged.fail(
            "nginx-cleartext",
            server.at,
            "no ssl",
            "The server passes requests on that came without TLS.",
        );
    }
    if is_tls && !redirects {
        let wanted = ["strict-transport-security", "x-content-type-options"];
        let sent = |name: &str| {
            path.iter().any(|one| {
                one.all("add_header").any(|header| header.value().eq_ignore_ascii_case(name))
            })
        };
        let missing: Vec<&str> = wanted.into_iter().filter(|name| !sent(name)).collect();
        if !missing.is_empty() && !server.has("include") {
            judged.fail(
                "nginx-no-headers",
                server.at,
                missing.join(" "),
                format!("It does not send {}.", missing.join(", ")),
            );
        }
    }
    let denies =
        server.all("location").any(|one| one.words.iter().any(|word| word.contains("/\\.")));
    if server.has("root") && !denies && !redirects {
        judged.fail(
            "nginx-dotfiles",
            server.at,
            "no location for dot files",
            "Nothing refuses names that begin with a dot.",
        );
    }
}

fn location(path: &[&Directive], judged: &mut Judged<'_>) {
    let Some(location) = path.last() else { return };
    let target = location.words.last().map_or("", String::as_str);
    let is_regex = location.value().starts_with(['~', '=']);
    for alias in location.all("alias") {
        if !is_regex && !target.ends_with('/') && alias.value().ends_with('/') {
            let current = format!("{target} has no slash at its end, and its alias has one.");
            judged.fail("nginx-alias-traversal", location.at, target, current);
        }
    }
    if let Some(pass) = location.all("proxy_pass").next()
        && !has(path, "limit_req")
        && !location.has("internal")
        && !says(path, "deny", "all")
        && !includes_unknown(path)
    {
        judged.fail(
            "nginx-no-limit",
            pass.at,
            pass.value(),
            "Requests are passed on without a limit.",
        );
    }
    let is_above = path[..path.len() - 1].iter().any(|one| one.has("add_header"));
    if location.has("add_header") && is_above {
        judged.fail(
            "nginx-headers-lost",
            location.at,
            target,
            "Its add_header replaces those of its server.",
        );
    }
}
