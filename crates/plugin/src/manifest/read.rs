//! From text to a manifest and back.

use serde_json::Value;

use super::Manifest;
use crate::Error;

impl Manifest {
    /// Reads `plugin.toml`. The name of the file is for the error.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its key.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Error> {
        check_size(file, text)?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            wrong(file, "", format!("line {line}: {}", error.message().replace('\n', ", ")))
        })?;
        Self::from_tree(file, toml::Value::Table(table))
    }

    /// Reads `plugin.yaml`, which has the same keys.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its key.
    pub fn from_yaml(file: &str, text: &str) -> Result<Self, Error> {
        check_size(file, text)?;
        let tree: Value = serde_saphyr::from_str(text)
            .map_err(|error| wrong(file, "", error.to_string().replace('\n', " ")))?;
        Self::from_tree(file, tree)
    }

    /// Reads it in the format that the file's ending names.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its key.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending.to_ascii_lowercase().as_str() {
            "yml" | "yaml" => Self::from_yaml(file, text),
            _ => Self::from_toml(file, text),
        }
    }

    /// Writes it as `plugin.toml`: the same manifest gives the same bytes.
    ///
    /// # Errors
    ///
    /// When an example or the self-test holds what TOML cannot, which is `null`.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| wrong("plugin.toml", "", error.to_string()))
    }

    /// Returns the JSON Schema of manifests, for editors.
    #[must_use]
    pub fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }

    fn from_tree<'de, D>(file: &str, tree: D) -> Result<Self, Error>
    where
        D: serde::Deserializer<'de>,
        D::Error: std::fmt::Display,
    {
        let manifest: Self = serde_path_to_error::deserialize(tree).map_err(|error| {
            let key = error.path().to_string();
            let reason = error.inner().to_string();
            // The formats add lines about where it was found, which the key says better.
            let reason = reason.lines().next().unwrap_or_default().to_owned();
            wrong(file, if key == "." { "" } else { &key }, reason)
        })?;
        manifest.check(file)?;
        Ok(manifest)
    }

    /// What no single key can tell.
    fn check(&self, file: &str) -> Result<(), Error> {
        if self.plugin.api != "1" {
            return Err(wrong(file, "plugin.api", "is not \"1\", the interface that there is"));
        }
        if self.plugin.name.is_empty() || self.plugin.name.chars().any(char::is_control) {
            return Err(wrong(file, "plugin.name", "is empty or has control characters"));
        }
        for (at, wish) in self.permissions.http.iter().enumerate() {
            let empty = [
                ("methods", wish.methods.is_empty()),
                ("schemes", wish.schemes.is_empty()),
                ("ports", wish.ports.is_empty()),
            ];
            if let Some((key, _)) = empty.iter().find(|(_, empty)| *empty) {
                return Err(wrong(file, &format!("permissions.http[{at}].{key}"), "is empty"));
            }
        }
        Ok(())
    }
}

fn check_size(file: &str, text: &str) -> Result<(), Error> {
    if text.len() > MOST_BYTES {
        return Err(wrong(file, "", format!("is longer than {MOST_BYTES} bytes")));
    }
    Ok(())
}

fn wrong(file: &str, key: &str, reason: impl Into<String>) -> Error {
    Error::Manifest { file: file.to_owned(), key: key.to_owned(), reason: reason.into() }
}

/// Whoever needs more puts it into files of the package.
const MOST_BYTES: usize = 256 * 1024;
