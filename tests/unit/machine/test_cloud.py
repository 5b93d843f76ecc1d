"""Metadata services: what each asks for before it answers, and the program that answers one request."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from harness.image.instance import identity_of
from harness.machine.cloud.command import metadata_service
from harness.machine.cloud.exchange import Request
from harness.machine.cloud.services import azure, ec2, gce
from harness.plan.target import Target

WHO = identity_of("some_target")
TTL = {"x-aws-ec2-metadata-token-ttl-seconds": "60"}


def get(path: str, method: str = "GET", **headers: str) -> Request:
    return Request(method, path, {name.replace("_", "-"): value for name, value in headers.items()})


def test_an_identity_is_plain_and_the_targets_own() -> None:
    assert (WHO.instance, WHO.hostname) == ("i-some-target", "some-target")
    assert identity_of("some_target") == WHO
    assert WHO.key != identity_of("other").key
    checked = subprocess.run(["ssh-keygen", "-lf", "-"], input=WHO.key, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_ec2_gives_nothing_without_a_token() -> None:
    token = ec2.answer(Request("PUT", "/latest/api/token", TTL), WHO)
    assert token.status == 200
    page = "/latest/meta-data/local-hostname"
    assert ec2.answer(get(page), WHO).status == 401
    assert ec2.answer(get(page, x_aws_ec2_metadata_token=WHO.instance), WHO).status == 401
    found = ec2.answer(get(page, x_aws_ec2_metadata_token=token.body), WHO)
    assert (found.status, found.body) == (200, "some-target")
    assert ec2.answer(get("/latest/user-data", x_aws_ec2_metadata_token=token.body), WHO).status == 404


@pytest.mark.parametrize(
    ("method", "seconds", "status"),
    [("GET", "60", 405), ("PUT", "", 400), ("PUT", "0", 400), ("PUT", "21601", 400), ("PUT", "9" * 5000, 400)],
)
def test_ec2_gives_a_token_to_who_asks_well(method: str, seconds: str, status: int) -> None:
    headers = dict.fromkeys(TTL, seconds)
    assert ec2.answer(Request(method, "/latest/api/token", headers), WHO).status == status


def test_gce_wants_its_header() -> None:
    page = "/computeMetadata/v1/instance/attributes/ssh-keys"
    assert gce.answer(get(page), WHO).status == 403
    assert gce.answer(get(page, metadata_flavor="Google"), WHO).body == f"root:{WHO.key}"
    assert gce.answer(get("/latest/meta-data/instance-id", metadata_flavor="Google"), WHO).status == 404


def test_azure_wants_its_header_and_a_version() -> None:
    page = "/metadata/instance?api-version=2021-02-01"
    assert azure.answer(get(page), WHO).status == 400
    assert azure.answer(get("/metadata/instance", metadata="true"), WHO).status == 400
    compute = json.loads(azure.answer(get(page, metadata="true"), WHO).body)["compute"]
    assert (compute["name"], compute["publicKeys"][0]["keyData"]) == ("some-target", WHO.key)


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (b"GET /computeMetadata/v1/instance/id HTTP/1.0\r\nMetadata-Flavor: Google\r\n\r\n", b"HTTP/1.0 200"),
        (b"GET /computeMetadata/v1/instance/id HTTP/1.0\r\n\r\n", b"HTTP/1.0 403"),
        (b"DELETE / HTTP/1.0\r\n\r\n", b"HTTP/1.0 501"),
        (b"\xff\x00 nonsense\r\n\r\n", b""),
        (b"", b""),
    ],
)
def test_the_program_answers_one_request(request_: bytes, line: bytes, target: Callable[..., Target]) -> None:
    nic: dict[str, Any] = {"model": "virtio-net-pci", "metadata": "gce"}
    argv = metadata_service(target(nics=[nic]), WHO)
    done = subprocess.run(argv, input=request_, capture_output=True, check=False, timeout=60)
    assert done.stderr == b""
    assert done.stdout.startswith(line)
    assert metadata_service(target(), WHO) == ()
