//! `postgresql.conf`, `pg_hba.conf` and `pgbouncer.ini`.

use crate::found::{Judged, Place};
use crate::parse::{Setting, sections, words_of_lines};

pub(crate) fn server(judged: &mut Judged<'_>) {
    let settings = sections(judged.text);
    let last = |name: &str| settings.iter().rev().find(|one| one.key.eq_ignore_ascii_case(name));
    if settings.is_empty() {
        return;
    }
    let listen = last("listen_addresses");
    let everywhere = |one: &&Setting| {
        one.value.split(',').any(|part| matches!(part.trim(), "*" | "0.0.0.0" | "::"))
    };
    let is_public = listen.is_some_and(|one| everywhere(&one));
    if let Some(one) = listen.filter(everywhere) {
        judged.fail(
            "pg-listen-all",
            one.at,
            "listen_addresses",
            format!("listen_addresses is {}.", one.value),
        );
    }
    match last("ssl") {
        Some(one) if is_off(&one.value) => judged.fail("pg-ssl-off", one.at, "ssl", "ssl is off."),
        None if is_public => judged.fail(
            "pg-ssl-off",
            Place::FILE,
            "no ssl",
            "ssl is not turned on, and the server listens everywhere.",
        ),
        _ => {}
    }
    if let Some(one) = last("password_encryption")
        .filter(|one| matches!(one.value.as_str(), "md5" | "on" | "off" | "plain"))
    {
        judged.fail(
            "pg-weak-hash",
            one.at,
            "password_encryption",
            format!("password_encryption is {}.", one.value),
        );
    }
    for name in ["fsync", "full_page_writes"] {
        if let Some(one) = last(name).filter(|one| is_off(&one.value)) {
            judged.fail("pg-durability-off", one.at, name, format!("{name} is off."));
        }
    }
    if last("log_connections").is_none_or(|one| is_off(&one.value))
        && last("listen_addresses").is_some()
    {
        judged.fail("pg-log-off", Place::FILE, "log_connections", "log_connections is not on.");
    }
    if let Some(one) = last("max_connections")
        && one.value.parse().is_ok_and(|count: u64| count > MOST_CONNECTIONS)
    {
        judged.fail(
            "pool-unbounded",
            one.at,
            "max_connections",
            format!("max_connections is {}.", one.value),
        );
    }
}

pub(crate) fn hba(judged: &mut Judged<'_>) {
    for (at, words) in words_of_lines(judged.text) {
        let is_local = words[0] == "local";
        if !is_local && !words[0].starts_with("host") || words.len() < 4 {
            continue;
        }
        // An address may be followed by its mask.
        let method = if is_local {
            3
        } else {
            4 + usize::from(
                words.get(4).is_some_and(|word| word.starts_with("255.") || *word == "0.0.0.0"),
            )
        };
        let address = if is_local { "" } else { words[3] };
        let method = words.get(method).copied().unwrap_or_default();
        let is_loopback = address.starts_with("127.")
            || address.starts_with("::1")
            || matches!(address, "localhost" | "samehost");
        let about = words.join(" ");
        let is_weak = match method {
            "trust" => true,
            // In clear, or with what is stored; on the host itself nobody listens.
            "password" | "md5" | "ident" | "crypt" => !is_local && !is_loopback,
            _ => false,
        };
        if is_weak {
            let current = format!(
                "{} lets {} in by {method}.",
                words[0],
                if address.is_empty() { "everybody on the host" } else { address }
            );
            judged.fail("pg-trust-hba", at, about, current);
        } else if matches!(address, "0.0.0.0/0" | "::/0" | "all" | "0.0.0.0") && method != "reject"
        {
            judged.fail("pg-hba-world", at, about, "Every address may try.");
        }
        if words[0] == "hostnossl" && !is_loopback && method != "reject" {
            judged.fail(
                "pg-ssl-off",
                at,
                words.join(" "),
                "hostnossl takes connections in clear alone.",
            );
        }
    }
}

pub(crate) fn bouncer(judged: &mut Judged<'_>) {
    for one in sections(judged.text) {
        match (one.key.as_str(), one.value.as_str()) {
            ("auth_type", "any" | "trust" | "plain") => {
                judged.fail(
                    "pg-trust-hba",
                    one.at,
                    "auth_type",
                    format!("auth_type is {}.", one.value),
                );
            }
            ("listen_addr", "*" | "0.0.0.0") => {
                judged.fail(
                    "pg-listen-all",
                    one.at,
                    "listen_addr",
                    format!("listen_addr is {}.", one.value),
                );
            }
            ("max_client_conn" | "default_pool_size" | "max_db_connections", "0")
                if one.key != "max_db_connections" =>
            {
                judged.fail(
                    "pool-unbounded",
                    one.at,
                    one.key.clone(),
                    format!("{} is 0.", one.key),
                );
            }
            _ => {}
        }
    }
}

fn is_off(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "off" | "false" | "no" | "0")
}

/// Each connection is a process of some megabytes; beyond this the server is slower with each.
const MOST_CONNECTIONS: u64 = 1000;
