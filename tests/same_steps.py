"""Whether two steps are the same, to the bit."""

from dataclasses import fields

import torch

from ddpm_studio.sample import Step


def assert_same(one: Step, other: Step) -> None:
    for field in fields(Step):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "answers":
            assert [each.target for each in a] == [each.target for each in b]
            assert all(torch.equal(mine.values, its.values) for mine, its in zip(a, b, strict=True))
        else:
            assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b, field.name
    assert torch.equal(one.next, other.next)
