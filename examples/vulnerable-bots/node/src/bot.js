// A bot that does nearly everything wrong. See ../../README.md.
const { Telegraf } = require('telegraf');
const { exec, execFile } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const bot = new Telegraf(process.env.BOT_TOKEN || '1234567890:AAFakeFakeFakeFakeFakeFakeFakeFakeF'); // expect: config-default-secret bot-rate-limit-missing no-global-error-handler

bot.command('ping', (ctx) => {
  const host = ctx.message.text.split(' ')[1];
  exec(`ping -c 1 ${host}`, (error, out) => ctx.reply(out)); // expect: cmd-injection
});

bot.command('ping2', (ctx) => {
  const host = ctx.message.text.split(' ')[1];
  if (!/^[a-z0-9.-]{1,64}$/.test(host)) return ctx.reply('that is no host');
  return execFile('ping', ['-c', '1', '--', host], { timeout: 5000 }, (error, out) => ctx.reply(out));
});

bot.command('calc', (ctx) => {
  ctx.reply(String(eval(ctx.message.text.slice(6)))); // expect: code-eval
});

bot.command('note', (ctx) => {
  const name = ctx.message.text.split(' ')[1];
  ctx.reply(fs.readFileSync('notes/' + name, 'utf8')); // expect: path-traversal async-blocking
});

bot.command('note2', async (ctx) => {
  const name = path.basename(ctx.message.text.split(' ')[1]);
  ctx.reply(await fs.promises.readFile(path.join('notes', name), 'utf8'));
});

bot.on('text', (ctx) => {
  const token = Math.random().toString(36); // expect: weak-random
  const kept = crypto.createHash('md5').update(ctx.message.text).digest('hex'); // expect: weak-hash
  ctx.replyWithHTML(`<b>${ctx.message.text}</b> ${token} ${kept}`); // expect: xss-reply-html
});

bot.command('shutdown', (ctx) => { // expect: bot-admin-gate-missing
  ctx.reply('bye');
  process.exit(0);
});

bot.command('shutdown2', (ctx) => {
  if (ctx.from.id !== Number(process.env.OWNER_ID)) return;
  process.exit(0);
});

bot.action(/^cancel_(\d+)$/, async (ctx) => {
  await orders.findByIdAndDelete(ctx.match[1]); // expect: bot-callback-data-trust
});

bot.action(/^drop_(\d+)$/, async (ctx) => {
  await orders.deleteOne({ number: Number(ctx.match[1]), owner: ctx.from.id });
});

bot.launch();
