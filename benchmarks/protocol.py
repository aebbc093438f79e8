"""A browser's half of Streamlit's protocol, without the browser: opens a page, changes fields, counts what comes back."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

TEXT_WIDGETS = ("text_input", "text_area")
EDITOR = "(data editor)"


@dataclass
class Answer:
    """What one run sent: elements by kind, bytes, error messages."""

    elements: Counter[str] = field(default_factory=Counter)
    octets: int = 0
    errors: list[str] = field(default_factory=list)


class Client:
    """One tab of one browser. `cookie` is the session's, as the browser sends it."""

    def __init__(self, port: int, page: str = "", query: str = "", cookie: str = "") -> None:
        self.port, self.page, self.query, self.cookie = port, page, query, cookie
        self.widgets: dict[str, str] = {}
        self.states: dict[str, tuple[str, Any]] = {}
        self.fragments: dict[str, str] = {}
        self._hash = ""
        self._socket: Any = None

    async def open(self) -> Answer:
        """Connect and run the page once."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        self._socket = await websockets.connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            subprotocols=["streamlit", "PLACEHOLDER"],  # type: ignore[list-item]
            max_size=None,
            origin=f"http://127.0.0.1:{self.port}",  # type: ignore[arg-type]
            compression=None,
            additional_headers=headers,
        )
        return await self.run()

    async def close(self) -> None:
        """Leave."""
        await self._socket.close()

    async def type(self, label: str, text: str) -> Answer:
        """Leave a text field with this text; the part of the page that a browser would run again runs again."""
        ident = self.widgets[label]
        self.states[ident] = ("string_value", text)
        return await self.run(self.fragments.get(ident, ""))

    async def click(self, label: str) -> Answer:
        """Press a button; the part of the page that a browser would run again runs again."""
        await self.press(label)
        return await self._receive()

    async def press(self, label: str) -> None:
        """Press a button and do not wait for what comes."""
        ident = self.widgets[label]
        await self.send(self.fragments.get(ident, ""), {ident: ("trigger_value", True)})

    async def edit(self, cells: dict[int, dict[str, str]]) -> Answer:
        """Change cells of the page's data editor, by line and column; the part that a browser would run again runs again."""
        ident = self.widgets[EDITOR]
        edits = {"edited_rows": cells, "added_rows": [], "deleted_rows": []}
        self.states[ident] = ("string_value", json.dumps(edits))
        return await self.run(self.fragments.get(ident, ""))

    async def run(self, fragment: str = "") -> Answer:
        """Run the page (or one fragment) with the widgets as they stand."""
        await self.send(fragment)
        return await self._receive()

    async def send(self, fragment: str = "", clicks: dict[str, tuple[str, Any]] | None = None) -> None:
        """Ask for a run of the page (or of one fragment) and do not wait for it. A click is sent once."""
        message = BackMsg()
        request = message.rerun_script
        request.query_string, request.fragment_id = self.query, fragment
        request.page_name, request.page_script_hash = "" if self._hash else self.page, self._hash
        for ident, (kind, value) in (self.states | (clicks or {})).items():
            state = request.widget_states.widgets.add()
            state.id = ident
            setattr(state, kind, value)
        await self._socket.send(message.SerializeToString())

    async def drain(self, quiet: float) -> None:
        """Read what comes until nothing has for `quiet` seconds."""
        with suppress(TimeoutError):
            while True:
                await asyncio.wait_for(self._socket.recv(), quiet)

    async def _receive(self) -> Answer:
        answer = Answer()
        while True:
            data = await asyncio.wait_for(self._socket.recv(), 60)
            answer.octets += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self._hash = message.navigation.page_script_hash
            elif kind == "delta":
                self._take(message, answer)
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return answer

    def _take(self, message: ForwardMsg, answer: Answer) -> None:
        delta = message.delta
        if delta.WhichOneof("type") != "new_element":
            answer.elements["container"] += 1
            return
        element = delta.new_element
        kind = str(element.WhichOneof("type"))
        answer.elements[kind] += 1
        if kind == "exception" or (kind == "alert" and element.alert.format == element.alert.ERROR):
            answer.errors.append(str(element.exception.message or element.alert.body))
        proto = getattr(element, kind)
        if kind == "dataframe" and proto.id:
            self.widgets[EDITOR], self.fragments[proto.id] = proto.id, delta.fragment_id
        if kind == "button":
            self.widgets[proto.label], self.fragments[proto.id] = proto.id, delta.fragment_id
        if kind in (*TEXT_WIDGETS, "checkbox"):
            self.widgets[proto.label] = proto.id
            self.fragments[proto.id] = delta.fragment_id
            if proto.set_value or proto.id not in self.states:
                value = proto.value if proto.set_value else proto.default
                self.states[proto.id] = ("bool_value" if kind == "checkbox" else "string_value", value)
