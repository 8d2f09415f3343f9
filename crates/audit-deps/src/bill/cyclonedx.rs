//! `CycloneDX` 1.6.

use serde_json::{Value, json};

use super::{Bill, Part, hash_of};

pub(super) fn document(bill: &Bill) -> Value {
    let root = format!("program:{}", bill.name);
    let direct: Vec<&String> =
        bill.parts.iter().filter(|(_, part)| part.is_direct).map(|(url, _)| url).collect();
    let mut needs = vec![json!({"ref": root, "dependsOn": direct})];
    needs.extend(bill.parts.iter().map(|(url, part)| json!({"ref": url, "dependsOn": part.needs})));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", bill.serial()),
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "wardkit"}]},
            "component": {"type": "application", "name": bill.name, "bom-ref": root},
        },
        "components": bill.parts.iter().map(|(url, part)| component(url, part)).collect::<Vec<_>>(),
        "dependencies": needs,
    })
}

fn component(url: &str, part: &Part) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": url,
        "name": part.name,
        "version": part.version,
        "purl": url,
    });
    // With several files for one version, none of their hashes is that of the component.
    let hashes: Vec<_> = part.hashes.iter().filter_map(|one| hash_of(one)).collect();
    if let [(algorithm, content)] = hashes.as_slice() {
        component["hashes"] = json!([{"alg": algorithm, "content": content}]);
    }
    if let Some(licence) = &part.licence {
        component["licenses"] = json!([{"license": {"name": licence}}]);
    }
    let places = part.places.iter().map(|place| json!({"name": "wardkit:file", "value": place}));
    component["properties"] = places.collect();
    component
}
