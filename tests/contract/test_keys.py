"""What every key provider promises, and what the files of "file" must look like. A new provider
is picked up by its file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from edge import loader
from edge.drivers.keys import file
from edge.errors import EdgeError
from edge.suites import es256
from edge.wire import cose

PROVIDERS = loader.choices("keys")


def test_there_is_a_key_provider():
    assert "file" in PROVIDERS


@pytest.fixture(params=PROVIDERS)
def provider(request):
    return request.param, loader.load("keys", request.param)


@pytest.fixture
def keys(provider, tmp_path):
    return provider[1].create(tmp_path / "keys")


def test_a_provider_says_its_own_name_in_every_record(provider, keys):
    assert keys.provider == provider[0]
    assert len(keys.provider) <= 16


def test_what_it_signs_verifies_with_the_public_key_it_shows(keys):
    verifier = es256.Es256Verifier.of(es256.load_sign_public(keys.sign_public_pem))
    data = cose.sign1(b"payload", keys.signer, domain="d")
    assert cose.open1(data, verifier, domain="d", max_bytes=999).payload == b"payload"


def test_what_is_sealed_to_the_public_key_it_shows_opens(keys):
    sealer = es256.HpkeSealer(es256.load_seal_public(keys.seal_public_bytes))
    assert keys.opener.open("p", b"a", sealer.seal("p", b"a", b"secret")) == b"secret"


@pytest.mark.parametrize("plain", [b"", b"x", b"x" * 100_000], ids=len)
def test_what_is_locked_unlocks_at_its_own_place_only(keys, plain):
    locked = keys.locker.lock(plain, b"doc/bill/1")
    assert keys.locker.unlock(locked, b"doc/bill/1") == plain
    assert len(plain) < 8 or plain not in locked  # a single byte may well be in there by chance
    assert keys.locker.lock(plain, b"doc/bill/1") != locked
    with pytest.raises(EdgeError, match="E-KEY-05"):
        keys.locker.unlock(locked, b"doc/bill/2")


def test_damaged_or_foreign_locked_values_are_an_error_of_the_world(keys, provider, tmp_path):
    locked = keys.locker.lock(b"value", b"place")
    other = provider[1].create(tmp_path / "other").locker
    with pytest.raises(EdgeError, match="E-KEY-05"):
        other.unlock(locked, b"place")
    for at in range(len(locked)):
        for bad in (locked[:at], locked[:at] + bytes([locked[at] ^ 1]) + locked[at + 1 :]):
            with pytest.raises(EdgeError, match="E-KEY-05"):
                keys.locker.unlock(bad, b"place")


def test_after_a_restart_they_are_the_same_keys(provider, keys, tmp_path):
    again = provider[1](tmp_path / "keys")
    assert again.sign_public_pem == keys.sign_public_pem
    assert again.seal_public_bytes == keys.seal_public_bytes
    assert again.signer.kid == keys.signer.kid
    assert again.locker.unlock(keys.locker.lock(b"v", b"p"), b"p") == b"v"


def test_two_terminals_have_different_keys(provider, keys, tmp_path):
    other = provider[1].create(tmp_path / "other")
    assert other.sign_public_pem != keys.sign_public_pem
    assert other.seal_public_bytes != keys.seal_public_bytes


def test_keys_are_never_overwritten(provider, keys, tmp_path):
    with pytest.raises(EdgeError, match="E-KEY-04"):
        provider[1].create(tmp_path / "keys")
    assert provider[1](tmp_path / "keys").sign_public_pem == keys.sign_public_pem


def test_missing_keys_are_named(provider, tmp_path):
    with pytest.raises(EdgeError, match="E-KEY-01"):
        provider[1](tmp_path / "nowhere")


# -- the provider "file" ---------------------------------------------------------------------------
FILES = ["sign.pem", "seal.pem", "local.key"]


@pytest.fixture
def directory(tmp_path):
    file.Driver.create(tmp_path / "keys")
    return tmp_path / "keys"


def refused(directory, code):
    with pytest.raises(EdgeError) as caught:
        file.Driver(directory)
    assert caught.value.code == code
    return caught.value


def test_files_are_0600_in_a_0700_directory_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        file.Driver.create(tmp_path / "a" / "keys")
    finally:
        os.umask(before)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a" / "keys").iterdir()
    }
    assert modes == dict.fromkeys(FILES, 0o600)
    assert stat.S_IMODE((tmp_path / "a" / "keys").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "a").iterdir()] == [
        "keys"
    ]  # nothing is left lying beside


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777])
def test_a_file_that_others_may_reach_is_refused_with_the_remedy(directory, name, mode):
    (directory / name).chmod(mode)
    assert f"chmod 600 {directory / name}" in refused(directory, "E-KEY-02").hint
    (directory / name).chmod(0o400)
    file.Driver(directory)


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o770])
def test_a_directory_that_others_may_enter_is_refused_with_the_remedy(directory, mode):
    directory.chmod(mode)
    assert f"chmod 700 {directory}" in refused(directory, "E-KEY-02").hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", [*FILES, "."])
def test_a_file_of_another_user_is_refused(directory, name):
    os.chown(directory / name, 12345, -1)
    refused(directory, "E-KEY-02")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(directory, name):
    (directory / name).unlink()
    assert name in refused(directory, "E-KEY-01").message


@pytest.mark.parametrize("name", FILES)
def test_a_link_a_pipe_or_a_directory_in_place_of_a_file_is_refused(directory, name, tmp_path):
    moved = tmp_path / "moved"
    (directory / name).rename(moved)
    (directory / name).symlink_to(moved)
    refused(directory, "E-KEY-01")
    (directory / name).unlink()
    os.mkfifo(directory / name, 0o600)
    refused(directory, "E-KEY-01")
    (directory / name).unlink()
    (directory / name).mkdir(0o700)
    refused(directory, "E-KEY-01")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"x" * 31,
        b"x" * 33,
        b"\x00" * 4096,
        b"x" * 5_000_000,
        b"-----BEGIN PRIVATE KEY-----\n",
    ],
    ids=len,
)
def test_a_damaged_file_is_an_error_of_the_world(directory, name, content):
    (directory / name).write_bytes(content)
    refused(directory, "E-KEY-03")


def test_every_cut_of_a_key_file_is_noticed(directory):
    whole = (directory / "sign.pem").read_bytes()
    for size in range(0, len(whole) - 1, 7):
        (directory / "sign.pem").write_bytes(whole[:size])
        refused(directory, "E-KEY-03")


def test_exchanged_key_files_are_noticed(directory):
    (directory / "sign.pem").rename(directory / "x")
    (directory / "seal.pem").rename(directory / "sign.pem")
    (directory / "x").rename(directory / "seal.pem")
    refused(directory, "E-KEY-03")


def test_a_path_that_is_a_file_is_no_key_directory(tmp_path):
    (tmp_path / "keys").write_bytes(b"")
    refused(tmp_path / "keys", "E-KEY-01")
    with pytest.raises(EdgeError, match="E-KEY-04"):
        file.Driver.create(tmp_path / "keys")
    with pytest.raises(EdgeError, match="E-KEY-04"):
        file.Driver.create(tmp_path / "keys" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_an_empty_directory_may_be_filled(tmp_path):
    (tmp_path / "keys").mkdir()
    file.Driver.create(tmp_path / "keys")
    assert file.Driver(tmp_path / "keys").provider == "file"


@pytest.mark.parametrize("limit", [0, 60, 200])
def test_a_disk_that_takes_no_more_leaves_all_keys_or_none(tmp_path, limit):
    """A real limit of the system on how large a file may become, in a process of its own."""
    script = (
        "import resource, signal, sys\n"
        "from edge.drivers.keys import file\n"
        "from edge.errors import EdgeError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try:\n    file.Driver.create(sys.argv[1])\n"
        "except EdgeError as error:\n    print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "keys")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "E-KEY-04"
    assert list(tmp_path.iterdir()) == []


def test_no_secret_is_in_the_errors(directory):
    secret = (directory / "local.key").read_bytes()
    (directory / "local.key").write_bytes(secret + b"!")
    error = refused(directory, "E-KEY-03")
    assert secret.hex() not in str(error)
    assert repr(secret)[2:-1] not in str(error)
