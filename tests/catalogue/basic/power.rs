//! Sleep, transmit power, pins.

use wifi_at::command::basic::*;
use wifi_at::dialect::{Esp32V1, Esp8266Idf, Esp8266Nonos, EspAt};

use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    sleep(cases);
    transmit_power(cases);
    pins(cases);
}

fn sleep(cases: &mut Cases) {
    let asleep = Ok(Some(DeepSleep { duration: 1500 }));
    assert_eq!(cases.answer::<EspAt, StartDeepSleep>(&["1500"]), asleep);
    assert_eq!(cases.answer::<Esp32V1, StartDeepSleep>(&["1500"]), asleep);
    assert_eq!(cases.answer::<Esp8266Idf, StartDeepSleep>(&["1500"]), asleep);
    assert_eq!(cases.answer::<Esp8266Nonos, StartDeepSleep>(&["1500", ""]), asleep);
    assert_eq!(cases.answer::<EspAt, StartDeepSleep>(&[]), Ok(None));

    cases.wire::<EspAt, _>(SetSleepMode { mode: SleepMode::Off });
    cases.wire::<Esp32V1, _>(SetModemSleepMode { mode: ModemSleepMode::Off });
    cases.wire::<Esp8266Idf, _>(SetModemSleepMode { mode: ModemSleepMode::Off });
    cases.wire::<Esp8266Nonos, _>(SetNonosSleepMode { mode: NonosSleepMode::Off });
    let mode = cases.answer::<EspAt, QuerySleepMode>(&["+SLEEP:2"]);
    assert_eq!(mode, Ok(SleepState { mode: SleepMode::Light }));
    let mode = cases.answer::<Esp8266Nonos, QueryNonosSleepMode>(&["+SLEEP:2"]);
    assert_eq!(mode, Ok(NonosSleepState { mode: NonosSleepMode::Modem }));

    cases.wire::<EspAt, _>(SetLightSleepWakeup { gpio: 12, level: Some(Level::Low) });
    cases.wire::<Esp8266Nonos, _>(SetWakeupGpio { gpio: 0, level: Level::Low, flag: None });
    let flag = Some(AwakeFlag { gpio: 13, level: Level::High });
    cases.wire::<Esp8266Nonos, _>(SetWakeupGpio { gpio: 0, level: Level::High, flag });
    cases.wire::<Esp8266Nonos, _>(DisableWakeupGpio);
}

fn transmit_power(cases: &mut Cases) {
    let (advertising, scanning, connections) = (BlePower::Plus7, BlePower::Minus14, BlePower::Plus1);
    let ble = Some(BlePowers { advertising, scanning, connections });
    let power = cases.answer::<EspAt, QueryRfPower>(&["+RFPOWER:78,0,7,2"]);
    assert_eq!(power, Ok(RfPower { wifi: 78, ble }));
    let power = cases.answer::<EspAt, QueryRfPower>(&["+RFPOWER:34,-1,-1,-1"]);
    assert_eq!(power, Ok(RfPower { wifi: 34, ble: None }));
    let power = cases.answer::<Esp8266Idf, QueryRfPower>(&["+RFPOWER:78"]);
    assert_eq!(power, Ok(RfPower { wifi: 78, ble: None }));
    assert_eq!((BlePower::Plus7.dbm(), BlePower::Minus2.dbm(), BlePower::Minus14.dbm()), (7, -2, -14));
    cases.wire::<EspAt, _>(SetRfPower { wifi: 78, ble });
    cases.wire::<Esp8266Idf, _>(SetRfPowerIdf { wifi: 82, ble: None });
    cases.wire::<Esp8266Nonos, _>(LimitRfPower { limit: 50 });

    cases.wire::<Esp8266Nonos, _>(SetSupplyVoltage { voltage: 2800 });
    let voltage = cases.answer::<Esp8266Nonos, QuerySupplyVoltage>(&["+RFVDD:3379"]);
    assert_eq!(voltage, Ok(SupplyVoltage { voltage: 3379 }));
}

fn pins(cases: &mut Cases) {
    assert_eq!(cases.answer::<Esp8266Nonos, QueryAdc>(&["+SYSADC: 512"]), Ok(AdcValue { voltage: 512 }));
    cases.wire::<Esp8266Nonos, _>(ConfigurePin { pin: 12, mode: 3, pull_up: true });
    let config = cases.answer::<Esp8266Nonos, ReadPinConfig>(&["+SYSIOGETCFG:12,3,1"]);
    assert_eq!(config, Ok(PinConfig { pin: 12, mode: 3, pull_up: true }));
    cases.wire::<Esp8266Nonos, _>(SetGpioDirection { pin: 12, direction: Direction::Input });
    cases.wire::<Esp8266Nonos, _>(SetGpioDirection { pin: 12, direction: Direction::Output });
    cases.wire::<Esp8266Nonos, _>(WriteGpio { pin: 12, level: Level::High });
    cases.wire::<Esp8266Nonos, _>(ReadGpio { pin: 12 });
    let state = GpioState { pin: 12, direction: Direction::Input, level: Level::High };
    assert_eq!(cases.answer::<Esp8266Nonos, ReadGpio>(&["+SYSGPIOREAD:12,0,1"]), Ok(state));

    let refused = cases.failure::<Esp8266Nonos, SetGpioDirection>(&["NOT GPIO MODE!"]);
    assert_eq!(refused, Some(GpioError::NotGpio));
    assert_eq!(cases.failure::<Esp8266Nonos, WriteGpio>(&["NOT OUTPUT!"]), Some(GpioError::NotOutput));
    assert_eq!(cases.failure::<Esp8266Nonos, ReadGpio>(&["NOT GPIO MODE!"]), Some(GpioError::NotGpio));
    let refused = cases.failure::<Esp8266Nonos, ReadGpio>(&[]);
    assert!(matches!(refused, Some(GpioError::Command(_))));
}
