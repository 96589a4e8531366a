#!/usr/bin/env node
// Runs RP2040 firmware in rp2040js, joined to the rest of the world by TCP connections that it makes.
//
//   run.mjs ELF [--uart NUMBER=HOST:PORT] [--pin NUMBER=HOST:PORT] [--rtt HOST:PORT] [--limit SECONDS]
//
//   --uart  both directions of a UART
//   --pin   levels of an output, one byte each: `0` or `1`
//   --rtt   what the firmware writes to RTT's first channel, such as defmt's log
//   --limit of real time, after which it ends with status 124; 300 if nothing else is said
//
// Simulated time does not run faster than real time, and slower where this machine is too slow. Semihosting writes to
// the standard output, and ends with the firmware's status. A panic (an undefined instruction or a breakpoint) is 101.

import fs from 'node:fs';
import net from 'node:net';
import { parseArgs } from 'node:util';
import { ConsoleLogger, GPIOPinState, LogLevel, Simulator } from 'rp2040js';
import { PL011 } from './pl011.mjs';

const CYCLE_NANOS = 8; // 125 MHz
const SLICE_NANOS = 1e6;
const HIGH_WATER = 4096; // bytes that wait for the firmware's UART before no more are read
const FLASH = 0x10000000, RAM = 0x20000000;
const VECTORS = FLASH + 0x100; // behind the second stage of the boot loader

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    uart: { type: 'string' },
    pin: { type: 'string' },
    rtt: { type: 'string' },
    limit: { type: 'string', default: '300' },
  },
});

const simulator = new Simulator();
const { clock, rp2040 } = simulator;
const { core } = rp2040;
rp2040.logger = new (class extends ConsoleLogger {
  // rp2040js only tells that there was a SEV. The WFE after it must not wait, or what a task has woken sleeps on.
  info(component, message) {
    if (message === 'SEV') core.eventRegistered = true;
    else super.info(component, message);
  }
})(LogLevel.Error);
[0x40034, 0x40038].forEach((page, number) => {
  rp2040.peripherals[page] = rp2040.uart[number] = new PL011(rp2040, `UART${number}`, rp2040.uart[number].irq);
});

/** Set once: the status to end with. */
let status = null;
const end = (code) => (status ??= code);

function load(path) {
  const elf = fs.readFileSync(path);
  const table = elf.readUInt32LE(28), entrySize = elf.readUInt16LE(42), entries = elf.readUInt16LE(44);
  for (let entry = table; entry < table + entries * entrySize; entry += entrySize) {
    const [type, offset, , address, size] = [0, 4, 8, 12, 16].map((field) => elf.readUInt32LE(entry + field));
    if (type === 1 && size > 0) rp2040.flash.set(elf.subarray(offset, offset + size), address - FLASH);
  }
  // The boot ROM is not there: what it and the second stage do to the flash's speed is skipped.
  core.VTOR = VECTORS;
  core.reset();
}

// Semihosting, of which firmware needs no more than this.

const SEMIHOSTING = 0xab;
const APPLICATION_EXIT = 0x20026;

function text(address, length) {
  return Buffer.from(Array.from({ length }, (_, at) => rp2040.readUint8(address + at)));
}

function semihosting() {
  const operation = core.registers[0], parameter = core.registers[1] >>> 0;
  const word = (index) => rp2040.readUint32(parameter + 4 * index) >>> 0;
  switch (operation) {
    case 0x01: // open: the terminal
      return 1;
    case 0x03: // one character
      process.stdout.write(text(parameter, 1));
      return 0;
    case 0x04: { // a string that ends with 0
      let length = 0;
      while (rp2040.readUint8(parameter + length) !== 0) length += 1;
      process.stdout.write(text(parameter, length));
      return 0;
    }
    case 0x05: // some bytes; gives how many were not written
      process.stdout.write(text(word(1), word(2)));
      return 0;
    case 0x18: // exit
      end(parameter === APPLICATION_EXIT ? 0 : 1);
      return 0;
    default:
      return -1;
  }
}

rp2040.onBreak = (code) => {
  const instruction = rp2040.readUint16(core.PC - 2);
  if (instruction === (0xbe00 | SEMIHOSTING)) {
    core.registers[0] = semihosting();
  } else {
    console.error(`stopped: instruction ${instruction.toString(16)} (${code}) at ${(core.PC - 2).toString(16)}`);
    end(101);
  }
};

// The firmware's connections.

function connect(address) {
  const at = address.lastIndexOf(':');
  const socket = net.connect(Number(address.slice(at + 1)), address.slice(0, at));
  socket.setNoDelay();
  socket.on('error', (error) => {
    console.error(`${address}: ${error.message}`);
    end(2);
  });
  return new Promise((resolve) => socket.on('connect', () => resolve(socket)));
}

/** `NUMBER=HOST:PORT`, once it is connected. */
async function numbered(option) {
  const [number, address] = option.split('=');
  return [Number(number), await connect(address)];
}

/** What is done for each slice of time that has passed. */
const afterSlice = [];

function joinUart(uart, socket) {
  const leaving = [];
  uart.onByte = (byte) => leaving.push(byte);
  afterSlice.push(() => leaving.length > 0 && socket.write(Buffer.from(leaving.splice(0))));
  socket.on('data', (bytes) => {
    uart.send(bytes);
    if (uart.waiting > HIGH_WATER) socket.pause();
  });
  uart.onRoom = () => socket.isPaused() && socket.resume();
  socket.on('close', () => end(3));
}

function joinPin(pin, socket) {
  pin.addListener((state) => socket.write(state === GPIOPinState.Low ? '0' : '1'));
}

const RTT_ID = Buffer.from('SEGGER RTT\0\0\0\0\0\0', 'latin1');

function joinRtt(socket) {
  let block = -1;
  afterSlice.push(() => {
    const memory = Buffer.from(rp2040.sram.buffer);
    if (block < 0) {
      block = memory.indexOf(RTT_ID);
      if (block < 0) return;
    }
    // The first channel: name, buffer, size, written, read, flags.
    const [buffer, size, written, read] = [1, 2, 3, 4].map((field) => memory.readUInt32LE(block + 24 + 4 * field));
    if (written === read || size === 0) return;
    const start = buffer - RAM;
    const runs = written > read ? [[read, written]] : [[read, size], [0, written]];
    for (const [from, to] of runs) socket.write(Buffer.from(memory.subarray(start + from, start + to)));
    memory.writeUInt32LE(written, block + 24 + 4 * 4);
  });
}

// Time.

function finish(start) {
  const real = (performance.now() - start) / 1000;
  const uarts = rp2040.uart.filter(({ counters }) => counters.received + counters.sent > 0);
  const lines = uarts.map(({ name, counters: { received, sent, lost } }) =>
    `${name}: ${received} bytes in, ${sent} out, ${lost} lost by its FIFO`);
  console.log([`rp2040js: ${(clock.nanos / 1e9).toFixed(1)} s in ${real.toFixed(1)} s`, ...lines].join('; '));
  process.exit(status);
}

function slice() {
  const until = clock.nanos + SLICE_NANOS;
  while (clock.nanos < until && status === null) {
    if (core.waiting) {
      const next = clock.nextAlarm ? clock.nanosToNextAlarm : Infinity;
      clock.tick(Math.max(0, Math.min(next, until - clock.nanos)));
    } else {
      clock.tick(core.executeInstruction() * CYCLE_NANOS);
    }
  }
  afterSlice.forEach((act) => act());
}

function run(start) {
  slice();
  const real = performance.now() - start;
  if (real / 1000 > Number(options.limit)) {
    console.error(`not over after ${options.limit} s`);
    end(124);
  }
  if (status !== null) return finish(start);
  const ahead = clock.nanos / 1e6 - real;
  if (ahead > 1) setTimeout(run, ahead, start);
  else setImmediate(run, start);
}

load(positionals[0]);
if (options.uart) {
  const [number, socket] = await numbered(options.uart);
  joinUart(rp2040.uart[number], socket);
}
if (options.pin) {
  const [number, socket] = await numbered(options.pin);
  joinPin(rp2040.gpio[number], socket);
}
if (options.rtt) joinRtt(await connect(options.rtt));
run(performance.now());
