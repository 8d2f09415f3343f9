//! Checks that only the flow has: each with programs that fail it and programs that do not, in both languages.

use super::flow::failed_of;

#[test]
fn each_check_fails_what_does_harm_and_nothing_else() {
    let files: Vec<(String, String)> = CASES
        .iter()
        .enumerate()
        .map(|(number, case)| {
            let end = if is_python(case.text) { "py" } else { "js" };
            (format!("case{number}.{end}"), case.text.to_owned())
        })
        .collect();
    let failed = failed_of(&files);
    let wrong: Vec<String> = files
        .iter()
        .zip(CASES)
        .filter(|((name, _), case)| {
            let found = failed.get(name).is_some_and(|ids| ids.contains(case.check));
            found != case.is_harmful
        })
        .map(|(_, case)| format!("{} is harmful: {}\n{}", case.check, case.is_harmful, case.text))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_python(text: &str) -> bool {
    ["def ", "import re\n"].iter().any(|word| text.contains(word))
}

struct Case {
    check: &'static str,
    is_harmful: bool,
    text: &'static str,
}

const fn harmful(check: &'static str, text: &'static str) -> Case {
    Case { check, is_harmful: true, text }
}

const fn harmless(check: &'static str, text: &'static str) -> Case {
    Case { check, is_harmful: false, text }
}

const CASES: &[Case] = &[
    harmful(
        "nosql-injection",
        "from flask import request\nfrom db import users\n\ndef f():\n    data = request.get_json()\n    return users.find_one({'name': data['name']})\n",
    ),
    harmful(
        "nosql-injection",
        "from flask import request\nfrom db import users\n\ndef f():\n    return users.find_one(request.json)\n",
    ),
    harmless(
        "nosql-injection",
        "from flask import request\nfrom db import users\n\ndef f():\n    return users.find_one({'name': str(request.json['name'])})\n",
    ),
    harmless(
        "nosql-injection",
        "from flask import request\nfrom db import users\n\ndef f():\n    use(request.json)\n    return users.find_one({'name': 'admin'})\n",
    ),
    harmful(
        "nosql-injection",
        "app.post('/x', async (req, res) => { const { name } = req.body; res.json(await users.findOne({ name })); });",
    ),
    harmful(
        "nosql-injection",
        "app.get('/x', async (req, res) => { res.json(await items.find({ $where: `this.a == ${req.query.a}` })); });",
    ),
    harmless(
        "nosql-injection",
        "app.post('/x', async (req, res) => { res.json(await users.findOne({ name: { $eq: req.body.name } })); });",
    ),
    harmless(
        "nosql-injection",
        "app.post('/x', async (req, res) => { const { name } = req.body; if (typeof name !== 'string') return; res.json(await users.findOne({ name })); });",
    ),
    harmful(
        "redos",
        "import re\nfrom flask import request\n\ndef f(rows):\n    pattern = request.args['q']\n    return [row for row in rows if re.search(pattern, row)]\n",
    ),
    harmful(
        "redos",
        "import re\nfrom flask import request\n\ndef f(text):\n    rule = re.compile('^' + request.form['q'] + '$')\n    return rule.match(text)\n",
    ),
    harmless(
        "redos",
        "import re\nfrom flask import request\n\ndef f(text):\n    return re.search(re.escape(request.args['q']), text)\n",
    ),
    harmless(
        "redos",
        "import re\nfrom flask import request\n\ndef f():\n    return re.search('^[a-z]+$', request.args['q'])\n",
    ),
    harmful(
        "redos",
        "app.get('/x', (req, res) => { const q = req.query.q; res.json(rows.filter((row) => new RegExp(q, 'i').test(row))); });",
    ),
    harmful(
        "redos",
        "bot.command('x', (ctx) => { const rule = RegExp(ctx.message.text); use(rule); });",
    ),
    harmless(
        "redos",
        "const _ = require('lodash');\napp.get('/x', (req, res) => { const rule = new RegExp(_.escapeRegExp(req.query.q)); use(rule); });",
    ),
    harmless("redos", "app.get('/x', (req, res) => { res.json(/^[a-z]+$/.test(req.query.q)); });"),
    harmful(
        "header-injection",
        "from flask import request, make_response\n\ndef f():\n    response = make_response('')\n    response.headers['X-Name'] = request.args['n']\n    return response\n",
    ),
    harmful(
        "header-injection",
        "from flask import request, make_response\n\ndef f():\n    response = make_response('')\n    response.headers.add('X-Name', 'a ' + request.args['n'])\n    return response\n",
    ),
    harmless(
        "header-injection",
        "from flask import request, make_response\n\ndef f():\n    response = make_response('')\n    response.headers['X-Name'] = str(int(request.args['n']))\n    return response\n",
    ),
    harmless(
        "header-injection",
        "from flask import request, make_response\n\ndef f():\n    name = request.args['n'].replace('\\n', '')\n    response = make_response('')\n    response.headers['X-Name'] = name\n    return response\n",
    ),
    harmful(
        "header-injection",
        "exports.f = (req, res) => { res.set('X-Name', `a ${req.query.n}`); };",
    ),
    harmless(
        "header-injection",
        "exports.f = (req, res) => { res.setHeader('X-Name', encodeURIComponent(req.query.n)); };",
    ),
    harmful(
        "log-secret",
        "import logging\n\ndef f(user, password):\n    logging.info('%s came with %s', user, password)\n",
    ),
    harmful(
        "log-secret",
        "import logging\nimport os\n\ndef f():\n    token = os.environ.get('BOT_TOKEN')\n    logging.debug(f'starts with {token}')\n",
    ),
    harmless(
        "log-secret",
        "import logging\n\ndef f(user, password):\n    logging.info('%s came with %d signs', user, len(password))\n",
    ),
    harmless(
        "log-secret",
        "import logging\n\ndef f(token):\n    logging.info('token %s', mask(token))\n",
    ),
    harmful("log-secret", "function f(user, password) { console.log('login', user, password); }"),
    harmless(
        "log-secret",
        "function f(user, password) { console.log('login', user, Boolean(password)); }",
    ),
    harmful(
        "log-injection",
        "import logging\nfrom flask import request\n\ndef f():\n    logging.info('asked for ' + request.args['q'])\n",
    ),
    harmless(
        "log-injection",
        "import logging\nfrom flask import request\n\ndef f():\n    logging.info('asked for %s', json.dumps(request.args['q']))\n",
    ),
    harmful(
        "log-injection",
        "exports.f = (req, res) => { console.log(`asked for ${req.query.q}`); };",
    ),
    harmless(
        "log-injection",
        "exports.f = (req, res) => { console.log(`asked for ${req.query.q.replace(/[\\r\\n]/g, '')}`); };",
    ),
    harmful(
        "error-to-user",
        "from flask import jsonify\n\ndef f():\n    try:\n        work()\n    except Exception as error:\n        return jsonify({'error': str(error)})\n",
    ),
    harmless(
        "error-to-user",
        "import logging\nfrom flask import jsonify\n\ndef f():\n    try:\n        work()\n    except Exception as error:\n        logging.error(error)\n        return jsonify({'error': 'it failed'})\n",
    ),
    harmful(
        "error-to-user",
        "exports.f = async (req, res) => { try { await work(); } catch (error) { res.status(500).send(error.stack); } };",
    ),
    harmless(
        "error-to-user",
        "exports.f = async (req, res) => { try { await work(); } catch (error) { console.error(error); res.status(500).send('it failed'); } };",
    ),
    harmful(
        "arg-injection",
        "import subprocess\nfrom flask import request\n\ndef f():\n    subprocess.run(['tar', 'cf', 'out.tar', request.args['n']])\n",
    ),
    harmless(
        "arg-injection",
        "import subprocess\nfrom flask import request\n\ndef f():\n    subprocess.run(['tar', 'cf', 'out.tar', '--', request.args['n']])\n",
    ),
    harmful(
        "arg-injection",
        "const { spawn } = require('child_process');\nexports.f = (req, res) => { spawn('git', ['log', req.query.ref]); };",
    ),
    harmless(
        "arg-injection",
        "const { spawn } = require('child_process');\nexports.f = (req, res) => { spawn('git', ['log', `refs/heads/${req.query.ref}`]); };",
    ),
    harmful(
        "dyn-import",
        "import importlib\nfrom flask import request\n\ndef f():\n    return importlib.import_module('plugins.' + request.args['n'])\n",
    ),
    harmless(
        "dyn-import",
        "import importlib\nfrom flask import request\n\ndef f():\n    name = request.args['n']\n    if name not in ('a', 'b'):\n        return None\n    return importlib.import_module(name)\n",
    ),
    harmful(
        "dyn-import",
        "exports.f = (req, res) => { res.json(require(`./plugins/${req.query.n}`)); };",
    ),
    harmless(
        "dyn-import",
        "const KNOWN = { a: './a', b: './b' };\nexports.f = (req, res) => { res.json(require(KNOWN[req.query.n])); };",
    ),
    harmful(
        "llm-output-to-exec",
        "import os\nfrom openai import OpenAI\n\ndef f():\n    answer = OpenAI().chat.completions.create(model='m', messages=[])\n    os.system(answer.choices[0].message.content)\n",
    ),
    harmless(
        "llm-output-to-exec",
        "import os\nfrom openai import OpenAI\n\ndef f():\n    answer = OpenAI().chat.completions.create(model='m', messages=[])\n    word = answer.choices[0].message.content\n    if word in ('start', 'stop'):\n        os.system('systemctl ' + word)\n",
    ),
    harmful(
        "llm-output-to-exec",
        "const { exec } = require('child_process');\nasync function f() { const answer = await openai.chat.completions.create({ model: 'm', messages: [] }); exec(answer.choices[0].message.content); }",
    ),
    harmless(
        "llm-output-to-exec",
        "const { exec } = require('child_process');\nasync function f() { const answer = await openai.chat.completions.create({ model: 'm', messages: [] }); show(answer.choices[0].message.content); exec('uptime'); }",
    ),
    harmful(
        "llm-prompt-concat",
        "from openai import OpenAI\nfrom flask import request\n\ndef f():\n    rules = 'You help ' + request.args['n']\n    OpenAI().chat.completions.create(model='m', messages=[{'role': 'system', 'content': rules}])\n",
    ),
    harmless(
        "llm-prompt-concat",
        "from openai import OpenAI\nfrom flask import request\n\ndef f():\n    OpenAI().chat.completions.create(model='m', messages=[{'role': 'system', 'content': 'You help.'}, {'role': 'user', 'content': request.args['n']}])\n",
    ),
    harmful(
        "llm-prompt-concat",
        "bot.on('text', async (ctx) => { await openai.chat.completions.create({ model: 'm', messages: [{ role: 'system', content: `You help ${ctx.message.text}` }] }); });",
    ),
    harmless(
        "llm-prompt-concat",
        "bot.on('text', async (ctx) => { await openai.chat.completions.create({ model: 'm', messages: [{ role: 'system', content: 'You help.' }, { role: 'user', content: ctx.message.text }] }); });",
    ),
];
