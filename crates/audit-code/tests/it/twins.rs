//! Pairs of programs that differ in one thing: in one, what somebody sent does harm, in its twin it does not.

use std::collections::BTreeMap;

use super::flow::failed_of;

#[test]
fn of_programs_and_their_safe_twins_only_the_programs_fail() {
    let cases = cases();
    let files: Vec<(String, String)> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| (format!("case{number}.py"), case.text.clone()))
        .collect();
    let failed = failed_of(&files);
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let mut wrong = Vec::new();
    for ((name, text), case) in files.iter().zip(&cases) {
        let found = failed.get(name).is_some_and(|ids| ids.contains(case.check));
        scores.entry(case.check).or_default().count(case.is_harmful, found);
        if found != case.is_harmful {
            wrong.push(format!("{} is harmful: {}\n{text}", case.check, case.is_harmful));
        }
    }
    assert!(wrong.is_empty(), "{scores:#?}\n{}", wrong.join("\n"));
}

struct Case {
    check: &'static str,
    is_harmful: bool,
    text: String,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for sink in SINKS {
        let mut add = |source, way, is_harmful| {
            cases.push(Case { check: sink.check, is_harmful, text: program(sink, source, way) });
        };
        for way in HARMFUL {
            add(SOURCES[0], way, true);
        }
        for way in HARMLESS {
            add(SOURCES[0], way, false);
        }
        for source in &SOURCES[1..] {
            add(source, HARMFUL[0], true);
            add(source, HARMLESS[0], false);
        }
        for cure in sink.cures {
            add(SOURCES[0], cure, false);
        }
    }
    cases
}

fn program(sink: &Sink, source: &str, way: &str) -> String {
    let indented = |code: &str| format!("    {}\n", code.replace('\n', "\n    "));
    format!(
        "{}\nfrom flask import Flask, request\napp = Flask(__name__)\n\n@app.route('/t', methods=['GET', 'POST'])\ndef handler():\n{}{}{}    return 'done'\n",
        sink.imports,
        indented(source),
        indented(way),
        indented(sink.code),
    )
}

/// How often the engine was right.
#[derive(Debug, Default)]
struct Score {
    harmful: u32,
    caught: u32,
    harmless: u32,
    alarmed: u32,
}

impl Score {
    fn count(&mut self, is_true: bool, found: bool) {
        if is_true {
            self.harmful += 1;
            self.caught += u32::from(found);
        } else {
            self.harmless += 1;
            self.alarmed += u32::from(found);
        }
    }
}

struct Sink {
    check: &'static str,
    imports: &'static str,
    /// Uses `bar`.
    code: &'static str,
    /// From `param` to a `bar` that is harmless here.
    cures: &'static [&'static str],
}

/// From outside to `param`.
const SOURCES: &[&str] = &[
    "param = request.args.get('name', '')",
    "param = request.form['name']",
    "param = ''\nvalues = request.form.getlist('name')\nif values:\n    param = values[0]",
    "param = request.cookies.get('name')",
    "param = ''\nfor key in request.headers.keys():\n    param = request.headers.get(key)",
    "import urllib.parse\nparam = urllib.parse.unquote_plus(request.headers.get('Referer', ''))",
    "data = request.get_json()\nparam = data['name']",
    "query = request.query_string.decode('utf-8')\nparam = query[query.find('name=') + 5:]",
    "param = request.path.split('/')[-1]",
    "param = request.files['upload'].filename",
];

const HARMFUL: &[&str] = &[
    "bar = param",
    "num = 106\nif 7 * 18 + num > 200:\n    bar = param\nelse:\n    bar = 'constant'",
    "bar = 'constant' if 7 * 42 < 86 else param",
    "map1 = {}\nmap1['a'] = 'safe'\nmap1['b'] = param\nbar = map1['b']",
    "lst = []\nlst.append('safe')\nlst.append(param)\nlst.append('more')\nlst.pop(0)\nbar = lst[0]",
    "bar = f'{param}'",
    "bar = ''\nbar += param\nbar = bar.strip()",
    "def same(text):\n    return text\nbar = same(param)",
    "import base64\nbar = base64.b64decode(base64.b64encode(param.encode('utf-8'))).decode('utf-8')",
    "guess = 'ABC'[0]\nmatch guess:\n    case 'A':\n        bar = param\n    case 'B':\n        bar = 'bob'\n    case _:\n        bar = 'other'",
    "import configparser\nconf = configparser.ConfigParser()\nconf.add_section('s')\nconf.set('s', 'a', 'safe')\nconf.set('s', 'b', param)\nbar = conf.get('s', 'b')",
    "bar = 'constant'\nif len(param) > 3:\n    bar = param",
    "try:\n    bar = param\nexcept ValueError:\n    bar = ''",
    "class Box:\n    def __init__(self, text):\n        self.text = text\nbar = Box(param).text",
];

const HARMLESS: &[&str] = &[
    "bar = param\nbar = 'constant'",
    "num = 86\nif 7 * 42 - num > 200:\n    bar = 'constant'\nelse:\n    bar = param",
    "num = 106\nbar = 'constant' if 7 * 18 + num > 200 else param",
    "map1 = {}\nmap1['a'] = 'safe'\nmap1['b'] = param\nbar = map1['b']\nbar = map1['a']",
    "lst = []\nlst.append('safe')\nlst.append(param)\nlst.append('more')\nlst.pop(0)\nbar = lst[1]",
    "guess = 'ABC'[1]\nmatch guess:\n    case 'A':\n        bar = param\n    case 'B':\n        bar = 'bob'\n    case _:\n        bar = param",
    "import configparser\nconf = configparser.ConfigParser()\nconf.add_section('s')\nconf.set('s', 'a', 'safe')\nconf.set('s', 'b', param)\nbar = conf.get('s', 'a')",
    "bar = str(int(param))",
    "if param not in ('red', 'green'):\n    return 'no'\nbar = param",
    "import re\nif not re.fullmatch('[a-z]+', param):\n    return 'no'\nbar = param",
    "bar = {'a': 'red', 'b': 'green'}.get(param, 'red')",
    "def fixed(text):\n    return 'constant'\nbar = fixed(param)",
];

const SINKS: &[Sink] = &[
    Sink {
        check: "cmd-injection",
        imports: "import os",
        code: "os.system('echo ' + bar)",
        cures: &["import shlex\nbar = shlex.quote(param)"],
    },
    Sink {
        check: "cmd-injection",
        imports: "import subprocess",
        code: "args = ['sh', '-c', f'echo {bar}']\nsubprocess.run(args, capture_output=True)",
        cures: &[],
    },
    Sink {
        check: "cmd-injection",
        imports: "import subprocess",
        code: "subprocess.Popen(f'echo {bar}', shell=True)",
        cures: &[],
    },
    Sink {
        check: "code-eval",
        imports: "",
        code: "exec(bar)",
        cures: &[
            "if not param.startswith(\"'\") or not param.endswith(\"'\") or \"'\" in param[1:-1]:\n    return 'a literal'\nbar = param",
        ],
    },
    Sink {
        check: "sql-injection",
        imports: "import sqlite3",
        code: "con = sqlite3.connect('db')\ncur = con.cursor()\nsql = f\"SELECT * FROM users WHERE name = '{bar}'\"\ncur.execute(sql)",
        cures: &[],
    },
    Sink {
        check: "sql-injection",
        imports: "import db",
        code: "db.get().cursor().execute('SELECT * FROM t WHERE a = \\'%s\\'' % bar)",
        cures: &[],
    },
    Sink {
        check: "path-traversal",
        imports: "",
        code: "with open(f'/srv/files/{bar}', 'rb') as fd:\n    fd.read()",
        cures: &[
            "import os\nbar = os.path.basename(param)",
            "if '../' in param:\n    return 'no'\nbar = param",
            "from werkzeug.utils import secure_filename\nbar = secure_filename(param)",
        ],
    },
    Sink {
        check: "path-traversal",
        imports: "import pathlib",
        code: "path = pathlib.Path('/srv') / bar\ntext = path.read_text()",
        cures: &[
            "import pathlib\np = (pathlib.Path('/srv') / param).resolve()\nif not p.is_relative_to('/srv'):\n    return 'no'\nbar = p",
        ],
    },
    Sink {
        check: "xss-reply-html",
        imports: "",
        code: "RESPONSE = ''\nRESPONSE += f'<p>{bar}</p>'\nreturn RESPONSE",
        cures: &[
            "import html\nbar = html.escape(param)",
            "import markupsafe\nbar = markupsafe.escape(param)",
        ],
    },
    Sink {
        check: "open-redirect",
        imports: "import flask",
        code: "return flask.redirect(bar)",
        cures: &[
            "import urllib.parse\nurl = urllib.parse.urlparse(param)\nif url.netloc not in ['example.com']:\n    return 'no'\nbar = param",
        ],
    },
    Sink {
        check: "xpath-injection",
        imports: "import lxml.etree",
        code: "root = lxml.etree.parse('users.xml')\nnodes = root.xpath(f\"/users/user[@name='{bar}']\")",
        cures: &[
            "if \"'\" in param:\n    return 'no'\nbar = param",
            "bar = param.replace(\"'\", '&apos;')",
        ],
    },
    Sink {
        check: "ldap-injection",
        imports: "import ldap3",
        code: "conn = ldap3.Connection('host')\nconn.search('dc=x', f'(uid={bar})', attributes=['uid'])",
        cures: &["import ldap3.utils.conv\nbar = ldap3.utils.conv.escape_filter_chars(param)"],
    },
    Sink {
        check: "deserialize-untrusted",
        imports: "import pickle, base64",
        code: "pickle.loads(base64.urlsafe_b64decode(bar))",
        cures: &[],
    },
    Sink {
        check: "deserialize-untrusted",
        imports: "import yaml",
        code: "yaml.load(bar, Loader=yaml.Loader)",
        cures: &[],
    },
    Sink {
        check: "trust-boundary",
        imports: "import flask",
        code: "flask.session['user'] = bar",
        cures: &[],
    },
    Sink {
        check: "ssrf",
        imports: "import requests",
        code: "requests.get(bar, timeout=3)",
        cures: &["bar = 'https://api.example.com/' + param"],
    },
    Sink {
        check: "template-inject",
        imports: "from flask import render_template_string",
        code: "render_template_string('<p>' + bar)",
        cures: &[],
    },
    Sink {
        check: "xxe",
        imports: "import lxml.etree",
        code: "lxml.etree.fromstring(bar)",
        cures: &[],
    },
];
