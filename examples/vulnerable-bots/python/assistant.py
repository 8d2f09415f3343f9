"""Answers by a language model."""
import json
import subprocess

from openai import OpenAI

client = OpenAI()
PROGRAMS = {"uptime": ["uptime"], "disk": ["df", "-h"]}


def run(question: str) -> str:
    answer = client.chat.completions.create(  # expect: llm-no-max-tokens
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": question}],
    )
    command = answer.choices[0].message.content
    return subprocess.check_output(command, shell=True, text=True)  # expect: llm-output-to-exec


def safe_run(question: str) -> str:
    answer = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": question}],
        max_tokens=200,
    )
    wanted = json.loads(answer.choices[0].message.content)
    program = PROGRAMS.get(wanted.get("program"))
    if program is None:
        return "that is not possible"
    return subprocess.check_output(program, text=True, timeout=5)


def prompt(name: str, question: str) -> list[dict]:
    return [
        {"role": "system", "content": f"You help {name}. {question}"},
    ]


def work(log: list[dict]) -> str:
    while True:  # expect: llm-loop-unbounded
        answer = client.chat.completions.create(model="gpt-4o-mini", messages=log, max_tokens=200)
        message = answer.choices[0].message
        if not message.tool_calls:
            return message.content
        log.append({"role": "assistant", "tool_calls": message.tool_calls})


def safe_work(log: list[dict]) -> str:
    for _ in range(8):
        answer = client.chat.completions.create(model="gpt-4o-mini", messages=log, max_tokens=200)
        message = answer.choices[0].message
        if not message.tool_calls:
            return message.content
        log.append({"role": "assistant", "tool_calls": message.tool_calls})
    return "that took too many rounds"
