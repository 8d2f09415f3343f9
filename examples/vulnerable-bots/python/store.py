"""What the bot keeps."""
import sqlite3

import redis

REDIS = redis.Redis(host="cache")


def find(connection: sqlite3.Connection, name: str):
    return connection.execute(f"SELECT id FROM users WHERE name = '{name}'").fetchall()  # expect: sql-injection


def safe_find(connection: sqlite3.Connection, name: str):
    return connection.execute("SELECT id FROM users WHERE name = ?", (name,)).fetchall()


def remember(user: int, profile: str) -> None:
    REDIS.set(f"bot:profile:{user}", profile)


def safe_remember(user: int, profile: str) -> None:
    REDIS.set(f"bot:profile:{user}", profile, ex=3600)


def charge(connection: sqlite3.Connection, user: int, amount: int) -> None:
    row = connection.execute("SELECT balance FROM users WHERE id = ?", (user,)).fetchone()
    balance = row[0] - amount
    connection.execute("UPDATE users SET balance = ? WHERE id = ?", (balance, user))


def safe_charge(connection: sqlite3.Connection, user: int, amount: int) -> None:
    connection.execute(
        "UPDATE users SET balance = balance - ? WHERE id = ? AND balance >= ?",
        (amount, user, amount),
    )
