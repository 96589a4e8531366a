//! Basic commands about the chip, in the dialects that have them, byte for byte.
#![allow(missing_docs)]

mod common;

use common::{Bench, builder_of, ms};
use core::time::Duration;
use wifi_at_simulator::{Dialect, Latency};

fn bench(dialect: Dialect) -> Bench {
    Bench::online(builder_of(dialect).latency(Latency::none()))
}

fn restart(bench: &mut Bench) {
    let answer = bench.ask("AT+RST");
    assert!(answer.contains("\r\nready\r\n"), "{answer}");
    bench.ask("ATE0");
}

#[test]
fn radio_power() {
    for (dialect, most) in [(Dialect::EspAt, 84), (Dialect::Esp8266Idf, 82)] {
        let mut bench = bench(dialect);
        assert_eq!(bench.ask("AT+RFPOWER?"), "+RFPOWER:78,1,1,1\r\n\r\nOK\r\n");
        for (set, used) in [(40, 34), (43, 34), (44, 44), (55, 52), (59, 56), (65, 60), (71, 66), (77, 72), (most, 78)]
        {
            bench.ok(&format!("AT+RFPOWER={set}"));
            assert_eq!(bench.ask("AT+RFPOWER?"), format!("+RFPOWER:{used},1,1,1\r\n\r\nOK\r\n"));
        }
        bench.error("AT+RFPOWER=39");
        bench.error(&format!("AT+RFPOWER={}", most + 1));
        bench.error("AT+RFPOWER=40,8");
        bench.ok("AT+RFPOWER=50");
        restart(&mut bench);
        assert_eq!(bench.ask("AT+RFPOWER?"), "+RFPOWER:78,1,1,1\r\n\r\nOK\r\n");
    }
    // The power of Bluetooth is that of advertising, and needs Bluetooth; that of Wi-Fi needs Wi-Fi.
    let mut esp = bench(Dialect::EspAt);
    esp.error("AT+RFPOWER=60,3");
    esp.ok("AT+BLEINIT=2");
    esp.ok("AT+RFPOWER=60,3,4,5");
    assert_eq!(esp.ask("AT+RFPOWER?"), "+RFPOWER:60,3,3,3\r\n\r\nOK\r\n");
    esp.ask("AT+CWMODE=0");
    esp.error("AT+RFPOWER?");
    esp.error("AT+RFPOWER=60");
    let mut nonos = bench(Dialect::Esp8266Nonos);
    nonos.ok("AT+RFPOWER=50");
    nonos.error("AT+RFPOWER=83");
    nonos.error("AT+RFPOWER?");
    assert_eq!(nonos.ask("AT+RFVDD?"), "+RFVDD:3379\r\n\r\nOK\r\n");
    nonos.ok("AT+RFVDD=2800");
    nonos.error("AT+RFVDD=1899");
    nonos.ok("AT+RFVDD");
}

#[test]
fn clock() {
    for dialect in [Dialect::EspAt, Dialect::Esp8266Idf] {
        let mut bench = bench(dialect);
        let zero = bench.ask("AT+SYSTIMESTAMP?");
        assert!(zero.starts_with("+SYSTIMESTAMP:") && zero.ends_with("\r\n\r\nOK\r\n") && zero.len() < 30, "{zero}");
        // Each question takes 30 s here.
        bench.ok("AT+SYSTIMESTAMP=1565853509");
        assert_eq!(bench.ask("AT+SYSTIMESTAMP?"), "+SYSTIMESTAMP:1565853539\r\n\r\nOK\r\n");
        bench.error("AT+SYSTIMESTAMP=-1");
        bench.error("AT+SYSTIMESTAMP=\"1\"");
        restart(&mut bench);
        assert_eq!(bench.ask("AT+SYSTIMESTAMP?"), "+SYSTIMESTAMP:1565853689\r\n\r\nOK\r\n", "{}", dialect.name());
        // A time server knows better.
        bench.ask("AT+CWJAP=\"home\",\"secret password\"");
        bench.ask(if dialect == Dialect::EspAt { "AT+CIPSNTPCFG=1,0" } else { "AT+CIPSNTPCFG=0" });
        let time = bench.ask("AT+SYSTIMESTAMP?");
        assert!(time.starts_with("+SYSTIMESTAMP:17800"), "{time}");
    }
}

#[test]
fn light_sleep() {
    const OK: &str = "\r\nOK\r\n";
    for (dialect, mode, by_line, by_pin) in [
        (Dialect::EspAt, 2, "AT+SLEEPWKCFG=2,16,0", "AT+SLEEPWKCFG=2,12,1"),
        (Dialect::Esp8266Nonos, 1, "AT+WAKEUPGPIO=1,3,0", "AT+WAKEUPGPIO=1,12,1"),
    ] {
        for garbage in [false, true] {
            let mut bench =
                Bench::online(builder_of(dialect).with_variant(|variant| variant.garbage_on_wake = garbage));
            bench.ok(by_line);
            assert_eq!(bench.ask_for(&format!("AT+SLEEP={mode}"), ms(10)), OK);
            // It stays awake while there is something to do.
            assert_eq!(bench.ask_for("AT", ms(15)), OK);
            assert_eq!(bench.ask_for("AT", ms(30)), OK);
            assert!(bench.module.is_dozing());
            // What wakes it is lost, and so is what comes before it is awake; or that is taken for something else.
            assert_eq!(bench.ask_for("AT", ms(6)), "");
            assert_eq!(bench.module.counters().slept_through, 4);
            let expected = if garbage && dialect == Dialect::EspAt { "\r\nERROR\r\n" } else { OK };
            assert_eq!(bench.ask_for("AT", ms(10)), expected, "the firmware of NONOS looks for AT in garbage");
            assert_eq!(bench.ask_for("AT", ms(10)), OK);
            bench.ok("AT+SLEEP=0");
            bench.ok("AT");
        }
        let mut bench = Bench::online(builder_of(dialect));
        bench.ok(by_pin);
        bench.ok(&format!("AT+SLEEP={mode}"));
        assert_eq!((bench.ask("AT"), bench.ask("AT")), (String::new(), String::new()), "bytes do not wake it");
        bench.module.set_pin(12, Some(true));
        bench.run(ms(6));
        // For as long as the pin says so.
        bench.ok("AT");
        bench.ok("AT");
        bench.module.set_pin(12, Some(false));
        assert_eq!(bench.ask_for("AT", ms(15)), OK);
        assert_eq!(bench.ask("AT").as_str(), OK);
        assert_eq!(bench.ask("AT"), "");
        bench.module.set_pin(12, Some(true));
        bench.run(ms(6));
        restart(&mut bench);
        assert!(!bench.module.is_dozing(), "a restart ends the mode");
    }
}

#[test]
fn registers_and_wake_up() {
    let mut bench = bench(Dialect::EspAt);
    assert_eq!(bench.ask("AT+SYSREG=0,0x3ff44004"), "+SYSREG:0x0\r\n\r\nOK\r\n");
    bench.ok("AT+SYSREG=1,0x3ff44004,0xABCD");
    assert_eq!(bench.ask("AT+SYSREG=0,1072971780"), "+SYSREG:0xabcd\r\n\r\nOK\r\n");
    for wrong in ["0", "0,1,2", "1,1", "2,1", "0,0x", "0,0x100000000", "0,\"1\"", "0,-1"] {
        bench.error(&format!("AT+SYSREG={wrong}"));
    }
    bench.ok("AT+SLEEPWKCFG=2,12,0");
    for wrong in ["0,1000", "1,1", "2,40,0", "2,12,2", "2"] {
        bench.error(&format!("AT+SLEEPWKCFG={wrong}"));
    }
    bench.ok("AT+FACTPLCP=1,1");
    bench.ok("AT+FACTPLCP=0,0");
    bench.error("AT+FACTPLCP=1");
    bench.error("AT+FACTPLCP=2,0");
}

#[test]
fn the_other_firmware() {
    for dialect in [Dialect::EspAt, Dialect::Esp8266Idf] {
        let mut bench = bench(dialect);
        bench.error("AT+SYSROLLBACK");
        bench.network.add_host("iot.espressif.cn", "10.0.0.9".parse().unwrap());
        let answer = |_: &[u8]| b"HTTP/1.0 200 OK\r\nContent-Length: 21\r\n\r\n{\"version\": \"v1.0.0\"}".to_vec();
        bench.network.serve("10.0.0.9:8000".parse().unwrap(), move || answer);
        assert!(bench.ask("AT+CIUPDATE").contains("\r\nready\r\n"));
        bench.ask("ATE0");
        let answer = bench.ask("AT+SYSROLLBACK");
        assert!(answer.starts_with("\r\nOK\r\n\r\nready\r\n"), "{answer}");
        bench.ask("ATE0");
        // What it has left is no longer good.
        bench.error("AT+SYSROLLBACK");
    }
}

#[test]
fn pins_of_an_esp8266() {
    let mut bench = bench(Dialect::Esp8266Nonos);
    assert_eq!(bench.ask("AT+SYSIOGETCFG=12"), "+SYSIOGETCFG:12,0,0\r\n\r\nOK\r\n");
    for command in ["AT+SYSGPIODIR=12,0", "AT+SYSGPIOREAD=12"] {
        assert_eq!(bench.ask(command), "NOT GPIO MODE!\r\n\r\nERROR\r\n");
    }
    assert_eq!(bench.ask("AT+SYSGPIOWRITE=12,1"), "NOT OUTPUT!\r\n\r\nERROR\r\n");
    bench.ok("AT+SYSIOSETCFG=12,3,1");
    assert_eq!(bench.ask("AT+SYSIOGETCFG=12"), "+SYSIOGETCFG:12,3,1\r\n\r\nOK\r\n");
    bench.ok("AT+SYSGPIODIR=12,0");
    assert_eq!(bench.ask("AT+SYSGPIOREAD=12"), "+SYSGPIOREAD:12,0,1\r\n\r\nOK\r\n");
    bench.module.set_pin(12, Some(false));
    assert_eq!(bench.ask("AT+SYSGPIOREAD=12"), "+SYSGPIOREAD:12,0,0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+SYSGPIOWRITE=12,1"), "NOT OUTPUT!\r\n\r\nERROR\r\n");
    bench.ok("AT+SYSGPIODIR=12,1");
    assert_eq!(bench.module.driven_pin(12), Some(false));
    bench.ok("AT+SYSGPIOWRITE=12,1");
    assert_eq!(bench.module.driven_pin(12), Some(true));
    assert_eq!(bench.ask("AT+SYSGPIOREAD=12"), "+SYSGPIOREAD:12,1,1\r\n\r\nOK\r\n");
    // GPIO4 needs no preparation; 6 to 11 are the flash's.
    assert_eq!(bench.ask("AT+SYSGPIOREAD=4"), "+SYSGPIOREAD:4,0,0\r\n\r\nOK\r\n");
    bench.error("AT+SYSGPIOREAD=6");
    bench.error("AT+SYSIOSETCFG=16,3,1");
    bench.error("AT+SYSIOSETCFG=12,3");
    restart(&mut bench);
    assert_eq!(bench.module.driven_pin(12), None);
    assert_eq!(bench.ask("AT+SYSIOGETCFG=12"), "+SYSIOGETCFG:12,0,0\r\n\r\nOK\r\n");
    assert_eq!(bench.ask("AT+SYSADC?"), "+SYSADC:0\r\n\r\nOK\r\n");
    bench.module.set_analogue_input(512);
    assert_eq!(bench.ask("AT+SYSADC?"), "+SYSADC:512\r\n\r\nOK\r\n");
    for good in ["1,0,0", "1,0,1,13,1", "0"] {
        bench.ok(&format!("AT+WAKEUPGPIO={good}"));
    }
    for wrong in ["1", "1,0", "1,0,1,13", "1,5,1,5,0", "1,16,0", "2,0,0"] {
        bench.error(&format!("AT+WAKEUPGPIO={wrong}"));
    }
}

#[test]
fn how_long_passthrough_collects() {
    for (interval, sent_at) in [(None, 20), (Some(200), 200), (Some(0), 0)] {
        let mut bench = bench(Dialect::EspAt);
        assert_eq!(bench.ask("AT+TRANSINTVL?"), "+TRANSINTVL:20\r\n\r\nOK\r\n");
        if let Some(interval) = interval {
            bench.ok(&format!("AT+TRANSINTVL={interval}"));
            assert_eq!(bench.ask("AT+TRANSINTVL?"), format!("+TRANSINTVL:{interval}\r\n\r\nOK\r\n"));
        }
        bench.error("AT+TRANSINTVL=1001");
        assert_eq!(bench.ask("AT+CIPSTART=\"TCP\",\"10.0.0.1\",7"), "CONNECT\r\n\r\nOK\r\n");
        bench.ok("AT+CIPMODE=1");
        assert_eq!(bench.ask("AT+CIPSEND"), "\r\nOK\r\n\r\n>");
        bench.send(b"hello");
        // The echo comes back at once.
        if sent_at > 0 {
            assert_eq!(bench.run(ms(sent_at - 1)), "");
        }
        assert_eq!(bench.run(ms(2)), "hello");
        bench.run(Duration::from_secs(1));
    }
}
