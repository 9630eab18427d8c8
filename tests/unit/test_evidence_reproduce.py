"""What reproduce() says when it cannot work; the table itself is in tests/published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comity.errors import InputError
from comity.evidence.reproduce import PAPERS, SHAPES, reproduce


def complete() -> dict[str, np.ndarray]:
    size = {"n": 2, "j": 3}
    arrays = {name: np.ones([size[axis] for axis in axes]) for name, axes in SHAPES.items()}
    return {"countries": np.array(["A", "B"]), "sectors": np.array(["x", "y", "z"]), **arrays}


def test_a_missing_file_says_where_it_comes_from_and_exits_with_two(tmp_path: Path):
    for data in (None, tmp_path / "absent.npz"):
        with pytest.raises(InputError, match="replication files of Caliendo and Parro") as caught:
            reproduce("caliendo-parro-2015", data=data)
        assert caught.value.exit_code == 2


def test_an_unknown_paper_lists_the_known_ones():
    with pytest.raises(InputError, match="caliendo-parro-2015"):
        reproduce("ossa-2014")
    assert "caliendo-parro-2015" in PAPERS


def test_a_file_that_is_something_else_is_refused_by_name(tmp_path: Path):
    text = tmp_path / "paper.npz"
    text.write_text("not a zip", encoding="utf-8")
    with pytest.raises(InputError, match=r"paper\.npz: not an \.npz file"):
        reproduce(data=text)
    truncated = tmp_path / "half.npz"
    np.savez(tmp_path / "whole.npz", **complete())
    truncated.write_bytes((tmp_path / "whole.npz").read_bytes()[:700])
    with pytest.raises(InputError, match=r"half\.npz: not an \.npz file"):
        reproduce(data=truncated)


def test_pickled_objects_are_never_loaded(tmp_path: Path):
    path = tmp_path / "evil.npz"
    np.savez(path, **{**complete(), "theta": np.array([{"a": 1}, 2, 3], dtype=object)})
    with pytest.raises(InputError, match=r"not an \.npz file of plain arrays"):
        reproduce(data=path)


def test_missing_arrays_are_named_together(tmp_path: Path):
    arrays = complete()
    del arrays["theta"], arrays["alpha"]
    np.savez(tmp_path / "part.npz", **arrays)
    with pytest.raises(InputError, match="lacks alpha, theta"):
        reproduce(data=tmp_path / "part.npz")


@pytest.mark.parametrize("fault", ["shape", "nan"])
def test_wrong_shapes_and_numbers_are_refused(tmp_path: Path, fault: str):
    arrays = complete()
    arrays["pi"] = arrays["pi"][:, :, :2] if fault == "shape" else np.full_like(arrays["pi"], np.nan)
    np.savez(tmp_path / "wrong.npz", **arrays)
    with pytest.raises(InputError, match="pi has shape"):
        reproduce(data=tmp_path / "wrong.npz")
