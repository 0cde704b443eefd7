"""What a serving process loads for good is not looked through for waste; all else is, as ever."""

import gc

import pytest

from portal.memory import loaded_for_good


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_collected_while_it_is_loaded_and_it_is_left_alone_afterwards():
    before = gc.get_freeze_count()
    with loaded_for_good():
        assert not gc.isenabled()
        kept = [[number] for number in range(1_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)


def test_what_cannot_be_loaded_leaves_the_process_as_it_was():
    with pytest.raises(ImportError), loaded_for_good():
        raise ImportError
    assert gc.isenabled()
