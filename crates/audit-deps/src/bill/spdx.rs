//! SPDX 2.3.

use serde_json::{Value, json};

use super::{Bill, Part, hash_of};

pub(super) fn document(bill: &Bill) -> Value {
    let ids: std::collections::BTreeMap<&str, String> =
        bill.parts.keys().map(|url| (url.as_str(), id(url))).collect();
    let mut packages = vec![json!({
        "SPDXID": ROOT,
        "name": bill.name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "APPLICATION",
    })];
    packages.extend(bill.parts.iter().map(|(url, part)| package(&ids[url.as_str()], url, part)));
    let between = |from: &str, kind: &str, to: &str| json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to});
    let mut relationships = vec![between("SPDXRef-DOCUMENT", "DESCRIBES", ROOT)];
    for (url, part) in &bill.parts {
        let own = &ids[url.as_str()];
        relationships.push(between(
            ROOT,
            if part.is_direct { "DEPENDS_ON" } else { "CONTAINS" },
            own,
        ));
        relationships.extend(
            part.needs
                .iter()
                .filter_map(|need| Some(between(own, "DEPENDS_ON", ids.get(need.as_str())?))),
        );
    }
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": bill.name,
        "documentNamespace": format!("https://spdx.org/spdxdocs/wardkit-{}", bill.serial()),
        // The form asks for a time; one that is not the same for the same content would make two bills of it.
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: wardkit"]},
        "packages": packages,
        "relationships": relationships,
    })
}

fn package(id: &str, url: &str, part: &Part) -> Value {
    let mut package = json!({
        "SPDXID": id,
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        // What packages say of themselves is seldom an expression of SPDX.
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": url,
        }],
    });
    if let Some(licence) = &part.licence {
        package["licenseComments"] = json!(licence);
    }
    let hashes: Vec<_> = part.hashes.iter().filter_map(|one| hash_of(one)).collect();
    if let [(algorithm, content)] = hashes.as_slice() {
        let algorithm = algorithm.replace('-', "");
        package["checksums"] = json!([{"algorithm": algorithm, "checksumValue": content}]);
    }
    package
}

/// Letters, digits, dots and hyphens are all that may be in an identifier.
fn id(url: &str) -> String {
    let plain: String =
        url.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect();
    let hash = blake3::hash(url.as_bytes()).to_hex();
    format!("SPDXRef-Package-{}-{}", plain.trim_start_matches("pkg-"), &hash.as_str()[..8])
}

const ROOT: &str = "SPDXRef-Program";
