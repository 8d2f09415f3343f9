"""Payments by Telegram."""
from telegram import Update
from telegram.ext import ContextTypes

from models import User


async def precheckout(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.pre_checkout_query.answer(ok=True)  # expect: pay-precheckout-blind


async def safe_precheckout(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.pre_checkout_query
    known = query.invoice_payload in context.bot_data["orders"]
    await query.answer(ok=known, error_message=None if known else "this order is closed")


async def top_up(session, user, amount: int) -> None:
    user.balance += amount  # expect: balance-race
    await session.commit()


async def safe_top_up(session, user_id: int, amount: int) -> None:
    user = await session.get(User, user_id, with_for_update=True)
    user.balance += amount
    await session.commit()


async def paid(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    payment = update.message.successful_payment
    context.bot_data["shop"].add_credits(update.effective_user.id, payment.total_amount)  # expect: pay-no-idempotency


async def safe_paid(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    payment = update.message.successful_payment
    shop = context.bot_data["shop"]
    if await shop.remember(payment.telegram_payment_charge_id):
        shop.add_credits(update.effective_user.id, payment.total_amount)
