//! Caches that all ask behind at once when a value is gone.

use std::collections::BTreeMap;

use wardkit_audit::{Sink, SourceFile};

use super::scope::is_example;
use super::syntax::is_function;
use super::tell;
use crate::found::place;
use crate::source::{Language, Node, Parsed, within};
use crate::testcode;

/// Tells functions that look in a cache, make what is not there and put it in, with nothing that lets one alone do it.
pub(super) fn judge(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    let path = file.path();
    if testcode::is_test(path) || is_example(path) || parsed.language() == Language::Rust {
        return;
    }
    let mut looked: BTreeMap<(usize, String), Node<'_>> = BTreeMap::new();
    let root = parsed.root();
    for node in root.dfs().filter(|node| matches!(node.kind().as_ref(), "call" | "call_expression"))
    {
        let Some((cache, method)) = call(&node) else { continue };
        let Some(function) = node.ancestors().find(is_function) else { continue };
        let key = (function.range().start, cache);
        if LOOKS.contains(&method.as_str()) {
            looked.entry(key).or_insert(node);
        } else if PUTS.contains(&method.as_str())
            && let Some(look) = looked.remove(&key)
            && is_decided(&function)
        {
            let current = format!("What is not in {} is made by everybody who asks.", key.1);
            let about = format!("{} {}", key.1, within(&look));
            tell("cache-stampede", place(file, &look), &about, current, sink);
        }
    }
}

/// Returns the cache that a call is about, and what it does with it.
fn call(node: &Node<'_>) -> Option<(String, String)> {
    let callee = node.field("function").filter(|it| it.range().len() < LONGEST)?;
    let callee = callee.text();
    let (owner, method) = callee.rsplit_once('.')?;
    let lower = owner.to_ascii_lowercase();
    let is_cache = ["cache", "redis", "memcache"].iter().any(|word| lower.contains(word));
    is_cache.then(|| (owner.to_owned(), method.to_owned()))
}

/// Whether a value that is not there is made by each who finds that it is not.
fn is_decided(function: &Node<'_>) -> bool {
    let text = function.text().to_ascii_lowercase();
    let misses = [
        "if not ",
        "is none",
        "is not none",
        "if (!",
        "=== null",
        "== null",
        "undefined",
        "if cached",
        "if value",
        "if (",
    ];
    let alone = [
        "lock",
        "single",
        "mutex",
        "semaphore",
        "nx=",
        "'nx'",
        "\"nx\"",
        "setnx",
        "inflight",
        "in_flight",
        "pending",
        "jitter",
        "stale",
    ];
    misses.iter().any(|word| text.contains(word)) && !alone.iter().any(|word| text.contains(word))
}

const LOOKS: [&str; 4] = ["get", "hget", "mget", "getItem"];

const PUTS: [&str; 7] = ["hset", "psetex", "set", "setEx", "setItem", "setex", "set_many"];

const LONGEST: usize = 120;
