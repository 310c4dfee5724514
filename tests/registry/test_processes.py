"""Several kernels at one registry: one wins, the other is told, and nothing is half done."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

import nbtrack
from nbtrack.store import Store

PROLOGUE = """
import os, sys, time
import nbtrack
registry = nbtrack.Registry()
store = registry._store
args = sys.argv[1:]

def meet():
    # Ready, and off at the same moment.
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def kernels(place):
    """Start a program several times, each with arguments of its own, and let all go at once."""
    started = []

    def begin(source, *arguments):
        for each in arguments:
            process = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", PROLOGUE + textwrap.dedent(source), *each],
                env={**os.environ, "NBTRACK_STORE": str(place), "NBTRACK_USER": each[0]},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            started.append(process)
        for process in started:
            assert process.stdout.readline() == "ready\n", process.communicate()
        for process in started:
            process.stdin.write("\n")
            process.stdin.flush()
        return started

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def answers(processes):
    told = []
    for process in processes:
        out, err = process.communicate(timeout=150)
        assert (process.returncode, err) == (0, ""), err
        told.append(out.splitlines())
    return told


PROMOTE = """
looked_at = registry.get_model_version("fraud", int(args[1]))
meet()
try:
    registry.transition_stage("fraud", looked_at, "Production")
    print("won")
except nbtrack.errors.RegistryConflict as error:
    print(str(error))
"""


def test_of_two_kernels_that_promote_at_once_one_wins_and_the_other_is_told(fraud, kernels):
    told = answers(kernels(PROMOTE, ("bob", "1"), ("eve", "2")))
    assert sorted(len(each) for each in told) == [1, 1]
    [winner] = [number for number, each in enumerate(told, 1) if each == ["won"]]
    [loser] = [each[0] for each in told if each != ["won"]]
    assert f"Nothing was changed: version {winner} of 'fraud' went to Production" in loser
    assert f"by {('bob', 'eve')[winner - 1]}" in loser
    assert fraud.get_registered_model("fraud").in_production == (winner,)


SWAP = """
meet()
won = 0
for turn in range(6):
    try:
        registry.transition_stage("fraud", 1 + (turn + int(args[1])) % 3, "Production")
        won += 1
    except (nbtrack.errors.RegistryConflict, nbtrack.errors.InvalidValue):
        pass
print(won)
"""


def test_there_are_never_two_in_production_whoever_promotes_what(fraud, kernels):
    processes = kernels(SWAP, ("bob", "0"), ("eve", "1"))
    won = sum(int(each[0]) for each in answers(processes))
    assert won > 0
    there, most, moves = set(), 0, 0
    for change in reversed(list(fraud.history())):
        if change["change"] == "stage moved":
            if change["key"] == "Production":
                there.add(change["version"])
                moves += 1
            else:
                there.discard(change["version"])
            most = max(most, len(there))
    assert (most, moves) == (1, won)
    assert fraud.get_registered_model("fraud").in_production == tuple(there)


REGISTER = """
with nbtrack.run("forest") as run:
    run.keep_artifact("model/MLmodel", args[0].encode())
meet()
for _ in range(5):
    print(nbtrack.register_model(f"runs:/{run.id}/model", "fraud").version)
"""


def test_versions_that_several_register_at_once_are_unique_and_without_a_gap(registry, kernels):
    told = answers(kernels(REGISTER, ("ann",), ("bob",), ("eve",)))
    numbers = [int(line) for each in told for line in each]
    assert sorted(numbers) == list(range(1, 16))
    assert all(sorted(map(int, each)) == list(map(int, each)) for each in told)
    changes = registry.history()["number"]
    assert changes == list(range(len(changes), 0, -1))


KILLED = """
meet()
while True:
    for version in (1, 2):
        registry.transition_stage("fraud", version, "Production", comment="x")
        print(version, flush=True)
"""


def test_who_is_killed_while_promoting_leaves_all_of_a_change_or_none(fraud, kernels):
    [process] = kernels(KILLED, ("bob",))
    told = [int(process.stdout.readline()) for _ in range(3)]
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split()]
    said = [row["version"] for row in fraud.history() if row["comment"] == "x"][::-1]
    # What a call returned from is there, and at most the one after it besides.
    assert said[: len(told)] == told
    assert len(said) - len(told) in (0, 1)
    assert fraud.get_registered_model("fraud").in_production == (said[-1],)


def test_a_second_kernel_sees_at_once_what_the_first_decided(fraud, kernels):
    fraud.transition_stage("fraud", 3, "Production")
    program = """
    meet()
    print(registry.resolve("models:/fraud/Production").version)
    """
    assert answers(kernels(program, ("bob",))) == [["3"]]


def test_whoever_has_the_database_open_is_named_and_nothing_is_changed(fraud, place):
    import duckdb

    holder = duckdb.connect(str(place / "store.duckdb"), read_only=True)
    try:
        # What it reads first is told to be old, and what it would change is refused.
        with (
            pytest.warns(RuntimeWarning, match="is open in this process"),
            pytest.raises(nbtrack.errors.StoreHeld, match="is open in this process"),
        ):
            fraud.transition_stage("fraud", 1, "Production")
    finally:
        holder.close()
    assert fraud.get_model_version("fraud", 1).stage == "None"


def test_compaction_backup_and_a_purge_keep_the_registry(fraud, trained, tmp_path):
    fraud.transition_stage("fraud", 1, "Production")
    store = fraud._store
    run = trained().split("/")[1]
    before = repr(list(fraud.history()))
    store.compact()
    assert repr(list(fraud.history())) == before
    nbtrack.purge(run)
    assert repr(list(fraud.history())) == before
    saved = store.backup(tmp_path / "backup.duckdb")
    another = Store(tmp_path / "another")
    another.restore(saved)
    copied = nbtrack.Registry(tmp_path / "another")
    assert repr(list(copied.history())) == before
    assert copied.resolve("models:/fraud/Production").version == 1
    # And goes on where it was.
    copied.transition_stage("fraud", 2, "Production")
    assert copied.history()["number"][0] == fraud.history()["number"][0] + 2
    fraud.transition_stage("fraud", 2, "Staging")
    store.compact()
    assert fraud.get_model_version("fraud", 2).stage == "Staging"
