//! `auditctl trail verify`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_cli::{Format, Report, escaped, escaped_json};
use wardkit_custody::{Mismatch, Proof, Proven};

use super::{Log, read_note, refused};
use crate::commands::{could_not_run, print};

/// Ends with 1 when the log is not what it was.
pub(super) fn verify(
    log: &Log,
    against: &[PathBuf],
    key: Option<&str>,
) -> Result<ExitCode, Report> {
    let mut proof = prove_with(log);
    for path in against {
        proof = proof.with_note(read_note(path)?);
    }
    if let Some(key) = key {
        let key = key.trim().parse();
        proof = proof.with_key(key.map_err(|error: wardkit_tlog::Error| {
            could_not_run(error).with_hint("print them: auditctl trail key")
        })?);
    }
    let proven = log.custody.prove(&log.dir, &proof).map_err(refused)?;
    print(&match log.format {
        Format::Text => text(&proven),
        Format::Json => format!("{}\n", escaped_json(&to_json(&proven)).map_err(could_not_run)?),
    })?;
    Ok(ExitCode::from(u8::from(!proven.is_intact())))
}

/// Returns a proof that reads the archives too.
pub(super) fn prove_with(log: &Log) -> Proof {
    log.archives.iter().fold(Proof::new(), Proof::with_archive)
}

/// Says what was found, the answer first.
pub(super) fn text(proven: &Proven) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if proven.is_intact() {
        text.push_str("intact\n");
    } else {
        text.push_str("NOT intact: entries were changed, removed or signed by others\n");
        for failure in &proven.failures {
            let _ = writeln!(text, "  {}", escaped(&with_causes(failure)));
        }
    }
    if let Some(verdict) = &proven.verdict {
        let (size, sealed) = (verdict.head.size, verdict.sealed.size);
        let read = if proven.is_intact() { "" } else { " read before the first that is bad" };
        let _ = writeln!(text, "entries      {size}{read}, {sealed} under a checkpoint");
        if size > sealed && proven.is_intact() {
            let _ = writeln!(text, "not proven   {} since the newest checkpoint", size - sealed);
        }
        let _ = writeln!(text, "segments     {}", verdict.segments);
        let _ = writeln!(text, "checkpoints  {} agree", verdict.checkpoints);
        let _ = writeln!(text, "keys         {}", verdict.keys.len());
        if verdict.torn_bytes > 0 {
            let _ = writeln!(
                text,
                "torn         {} bytes of an entry that was never acknowledged; the next one removes them",
                verdict.torn_bytes
            );
        }
        let _ = writeln!(text, "head         {size} {}", verdict.head.root);
    }
    if let Some(error) = &proven.forgotten {
        let _ = writeln!(text, "this head is NOT remembered: {}", escaped(&with_causes(error)));
    }
    text
}

fn to_json(proven: &Proven) -> Value {
    let failures: Vec<Value> = proven
        .failures
        .iter()
        .map(|failure| json!({"kind": kind(failure), "message": with_causes(failure)}))
        .collect();
    let mut answer = json!({
        "intact": proven.is_intact(),
        "identity": proven.identity.as_ref().map(ToString::to_string),
        "failures": failures,
        "remembered": proven.is_intact() && proven.forgotten.is_none(),
    });
    if let Some(verdict) = &proven.verdict {
        answer["entries"] = verdict.head.size.into();
        answer["sealed"] = verdict.sealed.size.into();
        answer["segments"] = verdict.segments.into();
        answer["checkpoints"] = verdict.checkpoints.into();
        answer["keys"] = verdict.keys.iter().map(ToString::to_string).collect();
        answer["torn_bytes"] = verdict.torn_bytes.into();
        answer["head"] = json!({"size": verdict.head.size, "root": verdict.head.root.to_string()});
    }
    answer
}

/// Names a failure for programs.
fn kind(failure: &Mismatch) -> &'static str {
    use wardkit_auditlog::Failure;
    match failure {
        Mismatch::Gone { .. } => "log-gone",
        Mismatch::UnknownKey => "unknown-key",
        Mismatch::OtherKey { .. } => "other-key",
        Mismatch::Log(Failure::Line { .. }) => "line",
        Mismatch::Log(Failure::SegmentMissing { .. }) => "segment-missing",
        Mismatch::Log(Failure::CheckpointMissing { .. }) => "checkpoint-missing",
        Mismatch::Log(Failure::Checkpoint { .. }) => "checkpoint",
        Mismatch::Log(Failure::Misplaced { .. }) => "misplaced",
        Mismatch::Log(Failure::Changed { .. }) => "changed",
        Mismatch::Log(Failure::Short { .. }) => "short",
        _ => "other",
    }
}

/// Returns an error with its causes on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
