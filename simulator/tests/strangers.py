"""A host that knows the manual of ESP-AT and pyserial, and nothing of the simulator.

Usage: strangers.py LINE TCP_PORT UDP_PORT SERVER_PORT

Joins, gets a page by TCP, serves one client, sends a datagram, and checks every answer. The test that runs it has the
other ends: a web server, a client that waits for the line "listening", and a UDP socket that answers in capitals.
"""

import sys

import serial

line, tcp_port, udp_port, server_port = sys.argv[1:]
port = serial.Serial(line, 115200, timeout=10)


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
    ask(command, b"\r\nOK\r\n\r\n>")
    port.write(data)
    expect(b"\r\nRecv %d bytes\r\n\r\nSEND OK\r\n" % len(data))


# Opening the line may have thrown away the module's "ready".
port.write(b"ATE0\r\n")
assert read_to(b"\r\nOK\r\n").endswith(b"ATE0\r\n\r\nOK\r\n")
port.write(b"AT+GMR\r\n")
assert read_to(b"\r\nOK\r\n").startswith(b"AT version:")

ask("AT+CWMODE=1", b"\r\nOK\r\n")
ask('AT+CWJAP="home","a wrong key"', b"+CWJAP:2\r\n\r\nERROR\r\n")
ask('AT+CWJAP="home","12345678"', b"WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n")
ask("AT+FAKE", b"\r\nERROR\r\n")

# A page by TCP.
ask(f'AT+CIPSTART="TCP","web.test",{tcp_port}', b"CONNECT\r\n\r\nOK\r\n")
send("AT+CIPSEND=18", b"GET / HTTP/1.0\r\n\r\n")
page = b"HTTP/1.0 200 OK\r\nContent-Length: 15\r\n\r\nhello, stranger"
expect(b"\r\n+IPD,%d:" % len(page) + page)
expect(b"CLOSED\r\n")

# A server with one client.
ask("AT+CIPMUX=1", b"\r\nOK\r\n")
ask(f"AT+CIPSERVER=1,{server_port}", b"\r\nOK\r\n")
print("listening", flush=True)
expect(b"0,CONNECT\r\n")
expect(b"\r\n+IPD,0,12:hello module")
send("AT+CIPSEND=0,12", b"hello client")
expect(b"0,CLOSED\r\n")
ask("AT+CIPSERVER=0", b"\r\nOK\r\n")

# A datagram and its answer.
ask(f'AT+CIPSTART=1,"UDP","127.0.0.1",{udp_port}', b"1,CONNECT\r\n\r\nOK\r\n")
send("AT+CIPSEND=1,8", b"datagram")
expect(b"\r\n+IPD,1,8:DATAGRAM")
ask("AT+CIPCLOSE=1", b"1,CLOSED\r\n\r\nOK\r\n")
print("done")
