//! New projects and their pages.

use wardkit_plugin::sdk::{DocsFormat, Language, Project, Template, pages};
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
            assert!(Package::read(&package.pack().unwrap()).is_ok());
        }
    }
}

/// The chain itself is not everywhere; what stands in the source is Rust on every host.
#[test]
fn the_sources_in_rust_compile_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    for template in Template::ALL {
        let source = folder.path().join("plugin.rs");
        std::fs::write(&source, text(&project(template, Language::Rust), "plugin.rs")).unwrap();
        let mut rustc = std::process::Command::new("rustc");
        rustc.args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "-Dwarnings"]);
        let output = rustc.arg("plugin.rs").current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", template.as_str());
    }
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
    let titles = json["sections"].as_array().unwrap().iter().map(|section| &section["title"]);
    let titles: Vec<&str> = titles.filter_map(|title| title.as_str()).collect();
    assert_eq!(titles, ["What it is", "API", "Configuration", "Examples", "Troubleshooting"]);
    for page in [&html, &markdown, &json.to_string()] {
        for what in ["see schemas/input.json", "a call took longer than 30s", "a word"] {
            assert!(page.contains(what), "{what}: {page}");
        }
    }
    assert!(!markdown.contains("\n\n\n"), "{markdown}");
}
