use std::fmt::Write as _;

use super::*;
use crate::flow::lower;
use crate::source::{Language, Parsed};

/// Returns the handlers of a source, one a line: kind, commands, function.
fn shown(language: Language, text: &str) -> String {
    let parsed = Parsed::parse(language, text, &|| false).expect("a source");
    let dialect = if language == Language::Python { Dialect::Python } else { Dialect::JavaScript };
    let module = lower::module(dialect, parsed.root().get_inner_node(), parsed.text());
    let map = HandlerMap::of(&module, dialect, text);
    let mut shown = String::new();
    for handler in &map.handlers {
        let name = match handler.function {
            None => format!("{}?", handler.name),
            Some(_) if handler.branch.is_some() => format!("{}#", handler.name),
            Some(_) => handler.name.clone(),
        };
        let _ = write!(shown, "{:?} {} {name};", handler.kind, handler.commands.join(","));
    }
    for application in &map.applications {
        let _ = write!(shown, "{:?}", application.framework);
    }
    shown
}

#[test]
fn handlers_in_python_are_found() {
    let check = |text: &str, expected: &str| {
        assert_eq!(shown(Language::Python, text), expected, "{text}");
    };
    check(
        "from telegram.ext import Application, CommandHandler\nasync def ban(update, context):\n    pass\napp = Application.builder().token(T).build()\napp.add_handler(CommandHandler('Ban', ban))\napp.add_handler(MessageHandler(filters.SUCCESSFUL_PAYMENT, paid))\napp.add_error_handler(wrong)\n",
        "Command ban ban;Payment  paid?;Error  wrong?;PythonTelegramBot",
    );
    check(
        "from telegram import Update\nasync def ban(update: Update, context):\n    pass\ndef other(update):\n    pass\n",
        "Unregistered  ban;",
    );
    check(
        "from aiogram import Router, F\nr = Router()\n@r.message(Command('ban', 'kick'), IsAdmin())\nasync def ban(m):\n    pass\n@r.message(CommandStart())\nasync def start(m):\n    pass\n@r.callback_query(F.data.startswith('x'))\nasync def press(c):\n    pass\n@r.message(F.successful_payment)\nasync def paid(m):\n    pass\nr.message.register(free, Command('free'))\n",
        "Command ban,kick ban;Command start start;Button  press;Payment  paid;Command free free?;",
    );
    check(
        "from loader import dp\n@dp.message_handler(commands=['ban'])\nasync def ban(m):\n    pass\n",
        "Command ban ban;",
    );
    check(
        "import telebot\nbot = telebot.TeleBot(T)\n@bot.message_handler(commands=['sh'], func=lambda m: True)\ndef sh(m):\n    pass\n@bot.callback_query_handler(func=lambda c: True)\ndef press(c):\n    pass\n@bot.message_handler(content_types=['successful_payment'])\ndef paid(m):\n    pass\n",
        "Command sh sh;Button  press;Payment  paid;Telebot",
    );
    check(
        "from pyrogram import Client, filters\napp = Client('a')\n@app.on_message(filters.command('ban') & filters.private)\ndef ban(c, m):\n    pass\n",
        "Command ban ban;Pyrogram",
    );
    check(
        "from telethon import events\n@client.on(events.NewMessage(pattern=r'^/ban (.+)'))\nasync def handler(event):\n    pass\n@client.on(events.CallbackQuery)\nasync def press(event):\n    pass\n",
        "Command ban handler;Button  press;",
    );
    check(
        "from discord.ext import commands\nclass A(commands.Cog):\n    @commands.command(name='Kick', aliases=['k'])\n    async def kick_(self, ctx):\n        pass\n    @app_commands.command()\n    async def ban(self, i):\n        pass\n    @commands.Cog.listener()\n    async def on_message(self, m):\n        if m.content.startswith('!purge'):\n            pass\n",
        "Command kick,k kick_;Command ban ban;Message  on_message;Command purge on_message#;",
    );
    check(
        "from slack_bolt import App\napp = App()\n@app.command('/deploy')\ndef deploy(ack):\n    pass\n@app.action('b')\ndef press(ack):\n    pass\n",
        "Command deploy deploy;Button  press;SlackBolt",
    );
    check(
        "import click\n@click.command()\ndef ban():\n    pass\n@app.route('/')\ndef x():\n    pass\n",
        "",
    );
}

#[test]
fn handlers_in_scripts_are_found() {
    let check = |text: &str, expected: &str| {
        assert_eq!(shown(Language::TypeScript, text), expected, "{text}");
    };
    check(
        "import { Telegraf } from 'telegraf';\nconst bot = new Telegraf(t);\nbot.start((ctx) => 1);\nbot.command(['ban', 'kick'], isAdmin, ban);\nbot.action(/del_(.+)/, async (ctx) => 1);\nbot.on('successful_payment', (ctx) => 1);\nbot.catch((e) => 1);\nbot.launch();\nasync function ban(ctx) {}\n",
        "Command start ;Command ban,kick ban;Button  ;Payment  ;Error  ;Telegraf",
    );
    check(
        "import { Bot } from 'grammy';\nconst bot = new Bot(t);\nbot.filter(isAdmin).command('ban', (ctx) => 1);\nbot.on('message:text', (ctx) => { if (ctx.msg.text === '/exec') run(); });\nbot.callbackQuery('x', admin(press));\n",
        "Command ban ;Message  ;Command exec #;Button  press?;Grammy",
    );
    check(
        "const TelegramBot = require('node-telegram-bot-api');\nconst bot = new TelegramBot(t, { polling: true });\nbot.onText(/^\\/ban (.+)/, (msg) => 1);\nbot.onText(/hello/, (msg) => 1);\nbot.on('callback_query', (q) => 1);\nbot.on('polling_error', (q) => 1);\n",
        "Command ban ;Message  ;Button  ;Error  ;NodeTelegramBotApi",
    );
    check(
        "const { Client, Events } = require('discord.js');\nconst client = new Client({});\nclient.on(Events.InteractionCreate, async (i) => { if (i.commandName === 'ban') { go(); } });\nclient.on('messageCreate', (m) => { switch (command) { case 'kick': kick(); break; default: no(); } });\n",
        "Button  ;Command ban #;Message  ;Command kick #;DiscordJs",
    );
    check(
        "const { SlashCommandBuilder } = require('discord.js');\nmodule.exports = {\n  data: new SlashCommandBuilder().setName('ban').setDescription('x').addUserOption((o) => o.setName('user')),\n  async execute(interaction) {},\n};\n",
        "Command ban ;",
    );
    check(
        "import { SlashCommandBuilder } from 'discord.js';\nexport const data = new SlashCommandBuilder().setName('ban');\nexport async function execute(i) {}\n",
        "Command ban execute;",
    );
    check("module.exports = (bot) => { bot.command('ban', (ctx) => 1); };\n", "Command ban ;");
    check("process.on('message', (m) => 1); server.on('error', (e) => 1); app.use(x);\n", "");
}
