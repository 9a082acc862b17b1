"""Messages in a folder, as the embedded default has them."""

from queue import Empty

import pytest
from kombu import Connection

from config.web import broker

pytestmark = pytest.mark.anywhere


@pytest.fixture
def channel(tmp_path):
    folders = {name: str(tmp_path) for name in ("data_folder_in", "data_folder_out", "control_folder")}
    with Connection("folder://localhost", transport_options=folders) as connection:
        yield connection.channel()


def test_what_was_put_is_got_once(channel):
    for number in range(3):
        channel._put("ascent", {"body": number})
        channel._put("other", {"body": -1})
    assert sorted(channel._get("ascent")["body"] for _ in range(3)) == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("ascent")
    assert channel._size("other") == 3


def test_a_message_that_is_still_being_written_is_not_taken(channel, monkeypatch):
    write_text, looked = broker.Path.write_text, []

    def looked_at_meanwhile(path, text, **kwargs):
        write_text(path, text[:1], **kwargs)
        with pytest.raises(Empty):
            channel._get("ascent")
        looked.append(path)
        return write_text(path, text, **kwargs)

    monkeypatch.setattr(broker.Path, "write_text", looked_at_meanwhile)
    channel._put("ascent", {"body": "whole"})
    assert len(looked) == 1
    assert channel._get("ascent") == {"body": "whole"}
