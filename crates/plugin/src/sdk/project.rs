//! A new plugin: a folder of files that passes its own tests unchanged.

mod sources;

use std::fmt::{self, Write as _};

use crate::Manifest;
use crate::manifest::PluginId;

/// What a new plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Template {
    /// Computes, and asks for nothing.
    Basic,
    /// Also writes to the host's log, which it asks for.
    Advanced,
    /// Also answers a path of the API.
    Api,
    /// Looks for something suspicious in what it is handed.
    Security,
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Basic, Self::Advanced, Self::Api, Self::Security];

    /// Returns its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Advanced => "advanced",
            Self::Api => "api",
            Self::Security => "security",
        }
    }

    /// Returns what its plugins count, and the word for it.
    const fn counts(self) -> (&'static str, &'static str) {
        match self {
            Self::Basic => ("bytes", "Counts the bytes of what it is handed"),
            Self::Advanced => {
                ("sum", "Sums up the bytes of what it is handed, and logs that it did")
            }
            Self::Api => ("letters", "Counts the letters of what it is handed, also over the API"),
            Self::Security => ("findings", "Counts what could be markup in what it is handed"),
        }
    }

    /// Counts as the sources of this template do.
    fn count(self, input: &str) -> u64 {
        let bytes = input.bytes();
        match self {
            Self::Basic => input.len() as u64,
            Self::Advanced => bytes.map(u64::from).sum(),
            Self::Api => bytes.filter(u8::is_ascii_alphabetic).count() as u64,
            Self::Security => bytes.filter(|byte| *byte == b'<').count() as u64,
        }
    }
}

/// In which language a new plugin is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Language {
    /// Rust, for wasm32-unknown-unknown.
    Rust,
    /// C, by zig's compiler.
    C,
    /// Zig.
    Zig,
    /// `AssemblyScript`.
    AssemblyScript,
    /// Python, as a native plugin.
    Python,
    /// The text form of WebAssembly, which `auditctl` itself builds.
    Wat,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Rust, Self::C, Self::Zig, Self::AssemblyScript, Self::Python, Self::Wat];

    /// Returns its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Zig => "zig",
            Self::AssemblyScript => "as",
            Self::Python => "python",
            Self::Wat => "wat",
        }
    }

    /// Returns what builds its plugins; nothing for those that need no building by others.
    #[must_use]
    pub const fn tool_chain(self) -> Option<ToolChain> {
        match self {
            Self::Rust => Some(sources::RUSTC),
            Self::C => Some(sources::ZIG_CC),
            Self::Zig => Some(sources::ZIG),
            Self::AssemblyScript => Some(sources::ASC),
            Self::Python | Self::Wat => None,
        }
    }
}

/// What builds a plugin: a program with its arguments, run in the plugin's folder, without a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolChain {
    /// Its name for people.
    pub name: &'static str,
    /// The program.
    pub program: &'static str,
    /// Its arguments.
    pub args: &'static [&'static str],
    /// The command that installs what builds plugins, in the version that the templates are tested with.
    pub install: &'static str,
    /// What that command needs.
    pub needs: &'static str,
    /// What the program says when a part of it is not installed.
    missing: &'static str,
}

impl ToolChain {
    /// Whether what the program said means that a part of it is not installed.
    #[must_use]
    pub fn is_missing(&self, said: &str) -> bool {
        said.contains(self.missing)
    }
}

impl fmt::Display for ToolChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.program, self.args.join(" "))
    }
}

/// A new plugin: its files.
///
/// ```
/// use wardkit_plugin::sdk::{Language, Project, Template};
///
/// let project = Project::new("hello", Template::Basic, Language::Wat)?;
/// assert!(project.files().any(|(name, _)| name == "plugin.toml"));
/// # Ok::<(), wardkit_plugin::sdk::NotAProject>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    files: Vec<(String, String)>,
}

/// A name that no plugin can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no name of a plugin: a-z, 0-9 and -, a letter first")]
pub struct NotAProject;

impl Project {
    /// Makes the files of a plugin.
    ///
    /// # Errors
    ///
    /// When nothing can have that name.
    pub fn new(name: &str, template: Template, language: Language) -> Result<Self, NotAProject> {
        let id: PluginId = format!("org.example.{name}").parse().map_err(|_| NotAProject)?;
        let is_word = !name.contains('.') && name.len() <= 40;
        if !is_word {
            return Err(NotAProject);
        }
        let (source_name, source) = sources::of(language, template);
        let files = [
            ("plugin.toml", manifest(&id, name, template, language)),
            (source_name, source),
            ("schemas/input.json", INPUT.to_owned()),
            ("schemas/output.json", output(template)),
            ("README.md", readme(name, template, language)),
            (".gitignore", "*.tar.zst\n*.minisig\n*.key\n*.wasm\n".to_owned()),
            (".github/workflows/plugin.yml", workflow(language)),
        ];
        let files = files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
        Ok(Self { files })
    }

    /// Returns each file's path from the folder of the plugin, and its text.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Returns the language that a folder's plugin is written in, by the file that holds its source.
    #[must_use]
    pub fn language_of(manifest: &Manifest, has_file: impl Fn(&str) -> bool) -> Option<Language> {
        if manifest.plugin.kind == crate::Kind::Native {
            return Some(Language::Python);
        }
        Language::ALL.into_iter().find(|language| has_file(sources::name(*language)))
    }
}

fn manifest(id: &PluginId, name: &str, template: Template, language: Language) -> String {
    let (key, description) = template.counts();
    let (kind, entry) = match language {
        Language::Python => ("native", "plugin.py"),
        _ => ("wasm", "plugin.wasm"),
    };
    let example = |input: &str| {
        let count = template.count(&serde_json::Value::from(input).to_string());
        format!("input = {input:?}\noutput = {{ {key} = {count} }}\n")
    };
    let mut text = format!(
        "[plugin]\nid = \"{id}\" # a domain of yours, backwards, and a word\nname = \"{name}\"\n\
         version = \"0.1.0\"\ndescription = \"{description}\"\nkind = \"{kind}\"\nentry = \"{entry}\"\n\
         api = \"1\"\ntemplate = \"{}\"\n\n",
        template.as_str()
    );
    if template == Template::Advanced {
        text += "[permissions.log]\nwhy = \"says that it summed up, and nothing of what\"\n\n";
    }
    if language == Language::Python {
        text += "[permissions.runtime]\nwhy = \"it is written in Python, which lies in /usr\"\n\n";
    }
    text +=
        "[io]\ninput-schema = \"schemas/input.json\"\noutput-schema = \"schemas/output.json\"\n\n";
    if template == Template::Api {
        text += "[[endpoints]]\npath = \"letters\"\nmethod = \"POST\"\ndescription = \"Counts the letters of the body\"\n\n";
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "[health]\n{}", example("ok"));
    let _ = writeln!(
        text,
        "[docs]\ntroubleshooting = [\"A text longer than 4096 characters is refused: see schemas/input.json.\"]\n"
    );
    for (name, input) in [("a word", "hello"), ("markup", "<b>bold</b>"), ("nothing", "")] {
        let _ = writeln!(text, "[[docs.examples]]\nname = \"{name}\"\n{}", example(input));
    }
    text
}

fn output(template: Template) -> String {
    let key = template.counts().0;
    format!(
        "{{\n  \"type\": \"object\",\n  \"properties\": {{\"{key}\": {{\"type\": \"integer\", \"minimum\": 0}}}},\n  \
         \"required\": [\"{key}\"],\n  \"additionalProperties\": false\n}}\n"
    )
}

fn readme(name: &str, template: Template, language: Language) -> String {
    let build = match language.tool_chain() {
        None => String::new(),
        Some(chain) => format!(
            "\n`auditctl plugin test` builds it first, by `{chain}`. If that is not installed:\n\n    {}\n",
            chain.install
        ),
    };
    format!(
        "# {name}\n\n{}.\n\n    auditctl plugin test\n    auditctl plugin pack --out {name}.tar.zst\n    \
         auditctl plugin keygen --out mine\n    auditctl plugin sign {name}.tar.zst --key mine.key\n{build}",
        template.counts().1
    )
}

fn workflow(language: Language) -> String {
    let install = language
        .tool_chain()
        .map_or(String::new(), |chain| format!("      - run: {}\n", chain.install));
    format!(
        "on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n{install}      \
         - run: auditctl plugin test\n"
    )
}

const INPUT: &str = "{\n  \"type\": \"string\",\n  \"maxLength\": 4096\n}\n";
