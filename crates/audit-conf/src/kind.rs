//! Which file is what.

/// What a file configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Dockerfile,
    Compose,
    GitHub,
    GitLab,
    Kubernetes,
    Prometheus,
    Loki,
    Alertmanager,
    Grafana,
    SettingsYaml,
    /// YAML of which only the content says what it is.
    Yaml,
    Environment,
    Sections,
    Nginx,
    Redis,
    Postgres,
    Hba,
    PgBouncer,
    Sql,
    Unit,
    Logrotate,
}

impl FileKind {
    /// Tells by the path.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let lower = path.to_ascii_lowercase();
        let name = lower.rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let starts = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        Some(match extension {
            "yml" | "yaml" => Self::of_yaml(&lower, name),
            "dockerfile" | "containerfile" => Self::Dockerfile,
            "md" | "py" | "js" | "ts" | "sh" | "rs" | "go" | "rb" | "lock" | "txt" | "rst" => {
                return None;
            }
            "dockerignore" => return None,
            _ if is_word(name, "dockerfile") || is_word(name, "containerfile") => Self::Dockerfile,
            "sql" => Self::Sql,
            "service" => Self::Unit,
            "env" => Self::Environment,
            _ if starts(&[".env", "env."]) => Self::Environment,
            _ if starts(&["redis", "sentinel", "valkey"]) && extension == "conf" => Self::Redis,
            _ if starts(&["pg_hba"]) => Self::Hba,
            _ if starts(&["pgbouncer"]) => Self::PgBouncer,
            _ if starts(&["postgresql", "postgres"]) && extension == "conf" => Self::Postgres,
            _ if name == "nginx.conf" || extension == "nginx" => Self::Nginx,
            "conf" | "vhost" | "template" if lower.contains("nginx") => Self::Nginx,
            _ if lower.contains("sites-available/") || lower.contains("sites-enabled/") => {
                Self::Nginx
            }
            _ if lower.contains("logrotate") => Self::Logrotate,
            "ini" | "cfg" | "properties" | "toml" if !starts(&LOCKS) => Self::Sections,
            "conf" => Self::Sections,
            _ => return None,
        })
    }

    fn of_yaml(lower: &str, name: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if lower.contains(".github/workflows/") || matches!(name, "action.yml" | "action.yaml") {
            return Self::GitHub;
        }
        match () {
            () if has(&["gitlab-ci"]) => Self::GitLab,
            () if has(&["compose"]) => Self::Compose,
            () if has(&["alertmanager"]) => Self::Alertmanager,
            () if has(&["loki"]) => Self::Loki,
            () if has(&["prometheus"]) => Self::Prometheus,
            () if lower.contains("provisioning/datasources/") => Self::Grafana,
            () => Self::Yaml,
        }
    }

    /// Tells by the content, where the path does not.
    pub(crate) fn with(self, text: &str) -> Option<Self> {
        if self != Self::Yaml {
            return Some(self);
        }
        let has = |key: &str| {
            text.starts_with(key)
                || memchr::memmem::find_iter(text.as_bytes(), key.as_bytes())
                    .any(|at| text.as_bytes()[at - 1] == b'\n')
        };
        if has("apiVersion:") && has("kind:") {
            return Some(Self::Kubernetes);
        }
        if has("services:") && (text.contains("image:") || text.contains("build:")) {
            return Some(Self::Compose);
        }
        if has("scrape_configs:") && !has("clients:") && !has("server:") {
            return Some(Self::Prometheus);
        }
        if has("schema_config:") {
            return Some(Self::Loki);
        }
        if has("receivers:") && has("route:") {
            return Some(Self::Alertmanager);
        }
        // Data is YAML, too; settings are short.
        (text.len() < 100_000).then_some(Self::SettingsYaml)
    }
}

/// Whether a name is a word, or the word with something before or behind a dot: `Dockerfile.prod`, `bot.Dockerfile`.
fn is_word(name: &str, word: &str) -> bool {
    name.split(['.', '-', '_']).any(|part| part == word)
}

/// Whether a file belongs to tests or is made to be copied, rather than to run.
pub(crate) fn is_test(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut folders: Vec<&str> = lower.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    let is_folder = |folder: &&str| {
        matches!(
            *folder,
            "test" | "tests" | "testing" | "testdata" | "fixtures" | "__tests__" | "spec" | "e2e"
        )
    };
    folders.iter().any(is_folder) || name.starts_with("test_") || name.contains(".test.")
}

/// Files that list dependencies; the engine of dependencies judges them.
const LOCKS: [&str; 7] = ["cargo", "pipfile", "poetry", "pyproject", "setup", "tox", "rustfmt"];
