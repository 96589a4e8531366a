//! What the examples of the chapter about the drivers need.

use crate::common::{Bench, quick};
use wifi_at_simulator::{I2cDevice, World};

/// A module with a thermometer at I2C port 0, a device with a long address, and memory at the SPI, after what comes before
/// a line.
pub(crate) fn bench(line: &str) -> Bench {
    let world = World::new()
        .voltage(0, 475)
        .i2c_device(I2cDevice::new(0x34, (0..0x30).collect::<Vec<u8>>()))
        .i2c_device(I2cDevice::new(0x2ff, vec![0xab, 0xcd]))
        .spi_memory([0xc0, 0xff, 0xee, 0x01]);
    let mut bench = Bench::booted(quick().world(world));
    let before: &[&str] = match line.split('=').next().unwrap() {
        "AT+DRVPWMDUTY" | "AT+DRVPWMFADE" => &["AT+DRVPWMINIT=5000,13,17,16,18,19"],
        "AT+DRVI2CRD" | "AT+DRVI2CWRDATA" | "AT+DRVI2CWRBYTES" => &["AT+DRVI2CINIT=0,25,26,1000"],
        // Something that was set up is given back.
        "AT+DRVI2CINIT" if line == "AT+DRVI2CINIT=0" => &["AT+DRVI2CINIT=0,25,26,1000"],
        "AT+DRVSPIINIT" if line == "AT+DRVSPIINIT=0" => {
            &["AT+DRVSPICONFGPIO=23,19,18,5", "AT+DRVSPIINIT=1000000,0,0,0,0"]
        }
        "AT+DRVSPIINIT" => &["AT+DRVSPICONFGPIO=23,19,18,5"],
        // Nobody drives the line in the examples.
        "AT+DRVSPIRD" => {
            &["AT+DRVSPICONFGPIO=23,19,18,5", "AT+DRVSPIINIT=1000000,0,0,0,0", "AT+DRVSPICONFGPIO=23,-1,18,5"]
        }
        "AT+DRVSPIWR" => &["AT+DRVSPICONFGPIO=23,19,18,5", "AT+DRVSPIINIT=1000000,0,0,0,0"],
        _ => &[],
    };
    for line in before {
        bench.ok(line);
    }
    bench
}
