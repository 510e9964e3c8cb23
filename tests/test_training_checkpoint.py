"""Checkpoints and artifacts: whole or not there, damaged ones seen, runs that go on bit for bit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.killed_training import executor
from wselab.fabric import ProgramError
from wselab.specs import WSE3
from wselab.streaming.training import artifacts, checkpoint, files
from wselab.streaming.training.compiled import Backend, compile
from wselab.streaming.training.executor import DataExecutor
from wselab.streaming.training.modules import Linear, ReLU, Sequential
from wselab.streaming.training.optimizers import SGD, AdamW

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The losses and parameters of a run that nothing stops."""
    training = executor(str(tmp_path_factory.mktemp("unbroken")), 30)
    losses = [step.loss for step in training]
    return losses, training.compiled.parameters()


def test_a_run_goes_on_with_the_same_bits(tmp_path, unbroken):
    """Stopped after step 13, and again after step 20, by other objects each time."""
    losses = []
    for until in (13, 20, 30):
        training = executor(str(tmp_path), until)
        assert training.resume(missing_ok=True) == len(losses)
        losses += [step.loss for step in training]
    assert losses == unbroken[0]
    for name, one in training.compiled.parameters().items():
        assert np.array_equal(one, unbroken[1][name])


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX does")
@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_any_moment_goes_on(tmp_path, unbroken, seed):
    """SIGKILL, several times, at random; then to the end, with the losses of the unbroken run."""
    rng = random.Random(seed)
    command = [sys.executable, "-m", "tests.killed_training", str(tmp_path), "100000"]
    for _ in range(2):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"begins\n"
        time.sleep(rng.uniform(0.0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    training = executor(str(tmp_path), 30)
    for path in sorted(tmp_path.glob("step-*.ckpt"))[29:]:  # a fast machine went further
        path.unlink()
    done = training.resume()
    assert [step.loss for step in training] == unbroken[0][done:]
    for name, one in training.compiled.parameters().items():
        assert np.array_equal(one, unbroken[1][name])


def test_a_file_is_never_half_written(tmp_path, monkeypatch):
    """Whatever fails on the way, the old content stays and nothing else is left behind."""
    path = tmp_path / "note"
    files.write_whole(path, "a note 1", b"old")
    for name in ("fsync", "replace", "fdopen"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, lambda *_: (_ for _ in ()).throw(OSError("disk full")))
            with pytest.raises(OSError, match="disk full"):
                files.write_whole(path, "a note 1", b"new")
        assert files.read_whole(path, "a note 1") == b"old"
        assert os.listdir(tmp_path) == ["note"]


def damages(content: bytes):
    """What can happen to a file, each with a few examples."""
    rng = random.Random(0)
    for _ in range(20):
        place = rng.randrange(len(content))
        yield (
            content[:place]
            + bytes([content[place] ^ (1 << rng.randrange(8))])
            + content[place + 1 :]
        )
        yield content[: rng.randrange(len(content))]
    yield b""
    yield content + b"more"
    yield b"\0" * len(content)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    """A flipped bit anywhere, a cut, an empty file: a clear word, and the model as it was."""
    training = executor(str(tmp_path), 2)
    list(training)
    path = checkpoint.latest(tmp_path)
    content = path.read_bytes()
    before = training.compiled.parameters()
    for damaged in damages(content):
        path.write_bytes(damaged)
        with pytest.raises(checkpoint.CheckpointError, match=r"is damaged: .*Nothing was loaded"):
            executor(str(tmp_path), 2).resume()
        with pytest.raises(checkpoint.CheckpointError):
            training.resume()
    after = training.compiled.parameters()
    assert all(np.array_equal(one, before[name]) for name, one in after.items())
    path.write_bytes(content)
    assert training.resume() == 2


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    """Another layer, optimizer, wafer or data: the first difference is named."""
    list(executor(str(tmp_path), 1))
    path = checkpoint.latest(tmp_path)

    def other(model=None, backend=None, optimizer=None, batch=10):
        return compile(
            model or Sequential(Linear(12, 8), ReLU(), Linear(8, 3)), backend or Backend(2, 2),
            batch_size=batch, in_features=12, optimizer=optimizer or AdamW(lr=0.01),
        )  # fmt: skip

    checkpoint.load(path, other())
    cases = [
        (other(Sequential(Linear(12, 9), ReLU(), Linear(9, 3))), "parameter 0.weight"),
        (other(Sequential(Linear(12, 8), ReLU(), Linear(8, 3, bias=False))), "parameter 2.bias"),
        (other(optimizer=AdamW(lr=0.02)), "lr is 0.01, here it is 0.02"),
        (other(optimizer=SGD(lr=0.01)), "optimizer is 'AdamW', here it is 'SGD'"),
        (other(backend=Backend(2, 1)), "rows x columns of PEs"),
        (other(backend=Backend(2, 2, dtype="float16")), "dtype is 'float32'"),
        (other(batch=6), "batch size is 10, here it is 6"),
    ]
    for compiled, words in cases:
        before = compiled.parameters()
        with pytest.raises(checkpoint.CheckpointError, match=words):
            checkpoint.load(path, compiled)
        assert all(np.array_equal(one, before[name]) for name, one in compiled.parameters().items())
    with pytest.raises(checkpoint.CheckpointError, match="other data: its data seed is 0, here"):
        executor(str(tmp_path), 1, seed=1).resume()
    with pytest.raises(checkpoint.CheckpointError, match="no such file"):
        checkpoint.load(tmp_path / "none.ckpt", other())
    streamed = other(backend=Backend(2, 2, weights="streamed"))
    checkpoint.load(path, streamed)  # where the weights are changes no bit
    assert streamed.steps_done == 1


def test_no_checkpoint_is_a_beginning(tmp_path):
    """What was never saved begins at step 0; what a crash left unfinished counts for nothing."""
    training = executor(str(tmp_path), 1)
    (tmp_path / ".step-00000009.ckpt.x.part").write_bytes(b"half")
    assert training.resume(missing_ok=True) == 0
    with pytest.raises(ProgramError, match="checkpoint_steps=5"):
        DataExecutor(training.compiled, training.data, 1, checkpoint_steps=5)
    with pytest.raises(ProgramError, match="checkpoints_kept=0"):
        executor(str(tmp_path), 1, kept=0)


def test_resume_finds_nothing_only_where_that_is_said(tmp_path):
    """A folder misspelled, an empty one, none at all: a word, and no beginning from step 1."""
    list(executor(str(tmp_path / "runs"), 1))
    misspelled = executor(str(tmp_path / "run"), 2)
    (tmp_path / "run").rename(tmp_path / "artifacts")
    with pytest.raises(checkpoint.CheckpointError, match=r"run', which is no folder.*missing_ok"):
        misspelled.resume()
    with pytest.raises(checkpoint.CheckpointError, match=r"no checkpoint in .*artifacts'\. Is it"):
        executor(str(tmp_path / "artifacts"), 2).resume()
    nowhere = DataExecutor(misspelled.compiled, misspelled.data, 2)
    with pytest.raises(checkpoint.CheckpointError, match="checkpoint_dir=None"):
        nowhere.resume()
    assert nowhere.resume(missing_ok=True) == 0


def test_a_folder_with_checkpoints_is_not_begun_in(tmp_path):
    """Who forgets to resume is told, and what is there stays."""
    list(executor(str(tmp_path), 2))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    forgot = executor(str(tmp_path), 3)
    with pytest.raises(checkpoint.CheckpointError, match=r"00002\.ckpt already.*resume\(\)"):
        list(forgot)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert forgot.resume() == 2 and len(list(forgot)) == 1
    assert list(forgot) == []  # at its end, and its folder is its own


def test_an_earlier_checkpoint_can_be_taken(tmp_path, unbroken):
    """By its path; and by itself, when the later one is deleted."""
    list(executor(str(tmp_path), 3))
    training = executor(str(tmp_path), 4)
    assert training.resume(checkpoint.path_of(tmp_path, 2)) == 2
    assert [step.loss for step in training] == unbroken[0][2:4]
    checkpoint.path_of(tmp_path, 4).write_bytes(b"nonsense")
    with pytest.raises(checkpoint.CheckpointError, match=r"step-00000003\.ckpt: delete the file"):
        executor(str(tmp_path), 5).resume()
    checkpoint.path_of(tmp_path, 4).unlink()
    assert executor(str(tmp_path), 5).resume() == 3
    with pytest.raises(checkpoint.CheckpointError, match=r"is of step 3, later .* for, 2\."):
        executor(str(tmp_path), 2).resume()


def test_the_latest_few_are_kept_and_do_not_grow(tmp_path):
    """Two of nine, 8 bytes a step each; a file of a later step, or of another name, stays."""
    list(executor(str(tmp_path), 1))
    (tmp_path / "step-00000099.ckpt").write_bytes(b"of a longer run")
    (tmp_path / "notes.ckpt").write_bytes(b"mine")
    training = executor(str(tmp_path), 9, kept=2)
    training.resume(checkpoint.path_of(tmp_path, 1))
    list(training)
    names = sorted(path.name for path in tmp_path.glob("*.ckpt"))
    assert names == ["notes.ckpt", *(f"step-000000{n}.ckpt" for n in ("08", "09", "99"))]
    seventh, eighth, ninth = (
        checkpoint.save(tmp_path / "x", training.compiled, {}, training.losses[:n], training.bill)
        .stat()
        .st_size
        for n in (7, 8, 9)
    )
    assert ninth - eighth == eighth - seventh == 8


def test_words_say_what_is_in_the_place_of_a_checkpoint(tmp_path):
    """A cut file, a folder, one that may not be read, one of an older version."""
    list(executor(str(tmp_path), 1))
    path = checkpoint.latest(tmp_path)
    content, model = path.read_bytes(), executor(str(tmp_path / "other"), 1).compiled
    for damaged, words in (
        (
            content[:-100],
            r"it is cut off: [\d,]+ of [\d,]+ bytes.*no earlier one: begin",
        ),
        (content[:30], "in its first lines"),
        (b"hello", "does not begin with the words 'wselab checkpoint 2'"),
        (content + b"x", r"checksum of [\d,]+ bytes differs, and there are"),
        (
            content.replace(b" 2", b" 1", 1),
            r"ckpt: it is a wselab checkpoint 1; .*reads 2",
        ),
    ):
        path.write_bytes(damaged)
        with pytest.raises(checkpoint.CheckpointError, match=words):
            checkpoint.load(path, model)
    path.unlink()
    path.mkdir()
    with pytest.raises(checkpoint.CheckpointError, match="is a folder; expected a file"):
        checkpoint.load(path, model)


def test_compile_says_what_it_expects():
    """A name for an optimizer, a class for an object, layers that do not fit."""
    for optimizer in ("adam", SGD, None):
        with pytest.raises(ProgramError, match=r"compile: optimizer=.*such as AdamW\(lr=0.001\)"):
            compile(Linear(4, 2), Backend(2, 2), batch_size=4, in_features=4, optimizer=optimizer)
    with pytest.raises(ProgramError, match="compile: model='mlp'"):
        compile("mlp", Backend(2, 2), batch_size=4, in_features=4, optimizer=SGD(lr=0.1))
    with pytest.raises(ProgramError, match=r"compile: backend=\(2, 2\)"):
        compile(Linear(4, 2), (2, 2), batch_size=4, in_features=4, optimizer=SGD(lr=0.1))
    wrong = Sequential(Linear(4, 4), Linear(3, 2))
    with pytest.raises(ProgramError, match="layer '1', a Linear, gets 4 features from '0'"):
        compile(wrong, Backend(2, 2), batch_size=4, in_features=4, optimizer=SGD(lr=0.1))


def small(folder, *, hidden=4, batch=4, optimizer=None, **backend):
    model = Sequential(Linear(6, hidden), ReLU(), Linear(hidden, 2))
    place = Backend(
        backend.pop("rows", 2), backend.pop("columns", 2), artifact_dir=folder, **backend
    )
    return compile(
        model, place, batch_size=batch, in_features=6, optimizer=optimizer or SGD(lr=0.1)
    )


def test_what_was_compiled_is_kept(tmp_path):
    """The second time nothing is run, and the costs are the same."""
    first, second = small(tmp_path), small(tmp_path)
    assert (first.artifact.how, second.artifact.how) == ("compiled", "loaded")
    assert first.device.costs == second.device.costs
    assert small(None).artifact.how == "compiled"


def test_what_changes_the_cost_is_compiled_anew(tmp_path, monkeypatch):
    """Each thing that the cost depends on, the map of good cores among them."""
    small(tmp_path)
    east = np.ones((3, 1), int)
    east[1, 0] = 2
    changes = [
        {"hidden": 5}, {"batch": 3}, {"batch": 9}, {"rows": 3}, {"columns": 3},
        {"weights": "streamed"}, {"dtype": "bfloat16"},
        {"wires": (east, None)}, {"chip": WSE3}, {"ramp_latency": 3},
        {"optimizer": AdamW(lr=0.1)}, {"optimizer": SGD(lr=0.1, momentum=0.9)},
    ]  # fmt: skip
    for change in changes:
        assert small(tmp_path, **change).artifact.how == "compiled", change
        assert small(tmp_path, **change).artifact.how == "loaded", change
    assert small(tmp_path, optimizer=SGD(lr=0.2)).artifact.how == "loaded"  # a number, no program
    monkeypatch.setattr(artifacts, "_code", lambda: "other code")
    assert small(tmp_path).artifact.how == "compiled"


def test_longer_wires_cost_more_and_change_no_bit(tmp_path):
    """A repaired wafer trains the same model, later."""
    east = np.full((3, 1), 4)
    plain, repaired = small(tmp_path), small(tmp_path, wires=(east, None))
    x, labels = np.eye(4, 6, dtype=np.float32), np.array([0, 1, 0, 1])
    a, b = plain.step(x, labels), repaired.step(x, labels)
    assert a.loss == b.loss and a.bill.cycles < b.bill.cycles


def test_a_damaged_artifact_is_compiled_again_with_a_word(tmp_path):
    """And then it is whole."""
    path = small(tmp_path).artifact.path
    content = path.read_bytes()
    for damaged in [*damages(content)][::6]:
        path.write_bytes(damaged)
        with pytest.warns(UserWarning, match="is damaged .*compiled again"):
            again = small(tmp_path)
        assert again.artifact.how == "compiled again" and path.read_bytes() == content
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert small(tmp_path).artifact.how == "loaded"
