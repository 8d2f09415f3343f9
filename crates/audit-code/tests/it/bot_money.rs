//! What a bot's payments, buttons and tools must not do.

use super::bots::check;

#[test]
fn a_payment_counts_once() {
    check(
        "pay-no-idempotency",
        "py",
        &[
            "from telegram import Update\nasync def paid(update: Update, context):\n    payment = update.message.successful_payment\n    db.add_balance(update.effective_user.id, payment.total_amount)\n    await update.message.reply_text('thanks')\n",
            "from aiogram import F, Router\n@router.message(F.successful_payment)\nasync def paid(message):\n    await conn.execute('UPDATE users SET premium = 1 WHERE id = $1', message.from_user.id)\n",
            "import stripe\ndef hook(event):\n    if event['type'] == 'checkout.session.completed':\n        user = find(event)\n        user.credits += 100\n        save(user)\n",
        ],
        &[
            "from telegram import Update\nasync def paid(update: Update, context):\n    payment = update.message.successful_payment\n    if not db.remember(payment.telegram_payment_charge_id):\n        return\n    db.add_balance(update.effective_user.id, payment.total_amount)\n",
            "from aiogram import F, Router\n@router.message(F.successful_payment)\nasync def paid(message):\n    await message.answer('thank you')\n",
            "import stripe\ndef hook(event):\n    if event['type'] == 'checkout.session.completed':\n        if Event.objects.filter(key=event['id']).exists():\n            return\n        user.credits += 100\n",
        ],
    );
    check(
        "pay-no-idempotency",
        "js",
        &[
            "const { Telegraf } = require('telegraf');\nbot.on('successful_payment', async (ctx) => {\n  await db.addCoins(ctx.from.id, ctx.message.successful_payment.total_amount);\n});\n",
            "app.post('/hook', async (req, res) => {\n  const event = read(req);\n  if (event.type === 'checkout.session.completed') {\n    await User.updateOne({ _id: event.data.object.client_reference_id }, { $inc: { credits: 100 } });\n  }\n  res.sendStatus(200);\n});\n",
        ],
        &[
            "const { Telegraf } = require('telegraf');\nbot.on('successful_payment', async (ctx) => {\n  const charge = ctx.message.successful_payment.telegram_payment_charge_id;\n  await payments.insert({ charge });\n  if (!(await payments.first(charge))) return;\n  await db.addCoins(ctx.from.id, 1, charge);\n  await book(ctx.message.successful_payment.telegram_payment_charge_id);\n});\n",
            "app.post('/hook', async (req, res) => {\n  const event = read(req);\n  if (event.type === 'checkout.session.completed') {\n    if (await seen(event.id)) return res.sendStatus(200);\n    await User.updateOne({ _id: 1 }, { $inc: { credits: 100 } });\n  }\n});\n",
        ],
    );
}

#[test]
fn buttons_act_for_who_pressed_them() {
    check(
        "bot-callback-data-trust",
        "py",
        &[
            "from telegram.ext import CallbackQueryHandler\nasync def press(update, context):\n    query = update.callback_query\n    order_id = int(query.data.split('_')[1])\n    await db.delete_order(order_id)\n    await query.answer('gone')\napp.add_handler(CallbackQueryHandler(press))\n",
            "import telebot\n@bot.callback_query_handler(func=lambda call: True)\ndef press(call):\n    note = call.data.split(':')[1]\n    cursor.execute('DELETE FROM notes WHERE id = ?', (note,))\n",
            "from aiogram import Router, F\n@router.callback_query(F.data.startswith('inv_'))\nasync def press(callback):\n    row = await get_invoice(callback.data[4:])\n    await callback.message.answer(row.text)\n",
        ],
        &[
            "from telegram.ext import CallbackQueryHandler\nasync def press(update, context):\n    query = update.callback_query\n    order_id = int(query.data.split('_')[1])\n    await db.delete_order(order_id, query.from_user.id)\napp.add_handler(CallbackQueryHandler(press))\n",
            "import telebot\n@bot.callback_query_handler(func=lambda call: True)\ndef press(call):\n    product = get_product(call.data.split(':')[1])\n    bot.send_message(call.message.chat.id, product.name)\n",
        ],
    );
    check(
        "bot-callback-data-trust",
        "js",
        &[
            "const { Telegraf } = require('telegraf');\nbot.action(/cancel_(\\d+)/, async (ctx) => {\n  await Order.findByIdAndDelete(ctx.match[1]);\n});\n",
            "import { Bot } from 'grammy';\nbot.on('callback_query:data', async (ctx) => {\n  const id = ctx.callbackQuery.data.split(':')[1];\n  await db.query('DELETE FROM reminders WHERE id = $1', [id]);\n});\n",
        ],
        &[
            "const { Telegraf } = require('telegraf');\nbot.action(/cancel_(\\d+)/, async (ctx) => {\n  await Order.deleteOne({ _id: ctx.match[1], user: ctx.from.id });\n});\n",
            "import { Bot } from 'grammy';\nbot.on('callback_query:data', async (ctx) => {\n  const page = ctx.callbackQuery.data.split(':')[1];\n  await ctx.editMessageText(pages[page]);\n});\n",
        ],
    );
}

#[test]
fn models_ask_before_they_act() {
    check(
        "llm-tool-no-confirm",
        "py",
        &[
            "import os\nfrom langchain_core.tools import tool\n@tool\ndef delete_file(path: str) -> str:\n    \"\"\"Deletes a file.\"\"\"\n    os.remove(path)\n    return 'done'\n",
            "def refund(order_id):\n    stripe.Refund.create(charge=order_id)\nTOOLS = {'refund': refund}\n",
            "@mcp.tool()\nasync def drop(table: str):\n    await conn.execute('DELETE FROM ' + TABLES[table])\n",
        ],
        &[
            "import os\nfrom langchain_core.tools import tool\n@tool\ndef delete_file(path: str) -> str:\n    if not confirmed(path):\n        return 'not done'\n    os.remove(path)\n",
            "from langchain_core.tools import tool\n@tool\ndef weather(city: str) -> str:\n    return fetch(city)\n",
            "import os\ndef clean(path):\n    os.remove(path)\nTOOLS = {'read': read}\n",
        ],
    );
    check(
        "llm-tool-no-confirm",
        "ts",
        &[
            "import { tool } from 'ai';\nexport const remove = tool({\n  description: 'Removes a user',\n  inputSchema: schema,\n  execute: async ({ id }) => { await User.deleteOne({ _id: id }); return 'ok'; },\n});\n",
            "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';\nserver.registerTool('refund', options, async ({ charge }) => {\n  await stripe.refunds.create({ charge });\n  return done;\n});\n",
        ],
        &[
            "import { tool } from 'ai';\nexport const remove = tool({\n  description: 'Removes a user',\n  needsApproval: true,\n  execute: async ({ id }) => { await User.deleteOne({ _id: id }); },\n});\n",
            "import { tool } from 'ai';\nexport const find = tool({\n  description: 'Finds a user',\n  execute: async ({ id }) => User.findOne({ _id: id }),\n});\n",
        ],
    );
}

#[test]
fn checks_come_before_handlers() {
    check(
        "bot-middleware-order",
        "js",
        &[
            "const { Telegraf } = require('telegraf');\nbot.command('stats', (ctx) => ctx.reply('x'));\nbot.use((ctx, next) => { if (!ALLOWED.includes(ctx.from.id)) return; return next(); });\n",
            "import { Bot } from 'grammy';\nbot.callbackQuery('pay', pay);\nbot.use(authMiddleware);\n",
        ],
        &[
            "const { Telegraf } = require('telegraf');\nbot.use((ctx, next) => { if (!ALLOWED.includes(ctx.from.id)) return; return next(); });\nbot.command('stats', (ctx) => ctx.reply('x'));\n",
            "import { Bot } from 'grammy';\nbot.command('start', hello);\nbot.use(authMiddleware);\nbot.command('stats', show);\nbot.use(session());\n",
        ],
    );
    let check_in = "from telegram.ext import ApplicationHandlerStop, CommandHandler, TypeHandler\nasync def check(update, context):\n    if update.effective_user.id not in ALLOWED:\n        raise ApplicationHandlerStop\n";
    let of = |rest: &str| format!("{check_in}{rest}");
    check(
        "bot-middleware-order",
        "py",
        &[
            &of(
                "app.add_handler(CommandHandler('stats', stats))\napp.add_handler(TypeHandler(Update, check))\n",
            ),
            &of(
                "def main():\n    app.add_handler(CommandHandler('stats', stats))\n    app.add_handler(TypeHandler(Update, check), group=1)\n",
            ),
        ],
        &[
            &of(
                "app.add_handler(CommandHandler('stats', stats))\napp.add_handler(TypeHandler(Update, check), group=-1)\n",
            ),
            &of(
                "app.add_handler(TypeHandler(Update, check))\napp.add_handler(CommandHandler('stats', stats))\n",
            ),
        ],
    );
}

#[test]
fn long_answers_are_cut() {
    check(
        "bot-message-too-long",
        "py",
        &[
            "from telegram import Update\nasync def ask(update: Update, context):\n    answer = await client.chat.completions.create(model=M, messages=log, max_tokens=9)\n    await update.message.reply_text(answer.choices[0].message.content)\n",
            "from aiogram import Router\n@router.message()\nasync def ask(message):\n    answer = await client.responses.create(model=M, input=message.text)\n    text = answer.output_text\n    await message.answer(text)\n",
        ],
        &[
            "from telegram import Update\nasync def ask(update: Update, context):\n    answer = await client.chat.completions.create(model=M, messages=log, max_tokens=9)\n    await update.message.reply_text(answer.choices[0].message.content[:4096])\n",
            "from telegram import Update\nasync def ask(update: Update, context):\n    await update.message.reply_text('hello')\n",
        ],
    );
}
