//! Keys and values, each plugin's own.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use wardkit_sandbox::Refused;

use super::{invalid, malformed};

/// Keeps keys and values of plugins. The broker calls it on the thread of the call; an error ends the question, and the
/// plugin goes on.
pub trait KvStore: Send + Sync {
    /// Returns a value.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn get(&self, plugin: &str, key: &str) -> Result<Option<String>, String>;

    /// Sets a value, unless the keys and values of this plugin would be longer than `most` bytes then; nothing is
    /// removed with no value. Returns whether there was room. Looking and setting are one step.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn set(&self, plugin: &str, key: &str, value: Option<&str>, most: u64) -> Result<bool, String>;

    /// Returns the keys that begin so, in order.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn keys(&self, plugin: &str, prefix: &str) -> Result<Vec<String>, String>;
}

/// Keys and values that last as long as the program.
#[derive(Debug, Default)]
pub struct MemoryKv(Mutex<BTreeMap<(String, String), String>>);

impl KvStore for MemoryKv {
    fn get(&self, plugin: &str, key: &str) -> Result<Option<String>, String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(all.get(&(plugin.to_owned(), key.to_owned())).cloned())
    }

    fn set(&self, plugin: &str, key: &str, value: Option<&str>, most: u64) -> Result<bool, String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (plugin.to_owned(), key.to_owned());
        let Some(value) = value else {
            all.remove(&at);
            return Ok(true);
        };
        let others = all.iter().filter(|((owner, _), _)| owner == plugin);
        let others = others.filter(|((_, name), _)| name != key);
        let used: usize = others.map(|((_, name), value)| name.len() + value.len()).sum();
        let has_room = (used + key.len() + value.len()) as u64 <= most;
        if has_room {
            all.insert(at, value.to_owned());
        }
        Ok(has_room)
    }

    fn keys(&self, plugin: &str, prefix: &str) -> Result<Vec<String>, String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.keys().filter(|(owner, key)| owner == plugin && key.starts_with(prefix));
        Ok(own.map(|(_, key)| key.clone()).collect())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    prefix: Option<String>,
}

pub(super) fn answer(
    store: &dyn KvStore,
    plugin: &str,
    most: u64,
    name: &str,
    request: &[u8],
) -> Result<Value, Refused> {
    let request: Request = serde_json::from_slice(request).map_err(|error| malformed(&error))?;
    let key = || request.key.as_deref().filter(|key| is_key(key)).ok_or_else(|| invalid("no key"));
    let failed = Refused::Failed;
    match name {
        "kv.get" => Ok(json!({"value": store.get(plugin, key()?).map_err(failed)?})),
        "kv.list" => {
            let prefix = request.prefix.as_deref().unwrap_or_default();
            Ok(json!({"keys": store.keys(plugin, prefix).map_err(failed)?}))
        }
        _ => {
            let value = match (name, &request.value) {
                ("kv.delete", _) => None,
                (_, Some(value)) => Some(value.as_str()),
                (_, None) => return Err(invalid("no value")),
            };
            if store.set(plugin, key()?, value, most).map_err(failed)? {
                Ok(json!({}))
            } else {
                Err(Refused::Quota(format!("its store holds {most} bytes")))
            }
        }
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= 256
}
