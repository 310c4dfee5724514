"""``nbtrack registry``, run in this process as the program runs it."""

import pytest

from nbtrack import cli


@pytest.fixture
def nb(fraud, capsys):
    """What the program prints, and its exit status."""

    def run(*arguments):
        status = 0
        try:
            cli.commands(["registry", *arguments], standalone_mode=False)
        except SystemExit as end:
            status = end.code
        return status, capsys.readouterr().out

    from nbtrack.cli import registry  # noqa: F401 - adds its commands

    return run


def test_models_and_versions_are_listed(nb):
    status, out = nb("list")
    assert (status, out.splitlines()[1].split()[0]) == (0, "fraud")
    _, out = nb("list", "metrics.accuracy > 0.9")
    assert [line.split(",")[0] for line in out.splitlines()] == [
        "ModelVersion fraud 3",
        "ModelVersion fraud 2",
    ]


def test_a_promotion_its_gates_and_the_way_back(nb, fraud):
    assert nb("promote", "fraud", "1", "-m", "first")[1].startswith("ModelVersion fraud 1, Prod")
    fraud.set_gates("fraud", description=True)
    status, out = nb("check", "fraud", "2")
    assert (status, out) == (1, "✗ description: the version has no description\n")
    nb("promote", "fraud", "2", "--override", "the shop is down")
    assert fraud.get_model_version("fraud", 2).how == "override"
    assert "fraud 1, Production" in nb("roll-back", "fraud", "-m", "slow")[1]
    assert "the shop is down" in nb("history", "fraud")[1]


def test_a_refusal_is_told_by_the_program(fraud, capsys, monkeypatch):
    fraud.set_gates("fraud", description=True)
    with pytest.raises(SystemExit) as end:
        cli.main(["registry", "promote", "fraud", "1"])
    assert end.value.code == 1
    assert "nbtrack: Version 1 of 'fraud' does not go to Production:" in capsys.readouterr().err
