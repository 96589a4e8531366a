//! driver: every example and every answer of the manuals.

use wifi_at::command::driver::*;
use wifi_at::dialect::EspAt;

use crate::Cases;

pub(crate) fn cases(cases: &mut Cases) {
    cases.wire::<EspAt, _>(ReadAdc { channel: 0, attenuation: Attenuation::Db0 });
    assert_eq!(cases.answer::<EspAt, ReadAdc>(&["+DRVADC:2048"]), Ok(AdcReading { raw: 2048 }));
    pwm(cases);
    i2c(cases);
    spi(cases);
}

fn pwm(cases: &mut Cases) {
    cases.wire::<EspAt, _>(StartPwm {
        frequency: 5000,
        resolution: 13,
        gpio_0: 17,
        gpio_1: Some(16),
        gpio_2: Some(18),
        gpio_3: Some(19),
    });
    let (gpio_1, gpio_2, gpio_3) = (None, None, None);
    cases.wire::<EspAt, _>(StartPwm { frequency: 10_000, resolution: 10, gpio_0: 17, gpio_1, gpio_2, gpio_3 });
    cases.wire::<EspAt, _>(SetPwmDuty { duties: Duties([Some(255), Some(512), None, None]) });
    cases.wire::<EspAt, _>(SetPwmDuty { duties: Duties([None, None, Some(0), None]) });
    let to = |duty, time| Fade::To { duty, time };
    cases.wire::<EspAt, _>(FadePwm { fades: Fades([Fade::Keep, to(0, 1000), Fade::Keep, Fade::Keep]) });
    cases.wire::<EspAt, _>(FadePwm { fades: Fades([to(1024, 1000), to(0, 2000), Fade::Empty, Fade::Keep]) });
}

fn i2c(cases: &mut Cases) {
    let (port, address) = (0, I2cAddress::Bits7(0x34));
    let long = I2cAddress::Bits10(0x2ff);
    cases.wire::<EspAt, _>(StartI2c { port, clock_gpio: 25, data_gpio: 26, frequency: 1000 });
    cases.wire::<EspAt, _>(ReleaseI2c { port });
    cases.wire::<EspAt, _>(ReadI2c { port, address, length: 1 });
    cases.wire::<EspAt, _>(ReadI2c { port, address: long, length: 1 });
    cases.wire::<EspAt, _>(ReadI2c { port, address, length: 2 });
    cases.wire::<EspAt, _>(WriteI2c { port, address, length: 10 });
    cases.wire::<EspAt, _>(WriteI2cBytes { port, address, bytes: FewBytes(&[0x27]) });
    cases.wire::<EspAt, _>(WriteI2cBytes { port, address, bytes: FewBytes(&[0x12, 0x34]) });
    cases.wire::<EspAt, _>(WriteI2cBytes { port, address: long, bytes: FewBytes(&[0x12, 0x34]) });
    cases.wire::<EspAt, _>(WriteI2cBytes { port, address, bytes: FewBytes(&[0x27, 0xff]) });
    for line in ["+DRVI2CRD:27ff", "+DRVI2CREAD:27FF", "+DRVI2CRD:\"0x27ff\""] {
        assert_eq!(cases.answer::<EspAt, ReadI2c>(&[line]).unwrap().data, [0x27, 0xff]);
    }
}

fn spi(cases: &mut Cases) {
    let (miso, chip_select) = (OptionalPin(None), OptionalPin(Some(15)));
    cases.wire::<EspAt, _>(SetSpiPins { mosi: 13, miso, clock: 14, chip_select });
    cases.wire::<EspAt, _>(StartSpi {
        frequency: 102_400,
        mode: 0,
        command_bits: 0,
        address_bits: 0,
        dma: SpiDma::Off,
        lowest_bit_first: Some(LowestBitFirst::SENT | LowestBitFirst::RECEIVED),
    });
    cases.wire::<EspAt, _>(ReleaseSpi);
    let command = SpiPhase { value: 3, length: 1 };
    let phases = SpiPhases::CommandAndAddress(command, SpiPhase { value: 0x1000, length: 3 });
    cases.wire::<EspAt, _>(ReadSpi { length: 2, phases: None });
    cases.wire::<EspAt, _>(ReadSpi { length: 2, phases: Some(phases) });
    cases.wire::<EspAt, _>(WriteSpi { length: 2, phases: None });
    cases.wire::<EspAt, _>(WriteSpiPhases { phases });
    for line in ["+DRVI2CREAD:ffff", "+DRVSPIRD:ffff"] {
        assert_eq!(cases.answer::<EspAt, ReadSpi>(&[line]).unwrap().data, [0xff, 0xff]);
    }
}
