//! New projects and their pages.

use wardkit_plugin::sdk::{DocsFormat, Language, Project, Template, minimal, pages};
use wardkit_plugin::{Finding, Manifest, Package, Rule, Validator};

fn project(template: Template, language: Language) -> Project {
    Project::new("hello-1", template, language).unwrap()
}

fn text<'p>(project: &'p Project, name: &str) -> &'p str {
    project.files().find(|(path, _)| *path == name).unwrap().1
}

/// A project with its entry, as its build gives it.
fn built(template: Template, language: Language) -> Package {
    let project = project(template, language);
    let mut files: Vec<(String, Vec<u8>)> =
        ["plugin.toml", "schemas/input.json", "schemas/output.json"]
            .map(|name| (name.to_owned(), text(&project, name).as_bytes().to_vec()))
            .into();
    files.push(match language {
        Language::Python => ("plugin.py".to_owned(), text(&project, "plugin.py").into()),
        _ => ("plugin.wasm".to_owned(), wat::parse_str(text(&project, "plugin.wat")).unwrap()),
    });
    Package::from_files(files).unwrap()
}

#[test]
fn every_template_in_every_language_is_sound() {
    for template in Template::ALL {
        for language in Language::ALL {
            let project = project(template, language);
            let what = format!("{} {}", template.as_str(), language.as_str());
            let manifest = Manifest::from_toml("plugin.toml", text(&project, "plugin.toml"));
            let manifest = manifest.unwrap_or_else(|error| panic!("{what}: {error}"));
            let has = |name: &str| project.files().any(|(path, _)| path == name);
            assert_eq!(Project::language_of(&manifest, has), Some(language), "{what}");
            let marks = ["@KEY", "@HEAD", "@basic", "@advanced@", "@api", "@security"];
            let is_left = |text: &str| marks.iter().any(|mark| text.contains(mark));
            assert!(!project.files().any(|(_, text)| is_left(text)), "{what}");
            assert!(manifest.docs.examples.len() == 3 && manifest.health.is_some(), "{what}");
        }
    }
}

#[test]
fn wat_and_python_are_whole_without_any_tool_chain() {
    for template in Template::ALL {
        for language in [Language::Wat, Language::Python] {
            let package = built(template, language);
            let found: Vec<Finding> = Validator::default().check(&package);
            let usual = [Rule::NativeCode];
            assert!(
                found.iter().all(|one| usual.contains(&one.rule)),
                "{template:?} {language:?}: {found:?}"
            );
            assert_eq!(minimal(&package), Vec::<String>::new());
            assert!(Package::read(&package.pack().unwrap()).is_ok());
        }
    }
}

#[test]
fn a_permission_that_is_not_imported_is_told() {
    let package = built(Template::Basic, Language::Wat);
    let files = package.files().map(|(name, bytes)| (name.to_owned(), bytes.to_vec()));
    let more = "\n[permissions.clock]\nwhy = \"says when it was\"\n";
    let files = files.map(|(name, mut bytes)| {
        if name == "plugin.toml" {
            bytes.extend_from_slice(more.as_bytes());
        }
        (name, bytes)
    });
    assert_eq!(minimal(&Package::from_files(files).unwrap()), ["permissions.clock"]);
}

#[test]
fn names_that_nothing_can_have_are_refused() {
    for name in ["", "a b", "../x", "A", "-a", "a.b", "1a", "x/y", &"a".repeat(41)] {
        assert!(Project::new(name, Template::Basic, Language::Wat).is_err(), "{name}");
    }
}

#[test]
fn pages_tell_the_same_in_three_forms_and_nothing_of_them_is_markup() {
    let project = project(Template::Api, Language::Wat);
    let manifest = text(&project, "plugin.toml")
        .replace("Counts the letters of the body", "<script>alert(1)</script> | [x](y)");
    let files = [("plugin.toml".to_owned(), manifest.into_bytes())];
    let package = Package::from_files(files).unwrap();
    let html = pages(&package, DocsFormat::Html);
    assert!(html.contains("/plugins/org.example.hello-1/letters"), "{html}");
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
    let markdown = pages(&package, DocsFormat::Markdown);
    assert!(
        markdown.contains("## Configuration")
            && markdown.contains("\\<script\\>alert(1)\\</script\\> \\| \\[x\\](y)"),
        "{markdown}"
    );
    let json: serde_json::Value = serde_json::from_str(&pages(&package, DocsFormat::Json)).unwrap();
    assert_eq!(json["sections"][1]["title"], "API");
}
