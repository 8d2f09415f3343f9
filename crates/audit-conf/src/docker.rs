//! Dockerfiles.

mod base;
mod run;
mod values;

pub(crate) use base::{image, is_root};
pub(crate) use run::{downloads_unseen, shows_secret};
pub(crate) use values::{is_debug, turns_verification_off};

use crate::found::Judged;
use crate::parse::{Dockerfile, Instruction, Stage, base_name, commands, program};
use crate::secret::without_password;

pub(crate) fn judge(judged: &mut Judged<'_>) {
    let file = Dockerfile::parse(judged.text);
    base::judge(&file, judged);
    for (index, stage) in file.stages.iter().enumerate() {
        let is_last = index + 1 == file.stages.len();
        values::judge(stage, is_last, judged);
        let pipes_fail = stage.all("SHELL").any(|shell| shell.text.contains("pipefail"));
        for instruction in &stage.instructions {
            if matches!(instruction.keyword.as_str(), "RUN" | "CMD" | "ENTRYPOINT") {
                run::judge(instruction, pipes_fail, judged);
            }
            ports(instruction, judged);
        }
        if is_last {
            health(&file, index, judged);
            forms(stage, judged);
        }
    }
}

/// Returns the first instruction that copies the whole folder, for the judgement of the whole project.
pub(crate) fn copy_of_everything(text: &str) -> Option<(u32, String)> {
    let file = Dockerfile::parse(text);
    let all = file.stages.iter().flat_map(|stage| &stage.instructions);
    let is_everything = |one: &&Instruction| {
        matches!(one.keyword.as_str(), "COPY" | "ADD")
            && one.flag("from").is_none()
            && values::sources(one)
                .iter()
                .any(|source| matches!(source.as_str(), "." | "./" | "*" | "./*" | "/"))
    };
    let found = all.into_iter().find(is_everything)?;
    let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..found.at]).count();
    Some((u32::try_from(line).unwrap_or(u32::MAX), found.text.clone()))
}

/// Returns how a report shows an instruction. Commands are shown by their programs alone, for words of theirs may be
/// secrets.
fn shown(instruction: &Instruction) -> String {
    let keyword = &instruction.keyword;
    if matches!(keyword.as_str(), "RUN" | "CMD" | "ENTRYPOINT" | "HEALTHCHECK") {
        let all = commands(&instruction.script());
        let programs = all.iter().filter_map(|command| program(&command.words).first());
        let names: Vec<&str> = programs.map(|name| base_name(name)).take(6).collect();
        return format!("{keyword} {}", names.join(", "));
    }
    let words = instruction.text.split_whitespace().take(6).map(without_password);
    format!("{keyword} {}", words.collect::<Vec<_>>().join(" "))
}

fn ports(instruction: &Instruction, judged: &mut Judged<'_>) {
    if instruction.keyword != "EXPOSE" {
        return;
    }
    let ports = instruction.text.split_whitespace();
    let is_ssh = |port: &str| matches!(port.split('/').next(), Some("22" | "2222" | "23"));
    if ports.into_iter().any(is_ssh) {
        let place = instruction.at..instruction.end;
        judged.fail(
            "dkr-ssh-port",
            place,
            shown(instruction),
            "The image exposes a port of remote shells.",
        );
    }
}

fn health(file: &Dockerfile, index: usize, judged: &mut Judged<'_>) {
    let stage = &file.stages[index];
    let checks = chain(file, index).into_iter().find_map(|stage| stage.last("HEALTHCHECK"));
    match checks {
        Some(check) if check.text.trim().eq_ignore_ascii_case("none") => {
            let place = check.at..check.end;
            judged.fail(
                "dkr-no-healthcheck",
                place,
                "HEALTHCHECK NONE",
                "The health check is turned off.",
            );
        }
        Some(_) => {}
        None => {
            let from = stage.from();
            let current = "The last stage has no HEALTHCHECK.";
            judged.fail("dkr-no-healthcheck", from.at..from.end, "no HEALTHCHECK", current);
        }
    }
}

/// The form of a shell keeps signals from the bot.
fn forms(stage: &Stage, judged: &mut Judged<'_>) {
    for keyword in ["CMD", "ENTRYPOINT"] {
        let Some(instruction) = stage.last(keyword) else { continue };
        let text = instruction.text.trim();
        if instruction.exec_form().is_none() && !text.starts_with("exec ") && !text.is_empty() {
            let current = format!("{keyword} is in the form of a shell.");
            judged.fail("dkr-shell-form", instruction.at..instruction.end, keyword, current);
        }
    }
}

/// Returns a stage and those that it is made from, the stage first.
fn chain(file: &Dockerfile, index: usize) -> Vec<&Stage> {
    let mut found = Vec::new();
    let mut at = Some(index);
    while let Some(index) = at {
        let stage = &file.stages[index];
        found.push(stage);
        at = stage.base.as_deref().and_then(|base| file.stage(base, index));
    }
    found
}
