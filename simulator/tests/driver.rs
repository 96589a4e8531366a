//! The driver chapter of ESP-AT: ADC, PWM, I2C and SPI, with voltages and devices in the world; and the pins of the ESP8266.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder_of, ms, quick};
use wifi_at_simulator::{Dialect, Event, I2cDevice, PwmOutput, World};

/// A thermometer at I2C port 0, a device with a long address, and memory at the SPI.
fn world() -> World {
    World::new()
        .voltage(0, 475)
        .i2c_device(I2cDevice::new(0x34, (0..0x30).collect::<Vec<u8>>()))
        .i2c_device(I2cDevice::new(0x2ff, vec![0xab, 0xcd]))
        .spi_memory([0xc0, 0xff, 0xee, 0x01])
}

fn bench() -> Bench {
    let mut bench = Bench::booted(quick().world(world()));
    bench.ok("AT+SYSLOG=1");
    bench
}

fn code(code: &str) -> String {
    format!("ERR CODE:0x01{code}0000\r\n\r\nERROR\r\n")
}

#[test]
fn analogue_input() {
    let mut bench = bench();
    assert_eq!(bench.ask("AT+DRVADC=0,0"), "+DRVADC:2048\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+DRVADC=0,3"), "+DRVADC:794\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+DRVADC=7,0"), "+DRVADC:0\r\n\r\nOK\r\n");
    bench.module.happen(bench.now, Event::Voltage { channel: 7, millivolts: 3000 });
    assert_eq!(bench.ask("AT+DRVADC=7,3"), "+DRVADC:4095\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+DRVADC=8,0"), code("07"));
    assert_eq!(bench.ask("AT+DRVADC=0"), code("06"));
}

#[test]
fn pwm() {
    let mut bench = bench();
    assert_eq!(bench.ask("AT+DRVPWMDUTY=1"), code("0a"));
    assert_eq!(bench.ask("AT+DRVPWMINIT=8000000,20,17"), code("0a"));
    assert_eq!(bench.ask("AT+DRVPWMINIT=1000,10,34"), code("07"));
    bench.ok("AT+DRVPWMINIT=10000,10,17,16");
    bench.ok("AT+DRVPWMDUTY=1024,512");
    let now = bench.now;
    let output = PwmOutput { gpio: 16, frequency: 10_000, resolution: 10, duty: 512 };
    assert_eq!(bench.module.pwm(now, 1), Some(output));
    assert_eq!(bench.module.pwm(now, 2), None);
    assert_eq!(bench.ask("AT+DRVPWMDUTY=,1025"), code("07"));
    assert_eq!(bench.ask("AT+DRVPWMDUTY=,,0"), code("0a"));
    let duty = |bench: &mut Bench| bench.module.pwm(bench.now, 0).unwrap().duty;
    assert_eq!(bench.ask_for("AT+DRVPWMFADE=0,1000,,", ms(250)), "\r\nOK\r\n");
    assert_eq!(duty(&mut bench), 768);
    bench.run(ms(500));
    assert_eq!(duty(&mut bench), 256);
    bench.run(ms(500));
    assert_eq!(duty(&mut bench), 0);
    assert_eq!(bench.ask("AT+DRVPWMFADE=1024,1000"), code("07"));
    assert_eq!(bench.ask("AT+DRVPWMFADE=1"), code("06"));
    assert_eq!(bench.ask("AT+DRVPWMFADE=1,,"), code("06"));
    assert_eq!(bench.ask("AT+DRVPWMFADE=,,,,1,1"), code("0a"));
    bench.ask("AT+RST");
    assert_eq!(bench.module.pwm(bench.now, 0), None);
}

#[test]
fn i2c() {
    let mut bench = bench();
    assert_eq!(bench.ask("AT+DRVI2CRD=0,0x34,1"), code("0a"));
    assert_eq!(bench.ask("AT+DRVI2CINIT=0"), code("0a"));
    assert_eq!(bench.ask("AT+DRVI2CINIT=0,25,26"), code("06"));
    bench.ok("AT+DRVI2CINIT=0,25,26,100000");
    bench.ok("AT+DRVI2CWRBYTES=0,0x34,1,0x27");
    assert_eq!(bench.ask("AT+DRVI2CRD=0,0x34,2"), "+DRVI2CRD:2728\r\n\r\nOK\r\n");
    bench.ok("AT+DRVI2CWRBYTES=0,52,2,0x27FF");
    assert_eq!(bench.module.i2c_registers(0, 0x34).unwrap()[0x26..0x29], [0x26, 0xff, 0x28]);
    assert_eq!(bench.ask("AT+DRVI2CWRDATA=0,0x34,3"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(&[0x2f, 0xaa, 0xbb]), "\r\nOK\r\n");
    // Behind the last register comes the first one.
    let registers = bench.module.i2c_registers(0, 0x34).unwrap();
    assert_eq!((registers[0x2f], registers[0]), (0xaa, 0xbb));
    assert_eq!(bench.ask("AT+DRVI2CRD=0,0x7AFF,2"), "+DRVI2CRD:abcd\r\n\r\nOK\r\n");
    // Nobody acknowledges: another address, another port.
    assert_eq!(bench.ask("AT+DRVI2CRD=0,0x35,1"), code("0a"));
    assert_eq!(bench.ask("AT+DRVI2CWRDATA=0,0x35,1"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(&[0]), code("0a"));
    bench.ok("AT+DRVI2CINIT=1,21,22,100000");
    assert_eq!(bench.ask("AT+DRVI2CRD=1,0x34,1"), code("0a"));
    assert_eq!(bench.ask("AT+DRVI2CRD=0,0x80,1"), code("07"));
    assert_eq!(bench.ask("AT+DRVI2CWRBYTES=0,0x34,1,0x100"), code("07"));
    let changed = Event::I2cRegister { port: 0, address: 0x34, register: 1, value: 0x55 };
    bench.module.happen(bench.now, changed);
    assert_eq!(bench.ask("AT+DRVI2CRD=0,0x34,1"), "+DRVI2CRD:55\r\n\r\nOK\r\n");
    bench.ok("AT+DRVI2CINIT=0");
    assert_eq!(bench.ask("AT+DRVI2CRD=0,0x34,1"), code("0a"));
}

#[test]
fn spi() {
    let mut bench = bench();
    assert_eq!(bench.ask("AT+DRVSPIINIT=1000000,0,0,0,0"), code("0a"));
    bench.ok("AT+DRVSPICONFGPIO=23,19,18,-1");
    assert_eq!(bench.ask("AT+DRVSPIRD=1"), code("0a"));
    bench.ok("AT+DRVSPIINIT=1000000,0,0,0,0");
    assert_eq!(bench.ask("AT+DRVSPIRD=6,0x03,1,0x000001,3"), "+DRVSPIRD:ffee01ffffff\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+DRVSPIWR=2,0x02,1,0x000002,3"), "\r\nOK\r\n\r\n>");
    assert_eq!(bench.payload(b"\r\n"), "\r\nOK\r\n");
    assert_eq!(bench.module.spi_memory().unwrap(), [0xc0, 0xff, 0x0d, 0x0a]);
    bench.ok("AT+DRVSPIWR=0,0x06,1");
    assert_eq!(bench.ask("AT+DRVSPIWR=0"), code("06"));
    assert_eq!(bench.ask("AT+DRVSPIRD=2,0x03"), code("06"));
    assert_eq!(bench.ask("AT+DRVSPIRD=2,0x103,1"), code("07"));
    // More than 64 bytes need DMA.
    assert_eq!(bench.ask("AT+DRVSPIRD=65"), code("07"));
    bench.ok("AT+DRVSPIINIT=1000000,0,0,0,1");
    assert!(bench.ask("AT+DRVSPIRD=65").starts_with("+DRVSPIRD:c0ff0d0aff"));
    // The least significant bit first, both ways.
    bench.ok("AT+DRVSPIINIT=1000000,0,0,0,0,3");
    assert_eq!(bench.ask("AT+DRVSPIRD=1"), "+DRVSPIRD:03\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+DRVSPIRD=1,0,0,0x80,1"), "+DRVSPIRD:ff\r\n\r\nOK\r\n");
    bench.module.happen(bench.now, Event::SpiMemory { start: 1, bytes: vec![0x80] });
    assert_eq!(bench.ask("AT+DRVSPIRD=1,0,0,0x80,1"), "+DRVSPIRD:01\r\n\r\nOK\r\n");
    bench.ok("AT+DRVSPIINIT=0");
    assert_eq!(bench.ask("AT+DRVSPIINIT=0"), code("0a"));
}

#[test]
fn pins_of_an_esp8266() {
    let world = World::new().voltage(0, 500).at(ms(1000), Event::Pin { number: 12, level: Some(true) });
    let mut bench = Bench::new(builder_of(Dialect::Esp8266Nonos).world(world));
    bench.run(ms(900));
    bench.ask_for("ATE0", ms(10));
    assert_eq!(bench.ask_for("AT+SYSADC?", ms(10)), "+SYSADC:512\r\n\r\nOK\r\n");
    for line in ["AT+SYSIOSETCFG=12,3,0", "AT+SYSGPIODIR=12,0"] {
        assert_eq!(bench.ask_for(line, ms(10)), "\r\nOK\r\n");
    }
    assert_eq!(bench.ask_for("AT+SYSGPIOREAD=12", ms(10)), "+SYSGPIOREAD:12,0,0\r\n\r\nOK\r\n");
    bench.run(ms(200));
    assert_eq!(bench.ask_for("AT+SYSGPIOREAD=12", ms(10)), "+SYSGPIOREAD:12,0,1\r\n\r\nOK\r\n");
}

#[cfg(feature = "world")]
#[test]
fn from_a_file() {
    let world = World::from_toml(
        "[[voltage]]\nchannel = 3\nmillivolts = 950\n\
         [[i2c]]\nport = 1\naddress = 0x20\nregisters = '0a0b'\n\
         [spi]\nmemory = '0102'\n\
         [[event]]\nat = 5\nvoltage = { channel = 3, millivolts = 475 }\n\
         [[event]]\nat = 5\npin = { number = 12, high = true }\n\
         [[event]]\nat = 5\ni2c_register = { port = 1, address = 0x20, register = 1, value = 0xff }\n\
         [[event]]\nat = 5\nspi_memory = { start = 1, bytes = '77' }\n",
    );
    let mut bench = Bench::new(quick().world(world.unwrap()));
    bench.run(ms(1000));
    assert_eq!(bench.ask_for("ATE0", ms(10)), "ATE0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask_for("AT+DRVADC=3,0", ms(10)), "+DRVADC:4095\r\n\r\nOK\r\n");
    assert_eq!(bench.ask_for("AT+DRVI2CINIT=1,21,22,1000", ms(10)), "\r\nOK\r\n");
    assert_eq!(bench.ask_for("AT+DRVI2CRD=1,0x20,2", ms(10)), "+DRVI2CRD:0a0b\r\n\r\nOK\r\n");
    bench.run(ms(5000));
    assert_eq!(bench.ask_for("AT+DRVADC=3,0", ms(10)), "+DRVADC:2048\r\n\r\nOK\r\n");
    assert_eq!(bench.module.i2c_registers(1, 0x20), Some(&[0x0a, 0xff][..]));
    assert_eq!(bench.module.spi_memory(), Some(&[1, 0x77][..]));
    for (text, wanted) in [
        ("[[voltage]]\nchannel = 8\nmillivolts = 0\n", "channels are 0 to 7"),
        ("[[i2c]]\nport = 2\naddress = 1\nregisters = ''\n", "ports are 0 and 1"),
        ("[[i2c]]\naddress = 0x400\nregisters = ''\n", "an address has 7 or 10 bits"),
        ("[spi]\nmemory = 'x'\n", "\"x\" is no row of bytes in hex digits"),
    ] {
        assert_eq!(World::from_toml(text).unwrap_err().message, wanted);
    }
}
