//! Certificates made for the test, and a TLS server in memory.
#![allow(dead_code, unreachable_pub)]

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};
use std::io::{Read, Write};
use std::sync::Arc;
use wifi_at_simulator::{CertificateStore, Peer, PeerSocket};

/// A certificate with its key, in PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

fn params(name: &str, years: core::ops::Range<i32>) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.start, 1, 1);
    params.not_after = date_time_ymd(years.end, 1, 1);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = params(name, 2020..2040);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    pub fn issue(&self, name: &str, years: core::ops::Range<i32>) -> Identity {
        let mut params = params(name, years);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Identity {
    fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()]
    }

    fn private(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }

    /// A server with this certificate; with `clients`, only those with a certificate of that authority are let in.
    pub fn server(&self, clients: Option<&Authority>, protocols: &[&str]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let roots = Arc::new(roots(authority));
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(self.chain(), self.private()).unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

pub fn roots(authority: &Authority) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().into()).unwrap();
    roots
}

/// A client that trusts this authority, with its own certificate if there is one.
pub fn client(authority: &Authority, own: Option<&Identity>) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots(authority));
    Arc::new(match own {
        None => builder.with_no_client_auth(),
        Some(own) => builder.with_client_auth_cert(own.chain(), own.private()).unwrap(),
    })
}

/// Everything that a module may need, of this authority.
pub fn store(authority: &Authority, own: &Identity) -> CertificateStore {
    CertificateStore::new()
        .with("client_ca", 0, authority.pem())
        .with("client_cert", 0, &own.certificate)
        .with("client_key", 0, &own.key)
        .with("server_ca", 0, authority.pem())
        .with("server_cert", 0, &own.certificate)
        .with("server_key", 0, &own.key)
}

/// A TLS server in a [`wifi_at_simulator::MemoryNetwork`] that answers what `reply` makes of the data.
pub struct TlsPeer<F> {
    tls: ServerConnection,
    reply: F,
}

impl<F: FnMut(&ServerConnection, &[u8]) -> Vec<u8>> TlsPeer<F> {
    pub fn new(config: &Arc<ServerConfig>, reply: F) -> Self {
        Self { tls: ServerConnection::new(Arc::clone(config)).unwrap(), reply }
    }
}

impl<F: FnMut(&ServerConnection, &[u8]) -> Vec<u8>> Peer for TlsPeer<F> {
    fn on_data(&mut self, socket: &mut PeerSocket, mut data: &[u8]) {
        let mut ended = false;
        while !data.is_empty() {
            self.tls.read_tls(&mut data).unwrap();
            ended |= self.tls.process_new_packets().map_or(true, |state| state.peer_has_closed());
            let mut plain = Vec::new();
            let _ = self.tls.reader().read_to_end(&mut plain);
            if !plain.is_empty() {
                let answer = (self.reply)(&self.tls, &plain);
                self.tls.writer().write_all(&answer).unwrap();
            }
        }
        let mut out = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut out).unwrap();
        }
        socket.send(&out);
        if ended {
            socket.close();
        }
    }
}
