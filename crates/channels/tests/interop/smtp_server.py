"""An SMTP server that refuses what its first argument says.

It prints its port, keeps each mail as a file, and ends with its standard input.
"""

import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

MODE, DIRECTORY, CERTIFICATE, KEY = sys.argv[1:5]


class Handler:
    def __init__(self):
        self.refused = 0
        self.count = 0

    def refuses(self):
        """The first time and no other."""
        self.refused += 1
        return self.refused == 1

    async def handle_RCPT(self, server, session, envelope, address, options):
        if MODE == "451-rcpt" and self.refuses():
            return "451 4.7.1 greylisted"
        if MODE == "550-rcpt":
            return "550 5.1.1 nobody of that name"
        if MODE == "drop":
            server.transport.abort()
            return "421 gone"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        if MODE == "451-data" and self.refuses():
            return "451 4.3.0 later"
        tls = "yes" if session.ssl or MODE == "implicit" else "no"
        user = session.auth_data.decode() if session.auth_data else "-"
        head = f"X-Peer-Tls: {tls}\nX-Peer-User: {user}\n"
        self.count += 1
        text = head + envelope.content.decode().replace("\r\n", "\n")
        pathlib.Path(DIRECTORY, f"{self.count:03}").write_text(text)
        return "250 taken"


class Server(SMTP):
    async def smtp_DATA(self, arg):
        if MODE == "tarpit":
            await asyncio.sleep(600)
        await super().smtp_DATA(arg)


def authenticate(server, session, envelope, mechanism, data):
    is_ann = data.login == b"ann" and data.password == b"hunter2"
    return AuthResult(success=is_ann, handled=is_ann, auth_data=data.login)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    handler = Handler()
    implicit = MODE == "implicit"

    def factory():
        return Server(
            handler,
            hostname="localhost",
            tls_context=None if implicit else context,
            require_starttls=not implicit,
            authenticator=authenticate,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        factory, "127.0.0.1", 0, ssl=context if implicit else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
