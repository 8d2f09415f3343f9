//! `pyproject.toml` and `Pipfile`: what a project of Python asks for.

use toml::de::{DeTable, DeValue};

use super::requirements;
use crate::Ecosystem;
use crate::package::{Inventory, Source, Wish};
use crate::text::{Lines, refused};

pub(super) fn pyproject(text: &str) -> Result<Inventory, String> {
    let root = DeTable::parse(text).map_err(|error| refused(text, &error))?;
    let (root, lines) = (root.get_ref(), Lines::of(text));
    let mut wishes = Vec::new();
    let project = root.get("project").and_then(|one| one.get_ref().get("dependencies"));
    if let Some(list) = project.and_then(|list| list.get_ref().as_array()) {
        for one in list {
            let line = lines.line(one.span().start);
            wishes.extend(one.get_ref().as_str().and_then(|text| requirements::wish(text, line)));
        }
    }
    let poetry = root.get("tool").and_then(|tool| tool.get_ref().get("poetry"));
    let poetry = poetry.and_then(|poetry| poetry.get_ref().get("dependencies"));
    if let Some(table) = poetry.and_then(|table| table.get_ref().as_table()) {
        wishes.extend(table_of(table, &lines));
    }
    Ok(Inventory { wishes, ..Inventory::default() })
}

pub(super) fn pipfile(text: &str) -> Result<Inventory, String> {
    let root = DeTable::parse(text).map_err(|error| refused(text, &error))?;
    let lines = Lines::of(text);
    let groups = ["packages", "dev-packages"];
    let tables = groups.iter().filter_map(|name| root.get_ref().get(*name)?.get_ref().as_table());
    let wishes = tables.flat_map(|table| table_of(table, &lines)).collect();
    Ok(Inventory { wishes, ..Inventory::default() })
}

/// A table of names with ranges, or with tables that say more.
fn table_of(table: &DeTable<'_>, lines: &Lines) -> Vec<Wish> {
    let wish = |name: &str, line, value: &DeValue<'_>| {
        let of = |key: &str| value.get(key).and_then(|one| one.get_ref().as_str());
        let range = value.as_str().or(of("version")).unwrap_or_default();
        let source = match (of("git"), of("path")) {
            (Some(_), _) => Source::Git { commit: of("rev").or(of("ref")).map(ToOwned::to_owned) },
            (None, Some(_)) => Source::Path,
            (None, None) => Source::Registry,
        };
        Wish {
            ecosystem: Ecosystem::PyPi,
            name: Ecosystem::PyPi.normal(name),
            is_pinned: match &source {
                Source::Git { commit } => commit.is_some(),
                Source::Path => true,
                _ => range.starts_with("==") || range.starts_with(|one: char| one.is_ascii_digit()),
            },
            range: range.to_owned(),
            line,
            source,
        }
    };
    let others = table.iter().filter(|(name, _)| name.get_ref() != "python");
    others
        .map(|(name, value)| wish(name.get_ref(), lines.line(name.span().start), value.get_ref()))
        .collect()
}
