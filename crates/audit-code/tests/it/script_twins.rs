//! Pairs of scripts that differ in one thing: in one, what somebody sent does harm, in its twin it does not.

use super::flow::failed_of;

#[test]
fn of_scripts_and_their_safe_twins_only_the_scripts_fail() {
    let cases = cases();
    let files: Vec<(String, String)> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| (format!("case{number}.ts"), case.text.clone()))
        .collect();
    let failed = failed_of(&files);
    let wrong: Vec<String> = files
        .iter()
        .zip(&cases)
        .filter(|((name, _), case)| {
            let found = failed.get(name).is_some_and(|ids| ids.contains(case.check));
            found != case.is_harmful
        })
        .map(|(_, case)| format!("{} is harmful: {}\n{}", case.check, case.is_harmful, case.text))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct Case {
    check: &'static str,
    is_harmful: bool,
    text: String,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |sink: &Sink, (around, source): (&str, &str), way: &str, is_harmful| {
        let text = program(sink, around, source, way);
        cases.push(Case { check: sink.check, is_harmful, text });
    };
    for sink in SINKS {
        add(sink, FRAMES[0], WAYS[0], true);
        for cure in sink.cures {
            add(sink, FRAMES[0], cure, false);
        }
    }
    for frame in FRAMES {
        add(&SINKS[0], *frame, WAYS[0], true);
        add(&SINKS[0], *frame, HARMLESS[0], false);
    }
    for way in WAYS {
        add(&SINKS[0], FRAMES[0], way, true);
    }
    for way in HARMLESS {
        add(&SINKS[0], FRAMES[0], way, false);
    }
    cases
}

fn program(sink: &Sink, around: &str, source: &str, way: &str) -> String {
    let body = format!("{source}\n{way}\n{}", sink.code);
    format!("{}\n{}\n", sink.imports, around.replace("BODY", &body))
}

struct Sink {
    check: &'static str,
    imports: &'static str,
    /// Uses `bar`.
    code: &'static str,
    /// From `param` to a `bar` that is harmless here.
    cures: &'static [&'static str],
}

/// What is around a handler, and how `param` comes in there.
const FRAMES: &[(&str, &str)] = &[
    (
        "const app = require('express')();\napp.get('/x', async (req, res) => {\nBODY\n});",
        "const param = req.query.name;",
    ),
    ("exports.show = async (req, res) => {\nBODY\n};", "const { name: param } = req.body;"),
    ("exports.handler = async (event) => {\nBODY\n};", "const param = JSON.parse(event.body).id;"),
    (
        "export async function POST(request: Request) {\nBODY\n}",
        "const body = await request.json();\nconst param = body.name;",
    ),
    (
        "export class Items {\nasync show(req: Request, res: Response) {\nBODY\n}\n}",
        "const param = <string>req.params.id;",
    ),
    (
        "@Controller('x')\nexport class Items {\n@Get()\nasync find(@Query('name') param: string) {\nBODY\n}\n}",
        "",
    ),
    (
        "server.route({ method: 'GET', path: '/x', options: { handler: async (request, h) => {\nBODY\n} } });",
        "const param = request.payload.name;",
    ),
    (
        "const io = require('socket.io')(3000);\nio.on('connection', (socket) => {\nsocket.on('chat', async (param) => {\nBODY\n});\n});",
        "",
    ),
    (
        "const { App } = require('@slack/bolt');\nconst app = new App({});\napp.command('/x', async ({ command, say }) => {\nBODY\n});",
        "const param = command.text;",
    ),
    (
        "module.exports = { data: {}, async execute(interaction) {\nBODY\n} };",
        "const param = interaction.options.getString('name');",
    ),
    ("bot.onText(/run (.+)/, async (msg, match) => {\nBODY\n});", "const param = match[1];"),
];

const WAYS: &[&str] = &[
    "const bar = param;",
    "const bar = ['a', param].join(' ');",
    "const o = {};\no.a = 'safe';\no['b'] = param;\nconst bar = o.b;",
    "const o = { ...{ a: 1 }, b: param };\nconst { b: bar } = o;",
    "let bar;\n[1].forEach(() => {\nbar = param;\n});",
    "const bar = Buffer.from(param, 'base64').toString('utf8');",
    "const get = async () => param;\nconst bar = await get();",
    "const wrap = (v = param) => `${v}`;\nconst bar = wrap();",
    "const bar = await Promise.resolve(param).then((v) => v.trim());",
    "let bar;\nswitch (2) {\ncase 1:\nbar = 'a';\nbreak;\ndefault:\nbar = param;\n}",
    "class Box {\nconstructor(v) {\nthis.v = v;\n}\nread() {\nreturn this.v;\n}\n}\nconst bar = new Box(param).read();",
    "const bar = (param as unknown) as string;",
];

const HARMLESS: &[&str] = &[
    "let bar = param;\nbar = 'constant';",
    "const o = {};\no.a = 'safe';\no['b'] = param;\nconst bar = o['a'];",
    "const bar = Number(param);",
    "const bar = 7 * 18 > 100 ? 'constant' : param;",
    "if (!['red', 'green'].includes(param)) {\nreturn;\n}\nconst bar = param;",
    "if (!/^[a-z]+$/.test(req.query.q)) {\nreturn;\n}\nconst bar = req.query.q;",
    "const m = new Map();\nm.set('a', 'safe');\nm.set('b', param);\nconst bar = m.get('a');",
    "const bar = { a: 'red', b: 'green' }[param] || 'red';",
    "if (typeof param !== 'number') return;\nconst bar = param;",
];

const SINKS: &[Sink] = &[
    Sink {
        check: "cmd-injection",
        imports: "import { exec } from 'node:child_process';",
        code: "exec(`ls ${bar}`);",
        cures: &["const bar = require('shell-quote').quote([param]);"],
    },
    Sink {
        check: "sql-injection",
        imports: "import mysql from 'mysql2/promise';\nconst db = mysql.createPool({});",
        code: "await db.query({ sql: `SELECT * FROM t WHERE a = '${bar}'` });",
        cures: &["const bar = mysql.escape(param);"],
    },
    Sink {
        check: "ldap-injection",
        imports: "import ldap from 'ldapjs';\nconst client = ldap.createClient({});",
        code: "client.search('dc=x', { filter: bar }, () => {});",
        cures: &["const bar = new ldap.EqualityFilter({ attribute: 'uid', value: param });"],
    },
    Sink {
        check: "path-traversal",
        imports: "import fs from 'fs/promises';\nimport path from 'path';",
        code: "await fs.readFile(bar);",
        cures: &[
            "const bar = path.join('/srv', path.basename(param));",
            "const bar = path.resolve('/srv', param);\nif (path.relative('/srv', bar).startsWith('..')) return;",
        ],
    },
    Sink {
        check: "open-redirect",
        imports: "",
        code: "res.writeHead(302, { Location: bar });",
        cures: &[
            "if (!param.startsWith('/') || param.startsWith('//')) return;\nconst bar = param;",
        ],
    },
    Sink {
        check: "xss-reply-html",
        imports: "import escapeHtml from 'escape-html';",
        code: "res.send(`<p>${bar}</p>`);",
        cures: &["const bar = escapeHtml(param);", "const bar = param;\nres.type('text/plain');"],
    },
    Sink {
        check: "header-injection",
        imports: "",
        code: "res.setHeader('X-Name', bar);",
        cures: &["const bar = encodeURIComponent(param);"],
    },
    Sink {
        check: "redos",
        imports: "import { escapeRegExp } from 'lodash';",
        code: "new RegExp(`^${bar}$`).test('x');",
        cures: &["const bar = escapeRegExp(param);", "const bar = param.replace(/[^a-z]/g, '');"],
    },
    Sink {
        check: "nosql-injection",
        imports: "import { users } from './db';",
        code: "await users.findOne({ name: bar });",
        cures: &[
            "const bar = String(param);",
            "if (typeof param !== 'string') return;\nconst bar = param;",
        ],
    },
    Sink {
        check: "proto-pollution",
        imports: "const conf = {};",
        code: "conf[bar][bar] = 1;",
        cures: &["const bar = 'name' + Number(param);"],
    },
    Sink {
        check: "mass-assignment",
        imports: "import User from './user';",
        code: "await User.create({ ...req.body });\nuse(bar);",
        cures: &[],
    },
];
