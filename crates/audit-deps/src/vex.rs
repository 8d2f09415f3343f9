//! VEX: what somebody found out about vulnerabilities in this program.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Error, Package};

/// Statements that vulnerabilities do not matter here, each with its reason.
///
/// ```
/// use wardkit_audit_deps::Vex;
///
/// let vex = Vex::parse(r#"{
///   "@context": "https://openvex.dev/ns/v0.2.0",
///   "statements": [{
///     "vulnerability": {"name": "CVE-2024-1"}, "products": [{"@id": "pkg:pypi/jinja2@3.1.2"}],
///     "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"
///   }]
/// }"#)?;
/// assert_eq!(vex.len(), 1);
/// # Ok::<(), wardkit_audit_deps::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vex {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Statement {
    ids: BTreeSet<String>,
    /// Package URLs.
    products: Vec<String>,
    reason: String,
}

impl Vex {
    /// Reads a document of `OpenVEX` or `CycloneDX`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Document`] for what is neither, and for a statement that mutes without a reason.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused = |reason: String| Error::Document { what: "VEX document", reason };
        let root: Value = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
        let statements = if let Some(list) = root["statements"].as_array() {
            list.iter().map(openvex).collect::<Result<Vec<_>, _>>()
        } else if root["bomFormat"] == "CycloneDX" {
            let list = root["vulnerabilities"].as_array();
            let components = components(&root);
            list.into_iter().flatten().map(|one| cyclonedx(one, &components)).collect()
        } else {
            Err("it is of neither OpenVEX nor CycloneDX".to_owned())
        };
        let statements = statements.map_err(refused)?.into_iter().flatten().collect();
        Ok(Self { statements })
    }

    /// Adds the statements of another document.
    pub fn extend(&mut self, other: Self) {
        self.statements.extend(other.statements);
    }

    /// Returns the number of statements that mute something.
    #[must_use]
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether nothing is muted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Returns why a vulnerability of a package is not to be told.
    pub(crate) fn mutes(&self, ids: &BTreeSet<&str>, package: &Package) -> Option<&str> {
        let url = crate::purl::of(package);
        let bare = url.split('@').next().unwrap_or_default().to_owned();
        // A statement without a version is about each of them; a scope's own `@` is escaped in a package URL.
        let is_of = |product: &String| {
            let product = product.split(['?', '#']).next().unwrap_or_default();
            product == url || product == bare
        };
        let statement = self.statements.iter().find(|one| {
            one.ids.iter().any(|id| ids.contains(id.as_str())) && one.products.iter().any(is_of)
        });
        statement.map(|one| one.reason.as_str())
    }
}

fn openvex(one: &Value) -> Result<Option<Statement>, String> {
    let status = one["status"].as_str().unwrap_or_default();
    if !matches!(status, "not_affected" | "fixed") {
        return Ok(None);
    }
    let vulnerability = &one["vulnerability"];
    let name = vulnerability
        .as_str()
        .or(vulnerability["name"].as_str())
        .ok_or("a statement names no vulnerability")?;
    let aliases =
        vulnerability["aliases"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let ids: BTreeSet<String> = aliases.chain([name]).map(ToOwned::to_owned).collect();
    let said = [&one["justification"], &one["impact_statement"], &one["status_notes"]];
    let said: Vec<&str> = said.iter().filter_map(|text| text.as_str()).collect();
    let reason = reason(name, status, &said)?;
    let mut products = Vec::new();
    for product in one["products"].as_array().into_iter().flatten() {
        let parts = product["subcomponents"].as_array().filter(|parts| !parts.is_empty());
        // What the whole program is called does not matter where a part is named.
        let named = parts.map_or_else(|| vec![product], |parts| parts.iter().collect());
        products.extend(named.into_iter().filter_map(product_url));
    }
    Ok(Some(Statement { ids, products, reason }))
}

fn product_url(product: &Value) -> Option<String> {
    let url = product.as_str().or(product["@id"].as_str()).filter(|id| id.starts_with("pkg:"));
    url.or(product["identifiers"]["purl"].as_str()).map(ToOwned::to_owned)
}

fn cyclonedx(one: &Value, components: &[(String, String)]) -> Result<Option<Statement>, String> {
    let state = one["analysis"]["state"].as_str().unwrap_or_default();
    if !matches!(state, "not_affected" | "false_positive" | "resolved") {
        return Ok(None);
    }
    let name = one["id"].as_str().ok_or("a vulnerability has no id")?;
    let references = one["references"].as_array().into_iter().flatten();
    let ids = references.filter_map(|one| one["id"].as_str()).chain([name]);
    let said = [&one["analysis"]["justification"], &one["analysis"]["detail"]];
    let said: Vec<&str> = said.iter().filter_map(|text| text.as_str()).collect();
    let affects =
        one["affects"].as_array().into_iter().flatten().filter_map(|one| one["ref"].as_str());
    let products = affects.map(|reference| {
        let known = components.iter().find(|(name, _)| name == reference);
        known.map_or(reference, |(_, url)| url).to_owned()
    });
    Ok(Some(Statement {
        ids: ids.map(ToOwned::to_owned).collect(),
        products: products.collect(),
        reason: reason(name, state, &said)?,
    }))
}

fn components(root: &Value) -> Vec<(String, String)> {
    let list = root["components"].as_array().into_iter().flatten();
    let named = list.filter_map(|one| {
        Some((one["bom-ref"].as_str()?.to_owned(), one["purl"].as_str()?.to_owned()))
    });
    named.collect()
}

/// Nobody can judge a statement that does not say why.
fn reason(name: &str, status: &str, said: &[&str]) -> Result<String, String> {
    let said =
        said.iter().filter(|text| !text.trim().is_empty()).copied().collect::<Vec<_>>().join(": ");
    if said.is_empty() && status != "fixed" && status != "resolved" {
        return Err(format!("{name} is muted without a justification"));
    }
    Ok(if said.is_empty() { status.to_owned() } else { format!("{status}: {said}") })
}
