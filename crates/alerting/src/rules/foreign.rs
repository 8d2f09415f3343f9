//! The labels of series as those of alerts, which have limits.

use wardkit_core::Labels;

/// Returns the labels of an alert. A value that is too long is cut: it comes from a program that is measured, which
/// must not be able to keep the alert from being brought.
///
/// # Errors
///
/// Returns why they cannot be those of an alert.
pub(super) fn core_labels(labels: &wardkit_promql::Labels) -> Result<Labels, String> {
    let mut own = Labels::new();
    for (name, value) in labels.iter() {
        let added = own.insert(name, cut(value));
        added.map_err(|error| format!("an alert cannot have the label {name:?}: {error}"))?;
    }
    Ok(own)
}

/// Returns the labels that a template sees, as many as there is room for.
pub(super) fn found_labels(labels: &wardkit_promql::Labels) -> Labels {
    let mut own = Labels::new();
    for (name, value) in labels.iter() {
        // What has no room is only missing in a text.
        let _ = own.insert(name, cut(value));
    }
    own
}

fn cut(value: &str) -> &str {
    let mut end = value.len().min(Labels::MAX_VALUE);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}
