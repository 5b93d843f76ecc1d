"""What QEMU says of its user network."""

from __future__ import annotations

from harness.machine.qemu.usernet import forwarded_from

# Of QEMU 10.0, `info usernet`.
TABLE = """Hub 0 (net0):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[ESTABLISHED]   17       127.0.0.1 40801       10.0.2.15    80     0     0
  TCP[HOST_FORWARD]  12       127.0.0.1 40671       10.0.2.15    22     0     0
  TCP[HOST_FORWARD]  13               * 40801       10.0.2.15    80     0     0
  UDP[236 sec]       14       10.0.2.15 38451        10.0.2.3    53     0     0
"""


def test_the_port_of_a_rule() -> None:
    assert forwarded_from(TABLE, 22) == ("127.0.0.1", 40671)
    assert forwarded_from(TABLE, 80) == ("127.0.0.1", 40801)


def test_other_lines_are_no_rules() -> None:
    assert forwarded_from(TABLE, 53) is None
    assert forwarded_from(TABLE.replace("HOST_FORWARD", "ESTABLISHED"), 22) is None
