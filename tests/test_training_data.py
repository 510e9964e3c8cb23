"""What a step learns from, the executor, the bill, and the stored records."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.killed_training import executor
from wselab.fabric import ProgramError
from wselab.streaming.training import checkpoint, longer
from wselab.streaming.training.__main__ import main
from wselab.streaming.training.bill import Bill, Launch
from wselab.streaming.training.data import Batches, Windows, digits, wafer_text


def test_a_pass_sees_every_row_once():
    """In another order each time, and the same again from the same seed."""
    data = Batches(np.arange(12.0)[:, None], np.arange(12), batch_size=4, seed=3)
    passes = [np.concatenate([data.batch(3 * k + i)[1] for i in (1, 2, 3)]) for k in range(2)]
    assert all(sorted(one) == list(range(12)) for one in passes)
    assert not np.array_equal(*passes)
    again = Batches(np.arange(12.0)[:, None], np.arange(12), batch_size=4, seed=3)
    assert np.array_equal(again.batch(5)[1], data.batch(5)[1])
    other = Batches(np.arange(12.0)[:, None], np.arange(12), batch_size=4, seed=4)
    assert other.about() != data.about() == again.about()


def test_windows_are_pieces_of_the_text():
    """Every label is the character behind; rows of a sequence follow each other in the text."""
    text = wafer_text()
    data = Windows(text, sequences=3, context=5, seed=1)
    x, labels = data.batch(7)
    seen = np.array(list(data.vocabulary))[x.argmax(1)].reshape(3, 5)
    behind = np.array(list(data.vocabulary))[labels].reshape(3, 5)
    for before, after in zip(seen, behind, strict=True):
        assert "".join(before) + after[-1] in text
        assert list(before[1:]) == list(after[:-1])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Batches(np.ones((4, 1)), np.ones(3), 2),
        lambda: Batches(np.ones((4, 1)), np.ones(4), 5),
        lambda: Batches(np.ones((4, 1)), np.ones(4), 0),
        lambda: Windows("abc", sequences=1, context=3),
        lambda: Windows("abc", sequences=0, context=1),
    ],
)
def test_data_that_cannot_be_batched_are_refused(wrong):
    """Saying what was expected."""
    with pytest.raises(ProgramError, match="expected"):
        wrong()


def test_the_digits_are_split_once():
    """No image is learned from and tested on; pixels lie between 0 and 1."""
    (x, labels), (test_x, test_labels) = digits()
    assert (len(x), len(labels), len(test_x), len(test_labels)) == (1437, 1437, 360, 360)
    assert x.min() == 0 and x.max() == 1 and x.dtype == np.float32
    assert not {one.tobytes() for one in x} & {one.tobytes() for one in test_x}


def test_the_executor_runs_some_steps_and_replays_the_others(tmp_path):
    """And its bill says so; the losses are those of a run of all."""
    training = executor(str(tmp_path / "one"), 4)
    steps = list(training)
    assert [step.bill.steps_run for step in steps] == [1, 0, 0, 0]
    assert (training.bill.steps_run, training.bill.steps_replayed) == (1, 3)
    assert training.bill.cycles == 4 * steps[0].bill.cycles
    assert "1 step run on the fabric, 3 replayed" in str(training.bill)
    other = executor(str(tmp_path / "two"), 4)
    other.run_steps = None
    assert [step.loss for step in other] == training.losses
    assert other.bill.steps_run == 4 and other.bill.total() == training.bill.total()


def test_losses_and_bill_go_on(tmp_path):
    """A run that goes on has those of all its steps, and ends with the same checkpoint."""
    first = executor(str(tmp_path), 3)
    list(first)
    second = executor(str(tmp_path), 5)
    second.resume()
    list(second)
    assert len(second.losses) == 5 and second.losses[:3] == first.losses
    whole = executor(str(tmp_path / "whole"), 5)
    list(whole)
    assert second.losses == whole.losses and second.bill.total() == whole.bill.total()
    assert (second.bill.steps_run, second.bill.steps_replayed) == (1, 4)
    assert str(second.bill) == str(whole.bill)
    files = [checkpoint.latest(folder).read_bytes() for folder in (tmp_path, tmp_path / "whole")]
    assert files[0] == files[1]


def test_the_bill_adds_up():
    """By layer, phase and kind of program, and over both edges and links."""
    launches = [
        Launch("a", "forward", "product", 100, 80, 10, 5, 3, "bitplane"),
        Launch("a", "update", "SGD", 7, 7, 0, 0, 0, "bitplane"),
        Launch("b", "forward", "product", 50, 50, 1, 1, 0, "lockstep"),
    ]
    bill = Bill(launches, steps_run=1)
    assert bill.cycles == 157 and bill.stalled_cycles == 20
    for groups in (bill.by_layer(), bill.by_phase(), bill.by_what()):
        assert sum(group["cycles"] for group in groups.values()) == 157
        assert sum(group["edge_wavelets"] for group in groups.values()) == 3
    assert list(bill.by_layer()) == ["a", "b"] and bill.by_what()["product"]["cycles"] == 150
    assert launches[0].edge_bytes == 12 and launches[0].fabric_bytes == 40
    assert Bill([]).cycles == 0 and "in all" in str(Bill([]))
    assert "run on" not in str(Bill(launches)) and "1 step run on the fabric" in str(bill)
    again = Bill.restored(json.loads(json.dumps((bill + bill).stored())))
    assert again.by_layer() == (bill + bill).by_layer() and again.steps_run == 2


@pytest.mark.parametrize("name", ["digits", "text"])
def test_the_stored_records_are_what_training_gives(name):
    """The first steps again, replayed: the same losses; a step costs what the record says."""
    stored = longer.record(name)
    again = longer.training(name, steps=3, run_steps=0)
    losses = [step.loss for step in again]
    assert losses == pytest.approx(stored["losses"][:3], rel=1e-9)
    steps = stored["steps run"] + stored["steps replayed"]
    assert steps == len(stored["losses"]) == longer.STEPS[name]
    assert stored["steps run"] == longer.RUN_STEPS[name]
    assert again.bill.cycles * steps == 3 * stored["cycles"]
    assert np.mean(stored["losses"][-20:]) < 0.6 * stored["losses"][0]
    launches = [Launch(**one) for one in stored["launches of a step"]]
    assert launches == again.compiled.device.costs


def test_the_command_writes_a_record_and_goes_on(tmp_path, capsys):
    """Two steps, then one more from the checkpoint: the record of all three, as of one run."""
    out = tmp_path / "record.json"
    words = ["digits", "--run-steps", "0", "--checkpoints", str(tmp_path), "--out", str(out)]
    assert main([*words, "--steps", "2"]) == 0
    assert main([*words, "--steps", "3"]) == 0
    record = json.loads(out.read_text())
    assert record["losses"] == pytest.approx(longer.record("digits")["losses"][:3], rel=1e-9)
    assert record["steps replayed"] == 3 and record["cycles"] == 3 * 5172
    said = capsys.readouterr().out
    assert "0 steps run and 3 replayed" in said
    assert f"{tmp_path}: no checkpoint yet, begins at step 1" in said
    assert f"{tmp_path}: goes on after step 2" in said
    written = out.read_bytes()
    assert main([*words, "--steps", "1"]) == 1  # fewer than are done: told, and nothing written
    told = capsys.readouterr().err
    assert "is of step 3, later than the last one asked for, 1" in told
    path = checkpoint.latest(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert main([*words, "--steps", "4"]) == 1
    told = capsys.readouterr().err
    assert "is damaged: it is cut off" in told and "step-00000002.ckpt: delete" in told
    assert out.read_bytes() == written
    with pytest.raises(SystemExit):
        main(["digits", "--steps", "0"])
    with pytest.raises(ProgramError, match="expected one of digits, text"):
        longer.record("poems")
