//! What is done, by all who can do it.

use std::fs;
use std::path::Path;

use wardkit_bench::rounds::median;

use crate::Result;
use crate::subject::{Run, Subject};

/// One thing to do, and those who do it; the first is ours.
pub(crate) struct Task {
    name: String,
    subjects: Vec<Subject>,
    runs: Vec<Vec<Run>>,
}

impl Task {
    pub(crate) fn all(
        auditctl: &Path,
        tree: &Path,
        rules: Option<&str>,
        scratch: &Path,
    ) -> Result<Vec<Self>> {
        let tree = tree.display().to_string();
        let cache = scratch.join("cache").display().to_string();
        let ours = |name, args: &[&str]| {
            let args = [args, &["--format", "json", "--allow-incomplete"]].concat();
            Subject::new(name, &auditctl.display().to_string(), &args).with_cache(&cache)
        };
        let code = ["check", &tree, "--engine", "ast,flow"];
        let mut sources = vec![
            ours(
                "auditctl, every rule, no cache",
                &[&code[..], &["--profile", "full", "--no-cache"]].concat(),
            ),
            ours("auditctl, default profile, no cache", &[&code[..], &["--no-cache"]].concat()),
            ours("auditctl, default profile, warm cache", &code),
            Subject::new("bandit", "bandit", &["-r", "-q", "-f", "json", &tree]),
        ];
        if let Some(rules) = rules {
            let args = ["scan", "--config", rules, "--metrics=off", "--json", "-q", "-j1", &tree];
            sources.push(Subject::new("semgrep", "semgrep", &args));
        }
        let secrets = vec![
            ours("auditctl", &["check", &tree, "--engine", "secrets", "--no-cache"]),
            Subject::new(
                "detect-secrets",
                "detect-secrets",
                &["scan", "--all-files", "--no-verify", "."],
            )
            // What is above its own folder it leaves out, without a word.
            .within(&tree),
        ];
        let folder = scratch.join("image");
        fs::create_dir(&folder)?;
        let dockerfile = folder.join("Dockerfile");
        fs::write(&dockerfile, DOCKERFILE)?;
        let file = dockerfile.display().to_string();
        let conf = vec![
            ours(
                "auditctl",
                &["check", &folder.display().to_string(), "--engine", "conf", "--no-cache"],
            ),
            Subject::new("hadolint", "hadolint", &["--format", "json", &file]),
        ];
        let host = vec![
            Subject::new(
                "auditctl",
                &auditctl.display().to_string(),
                &["host", "--format", "json"],
            ),
            Subject::new("lynis", "lynis", &["audit", "system", "--quick", "--quiet", "--no-log"]),
        ];
        let named = |name: &str, subjects: Vec<Subject>| Self::new(name, subjects);
        Ok(vec![
            named("Python sources", sources),
            named("Secrets", secrets),
            named("One Dockerfile, from start to exit", conf),
            named("The host", host),
        ])
    }

    fn new(name: &str, subjects: Vec<Subject>) -> Self {
        let (subjects, missing): (Vec<_>, Vec<_>) =
            subjects.into_iter().partition(Subject::is_there);
        for one in missing {
            println!("{name}: {} is not here.\n", one.name());
        }
        let runs = subjects.iter().map(|_| Vec::new()).collect();
        Self { name: name.to_owned(), subjects, runs }
    }

    /// Runs each once. Another one begins each round.
    pub(crate) fn round(&mut self, round: usize) -> Result<()> {
        for offset in 0..self.subjects.len() {
            let at = (round + offset) % self.subjects.len();
            let run = self.subjects[at].run()?;
            self.runs[at].push(run);
        }
        Ok(())
    }

    pub(crate) fn print(&self) {
        println!("## {}\n", self.name);
        println!(
            "| program | processor seconds | of the last, ours is | by the clock | peak memory | findings |"
        );
        println!("|---|--:|--:|--:|--:|--:|");
        let cpu = |at: usize| median(self.runs[at].iter().map(|run| run.cpu).collect());
        let slowest = (0..self.subjects.len()).next_back().unwrap_or_default();
        for (at, subject) in self.subjects.iter().enumerate() {
            let wall = median(self.runs[at].iter().map(|run| run.wall).collect());
            let memory = median(self.runs[at].iter().map(|run| run.memory).collect());
            let findings = self.runs[at].last().and_then(|run| run.findings);
            println!(
                "| {} | {:.3} | {:.3} | {wall:.3} | {:.0} MB | {} |",
                subject.described(),
                cpu(at),
                cpu(at) / cpu(slowest),
                memory / 1e6,
                findings.map_or_else(|| "-".to_owned(), |count| count.to_string()),
            );
        }
        println!("\nSeconds are medians of {} rounds.\n", self.runs.first().map_or(0, Vec::len));
    }
}

const DOCKERFILE: &str = "\
FROM python:latest
ENV BOT_TOKEN=secret
RUN apt-get update && apt-get install -y git
RUN curl -s http://example.com/setup.sh | sh
ADD https://example.com/archive.tgz /opt/
COPY . /bot
EXPOSE 22
CMD python /bot/bot.py
";
