//! A module of WebAssembly, read without running any of it.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{ExternalKind, Parser, Payload, TypeRef, Validator as Wasm, WasmFeatures};

use crate::grant::Grant;
use crate::{Finding, Manifest, Rule};

pub(super) fn check(manifest: &Manifest, bytes: &[u8], found: &mut Vec<Finding>) {
    let file = manifest.plugin.entry.as_str();
    if bytes.len() > MOST_MODULE {
        let what = format!("{} bytes, and {MOST_MODULE} are taken", bytes.len());
        return found.push(Finding::new(Rule::TooLarge, file, what));
    }
    // Sizes first: the validator's work grows with them.
    let read = match read(bytes) {
        Ok(read) => read,
        Err(error) => {
            return found.push(Finding::new(Rule::NotWasm, file, reason(&error)));
        }
    };
    if !read.too_large.is_empty() {
        return found
            .extend(read.too_large.iter().map(|what| Finding::new(Rule::TooLarge, file, what)));
    }
    if let Err(error) = Wasm::new_with_features(FEATURES).validate_all(bytes) {
        return found.push(Finding::new(Rule::NotWasm, file, reason(&error)));
    }
    check_imports(manifest, &read, found);
    check_exports(file, &read, found);
    check_memories(manifest, &read, found);
    if read.has_start {
        found.push(Finding::new(Rule::StartFunction, file, "it has a start function"));
    }
}

/// Returns the names that a module imports from its host; none of what is no module.
#[cfg(feature = "sdk")]
pub(super) fn imports(bytes: &[u8]) -> Vec<String> {
    let imports = read(bytes).map(|read| read.imports).unwrap_or_default();
    imports.into_iter().map(|(_, name, _)| name).collect()
}

/// What was seen.
#[derive(Default)]
struct Read {
    imports: Vec<(String, String, bool)>,
    exports: BTreeMap<String, ExternalKind>,
    /// The first size and the most of each memory, in pages.
    memories: Vec<(u64, Option<u64>)>,
    has_start: bool,
    too_large: BTreeSet<String>,
}

fn read(bytes: &[u8]) -> Result<Read, wasmparser::BinaryReaderError> {
    let mut read = Read::default();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ImportSection(section) => {
                read.at_most("imports", section.count(), MOST_IMPORTS);
                for import in section.into_imports().take(MOST_IMPORTS as usize) {
                    let import = import?;
                    let is_function = matches!(import.ty, TypeRef::Func(_));
                    read.imports.push((
                        import.module.to_owned(),
                        import.name.to_owned(),
                        is_function,
                    ));
                }
            }
            Payload::ExportSection(section) => {
                read.at_most("exports", section.count(), MOST_NAMES);
                for export in section.into_iter().take(MOST_NAMES as usize) {
                    let export = export?;
                    read.exports.insert(export.name.to_owned(), export.kind);
                }
            }
            Payload::MemorySection(section) => {
                read.at_most("memories", section.count(), 1);
                for memory in section.into_iter().take(1) {
                    let memory = memory?;
                    read.memories.push((memory.initial, memory.maximum));
                }
            }
            Payload::FunctionSection(section) => {
                read.at_most("functions", section.count(), MOST_FUNCTIONS);
            }
            Payload::TableSection(section) => read.at_most("tables", section.count(), MOST_TABLES),
            Payload::GlobalSection(section) => read.at_most("globals", section.count(), MOST_NAMES),
            Payload::DataSection(section) => {
                read.at_most("segments of data", section.count(), MOST_SEGMENTS);
            }
            Payload::CodeSectionEntry(body) => {
                let length = u32::try_from(body.range().len()).unwrap_or(u32::MAX);
                read.at_most("bytes in one function", length, MOST_BODY);
            }
            Payload::StartSection { .. } => read.has_start = true,
            _ => {}
        }
    }
    Ok(read)
}

impl Read {
    fn at_most(&mut self, what: &str, count: u32, most: u32) {
        if count > most {
            self.too_large.insert(format!("{count} {what}, and {most} are taken"));
        }
    }
}

fn check_imports(manifest: &Manifest, read: &Read, found: &mut Vec<Finding>) {
    let file = manifest.plugin.entry.as_str();
    let asked = Grant::asked_by(manifest).capabilities();
    for (module, name, is_function) in &read.imports {
        let at = format!("{file}: import {}.{}", shown(module), shown(name));
        let permission = IMPORTS.iter().find(|(import, _)| import == name);
        let known = permission.filter(|_| module == "wardkit" && *is_function);
        match known {
            None => found.push(Finding::new(Rule::ForeignImport, at, "no host gives it")),
            Some((_, Some(permission))) if !asked.contains(*permission) => {
                let what = format!("permissions.{permission} is not in the manifest");
                found.push(Finding::new(Rule::ImportNotAsked, at, what));
            }
            Some((_, None)) if asked.iter().all(|name| OWN_IMPORT.contains(&name.as_str())) => {
                let what = "the manifest asks for nothing that could be asked: http or kv";
                found.push(Finding::new(Rule::ImportNotAsked, at, what));
            }
            Some(_) => {}
        }
    }
}

fn check_exports(file: &str, read: &Read, found: &mut Vec<Finding>) {
    for (name, kind) in EXPORTS {
        if read.exports.get(name) != Some(&kind) {
            let at = format!("{file}: export {name}");
            found.push(Finding::new(Rule::MissingExport, at, format!("{name} is not exported")));
        }
    }
}

fn check_memories(manifest: &Manifest, read: &Read, found: &mut Vec<Finding>) {
    let file = manifest.plugin.entry.as_str();
    let limit = Grant::asked_by(manifest).limits.memory;
    for (initial, maximum) in &read.memories {
        if initial.saturating_mul(PAGE) > limit.0 {
            let what = format!("it begins with {initial} pages, and the limit is {limit}");
            found.push(Finding::new(Rule::MemoryTooLarge, file, what));
        }
        if maximum.is_none() {
            found.push(Finding::new(Rule::MemoryUnbounded, file, "its memory has no maximum"));
        }
    }
}

fn reason(error: &wasmparser::BinaryReaderError) -> String {
    format!("{} at byte {}", shown(error.message()), error.offset())
}

/// Names are the module's author's: they do not get far into a terminal.
fn shown(name: &str) -> String {
    name.chars().take(60).flat_map(char::escape_debug).collect()
}

/// WebAssembly 2.0 without vectors and without floating point's odd corners, as the binary interface says.
const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE);

/// What can be imported, and the permission that it needs; `ask` and `answer` need any that is asked for by name.
const IMPORTS: [(&str, Option<&str>); 5] = [
    ("log", Some("log")),
    ("now", Some("clock")),
    ("random", Some("random")),
    ("ask", None),
    ("answer", None),
];

/// Capabilities with an import of their own.
const OWN_IMPORT: [&str; 3] = ["log", "clock", "random"];

const EXPORTS: [(&str, ExternalKind); 3] = [
    ("memory", ExternalKind::Memory),
    ("wk_alloc", ExternalKind::Func),
    ("wk_handle", ExternalKind::Func),
];

const PAGE: u64 = 65_536;
const MOST_MODULE: usize = 8 << 20;
const MOST_FUNCTIONS: u32 = 20_000;
const MOST_BODY: u32 = 256 * 1024;
const MOST_SEGMENTS: u32 = 4096;
const MOST_TABLES: u32 = 4;
const MOST_NAMES: u32 = 1000;
const MOST_IMPORTS: u32 = 16;
