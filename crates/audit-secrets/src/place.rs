//! What the path of a file tells of its content.

/// What a file is written in, as far as values beside names go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// A programming language: a value is a quoted text, everything else is a name or a call.
    Code,
    /// Settings: a value may stand without quotes.
    Data,
    /// Text for people.
    Prose,
    /// Written by a program, full of sums: values beside names mean nothing.
    Generated,
}

impl Syntax {
    pub(crate) fn of(path: &str) -> Self {
        let name = name(path).to_ascii_lowercase();
        if GENERATED_NAMES.contains(&name.as_str()) {
            return Self::Generated;
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if CODE.contains(&extension) {
            Self::Code
        } else if PROSE.contains(&extension) {
            Self::Prose
        } else if GENERATED.contains(&extension) {
            Self::Generated
        } else {
            Self::Data
        }
    }
}

/// Tells whether a file can hold text at all, by its name.
pub(crate) fn may_be_text(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    !BINARY.contains(&extension)
}

/// Tells whether a file belongs to tests: what is in it is mostly made up.
pub(crate) fn is_test(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    folders.split('/').any(|folder| TEST_FOLDERS.contains(&folder))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || matches!(stem, "conftest" | "tests")
        || [".test.", ".spec."].iter().any(|part| name.contains(part))
}

/// Tells whether a file holds the variables of an environment: `.env`, `.env.production`, `prod.env`.
pub(crate) fn is_env(path: &str) -> bool {
    let name = name(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    !is_env_example(path)
        && name != ".envrc"
        && (name == ".env" || name.starts_with(".env.") || extension == "env")
}

/// Tells whether a file shows which variables there are: `.env.example`.
pub(crate) fn is_env_example(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    let is_env = name.starts_with(".env") || name.starts_with("env.") || name.contains(".env");
    is_env && EXAMPLES.iter().any(|word| name.contains(word))
}

pub(crate) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

const EXAMPLES: [&str; 6] = ["example", "sample", "template", "dist", "default", "tmpl"];

const TEST_FOLDERS: [&str; 14] = [
    "__fixtures__",
    "__mocks__",
    "__tests__",
    "e2e",
    "fixture",
    "fixtures",
    "mocks",
    "spec",
    "specs",
    "test",
    "test-data",
    "testdata",
    "testing",
    "tests",
];

const CODE: [&str; 33] = [
    "c", "cc", "cpp", "cs", "cjs", "cts", "dart", "ex", "exs", "fs", "go", "groovy", "h", "hpp",
    "java", "js", "jsx", "kt", "kts", "lua", "mjs", "mts", "php", "pl", "ps1", "py", "pyi", "rb",
    "rs", "scala", "swift", "ts", "tsx",
];

const PROSE: [&str; 9] = ["adoc", "htm", "html", "md", "mdx", "rst", "tex", "txt", "vue"];

const GENERATED: [&str; 11] =
    ["csv", "diff", "lock", "map", "patch", "po", "pot", "snap", "sum", "svg", "tsv"];

const GENERATED_NAMES: [&str; 5] =
    ["npm-shrinkwrap.json", "package-lock.json", "packages.lock.json", "pnpm-lock.yaml", "uv.lock"];

const BINARY: [&str; 56] = [
    "7z", "a", "avi", "avif", "bin", "bmp", "br", "bz2", "class", "db", "deb", "dll", "dmg", "doc",
    "docx", "eot", "exe", "flac", "gif", "gz", "heic", "ico", "jar", "jpeg", "jpg", "m4a", "mkv",
    "mo", "mov", "mp3", "mp4", "o", "odt", "ogg", "otf", "pdf", "png", "ppt", "pptx", "pyc", "pyd",
    "rar", "rlib", "rpm", "so", "tar", "tgz", "tiff", "ttf", "wasm", "wav", "webm", "webp", "woff",
    "woff2", "zip",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_paths() {
        for path in ["tests/a.py", "bot/test_a.py", "src/a.spec.ts", "x/conftest.py", "a_test.go"] {
            assert!(is_test(path), "{path}");
        }
        for path in ["bot/contest.py", "latest/a.py", "attest.py", "bot/testimony.py"] {
            assert!(!is_test(path), "{path}");
        }
    }

    #[test]
    fn files_of_the_environment_are_not_their_examples() {
        for path in [".env", "bot/.env.production", "deploy/prod.env"] {
            assert!(is_env(path) && !is_env_example(path), "{path}");
        }
        for path in [".env.example", "env.sample", "prod.env.dist", ".env.EXAMPLE.local"] {
            assert!(is_env_example(path) && !is_env(path), "{path}");
        }
        assert!(!is_env(".envrc") && !is_env("environment.py"));
    }
}
