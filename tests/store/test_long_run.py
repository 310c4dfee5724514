"""A run that goes on for days with no reader: files, memory and lock holds stay bounded."""

from using_store import finished, rows

SEGMENT_BYTES = 8 << 20
# The fold of the first one imports DuckDB, and all of this may share its cores with others.
LONGEST_FOLD_S = 60


def test_a_long_run_without_a_reader_stays_bounded(program, store, folder):
    """Some half an hour at 100 calls/s of five metrics, in ten seconds, with smaller segments."""
    writer = program(
        """
        from nbtrack.store import journal
        journal.SEGMENT_BYTES = int(args[0])
        writer = store.writer()
        run = start()
        log = writer.frame(tuple(writer.open_series(run, key) for key in "abcde"))
        journals = Path(sys.argv[1], "journals")
        largest, calls = 0, 200_000
        for step in range(calls):
            log((0.1, 0.2, 0.3, 0.4, float(step)), step)
            if step % 500 == 0:
                largest = max(largest, sum(f.stat().st_size for f in journals.glob("*/*.points")))
                time.sleep(0.025)
                # A day has time for a fold between two segments; these seconds may not.
                patience = time.monotonic() + int(args[1])
                while len(list(journals.glob("*/*.points"))) > 2:
                    assert time.monotonic() < patience, "nobody folds"
                    time.sleep(0.01)
        deadline = time.monotonic() + 30
        while len(list(journals.glob("*/*.points"))) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        left = sum(f.stat().st_size for f in journals.glob("*/*.points"))
        end(run)
        # getrusage would tell the peak of the process that forked this one, if that was higher.
        memory = Path("/proc/self/status").read_text().split("VmHWM:")[1]
        print(largest, left, memory.split()[0])
        """,
        SEGMENT_BYTES,
        LONGEST_FOLD_S,
    )
    waiting = program("""
        import duckdb, pyarrow
        while not Path(sys.argv[1], "store.duckdb").exists():
            time.sleep(0.01)
        for line in range(600):
            store.query("SELECT 1", fresh=False)
            time.sleep(0.01)
    """)
    largest, left, peak_kb = map(int, finished(writer).split())
    # One that is written, one that is being folded, and the beginning of the next.
    assert largest < 2.2 * SEGMENT_BYTES
    assert left < 1.1 * SEGMENT_BYTES
    assert peak_kb < 500_000
    # A look that has to wait for longer than the lock's patience says so on standard error.
    assert finished(waiting) == ""
    assert rows(store, "SELECT key, count(*), count(DISTINCT step), max(step) FROM metrics "
                "GROUP BY key ORDER BY key") == [
        (key, 200_000, 200_000, 199_999) for key in "abcde"
    ]  # fmt: skip
