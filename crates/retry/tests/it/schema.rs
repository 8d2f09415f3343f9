use serde_json::{Value, json};
use wardkit_retry::RetryPolicy;

#[test]
fn optional_limits_are_described_as_text() {
    let schema: Value = schemars::schema_for!(RetryPolicy).into();
    for key in ["attempt-timeout", "total-deadline", "budget"] {
        let property = &schema["properties"][key];
        assert_eq!(property["type"], "string", "{property}");
        assert_eq!(property["default"], "none", "{property}");
    }
    assert_eq!(
        schema["properties"]["max-attempts"]["description"],
        "The most calls in total, the first one included: 1 means no retry."
    );
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(schema["$defs"]["RetryAfter"]["properties"]["max"]["type"], "string");
}

#[test]
fn kinds_of_schedule_are_told_apart_by_their_tag() {
    let schema: Value = schemars::schema_for!(RetryPolicy).into();
    let kinds: Vec<_> = schema["$defs"]["Schedule"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["properties"]["kind"]["const"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["fixed", "linear", "exponential", "decorrelated", "list"]);
}
