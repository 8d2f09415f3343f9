//! `monitrc`

use std::iter::Peekable;
use std::time::Duration;
use std::vec::IntoIter;

use super::{ImportError, Imported, name_of, units, words};
use crate::{
    Amount, Kind, Measure, ProbeAction, ProbeConfig, ResourceRule, RestartPolicy, ServiceSpec,
};

pub(super) fn read(text: &str) -> Result<Imported, ImportError> {
    let mut reader = Reader { words: tokens(text)?.into_iter().peekable(), cycle: CYCLE, line: 1 };
    let mut imported = Imported::default();
    while let Some(word) = reader.next() {
        match word.as_str() {
            "set" if reader.is("daemon") => reader.cycle = reader.seconds()?,
            "check" if reader.is("process") => reader.process(&mut imported)?,
            "check" => {
                let kind = reader.next().unwrap_or_default();
                let name = reader.next().unwrap_or_default();
                let text = format!("checks of a {kind} are declared under [probe]");
                imported.note("", format!("check {kind} {name}"), text);
                reader.skip_to_check();
            }
            "include" => {
                let files = reader.next().unwrap_or_default();
                imported.note("", "include", format!("import {files} as well"));
            }
            _ => {}
        }
    }
    for service in &mut imported.services {
        if service.command.is_empty() {
            return Err(ImportError::missing(
                &format!("check process {}", service.name),
                "start program",
            ));
        }
    }
    Ok(imported)
}

/// A word, whether it was quoted, and its line.
#[derive(Clone, Debug)]
struct Token {
    text: String,
    is_quoted: bool,
    line: usize,
}

struct Reader {
    words: Peekable<IntoIter<Token>>,
    /// How long a cycle is.
    cycle: Duration,
    line: usize,
}

impl Reader {
    fn next(&mut self) -> Option<String> {
        let token = self.words.next()?;
        self.line = token.line;
        Some(token.text)
    }

    /// Takes the word if it is this one.
    fn is(&mut self, word: &str) -> bool {
        let found =
            self.words.next_if(|token| !token.is_quoted && token.text.eq_ignore_ascii_case(word));
        found.is_some()
    }

    fn value(&mut self, key: &str) -> Result<String, ImportError> {
        let line = self.line;
        self.next().ok_or_else(|| ImportError::new(key, "is missing").at(line))
    }

    fn seconds(&mut self) -> Result<Duration, ImportError> {
        let text = self.value("set daemon")?;
        units::duration(&text).ok_or_else(|| {
            ImportError::new("set daemon", format!("{text:?} is no number")).at(self.line)
        })
    }

    fn process(&mut self, imported: &mut Imported) -> Result<(), ImportError> {
        let name = name_of(&self.value("check process")?);
        let mut spec = ServiceSpec::new(name, Vec::<String>::new());
        spec.kind = Kind::Watched;
        loop {
            if self.is("with") || self.is("pidfile") {
                self.is("pidfile");
                spec.pid_file = Some(self.value("pidfile")?.into());
            } else if self.is("matching") {
                spec.pattern = Some(self.value("matching")?);
            } else if self.is("start") {
                self.program(&mut spec, imported, true)?;
            } else if self.is("stop") {
                self.program(&mut spec, imported, false)?;
            } else if self.is("depends") || self.is("depend") {
                self.is("on");
                spec.depends.push(name_of(&self.value("depends on")?));
                while self.is(",") {
                    spec.depends.push(name_of(&self.value("depends on")?));
                }
            } else if self.is("if") {
                self.rule(&mut spec, imported);
            } else if self.at_check() {
                break;
            } else if let Some(word) = self.next() {
                if matches!(word.as_str(), "group" | "mode" | "every" | "onreboot" | "restart") {
                    imported.note(&spec.name, word, "is not taken over");
                }
            } else {
                break;
            }
        }
        // monit starts a program that it does not find, whatever its end was.
        spec.restart = RestartPolicy::Always;
        if spec.pid_file.is_none() && spec.pattern.is_none() {
            let section = format!("check process {}", spec.name);
            return Err(ImportError::missing(&section, "pidfile").at(self.line));
        }
        imported.services.push(spec);
        Ok(())
    }

    /// `program = "/bin/a b" as uid "u" and gid "g" with timeout 30 seconds`
    fn program(
        &mut self,
        spec: &mut ServiceSpec,
        imported: &mut Imported,
        is_start: bool,
    ) -> Result<(), ImportError> {
        let key = if is_start { "start program" } else { "stop program" };
        self.is("program");
        self.is("=");
        let line = self.value(key)?;
        let words = words::split(&line).filter(|words| !words.is_empty()).ok_or_else(|| {
            ImportError::new(key, "is empty, or has a quote that is not closed").at(self.line)
        })?;
        *(if is_start { &mut spec.command } else { &mut spec.stop_command }) = words;
        loop {
            if self.is("as") || self.is("and") || self.is("with") {
                continue;
            }
            if self.is("uid") {
                spec.user = Some(self.value("uid")?);
            } else if self.is("gid") {
                spec.group = Some(self.value("gid")?);
            } else if self.is("timeout") {
                self.is("=");
                let number = self.value("timeout")?;
                let seconds = units::duration(&number).unwrap_or_default();
                self.is("seconds");
                if is_start {
                    spec.start_timeout = seconds;
                } else {
                    spec.stop_timeout = seconds;
                }
            } else {
                break;
            }
        }
        if !is_start {
            imported.note(&spec.name, key, "what is still there after stop_timeout is killed");
        }
        Ok(())
    }

    /// `if ... then ...`
    fn rule(&mut self, spec: &mut ServiceSpec, imported: &mut Imported) {
        let mut condition = Vec::new();
        while !self.at_statement() {
            match self.next() {
                Some(word) if word.eq_ignore_ascii_case("then") => break,
                Some(word) => condition.push(word),
                None => break,
            }
        }
        let action = self.next().unwrap_or_default();
        if action.eq_ignore_ascii_case("exec") {
            self.next();
        }
        let words: Vec<&str> = condition.iter().map(String::as_str).collect();
        if !self.taken(&words, &action, spec) {
            let text = format!("if {} then {action}: is not taken over", condition.join(" "));
            imported.note(&spec.name, "if", text);
        }
    }

    fn taken(&self, words: &[&str], action: &str, spec: &mut ServiceSpec) -> bool {
        let is_restart = action.eq_ignore_ascii_case("restart");
        let cycles = after(words, "for").and_then(|cycles| cycles.parse().ok()).unwrap_or(1);
        match words {
            ["does", "not", "exist" | "exists", ..] | ["not", "exist" | "exists", ..] => {
                is_restart || action == "start"
            }
            ["failed", ..] if spec.probes.liveness.is_none() => {
                let Some(mut probe) = connection(words) else { return false };
                (probe.period, probe.failures) = (self.cycle, cycles);
                if !is_restart {
                    probe.action = ProbeAction::Alert;
                }
                spec.probes.liveness = Some(probe);
                true
            }
            _ => {
                let Some((measure, amount)) = resource(words) else { return false };
                let mut rule = ResourceRule::new(measure);
                *(if is_restart { &mut rule.hard } else { &mut rule.soft }) = Some(amount);
                rule.lasting = self.cycle.saturating_mul(cycles);
                spec.rules.push(rule);
                true
            }
        }
    }

    fn at_check(&mut self) -> bool {
        self.words.peek().is_none_or(|token| !token.is_quoted && token.text == "check")
    }

    fn at_statement(&mut self) -> bool {
        self.words.peek().is_none_or(|token| {
            !token.is_quoted && matches!(token.text.as_str(), "check" | "if" | "start" | "stop")
        })
    }

    fn skip_to_check(&mut self) {
        while !self.at_check() {
            self.next();
        }
    }
}

fn after<'a>(words: &[&'a str], word: &str) -> Option<&'a str> {
    let place = words.iter().position(|one| one.eq_ignore_ascii_case(word))?;
    words.get(place + 1).copied()
}

/// `failed port 80 protocol http request "/health"`
fn connection(words: &[&str]) -> Option<ProbeConfig> {
    let mut probe = ProbeConfig::default();
    let Some(port) = after(words, "port") else {
        probe.unix = Some(after(words, "unixsocket")?.into());
        return Some(probe);
    };
    let host = after(words, "host").unwrap_or("127.0.0.1");
    match after(words, "protocol") {
        Some("http") => {
            let path = after(words, "request").unwrap_or("/");
            probe.http = Some(format!("http://{host}:{port}{path}"));
        }
        None => probe.tcp = Some(format!("{host}:{port}")),
        Some(_) => return None,
    }
    Some(probe)
}

/// `cpu usage > 60%`
fn resource(words: &[&str]) -> Option<(Measure, Amount)> {
    let (measure, rest) = words.split_first()?;
    let measure = measure_of(measure)?;
    let rest = rest.strip_prefix(&["usage"]).unwrap_or(rest);
    let [">" | "gt" | "greater", limit, unit, ..] = rest else { return None };
    let amount = if measure == Measure::Cpu {
        let share: f64 = limit.trim_end_matches('%').parse().ok()?;
        Amount::new(share / 100.0)
    } else {
        let unit = if matches!(*unit, "KB" | "MB" | "GB" | "B") { unit } else { "" };
        units::size(&format!("{limit}{unit}"))?
    };
    Some((measure, amount))
}

fn measure_of(word: &str) -> Option<Measure> {
    Some(match word.to_ascii_lowercase().as_str() {
        "cpu" | "totalcpu" => Measure::Cpu,
        "mem" | "memory" | "totalmem" | "totalmemory" => Measure::Memory,
        "children" => Measure::Processes,
        "threads" => Measure::Threads,
        "filedescriptors" => Measure::OpenFiles,
        _ => return None,
    })
}

fn tokens(text: &str) -> Result<Vec<Token>, ImportError> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let at = index + 1;
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            if first == '#' {
                break;
            }
            let (text, is_quoted, after) = match first {
                '"' | '\'' => {
                    let Some((text, after)) = rest[1..].split_once(first) else {
                        return Err(ImportError::new("", "has a quote that is not closed").at(at));
                    };
                    (text, true, after)
                }
                ',' | '=' | '>' | '<' | '{' | '}' => (&rest[..1], false, &rest[1..]),
                _ => {
                    let end = rest.find(|c: char| c.is_whitespace() || ",=><\"'".contains(c));
                    let (text, after) = rest.split_at(end.unwrap_or(rest.len()));
                    (text, false, after)
                }
            };
            found.push(Token { text: text.to_owned(), is_quoted, line: at });
            rest = after.trim_start();
        }
    }
    Ok(found)
}

/// What monit does where nothing is set.
const CYCLE: Duration = Duration::from_secs(30);
