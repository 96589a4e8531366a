// Arm's PL011 as the RP2040 has it: rp2040js's own UART raises its transmit interrupt for ever and knows no speed.
//
// Bytes take their time on the wire, in simulated time. FIFOs of 32, level and timeout interrupts, overrun, RTS and CTS;
// no DMA, no line errors. Offsets and bits are those of the RP2040's datasheet, section 4.2.8.

import { BasePeripheral } from 'rp2040js';

const DR = 0x00, RSR = 0x04, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2c, CR = 0x30, IFLS = 0x34;
const IMSC = 0x38, RIS = 0x3c, MIS = 0x40, ICR = 0x44, DMACR = 0x48, ID = 0xfe0;

const RECEIVE = 1 << 4, TRANSMIT = 1 << 5, TIMEOUT = 1 << 6, OVERRUN = 1 << 10; // interrupts
const BUSY = 1 << 3, RX_EMPTY = 1 << 4, TX_FULL = 1 << 5, RX_FULL = 1 << 6, TX_EMPTY = 1 << 7, CTS = 1; // flags
const ENABLE = 1, TX_ENABLE = 1 << 8, RX_ENABLE = 1 << 9, RTS_ENABLE = 1 << 14, CTS_ENABLE = 1 << 15; // control
const FIFO_ENABLE = 1 << 4, PARITY = 1 << 1, TWO_STOP_BITS = 1 << 3; // line control
const LOST_BEFORE = 1 << 11; // in a byte that was read: the FIFO had been full

const LEVELS = [4, 8, 16, 24, 28];
const IDENTITY = [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1];
/** Bytes waiting on the line below which more are asked for. */
const LOW_WATER = 512;

export class PL011 extends BasePeripheral {
  constructor(rp2040, name, irq) {
    super(rp2040, name);
    this.irq = irq;
    this.registers = { ibrd: 0, fbrd: 0, lcr: 0, cr: RX_ENABLE | TX_ENABLE, ifls: 0x12, imsc: 0, ris: 0, dmacr: 0 };
    this.received = []; // the FIFOs
    this.toSend = [];
    this.shift = null; // the byte that is being sent
    this.lost = false;
    this.line = []; // chunks that the far end has sent, and how much of the first one has been delivered
    this.delivered = 0;
    this.waiting = 0;
    this.clearToSend = true;
    this.counters = { received: 0, sent: 0, lost: 0 };
    /** A byte has left; there is room for more. */
    this.onByte = () => {};
    this.onRoom = () => {};
    this.sendAlarm = rp2040.clock.createAlarm(() => this.sent());
    this.receiveAlarm = rp2040.clock.createAlarm(() => this.arrives());
    this.timeoutAlarm = rp2040.clock.createAlarm(() => this.times_out());
  }

  // What the firmware has set.

  get divider() {
    return this.registers.ibrd + this.registers.fbrd / 64;
  }

  get bitNanos() {
    return this.divider === 0 ? 0 : (16e9 * this.divider) / this.rp2040.clkPeri;
  }

  get byteNanos() {
    const { lcr } = this.registers;
    const bits = 2 + 5 + ((lcr >> 5) & 3) + (lcr & PARITY ? 1 : 0) + (lcr & TWO_STOP_BITS ? 1 : 0);
    return bits * this.bitNanos;
  }

  get depth() {
    return this.registers.lcr & FIFO_ENABLE ? 32 : 1;
  }

  get receiveLevel() {
    return this.depth === 1 ? 1 : (LEVELS[(this.registers.ifls >> 3) & 7] ?? 16);
  }

  get sendLevel() {
    return this.depth === 1 ? 0 : (LEVELS[this.registers.ifls & 7] ?? 16);
  }

  has(bits) {
    return (this.registers.cr & bits) === bits;
  }

  clkPeriChanged() {}

  updateInterrupt() {
    this.rp2040.setInterrupt(this.irq, (this.registers.ris & this.registers.imsc) !== 0);
  }

  // The far end of the line.

  /** Bytes from the module. They arrive at the line's speed. */
  send(bytes) {
    this.line.push(bytes);
    this.waiting += bytes.length;
    this.receiveNext();
  }

  receiveNext() {
    const refused = this.has(RTS_ENABLE) && this.received.length >= this.receiveLevel;
    if (this.waiting > 0 && !refused && this.bitNanos > 0 && !this.receiveAlarm.scheduled) {
      this.receiveAlarm.schedule(this.byteNanos);
    }
  }

  arrives() {
    this.receiveAlarm.scheduled = false;
    const byte = this.line[0][this.delivered++];
    this.waiting -= 1;
    if (this.delivered === this.line[0].length) {
      this.line.shift();
      this.delivered = 0;
    }
    if (this.has(ENABLE | RX_ENABLE)) this.receive(byte);
    if (this.waiting < LOW_WATER) this.onRoom();
    this.receiveNext();
  }

  receive(byte) {
    this.counters.received += 1;
    if (this.received.length >= this.depth) {
      this.counters.lost += 1;
      this.lost = true;
      this.registers.ris |= OVERRUN;
    } else {
      this.received.push(byte | (this.lost ? LOST_BEFORE : 0));
      this.lost = false;
      if (this.received.length >= this.receiveLevel) this.registers.ris |= RECEIVE;
    }
    this.timeoutAlarm.schedule(32 * this.bitNanos);
    this.updateInterrupt();
  }

  times_out() {
    this.timeoutAlarm.scheduled = false;
    if (this.received.length > 0) {
      this.registers.ris |= TIMEOUT;
      this.updateInterrupt();
    }
  }

  sendNext() {
    const allowed = this.has(ENABLE | TX_ENABLE) && (!this.has(CTS_ENABLE) || this.clearToSend);
    if (this.shift !== null || this.toSend.length === 0 || !allowed || this.bitNanos === 0) return;
    this.shift = this.toSend.shift();
    this.sendAlarm.schedule(this.byteNanos);
    // Raised when the FIFO has run down to its level, not while it is there.
    if (this.toSend.length === this.sendLevel || this.depth === 1) this.registers.ris |= TRANSMIT;
  }

  sent() {
    this.sendAlarm.scheduled = false;
    this.counters.sent += 1;
    this.onByte(this.shift);
    this.shift = null;
    this.sendNext();
    this.updateInterrupt();
  }

  // The firmware's side.

  readUint32(offset) {
    const { registers } = this;
    switch (offset) {
      case DR:
        return this.take();
      case RSR:
        return 0;
      case FR: {
        const full = this.toSend.length >= this.depth, empty = this.toSend.length === 0;
        return (this.clearToSend ? CTS : 0) | (this.shift !== null || !empty ? BUSY : 0)
          | (this.received.length === 0 ? RX_EMPTY : 0) | (full ? TX_FULL : 0)
          | (this.received.length >= this.depth ? RX_FULL : 0) | (empty ? TX_EMPTY : 0);
      }
      case IBRD:
        return registers.ibrd;
      case FBRD:
        return registers.fbrd;
      case LCR_H:
        return registers.lcr;
      case CR:
        return registers.cr;
      case IFLS:
        return registers.ifls;
      case IMSC:
        return registers.imsc;
      case RIS:
        return registers.ris;
      case MIS:
        return registers.ris & registers.imsc;
      case DMACR:
        return registers.dmacr;
      default:
        return IDENTITY[(offset - ID) / 4] ?? super.readUint32(offset);
    }
  }

  take() {
    const byte = this.received.shift() ?? 0;
    if (this.received.length < this.receiveLevel) this.registers.ris &= ~RECEIVE;
    if (this.received.length === 0) {
      this.registers.ris &= ~TIMEOUT;
      this.timeoutAlarm.cancel();
    }
    this.updateInterrupt();
    this.receiveNext();
    return byte;
  }

  writeUint32(offset, value) {
    const { registers } = this;
    switch (offset) {
      case DR:
        if (this.toSend.length < this.depth) this.toSend.push(value & 0xff);
        if (this.toSend.length > this.sendLevel) registers.ris &= ~TRANSMIT;
        this.sendNext();
        break;
      case RSR:
        break;
      case IBRD:
        registers.ibrd = value & 0xffff;
        break;
      case FBRD:
        registers.fbrd = value & 0x3f;
        break;
      case LCR_H:
        registers.lcr = value & 0xff;
        break;
      case CR:
        registers.cr = value & 0xffff;
        this.sendNext();
        break;
      case IFLS:
        registers.ifls = value & 0x3f;
        break;
      case IMSC:
        registers.imsc = value & 0x7ff;
        break;
      case ICR:
        registers.ris &= ~this.rawWriteValue;
        break;
      case DMACR:
        registers.dmacr = value & 7;
        break;
      default:
        super.writeUint32(offset, value);
    }
    this.updateInterrupt();
  }
}
