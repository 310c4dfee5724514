"""Runs that end with their process: each is closed, and told truthfully."""

import signal

import nbtrack


def status_of(name):
    return nbtrack.get_run(name).status


def test_a_script_that_ends_with_an_open_run_finished_it(script):
    done = script("""
        import nbtrack
        nbtrack.start_run(run_name="open")
        nbtrack.log(a=1)
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert status_of("open") == "finished"


def test_a_script_that_dies_of_an_exception_failed_its_run(script):
    done = script("""
        import nbtrack
        nbtrack.start_run(run_name="broken")
        raise RuntimeError("no data")
    """)
    assert done.returncode == 1
    assert status_of("broken") == "failed"
    assert "RuntimeError: no data" in nbtrack.get_run("broken").text("traceback")


def test_sigterm_leaves_a_run_that_is_shown_as_killed(script):
    done = script("""
        import os, signal, nbtrack
        nbtrack.start_run(run_name="stopped")
        nbtrack.log(a=1)
        os.kill(os.getpid(), signal.SIGTERM)
    """)
    assert done.returncode == -signal.SIGTERM
    assert status_of("stopped") == "killed"
    assert nbtrack.get_run("stopped").metrics == {"a": 1.0}


def test_a_forked_child_logs_to_its_parents_run_and_does_not_end_it(script):
    done = script("""
        import os, sys, warnings, nbtrack
        with nbtrack.run("parent") as run:
            run.log(before=1)
            pid = os.fork()
            if pid == 0:
                run.log(child=2, before=3)
                run.end()
                sys.exit(0)
            assert os.waitpid(pid, 0)[1] == 0
            print(nbtrack.get_run("parent").status)
            run.log(after=4)
    """)
    assert (done.stdout, done.stderr) == ("running\n", "")
    back = nbtrack.get_run("parent")
    assert back.status == "finished"
    assert back.metrics == {"before": 3.0, "child": 2.0, "after": 4.0}


def test_children_of_multiprocessing_close_their_own_runs(script):
    done = script("""
        import multiprocessing, nbtrack

        def train(i):
            with nbtrack.run(f"child-{i}", i=i) as run:
                run.log(loss=i)

        if __name__ == "__main__":
            for method in ("spawn", "fork"):
                with multiprocessing.get_context(method).Pool(2) as pool:
                    pool.map(train, range(4))
                    pool.close()
                    pool.join()
    """)
    assert done.returncode == 0, done.stderr
    rows = nbtrack.sql("SELECT name, status, count(*) AS n FROM runs GROUP BY ALL ORDER BY name")
    assert [(r["name"], r["status"], r["n"]) for r in rows] == [
        (f"child-{i}", "finished", 2) for i in range(4)
    ]


def test_only_rank_0_of_a_distributed_job_logs_unless_all_are_asked_to(script):
    source = """
        import os, nbtrack
        with nbtrack.run("rank-" + os.environ["RANK"], lr=1) as run:
            run.log(loss=1)
            run.set_tag("a", "b")
            nbtrack.log(acc=1)
    """
    for rank in "012":
        done = script(source, env={"RANK": rank})
        assert (done.returncode, done.stderr) == (0, "")
    script(source, env={"RANK": "3", "NBTRACK_ALL_RANKS": "1"})
    names = nbtrack.sql("SELECT name FROM runs ORDER BY name")["name"]
    assert names == ["rank-0", "rank-3"]


def test_everything_works_under_an_ascii_locale(script):
    done = script(
        """
        import nbtrack
        with nbtrack.run("läuft", ö="ü") as run:
            run.log({"损失": 1})
        print(nbtrack.get_run(run.id).metrics["损失"])
        """,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert (done.returncode, done.stdout) == (0, "1.0\n"), done.stderr
    assert nbtrack.get_run("läuft").params == {"ö": "ü"}
