/// An element of a document, told when it ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name after those of all it lies in, with slashes between.
    pub(super) path: String,
    /// Its text; empty where it holds elements.
    pub(super) text: String,
}

/// All elements of a document as S3 writes them: without a document type, so without entities of its own. Nothing
/// where it is something else.
pub(super) fn elements(xml: &str) -> Option<Vec<Element>> {
    let mut found = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut text = String::new();
    let mut rest = xml;
    while let Some((before, tag_on)) = rest.split_once('<') {
        text.push_str(&decoded(before)?);
        if let Some(comment) = tag_on.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
            continue;
        }
        let (tag, after) = tag_on.split_once('>')?;
        rest = after;
        if tag.starts_with('?') {
            continue;
        }
        if tag.starts_with('!') {
            return None;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.last() != Some(&name.trim_end()) {
                return None;
            }
            found.push(Element { path: open.join("/"), text: std::mem::take(&mut text) });
            open.pop();
            continue;
        }
        let is_empty = tag.ends_with('/');
        let name = tag.trim_end_matches('/').split_ascii_whitespace().next()?;
        open.push(name);
        if open.len() > DEEPEST {
            return None;
        }
        text.clear();
        if is_empty {
            found.push(Element { path: open.join("/"), text: String::new() });
            open.pop();
        }
    }
    (open.is_empty() && rest.trim().is_empty()).then_some(found)
}

/// A text without its references to characters.
fn decoded(text: &str) -> Option<String> {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        decoded.push_str(before);
        let (name, after) = reference.split_once(';')?;
        rest = after;
        decoded.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => {
                let number = other.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)?
            }
        });
    }
    decoded.push_str(rest);
    Some(decoded)
}

/// The answers of S3 are four deep.
const DEEPEST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_with_their_paths_and_texts() {
        let xml = "<?xml version=\"1.0\"?>\n<!-- a <note> --><L xmlns=\"x\">\n <C><K>a&amp;b&#x20;&#99;</K><S>1</S></C><E/></L>\n";
        let found = elements(xml).expect("sound");
        let found: Vec<(&str, &str)> =
            found.iter().map(|one| (one.path.as_str(), one.text.trim())).collect();
        assert_eq!(
            found,
            [("L/C/K", "a&b c"), ("L/C/S", "1"), ("L/C", ""), ("L/E", ""), ("L", "")]
        );
    }

    #[test]
    fn what_is_no_such_document_is_nothing() {
        for wrong in [
            "<a>",
            "<a></b>",
            "<a",
            "text",
            "<a>&unknown;</a>",
            "<a>&#xD800;</a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            &"<a>".repeat(1000),
            "<a></a></a>",
            "<>",
        ] {
            assert_eq!(elements(wrong), None, "{}", &wrong[..wrong.len().min(40)]);
        }
        assert_eq!(elements(""), Some(Vec::new()));
    }
}
