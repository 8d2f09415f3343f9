//! Documents as texts.

use super::html::HEAD;
use super::markdown::plain;
use super::put;
use super::xml::escaped;
use crate::Document;

/// Renders a document as Markdown.
#[must_use]
pub fn document_markdown(document: &Document) -> String {
    let mut out = format!("# {}\n\n", plain(&document.title));
    for section in &document.sections {
        put!(&mut out, "## {}\n\n", plain(&section.title));
        for text in &section.text {
            put!(&mut out, "{}\n\n", plain(text));
        }
        if section.columns.is_empty() {
            continue;
        }
        if section.rows.is_empty() {
            out.push_str("Nothing.\n\n");
            continue;
        }
        put!(
            &mut out,
            "| {} |\n|{}\n",
            section.columns.join(" | "),
            "---|".repeat(section.columns.len())
        );
        for row in &section.rows {
            let cells: Vec<_> = row.iter().map(|cell| plain(cell)).collect();
            put!(&mut out, "| {} |\n", cells.join(" | "));
        }
        out.push('\n');
    }
    out
}

/// Renders a document as one HTML page, which has no script and loads nothing.
#[must_use]
pub fn document_html(document: &Document) -> String {
    let mut out = format!("{HEAD}<h1>{}</h1>\n", escaped(&document.title));
    for section in &document.sections {
        put!(&mut out, "<h2>{}</h2>\n", escaped(&section.title));
        for text in &section.text {
            put!(&mut out, "<p>{}</p>\n", escaped(text));
        }
        if section.columns.is_empty() {
            continue;
        }
        out.push_str("<table>\n<tr>");
        for column in &section.columns {
            put!(&mut out, "<th>{}</th>", escaped(column));
        }
        out.push_str("</tr>\n");
        for row in &section.rows {
            out.push_str("<tr>");
            for cell in row {
                put!(&mut out, "<td>{}</td>", escaped(cell));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// Renders a document as JSON: its title, and its sections with text, columns and rows.
#[must_use]
pub fn document_json(document: &Document) -> String {
    // Lists of texts are all that there is.
    serde_json::to_string_pretty(document).map(|text| text + "\n").unwrap_or_default()
}
