//! What a bot's handlers must not do.

use super::flow::failed_of;

/// Checks that each source fails a check, and that none of its safe twins does. `end` is the end of their names.
pub(crate) fn check(id: &str, end: &str, harmful: &[&str], harmless: &[&str]) {
    assert!(harmful.len() >= 2 && harmless.len() >= 2, "{id}");
    let all = harmful.iter().chain(harmless).enumerate();
    let files: Vec<(String, String)> =
        all.map(|(number, text)| (format!("bot{number}.{end}"), (*text).to_owned())).collect();
    let failed = failed_of(&files);
    for (number, (name, text)) in files.iter().enumerate() {
        let found = failed.get(name).is_some_and(|ids| ids.contains(id));
        assert_eq!(found, number < harmful.len(), "{id}: {failed:?}\n{text}");
    }
}

#[test]
fn commands_for_administrators_are_guarded_in_python() {
    check(
        "bot-admin-gate-missing",
        "py",
        &[
            "from telegram.ext import CommandHandler\nasync def ban_user(update, context):\n    target = int(context.args[0])\n    await context.bot.ban_chat_member(update.effective_chat.id, target)\napp.add_handler(CommandHandler('ban', ban_user))\n",
            "from telegram import Update\nasync def broadcast(update: Update, context):\n    text = ' '.join(context.args)\n    for user_id in db.users():\n        await context.bot.send_message(user_id, text)\n",
            "from aiogram import Router\nfrom aiogram.filters import Command\nrouter = Router()\n@router.message(Command('shutdown'))\nasync def stop(message):\n    await message.answer('bye')\n    sys.exit(0)\n",
            "import telebot\n@bot.message_handler(commands=['addbalance'])\ndef add(message):\n    _, user, amount = message.text.split()\n    db.execute('UPDATE users SET balance = balance + ? WHERE id = ?', (amount, user))\n",
            "from discord.ext import commands\n@bot.command(name='kick')\nasync def kick_member(ctx, member: discord.Member, *, reason=None):\n    if member == ctx.author:\n        return await ctx.send('not yourself')\n    await member.kick(reason=reason)\n",
            "import discord\nfrom discord import app_commands\n@tree.command(name='purge')\n@app_commands.guild_only()\nasync def purge(interaction, count: int):\n    await interaction.channel.purge(limit=count)\n",
            "import discord\n@client.event\nasync def on_message(message):\n    if message.content.startswith('!eval'):\n        result = eval(message.content[6:])\n        await message.channel.send(result)\n",
            "from pyrogram import Client, filters\n@app.on_message(filters.command('restart') & filters.private)\nasync def restart(client, message):\n    os.execv(sys.executable, ['python'])\n",
            "from slack_bolt import App\n@app.command('/deploy')\ndef deploy(ack, command):\n    ack()\n    subprocess.run(['deploy.sh'], timeout=9)\n",
        ],
        &[
            "from telegram.ext import CommandHandler\nasync def ban_user(update, context):\n    if update.effective_user.id not in ADMINS:\n        return\n    await context.bot.ban_chat_member(update.effective_chat.id, int(context.args[0]))\napp.add_handler(CommandHandler('ban', ban_user))\n",
            "from telegram.ext import CommandHandler, filters\nasync def ban_user(update, context):\n    await context.bot.ban_chat_member(update.effective_chat.id, 1)\napp.add_handler(CommandHandler('ban', ban_user, filters=filters.User(user_id=OWNER)))\n",
            "from telegram import Update\n@restricted\nasync def broadcast(update: Update, context):\n    for user_id in db.users():\n        await context.bot.send_message(user_id, 'x')\n",
            "from aiogram import Router\nrouter = Router()\nrouter.message.filter(IsAdmin())\n@router.message(Command('shutdown'))\nasync def stop(message):\n    sys.exit(0)\n",
            "from aiogram import Router, F\n@router.message(Command('shutdown'), F.from_user.id.in_(OPERATORS))\nasync def stop(message):\n    sys.exit(0)\n",
            "import telebot\n@bot.message_handler(commands=['addbalance'], func=lambda m: m.from_user.id in OWNERS)\ndef add(message):\n    db.execute('UPDATE users SET balance = 1', ())\n",
            "from discord.ext import commands\n@bot.command(name='kick')\n@commands.has_permissions(kick_members=True)\nasync def kick_member(ctx, member):\n    await member.kick()\n",
            "from discord.ext import commands\nclass Mod(commands.Cog):\n    async def cog_check(self, ctx):\n        return await self.bot.is_owner(ctx.author)\n    @commands.command()\n    async def kick(self, ctx, member):\n        await member.kick()\n",
            "import discord\n@client.event\nasync def on_message(message):\n    if message.author.id != 42:\n        return\n    if message.content.startswith('!eval'):\n        await message.channel.send(eval(message.content[6:]))\n",
            "from telegram.ext import CommandHandler\ndef is_boss(user):\n    return user.id == BOSS\nasync def ban(update, context):\n    if not is_boss(update.effective_user):\n        return\n    await context.bot.ban_chat_member(1, 2)\n",
            "from telegram.ext import CommandHandler\nasync def ban(update, context):\n    member = await context.bot.get_chat_member(update.effective_chat.id, update.effective_user.id)\n    if member.status not in ('administrator', 'creator'):\n        return\n    await context.bot.ban_chat_member(1, 2)\n",
            "from discord.ext import commands\n@bot.command()\nasync def restart(ctx):\n    games[ctx.channel.id] = Game()\n    await ctx.send('new game')\n",
        ],
    );
}

#[test]
fn commands_for_administrators_are_guarded_in_scripts() {
    check(
        "bot-admin-gate-missing",
        "js",
        &[
            "const { Telegraf } = require('telegraf');\nconst bot = new Telegraf(t);\nbot.command('ban', async (ctx) => {\n  await ctx.banChatMember(Number(ctx.payload));\n});\n",
            "import { Bot } from 'grammy';\nbot.command('broadcast', async (ctx) => {\n  for (const user of await users()) {\n    await ctx.api.sendMessage(user.id, ctx.match);\n  }\n});\n",
            "const TelegramBot = require('node-telegram-bot-api');\nbot.onText(/\\/exec (.+)/, (msg, match) => {\n  exec(match[1], (e, out) => bot.sendMessage(msg.chat.id, out));\n});\n",
            "const { Client } = require('discord.js');\nclient.on('messageCreate', async (message) => {\n  if (message.author.bot) return;\n  if (message.content.startsWith('!kick')) {\n    const member = message.mentions.members.first();\n    await member.kick();\n  }\n});\n",
            "const { SlashCommandBuilder } = require('discord.js');\nmodule.exports = {\n  data: new SlashCommandBuilder().setName('ban').setDescription('Bans a member'),\n  async execute(interaction) {\n    await interaction.guild.members.ban(interaction.options.getUser('user'));\n  },\n};\n",
            "const { Client, Events } = require('discord.js');\nclient.on(Events.InteractionCreate, async (interaction) => {\n  switch (interaction.commandName) {\n    case 'shutdown':\n      await interaction.reply('bye');\n      process.exit(0);\n  }\n});\n",
        ],
        &[
            "const { Telegraf } = require('telegraf');\nbot.command('ban', async (ctx) => {\n  if (!ADMINS.includes(ctx.from.id)) return;\n  await ctx.banChatMember(1);\n});\n",
            "const { Telegraf } = require('telegraf');\nbot.command('ban', adminOnly, async (ctx) => {\n  await ctx.banChatMember(1);\n});\n",
            "import { Bot } from 'grammy';\nbot.filter(isOwner).command('broadcast', async (ctx) => {\n  for (const user of users) await ctx.api.sendMessage(user.id, ctx.match);\n});\n",
            "const TelegramBot = require('node-telegram-bot-api');\nbot.onText(/\\/exec (.+)/, (msg, match) => {\n  if (String(msg.from.id) !== process.env.OWNER) return;\n  exec(match[1]);\n});\n",
            "const { Client } = require('discord.js');\nclient.on('messageCreate', async (message) => {\n  if (message.content.startsWith('!kick')) {\n    if (!message.member.permissions.has('KICK_MEMBERS')) return;\n    await message.mentions.members.first().kick();\n  }\n});\n",
            "const { SlashCommandBuilder, PermissionFlagsBits } = require('discord.js');\nmodule.exports = {\n  data: new SlashCommandBuilder().setName('ban').setDefaultMemberPermissions(PermissionFlagsBits.BanMembers),\n  async execute(interaction) {\n    await interaction.guild.members.ban('1');\n  },\n};\n",
            "const { Telegraf } = require('telegraf');\nbot.use((ctx, next) => { if (ctx.from.id !== 42) return; return next(); });\nbot.command('ban', async (ctx) => {\n  await ctx.banChatMember(1);\n});\n",
        ],
    );
}

#[test]
fn messages_to_many_keep_to_the_limits() {
    check(
        "bot-flood-retryafter",
        "py",
        &[
            "from aiogram import Bot\nasync def tell(bot, text):\n    for user_id in await all_users():\n        await bot.send_message(user_id, text)\n",
            "import telebot\ndef tell(text):\n    for row in db.subscribers():\n        bot.send_message(row[0], text)\n",
        ],
        &[
            "from aiogram import Bot\nasync def tell(bot, text):\n    for user_id in await all_users():\n        try:\n            await bot.send_message(user_id, text)\n        except TelegramRetryAfter as error:\n            await wait(error.retry_after)\n",
            "import telebot\ndef tell(chat, lines):\n    for line in lines:\n        bot.send_message(chat, line)\n",
            "import discord\nasync def tell(members):\n    for member in members:\n        await member.send('x')\n",
        ],
    );
    check(
        "bot-flood-retryafter",
        "js",
        &[
            "const { Telegraf } = require('telegraf');\nasync function tell(bot, users) {\n  for (const user of users) await bot.telegram.sendMessage(user.id, 'x');\n}\n",
            "const TelegramBot = require('node-telegram-bot-api');\nfunction tell() { subscribers.forEach((id) => bot.sendMessage(id, 'x')); }\n",
        ],
        &[
            "const { Telegraf } = require('telegraf');\nasync function tell(bot, users) {\n  for (const user of users) {\n    await bot.telegram.sendMessage(user.id, 'x');\n    await sleep(50);\n  }\n}\n",
            "const TelegramBot = require('node-telegram-bot-api');\nfunction tell(id) { parts.forEach((part) => bot.sendMessage(id, part)); }\n",
        ],
    );
}
