"""A Telegram bot that does nearly everything wrong. See ../README.md."""
import asyncio
import hashlib
import logging
import os
import pickle
import random
import re
import shlex
import subprocess
import time

import requests
import yaml
from telegram import Update
from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, filters

logger = logging.getLogger(__name__)

TOKEN = os.getenv("BOT_TOKEN", "changeme")  # expect: config-default-secret
ADMIN_IDS = {1001, 1002}
ALLOWED_HOSTS = {"api.example.com"}


async def ping(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    host = context.args[0]
    subprocess.run(f"ping -c 1 {host}", shell=True, timeout=5)  # expect: cmd-injection async-blocking
    await update.message.reply_text("done")


async def safe_ping(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    host = context.args[0]
    if not re.fullmatch(r"[a-z0-9.-]{1,64}", host):
        await update.message.reply_text("that is no host")
        return
    process = await asyncio.create_subprocess_exec("ping", "-c", "1", "--", host)
    await asyncio.wait_for(process.wait(), 5)
    await update.message.reply_text("done")


async def calc(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    expression = " ".join(context.args)
    result = eval(expression)  # expect: code-eval
    await update.message.reply_text(str(result))


async def fetch(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    url = context.args[0]
    page = requests.get(url, timeout=10)  # expect: ssrf async-blocking
    await update.message.reply_text(page.text[:200])


async def note(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    name = update.message.text.split()[1]
    with open("notes/" + name, encoding="utf-8") as file:  # expect: path-traversal
        await update.message.reply_text(file.read())


async def restore(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    document = await update.message.document.get_file()
    content = await document.download_as_bytearray()
    state = pickle.loads(content)  # expect: deserialize-untrusted
    context.user_data.update(state)


async def settings(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    wanted = yaml.load(update.message.text, Loader=yaml.Loader)  # expect: deserialize-untrusted
    context.user_data["settings"] = wanted


async def safe_settings(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    context.user_data["settings"] = yaml.safe_load(update.message.text)


async def hello(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    name = update.message.text
    await update.message.reply_text(f"<b>{name}</b>", parse_mode="HTML")  # expect: xss-reply-html


async def ban(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.effective_user.username != "the_owner":  # expect: bot-owner-by-username
        return
    await context.bot.ban_chat_member(update.effective_chat.id, int(context.args[0]))


async def broadcast(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:  # expect: bot-admin-gate-missing
    for chat_id in context.bot_data["chats"]:
        await context.bot.send_message(chat_id, " ".join(context.args))


async def code(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    password = "".join(random.choice("0123456789") for _ in range(6))  # expect: weak-random
    context.user_data["code"] = hashlib.md5(password.encode()).hexdigest()  # expect: weak-hash
    logger.info("password of %s is %s", update.effective_user.id, password)


async def slow(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    time.sleep(3)  # expect: async-blocking
    try:
        requests.post("https://api.example.com/job", json={}, verify=False)  # expect: tls-verify-off no-timeout async-blocking
    except Exception:
        pass


async def backup(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.effective_user.id not in ADMIN_IDS:
        return
    os.system("tar czf /var/backups/bot.tgz " + shlex.quote(context.args[0]))  # expect: async-blocking


def main() -> None:
    application = Application.builder().token(TOKEN).build()  # expect: bot-rate-limit-missing no-global-error-handler
    application.add_handler(CommandHandler("ping", ping))
    application.add_handler(CommandHandler("ping2", safe_ping))
    application.add_handler(CommandHandler("calc", calc))
    application.add_handler(CommandHandler("fetch", fetch))
    application.add_handler(CommandHandler("note", note))
    application.add_handler(CommandHandler("restore", restore))
    application.add_handler(CommandHandler("settings", settings))
    application.add_handler(CommandHandler("settings2", safe_settings))
    application.add_handler(CommandHandler("ban", ban))
    application.add_handler(CommandHandler("broadcast", broadcast))
    application.add_handler(CommandHandler("code", code))
    application.add_handler(CommandHandler("slow", slow))
    application.add_handler(CommandHandler("backup", backup))
    application.add_handler(MessageHandler(filters.TEXT, hello))
    application.run_polling()


if __name__ == "__main__":
    main()
