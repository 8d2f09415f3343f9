//! logrotate.

use crate::found::Judged;
use crate::parse::words_of_lines;

pub(crate) fn judge(judged: &mut Judged<'_>) {
    let lines = words_of_lines(judged.text);
    let mut open: Option<(usize, String, Vec<&str>)> = None;
    for (at, words) in &lines {
        if words.last() == Some(&"{") {
            open = Some((*at, words[..words.len() - 1].join(" "), Vec::new()));
        } else if words[0] == "}" {
            if let Some((at, path, said)) = open.take() {
                block(at, &path, &said, judged);
            }
        } else if let Some((_, path, said)) = &mut open {
            said.push(words[0]);
            if words[0] == "create" && words.get(1).is_some_and(|mode| is_open(mode)) {
                let path = path.clone();
                judged.fail(
                    "log-world-readable",
                    *at,
                    path.as_str(),
                    format!("{path} is made with mode {}.", words[1]),
                );
            }
        }
    }
}

fn block(at: usize, path: &str, said: &[&str], judged: &mut Judged<'_>) {
    let says = |names: &[&str]| said.iter().any(|name| names.contains(name));
    let is_timed = says(&["hourly", "daily", "weekly", "monthly", "size", "maxsize"]);
    if !is_timed && !says(&["rotate", "maxage", "include"]) {
        judged.fail(
            "log-no-rotation",
            at,
            path,
            format!("{path} has neither a time nor a size at which it is rotated."),
        );
    }
}

/// Whether others may read or write.
fn is_open(mode: &str) -> bool {
    mode.len() >= 3 && mode.bytes().all(|byte| byte.is_ascii_digit()) && !mode.ends_with('0')
}
