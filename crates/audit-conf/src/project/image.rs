//! What comes into an image with the whole folder.

use wardkit_audit::{Location, Sink, Status};

use super::{Files, tell};
use crate::docker::copy_of_everything;
use crate::kind::FileKind;

pub(super) fn judge(files: &Files<'_>, sink: &mut Sink) {
    let images = files.paths.iter().filter(|path| FileKind::of(path) == Some(FileKind::Dockerfile));
    for path in images {
        let Some(text) = files.project.read(path) else { continue };
        let Some((line, words)) = copy_of_everything(&text) else { continue };
        let ignores = ignores(files, path);
        let place = Location::line(*path, line);
        let about = format!("COPY {words}");
        if ignores.is_empty() {
            let current = "The whole folder is copied, and there is no .dockerignore.";
            tell("dkr-copy-all-no-ignore", Status::Fail, place, &about, current, sink);
        } else if let Some(name) = files.project.files().iter().find(|path| is_secret(path))
            && !ignores.iter().any(|text| covers(text, name))
        {
            let current = format!("The whole folder is copied, and no .dockerignore names {name}.");
            tell("dkr-copy-all-no-ignore", Status::Fail, place, &about, current, sink);
        }
    }
}

/// Returns the texts of the files that may say what is left out: beside the Dockerfile or above it.
fn ignores(files: &Files<'_>, path: &str) -> Vec<String> {
    let mut names = vec![format!("{path}.dockerignore")];
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        names.push(format!("{above}/.dockerignore"));
        folder = above;
    }
    names.push(".dockerignore".to_owned());
    names.iter().filter_map(|name| files.project.read(name)).collect()
}

fn is_secret(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    matches!(name, ".env" | ".env.production" | ".env.local" | "id_rsa" | "id_ed25519")
}

/// Whether a line names the file: by itself, or by a pattern with a star.
fn covers(text: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    text.lines().map(str::trim).any(|line| {
        let pattern = line.trim_start_matches("**/").trim_start_matches('/');
        let matches_star = pattern
            .split_once('*')
            .is_some_and(|(start, end)| name.starts_with(start) && name.ends_with(end));
        !line.starts_with('#') && (pattern == name || pattern == path || matches_star)
    })
}
