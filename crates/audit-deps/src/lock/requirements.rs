//! `requirements.txt`, as pip reads it, and the requirements of PEP 508.

use super::npm::{is_commit, is_local, shown};
use crate::Ecosystem;
use crate::package::{Inventory, Package, Remark, RemarkKind, Source, Wish};
use crate::text::number;

pub(super) fn read(text: &str) -> Inventory {
    let mut inventory = Inventory::default();
    for (line, content) in joined(text) {
        let content = without_comment(&content);
        if content.is_empty() {
            continue;
        }
        if content.starts_with('-') {
            option(content, line, &mut inventory);
        } else {
            requirement(content, line, &mut inventory);
        }
    }
    inventory
}

/// Lines with those that continue them.
fn joined(text: &str) -> Vec<(u32, String)> {
    let mut lines: Vec<(u32, String)> = Vec::new();
    let mut is_open = false;
    for (index, line) in text.lines().enumerate() {
        let (content, continues) = match line.trim_end().strip_suffix('\\') {
            Some(content) => (content, true),
            None => (line, false),
        };
        match lines.last_mut() {
            Some((_, before)) if is_open => before.push_str(content),
            _ => lines.push((number(index + 1), content.to_owned())),
        }
        is_open = continues;
    }
    lines
}

fn without_comment(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') {
        return "";
    }
    line.find(" #").or(line.find("\t#")).map_or(line, |at| line[..at].trim_end())
}

fn option(content: &str, line: u32, inventory: &mut Inventory) {
    let (name, value) = content.split_once(['=', ' ']).unwrap_or((content, ""));
    let value = value.trim();
    let mut remark = |kind, text| inventory.remarks.push(Remark { kind, line, text });
    match name {
        "--extra-index-url" => {
            remark(RemarkKind::ExtraIndex, format!("--extra-index-url {}", shown(value)));
        }
        "--trusted-host" if !is_local(&format!("http://{value}")) => {
            remark(RemarkKind::Insecure, format!("--trusted-host {value}"));
        }
        "-e" | "--editable" => requirement(value, line, inventory),
        _ => {}
    }
    let is_address =
        matches!(name, "--extra-index-url" | "--index-url" | "-i" | "-f" | "--find-links");
    if is_address && value.starts_with("http://") && !is_local(value) {
        let text = format!("{name} {}", shown(value));
        inventory.remarks.push(Remark { kind: RemarkKind::Insecure, line, text });
    }
}

fn requirement(content: &str, line: u32, inventory: &mut Inventory) {
    let (content, options) = content.split_once(" --").unwrap_or((content, ""));
    let Some(wish) = wish(content, line) else { return };
    let hashes: Vec<String> = options
        .split_whitespace()
        .filter_map(|part| part.trim_start_matches('-').strip_prefix("hash="))
        .map(ToOwned::to_owned)
        .collect();
    let address = content.split(" @ ").nth(1).unwrap_or(content);
    let is_insecure = ["http://", "git+http://", "git://", "git+git://"]
        .iter()
        .any(|prefix| address.trim().starts_with(prefix));
    if is_insecure && !is_local(address) {
        let text = format!("{} from {}", wish.name, shown(address.trim()));
        inventory.remarks.push(Remark { kind: RemarkKind::Insecure, line, text });
    }
    if wish.is_pinned {
        let version =
            wish.range.split(',').next().unwrap_or_default().trim_start_matches('=').trim();
        inventory.packages.push(Package {
            is_direct: true,
            has_hash: !hashes.is_empty() || wish.source != Source::Registry,
            hashes,
            source: wish.source.clone(),
            ..Package::new(Ecosystem::PyPi, &wish.name, version, line)
        });
    }
    inventory.wishes.push(wish);
}

/// Reads `name[extra] >=1,<2 ; marker`, `name @ address` and addresses with `#egg=name`.
pub(super) fn wish(content: &str, line: u32) -> Option<Wish> {
    let content = content.split(" ;").next().unwrap_or_default().trim();
    let made = |name: &str, range: &str, is_pinned, source| Wish {
        ecosystem: Ecosystem::PyPi,
        name: Ecosystem::PyPi.normal(name),
        range: range.to_owned(),
        line,
        is_pinned,
        source,
    };
    let is_part =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let end = content.find(|letter: char| !is_part(letter)).unwrap_or(content.len());
    let (name, rest) = content.split_at(end);
    let rest = rest.trim_start();
    if rest.starts_with(':')
        || rest.starts_with('/')
        || rest.starts_with('+')
        || name.starts_with('.')
    {
        let egg =
            content.split_once("#egg=").map(|(_, egg)| egg.split(['&', '[']).next().unwrap_or(egg));
        let source = source_of(content);
        return Some(made(
            egg.unwrap_or_else(|| last_part(content)),
            "",
            is_fixed(&source, content),
            source,
        ));
    }
    if name.is_empty() {
        return None;
    }
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1.trim_start(),
        None => rest,
    };
    if let Some(address) = rest.strip_prefix('@') {
        let source = source_of(address.trim());
        return Some(made(name, "", is_fixed(&source, address), source));
    }
    let range = rest.split(';').next().unwrap_or_default().trim();
    let range = range.trim_matches(['(', ')']);
    let one = range.strip_prefix("===").or(range.strip_prefix("=="));
    let is_pinned =
        one.is_some_and(|version| !version.contains(['*', ',']) && !version.trim().is_empty());
    Some(made(name, range, is_pinned, Source::Registry))
}

fn source_of(address: &str) -> Source {
    if let Some(git) =
        address.strip_prefix("git+").or(address.starts_with("git:").then_some(address))
    {
        let path = git.split('#').next().unwrap_or_default();
        let path = path.split_once("://").map_or(path, |(_, path)| path);
        let reference = path.rsplit_once('/').and_then(|(_, last)| last.rsplit_once('@'));
        let reference = reference.map(|(_, reference)| reference.to_owned());
        return Source::Git { commit: reference.filter(|one| is_commit(one)) };
    }
    if address.starts_with("http://") || address.starts_with("https://") {
        return Source::Url(shown(address).to_owned());
    }
    Source::Path
}

/// An archive is one thing only when its hash says so, or its name has a version in it.
fn is_fixed(source: &Source, address: &str) -> bool {
    match source {
        Source::Git { commit } => commit.is_some(),
        Source::Url(_) => {
            address.contains("#sha256=")
                || last_part(address).contains(|one: char| one.is_ascii_digit())
        }
        _ => true,
    }
}

fn last_part(address: &str) -> &str {
    let path = shown(address).trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".git").unwrap_or(name)
}
