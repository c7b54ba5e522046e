# SPDX-License-Identifier: Apache-2.0
"""The server's interface: the page's files, and JSON for the page and for programs (docs/demo.md)."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from demo import messages as say
from demo.clock import Clock, routed_clock
from demo.own_images import of_npz, of_png_files
from demo.people import Person, Session
from demo.service import WORK, Learned, Service, Told
from golden.data import CLASSES, Handwriting
from spec.domains import DOMAINS
from spec.errors import CheckFailed, InputError
from spec.network import NO_CLASS, Mode

PAGE = Path(__file__).with_name("page")
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_START, _INTERFACE = "index.html", "interface.html"
BINARY = "application/octet-stream"
_FILE = {"requestBody": {"required": True, "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}}}
_Key = Annotated[str, Query(max_length=64, description="key of the session")]
_Number = Annotated[int, Query(ge=0, description="number of the person")]
_Name = Annotated[str, Query(max_length=200, description="name of the file")]
_PROBLEM = {status: {"model": say.Problem} for status in (403, 404, 413, 422, 429)}


def page_files() -> dict[str, tuple[bytes, str]]:
    """Every file of the page by its path on the server: content and type. Nothing else is ever read for a request."""
    files = {
        f"/{path.name}": (path.read_bytes(), _KINDS[path.suffix])
        for path in sorted(PAGE.iterdir())
        if path.suffix in _KINDS
    }
    files["/"] = files.pop(f"/{_START}")
    files["/interface"] = files.pop(f"/{_INTERFACE}")
    return files


def file_name(name: str) -> str:
    """A name that a client gave a file, as it may be shown: the last part, short and printable."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter if letter.isprintable() else "?" for letter in last)[:60] or "unnamed"


# ---- What is answered ------------------------------------------------------------------------------------------------
def _character(label: int) -> str:
    return "" if label == NO_CLASS else CLASSES[label]


def _answered(told: Told, mode: Mode, theta: int, image, clock: Clock | None, gate_step: float) -> say.Answered:
    answer, view, line = told.answer, told.view, told.answer.timeline
    guesses = [
        guess and say.Guess(label=guess.label, character=_character(guess.label), share=round(guess.share, 4))
        for guess in ((view.first, view.second) if view else (None, None))
    ]
    gate = None
    if view and view.margin is not None:
        gate = say.Gate(margin=round(view.margin * gate_step, 4), theta=round(theta * gate_step, 4))
    return say.Answered(
        mode=say.ModeName[mode.name],
        expert=None if answer.expert is None else "LE" if answer.expert else "GE",
        first=guesses[0],
        second=guesses[1],
        gate=gate,
        cycles=answer.cycles,
        microseconds=answer.cycles / clock.mhz if clock and answer.cycles else None,
        energy=say.Energy(
            image=round(told.proxy.image, 2),
            ge_only=round(told.proxy.ge_only, 2),
            ratio=round(told.proxy.image / told.proxy.ge_only, 4),
        ),
        power=say.Power(
            ends=line.ends.tolist(),
            on={name: line.on[:, d].round(3).tolist() for d, name in enumerate(DOMAINS)},
            active={name: line.active[:, d].round(3).tolist() for d, name in enumerate(DOMAINS)},
        ),
        pixels=image.tolist(),
        bank=told.digest,
    )


def _seen(session: Session) -> say.SessionSeen:
    def person(one: Person) -> say.PersonSeen:
        lines = [
            say.Line(
                kind=entry.kind,
                text=entry.text,
                label=entry.label,
                pixels=None if entry.image is None else entry.image.tolist(),
            )
            for entry in one.entries
        ]
        return say.PersonSeen(name=one.name, bank=one.state.weights.digest, taught=lines)

    return say.SessionSeen(session=session.key, people=[person(one) for one in session.people])


def _learned(found: Learned, session: Session) -> say.LearnedSeen:
    table = found.confusions
    return say.LearnedSeen(
        taught=found.taught,
        lessons=found.lessons,
        images=table.images,
        held_out=found.held_out,
        right_before=table.right_before,
        right_after=table.right_after,
        confusions=[
            say.ConfusionSeen(
                character=_character(one.label), read=_character(one.read), before=one.before, after=one.after
            )
            for one in table.pairs
        ],
        session=_seen(session),
    )


# ---- The application -------------------------------------------------------------------------------------------------
def application(service: Service, work: Path = WORK) -> FastAPI:
    """The interface of a service; ``work``: folder for what is written meanwhile."""
    app = FastAPI(
        title="Personalizable mixture-of-experts accelerator",
        description="A simulated device that reads characters and learns a person's handwriting (docs/demo.md).",
        version="1",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        responses=_PROBLEM,
    )
    _say_sentences(app)
    _serve_files(app)
    design, sessions = service.design, service.sessions
    clock = routed_clock(design)

    @app.get("/about", summary="what device this is")
    async def about() -> say.About:
        return say.About(
            design=design.name,
            characters=CLASSES[: design.moe.network.classes],
            modes=[mode.name for mode in Mode],
            clock=say.Clock(**vars(clock)) if clock else None,
            generic=service.others_source,
        )

    @app.post("/session", summary="a new session with one person, who has the factory bank")
    async def open_session() -> say.SessionSeen:
        return _seen(sessions.open())

    @app.get("/session", summary="the people of a session, and what was taught")
    async def session(session: _Key) -> say.SessionSeen:
        return _seen(sessions.find(session))

    @app.delete("/session", summary="forget a session", status_code=204)
    async def close_session(session: _Key) -> None:
        sessions.close(session)

    @app.post("/people", summary="one more person, with the factory bank")
    async def add_person(asked: say.NewPerson) -> say.SessionSeen:
        found = sessions.find(asked.session)
        sessions.add_person(found, asked.name)
        return _seen(found)

    @app.post("/classify", summary="let the device answer an image")
    async def classify(asked: say.Classify) -> say.Answered:
        state = sessions.find(asked.session).person(asked.person).state
        image, mode = asked.image(), Mode[asked.mode.name]
        told = await service.classify(state, mode, image, asked.theta)
        return _answered(told, mode, asked.theta, image, clock, service.golden.gate_step)

    @app.post("/compare", summary="one image with the bank of everybody in the session, in MOE_GATED")
    async def compare(asked: say.Compare) -> say.Compared:
        image = asked.image()
        told = [
            await service.classify(person.state, Mode.MOE_GATED, image)
            for person in list(sessions.find(asked.session).people)
        ]
        return say.Compared(
            answers=[
                say.Guess(
                    label=one.view.first.label,
                    character=_character(one.view.first.label),
                    share=round(one.view.first.share, 4),
                )
                for one in told
            ],
            experts=["LE" if one.answer.expert else "GE" for one in told],
        )

    @app.post("/correct", summary="teach the device what an image is; it learns by itself, on chip")
    async def correct(asked: say.Correct) -> say.SessionSeen:
        found = sessions.find(asked.session)
        label = asked.class_of(design.moe.network.classes)
        await service.correct(found.person(asked.person), asked.image(), label)
        return _seen(found)

    @app.post("/undo", summary="restore the bank before the last thing that was taught")
    async def undo(asked: say.OfPerson) -> say.SessionSeen:
        found = sessions.find(asked.session)
        await service.undo(found.person(asked.person))
        return _seen(found)

    @app.post("/factory", summary="start again from the factory bank")
    async def factory(asked: say.OfPerson) -> say.SessionSeen:
        found = sessions.find(asked.session)
        await service.begin_again(found.person(asked.person))
        return _seen(found)

    @app.get(
        "/bank",
        summary="a person's bank file",
        response_class=Response,
        responses={200: {"content": {BINARY: {}}}},
    )
    async def save_bank(session: _Key, person: _Number = 0) -> Response:
        content = service.bank_file(sessions.find(session).person(person))
        headers = {"content-disposition": 'attachment; filename="person.bank"'}
        return Response(content, media_type=BINARY, headers=headers)

    @app.post("/bank", summary="let a bank file be a person's bank", openapi_extra=_FILE)
    async def load_bank(
        request: Request, session: _Key, person: _Number = 0, name: _Name = "a.bank"
    ) -> say.SessionSeen:
        found = sessions.find(session)
        await service.load(found.person(person), await request.body(), file_name(name))
        return _seen(found)

    @app.get("/others", summary="how well a fixed set of other people's handwriting is read with a person's bank")
    async def others(session: _Key, person: _Number = 0) -> say.OthersSeen:
        state = sessions.find(session).person(person).state
        now, first, by_ge = await service.others(state)
        return say.OthersSeen(
            now=say.ShareSeen(**vars(now)),
            factory=say.ShareSeen(**vars(first)),
            ge=by_ge,
            images=service.others_count,
            source=service.others_source,
            bank=state.weights.digest,
        )

    async def learn(session: Session, person: Person, own: Handwriting, name: str) -> say.LearnedSeen:
        return _learned(await service.learn_images(person, own, file_name(name)), session)

    @app.post(
        "/images/npz",
        summary="teach images of an .npz file, and count confusions before and after",
        openapi_extra=_FILE,
    )
    async def npz(request: Request, session: _Key, person: _Number = 0, name: _Name = "a.npz") -> say.LearnedSeen:
        found = sessions.find(session)
        chosen = found.person(person)
        return await learn(found, chosen, await service.background.run(of_npz, await request.body(), work), name)

    @app.post("/images/png", summary="teach images of a folder of PNG files, and count confusions before and after")
    async def png(asked: say.PngFiles) -> say.LearnedSeen:
        found = sessions.find(asked.session)
        chosen = found.person(asked.person)
        files = [(file.name, file.content) for file in asked.files]
        return await learn(found, chosen, await service.background.run(of_png_files, files, work), asked.name)

    return app


def _serve_files(app: FastAPI) -> None:
    files = page_files()

    async def file(request: Request) -> Response:
        content, kind = files[request.url.path]
        return Response(content, media_type=kind)

    for path in files:
        app.add_api_route(path, file, include_in_schema=False)


def _say_sentences(app: FastAPI) -> None:
    """Whatever is wrong is answered with one sentence."""

    def problem(status: int, sentence: str) -> JSONResponse:
        return JSONResponse({"detail": sentence}, status)

    @app.exception_handler(InputError)
    async def bad_input(_: Request, error: InputError) -> JSONResponse:
        failed = isinstance(error, CheckFailed)  # what a device does wrong may be both
        return problem(500 if failed else getattr(error, "status", 422), str(error))

    @app.exception_handler(CheckFailed)
    async def failed(_: Request, error: CheckFailed) -> JSONResponse:
        return problem(500, str(error))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        what = {404: f"there is no {request.url.path[:100]} here", 405: f"{request.method} is not for this address"}
        return problem(error.status_code, what.get(error.status_code, str(error.detail)))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return problem(422, "the request is not JSON")
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query"))
        return problem(422, f"{where[:100] or 'the request'}: {first['msg'][:200]}")
