//! Sends that go wrong on the way, in each firmware's own words.

use super::MODULE;
use super::common::*;
use embassy_time::{Duration, Timer};
use wifi_at::net::tcp::{self, TcpSocket};
use wifi_at_simulator::{Action, Dialect, Hook, Point};

/// The link that the driver takes first.
const FIRST_LINK: u8 = 4;

/// Two connections to a server that sends back what it gets; `fault` hits the first one's next send.
///
/// Gives what that socket said, after having seen that the other one works on as if nothing had been.
fn with_fault(hooks: &[Hook]) -> (Result<(), tcp::Error>, wifi_at::Counters) {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let mut other = connect(stack).await;
        for hook in hooks {
            line.with(|module, _| module.hook(hook.clone()));
        }
        write_all(&mut socket, b"hello").await;
        let flushed = socket.flush().await;
        for _ in 0..3 {
            echoes(&mut other).await;
        }
        // And so does a new connection in the place of the one that was lost.
        drop(socket);
        echoes(&mut connect(stack).await).await;
        line.with(|module, _| assert!(module.pending_hooks().is_empty(), "the fault never came"));
        assert_eq!(control.counters().resets, 0);
        (flushed, control.counters())
    })
}

async fn echoes(socket: &mut TcpSocket<'_>) {
    write_all(socket, b"still here").await;
    let mut back = Vec::new();
    let mut buffer = [0; 20];
    while back.len() < 10 {
        let count = socket.read(&mut buffer).await.unwrap();
        back.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(back, b"still here");
}

#[test]
fn the_link_closes_between_ok_and_prompt() {
    // Firmware may still ask for the data, or not; both are tried.
    let close = Hook::new(Point::Prompt, Action::CloseLink(FIRST_LINK));
    assert_ne!(with_fault(&[close]).0, Ok(()));

    let closed = format!("{FIRST_LINK},CLOSED\r\n").into_bytes();
    let (flushed, counters) = with_fault(&[Hook::new(Point::Prompt, Action::Before(closed))]);
    // The prompt came all the same, and the data had to follow.
    assert!(matches!(flushed, Ok(()) | Err(tcp::Error::ClosedByPeer | tcp::Error::SendFailed)), "{flushed:?}");
    assert_eq!(counters.timeouts, 0);
}

#[test]
fn the_module_answers_a_send_in_other_words() {
    let words: &[&str] = match MODULE {
        Dialect::EspAt => &["\r\nERROR\r\n", "link is not valid\r\n\r\nERROR\r\n", "ERR CODE:0x01070000\r\n\r\nERROR\r\n"],
        Dialect::Esp32V1 | Dialect::Esp8266Idf => &["\r\nERROR\r\n", "link is not valid\r\n\r\nERROR\r\n"],
        _ => &["\r\nERROR\r\n", "link is not valid\r\n\r\nERROR\r\n", "\r\nFAIL\r\n"],
    };
    for word in words {
        let refused = Hook::new(Point::Answer("CIPSEND".into()), Action::Replace(word.as_bytes().to_vec()));
        let (flushed, counters) = with_fault(&[refused]);
        assert_eq!(flushed, Err(tcp::Error::SendFailed), "{word:?}");
        assert_eq!(counters.timeouts, 0, "{word:?}");
    }
}

#[test]
fn the_module_gives_the_data_up_in_other_words() {
    let words: &[&str] = match MODULE {
        Dialect::WizFi360 => &["\r\nSEND FAIL\r\n", "\r\nSEND Canceled\r\n", "\r\nFAIL\r\n"],
        Dialect::Esp8266Nonos => &["\r\nSEND FAIL\r\n", "\r\nERROR\r\n"],
        _ => &["\r\nSEND FAIL\r\n", "\r\nSEND CANCELLED\r\n", "\r\nSEND Canceled\r\n"],
    };
    for word in words {
        let failed = Hook::new(Point::SendResult, Action::Replace(word.as_bytes().to_vec()));
        let (flushed, counters) = with_fault(&[failed]);
        assert_eq!(flushed, Err(tcp::Error::SendFailed), "{word:?}");
        assert_eq!(counters.timeouts, 0, "{word:?}");
    }
}

#[test]
fn words_around_a_send_that_mean_nothing() {
    for (point, noise) in [
        (Point::Prompt, "\r\nbusy s...\r\n"),
        (Point::SendResult, "\r\nbusy s...\r\n"),
        (Point::SendResult, "\r\nbusy p...\r\n"),
        (Point::SendResult, "\r\nRecv 5 bytes\r\n"),
        (Point::SendResult, "Recv 5 bytes\r\nRecv 5 bytes\r\n"),
        (Point::SendResult, "> \r\n"),
    ] {
        let (flushed, counters) = with_fault(&[Hook::new(point.clone(), Action::Before(noise.into()))]);
        assert_eq!((flushed, counters.timeouts), (Ok(()), 0), "{point:?} {noise:?}");
    }
}

#[test]
fn a_lost_prompt_and_a_lost_ok_before_it() {
    let lost = Hook::new(Point::Prompt, Action::Drop);
    assert_eq!(with_fault(std::slice::from_ref(&lost)).0, Ok(()));
    // Without the OK there is the prompt alone, in this firmware's form.
    let no_ok = Hook::new(Point::Final, Action::Drop);
    assert_eq!(with_fault(std::slice::from_ref(&no_ok)).0, Ok(()));
    // Neither: nothing says that the command was taken.
    let (flushed, counters) = with_fault(&[no_ok, lost]);
    assert_eq!((flushed, counters.timeouts > 0), (Err(tcp::Error::SendFailed), true));
}

#[test]
fn more_is_written_than_one_send_takes() {
    let network = network();
    network.serve(server(), || |data: &[u8]| data.to_vec());
    let line = module(&network);
    let data = nasty(9000);
    let mut resources = wifi_at::Resources::<2, 2048, 8192>::new();
    with_resources(&line, &mut resources, wifi_at::Config::default(), async |(control, stack)| {
        join(control).await;
        let mut socket = connect(stack).await;
        let (mut reader, mut writer) = socket.split();
        let send = async {
            use embedded_io_async::Write;
            writer.write_all(&data).await.unwrap();
        };
        let receive = async {
            use embedded_io_async::Read;
            let mut back = vec![0; data.len()];
            reader.read_exact(&mut back).await.unwrap();
            back
        };
        let ((), back) = embassy_futures::join::join(send, receive).await;
        assert!(back == data);
        Timer::after(Duration::from_millis(100)).await;
    });
    line.with(|module, _| {
        let lengths = |name: &str| -> Vec<usize> {
            let sends = module.commands().iter().filter_map(|command| command.line.strip_prefix(name));
            sends.map(|rest| rest.rsplit(',').next().unwrap().parse().unwrap()).collect()
        };
        // Firmware that takes all of a long write at once is given the rest of it like that.
        let (short, long) = (lengths("AT+CIPSEND="), lengths("AT+CIPSENDL="));
        let all: usize = short.iter().chain(&long).sum();
        assert_eq!(all, data.len(), "{short:?} {long:?}");
        assert!(short.iter().all(|&length| length <= 2048), "{short:?}");
        assert_eq!(long.iter().any(|&length| length > 2048), MODULE == Dialect::EspAt, "{long:?}");
        assert!(long.is_empty() || MODULE == Dialect::EspAt, "{long:?}");
    });
}
