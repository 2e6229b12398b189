"""The command line: what it prints, where, in which language, and with which exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jitasa_analytics import cli, studies, texts
from jitasa_analytics.store import Store, open_store

COMMANDS = ("demo", "serve", "import", "import-folder", "run", "studies", "sql", "info", "versions", "restore", "prune",
            "backup", "erase")
JITASA = [sys.executable, "-m", "jitasa_analytics.cli"]


@pytest.fixture(autouse=True)
def _quiet_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JITASA_LANG", "th")
    monkeypatch.setenv("JITASA_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("JITASA_STORE", "JITASA_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def jitasa(capsys: pytest.CaptureFixture[str]):
    """Run the command line in this process: exit code, standard output, standard error."""
    def call(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err
    return call


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def refused(result: tuple[int, str, str], *says: str) -> None:
    """Refused means: exit code 2, nothing on standard output, one sentence on the other, no traceback."""
    code, out, err = result
    assert code == 2, err
    assert out == ""
    assert "Traceback" not in err
    assert err.count("\n") == 1
    for part in says:
        assert part in err


# -- help -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["th", "en"])
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(jitasa, command, lang):
    code, out, _ = jitasa(command, "--help", "--lang", lang)
    assert code == 0
    assert f"jitasa {command}" in out
    assert ("ทุกคำสั่งรับ" in out) == (lang == "th")


def test_every_option_has_words(jitasa):
    from typer.main import get_command

    cli._run_words(["info", "--help"], "en", None)
    for name, command in get_command(cli.app).commands.items():
        cli._put_help(command, name, "th")
        for option in command.params:
            assert option.name == "help" or option.help, (name, option.name)


def test_the_help_of_a_study_lists_its_parameters(jitasa):
    code, out, _ = jitasa("run", "coverage_gaps", "--help", "--lang", "en")
    assert code == 0
    for name in studies.get("coverage_gaps").options():
        assert f"--{name.replace('_', '-')}" in out
    assert "1–600" in out
    assert "walk, motorcycle, car, boat" in out


def test_help_comes_at_once():
    """Help loads none of the libraries that take seconds."""
    code = ("import sys\nfrom jitasa_analytics import cli\ntry:\n    cli.main(['--help'])\nexcept SystemExit:\n"
            "    print(sorted({'pandas', 'numpy', 'duckdb', 'panel', 'pooch'} & set(sys.modules)), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


def test_a_server_takes_its_memory_from_the_c_library(tmp_path):
    """Where that can give it back; in the same process, and what it starts is not concerned."""
    code = ("import os, sys\nfrom jitasa_analytics.cli import allocator\n"
            "allocator.settle()\n"
            "print(os.getppid(), sys.getallocatedblocks() == 0, 'PYTHONMALLOC' in os.environ, sys.argv[1:])")
    given = {k: v for k, v in os.environ.items() if k != "PYTHONMALLOC"}
    done = subprocess.run([sys.executable, "-c", code, "ชลบุรี"], env=given, check=True, capture_output=True, text=True)
    linux = sys.platform == "linux"
    assert done.stdout.split() == [str(os.getpid()), str(linux), "False", "['ชลบุรี']"]
    chosen = subprocess.run([sys.executable, "-c", code], env={**given, "PYTHONMALLOC": "pymalloc"}, check=True,
                            capture_output=True, text=True)
    assert chosen.stdout.split()[1:3] == ["False", "True"], "somebody has chosen"
    without = subprocess.run([*JITASA, "serve", "--store", str(tmp_path / "none"), "--lang", "en"], env=given,
                              capture_output=True, text=True, check=False)
    assert without.returncode == 2
    assert "There is no store" in without.stderr


# -- languages --------------------------------------------------------------------------------


def test_thai_by_default_and_english_wherever_the_option_stands(jitasa, tmp_path):
    missing = tmp_path / "none"
    refused(jitasa("info", "--store", missing), "ไม่มีคลังข้อมูล")
    refused(jitasa("info", "--store", missing, "--lang", "en"), "There is no store")
    refused(jitasa("--lang=en", "info", "--store", missing), "There is no store")
    refused(jitasa("info", "--store", missing, "--lang", "xx"), "“xx”")


def test_the_language_of_the_environment(jitasa, tmp_path, monkeypatch):
    monkeypatch.setenv("JITASA_LANG", "en_GB.UTF-8")
    refused(jitasa("info", "--store", tmp_path / "none"), "There is no store")


# -- running studies --------------------------------------------------------------------------


def test_a_pipe_gets_the_whole_frame_as_csv(jitasa, sample_store):
    code, out, err = jitasa("run", "coverage_gaps", "--store", sample_store, "--area", "20", "--minutes", "15",
                            "--lang", "en")
    assert code == 0
    rows = rows_of(out)
    with open_store(sample_store).snapshot(scope="20") as snapshot:
        frame = studies.run("coverage_gaps", snapshot, minutes=15).frame
    assert [row["area_code"] for row in rows] == list(frame.index)
    assert sum(int(row["people"]) for row in rows) == frame["people"].sum()
    assert [int(row["people_out_of_reach"]) for row in rows] == frame["people_out_of_reach"].tolist()
    assert "geometry" not in rows[0]
    assert "Sample data" in err  # what is no data stands beside it
    assert f"{frame['people_out_of_reach'].sum():,}" in err


def test_areas_have_names_too(jitasa, sample_store):
    results = [jitasa("run", "coverage_gaps", "--store", sample_store, f"--area={area}")[1]
               for area in ("2004", "บางละมุง", "Bang Lamung")]
    assert results[0] == results[1] == results[2] != ""


def test_parameters_by_type(jitasa, sample_store):
    code, out, _ = jitasa("run", "vaccination", "--store", sample_store, "--dose=2", "--date", "2564-08-20",
                          "--denominator", "published", "--level", "province")
    assert code == 0
    bangkok = next(row for row in rows_of(out) if row["area_code"] == "10")
    assert bangkok["as_of"] == "2021-08-15"
    code, out, _ = jitasa("run", "best_sites", "--store", sample_store, "--area", "2006", "--n-sites", "2",
                          "--km", "10", "--candidate-kind", "none")
    assert code == 0
    assert len(rows_of(out)) == 20


@pytest.mark.parametrize(("words", "says"), [
    (["nope"], "coverage_gaps"), (["coverage_gaps", "--minuts", "3"], "minuts"),
    (["coverage_gaps", "--minutes", "soon"], "1–600"), (["coverage_gaps", "--minutes", "0"], "1–600"),
    (["coverage_gaps", "--minutes"], "minutes"), (["coverage_gaps", "--mode", "rocket"], "walk, motorcycle"),
    (["coverage_gaps", "stray"], "stray"), (["coverage_gaps", "--area", "ไม่มีที่นี่"], "ไม่มีที่นี่"),
    (["vaccination", "--date", "yesterday"], "YYYY-MM-DD"), (["--minutes", "3", "coverage_gaps"], "--minutes"),
    (["coverage_gaps", "--area", "10"], "กรุงเทพมหานคร"), (["coverage_gaps", "--out", "gaps.doc"], ".geojson"),
    (["coverage_gaps", "--out", "nowhere/gaps.csv"], "nowhere"),
    (["coverage_gaps", "--service", "oxygen_point"], "oxygen_point"),
])
def test_what_cannot_be_run_is_withoutin_one_sentence(jitasa, sample_store, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    refused(jitasa("run", *words, "--store", sample_store), says)
    assert not list(tmp_path.iterdir())


def test_files_of_all_kinds(jitasa, sample_store, tmp_path):
    import geopandas as gpd
    import pandas as pd

    for kind in ("csv", "xlsx", "geojson", "parquet"):
        path = tmp_path / f"gaps.{kind}"
        code, out, err = jitasa("run", "coverage_gaps", "--store", sample_store, "--area", "2006", "--out", path)
        assert (code, out) == (0, "")
        assert path.name in err
    table = pd.read_csv(tmp_path / "gaps.csv", dtype={"area_code": str})
    assert table["people"].sum() == 124_908
    assert gpd.read_file(tmp_path / "gaps.geojson")["people"].sum() == 124_908
    assert gpd.read_parquet(tmp_path / "gaps.parquet")["people"].sum() == 124_908


def test_studies_are_listed(jitasa):
    code, out, _ = jitasa("studies", "--lang", "en")
    assert code == 0
    listed = {row["name"]: row["title"] for row in rows_of(out)}
    assert listed["coverage_gaps"] == "Coverage gaps"
    assert set(listed) >= {"vaccination", "coverage_gaps", "volunteer_ratio", "best_sites"}


# -- looking at a store -----------------------------------------------------------------------


def test_info_for_people_and_for_programs(jitasa, sample_store):
    code, out, err = jitasa("info", "--store", sample_store, "--lang", "en")
    assert code == 0
    assert "sample data" in err
    assert {row["dataset"]: int(row["rows"]) for row in rows_of(out)}["requests"] == 5500
    code, out, err = jitasa("info", "--store", sample_store, "--json")
    held = json.loads(out)
    assert (held["version"], held["sample"], held["rows"]["requests"]) == (1, True, 5500)
    assert held["as_of"]["requests"].startswith("2021-08-15")
    assert held["store"] == str(sample_store)


def test_sql(jitasa, sample_store, tmp_path):
    query = "SELECT status, count(*) AS n FROM requests GROUP BY status ORDER BY n DESC"
    code, out, err = jitasa("sql", query, "--store", sample_store)
    assert code == 0
    assert "ข้อมูลตัวอย่าง" in err
    assert sum(int(row["n"]) for row in rows_of(out)) == 5500
    path = tmp_path / "n.csv"
    assert jitasa("sql", query, "--store", sample_store, "--out", path)[0] == 0
    written = rows_of(path.read_text("utf-8-sig"))
    assert [{k: row[k] for k in ("status", "n")} for row in written] == rows_of(out)
    assert {row["data"] for row in written} == {"ข้อมูลตัวอย่าง / sample data"}
    for bad in ("DELETE FROM requests", "SELECT * FROM nowhere", "", "SELECT 1; SELECT 2",
                "SELECT * FROM read_csv('/etc/passwd')"):
        code, out, err = jitasa("sql", bad, "--store", sample_store)
        assert (code, out) == (2, "")
        assert "Traceback" not in err


@pytest.mark.parametrize("command", [["info"], ["sql", "SELECT 1"], ["run", "coverage_gaps"], ["serve"]])
def test_a_missing_or_half_written_store_is_withoutand_left_alone(jitasa, tmp_path, command):
    missing = tmp_path / "none"
    refused(jitasa(*command, "--store", missing), str(missing))
    assert not missing.exists()
    refused(jitasa(*command), "--store")
    half = tmp_path / "half"
    (half / "versions").mkdir(parents=True)
    refused(jitasa(*command, "--store", half), "CURRENT")


def test_the_store_may_stand_in_the_environment(jitasa, sample_store, monkeypatch):
    monkeypatch.setenv("JITASA_STORE", str(sample_store))
    assert jitasa("info")[0] == 0
    assert jitasa("run", "coverage_gaps", "--area", "2003")[0] == 0


# -- importing --------------------------------------------------------------------------------

PLACES = "place_id,name,lon,lat,people\na,one,100.98,13.36,10\nb,two,100.99,13.37,20\nc,far,10,50,5\n"


def test_an_import_reports_and_a_second_one_changes_nothing(jitasa, tmp_path):
    file, store, report = tmp_path / "places.csv", tmp_path / "store", tmp_path / "report.json"
    file.write_text(PLACES, "utf-8")
    code, out, err = jitasa("import", "places", file, "--store", store, "--report", report, "--lang", "en")
    assert code == 0, err
    told = json.loads(report.read_text("utf-8"))
    assert (told["read"], told["accepted"], told["quarantined"], told["duplicate"]) == (3, 2, 1, 0)
    assert {"repairs", "findings"} <= set(told)
    row = rows_of(out)[0]
    counts = [row[n] for n in ("file", "read", "accepted", "quarantined", "duplicate")]
    assert counts == ["places.csv", "3", "2", "1", "0"]
    assert "2 accepted, 1 quarantined" in err
    assert open_store(store).manifest().version == 1
    file.write_text("".join(PLACES.splitlines(keepends=True)[:3]), "utf-8")
    code, _, err = jitasa("import", "places", file, "--store", store, "--lang", "en")
    assert code == 0
    assert "2 duplicate" in err
    assert open_store(store).info()["rows"]["places"] == 2


def test_a_dry_run_writes_nothing(jitasa, tmp_path):
    file, store = tmp_path / "places.csv", tmp_path / "store"
    file.write_text(PLACES, "utf-8")
    code, _, err = jitasa("import", "places", file, "--store", store, "--dry-run", "--lang", "en")
    assert code == 0
    assert "nothing was written" in err
    assert not store.exists()


def test_what_is_not_shown_one_by_one_is_counted_by_rule(jitasa, tmp_path):
    """Ten findings are printed; of the other seven is said which rule they break, and how many of each."""
    file = tmp_path / "places.csv"
    far = "".join(f"f{i},far,10,50,5\n" for i in range(12))
    wrong = "".join(f"w{i},wrong,100.98,13.36,many\n" for i in range(5))
    file.write_text(PLACES.splitlines(keepends=True)[0] + far + wrong, "utf-8")
    code, _, err = jitasa("import", "places", file, "--store", tmp_path / "store", "--dry-run", "--lang", "en")
    assert code == 0
    assert err.count("  • ") == 10
    assert [line for line in err.splitlines() if "… and" in line] == [
        "  … and 5 more: Not a number", "  … and 2 more: Outside Thailand"]
    assert "up to 10,000 of each rule" in err


def test_bad_files_are_withoutand_no_store_is_made(jitasa, tmp_path):
    store = tmp_path / "store"
    empty, wrong = tmp_path / "empty.csv", tmp_path / "not.xlsx"
    empty.write_bytes(b"")
    wrong.write_bytes(b"%PDF-1.4 hello")
    for words in (["places", empty], ["places", wrong], ["places", tmp_path / "gone.csv"], ["nothing", empty]):
        refused(jitasa("import", *words, "--store", store))
    refused(jitasa("import-folder", tmp_path / "gone", "--store", store), "gone")
    assert not store.exists()


# -- the sample -------------------------------------------------------------------------------


def test_demo_builds_once_and_reuses(jitasa, tmp_path, monkeypatch):
    from jitasa_analytics.ingest import sample

    built: list[Path] = []

    def build(store: Store, *, progress: object = None, published: object = ()) -> None:
        built.append(store.folder)
        with store.transaction(create=True, sample=True) as tx:
            tx.ensure_all_groups()

    monkeypatch.setattr(sample, "build_sample_store", build)
    for _ in range(2):
        code, _, err = jitasa("demo", "--no-serve", "--lang", "en")
        assert code == 0
        assert "ready" in err
    assert built == [Path(os.environ["JITASA_HOME"]) / "demo"]
    jitasa("demo", "--no-serve", "--store", tmp_path / "own")
    assert built[1:] == [tmp_path / "own"]


# -- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "says"), [
    (["bla"], "bla"), (["info", "--nonsense"], "--nonsense"), (["sql", "--store", "x"], "QUERY"),
    (["serve", "--store", "x", "--port", "0"], "--port"), (["serve", "--store", "x", "--port", "five"], "--port"),
    (["import", "places"], "FILE"),
])
def test_mistakes_in_the_words_are_explained(jitasa, words, says):
    refused(jitasa(*words), says)


def test_a_fault_of_the_program_has_an_id_and_its_details_are_kept(jitasa, sample_store, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("wheel fell off")

    monkeypatch.setattr(studies, "run", broken)
    code, out, err = jitasa("run", "coverage_gaps", "--store", sample_store, "--lang", "en")
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    name = err.split("Id ")[1].split(";")[0]
    log = (Path(os.environ["JITASA_HOME"]) / "errors.log").read_text("utf-8")
    assert name in log
    assert "wheel fell off" in log
    monkeypatch.setenv("JITASA_DEBUG", "1")
    assert "Traceback" in jitasa("run", "coverage_gaps", "--store", sample_store)[2]


def test_control_c_leaves_quietly(jitasa, sample_store, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studies, "run", interrupted)
    code, _, err = jitasa("run", "coverage_gaps", "--store", sample_store)
    assert code == 130
    assert "Traceback" not in err


def test_a_reader_that_has_enough_is_no_error(sample_store):
    query = "SELECT * FROM requests a, range(20)"
    done = subprocess.run(f"{' '.join(JITASA)} sql '{query}' --store {sample_store} | head -2", shell=True,
                          capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 2
    assert done.stderr.strip() == texts.say("cli.sample", "th")


def test_sigint_in_a_real_process():
    # A process that a shell started in the background inherits that Ctrl-C is ignored; a terminal's does not.
    code = ("import os, signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "from jitasa_analytics import cli\nfrom jitasa_analytics.cli import faults\n"
            "faults.home = lambda: os.kill(os.getpid(), signal.SIGINT) or __import__('time').sleep(5)\n"
            "cli.main(['demo', '--no-serve'])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == ""


def test_the_version_needs_no_command():
    done = subprocess.run([*JITASA, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[0], done.stderr) == (0, "jitasa-analytics", "")


def test_the_frame_of_the_help_is_thai_too():
    done = subprocess.run([*JITASA, "import", "--help", "--lang", "th"], capture_output=True, text=True, check=False)
    assert "ตัวเลือก" in done.stdout and "[จำเป็น]" in done.stdout
    assert "Options" not in done.stdout and "[required]" not in done.stdout
