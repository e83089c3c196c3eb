"""The one port: HTTP requests are read, meet the weather, are answered and written down."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from aiohttp import web

from tests.support.discord.faults import Fault, RateLimit
from tests.support.discord.gateway import Gateway, reset
from tests.support.discord.refusals import Payload, RefusedError
from tests.support.discord.rest import Answer, Call, Rest
from tests.support.discord.state import World

API = "/api/v10"
"""Where the REST routes begin."""


@dataclass(frozen=True)
class Request:
    """A request that arrived.

    Attributes:
        status: What it was answered with; None when it got no answer.
        refusal: Why it was refused, when not by a fault that was ordered.
        at: When it arrived, by `time.perf_counter`.
    """

    method: str
    path: str
    body: Payload
    status: int | None
    refusal: str | None
    at: float

    def is_to(self, method: str, beginning: str) -> bool:
        """Whether it has this method, and a path that begins like this."""
        return self.method == method and self.path.startswith(beginning)


class Listener:
    """Listens on a port of the loopback, from `start` to `stop`, again and again.

    Attributes:
        faults: What goes wrong; the first one that takes a request has it.
        rate_limits: Every one that covers a request counts it.
        requests: All that arrived, in the order in which they were answered.
        ahead_s: How far its clock is ahead of ours.
    """

    def __init__(self, port: int, world: World, gateway: Gateway, rest: Rest, changed: Callable[[], None]) -> None:
        self.faults: list[Fault] = []
        self.rate_limits: list[RateLimit] = []
        self.requests: list[Request] = []
        self.ahead_s = 0.0
        self._port = port
        self._world = world
        self._gateway = gateway
        self._rest = rest
        self._changed = changed
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to listen."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.on_response_prepare.append(self._tell_time)
        app.router.add_get("/gateway", self._gateway.handle)
        app.router.add_get("/files/{id}/{name}", self._file)
        app.router.add_route("*", API + "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()

    async def stop(self) -> None:
        """Stop listening, and end what is under way."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _tell_time(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(time.time() + self.ahead_s, usegmt=True)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        at = time.perf_counter()
        method, path = request.method, request.path.removeprefix(API)
        fault = next((one for one in self.faults if one.takes(method, path)), None)
        call = await _read(request, path)
        if fault is not None and fault.delay_s:
            # Whoever waits for the fault is told now, and not when the request has been answered.
            self._changed()
            await asyncio.sleep(fault.delay_s)
        if fault is not None and not fault.is_after and (fault.is_reset or fault.status is not None):
            self._record(Request(method, path, call.body, fault.status, None, at))
            return _failed(request, fault)
        headers: dict[str, str] = {}
        for limit in self.rate_limits:
            if limit.covers(method, path):
                retry_after_s, told = limit.take(_major(path))
                headers |= told
                if retry_after_s is not None:
                    self._record(Request(method, path, call.body, 429, None, at))
                    return _limited(retry_after_s, headers)
        refusal = None
        answer: Answer = None
        status = 200
        try:
            token = request.headers.get("Authorization", "").removeprefix("Bot ")
            answer = self._rest.answer(call, is_authorized=token == self._gateway.token)
        except RefusedError as error:
            refusal, status, answer = str(error), error.status, error.body()
        if answer is None:
            status = 204
        if fault is not None and fault.is_after:
            self._record(Request(method, path, call.body, None, refusal, at))
            return _failed(request, fault)
        self._record(Request(method, path, call.body, status, refusal, at))
        return web.Response(status=204, headers=headers) if answer is None else _json(answer, status, headers)

    def _record(self, request: Request) -> None:
        self.requests.append(request)
        self._changed()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        stored = self._world.attachments.get(int(request.match_info["id"]))
        if stored is None:
            return web.Response(status=404)
        return web.Response(body=stored.content, headers={"Content-Type": stored.content_type})


async def _read(request: web.Request, path: str) -> Call:
    """A request with its JSON, which in a request with files is a part of its own."""
    text, files = "", {}
    if request.content_type == "multipart/form-data":
        form = await request.post()
        for name, value in form.items():
            if isinstance(value, web.FileField):
                files[int(name.removeprefix("files[").removesuffix("]"))] = (value.filename, value.file.read())
            elif name == "payload_json":
                text = str(value)
    else:
        text = await request.text()
    body = json.loads(text) if text else {}
    if isinstance(body, list):
        return Call(request.method, path, request.query, {}, commands=body)
    return Call(request.method, path, request.query, body, files=files)


def _json(answer: Answer, status: int, headers: dict[str, str]) -> web.Response:
    # discord.py reads JSON only under exactly this type; aiohttp's own would add a charset.
    return web.Response(
        body=json.dumps(answer).encode(), status=status, headers={"Content-Type": "application/json"} | headers
    )


def _failed(request: web.Request, fault: Fault) -> web.StreamResponse:
    if fault.is_reset or fault.status is None:
        reset(request)
        return web.Response(status=500)
    if fault.status == 429:
        if fault.is_from_proxy:
            return web.Response(status=429, text="error code: 1015", headers={"Retry-After": "1"})
        return _limited(fault.retry_after_s, {}, is_global=fault.is_global)
    return _json({"message": f"{fault.status}: by order", "code": fault.code}, fault.status, {})


def _limited(retry_after_s: float, headers: dict[str, str], *, is_global: bool = False) -> web.Response:
    body: Payload = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": is_global}
    told = {"Via": "1.1 google", "Retry-After": str(max(1, round(retry_after_s)))}
    # Those of webhooks and messages are "user" as a rule: the bot's own share.
    scope = {"X-RateLimit-Scope": "global" if is_global else "user"}
    scope |= {"X-RateLimit-Global": "true"} if is_global else {}
    return _json(body, 429, headers | told | scope)


def _major(path: str) -> str:
    """The channel, server or webhook in a path: each has limits of its own."""
    parts = path.split("/")
    return "/".join(parts[1:4] if parts[1] == "webhooks" else parts[1:3])
