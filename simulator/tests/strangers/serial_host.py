"""A host that knows the manuals and pyserial, and nothing of the simulator.

Usage: serial_host.py DIALECT LINE TCP_PORT UDP_PORT SERVER_PORT

Joins, gets a page by TCP, serves one client, sends a datagram, goes through and out of passthrough, and checks every
answer. The test that runs it has the other ends: a web server, a client that waits for the line "listening", and a UDP
socket that answers in capitals.
"""

import sys
import time

import serial

dialect, line, tcp_port, udp_port, server_port = sys.argv[1:]
port = serial.Serial(line, 115200, timeout=10)

# Where the firmwares differ, as their manuals and logs have it.
older = dialect in ("wizfi360", "esp8266-nonos")
current = "_CUR" if older else ""
prompt = b"\r\nOK\r\n> " if older else b"\r\nOK\r\n\r\n>"
line_end = b"\r\r\n" if dialect == "esp8266-nonos" else b"\r\n"
wrong_key = {
    "wizfi360": b"+CWJAP:2\r\n\r\nFAIL\r\n",
    "esp8266-nonos": b"+CWJAP_CUR:2\r\n\r\nFAIL\r\n",
}.get(dialect, b"+CWJAP:2\r\n\r\nERROR\r\n")


def read_to(end):
    """What comes up to and with these bytes."""
    got = port.read_until(end)
    assert got.endswith(end), f"{end!r} wanted, got {got!r}"
    return got


def expect(wanted):
    got = port.read(len(wanted))
    assert got == wanted, f"{wanted!r} wanted, got {got!r}"


def ask(command, answer):
    """A command and its whole answer; the echo is off."""
    port.write(command.encode() + b"\r\n")
    expect(answer)


def send(command, data):
    """Counted sending."""
    ask(command, prompt)
    port.write(data)
    expect(b"\r\nRecv %d bytes\r\n\r\nSEND OK\r\n" % len(data))


def frame(head, peer_port, data):
    """Received data; WizFi360 says from whom if it is not told otherwise."""
    peer = b",127.0.0.1,%d" % peer_port if dialect == "wizfi360" else b""
    return b"\r\n+IPD," + head + b"%d" % len(data) + peer + b":" + data


# Opening the line may have thrown away the module's "ready", and boot messages may be in it.
port.write(b"ATE0\r\n")
assert read_to(b"\r\nOK\r\n").endswith(b"ATE0" + line_end + b"\r\nOK\r\n")
port.write(b"AT+GMR\r\n")
assert read_to(b"\r\nOK\r\n" if dialect != "esp8266-nonos" else b"\nOK\r\n").startswith(b"AT version:")

ask(f"AT+CWMODE{current}=1", b"\r\nOK\r\n")
ask(f'AT+CWJAP{current}="home","a wrong key"', wrong_key)
ask(f'AT+CWJAP{current}="home","12345678"', b"WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n")
ask("AT+FAKE", b"\r\nERROR\r\n")

# A page by TCP.
ask(f'AT+CIPSTART="TCP","web.test",{tcp_port}', b"CONNECT\r\n\r\nOK\r\n")
send("AT+CIPSEND=18", b"GET / HTTP/1.0\r\n\r\n")
page = b"HTTP/1.0 200 OK\r\nContent-Length: 15\r\n\r\nhello, stranger"
expect(frame(b"", int(tcp_port), page))
expect(b"CLOSED\r\n")

# A server with one client.
ask("AT+CIPMUX=1", b"\r\nOK\r\n")
ask(f"AT+CIPSERVER=1,{server_port}", b"\r\nOK\r\n")
print("listening", flush=True)
expect(b"0,CONNECT\r\n")
client_port = int(sys.stdin.readline())
expect(frame(b"0,", client_port, b"hello module"))
send("AT+CIPSEND=0,12", b"hello client")
expect(b"0,CLOSED\r\n")
ask("AT+CIPSERVER=0", b"\r\nOK\r\n")

# A datagram and its answer.
ask(f'AT+CIPSTART=1,"UDP","127.0.0.1",{udp_port}', b"1,CONNECT\r\n\r\nOK\r\n")
send("AT+CIPSEND=1,8", b"datagram")
expect(frame(b"1,", int(udp_port), b"DATAGRAM"))
ask("AT+CIPCLOSE=1", b"1,CLOSED\r\n\r\nOK\r\n")

# Passthrough, and three signs between two silences.
ask("AT+CIPMUX=0", b"\r\nOK\r\n")
ask(f'AT+CIPSTART="UDP","127.0.0.1",{udp_port}', b"CONNECT\r\n\r\nOK\r\n")
ask("AT+CIPMODE=1", b"\r\nOK\r\n")
ask("AT+CIPSEND", b"\r\nOK\r\n\r\n> " if older else b"\r\nOK\r\n\r\n>")
port.write(b"as it is\r\nat+gmr\r\n")
expect(b"AS IT IS\r\nAT+GMR\r\n")
time.sleep(1.1)
port.write(b"+++")
time.sleep(1.1)
ask("AT+CIPMODE=0", b"\r\nOK\r\n")
ask("AT+CIPCLOSE", b"CLOSED\r\n\r\nOK\r\n")
print("done")
