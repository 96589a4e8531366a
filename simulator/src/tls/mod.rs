//! TLS: the module's certificates, and what a link is told about them.

#[cfg(feature = "tls")]
mod config;
#[cfg(feature = "tls")]
mod connection;
mod gateway;
#[cfg(feature = "tls")]
mod psk;
#[cfg(feature = "tls")]
mod session;

pub(crate) use gateway::{Gateway, Secure};

use std::collections::BTreeMap;

/// The certificates, keys and authorities in the module's flash, by the namespaces of its manufacturing data
/// (ESP-AT 3.1.22, `AT+SYSMFG`): `client_ca`, `client_cert`, `client_key`, `server_ca`, `server_cert`, `server_key`,
/// each with the index that `AT+CIPSSLCCONF` names.
///
/// The services have their own: `mqtt_ca`, `mqtt_cert`, `mqtt_key`, and the same for `https` and `wss`.
///
/// An entry is PEM text, with any number of certificates, or one item in DER. Nothing is checked until a link needs it;
/// what cannot be used makes the handshake fail, as a broken partition does.
///
/// A module starts with no certificates; older firmwares, which have one of each, use index 0.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CertificateStore {
    entries: BTreeMap<(String, usize), Vec<u8>>,
}

/// Only the names: keys do not belong into a log.
impl core::fmt::Debug for CertificateStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.entries.keys()).finish()
    }
}

impl CertificateStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The store with this entry, for building one in a row.
    #[must_use]
    pub fn with(mut self, namespace: &str, index: usize, data: impl AsRef<[u8]>) -> Self {
        self.set(namespace, index, data);
        self
    }

    /// Writes an entry; replaces the one that was there.
    pub fn set(&mut self, namespace: &str, index: usize, data: impl AsRef<[u8]>) {
        self.entries.insert((namespace.to_owned(), index), data.as_ref().to_vec());
    }

    /// Deletes an entry. Gives whether it was there.
    pub fn remove(&mut self, namespace: &str, index: usize) -> bool {
        self.entries.remove(&(namespace.to_owned(), index)).is_some()
    }

    /// Deletes all entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Namespace, index and data of all entries.
    pub fn entries(&self) -> impl Iterator<Item = (&str, usize, &[u8])> {
        self.entries.iter().map(|((namespace, index), data)| (namespace.as_str(), *index, data.as_slice()))
    }

    /// An entry as it was written.
    #[must_use]
    pub fn get(&self, namespace: &str, index: usize) -> Option<&[u8]> {
        self.entries.get(&(namespace.to_owned(), index)).map(Vec::as_slice)
    }
}

/// What a client link does for TLS: `AT+CIPSSLCCONF` and its relatives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientSettings {
    /// Whose certificates these are: `mqtt`, `https`, `wss`, empty for links (`client`).
    pub(crate) namespace: &'static str,
    /// Bit 0: the module shows its certificate. Bit 1: it checks the server's.
    pub(crate) authentication: i64,
    pub(crate) certificate: usize,
    pub(crate) authority: usize,
    /// The name that the server's certificate must have.
    pub(crate) common_name: Option<String>,
    pub(crate) server_name: Option<String>,
    pub(crate) protocols: Vec<Vec<u8>>,
    pub(crate) shared_key: Option<SharedKey>,
}

#[cfg(feature = "services")]
impl ClientSettings {
    /// With the certificates of a service: `mqtt`, `https`, `wss`.
    pub(crate) fn of(namespace: &'static str) -> Self {
        Self { namespace, ..Self::default() }
    }
}

/// A pre-shared key with its hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharedKey {
    pub(crate) key: Vec<u8>,
    pub(crate) hint: String,
}
