//! What files say together.

use std::fs;
use std::path::Path;

use wardkit_audit::{Audit, Cache, Profile, Report, Status, render};
use wardkit_audit_code::{CodeEngine, Rules};
use wardkit_core::ManualClock;

/// Audits files of a project.
fn audited(files: &[(&str, &str)], profile: Profile) -> Report {
    let folder = tree(files);
    // A budget that a busy machine cannot spend.
    let clock = ManualClock::default();
    audit(&clock, profile).of_tree(folder.path()).expect("a tree")
}

fn audit(clock: &ManualClock, profile: Profile) -> Audit<'_> {
    let engine = CodeEngine::with_rules(Rules::default()).judging_tests();
    Audit::new(clock).with_engine(engine).with_profile(profile)
}

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// Returns where a check failed, as `path:line`.
fn places(id: &str, files: &[(&str, &str)]) -> Vec<String> {
    let report = audited(files, Profile::Full);
    let found = report.findings.iter().filter(|finding| finding.id == id);
    found.map(|finding| finding.files[0].shown()).collect()
}

fn check(id: &str, files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(places(id, files), expected, "{files:?}");
}

fn revision(name: &str, after: &str) -> String {
    format!(
        "from alembic import op\n\nrevision = '{name}'\ndown_revision = {after}\n\ndef upgrade():\n    op.execute('select 1')\n\ndef downgrade():\n    op.execute('select 1')\n"
    )
}

#[test]
fn revisions_of_alembic_have_one_order() {
    let check = |revisions: &[(&str, &str, &str)], expected: &[&str]| {
        let texts: Vec<(String, String)> = revisions
            .iter()
            .map(|(file, name, after)| (format!("db/versions/{file}"), revision(name, after)))
            .collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        check("mig-multi-head", &files, expected);
    };
    let (first, second) = (("a.py", "a1", "None"), ("b.py", "b2", "'a1'"));
    check(&[first, second], &[]);
    // Two ends, and what puts them together.
    check(&[first, second, ("c.py", "c3", "'a1'")], &["db/versions/c.py:3"]);
    check(&[first, second, ("c.py", "c3", "'a1'"), ("d.py", "d4", "('b2', 'c3')")], &[]);
    // A gap; a cycle; one name of two.
    check(&[first, ("c.py", "c3", "'b2'")], &["db/versions/c.py:3", "db/versions/c.py:3"]);
    check(&[("a.py", "a1", "'b2'"), second], &["db/versions/a.py:3"]);
    check(&[first, ("z.py", "a1", "None")], &["db/versions/z.py:3", "db/versions/z.py:3"]);
    // Computed; by folders of years; by the first signs of a name.
    check(&[first, ("b.py", "b2", "before()"), ("c.py", "c3", "'a1'")], &[]);
    check(&[("2024/a.py", "a1", "None"), ("2025/b.py", "b2", "'a1'")], &[]);
    check(&[("a.py", "abcdef12", "None"), ("b.py", "b2", "'abcdef'")], &[]);
}

#[test]
fn branches_with_a_label_are_meant() {
    let labelled = |name: &str, label: &str| {
        format!(
            "revision: str = '{name}'\ndown_revision: str | None = None\nbranch_labels = ('{label}',)\n"
        )
    };
    let (one, other) = (labelled("a1", "users"), labelled("b2", "payments"));
    check("mig-multi-head", &[("versions/a.py", &one), ("versions/b.py", &other)], &[]);
    let plain = "revision: str = 'b2'\ndown_revision: str | None = None\n";
    let files =
        [("versions/a.py", plain), ("versions/b.py", "revision = 'c3'\ndown_revision = None\n")];
    check("mig-multi-head", &files, &["versions/b.py:1"]);
}

#[test]
fn migrations_of_django_have_one_leaf() {
    let migration = |body: &str| {
        format!(
            "from django.db import migrations\n\nclass Migration(migrations.Migration):\n    {body}\n"
        )
    };
    let check = |migrations: &[(&str, &str)], expected: &[&str]| {
        let texts: Vec<(String, String)> = migrations
            .iter()
            .map(|(name, body)| (format!("shop/migrations/{name}.py"), migration(body)))
            .collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        check("mig-multi-head", &files, expected);
    };
    let first = ("0001_initial", "dependencies = [('auth', '0009_x')]");
    let second = ("0002_a", "dependencies = [('shop', '0001_initial')]");
    let other = ("0002_b", "dependencies = [('shop', '0001_initial')]");
    check(&[first, second], &[]);
    check(&[first, second, other], &["shop/migrations/0002_b.py:3"]);
    let merge = ("0003_merge", "dependencies = [('shop', '0002_a'), ('shop', '0002_b')]");
    check(&[first, second, other, merge], &[]);
    check(
        &[first, ("0003_c", "dependencies = [('shop', '0002_gone')]")],
        &["shop/migrations/0003_c.py:3", "shop/migrations/0003_c.py:3"],
    );
    // A squash stands for those that it replaces.
    let squash = (
        "0001_squashed",
        "dependencies = []\n    replaces = [('shop', '0001_initial'), ('shop', '0002_a')]",
    );
    check(&[first, second, squash, ("0003_c", "dependencies = [('shop', '0002_a')]")], &[]);
}

#[test]
fn numbers_of_migrations_are_their_own() {
    let check = |names: &[&str], expected: &[&str]| {
        let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, "select 1;\n")).collect();
        check("mig-multi-head", &files, expected);
    };
    check(
        &["migrations/001_users.sql", "migrations/001_orders.sql"],
        &["migrations/001_users.sql"],
    );
    check(&["db/V2__users.sql", "db/V2__orders.sql"], &["db/V2__users.sql"]);
    check(&["migrations/001_users.up.sql", "migrations/001_users.down.sql"], &[]);
    check(&["db/V2__users.sql", "db/U2__users.sql", "db/V3__orders.sql"], &[]);
    check(&["migrations/001_users.sql", "migrations/002_orders.sql"], &[]);
    check(&["reports/1_a.sql", "reports/1_b.sql"], &[]);
    check(&["tests/migrations/1_a.sql", "tests/migrations/1_b.sql"], &[]);
}

#[test]
fn modules_that_import_each_other_are_told_once() {
    let id = "q-import-cycle";
    let files = [("bot/a.py", "from bot import b\n"), ("bot/b.py", "import bot.a\n")];
    check(id, &files, &["bot/a.py:1"]);
    check(
        id,
        &[("bot/a.py", "from .b import x\n"), ("bot/b.py", "from . import a\n")],
        &["bot/a.py:1"],
    );
    let files =
        [("src/a.ts", "import { b } from './b.js';\n"), ("src/b.ts", "export * from './a';\n")];
    check(id, &files, &["src/a.ts:1"]);
    // Only later, only for types, only down.
    let late = "def f():\n    from bot import a\n";
    check(id, &[("bot/a.py", "from bot import b\n"), ("bot/b.py", late)], &[]);
    let typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bot import a\n";
    check(id, &[("bot/a.py", "from bot import b\n"), ("bot/b.py", typed)], &[]);
    check(
        id,
        &[("a.ts", "import { b } from './b';\n"), ("b.ts", "import type { A } from './a';\n")],
        &[],
    );
    check(id, &[("bot/a.py", "from bot import b\n"), ("bot/b.py", "import os\n")], &[]);
}

#[test]
fn blocks_that_stand_twice_are_told_where_they_come_again() {
    let block = |name: &str, call: &str| {
        let lines: Vec<String> = (0..12)
            .map(|line| format!("    total = {call}(total, {line}, rows[{line}])"))
            .collect();
        format!("def {name}(rows, total):\n{}\n    return total\n", lines.join("\n"))
    };
    let id = "q-dup-block";
    check(id, &[("a.py", &block("f", "add")), ("b.py", &block("g", "add"))], &["b.py:2"]);
    let twice = block("f", "add") + &block("g", "add");
    check(id, &[("a.py", &twice)], &["a.py:16"]);
    check(id, &[("a.py", &block("f", "add")), ("b.py", &block("g", "mul"))], &[]);
    check(id, &[("a.py", &block("f", "add")), ("tests/b.py", &block("g", "add"))], &[]);
}

#[test]
fn a_project_has_tests_and_they_know_its_handlers() {
    let bot = "@bot.message_handler(commands=['start'])\ndef start(message):\n    pass\n\n@bot.message_handler(commands=['help'])\ndef help_me(message):\n    pass\n";
    let sources = [("bot.py", bot), ("a.py", "x = 1\n"), ("b.py", "x = 1\n")];
    check("q-no-tests", &sources, &["a.py"]);
    check("q-untested-handler", &sources, &[]);
    let test = (
        "tests/test_bot.py",
        "from bot import start\n\ndef test_start():\n    assert start(1) is None\n",
    );
    let tested = [sources[0], sources[1], sources[2], test];
    check("q-no-tests", &tested, &[]);
    let untested = places("q-untested-handler", &tested);
    assert!(matches!(untested.as_slice(), [place] if place.starts_with("bot.py:")), "{untested:?}");
    let by_command = ("tests/test_help.py", "def test_help():\n    assert send('/help')\n");
    check("q-untested-handler", &[sources[0], sources[1], sources[2], test, by_command], &[]);
    // A script is none.
    check("q-no-tests", &sources[..1], &[]);
    // Each project by itself.
    let files = [
        ("one/package.json", "{}"),
        ("one/a.js", "f()\n"),
        ("one/b.js", "f()\n"),
        ("one/c.js", "f()\n"),
        ("two/package.json", "{}"),
        ("two/a.js", "f()\n"),
        ("two/b.js", "f()\n"),
        ("two/c.js", "f()\n"),
        ("two/a.test.js", "test(f)\n"),
    ];
    check("q-no-tests", &files, &["one/a.js"]);
}

#[test]
fn a_report_of_coverage_is_read() {
    let status = |files: &[(&str, &str)]| {
        let report = audited(files, Profile::Full);
        report.checks.iter().find(|check| check.id == "q-coverage-low").map(|check| check.status)
    };
    assert_eq!(status(&[("coverage.xml", "<coverage line-rate=\"0.41\">")]), Some(Status::Fail));
    assert_eq!(status(&[("out/lcov.info", "LF:100\nLH:12\n")]), Some(Status::Fail));
    assert_eq!(status(&[("coverage.xml", "<coverage line-rate=\"0.91\">")]), Some(Status::Pass));
    assert_eq!(status(&[("lcov.info", "LF:100\nLH:60\n")]), Some(Status::Pass));
    assert_eq!(status(&[("coverage.xml", "nothing")]), Some(Status::Unknown));
    assert_eq!(status(&[("bot.py", "x = 1\n")]), Some(Status::NotApplicable));
}

#[test]
fn what_was_remembered_of_files_gives_the_same_report() {
    let (one, other) = (revision("a1", "None"), revision("b2", "None"));
    let folder = tree(&[
        ("versions/a.py", &one),
        ("versions/b.py", &other),
        ("a.py", "import b\n"),
        ("b.py", "import a\n"),
    ]);
    let (clock, cache) = (ManualClock::default(), tempfile::tempdir().expect("a folder"));
    let run = || {
        let audit = audit(&clock, Profile::Full).with_cache(Cache::new(cache.path(), "build"));
        render::json(&audit.of_tree(folder.path()).expect("a tree"))
    };
    let cold = run();
    assert!(cold.contains("mig-multi-head") && cold.contains("q-import-cycle"));
    assert!(cold == run());
}

#[test]
fn a_bot_has_something_that_handles_all_errors() {
    let id = "no-global-error-handler";
    let telegram = "from telegram.ext import ApplicationBuilder\n\napp = ApplicationBuilder().token(TOKEN).build()\n";
    check(id, &[("bot.py", telegram)], &["bot.py:3"]);
    check(
        id,
        &[
            ("bot.py", telegram),
            ("main.py", "from bot import app\napp.add_error_handler(failed)\n"),
        ],
        &[],
    );
    // What is said in a comment, or of another object, handles nothing.
    let said = "# add_error_handler\nlogger.error('x')\nfetch().catch()\n";
    check(id, &[("bot.py", telegram), ("main.py", said)], &["bot.py:3"]);
    let aiogram = "from aiogram import Dispatcher\n\ndp = Dispatcher()\n";
    check(id, &[("bot.py", aiogram)], &["bot.py:3"]);
    check(
        id,
        &[("bot.py", aiogram), ("e.py", "@router.errors()\nasync def failed(event):\n    pass\n")],
        &[],
    );
    let middleware = "class Catching:\n    async def __call__(self, handler, event, data):\n        try:\n            return await handler(event, data)\n        except Exception:\n            log(event)\n";
    check(id, &[("bot.py", aiogram), ("m.py", middleware)], &[]);
    let discord = "from discord.ext import commands\n\nclass Mine(commands.Bot):\n    pass\n";
    check(id, &[("bot.py", discord)], &["bot.py:3"]);
    check(
        id,
        &[
            ("bot.py", discord),
            ("e.py", "@bot.event\nasync def on_command_error(ctx, error):\n    pass\n"),
        ],
        &[],
    );
    let script = "const { Telegraf } = require('telegraf');\nconst bot = new Telegraf(token);\n";
    check(id, &[("bot.js", script)], &["bot.js:2"]);
    check(id, &[("bot.js", script), ("e.js", "bot.catch((error) => log(error));\n")], &[]);
    check(id, &[("bot.js", script), ("e.js", "process.on('unhandledRejection', log);\n")], &[]);
    check(id, &[("bot.js", script), ("e.js", "bot.launch().catch(log);\n")], &["bot.js:2"]);
    let grammy = "import { Bot } from 'grammy';\nexport const bot = new Bot(token);\n";
    check(id, &[("bot.ts", grammy)], &["bot.ts:2"]);
    // No bot: another thing of the name, the framework itself, examples.
    check(id, &[("bot.py", "from mine import Dispatcher\nd = Dispatcher()\n")], &[]);
    check(id, &[("telegram/__init__.py", ""), ("telegram/ext.py", telegram)], &[]);
    check(id, &[("examples/echo.py", telegram), ("tests/test_bot.py", telegram)], &[]);
    // Each project by itself, and one finding each.
    let files = [
        ("a/requirements.txt", ""),
        ("a/bot.py", aiogram),
        ("a/more.py", aiogram),
        ("b/package.json", "{}"),
        ("b/bot.js", script),
        ("b/e.js", "bot.catch(log);\n"),
    ];
    check(id, &files, &["a/bot.py:3"]);
}

#[test]
fn what_ends_a_build_is_in_the_short_profile() {
    let bot = "from telegram.ext import Application\n\napp = Application.builder().token(TOKEN).build()\n";
    let ids = |files: &[(&str, &str)]| {
        let report = audited(files, Profile::Ci);
        report.findings.into_iter().map(|one| one.id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(&[("bot.py", bot)]), "bot-rate-limit-missing no-global-error-handler");
    // Sources without a word of any framework, too.
    let handles = ("e.py", "def wire(it):\n    it.add_error_handler(f)\n");
    let limits = ("l.py", "def seen(key):\n    redis.incr(f'rate:{key}')\n");
    assert_eq!(ids(&[("bot.py", bot), handles, limits]), "");
}

#[test]
fn a_bot_limits_its_users() {
    let id = "bot-rate-limit-missing";
    let bot = ("bot.py", "import telebot\n\nbot = telebot.TeleBot(TOKEN)\n");
    let beside = |text: &str, expected: &[&str]| check(id, &[bot, ("more.py", text)], expected);
    let none = ["bot.py:3"];
    check(id, &[bot], &none);
    beside("dp.message.middleware(ThrottlingMiddleware())\n", &[]);
    beside("@commands.cooldown(1, 5)\nasync def f(ctx):\n    pass\n", &[]);
    beside("seen[message.from_user.id] = time.time()\n", &[]);
    beside("def f(user_id):\n    requests[user_id] += 1\n", &[]);
    beside("redis.incr(f'rate:{uid}')\n", &[]);
    // A limit that others set, a note, and points that users have.
    beside("try:\n    ask()\nexcept openai.RateLimitError:\n    pass\n", &none);
    beside("# rate_limit\n", &none);
    beside("def f(user_id):\n    points[user_id] += 1\n", &none);
    let script =
        ("bot.js", "const { Telegraf } = require('telegraf');\nconst bot = new Telegraf(token);\n");
    check(id, &[script], &["bot.js:2"]);
    check(
        id,
        &[script, ("l.js", "const limit = require('telegraf-ratelimit');\nbot.use(limit(x));\n")],
        &[],
    );
    check(id, &[script, ("l.js", "last.set(ctx.from.id, Date.now());\n")], &[]);
    // Nobody from outside writes to it.
    check(id, &[("bot.py", "from slack_bolt import App\napp = App(token=TOKEN)\n")], &[]);
}

#[test]
fn updates_come_in_one_way() {
    let id = "bot-polling-and-webhook";
    let python = |body: &str, expected: &[&str]| {
        let text = format!("from aiogram import Bot\n\nasync def main(bot, dp, url):\n{body}");
        check(id, &[("bot.py", &text)], expected);
    };
    python("    await bot.set_webhook(url)\n    await dp.start_polling(bot)\n", &["bot.py:5"]);
    python(
        "    if url:\n        await bot.set_webhook(url)\n    await dp.start_polling(bot)\n",
        &["bot.py:6"],
    );
    python(
        "    if url:\n        await bot.set_webhook(url)\n    else:\n        await dp.start_polling(bot)\n",
        &[],
    );
    python(
        "    if url:\n        await bot.set_webhook(url)\n        return\n    await dp.start_polling(bot)\n",
        &[],
    );
    python(
        "    await bot.delete_webhook()\n    await bot.set_webhook('')\n    await dp.start_polling(bot)\n",
        &[],
    );
    python(
        "    await dp.start_polling(bot)\n\nasync def hook(bot, url):\n    await bot.set_webhook(url)\n",
        &[],
    );
    let script = "const { Telegraf } = require('telegraf');\nbot.telegram.setWebhook(url);\n";
    check(id, &[("bot.js", &format!("{script}bot.launch();\n"))], &["bot.js:3"]);
    check(id, &[("bot.js", &format!("{script}bot.launch({{ webhook: {{ domain }} }});\n"))], &[]);
}

#[test]
fn what_only_a_person_can_answer_is_asked_with_what_was_seen() {
    let asked = |id: &str, files: &[(&str, &str)]| {
        let report = audited(files, Profile::Full);
        let status = report.checks.iter().find(|one| one.id == id).map(|one| one.status);
        let finding = report.findings.into_iter().find(|one| one.id == id);
        (status, finding.map_or((Status::Pass, Vec::new()), |one| (one.status, one.evidence)))
    };
    let (status, (ended, evidence)) = asked(
        "pay-no-refund-path",
        &[("pay.py", "async def pay(bot):\n    await bot.send_invoice(1)\n")],
    );
    assert_eq!((status, ended), (Some(Status::Manual), Status::Manual));
    assert_eq!(evidence, ["send_invoice: pay.py:2", "nothing is named for giving it back"]);
    let files =
        [("pay.js", "ctx.replyWithInvoice(x);\n"), ("back.js", "function refundStars() {}\n")];
    assert_eq!(asked("pay-no-refund-path", &files).1.1[1], "refundStars: back.js:1");
    assert_eq!(asked("pay-no-refund-path", &[("a.py", "x = 1\n")]).0, Some(Status::NotApplicable));
    let model = ("models.py", "class User(Base):\n    name = Column(String)\n");
    let (status, (_, evidence)) = asked("no-delete-path", &[model]);
    assert_eq!(status, Some(Status::Manual));
    assert_eq!(evidence, ["User: models.py:1", "nothing is named for forgetting them"]);
    let forget = ("gone.py", "def delete_user(id):\n    pass\n");
    assert_eq!(asked("no-delete-path", &[model, forget]).1.1[1], "delete_user: gone.py:1");
    let sql = ("db.py", "db.execute('INSERT INTO users VALUES (?)', x)\n");
    assert_eq!(asked("no-delete-path", &[sql]).0, Some(Status::Manual));
    let prose = ("a.py", "x = 'answers come from users, who update user names'\n");
    assert_eq!(asked("no-delete-path", &[prose]).0, Some(Status::NotApplicable));
    assert_eq!(asked("no-delete-path", &[("a.py", "x = 1\n")]).0, Some(Status::NotApplicable));
}

#[test]
fn one_alone_makes_what_a_cache_has_no_more() {
    let id = "cache-stampede";
    let python = "async def top(key):\n    found = await redis.get(key)\n    if found is None:\n        found = await ask(key)\n        await redis.set(key, found, ex=60)\n    return found\n";
    check(id, &[("a.py", python)], &["a.py:2"]);
    check(
        id,
        &[(
            "a.py",
            &python.replace("    found = await ask", "    async with lock(key): found = await ask"),
        )],
        &[],
    );
    let script = "async function top(key) {\n  let found = cache.get(key);\n  if (!found) {\n    found = await ask(key);\n    cache.set(key, found);\n  }\n  return found;\n}\n";
    check(id, &[("a.js", script)], &["a.js:2"]);
    check(id, &[("a.js", &script.replace("cache.", "inflight.cache."))], &[]);
    check(
        id,
        &[(
            "a.py",
            "def put(key, value):\n    redis.set(key, value)\n\ndef look(key):\n    return redis.get(key)\n",
        )],
        &[],
    );
    check(id, &[("a.py", &python.replace("redis", "settings"))], &[]);
}

#[test]
fn columns_are_named_somewhere() {
    let id = "db-column-unused";
    let model = (
        "models.py",
        "class User(Base):\n    id = Column(Integer, primary_key=True)\n    phone = Column(String)\n    locale: Mapped[str] = mapped_column(String)\n",
    );
    check(id, &[model], &["models.py:3", "models.py:4"]);
    check(id, &[model, ("a.py", "user.phone\nUser(locale='en')\n")], &[]);
    check(
        id,
        &[model, ("a.py", "user.phone_number\n"), ("page.html", "{{ user.locale }}")],
        &["models.py:3"],
    );
    check(
        id,
        &[model, ("migrations/a.py", "op.add_column('phone')\n"), ("a.py", "x.locale\n")],
        &["models.py:3"],
    );
    let filled = "class User(Base):\n    made = Column(DateTime, server_default=now())\n    boss_id = Column(ForeignKey('x.id'))\n";
    check(id, &[("models.py", filled)], &[]);
    check(id, &[("shapes.py", "class Shape(Thing):\n    phone = Column(String)\n")], &[]);
}

#[test]
fn enumerations_have_the_values_that_the_database_has() {
    let id = "db-enum-drift";
    let code = (
        "a.py",
        "class OrderStatus(str, Enum):\n    NEW = 'new'\n    PAID = 'paid'\n    GONE = 'gone'\n",
    );
    let made = ("versions/1.py", "sa.Enum('new', 'paid', name='order_status')\n");
    check(id, &[code, made], &["a.py:1"]);
    let more = ("versions/2.py", "op.execute(\"ALTER TYPE order_status ADD VALUE 'gone'\")\n");
    check(id, &[code, made, more], &[]);
    let names = ("db.sql", "CREATE TYPE orderstatus AS ENUM ('NEW', 'PAID', 'GONE');\n");
    check(id, &[code, names], &[]);
    let besides = ("db.sql", "CREATE TYPE orderstatus AS ENUM ('new', 'paid', 'gone', 'lost');\n");
    check(id, &[code, besides], &["a.py:1"]);
    // Another thing of the name, and another name.
    check(id, &[code, ("db.sql", "CREATE TYPE orderstatus AS ENUM ('x', 'y');\n")], &[]);
    check(id, &[code, ("db.sql", "CREATE TYPE colour AS ENUM ('new');\n")], &[]);
}
