//! The page of a configuration or a manifest, from its JSON Schema: a section for each table, a row for each key.

use std::fmt::Write as _;

use serde_json::Value;

/// Writes the page of a schema.
pub(crate) fn page(title: &str, schema: &Value) -> String {
    let text = format!("# {title}\n");
    let mut page = Page { root: schema, open: Vec::new(), text };
    if let Some(about) = schema["description"].as_str() {
        // What follows is an example for those who embed it.
        page.paragraph(about.split("\n\n```").next().unwrap_or(about));
    }
    page.table(&[], schema, &schema["default"]);
    page.text
}

struct Page<'a> {
    root: &'a Value,
    /// The tables that are being written, with their headers: one that holds its own kind is written once.
    open: Vec<(&'a Value, String)>,
    text: String,
}

impl<'a> Page<'a> {
    /// Writes the rows of a table, then a section for each table below it.
    ///
    /// A default that a table brings for all its keys wins over the one that a key brings.
    fn table(&mut self, path: &[String], schema: &'a Value, defaults: &Value) {
        let (sections, rows): (Vec<_>, Vec<_>) = members(schema, defaults)
            .map(|member| (self.section_of(member.schema), member))
            .partition(|(section, _)| section.is_some());
        if !rows.is_empty() {
            self.text.push_str("\n| key | type | default | meaning |\n|---|---|---|---|\n");
        }
        for (_, member) in rows {
            self.row(&member);
        }
        for (section, member) in sections {
            let Some(section) = section else { continue };
            self.section(path, &member, &section);
        }
    }

    fn section(&mut self, path: &[String], member: &Member<'a>, section: &Section<'a>) {
        let mut path = path.to_vec();
        path.push(member.key.to_owned());
        if matches!(section.kind, Kind::Named) {
            path.push("NAME".to_owned());
        }
        let header = path.join(".");
        let header = if matches!(section.kind, Kind::Array) {
            format!("[[{header}]]")
        } else {
            format!("[{header}]")
        };
        let about =
            self.description(member.schema).or_else(|| section.schema["description"].as_str());
        let _ = write!(self.text, "\n## `{header}`\n");
        if let Some(about) = about {
            self.paragraph(about);
        }
        if let Some((_, outer)) =
            self.open.iter().find(|(open, _)| std::ptr::eq(*open, section.schema))
        {
            let same = format!("The keys are those of `{outer}`.");
            self.paragraph(&same);
            return;
        }
        self.open.push((section.schema, header));
        let defaults =
            if matches!(section.kind, Kind::One) { &member.default } else { &Value::Null };
        match section.schema["oneOf"].as_array() {
            Some(forms) => self.forms(forms, defaults),
            None => self.table(&path, section.schema, defaults),
        }
        self.open.pop();
    }

    /// Writes a row for each form that a table may take; a key with a fixed value tells them apart.
    fn forms(&mut self, forms: &'a [Value], default: &Value) {
        if !default.is_null() {
            let _ = write!(self.text, "\nDefault: `{}`\n", as_toml(default));
        }
        self.text.push_str("\n| form | further keys | meaning |\n|---|---|---|\n");
        for form in forms {
            let (tags, keys): (Vec<_>, Vec<_>) = members(form, &Value::Null)
                .partition(|member| member.schema.get("const").is_some());
            let tags = tags.iter().map(|tag| format!("`{} = {}`", tag.key, tag.schema["const"]));
            let keys = keys.iter().map(|member| {
                let about = self.description(member.schema).unwrap_or_default();
                format!("`{}`, {}: {about}", member.key, self.type_of(member.schema))
            });
            let cells = [
                tags.collect::<Vec<_>>().join(", "),
                keys.collect::<Vec<_>>().join(" "),
                self.description(form).unwrap_or_default().to_owned(),
            ];
            let _ = writeln!(self.text, "| {} |", cells.map(|text| cell(&text)).join(" | "));
        }
    }

    fn paragraph(&mut self, text: &str) {
        let _ = write!(self.text, "\n{}\n", without_links(text));
    }

    fn row(&mut self, member: &Member<'a>) {
        let default = match &member.default {
            Value::Null if member.required => "required".to_owned(),
            Value::Null => "unset".to_owned(),
            value => format!("`{}`", as_toml(value)),
        };
        let about = self.description(member.schema).unwrap_or_default();
        let variants = self.variants(member.schema);
        let meaning = [about, &variants]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let cells = [format!("`{}`", member.key), self.type_of(member.schema), default, meaning];
        let _ = writeln!(self.text, "| {} |", cells.map(|text| cell(&text)).join(" | "));
    }

    /// Tells whether a value of this schema is written as a table of its own.
    fn section_of(&self, schema: &'a Value) -> Option<Section<'a>> {
        let schema = self.resolve(schema);
        let candidates = [
            (Kind::One, schema),
            (Kind::Array, self.resolve(&schema["items"])),
            (Kind::Named, self.resolve(&schema["additionalProperties"])),
        ];
        let found = candidates.into_iter().find(|(_, schema)| is_table(schema));
        found.map(|(kind, schema)| Section { kind, schema })
    }

    /// Follows references, and looks through "this or null".
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        loop {
            schema = if let Some(pointer) = schema["$ref"].as_str() {
                self.root.pointer(pointer.trim_start_matches('#')).unwrap_or(&Value::Null)
            } else if let Some(inner) = or_null(schema) {
                inner
            } else {
                return schema;
            };
        }
    }

    fn description(&self, schema: &'a Value) -> Option<&'a str> {
        schema["description"].as_str().or_else(|| self.resolve(schema)["description"].as_str())
    }

    /// Says what each of a fixed set of values means.
    fn variants(&self, schema: &'a Value) -> String {
        let variants = self.resolve(schema)["oneOf"].as_array().into_iter().flatten();
        let said = variants.filter_map(|variant| {
            Some(format!("`{}`: {}", variant.get("const")?, variant["description"].as_str()?))
        });
        said.collect::<Vec<_>>().join(" ")
    }

    fn type_of(&self, schema: &'a Value) -> String {
        let schema = self.resolve(schema);
        if let Some(value) = schema.get("const") {
            return format!("`{value}`");
        }
        if let Some(values) = schema["enum"].as_array() {
            return either(values.iter().map(|value| format!("`{value}`")));
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                return either(choices.iter().map(|choice| self.type_of(choice)));
            }
        }
        match &schema["type"] {
            Value::String(name) => self.simple_type(name, schema),
            Value::Array(names) => {
                let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
                either(names.map(|name| self.simple_type(name, schema)))
            }
            _ => "any".to_owned(),
        }
    }

    fn simple_type(&self, name: &str, schema: &'a Value) -> String {
        match (name, &schema["minimum"], &schema["maximum"]) {
            ("array", ..) => format!("list of {}", self.type_of(&schema["items"])),
            ("object", ..) => format!("table of {}", self.type_of(&schema["additionalProperties"])),
            (_, Value::Null, Value::Null) => name.to_owned(),
            (_, least, Value::Null) => format!("{name} from {least}"),
            (_, Value::Null, most) => format!("{name} up to {most}"),
            (_, least, most) => format!("{name} from {least} to {most}"),
        }
    }
}

/// A table of its own below another.
struct Section<'a> {
    kind: Kind,
    schema: &'a Value,
}

enum Kind {
    One,
    Array,
    Named,
}

/// A key and what is known of its value.
struct Member<'a> {
    key: &'a str,
    schema: &'a Value,
    default: Value,
    required: bool,
}

fn members<'a>(schema: &'a Value, defaults: &Value) -> impl Iterator<Item = Member<'a>> {
    schema["properties"].as_object().into_iter().flatten().map(|(key, member)| Member {
        key,
        schema: member,
        default: defaults.get(key).or_else(|| member.get("default")).cloned().unwrap_or_default(),
        required: schema["required"]
            .as_array()
            .is_some_and(|required| required.iter().any(|name| name == key)),
    })
}

/// Tells whether a schema is that of a table with known keys, or of one that takes several such forms.
fn is_table(schema: &Value) -> bool {
    let forms = schema["oneOf"].as_array();
    schema["properties"].is_object()
        || forms.is_some_and(|forms| forms.iter().all(|form| form["properties"].is_object()))
}

/// Returns the schema beside `null` in a choice of the two.
fn or_null(schema: &Value) -> Option<&Value> {
    let choices = schema["anyOf"].as_array()?;
    let (null, others): (Vec<&Value>, Vec<&Value>) =
        choices.iter().partition(|choice| choice["type"] == "null");
    (null.len() == 1 && others.len() == 1).then(|| others[0])
}

fn either(types: impl Iterator<Item = String>) -> String {
    types.collect::<Vec<_>>().join(" or ")
}

/// Returns a value as it stands in the file; what TOML cannot say stays JSON.
fn as_toml(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

/// A cell is one line, and a bar would end it.
fn cell(text: &str) -> String {
    without_links(text).split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The descriptions come from the code's documentation, where a name in brackets is a link.
fn without_links(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(properties: &Value) -> Vec<String> {
        let schema = json!({ "properties": properties, "required": ["must"], "$defs": {
            "Format": { "oneOf": [
                { "const": "text", "description": "For people." }, { "const": "json", "description": "For programs." } ] },
        }});
        page("Configuration of agentd", &schema)
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn a_row_says_type_default_and_meaning() {
        for (schema, expected) in [
            (
                json!({"type": "string", "default": "a", "description": "One |\ntwo."}),
                r#"string | `"a"` | One \| two."#,
            ),
            (
                json!({"type": ["integer", "null"], "minimum": 1, "maximum": 9, "default": null}),
                "integer from 1 to 9 | unset | ",
            ),
            (json!({"type": "number", "minimum": 0}), "number from 0 | unset | "),
            (
                json!({"type": "array", "items": {"type": "string"}, "default": []}),
                "list of string | `[]` | ",
            ),
            (
                json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
                "table of boolean | unset | ",
            ),
            (json!({"enum": ["a", "b"]}), r#"`"a"` or `"b"` | unset | "#),
            (json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), "string | unset | "),
            (
                json!({"$ref": "#/$defs/Format", "default": "text", "description": "How."}),
                r#"`"text"` or `"json"` | `"text"` | How. `"text"`: For people. `"json"`: For programs."#,
            ),
        ] {
            assert_eq!(
                rows(&json!({ "key": schema })),
                [format!("| `key` | {expected} |")],
                "{schema}"
            );
        }
        assert_eq!(
            rows(&json!({"must": {"type": "string"}})),
            ["| `must` | string | required |  |"]
        );
    }

    #[test]
    fn a_table_with_several_forms_lists_them() {
        let form = |kind: &str, about: &str, key: &str| {
            json!({"description": about, "properties": {
                "kind": {"const": kind}, key: {"type": "string", "description": "The wait, see [`Jitter`]."}}})
        };
        let forms = json!([form("fixed", "The same.", "delay"), form("linear", "Grows.", "step")]);
        let schema = json!({"properties": {"schedule": {"oneOf": forms, "default": {"kind": "fixed", "delay": "1s"}}}});
        let expected = "# Configuration of agentd\n\n## `[schedule]`\n\n\
            Default: `{ delay = \"1s\", kind = \"fixed\" }`\n\n\
            | form | further keys | meaning |\n|---|---|---|\n\
            | `kind = \"fixed\"` | `delay`, string: The wait, see `Jitter`. | The same. |\n\
            | `kind = \"linear\"` | `step`, string: The wait, see `Jitter`. | Grows. |\n";
        assert_eq!(page("Configuration of agentd", &schema), expected);
    }

    #[test]
    fn tables_lists_of_tables_and_named_tables_become_sections() {
        let schema = json!({
            "description": "All of it.",
            "properties": {
                "http": {"description": "Listens.", "$ref": "#/$defs/Http", "default": {"port": 80}},
                "name": {"type": "string"},
                "probes": {"type": "array", "items": {"$ref": "#/$defs/Http"}},
                "units": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Http"}},
            },
            "$defs": {"Http": {"description": "A port.", "properties": {"port": {"type": "integer", "default": 1}}}},
        });
        let head = "| key | type | default | meaning |\n|---|---|---|---|\n";
        let expected = format!(
            "# Configuration of agentd\n\nAll of it.\n\n{head}| `name` | string | unset |  |\n\n\
             ## `[http]`\n\nListens.\n\n{head}| `port` | integer | `80` |  |\n\n\
             ## `[[probes]]`\n\nA port.\n\n{head}| `port` | integer | `1` |  |\n\n\
             ## `[units.NAME]`\n\nA port.\n\n{head}| `port` | integer | `1` |  |\n"
        );
        assert_eq!(page("Configuration of agentd", &schema), expected);
    }

    #[test]
    fn a_table_that_holds_its_own_kind_is_written_once() {
        let schema = json!({
            "properties": {"route": {"$ref": "#/$defs/Route"}},
            "$defs": {"Route": {"properties": {
                "to": {"type": "string"},
                "routes": {"type": "array", "items": {"$ref": "#/$defs/Route"}},
            }}},
        });
        let expected = "# Configuration of agentd\n\n## `[route]`\n\n\
            | key | type | default | meaning |\n|---|---|---|---|\n| `to` | string | unset |  |\n\n\
            ## `[[route.routes]]`\n\nThe keys are those of `[route]`.\n";
        assert_eq!(page("Configuration of agentd", &schema), expected);
    }
}
