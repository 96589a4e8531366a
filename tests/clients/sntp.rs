//! sntpc against a small SNTP server.

use std::net::{SocketAddr, UdpSocket as HostSocket};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sntpc::{NtpContext, NtpUdpSocket, StdTimestampGen, get_time};
use wifi_at::net::udp::UdpSocket;

use super::{LOOPBACK, free_udp_port, with_module};

/// Seconds from the start of NTP's time to that of Unix.
const NTP_TO_UNIX: u64 = 2_208_988_800;
/// The server's clock is so much fast.
const FAST: Duration = Duration::from_secs(3600);

/// As in RFC 5905, chapter 6.
fn timestamp(time: SystemTime) -> [u8; 8] {
    let time = time.duration_since(UNIX_EPOCH).unwrap();
    let fraction = (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000;
    (((time.as_secs() + NTP_TO_UNIX) << 32) | fraction).to_be_bytes()
}

fn serve() -> SocketAddr {
    let socket = HostSocket::bind((LOOPBACK, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut request = [0; 100];
        loop {
            let (length, client) = socket.recv_from(&mut request).unwrap();
            let now = timestamp(SystemTime::now() + FAST);
            assert_eq!((length, request[0] & 7), (48, 3), "a request of a client");
            let mut answer = [0; 48];
            // Version 4, server, stratum 1, precision of about a microsecond.
            answer[..4].copy_from_slice(&[4 << 3 | 4, 1, 0, -20_i8 as u8]);
            answer[12..16].copy_from_slice(b"TEST");
            answer[16..24].copy_from_slice(&now);
            // The client's own time, by which it knows its answer.
            answer[24..32].copy_from_slice(&request[40..48]);
            answer[32..40].copy_from_slice(&now);
            answer[40..48].copy_from_slice(&now);
            socket.send_to(&answer, client).unwrap();
        }
    });
    address
}

struct Socket<'a>(UdpSocket<'a>);

impl NtpUdpSocket for Socket<'_> {
    async fn send_to(&self, data: &[u8], address: SocketAddr) -> sntpc::Result<usize> {
        self.0.send_to(data, address).await.map_err(|_| sntpc::Error::Network)?;
        Ok(data.len())
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> sntpc::Result<(usize, SocketAddr)> {
        self.0.recv_from(buffer).await.map_err(|_| sntpc::Error::Network)
    }
}

#[test]
fn the_time() {
    let server = serve();
    with_module(async |_, stack| {
        let socket = Socket(UdpSocket::bind(stack, free_udp_port()).await.unwrap());
        for _ in 0..3 {
            let time = get_time(server, &socket, NtpContext::new(StdTimestampGen::default())).await.unwrap();
            let offset = Duration::from_micros(time.offset().try_into().unwrap());
            assert!(offset.abs_diff(FAST) < Duration::from_secs(2), "{offset:?}");
            assert!(Duration::from_micros(time.roundtrip()) < Duration::from_secs(4));
            assert_eq!((time.stratum(), time.reference_id()), (1, *b"TEST"));
        }
    });
}
