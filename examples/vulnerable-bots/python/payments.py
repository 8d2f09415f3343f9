"""Payments by Telegram."""
from telegram import Update
from telegram.ext import ContextTypes


async def precheckout(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.pre_checkout_query.answer(ok=True)


async def safe_precheckout(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.pre_checkout_query
    known = query.invoice_payload in context.bot_data["orders"]
    await query.answer(ok=known, error_message=None if known else "this order is closed")
