//! B: sending.

use super::MODULE;
use super::bench::*;
use super::common::*;
use embassy_futures::join::join_array;
use embassy_time::{Duration, Timer};
use wifi_at::net::tcp;
use wifi_at::{Config, Resources};
use wifi_at_simulator::{Action, Fault, Hook, Latency, Point, When};
use wifi_at_support::virtual_time::Line;

#[test]
fn b1_data_and_messages_between_ok_and_prompt() {
    harmless(Fault::DataBeforePrompt);
    for message in ["WIFI GOT IPv6 LL\r\n", "\r\n+MQTTSUBRECV:0,\"t\",7,\r\nOK\r\n>", "2,CLOSED\r\n", "+X:1\r\n"] {
        let bench = Bench::new();
        bench.hook(Hook::new(Point::Prompt, Action::Before(message.into())).skip(1));
        assert_eq!((bench.works().timeouts, bench.is_pending()), (0, false), "{message:?}");
    }
}

#[test]
fn b2_data_and_messages_before_send_ok() {
    harmless(Fault::DataBeforeSendOk);
}

/// Two sockets: what the first one's next write and flush say, while the other one works on as if nothing had been.
fn sends(hooks: &[Hook]) -> (Result<(), tcp::Error>, wifi_at::Counters) {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let echo = async || tcp::TcpSocket::connect(stack, echo_server()).await.unwrap();
        let (mut socket, mut other) = (echo().await, echo().await);
        for hook in hooks {
            bench.hook(hook.clone());
        }
        write_all(&mut socket, b"hello").await;
        let flushed = socket.flush().await;
        assert!(!bench.is_pending(), "the fault never came");
        for number in 0..3 {
            let mut buffer = [0; 9];
            write_all(&mut other, &[number; 5]).await;
            other.flush().await.unwrap();
            assert_eq!((other.read(&mut buffer).await, &buffer[..5]), (Ok(5), &[number; 5][..]));
        }
        (flushed, control.counters())
    })
}

/// How often the fault came and everything worked.
fn unnoticed(failures: &[Vec<Failed>]) -> usize {
    failures.iter().filter(|failures| failures.is_empty()).count()
}

#[test]
fn b3_send_ok_never_comes() {
    let failures = recovers(Fault::LostSendOk, 1);
    // A flush does not wait while nobody reads what stands before the confirmation: that is so for the page where
    // received data does not wait in the module.
    assert!(failures.len() > 5 && unnoticed(&failures) == usize::from(!IS_PASSIVE), "{failures:?}");
    let (flushed, counters) = sends(&[Hook::new(Point::SendResult, Action::Drop)]);
    assert_eq!((flushed, counters.timeouts, counters.resets), (Err(tcp::Error::SendFailed), 1, 0));
}

#[test]
fn b4_fail_and_then_ok() {
    // What was sent is unknown then: the socket fails, whatever comes later.
    let failures = recovers(Fault::FailThenOk, 1);
    assert!(failures.len() > 5 && unnoticed(&failures) == usize::from(!IS_PASSIVE), "{failures:?}");
    let fail = Action::Before(b"\r\nSEND FAIL\r\n".to_vec());
    assert_eq!(sends(&[Hook::new(Point::SendResult, fail)]).0, Err(tcp::Error::SendFailed));
}

#[test]
fn b5_ok_and_then_fail() {
    harmless(Fault::OkThenFail);
}

#[test]
fn b6_what_failed_is_not_sent_again() {
    let network = world();
    let bench = Bench::on(module(&network), network.clone());
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = tcp::TcpSocket::connect(stack, echo_server()).await.unwrap();
        write_all(&mut socket, b"one").await;
        socket.flush().await.unwrap();
        bench.hook(Hook::new(Point::SendResult, Action::Replace(b"\r\nSEND FAIL\r\n".to_vec())));
        write_all(&mut socket, b"two").await;
        assert_eq!(socket.flush().await, Err(tcp::Error::SendFailed));
        assert!(socket.write(b"three").await.is_err());
        Timer::after(Duration::from_secs(30)).await;
        assert_eq!(bench.count("AT+CIPSEND="), 2);
        assert!(bench.line.with(|module, _| module.links().is_empty()), "the stream is broken, and closed");
    });
}

#[test]
fn b7_one_send_at_a_time() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let slow = Action::Delay(std::time::Duration::from_secs(3));
        bench.hook(Hook::new(Point::SendResult, slow.clone()));
        bench.hook(Hook::new(Point::SendResult, slow).skip(2));
        join_array([(); 3].map(async |()| assert_eq!(bench.echoes(stack).await, Ok(())))).await;
        assert_eq!(control.counters().busy, 0, "nothing was said out of turn");
    });
    assert!(!bench.is_pending());
}

#[test]
fn b8_a_lost_prompt() {
    harmless(Fault::LostPrompt);
}

#[test]
fn b9_error_in_place_of_the_prompt() {
    let failures = recovers(Fault::ErrorForSend, 1);
    assert!(failures.len() > 5 && unnoticed(&failures) == 0, "{failures:?}");
    let refused = Action::Replace(b"\r\nERROR\r\n".to_vec());
    let (flushed, counters) = sends(&[Hook::new(Point::Answer("CIPSEND".into()), refused)]);
    assert_eq!((flushed, counters.timeouts), (Err(tcp::Error::SendFailed), 0));
}

#[test]
fn b10_nothing_is_received_any_more() {
    // Silent peers look the same: it takes the program's own time limit to notice, and `recover` to mend it.
    if !Fault::DeafWhileSending.applies_to(MODULE) {
        return;
    }
    let network = world();
    network.set_latency(core::time::Duration::from_millis(12));
    let bench = Bench::on(Line::new(builder(&network).baud(Some(115_200)).build()), network);
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let echo = async || tcp::TcpSocket::connect(stack, echo_server()).await.unwrap();
        let (mut deaf, mut other) = (echo().await, echo().await);
        bench.inject(Fault::DeafWhileSending, When::Next);
        // What comes back to the first comes while the second one's data goes out.
        write_all(&mut deaf, b"hello").await;
        write_all(&mut other, &nasty(500)).await;
        other.flush().await.unwrap();
        assert!(!bench.is_pending(), "the fault never came");
        write_all(&mut deaf, b"again").await;
        let (mut buffer, mut received) = ([0; 9], 0);
        let patience = Duration::from_secs(100);
        while let Ok(read) = embassy_time::with_timeout(patience, deaf.read(&mut buffer)).await {
            received += read.unwrap();
        }
        assert!(received <= 5, "{received} bytes came back");
        control.recover();
        assert_eq!(deaf.read(&mut buffer).await, Err(tcp::Error::ConnectionReset));
        drop((deaf, other));
        assert_eq!(bench.attempt((control, stack)).await, Ok(()));
    });
}

#[test]
fn b11_the_link_closes_before_the_prompt() {
    let failures = recovers(Fault::ClosedBeforePrompt, 1);
    assert!(failures.len() > 5, "{failures:?}");
}

#[test]
fn b12_no_send_is_longer_than_2048_bytes() {
    let bench = Bench::new();
    let data = nasty(9000);
    let mut resources = Resources::<2, 9000, 9000>::new();
    with_resources(&bench.line, &mut resources, Config::default(), async |(control, stack)| {
        join(control).await;
        let mut socket = tcp::TcpSocket::connect(stack, echo_server()).await.unwrap();
        write_all(&mut socket, &data).await;
        socket.flush().await.unwrap();
        let mut back = vec![0; data.len()];
        embedded_io_async::Read::read_exact(&mut socket, &mut back).await.unwrap();
        assert!(back == data);
    });
    let lines = bench.line.with(|module, _| module.commands().to_vec());
    let lengths = lines.iter().filter_map(|command| command.line.strip_prefix("AT+CIPSEND=4,"));
    let lengths: Vec<usize> = lengths.map(|length| length.parse().unwrap()).collect();
    assert!(lengths.iter().sum::<usize>() == data.len() && lengths.iter().all(|length| *length <= 2048), "{lengths:?}");
}

#[test]
fn b13_the_line_that_confirms_the_bytes_is_not_needed() {
    for action in [
        Action::Replace(b"Recv9 bytes\r\n".to_vec()),
        Action::Replace(b"\r\nRecv 99 bytes\r\n".to_vec()),
        Action::Replace(b"\r\necv 5 by".to_vec()),
        Action::Drop,
    ] {
        let (flushed, counters) = sends(&[Hook::new(Point::Received, action.clone())]);
        assert_eq!((flushed, counters.timeouts), (Ok(()), 0), "{action:?}");
    }
}

#[test]
fn b14_no_buffered_sends() {
    let bench = Bench::new();
    bench.works();
    assert_eq!(bench.count("AT+CIPSENDBUF"), 0);
    assert!(bench.count("AT+CIPSEND=") >= 10);
}

#[test]
fn b15_a_send_that_takes_12_s() {
    let slow = Action::Delay(std::time::Duration::from_secs(12));
    let (flushed, counters) = sends(&[Hook::new(Point::SendResult, slow)]);
    assert_eq!((flushed, counters.timeouts), (Ok(()), 0));
}

#[test]
fn b16_the_prompt_comes_at_once() {
    let network = world();
    let latency = |latency: &mut Latency| *latency = Latency::none();
    let bench = Bench::on(Line::new(builder(&network).with_latency(latency).baud(None).build()), network);
    let counters = bench.works();
    assert_eq!((counters.timeouts, counters.stray_results), (0, 0));
}

#[test]
fn b19_data_of_zeros() {
    let bench = Bench::new();
    with_driver(&bench.line, async |(control, stack)| {
        join(control).await;
        let mut socket = tcp::TcpSocket::connect(stack, echo_server()).await.unwrap();
        let data = [&[0; 100][..], b"\\0 +++ \r\n\0", &[0; 50]].concat();
        write_all(&mut socket, &data).await;
        let mut back = vec![1; data.len()];
        embedded_io_async::Read::read_exact(&mut socket, &mut back).await.unwrap();
        assert!(back == data);
    });
    assert_eq!(bench.count("AT+CIPSENDEX"), 0, "{MODULE:?}");
}

#[test]
fn b20_a_frame_in_the_prompts_line() {
    harmless(Fault::PromptGlued);
}
