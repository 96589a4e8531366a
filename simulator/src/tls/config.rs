//! What rustls needs to know, made of the module's settings and certificates.
//!
//! TLS 1.2 as the modules speak it. A server's name is checked only if `AT+CIPSSLCCN` names one, and the server's name
//! is sent only if `AT+CIPSSLCSNI` does.

use super::{CertificateStore, ClientSettings};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme, version};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The module's clock, not the machine's: without SNTP it stands in 1970.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(super) fn set(&self, unix: u64) {
        self.0.store(unix, Ordering::Relaxed);
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = self.0.load(Ordering::Relaxed);
        Some(UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds)))
    }
}

#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// `None`: whoever answers is the right one.
    authorities: Option<RootCertStore>,
    name: Option<ServerName<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(authorities) = &self.authorities {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, authorities, intermediates, now, algorithms)?;
            if let Some(name) = &self.name {
                verify_server_name(&certificate, name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn certificates(store: &CertificateStore, namespace: &str, index: usize) -> Option<Vec<CertificateDer<'static>>> {
    let data = store.get(namespace, index)?;
    if data.first() == Some(&0x30) {
        return Some(vec![CertificateDer::from(data.to_vec())]);
    }
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(data).collect();
    all.ok().filter(|all| !all.is_empty())
}

fn key(store: &CertificateStore, namespace: &str, index: usize) -> Option<PrivateKeyDer<'static>> {
    let data = store.get(namespace, index)?;
    if data.first() == Some(&0x30) {
        return PrivateKeyDer::try_from(data.to_vec()).ok();
    }
    PrivateKeyDer::from_pem_slice(data).ok()
}

fn authorities(store: &CertificateStore, namespace: &str, index: usize) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(store, namespace, index)? {
        roots.add(certificate).ok()?;
    }
    Some(roots)
}

/// `None` if that cannot be done: a certificate is missing or broken.
pub(super) fn client(
    settings: &ClientSettings,
    store: &CertificateStore,
    clock: &Clock,
) -> Option<(Arc<ClientConfig>, ServerName<'static>)> {
    let namespace = if settings.namespace.is_empty() { "client" } else { settings.namespace };
    let entry = |kind: &str| format!("{namespace}_{kind}");
    let name = |name: &String| ServerName::try_from(name.clone()).ok();
    let provider = Arc::new(ring::default_provider());
    let authorities = if settings.authentication & 2 == 0 {
        None
    } else {
        Some(authorities(store, &entry("ca"), settings.authority)?)
    };
    let common_name = match &settings.common_name {
        Some(wanted) => Some(name(wanted)?),
        None => None,
    };
    let verifier = Verifier { provider: Arc::clone(&provider), authorities, name: common_name };
    let builder = ClientConfig::builder_with_details(provider, Arc::new(clock.clone()));
    let builder = builder.with_protocol_versions(&[&version::TLS12]).ok()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = if settings.authentication & 1 == 0 {
        builder.with_no_client_auth()
    } else {
        let chain = certificates(store, &entry("cert"), settings.certificate)?;
        builder.with_client_auth_cert(chain, key(store, &entry("key"), settings.certificate)?).ok()?
    };
    config.resumption = Resumption::disabled();
    config.alpn_protocols.clone_from(&settings.protocols);
    config.enable_sni = settings.server_name.is_some();
    let server_name = match &settings.server_name {
        Some(wanted) => name(wanted)?,
        // Something has to stand here; it is neither sent nor checked.
        None => ServerName::try_from("unnamed").ok()?,
    };
    Some((Arc::new(config), server_name))
}

/// `None` if a certificate is missing or broken.
pub(super) fn server(store: &CertificateStore, checks_clients: bool, clock: &Clock) -> Option<Arc<ServerConfig>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_details(Arc::clone(&provider), Arc::new(clock.clone()));
    let builder = builder.with_protocol_versions(&[&version::TLS12]).ok()?;
    let builder = if checks_clients {
        let roots = Arc::new(authorities(store, "server_ca", 0)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build().ok()?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let chain = certificates(store, "server_cert", 0)?;
    let config = builder.with_single_cert(chain, key(store, "server_key", 0)?).ok()?;
    Some(Arc::new(config))
}
