//! Values of a configuration: cleaned, typed, and refused with a reason each.

mod fault;
mod kind;
mod leftover;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

pub use fault::{SettingFault, SettingFaults};
use kind::Value;
pub use kind::{SecretRef, SettingKind};

/// A setting that a program knows: its key and its kind.
///
/// ```
/// use wardkit_validation::{Setting, SettingKind, Settings};
///
/// let known = [
///     Setting::new("port", SettingKind::Port),
///     Setting::new("token", SettingKind::Secret),
///     Setting::new("timeout", SettingKind::Duration).or("30s"),
/// ];
/// let settings = Settings::read(&known, [("port", " 8443\n"), ("token", "env:BOT_TOKEN")])?;
/// assert_eq!(settings.port("port"), Some(8443));
/// assert_eq!(settings.duration("timeout"), Some(std::time::Duration::from_secs(30)));
///
/// let faults = Settings::read(&known, [("port", "${PORT}"), ("token", "12345:secret")]).unwrap_err();
/// assert_eq!(
///     faults.to_string(),
///     "port: a variable in it was not replaced\n\
///      token: the secret stands in the file; write env:NAME or file:/path and put it there"
/// );
/// # Ok::<(), wardkit_validation::SettingFaults>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Setting {
    key: String,
    kind: SettingKind,
    presence: Presence,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
    Default(String),
}

impl Setting {
    /// Returns a setting that must be there.
    pub fn new(key: impl Into<String>, kind: SettingKind) -> Self {
        Self { key: key.into(), kind, presence: Presence::Required }
    }

    /// Lets it be missing.
    pub fn optional(mut self) -> Self {
        self.presence = Presence::Optional;
        self
    }

    /// Lets it be missing, and says what it is then.
    pub fn or(mut self, default: impl Into<String>) -> Self {
        self.presence = Presence::Default(default.into());
        self
    }
}

/// Values of a configuration that are what their settings say. A getter gives `None` for what is missing and for what
/// is of another kind.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<String, Value>,
}

/// Shows the keys and hides the values, of which any may have a credential in it.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Settings").field(&self.values.keys()).finish()
    }
}

impl Settings {
    /// Reads keys and values, and says of all of them at once what is wrong.
    ///
    /// Spaces around a value go. Control and invisible characters, placeholders, variables that nobody replaced and
    /// quotes that a tool left over are refused: each has started programs with a value that nobody meant.
    ///
    /// # Errors
    ///
    /// Every fault, with its key; never a value.
    pub fn read<'p>(
        known: &[Setting],
        pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, SettingFaults> {
        let mut values = BTreeMap::new();
        let mut seen = Vec::new();
        let mut faults = Vec::new();
        for (key, text) in pairs {
            let Some(setting) = known.iter().find(|setting| setting.key == key) else {
                faults.push((fault::shown(key), SettingFault::Unknown));
                continue;
            };
            if seen.contains(&setting.key.as_str()) {
                faults.push((setting.key.clone(), SettingFault::Repeated));
                continue;
            }
            seen.push(setting.key.as_str());
            match setting.kind.read(text) {
                Ok(value) => {
                    values.insert(setting.key.clone(), value);
                }
                Err(fault) => faults.push((setting.key.clone(), fault)),
            }
        }
        for setting in known.iter().filter(|setting| !seen.contains(&setting.key.as_str())) {
            match &setting.presence {
                Presence::Optional => {}
                Presence::Required => faults.push((setting.key.clone(), SettingFault::Missing)),
                Presence::Default(default) => match setting.kind.read(default) {
                    Ok(value) => {
                        values.insert(setting.key.clone(), value);
                    }
                    Err(fault) => faults.push((setting.key.clone(), fault)),
                },
            }
        }
        if faults.is_empty() { Ok(Self { values }) } else { Err(SettingFaults(faults)) }
    }

    /// Returns a host, name, URL or text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a port.
    #[must_use]
    pub fn port(&self, key: &str) -> Option<u16> {
        match self.values.get(key)? {
            Value::Port(port) => Some(*port),
            _ => None,
        }
    }

    /// Returns a path.
    #[must_use]
    pub fn path(&self, key: &str) -> Option<&Path> {
        match self.values.get(key)? {
            Value::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Returns a span of time.
    #[must_use]
    pub fn duration(&self, key: &str) -> Option<Duration> {
        match self.values.get(key)? {
            Value::Duration(duration) => Some(*duration),
            _ => None,
        }
    }

    /// Returns a number: of a setting that is one, or of bytes of a size.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        match self.values.get(key)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns a switch.
    #[must_use]
    pub fn switch(&self, key: &str) -> Option<bool> {
        match self.values.get(key)? {
            Value::Switch(on) => Some(*on),
            _ => None,
        }
    }

    /// Returns where a secret is kept.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<&SecretRef> {
        match self.values.get(key)? {
            Value::Secret(secret) => Some(secret),
            _ => None,
        }
    }
}
