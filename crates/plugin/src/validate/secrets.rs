//! Secrets that slipped into a package: in the texts, and in the data of a module.

use std::collections::BTreeSet;

use wardkit_validation::{Recognisers, Sensitive};

use crate::{Finding, Kind, Package, Rule};

pub(super) fn check(package: &Package, found: &mut Vec<Finding>) {
    // Names and addresses of people are in every README; they are no keys to anything.
    let recognisers = Recognisers::new(&[Sensitive::Secret]);
    let entry = package.manifest().plugin.entry.as_str();
    let is_wasm = package.manifest().plugin.kind == Kind::Wasm;
    for (name, bytes) in package.files() {
        let texts = if is_wasm && name == entry { data_of(bytes) } else { vec![bytes] };
        let seen = texts.iter().flat_map(|text| recognisers.find_bytes(text));
        let sure = seen.filter(|found| found.confidence >= SURE);
        let what: BTreeSet<&str> = sure.map(|found| found.recogniser.what).collect();
        for what in what {
            found.push(Finding::new(Rule::Secret, name, format!("it holds a {what}")));
        }
    }
}

/// The segments of a module's data. Its code is no text.
fn data_of(module: &[u8]) -> Vec<&[u8]> {
    let mut segments = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        let Ok(payload) = payload else { break };
        if let wasmparser::Payload::DataSection(section) = payload {
            segments.extend(section.into_iter().flatten().map(|segment| segment.data));
        }
    }
    segments
}

/// A variable that is called password is in every source; a token with its prefix and its sum is nowhere by chance.
const SURE: u8 = 90;
