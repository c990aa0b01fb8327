"""Fetching is bounded in bytes and in time, goes to http and https only, and says what went wrong."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio_logging import as_clip
from audio_logging.errors import AudioDecodeError, AudioDownloadError
from audio_logging.inputs.download import download

if TYPE_CHECKING:
    from tests.inputs.conftest import Server

Request = BaseHTTPRequestHandler

BODY = bytes(range(256)) * 1000


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def test_a_file_is_fetched_whole(server: Server) -> None:
    assert download(server.file("/a.wav", BODY)) == BODY
    assert server.asked == ["/a.wav"]


def test_an_address_as_people_write_it_is_fetched(server: Server) -> None:
    address = server.file("/t%C3%B6n%201.wav?x=%2F", BODY)
    assert download(address) == BODY
    assert download(address.replace("%C3%B6", "ö").replace("%20", " ")) == BODY


def test_a_file_of_exactly_the_bound_is_fetched(server: Server) -> None:
    assert download(server.file("/a.wav", BODY), max_bytes=len(BODY)) == BODY


def test_an_empty_answer_is_no_bytes(server: Server) -> None:
    address = server.file("/empty.wav", b"")
    assert download(address) == b""
    with pytest.raises(AudioDecodeError, match=r"empty\.wav' is empty \(0 bytes\)"):
        as_clip(address)


def test_an_answer_without_a_length_is_fetched_whole(server: Server) -> None:
    def answer(request: Request) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(BODY)

    assert download(server.address("/a.wav", answer)) == BODY


def test_an_answer_in_chunks_is_fetched_whole(server: Server) -> None:
    def answer(request: Request) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for piece in (BODY[:1000], BODY[1000:]):
            request.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        request.wfile.write(b"0\r\n\r\n")

    assert download(server.address("/a.wav", answer)) == BODY


def test_a_redirect_is_followed(server: Server) -> None:
    target = server.file("/there.wav", BODY)
    assert download(server.address("/here.wav", lambda r: server.send(r, b"", 302, Location=target))) == BODY


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a.wav", "data:audio/wav;base64,UklGRg=="])
def test_a_redirect_leads_to_http_only(server: Server, target: str) -> None:
    address = server.address("/a.wav", lambda r: server.send(r, b"", 302, Location=target))
    with pytest.raises(AudioDownloadError, match=r"could not fetch .*/a\.wav: .*(not allowed|unknown url type)"):
        download(address)


def test_a_redirect_in_a_circle_ends(server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}/a.wav"
    server.address("/a.wav", lambda r: server.send(r, b"", 302, Location=address))
    with pytest.raises(AudioDownloadError, match="redirect error"):
        download(address)
    assert len(server.asked) < 20


def test_the_body_of_a_redirect_is_not_read(server: Server) -> None:
    target = server.file("/there.wav", BODY)

    def answer(request: Request) -> None:
        request.send_response(302)
        request.send_header("Location", target)
        request.end_headers()
        for _ in range(1000):
            request.wfile.write(bytes(2**20))

    started = time.monotonic()
    assert download(server.address("/here.wav", answer)) == BODY
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(("status", "reason"), [(404, "Not Found"), (403, "Forbidden"), (500, "Internal Server Error")])
def test_an_answer_that_is_no_file_is_refused_with_its_status(server: Server, status: int, reason: str) -> None:
    address = server.address("/a.wav", lambda r: server.send(r, BODY, status))
    with pytest.raises(AudioDownloadError, match=rf"could not fetch {address}: the server answered {status} {reason}"):
        download(address)


def test_a_length_beyond_the_bound_is_refused_before_anything_is_read(server: Server) -> None:
    address = server.address("/a.wav", lambda r: server.send(r, b"RIFF", Content_Length="1000000000000"))
    with pytest.raises(AudioDownloadError, match="1000000000000 bytes, wanted at most 67108864"):
        download(address)


def test_a_body_without_end_is_cut_at_the_bound(server: Server) -> None:
    def answer(request: Request) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(BODY)

    with pytest.raises(AudioDownloadError, match="more than 1000000 bytes"):
        download(server.address("/a.wav", answer), max_bytes=1_000_000)


def test_a_connection_that_is_cut_is_no_whole_file(server: Server) -> None:
    def answer(request: Request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(BODY[:300])

    with pytest.raises(AudioDownloadError, match="the connection ended after 300 of 1000 bytes"):
        download(server.address("/a.wav", answer))


def test_chunks_that_are_cut_are_no_whole_file(server: Server) -> None:
    def answer(request: Request) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"3e8\r\n" + BODY[:300])

    with pytest.raises(AudioDownloadError, match="IncompleteRead"):
        download(server.address("/a.wav", answer))


def test_a_server_that_hangs_up_is_named(server: Server) -> None:
    address = server.address("/a.wav", lambda r: r.connection.shutdown(socket.SHUT_RDWR))
    with pytest.raises(AudioDownloadError, match=rf"could not fetch {address}: .*closed connection"):
        download(address)


def test_no_server_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(AudioDownloadError, match=rf"could not fetch http://127\.0\.0\.1:{port}/a\.wav: .*refused"):
        as_clip(f"http://127.0.0.1:{port}/a.wav")


@pytest.mark.parametrize("address", ["http://", "http://[::1", "http://a b/c.wav", "http://host:port/a.wav"])
def test_an_address_that_is_none_is_an_error(address: str) -> None:
    with pytest.raises(AudioDownloadError, match="could not fetch http://"):
        as_clip(address)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/a.wav"])
def test_nothing_but_http_is_ever_opened(address: str) -> None:
    with pytest.raises(AudioDownloadError, match="unknown url type"):
        download(address)


def test_a_silent_server_runs_into_the_time_out(server: Server) -> None:
    done = threading.Event()

    def answer(request: Request) -> None:
        done.wait(5)

    address = server.address("/a.wav", answer)
    started = time.monotonic()
    with pytest.raises(AudioDownloadError, match=r"no answer within 0\.2 s"):
        download(address, timeout=0.2)
    assert time.monotonic() - started < 2
    done.set()


@pytest.mark.parametrize("drips_in", ["headers", "body", "body of known length"])
def test_a_slow_drip_is_cut_at_the_deadline(server: Server, drips_in: str) -> None:
    def answer(request: Request) -> None:
        if drips_in != "headers":
            request.send_response(200)
            if drips_in == "body of known length":
                request.send_header("Content-Length", "1000")
            request.end_headers()
        for _ in range(200):
            request.wfile.write(b"H")
            request.wfile.flush()
            time.sleep(0.05)

    started = time.monotonic()
    with pytest.raises(AudioDownloadError, match="too slow"):
        download(server.address("/a.wav", answer), timeout=5, max_seconds=0.4)
    assert time.monotonic() - started < 2


def test_no_thread_is_left_behind(server: Server) -> None:
    download(server.file("/a.wav", BODY))
    with pytest.raises(AudioDownloadError, match="404"):
        download(f"http://127.0.0.1:{server.port}/none.wav")
    deadline = time.monotonic() + 2
    while any(isinstance(thread, threading.Timer) for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_https_to_a_server_without_tls_is_an_error(server: Server) -> None:
    with pytest.raises(AudioDownloadError, match=r"could not fetch https://.*SSL"):
        download(server.file("/a.wav", BODY).replace("http://", "https://"))


@pytest.fixture
def tls_port(tmp_path: Path, wav_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server with a certificate of its own that Python is told to trust; ``/slow`` never comes to an end."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=here -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*command.split(), "-out", certificate, "-keyout", key], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                asked = connection.recv(4096)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + (b"" if b"/slow" in asked else wav_bytes))
                for _ in range(100 if b"/slow" in asked else 0):
                    connection.sendall(b"R")
                    time.sleep(0.05)
                connection.close()
            except ssl.SSLError:
                continue
            except OSError:
                if listener.fileno() < 0:
                    return

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def test_https_is_fetched_and_cut_at_the_deadline(tls_port: int) -> None:
    clip = as_clip(f"https://127.0.0.1:{tls_port}/a.wav")
    assert (clip.sample_rate, clip.frames) == (16_000, 16_000)
    started = time.monotonic()
    with pytest.raises(AudioDownloadError, match="too slow"):
        download(f"https://127.0.0.1:{tls_port}/slow", timeout=5, max_seconds=0.4)
    assert time.monotonic() - started < 2


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(AudioDownloadError, match="CERTIFICATE_VERIFY_FAILED"):
        download(f"https://127.0.0.1:{tls_port}/a.wav")


def test_an_address_of_text_is_no_audio(server: Server) -> None:
    address = server.file("/page.wav", b"<!doctype html><title>Not here</title>")
    with pytest.raises(AudioDecodeError, match=r"/page\.wav' is not an audio file .*<!doctype ht"):
        as_clip(address)


def test_an_http_clip_is_the_file_behind_it(server: Server, wav_bytes: bytes) -> None:
    clip = as_clip(server.file("/tone.wav", wav_bytes), 16_000)
    assert clip.stored.dtype == np.int16
    assert np.array_equal(clip.stored, as_clip(wav_bytes).stored)
