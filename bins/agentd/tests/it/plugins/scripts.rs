//! Native plugins that are scripts, as `auditctl plugin new` makes them.

use std::sync::Arc;

use wardkit_plugin::{Grant, Scripts};
use wardkit_sandbox::Native;

use super::*;

const RUNTIME: &str = "[permissions.runtime]\nwhy = \"the interpreter\"\n";

impl Scene {
    /// Installs a script, as an operator who trusts its author.
    fn install_script(&self, id: &str, name: &str, script: &str, asks: &str) {
        let sandbox = Scripts::new(Arc::new(Native::new()), &self.scripts());
        let mut terms = InstallTerms::default();
        let agreed = "native = true\nruntime = true\nevents = [\"plugins.*\"]\n";
        terms.grant = Some(toml::from_str::<Grant>(agreed).unwrap());
        let entry = ("native", name, script.as_bytes().to_vec());
        self.install_with(id, "0.1.0", entry, &format!("{RUNTIME}{asks}"), &sandbox, &terms);
    }

    fn scripts(&self) -> PathBuf {
        self.data().join("plugins/scripts")
    }

    fn kept(&self) -> usize {
        fs::read_dir(self.scripts()).map_or(0, Iterator::count)
    }
}

#[test]
fn scripts_answer_over_the_api_on_schedule_and_on_events_behind_the_fences_of_the_kernel() {
    let scene = Scene::new();
    let python = "#!/usr/bin/python3\nimport json, os, sys\ngiven = json.load(sys.stdin)\n\
                  sys.stderr.write('a line for the log\\n')\n\
                  seen = os.path.exists('/etc/passwd') or 'PATH' in os.environ\n\
                  sys.stdout.write(json.dumps({'given': given, 'sees': seen}))\n";
    scene.install_script(ID, "hello.py", python, "");
    let shell = "#!/bin/sh\nread -r line\n\
                 echo '{\"events\": [{\"kind\": \"heard\", \"message\": \"all\"}]}'\n";
    let hears = "[[permissions.events]]\nname = \"plugins.*\"\nwhy = \"hears what happens\"\n";
    scene.install_script("org.example.shell", "hello.sh", shell, hears);
    let daemon = scene.start(
        "[[plugins.run]]\nplugin = \"org.example.hello\"\napi = true\nevery = \"1s\"\ninput = \"[7]\"\n\
         [[plugins.run]]\nplugin = \"org.example.shell\"\non = [\"plugins.call.answered\"]\n",
    );
    // Of the clock; and the other one hears of it.
    daemon.logged(&["plugins.call.answered", "[7]"]);
    daemon.logged(&["plugin.org.example.shell.heard", "all"]);
    let (status, answer) = call(&daemon, ID, "{\"n\":1}");
    assert_eq!((status, answer), (200, json!({"given": {"n": 1}, "sees": false})));
    daemon.logged(&["a plugin says", "a line for the log"]);
    let report = scene.recorded("plugins.enforced");
    let text = report.entry.detail["details"]["report"].as_str().unwrap().to_owned();
    assert!(text.contains("an empty read-only root"), "{text}");
    let body = daemon.request("/metrics").body;
    let series = "plugin_executions_total{plugin=\"org.example.shell\"} ";
    let calls = body.lines().find_map(|line| line.strip_prefix(series)).unwrap();
    assert!(calls.parse::<f64>().unwrap() >= 1.0, "{calls}");
}

#[test]
fn scripts_of_plugins_that_are_gone_are_removed_and_those_that_are_called_written_again() {
    let scene = Scene::new();
    let echo = "#!/bin/sh\nexec cat\n";
    scene.install_script(ID, "hello.sh", echo, "");
    let other = "#!/bin/sh\n# Another one.\nexec cat\n";
    scene.install_script("org.example.other", "other.sh", other, "");
    // What is called is written before it is.
    fs::write(scene.scripts().join("of-one-before"), "#!/bin/sh\n").unwrap();
    let config = "[[plugins.run]]\nplugin = \"org.example.hello\"\napi = true\n\
                  [[plugins.run]]\nplugin = \"org.example.other\"\napi = true\n";
    let daemon = scene.start(config);
    assert_eq!(call(&daemon, ID, "1"), (200, json!(1)));
    assert_eq!(call(&daemon, "org.example.other", "2"), (200, json!(2)));
    assert_eq!(scene.kept(), 2);
    scene.home().revoke(&"org.example.other".parse().unwrap(), "it leaks").unwrap();
    // Found within seconds, and then nothing of it is left.
    until_some(|| (scene.kept() == 0).then_some(()));
    assert_eq!(call(&daemon, ID, "3"), (200, json!(3)));
    assert_eq!(scene.kept(), 1);
}
