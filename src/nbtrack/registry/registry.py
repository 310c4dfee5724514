"""The registry of models as a user holds it: names, versions, stages, and who decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from nbtrack.errors import InvalidValue, ModelNotFound
from nbtrack.registry.adopting import adopt, folder_given
from nbtrack.registry.finding import find_alias, find_requests, find_version
from nbtrack.registry.gates import Gates, declare
from nbtrack.registry.moves import move, move_back
from nbtrack.registry.names import check_alias, check_model_name, check_stage
from nbtrack.registry.reading import Place, RegistryView, store_of, utc_time
from nbtrack.registry.records import ModelVersion, RegisteredModel, Request
from nbtrack.registry.source import source_of
from nbtrack.registry.turn import Turn, turn_at
from nbtrack.tracking.settling import settle
from nbtrack.tracking.values import check_key

if TYPE_CHECKING:
    pass

AnyVersion = int | str | ModelVersion


class Registry(RegistryView):
    """The registered models of a store, to be read and changed; with MLflow's client's names.

    Each change is an event with who made it, when, why (``comment``) and from where; nothing
    is overwritten, and it is on the disk when the call returns.

    >>> registry = nbtrack.Registry()
    >>> registry.transition_stage("fraud", 3, "Production", comment="better on the May data")
    >>> registry.history("fraud")
    """

    def __init__(self, store: Place = None) -> None:
        super().__init__(store_of(store))

    def as_of(self, time: datetime | str) -> RegistryView:
        """The registry as it was at a time (UTC where no zone is named), to be read."""
        return RegistryView(self._store, utc_time(time))

    # Models

    def create_registered_model(
        self, name: str, tags: Mapping[str, object] | None = None, description: str | None = None
    ) -> RegisteredModel:
        """A model without a version yet. Raises `InvalidValue` if there is one of that name."""
        with turn_at(self._store) as turn:
            check_model_name(name)
            if _has_model(turn, name):
                raise InvalidValue(f"There is a registered model {name!r} already.")
            _create_model(turn, name, tags, description)
        return self.get_registered_model(name)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name; its history goes on."""
        with turn_at(self._store) as turn:
            check_model_name(new_name)
            if _has_model(turn, new_name):
                raise InvalidValue(f"There is a registered model {new_name!r} already.")
            turn.append("model renamed", turn.model_id(name), key=name, value=new_name)
        return self.get_registered_model(new_name)

    def update_registered_model(self, name: str, description: str | None = None) -> RegisteredModel:
        """Describe a model anew."""
        with turn_at(self._store) as turn:
            turn.append("described", turn.model_id(name), value=str(description or ""))
        return self.get_registered_model(name)

    def delete_registered_model(self, name: str, comment: str = "") -> None:
        """Take a model out of the registry, with its versions; its history stays.

        Raises `InvalidValue` while a version is in Production or Staging.
        """
        with turn_at(self._store) as turn:
            model = turn.model_id(name)
            if self._busy(turn, name):
                raise InvalidValue(
                    f"A version of {name!r} is in Production or Staging; archive it first."
                )
            turn.append("model deleted", model, comment=comment)

    def set_registered_model_tag(self, name: str, key: str, value: object) -> None:
        """Tag a model."""
        with turn_at(self._store) as turn:
            turn.append("tagged", turn.model_id(name), key=check_key(key, "tag"), value=str(value))

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a model's tag; one that is not there changes nothing."""
        with turn_at(self._store) as turn:
            model = turn.model(name)
            if key in model["tags"]:
                turn.append("tagged", model["model"], key=key, value=None)

    def set_model_card(self, name: str, card: str, version: AnyVersion | None = None) -> None:
        """Write the card of a model, or of one version: markdown, as a whole."""
        with turn_at(self._store) as turn:
            number = None if version is None else turn.version(name, version).version
            turn.append("card written", turn.model_id(name), number, value=str(card))

    def set_gates(
        self,
        name: str,
        *,
        metric: str | Sequence[str] | None = None,
        greater_is_better: bool | None = None,
        data: str | None = None,
        tolerance: float = 0.0,
        verdict: bool = False,
        approver: bool = False,
        description: bool = False,
        where: str = "",
        comment: str = "",
    ) -> Gates:
        """Declare what a version needs before it goes to Production, in place of what was declared.

        Parameters
        ----------
        metric : at least as good as that of what is in Production, on the same data.
        greater_is_better : where the metric's name does not tell.
        data : the name of the data on which both were measured; by default, all that both runs
            read under the same name has to be the same.
        tolerance : how much worse is good enough, as a share: 0.01.
        verdict : the run is *clean*, or was replayed with the same metrics.
        approver : who promotes it has neither trained, registered nor asked for it.
        description : the version is described.
        where : a filter that it fits, such as ``"metrics.auc > .9 and tags.reviewed = 'yes'"``.
        """
        gates = declare(
            metric, greater_is_better, data, tolerance, verdict, approver, description, where
        )
        if gates.where:
            self.search_model_versions(gates.where, 1)
        with turn_at(self._store) as turn:
            text = msgspec.json.encode(gates).decode()
            turn.append("gates declared", turn.model_id(name), value=text, comment=comment)
        return gates

    # Versions

    def create_model_version(
        self,
        name: str,
        source: object,
        run_id: str | None = None,  # noqa: ARG002 - MLflow's; the source names the run
        tags: Mapping[str, object] | None = None,
        run_link: str | None = None,  # noqa: ARG002
        description: str | None = None,
    ) -> ModelVersion:
        """A new version of a model that there is; as `register`."""
        self.get_registered_model(name)
        return self.register(source, name, tags=tags, description=description)

    def register(
        self,
        model_uri: object,
        name: str,
        *,
        tags: Mapping[str, object] | None = None,
        description: str | None = None,
        comment: str = "",
    ) -> ModelVersion:
        """A new version of ``name``, which is created if need be: what ``model_uri`` names.

        That is ``runs:/<run>/<path>``, ``models:/…`` for a version that is copied, or the path
        of a folder with a model in MLflow's layout, which a new run then keeps. Raises
        `InvalidValue` if the run keeps nothing there, `InvalidModel` if the folder has no model,
        `RunNotFound` or `ModelNotFound`.
        """
        check_model_name(name)
        texts = _tag_texts(tags)
        if (folder := folder_given(model_uri)) is not None:
            model_uri = adopt(self._store, folder)
        settle()
        source = source_of(self._store, model_uri)
        with turn_at(self._store) as turn:
            if not _has_model(turn, name):
                model, version = _create_model(turn, name, None, None), 1
            else:
                row = turn.model(name)
                model, version = row["model"], row["last_version"] + 1
            turn.append(
                "version created",
                model,
                version,
                run=source.run_id,
                key=source.path,
                value=source.digest,
                comment=comment,
            )
            if description:
                turn.append("described", model, version, value=description)
            for key, text in texts.items():
                turn.append("tagged", model, version, key=key, value=text)
        return self.get_model_version(name, version)

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """A new version of ``dst_name`` that is what another version is."""
        return self.register(src_model_uri, dst_name, comment=f"copied from {src_model_uri}")

    def update_model_version(
        self, name: str, version: AnyVersion, description: str | None = None
    ) -> ModelVersion:
        """Describe a version anew."""
        with turn_at(self._store) as turn:
            number = turn.version(name, version).version
            text = str(description or "")
            turn.append("described", turn.model_id(name), number, value=text)
        return self.get_model_version(name, number)

    def set_model_version_tag(
        self, name: str, version: AnyVersion, key: str, value: object
    ) -> None:
        """Tag a version."""
        with turn_at(self._store) as turn:
            number = turn.version(name, version).version
            tag = check_key(key, "tag")
            turn.append("tagged", turn.model_id(name), number, key=tag, value=str(value))

    def delete_model_version_tag(self, name: str, version: AnyVersion, key: str) -> None:
        """Remove a version's tag; one that is not there changes nothing."""
        with turn_at(self._store) as turn:
            found = turn.version(name, version)
            if key in found.tags:
                turn.append("tagged", turn.model_id(name), found.version, key=key, value=None)

    def delete_model_version(self, name: str, version: AnyVersion, comment: str = "") -> None:
        """Take a version out of the registry, with its aliases; its history and its number stay.

        Raises `InvalidValue` while it is in Production or Staging.
        """
        with turn_at(self._store) as turn:
            found = turn.version(name, version)
            if found.stage in ("Production", "Staging"):
                raise InvalidValue(
                    f"Version {found.version} of {name!r} is in {found.stage}; archive it first."
                )
            model = turn.model_id(name)
            for alias in found.aliases:
                turn.append("alias set", model, None, key=alias)
            turn.append("version deleted", model, found.version, comment=comment)

    def set_registered_model_alias(
        self, name: str, alias: str, version: AnyVersion, comment: str = ""
    ) -> None:
        """Let ``models:/<name>@<alias>`` be this version, whatever it was before."""
        with turn_at(self._store) as turn:
            number = turn.version(name, version).version
            key = check_alias(alias)
            turn.append("alias set", turn.model_id(name), number, key=key, comment=comment)

    def delete_registered_model_alias(self, name: str, alias: str, comment: str = "") -> None:
        """Remove an alias. Raises `ModelNotFound` if there is none."""
        with turn_at(self._store) as turn:
            find_alias(turn.asked, name, alias)
            turn.append("alias set", turn.model_id(name), None, key=alias, comment=comment)

    # Stages

    def transition_stage(
        self,
        name: str,
        version: AnyVersion,
        stage: str,
        archive_existing_versions: bool | None = None,
        comment: str = "",
        *,
        override: str | None = None,
        seen: int | None = None,
    ) -> ModelVersion:
        """Move a version to ``None``, ``Staging``, ``Production`` or ``Archived``.

        Parameters
        ----------
        archive_existing_versions : what is in that stage goes to Archived. By default so for
            Production alone; ``False`` lets two be there at once.
        override : why it goes to Production although a gate is not met. Told for ever.
        seen : the change up to which you know the registry (`ModelVersion.seen`). By default
            that of ``version``, if it is one that was read, else the last one now.

        Raises
        ------
        PromotionRefused : a gate is not met; its message has every reason, with the figures.
        RegistryConflict : somebody moved a version of the model since; nothing was changed.
        """
        wanted = check_stage(stage)
        settle()
        known = self._seen(name, version, seen)
        with turn_at(self._store) as turn:
            move(
                turn,
                name,
                version,
                wanted,
                archive=archive_existing_versions,
                comment=comment,
                override=override,
                seen=known,
            )
        return self.get_model_version(name, _number(version))

    transition_model_version_stage = transition_stage

    def roll_back(self, name: str, comment: str = "", *, seen: int | None = None) -> ModelVersion:
        """Bring back to Production what was there before, and archive what is there now.

        No gate is asked: it was when that version came there first. Doing so again goes further
        back. Raises `InvalidValue` where there is nothing before.
        """
        known = self._seen(name, None, seen)
        with turn_at(self._store) as turn:
            back, _ = move_back(turn, name, comment, known)
        return self.get_model_version(name, back)

    def request_transition(
        self, name: str, version: AnyVersion, stage: str, comment: str = ""
    ) -> Request:
        """Ask that a version be moved to a stage; `approve` or `reject` answers."""
        wanted = check_stage(stage)
        with turn_at(self._store) as turn:
            found = turn.version(name, version)
            if found.stage == wanted:
                raise InvalidValue(f"Version {found.version} of {name!r} is in {wanted} already.")
            made = turn.append(
                "requested", turn.model_id(name), found.version, key=wanted, comment=comment
            )
        return self._request(made.number)

    def approve(
        self,
        request: int | Request,
        comment: str = "",
        archive_existing_versions: bool | None = None,
        *,
        override: str | None = None,
        seen: int | None = None,
    ) -> ModelVersion:
        """Grant a request: the version is moved, as by `transition_stage`."""
        settle()
        asked = self._request(request)
        known = self._seen(asked.name, None, seen)
        with turn_at(self._store) as turn:
            open_one = _open_request(turn, asked)
            move(
                turn,
                open_one.name,
                open_one.version,
                open_one.stage,
                archive=archive_existing_versions,
                comment=comment,
                override=override,
                seen=known,
                request=open_one,
            )
        return self.get_model_version(asked.name, asked.version)

    def reject(self, request: int | Request, comment: str = "") -> Request:
        """Refuse a request, or take back one's own."""
        asked = self._request(request)
        with turn_at(self._store) as turn:
            open_one = _open_request(turn, asked)
            turn.append(
                "decided",
                turn.model_id(open_one.name),
                open_one.version,
                key="rejected",
                about=open_one.request,
                comment=comment,
            )
        return self._request(asked.request)

    def comment(self, name: str, version: AnyVersion | None, text: str) -> None:
        """Say something about a version, or about the model as a whole."""
        if not text.strip():
            raise InvalidValue("A comment is not empty.")
        with turn_at(self._store) as turn:
            number = None if version is None else turn.version(name, version).version
            turn.append("commented", turn.model_id(name), number, comment=text)

    # Within

    def _seen(self, name: str, version: object, seen: int | None) -> int:
        from nbtrack.store import last_number

        if seen is not None:
            return seen
        if isinstance(version, ModelVersion):
            return version.seen
        if version is not None:
            return find_version(self._store, name, version).seen
        return last_number(self._store)

    def _request(self, request: int | Request) -> Request:
        number = request.request if isinstance(request, Request) else request
        for each in find_requests(self._store):
            if each.request == number:
                return each
        raise ModelNotFound(
            f"There is no request {number!r}; registry.requests() lists those that are open."
        )

    def _busy(self, turn: Turn, name: str) -> bool:
        from nbtrack.store import version_table

        busy = version_table(turn.asked, "stage IN ('Production', 'Staging')", name=name)
        return bool(busy.num_rows)


def _has_model(turn: Turn, name: str) -> bool:
    from nbtrack.store import model_row

    return model_row(turn.asked, name) is not None


def _create_model(
    turn: Turn, name: str, tags: Mapping[str, object] | None, description: str | None
) -> int:
    model = turn.append("model created", None, value=name).number
    if description:
        turn.append("described", model, value=description)
    for key, text in _tag_texts(tags).items():
        turn.append("tagged", model, key=key, value=text)
    return model


def _open_request(turn: Turn, asked: Request) -> Request:
    [found] = [each for each in find_requests(turn.asked) if each.request == asked.request] or [
        asked
    ]
    if found.status != "open":
        raise InvalidValue(
            f"Request {found.request} was {found.status} by {found.decided_by} already."
        )
    return found


def _tag_texts(tags: Mapping[str, Any] | None) -> dict[str, str]:
    return {check_key(key, "tag"): str(value) for key, value in (tags or {}).items()}


def _number(version: AnyVersion) -> int:
    return version.version if isinstance(version, ModelVersion) else int(version)
