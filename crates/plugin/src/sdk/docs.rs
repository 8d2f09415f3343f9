//! The pages of a plugin: one model, three forms.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::{Grant, Package};

/// In which form pages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DocsFormat {
    /// A page of its own, without scripts and without anything from elsewhere.
    Html,
    /// `CommonMark` with tables.
    Markdown,
    /// The model itself.
    Json,
}

/// Writes the page of a plugin: what it does, what goes in and out, what it asks for, examples, what goes wrong.
#[must_use]
pub fn pages(package: &Package, format: DocsFormat) -> String {
    let page = page(package);
    match format {
        DocsFormat::Html => html(&page),
        DocsFormat::Markdown => markdown(&page),
        DocsFormat::Json => {
            // A page is texts and lists of texts.
            let text = serde_json::to_string_pretty(&page).unwrap_or_default();
            text + "\n"
        }
    }
}

#[derive(Serialize)]
struct Page {
    title: String,
    description: String,
    sections: Vec<Section>,
}

#[derive(Serialize)]
struct Section {
    title: &'static str,
    blocks: Vec<Block>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Block {
    Text(String),
    Table { head: Vec<&'static str>, rows: Vec<Vec<String>> },
    Code(String),
}

fn page(package: &Package) -> Page {
    let manifest = package.manifest();
    let plugin = &manifest.plugin;
    let facts = [
        ("id", plugin.id.to_string()),
        ("version", plugin.version.to_string()),
        ("kind", plugin.kind.as_str().to_owned()),
        ("licence", plugin.license.clone().unwrap_or_default()),
        ("authors", plugin.authors.join(", ")),
        ("homepage", plugin.homepage.clone().unwrap_or_default()),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let facts = facts.map(|(name, value)| vec![name.to_owned(), value]).collect();
    let sections = [
        Section { title: "What it is", blocks: vec![table(vec!["what", "value"], facts)] },
        Section { title: "API", blocks: api(package) },
        Section { title: "Configuration", blocks: configuration(package) },
        Section { title: "Examples", blocks: examples(package) },
        Section { title: "Troubleshooting", blocks: troubleshooting(package) },
    ];
    let sections = sections.into_iter().filter(|section| !section.blocks.is_empty()).collect();
    Page { title: plugin.name.clone(), description: plugin.description.clone(), sections }
}

fn api(package: &Package) -> Vec<Block> {
    let manifest = package.manifest();
    let mut blocks = Vec::new();
    let rows: Vec<Vec<String>> = manifest
        .endpoints
        .iter()
        .map(|one| {
            let path = format!("/plugins/{}/{}", manifest.plugin.id, one.path);
            vec![one.method.as_str().to_owned(), path, one.description.clone()]
        })
        .collect();
    if !rows.is_empty() {
        blocks.push(table(vec!["method", "path", "what it answers"], rows));
    }
    let schemas = [("Input", &manifest.io.input_schema), ("Output", &manifest.io.output_schema)];
    for (what, file) in schemas {
        let bytes = file.as_ref().and_then(|file| package.file(file.as_str()));
        if let Some(schema) = bytes.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok()) {
            blocks.push(Block::Text(format!("{what}, as JSON Schema:")));
            blocks.push(Block::Code(format!("{schema:#}")));
        }
    }
    blocks
}

fn configuration(package: &Package) -> Vec<Block> {
    let manifest = package.manifest();
    let asked: Vec<Vec<String>> =
        manifest.permissions.told().into_iter().map(|(what, why)| vec![what, why]).collect();
    let mut blocks = vec![if asked.is_empty() {
        Block::Text("It asks for nothing beside computing.".to_owned())
    } else {
        table(vec!["asks for", "why"], asked)
    }];
    let limits = Grant::asked_by(manifest).limits;
    let rows = [
        ("memory", limits.memory.to_string()),
        ("share of a processor", limits.cpu.to_string()),
        ("time of a call", limits.timeout.to_string()),
        ("input", limits.input.to_string()),
        ("output", limits.output.to_string()),
        ("calls in a minute", limits.calls_per_minute.to_string()),
    ];
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    blocks.push(table(vec!["limit", "at most"], rows));
    let settings = manifest.settings.iter();
    let settings: Vec<Vec<String>> =
        settings.map(|(name, value)| vec![name.clone(), value.clone()]).collect();
    if !settings.is_empty() {
        blocks.push(table(vec!["setting", "value"], settings));
    }
    blocks
}

fn examples(package: &Package) -> Vec<Block> {
    let mut blocks = Vec::new();
    for example in &package.manifest().docs.examples {
        blocks.push(Block::Text(example.name.clone()));
        let output = example.output.as_ref().map(|output| format!("\n=> {output}"));
        blocks.push(Block::Code(format!("{}{}", example.input, output.unwrap_or_default())));
    }
    blocks
}

/// What the author says, then what a host answers for any plugin.
fn troubleshooting(package: &Package) -> Vec<Block> {
    let manifest = package.manifest();
    let own = manifest.docs.troubleshooting.iter().cloned().map(Block::Text);
    let limits = Grant::asked_by(manifest).limits;
    let rows = [
        (
            "the input is not what its schema says",
            "compare it with the schema under API".to_owned(),
        ),
        ("timeout", format!("a call took longer than {}: hand it less", limits.timeout)),
        ("out of memory", format!("a call wanted more than {}: hand it less", limits.memory)),
        ("output limit", format!("the answer was longer than {}: hand it less", limits.output)),
        ("called as often as it may", format!("wait: {} calls a minute", limits.calls_per_minute)),
        ("denied", "it tried what it was not granted; see what it asks for".to_owned()),
    ];
    let rows = rows.into_iter().map(|(what, then)| vec![what.to_owned(), then]).collect();
    own.chain([table(vec!["the host says", "what to do"], rows)]).collect()
}

fn table(head: Vec<&'static str>, rows: Vec<Vec<String>>) -> Block {
    Block::Table { head, rows }
}

// Writing to a String cannot fail.
fn markdown(page: &Page) -> String {
    let mut text =
        format!("# {}\n\n{}\n", in_markdown(&page.title), in_markdown(&page.description));
    for section in &page.sections {
        let _ = write!(text, "\n## {}\n", section.title);
        for block in &section.blocks {
            match block {
                Block::Text(words) => {
                    let _ = write!(text, "\n{}\n", in_markdown(words));
                }
                Block::Code(code) => {
                    let _ = write!(text, "\n{}", indented(code));
                }
                Block::Table { head, rows } => {
                    let _ = write!(
                        text,
                        "\n| {} |\n|{}\n",
                        head.join(" | "),
                        "---|".repeat(head.len())
                    );
                    for row in rows {
                        let cells: Vec<String> = row.iter().map(|cell| in_markdown(cell)).collect();
                        let _ = writeln!(text, "| {} |", cells.join(" | "));
                    }
                }
            }
        }
    }
    text
}

fn html(page: &Page) -> String {
    let (title, description) = (in_html(&page.title), in_html(&page.description));
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>body{{max-width:50em;margin:2em auto;font-family:sans-serif}}\
         td,th{{text-align:left;padding:.2em 1em .2em 0}}pre{{background:#eee;padding:1em}}</style>\n\
         <h1>{title}</h1>\n<p>{description}</p>\n"
    );
    for section in &page.sections {
        let _ = writeln!(text, "<h2>{}</h2>", section.title);
        for block in &section.blocks {
            let _ = match block {
                Block::Text(words) => writeln!(text, "<p>{}</p>", in_html(words)),
                Block::Code(code) => writeln!(text, "<pre>{}</pre>", in_html(code)),
                Block::Table { head, rows } => {
                    let head = format!("<th>{}</th>", head.join("</th><th>"));
                    let row = |row: &Vec<String>| {
                        let cells: Vec<String> = row.iter().map(|cell| in_html(cell)).collect();
                        format!("<tr><td>{}</td></tr>\n", cells.join("</td><td>"))
                    };
                    let rows: String = rows.iter().map(row).collect();
                    writeln!(text, "<table>\n<tr>{head}</tr>\n{rows}</table>")
                }
            };
        }
    }
    text + "</html>\n"
}

/// What an author wrote is text, in each form: no tag, no link, no cell of a table.
fn in_html(text: &str) -> String {
    wardkit_validation::HtmlEscaped::from(&wardkit_validation::Untrusted::new(text)).to_string()
}

fn in_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

fn indented(code: &str) -> String {
    let lines: Vec<&str> = code.lines().collect();
    format!("    {}\n", lines.join("\n    "))
}
