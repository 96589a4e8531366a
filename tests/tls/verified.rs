//! Certificates, names and keys, where the firmware has them.

use embassy_futures::join::join as join_both;
use wifi_at::net::tls::{TlsError, TlsOptions, TlsSocket};
use wifi_at_simulator::CertificateStore;

use super::common::*;
use super::scenarios::{UNVERIFIED, bench, commands, echo};
use super::{CAN, learn_time};
use crate::certificates::{Authority, store};

#[test]
fn the_servers_certificate() {
    if !CAN.verify {
        return;
    }
    let authority = Authority::new("authority");
    let identity = authority.issue("server", 2020..2040);
    let (line, _, _) = bench(&identity, None, store(&authority, &identity));
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let connect = || TlsSocket::connect(stack, server(), const { &TlsOptions::new() });
        // It is 1970.
        assert_eq!(connect().await.unwrap_err(), TlsError::ClockNotSet);
        assert_eq!(commands(&line, "AT+CIPSTART"), [""; 0]);
        learn_time(control).await;
        let mut socket = connect().await.unwrap();
        echo(&mut socket, &nasty(3000)).await;
        socket.close().await.unwrap();
        let written = commands(&line, "AT+CIPSSLC").into_iter().filter(|line| line.contains("CONF=")).count();
        connect().await.unwrap().close().await.unwrap();
        let again = commands(&line, "AT+CIPSSLC").into_iter().filter(|line| line.contains("CONF=")).count();
        assert_eq!((written, again), (1, 1), "flash is written without need");
        // An authority that has not signed it.
        let another = Authority::new("another").pem();
        line.with(|module, _| module.certificates_mut().set("client_ca", 0, another));
        assert!(matches!(connect().await, Err(TlsError::Failed(_))));
        // Nobody looks.
        echo(&mut TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap(), b"hello").await;
        // It is looked at again.
        assert!(matches!(connect().await, Err(TlsError::Failed(_))));
        line.with(|module, _| module.certificates_mut().set("client_ca", 0, authority.pem()));
        echo(&mut connect().await.unwrap(), b"hello").await;
        // Years later it has expired.
        line.with(|module, now| module.set_clock(now, 2_240_611_200));
        learn_time(control).await;
        let expired = connect().await;
        assert!(matches!(expired, Err(TlsError::Failed(_))), "{expired:?}");
    });
}

#[test]
fn the_modules_certificate() {
    if !CAN.verify {
        return;
    }
    let authority = Authority::new("authority");
    let identity = authority.issue("server", 2020..2040);
    let own = authority.issue("module", 2020..2040);
    let (line, _, seen) = bench(&identity, Some(&authority), store(&authority, &own));
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        assert!(matches!(TlsSocket::connect(stack, server(), &UNVERIFIED).await, Err(TlsError::Failed(_))));
        let options = UNVERIFIED.client_certificate(0);
        echo(&mut TlsSocket::connect(stack, server(), &options).await.unwrap(), b"it is me").await;
        learn_time(control).await;
        let options = TlsOptions::new().client_certificate(0);
        echo(&mut TlsSocket::connect(stack, server(), &options).await.unwrap(), b"both").await;
    });
    assert_eq!(*seen.borrow(), [(None, None, true), (None, None, true)]);
}

#[test]
fn other_numbers() {
    if !CAN.verify {
        return;
    }
    let authority = Authority::new("authority");
    let identity = authority.issue("server", 2020..2040);
    let certificates = CertificateStore::new().with("client_ca", 1, authority.pem());
    let (line, _, _) = bench(&identity, None, certificates);
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        learn_time(control).await;
        let connected = TlsSocket::connect(stack, server(), &TlsOptions::new().authority(1)).await;
        // NONOS has one of each.
        if line.with(|module, _| module.command_list().iter().any(|command| command.name.ends_with("CIPSSLCCONF"))) {
            echo(&mut connected.unwrap(), b"number one").await;
        } else {
            assert_eq!(connected.unwrap_err(), TlsError::Unsupported);
        }
    });
}

#[test]
fn names_and_protocols() {
    if !CAN.names {
        return;
    }
    let authority = Authority::new("authority");
    let identity = authority.issue("shop.example.org", 2020..2040);
    let (line, _, seen) = bench(&identity, None, store(&authority, &identity));
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        learn_time(control).await;
        let shop = TlsOptions::new().server_name("shop.example.org");
        let bank = TlsOptions::new().server_name("bank.example.org");
        assert!(matches!(TlsSocket::connect(stack, server(), &bank).await, Err(TlsError::Failed(_))));
        let front = bank.common_name("shop.example.org").protocols(&["spdy", "h2"]);
        for options in [&shop, &front, &bank.common_name(""), &TlsOptions::new(), &bank.without_verification()] {
            echo(&mut TlsSocket::connect(stack, server(), options).await.unwrap(), b"hello").await;
        }
        // None that the server has.
        let spdy = shop.protocols(&["spdy"]);
        assert!(matches!(TlsSocket::connect(stack, server(), &spdy).await, Err(TlsError::Failed(_))));
        // Each of two has its own.
        let (one, other) =
            join_both(TlsSocket::connect(stack, server(), &shop), TlsSocket::connect(stack, server(), &front)).await;
        echo(&mut one.unwrap(), b"one").await;
        echo(&mut other.unwrap(), b"other").await;
    });
    let name = |name: &str| Some(format!("{name}.example.org"));
    let protocol = Some(b"h2".to_vec());
    assert_eq!(
        *seen.borrow(),
        [
            (name("shop"), None, false),
            (name("bank"), protocol.clone(), false),
            (name("bank"), None, false),
            (None, None, false),
            (name("bank"), None, false),
            (name("shop"), None, false),
            (name("bank"), protocol, false),
        ]
    );
}

#[test]
fn pre_shared_keys() {
    if !CAN.names {
        return;
    }
    let authority = Authority::new("authority");
    let identity = authority.issue("server", 2020..2040);
    let (line, _, _) = bench(&identity, None, store(&authority, &identity));
    with_driver(&line, async |(control, stack)| {
        join(control).await;
        let options = UNVERIFIED.pre_shared_key(b"k\0y", "hint");
        assert!(!format!("{options:?}").contains("6b0079"), "a key in the log");
        // The server knows no such key.
        assert!(matches!(TlsSocket::connect(stack, server(), &options).await, Err(TlsError::Failed(_))));
        assert_eq!(commands(&line, "AT+CIPSSLCPSK"), ["AT+CIPSSLCPSKHEX=4,\"6b0079\",\"hint\""]);
        // The next one with the same link has none.
        echo(&mut TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap(), b"hello").await;
        for wrong in [UNVERIFIED.pre_shared_key(b"", ""), UNVERIFIED.pre_shared_key(&[0; 33], "")] {
            let refused = TlsSocket::connect(stack, server(), &wrong).await;
            assert!(matches!(refused, Err(TlsError::Connect(_))), "{refused:?}");
        }
        echo(&mut TlsSocket::connect(stack, server(), &UNVERIFIED).await.unwrap(), b"hello").await;
    });
}
