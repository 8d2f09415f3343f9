//! What `agentd config default` and `agentd config schema` print.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Config, keys};

/// Returns the JSON Schema of the configuration.
pub(crate) fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
}

/// Returns the default configuration as TOML: every key with its default, its meaning above it.
pub(crate) fn default_text() -> Result<String, toml::ser::Error> {
    let schema = schema();
    let mut text = String::from(
        "# The configuration of agentd, as it is without a file. Keep the keys you change.\n\n",
    );
    let mut section = String::new();
    for line in toml::to_string(&Config::default())?.lines() {
        let path = if let Some((key, _)) = line.split_once(" = ") {
            if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
        } else {
            line.trim_matches(['[', ']']).clone_into(&mut section);
            section.clone()
        };
        for comment in keys::description(&schema, &path).unwrap_or_default().lines() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {comment}");
        }
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}
