//! The configuration of the SSH daemon, with what it includes.

use globset::Glob;

use super::super::facts::{Fact, SshSetting};
use super::reader::Reader;

pub(super) fn settings(reader: &Reader) -> Fact<Vec<SshSetting>> {
    let mut settings = Vec::new();
    match read(reader, MAIN, None, 0, &mut settings) {
        Ok(true) => Fact::Known(settings),
        Ok(false) => Fact::Absent,
        Err(why) => Fact::Unknown(why),
    }
}

/// Reads a file; false when there is none. A block `Match` ends with its file.
fn read(
    reader: &Reader,
    path: &str,
    only: Option<&str>,
    depth: usize,
    settings: &mut Vec<SshSetting>,
) -> Result<bool, String> {
    let text = match reader.text(path) {
        Fact::Known(text) => text,
        Fact::Absent => return Ok(false),
        Fact::Unknown(why) => return Err(format!("/{path}: {why}")),
    };
    if depth > DEEPEST {
        return Err(format!("/{path}: included too deep"));
    }
    let mut only = only.map(str::to_owned);
    for (number, line) in (1..).zip(text.lines()) {
        let Some((key, value)) = split(line) else { continue };
        match key.as_str() {
            "match" if value.eq_ignore_ascii_case("all") => only = None,
            "match" => only = Some(value),
            "include" => {
                for pattern in value.split_whitespace() {
                    for path in matching(reader, pattern)? {
                        read(reader, &path, only.as_deref(), depth + 1, settings)?;
                    }
                }
            }
            _ => settings.push(SshSetting {
                file: format!("/{path}"),
                line: number,
                key,
                value,
                only: only.clone(),
            }),
        }
    }
    Ok(true)
}

fn split(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (key, value) = line.split_once(|c: char| c.is_whitespace() || c == '=')?;
    let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
    let value = value.split(" #").next().unwrap_or_default().trim().trim_matches('"');
    Some((key.to_ascii_lowercase(), value.to_owned()))
}

/// Returns the files that a pattern names, in order. Patterns stand in the last name, as every distribution has them.
fn matching(reader: &Reader, pattern: &str) -> Result<Vec<String>, String> {
    let whole =
        if pattern.starts_with('/') { pattern.to_owned() } else { format!("/etc/ssh/{pattern}") };
    let (folder, name) = whole.rsplit_once('/').unwrap_or(("", &whole));
    let folder = folder.trim_start_matches('/');
    if folder.contains(['*', '?', '[']) {
        return Err(format!("Include {pattern}: a pattern in the folder's name"));
    }
    let glob = Glob::new(name).map_err(|error| error.to_string())?.compile_matcher();
    match reader.names(folder) {
        Fact::Known(mut found) => {
            found.retain(|file| glob.is_match(file));
            Ok(found.into_iter().map(|file| format!("{folder}/{file}")).collect())
        }
        Fact::Absent => Ok(Vec::new()),
        Fact::Unknown(why) => Err(format!("/{folder}: {why}")),
    }
}

const MAIN: &str = "etc/ssh/sshd_config";

/// As the daemon itself has it.
const DEEPEST: usize = 16;
