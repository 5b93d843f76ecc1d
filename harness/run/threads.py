"""Threads whose work nobody waits for once a run has ended: what they do may last for minutes and be of no more use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor


class Abandoned(ThreadPoolExecutor):
    """A pool whose end waits for no thread. What one does is ended by whoever told it how (`Engine.ended`)."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more, and drop what has not begun, whatever is asked: the event loop asks to wait without limit."""
        del wait, cancel_futures
        super().shutdown(wait=False, cancel_futures=True)
