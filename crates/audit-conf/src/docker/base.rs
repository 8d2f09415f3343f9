//! What an image is made from, and the user that it ends as.

use super::{chain, shown};
use crate::found::Judged;
use crate::parse::{Dockerfile, Stage, commands, expand, program};

pub(super) fn judge(file: &Dockerfile, judged: &mut Judged<'_>) {
    for (index, stage) in file.stages.iter().enumerate() {
        if let Some(base) = &stage.base
            && file.stage(base, index).is_none()
        {
            let from = stage.from();
            image(base, from.at..from.end, "dkr-latest", judged);
        }
        for copy in stage.all("COPY") {
            let from = copy.flag("from").filter(|from| !from.contains('$'));
            let is_image = |from: &&str| {
                file.stage(from, index).is_none()
                    && from.contains(['/', ':'])
                    && !from.starts_with('.')
            };
            if let Some(from) = from.filter(is_image) {
                image(from, copy.at..copy.end, "dkr-latest", judged);
            }
        }
    }
    if let Some(last) = file.stages.len().checked_sub(1) {
        user(file, last, judged);
    }
}

/// Judges the version of an image.
pub(crate) fn image(image: &str, place: std::ops::Range<usize>, id: &str, judged: &mut Judged<'_>) {
    let name = image.rsplit('/').next().unwrap_or(image);
    if image == "scratch" || image.contains("@sha256:") || image.contains('$') || name.is_empty() {
        return;
    }
    let current = match name.split_once(':') {
        None => format!("{image} has no version."),
        Some((_, tag)) if MOVING.contains(&tag) => format!("{image} moves with each release."),
        Some(_) => return,
    };
    judged.fail(id, place, image, current);
}

fn user(file: &Dockerfile, last: usize, judged: &mut Judged<'_>) {
    let stages = chain(file, last);
    let named = stages.iter().find_map(|stage| Some((stage, stage.last("USER")?)));
    if stages.iter().any(|stage| steps_down(stage)) {
        return;
    }
    let Some((stage, user)) = named else {
        let root = stages.last().and_then(|stage| stage.base.as_deref());
        // Without a value nobody knows the image.
        let Some(base) = root else { return };
        if !has_user(base) {
            let from = file.stages[last].from();
            let current = "No USER is named, so the container runs as root.";
            judged.fail("dkr-root", from.at..from.end, "no USER", current);
        }
        return;
    };
    let text = user.text.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
    let Some(name) = expand(text, &stage.variables()) else { return };
    if is_root(&name) {
        let place = user.at..user.end;
        judged.fail("dkr-root", place, shown(user), "The last USER is root.");
    }
}

/// Whether a user, with or without its group, is root.
pub(crate) fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    name == "root" || (!name.is_empty() && name.bytes().all(|byte| byte == b'0'))
}

/// Whether what starts becomes another user by itself.
fn steps_down(stage: &Stage) -> bool {
    let starts = [stage.last("ENTRYPOINT"), stage.last("CMD")];
    let mut started = starts.into_iter().flatten().flat_map(|one| commands(&one.script()));
    let is_started = started.any(|command| command.words.iter().any(|word| is_step(word)));
    // An entry point that is a script uses what was installed for it.
    let installs = stage.all("RUN").any(|run| {
        commands(&run.script()).iter().any(|command| {
            let words = program(&command.words);
            words.iter().any(|word| matches!(word.as_str(), "gosu" | "su-exec"))
        })
    });
    is_started || (installs && stage.last("ENTRYPOINT").is_some())
}

fn is_step(word: &str) -> bool {
    matches!(
        word.rsplit('/').next(),
        Some("gosu" | "su-exec" | "setpriv" | "runuser" | "s6-setuidgid" | "chpst" | "setuidgid")
    )
}

/// Whether an image is known to name a user other than root.
fn has_user(base: &str) -> bool {
    let lower = base.to_ascii_lowercase();
    ["nonroot", "rootless", "unprivileged", "cgr.dev/chainguard/", "bitnami/"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Tags that name what is newest.
const MOVING: [&str; 12] = [
    "latest", "main", "master", "edge", "stable", "nightly", "dev", "develop", "current", "lts",
    "rolling", "mainline",
];
