//! Gets a page through the client that the program brought.

use std::time::Duration;

use crate::{HttpGet, HttpQuestion, HttpTarget, Outcome};

pub(super) async fn ask(target: &HttpTarget, client: &dyn HttpGet, timeout: Duration) -> Outcome {
    let mut question = HttpQuestion::new(&target.url, LONGEST_BODY, timeout);
    question.headers.clone_from(&target.headers);
    let answer = match client.get(&question).await {
        Ok(answer) => answer,
        Err(error) => return Outcome::failed(chain(&*error)),
    };
    if !target.status.contains(&answer.status) {
        return Outcome::failed(format!("status {}", answer.status));
    }
    match &target.contains {
        Some(text) if !String::from_utf8_lossy(&answer.body).contains(text.as_str()) => {
            Outcome::failed(format!("the body lacks {text:?}"))
        }
        _ => Outcome::Passed,
    }
}

/// Joins an error and its causes, of which the last is mostly the one that helps.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

const LONGEST_BODY: usize = 64 * 1024;
