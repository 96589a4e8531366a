//! embedded-tls against a rustls server: TLS on this side of the module.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_io_async::{Read, Write};
use embedded_tls::pki::CertVerifier;
use embedded_tls::{
    Aes128GcmSha256, Certificate, CryptoProvider, TlsConfig, TlsConnection, TlsContext, TlsError, TlsVerifier,
};
use rand_core::{CryptoRngCore, OsRng};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use wifi_at::net::tcp::TcpSocket;

use super::{HOST, LOOPBACK, bytes, with_module};

/// What a node would have from SNTP.
struct WallClock;

impl embedded_tls::TlsClock for WallClock {
    fn now() -> Option<u64> {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|time| time.as_secs())
    }
}

/// Checks the server's certificate against an authority.
struct Provider<'a> {
    verifier: CertVerifier<'a, Aes128GcmSha256, WallClock, 4096>,
}

impl CryptoProvider for Provider<'_> {
    type CipherSuite = Aes128GcmSha256;
    type Signature = &'static [u8];

    fn rng(&mut self) -> impl CryptoRngCore {
        OsRng
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Aes128GcmSha256>, TlsError> {
        Ok(&mut self.verifier)
    }
}

/// An echo server, and its authority's certificate.
fn serve() -> (SocketAddr, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&key).unwrap();
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new([HOST.to_string()]).unwrap().signed_by(&key, &issuer).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind((LOOPBACK, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(session, client.unwrap());
            let mut buffer = [0; 3000];
            while let Ok(count) = stream.read(&mut buffer) {
                if count == 0 || stream.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
        }
    });
    (address, certificate.der().to_vec())
}

#[test]
fn a_verified_server() {
    let (address, authority) = serve();
    let (_, stranger) = serve();
    with_module(async |_, stack| {
        for (authority, trusted) in [(&stranger, false), (&authority, true)] {
            let socket = TcpSocket::connect(stack, address).await.unwrap();
            let (mut incoming, mut outgoing) = (vec![0; 16_640], vec![0; 4096]);
            let config = TlsConfig::new().with_server_name(HOST);
            let mut tls = TlsConnection::new(socket, &mut incoming, &mut outgoing);
            let verifier = CertVerifier::new(Certificate::X509(&authority[..]));
            let opened = tls.open(TlsContext::new(&config, Provider { verifier })).await;
            assert_eq!(opened.is_ok(), trusted, "{opened:?}");
            if !trusted {
                continue;
            }
            let sent = bytes(20_000);
            let mut received = vec![0; sent.len()];
            for (sent, received) in sent.chunks(3500).zip(received.chunks_mut(3500)) {
                tls.write_all(sent).await.unwrap();
                tls.flush().await.unwrap();
                tls.read_exact(received).await.unwrap();
            }
            assert!(received == sent);
            tls.close().await.unwrap();
        }
    });
}
