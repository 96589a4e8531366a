//! What only some firmware shows, by its bytes.

use embassy_futures::join::join;
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Timer};
use wifi_at::at::EncodeError;
use wifi_at::command::CommandError;
use wifi_at::command::basic::{DataBits, FlowControl, Parity, Probe, QueryUart, SetUart, StopBits};
use wifi_at::command::http::QueryHttpSize;
use wifi_at::command::mqtt::{MqttQos, PublishMqttData};
use wifi_at::command::tcpip::QueryTime;
use wifi_at::dialect::{Driven, Esp8266Nonos};
use wifi_at::mock::{Mock, Step, after, bring_up, expect};
use wifi_at::{Config, Control, EspAt, Message, Missed, Pins, Resources};

const OK: &str = "\r\nOK\r\n";

/// Runs `test` on a module that is brought up and then plays `steps`, all of them.
fn play<D: Driven, T>(steps: &[Step<'_>], test: impl AsyncFnOnce(Control<'_, D>) -> T) -> T {
    let mut script = vec![bring_up::<D>()];
    script.extend_from_slice(steps);
    let mock = Mock::new(&script);
    let resources = &mut Resources::<1, 64, 64>::new();
    let output = mock.run(async {
        let mut parts = wifi_at::new::<D, _, _, _>(mock.serial(), Pins::none(), resources, Config::default());
        match select(parts.runner.run(), test(parts.control)).await {
            Either::First(_) => panic!("the runner ended: {:?}", mock.check()),
            Either::Second(output) => output,
        }
    });
    mock.assert_done();
    output
}

/// All messages that come within a second, payload behind its head.
async fn messages(control: Control<'_, EspAt>) -> Vec<Vec<u8>> {
    control.wait_until_ready().await.unwrap();
    let mut messages = control.messages().unwrap();
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut buffer = [0; 256];
    while let Ok(next) = embassy_time::with_timeout(Duration::from_secs(1), messages.next(&mut buffer)).await {
        match next {
            Ok(Message::Line(line)) => all.push(line.to_vec()),
            Ok(Message::Data(data)) => all.last_mut().unwrap().extend_from_slice(data),
            Err(Missed(count)) => panic!("{count} are lost"),
        }
    }
    all
}

/// What a subscriber sees of `text`, which the module sends by itself; a command works before and after it.
fn told(text: &[u8]) -> Vec<Vec<u8>> {
    let steps = [after(Duration::from_millis(500)).reply(text), expect("AT\r\n").reply(OK)];
    play::<EspAt, _>(&steps, async |control| {
        let all = messages(control).await;
        assert_eq!(control.send(&Probe).await, Ok(()));
        assert_eq!((control.counters().timeouts, control.counters().stray_results), (0, 0));
        all
    })
}

#[test]
fn a21_name_servers_in_one_line_or_several() {
    let servers: [std::net::IpAddr; 2] = ["8.8.8.8".parse().unwrap(), "208.67.222.222".parse().unwrap()];
    let steps = [expect("AT+CIPDNS?\r\n").reply("+CIPDNS:1,\"8.8.8.8\",\"208.67.222.222\"\r\n\r\nOK\r\n")];
    play::<EspAt, _>(&steps, async |control| {
        assert_eq!(control.wifi().name_servers().await.unwrap()[..], servers);
    });
    let lines = "+CIPDNS_CUR:8.8.8.8\r\n+CIPDNS_CUR:208.67.222.222\r\n\r\nOK\r\n";
    let steps = [expect("AT+CIPDNS_CUR?\r\n").reply(lines)];
    play::<Esp8266Nonos, _>(&steps, async |control| {
        assert_eq!(control.wifi().name_servers().await.unwrap()[..], servers);
    });
}

#[test]
fn f2_a_time_that_is_not_known_yet() {
    let ask = || expect("AT+CIPSNTPTIME?\r\n");
    let steps = [
        ask().reply("+CIPSNTPTIME:Thu Jan  1 00:00:05 1970\r\nOK\r\n"),
        ask().reply("+CIPSNTPTIME:Wed Dec 31 19:00:05 1969\r\nOK\r\n"),
        ask().reply("+CIPSNTPTIME:Sat Nov  7 12:34:56 2026\r\nOK\r\n"),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let times = [control.send(&QueryTime).await, control.send(&QueryTime).await, control.send(&QueryTime).await];
        let times = times.map(Result::unwrap);
        assert_eq!(times.map(|time| time.is_synchronized()), [false, false, true]);
        assert_eq!((times[2].year, times[2].month, times[2].day), (2026, 11, 7));
    });
}

#[test]
fn g9_a_baud_rate_next_to_the_one_that_was_set() {
    for rate in [115_201, 115_273, 0, 76_800] {
        let answer = format!("+UART_CUR:{rate},8,1,0,3\r\n\r\nOK\r\n");
        play::<EspAt, _>(&[expect("AT+UART_CUR?\r\n").reply(&answer)], async |control| {
            assert_eq!(control.send(&QueryUart).await.unwrap().baud_rate, rate);
        });
    }
}

#[test]
fn g10_the_command_for_the_baud_rate_has_all_its_commas() {
    let steps = [expect("AT+UART_CUR=921600,8,1,0,3\r\n").reply(OK)];
    play::<EspAt, _>(&steps, async |control| {
        let mut settings = SetUart {
            baud_rate: 921_600,
            data_bits: DataBits::Eight,
            stop_bits: StopBits::One,
            parity: Parity::None,
            flow_control: FlowControl::RtsAndCts,
        };
        assert_eq!(control.send(&settings).await, Ok(()));
        settings.baud_rate = 79;
        assert_eq!(control.send(&settings).await, Err(CommandError::Encode(EncodeError::OutOfRange)));
    });
}

#[test]
fn h1_a_message_longer_than_the_modules_buffer() {
    // Later pieces have heads of another kind, or none: what is counted is data, the rest are lines.
    let first = [b"+MQTTSUBRECV:0,\"topic\",300,".to_vec(), vec![b'1'; 300]].concat();
    let second = [b"+MQTTSUBRECV:0,\"topic\",986,".to_vec(), vec![b'\n'; 986]].concat();
    let text = [&first[..], b"\r\n", &second[..700], &second[700..], b"\r\n+X:1\r\n"].concat();
    assert_eq!(told(&text), [first, second, b"+X:1".to_vec()]);
}

#[test]
fn h2_a_message_between_ok_and_the_prompt() {
    let message = b"+MQTTSUBRECV:0,\"t\",9,\r\nOK\r\n>\r\n";
    let answer = [b"\r\nOK\r\n", &message[..], b"\r\n>"].concat();
    let steps = [
        expect("AT+MQTTPUBRAW=0,\"t\",5,0,0\r\n").reply(&answer),
        expect("hello").reply("+MQTTPUB:OK\r\n"),
        expect("AT\r\n").reply(OK),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let publish = async {
            let command = PublishMqttData { topic: "t", length: 5, qos: MqttQos::AtMostOnce, retain: false };
            assert_eq!(control.send_with_data(&command, b"hello").await, Ok(()));
        };
        let (all, ()) = join(messages(control), publish).await;
        assert_eq!(all, [&message[..message.len()]]);
        assert_eq!(control.send(&Probe).await, Ok(()));
    });
}

#[test]
fn h4_a_topic_with_quotes_and_commas() {
    // Nobody can tell a topic that holds `",7,` from the end of one: the module does not escape it.
    for topic in ["a,\"b\"/c", ",,", "x\",y,", "\"\"", ""] {
        let message = [format!("+MQTTSUBRECV:0,\"{topic}\",5,").as_bytes(), b"\r\nOK\r"].concat();
        assert_eq!(told(&[&message[..], b"\r\n+Y:1\r\n"].concat()), [message, b"+Y:1".to_vec()], "{topic:?}");
    }
}

#[test]
fn h5_a_zero_before_the_line_end() {
    let steps = [expect("AT+HTTPGETSIZE=\"http://x/y\"\r\n").reply(b"+HTTPGETSIZE:1234\0\r\n\r\nOK\r\n")];
    play::<EspAt, _>(&steps, async |control| {
        let command = QueryHttpSize { url: "http://x/y", send_buffer: None, receive_buffer: None, timeout_ms: None };
        assert_eq!(control.send(&command).await.unwrap().size, 1234);
    });
}

#[test]
fn h6_a_message_behind_the_prompt_and_two_errors() {
    let steps = [
        expect("AT+MQTTPUBRAW=0,\"t\",5,0,0\r\n").reply("\r\nOK\r\n\r\n>+BLEDISCONN:0,\"24:0a:c4:09:34:23\"\r\n"),
        expect("hello").reply("\r\nERROR\r\n\r\nERROR\r\n"),
        expect("AT\r\n").reply(OK),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let publish = async {
            let command = PublishMqttData { topic: "t", length: 5, qos: MqttQos::AtMostOnce, retain: false };
            let result = control.send_with_data(&command, b"hello").await;
            assert!(matches!(result, Err(CommandError::Refused(_))), "{result:?}");
            Timer::after(Duration::from_millis(10)).await;
        };
        let (all, ()) = join(messages(control), publish).await;
        assert_eq!(all, [b"+BLEDISCONN:0,\"24:0a:c4:09:34:23\""]);
        assert_eq!(control.send(&Probe).await, Ok(()));
        assert_eq!((control.counters().stray_results, control.counters().timeouts), (1, 0));
    });
}

#[test]
fn h7_raw_bytes_in_messages_of_bluetooth() {
    for head in ["+WRITE:0,1,6,1,11,", "+WRITE:0,1,6,,11,", "+NOTIFY:0,3,1,11,"] {
        let message = [head.as_bytes(), b"\0\r\nOK\r\n+X:\xff"].concat();
        assert_eq!(told(&[&message[..], b"\r\n+Z:1\r\n"].concat()), [message, b"+Z:1".to_vec()], "{head}");
    }
}

#[test]
fn h8_a_command_is_sent_when_the_last_one_has_ended() {
    // Refused again and again: each is told so, and nothing is sent in between.
    let steps: Vec<_> = (0..60)
        .map(|number| expect("AT\r\n").reply(if number % 3 == 2 { "\r\nERROR\r\n" } else { "busy p...\r\n\r\nOK\r\n" }))
        .collect();
    play::<EspAt, _>(&steps, async |control| {
        for number in 0..60 {
            assert_eq!(control.send(&Probe).await.is_ok(), number % 3 != 2, "{number}");
        }
        assert_eq!(control.counters().busy, 40);
    });
}

#[test]
fn h9_failed_connections_of_bluetooth() {
    for line in
        ["+BLECONN:65535,-1", "+BLECONN:0,-1", "+BLECONN:-1", "+BLESCAN:\"24:0a:c4:09:34:23\",-78,,,0", "+BLESCANDONE"]
    {
        assert_eq!(told(format!("{line}\r\n").as_bytes()), [line.as_bytes()]);
        // Before and behind the result of a command they belong to no one else.
        let around = format!("{line}\r\n\r\nOK\r\n{line}\r\n");
        play::<EspAt, _>(&[expect("AT\r\n").reply(&around)], async |control| {
            let probe = async { assert_eq!(control.send(&Probe).await, Ok(())) };
            let (all, ()) = join(messages(control), probe).await;
            assert_eq!(all, [line.as_bytes(), line.as_bytes()]);
        });
    }
}

#[test]
fn h11_the_data_is_asked_for_twice() {
    let steps = [
        expect("AT+MQTTPUBRAW=0,\"t\",5,0,0\r\n").reply("\r\nOK\r\n\r\n>\r\n>"),
        expect("hello").reply("\r\n>+MQTTPUB:OK\r\n"),
        expect("AT\r\n").reply(OK),
    ];
    play::<EspAt, _>(&steps, async |control| {
        let command = PublishMqttData { topic: "t", length: 5, qos: MqttQos::AtMostOnce, retain: false };
        assert_eq!(control.send_with_data(&command, b"hello").await, Ok(()));
        assert_eq!(control.send(&Probe).await, Ok(()));
        assert_eq!(control.counters().timeouts, 0);
    });
}

#[test]
fn h12_messages_that_nobody_knows() {
    let lines = [
        "+TIME_UPDATED",
        "+SCRD:2,hi",
        "+STA_CONNECTED:\"1a:2b:3c:4d:5e:6f\"",
        "+STA_DISCONNECTED:\"1a:2b:3c:4d:5e:6f\"",
        "+DIST_STA_IP:\"1a:2b:3c:4d:5e:6f\",\"192.168.4.2\"",
        "+ETH_CONNECTED",
        "+QUITT",
        "+NEVER_HEARD_OF:1,\"x\"",
    ];
    let text = lines.map(|line| format!("{line}\r\n")).concat() + "WIFI GOT IPv6 LL\r\nWill force to restart!!!\r\n";
    assert_eq!(told(text.as_bytes()), lines.map(str::as_bytes));
}
