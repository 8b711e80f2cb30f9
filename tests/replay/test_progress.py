"""Where standard error is no terminal, long work says now and then how far it is."""

from replay.progress import plain_lines


def test_a_line_every_half_minute_and_none_of_what_is_quick() -> None:
    now_s, said = 0.0, list[str]()
    tell = plain_lines("exporting", 50, said.append, lambda: now_s)
    for _ in range(50):
        now_s += 2.0
        tell(1)
    assert said == [
        "exporting: 15 of 50 (30%)\n",
        "exporting: 30 of 50 (60%)\n",
        "exporting: 45 of 50 (90%)\n",
    ]
    quick = plain_lines("exporting", 50, said.append, lambda: now_s)
    quick(50)
    assert len(said) == 3
