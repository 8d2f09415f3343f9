//! Ecosystem files of pm2.

use std::time::Duration;

use serde_json::{Map, Value};

use super::supervisord::memory_rule;
use super::{ImportError, Imported, js, name_of, units, words};
use crate::{ProbeConfig, RestartPolicy, ServiceSpec};

pub(super) fn read(text: &str) -> Result<Imported, ImportError> {
    let document = js::read(text)?;
    let apps = match &document {
        Value::Array(apps) => apps,
        _ => document
            .get("apps")
            .and_then(Value::as_array)
            .ok_or_else(|| ImportError::new("apps", "is not a list"))?,
    };
    let mut imported = Imported::default();
    for (index, app) in apps.iter().enumerate() {
        let section = format!("apps[{index}]");
        let app = app.as_object().ok_or_else(|| ImportError::new(&section, "is not an object"))?;
        read_app(&section, app, &mut imported)?;
    }
    Ok(imported)
}

fn read_app(
    section: &str,
    app: &Map<String, Value>,
    imported: &mut Imported,
) -> Result<(), ImportError> {
    let script = app
        .get("script")
        .and_then(Value::as_str)
        .ok_or_else(|| ImportError::missing(section, "script"))?;
    let stem = script.rsplit('/').next().and_then(|name| name.split('.').next());
    let name = name_of(app.get("name").and_then(Value::as_str).or(stem).unwrap_or(script));
    let count = app.get("instances").map_or(Some(1), Value::as_u64);
    let first = match count {
        Some(2..=MOST) => name_of(&format!("{name}-0")),
        _ => name.clone(),
    };
    let mut spec = ServiceSpec::new(&first, Vec::<String>::new());
    spec.command = command_of(section, script, app)?;
    for (key, value) in app {
        let wrong = || ImportError::new(format!("{section}.{key}"), "is not understood");
        take(key, value, &mut spec, imported).ok_or_else(wrong)?;
    }
    let count = if let Some(count @ 1..=MOST) = count {
        count
    } else {
        // `max`, 0 and less stand for the processors of the host that pm2 ran on.
        imported.note(&first, "instances", "is as many as processors; one is taken over");
        1
    };
    if app.get("exec_mode").and_then(Value::as_str) == Some("cluster") {
        imported.note(&first, "exec_mode", "instances do not share a port here; give each its own");
    }
    for index in 0..count {
        let mut one = spec.clone();
        if count > 1 {
            one.name = name_of(&format!("{name}-{index}"));
            // What pm2 tells its instances apart by.
            one.env.insert("NODE_APP_INSTANCE".to_owned(), index.to_string());
        }
        imported.services.push(one);
    }
    Ok(())
}

/// The script with what runs it, and its arguments.
fn command_of(
    section: &str,
    script: &str,
    app: &Map<String, Value>,
) -> Result<Vec<String>, ImportError> {
    let wrong = |key: &str| ImportError::new(format!("{section}.{key}"), "is not understood");
    let list = |key: &str| match app.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(line)) => words::split(line).ok_or_else(|| wrong(key)),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| wrong(key)),
        Some(_) => Err(wrong(key)),
    };
    let mut command = Vec::new();
    let interpreter = match app.get("interpreter").or_else(|| app.get("exec_interpreter")) {
        None => interpreter_of(script).map(str::to_owned),
        Some(value) => {
            let name = value.as_str().ok_or_else(|| wrong("interpreter"))?;
            (name != "none").then(|| name.to_owned())
        }
    };
    if let Some(interpreter) = interpreter {
        command.push(interpreter);
        command.extend(list("interpreter_args")?);
        command.extend(list("node_args")?);
    }
    command.push(script.to_owned());
    command.extend(list("args")?);
    Ok(command)
}

/// `None` when the value is not understood.
fn take(key: &str, value: &Value, spec: &mut ServiceSpec, imported: &mut Imported) -> Option<()> {
    let millis =
        || value.as_u64().map(Duration::from_millis).or_else(|| units::duration(value.as_str()?));
    match key {
        "name" | "script" | "args" | "interpreter" | "exec_interpreter" | "interpreter_args"
        | "node_args" | "instances" | "exec_mode" | "min_uptime" => {}
        "cwd" => spec.working_directory = Some(value.as_str()?.into()),
        "env" => {
            for (name, value) in value.as_object()? {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                spec.env.insert(name.clone(), text);
            }
        }
        "uid" | "user" => {
            spec.user = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        "gid" => spec.group = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        "autorestart" => {
            spec.restart =
                if value.as_bool()? { RestartPolicy::Always } else { RestartPolicy::Never };
        }
        "max_memory_restart" => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            spec.rules.push(memory_rule(units::size(&text)?));
        }
        "max_restarts" => spec.intensity.max_restarts = u32::try_from(value.as_u64()?).ok()?,
        "restart_delay" => spec.backoff.first = millis()?,
        "exp_backoff_restart_delay" => spec.backoff.initial = millis()?,
        "kill_timeout" => spec.stop_timeout = millis()?,
        "listen_timeout" => spec.start_timeout = millis()?,
        "wait_ready" if value.as_bool()? => {
            spec.probes.readiness = Some(ProbeConfig::notify());
            imported.note(
                &spec.name,
                key,
                "the program must say READY=1 to $NOTIFY_SOCKET instead",
            );
        }
        "stop_exit_codes" => {
            let codes =
                value.as_array().map_or_else(|| vec![value], |codes| codes.iter().collect());
            for code in codes {
                spec.success_exit_codes.push(i32::try_from(code.as_i64()?).ok()?);
            }
        }
        _ => imported.note(&spec.name, key, "is not taken over"),
    }
    Some(())
}

/// What pm2 runs a script with.
fn interpreter_of(script: &str) -> Option<&'static str> {
    match script.rsplit_once('.')?.1 {
        "js" | "cjs" | "mjs" => Some("node"),
        "py" => Some("python3"),
        "sh" => Some("bash"),
        "rb" => Some("ruby"),
        "php" => Some("php"),
        "pl" => Some("perl"),
        _ => None,
    }
}

const MOST: u64 = 1000;
