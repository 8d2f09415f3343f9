//! `Procfile`

use super::words::{SHELL_NOTE, command};
use super::{ImportError, Imported, name_of};
use crate::ServiceSpec;

pub(super) fn read(text: &str) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |key: &str, reason: &str| ImportError::new(key, reason).at(index + 1);
        let Some((name, program)) = line.split_once(':') else {
            return Err(wrong(line, "is not `NAME: COMMAND`"));
        };
        if program.trim().is_empty() {
            return Err(wrong(&format!("{name}.command"), "is missing"));
        }
        let Some((words, is_shell)) = command(program) else {
            return Err(wrong(name, "has a quote that is not closed"));
        };
        let spec = ServiceSpec::new(name_of(name.trim()), words);
        if is_shell {
            imported.note(&spec.name, "command", SHELL_NOTE);
        }
        imported.services.push(spec);
    }
    Ok(imported)
}

/// Whether a line is one of a Procfile.
pub(super) fn is_line(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    })
}
