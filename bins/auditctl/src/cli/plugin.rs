//! The command line of `auditctl plugin`.

mod install;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use wardkit_plugin::sdk::{DocsFormat, Language, Template};

pub(crate) use install::PluginInstall;

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Plugin {
    #[command(subcommand)]
    pub command: PluginCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Makes a plugin that passes its own tests, in a folder of its own; overwrites nothing
    New {
        /// Its name: a-z, 0-9 and -
        name: String,
        /// What it does: compute, also log, also answer the API, or look for something suspicious
        #[arg(long, default_value = "basic", value_parser = template())]
        template: Template,
        /// In which language
        #[arg(long, default_value = "wat", value_parser = language())]
        lang: Language,
    },
    /// Looks through the plugin in a folder, or a package, without running it
    Check {
        /// The folder or the package
        #[arg(default_value = ".")]
        place: PathBuf,
        /// Answer in SARIF, for code hosts
        #[arg(long)]
        sarif: bool,
    },
    /// Builds the plugin in a folder and runs its examples, its self-test and hostile inputs under its limits
    Test {
        /// The folder
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Tells how long a call takes and how much memory
    Bench {
        /// The folder
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// How many calls
        #[arg(long, value_name = "N", default_value_t = 100)]
        calls: u32,
    },
    /// Makes a package of the plugin in a folder: the same bytes for the same plugin
    Pack {
        /// The folder
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// The package; else ID-VERSION.tar.zst in the working directory
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Makes a pair of keys: PREFIX.key, which only its owner reads, and PREFIX.pub
    Keygen {
        /// The paths without their endings
        #[arg(long, value_name = "PREFIX")]
        out: PathBuf,
    },
    /// Signs a file in minisign's format, as FILE.minisig
    Sign {
        /// The file
        file: PathBuf,
        /// The secret key, without a password
        #[arg(long, value_name = "KEY")]
        key: PathBuf,
    },
    /// Proves that a key's owner signed a file; FILE.minisig lies beside it
    Verify {
        /// The file
        file: PathBuf,
        /// The public key, as a file
        #[arg(long = "pub", value_name = "PUB")]
        public: PathBuf,
    },
    /// Installs a package, or another version, when it is signed, agreed to, and passes its self-test
    Install(PluginInstall),
    /// Lists what is installed, in which state and why
    List,
    /// Shows what a package says of itself and asks for, and looks through it; or what is installed of a plugin
    Inspect {
        /// The package, the folder of a plugin, or the id of one that is installed
        #[arg(value_name = "FILE|ID")]
        what: PathBuf,
    },
    /// Takes a plugin back, in all versions that are installed, for ever
    Revoke {
        /// Its id
        id: String,
        /// Why, for the trail and for whoever lists it
        #[arg(long)]
        why: String,
    },
    /// Goes back to the version before
    Rollback {
        /// Its id
        id: String,
    },
    /// Writes the page of a plugin: API, configuration, examples, troubleshooting
    Docs {
        /// The folder or the package
        #[arg(default_value = ".")]
        place: PathBuf,
        /// In which form
        #[arg(long = "as", value_name = "FORM", default_value = "markdown", value_parser = form())]
        form: DocsFormat,
        /// The file; else standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Prints the JSON Schema of manifests, for editors
    Schema,
}

fn template() -> impl TypedValueParser<Value = Template> {
    let names = Template::ALL.map(Template::as_str);
    PossibleValuesParser::new(names).try_map(|name| {
        Template::ALL.into_iter().find(|one| one.as_str() == name).ok_or("is no template")
    })
}

fn language() -> impl TypedValueParser<Value = Language> {
    let names = Language::ALL.map(Language::as_str);
    PossibleValuesParser::new(names).try_map(|name| {
        Language::ALL.into_iter().find(|one| one.as_str() == name).ok_or("is no language")
    })
}

fn form() -> impl TypedValueParser<Value = DocsFormat> {
    PossibleValuesParser::new(["html", "markdown", "json"]).map(|name| match name.as_str() {
        "html" => DocsFormat::Html,
        "json" => DocsFormat::Json,
        _ => DocsFormat::Markdown,
    })
}

const AFTER_HELP: &str = "\
Exit codes:
  0  done; for `check`, nothing that keeps the plugin from running; for `verify`, proved
  1  for `check`, something grave; for `install`, refused; for `test`, a test that failed; for `verify`, unsigned, tampered with, or of another key
  2  could not run: no plugin there, a manifest or a package that is refused, an unusable key,
     a plugin that is not installed, no version before

Examples:
  auditctl plugin new hello --template advanced --lang wat
  auditctl plugin check --sarif > plugin.sarif
  auditctl plugin pack --out hello.tar.zst
  auditctl plugin keygen --out ~/keys/plugins
  auditctl plugin sign hello.tar.zst --key ~/keys/plugins.key
  auditctl plugin verify hello.tar.zst --pub plugins.pub
  auditctl plugin install hello.tar.zst --pub plugins.pub
  auditctl plugin revoke org.example.hello --why \"its key leaked\"";
