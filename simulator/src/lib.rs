//! A simulator of Wi-Fi modules with AT firmware, seen at their UART, byte for byte.
//!
//! [`Simulator`] is the module: bytes that the host put on the wire go in, bytes that the module puts on the wire come
//! out, and time is an argument. Nothing blocks, nothing reads a clock; the same input at the same times gives the same
//! bytes. Behind it stands a [`Network`]: [`HostNetwork`] with the real sockets of this machine, or [`MemoryNetwork`]
//! with peers written in the test.
//!
//! ```
//! use core::time::Duration;
//! use wifi_at_simulator::{AccessPoint, Builder, Dialect, Latency};
//!
//! let mut module = Builder::new(Dialect::EspAt)
//!     .access_point(AccessPoint::new("home", "secret password"))
//!     .latency(Latency::none())
//!     .build();
//! let now = Duration::ZERO;
//! module.poll(now);
//! assert_eq!(module.drain(now), b"\r\nready\r\n");
//! module.receive(now, b"ATE0\r\nAT+CWMODE=1\r\nAT+CWJAP=\"home\",\"secret password\"\r\n");
//! module.poll(now);
//! assert_eq!(
//!     module.drain(now),
//!     b"ATE0\r\n\r\nOK\r\n\r\nOK\r\nWIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n"
//! );
//! ```
//!
//! - [`Builder`] makes a module: [`Dialect`], [`Variant`], [`AccessPoint`]s, [`Latency`], line rate, network.
//! - [`Hook`]s change single places of the output: lose a prompt, put bytes into a payload, restart the module there.
//! - [`Fault`]s by name: what real modules do wrong, at a chosen moment or at random ones.
//! - `serial::port` (feature `embedded-io-async`) is a port for single-threaded asynchronous tests, and
//!   `virtual_time::run` (feature `virtual-time`) runs one, in which waiting takes no time.
//! - `blocking::port` (feature `embedded-io`) is a port for tests without an executor.
//! - The [`guide`] has a chapter for each part of the world around it.
//! - [`realtime`] runs a module in a thread in real time and gives a byte stream with [`std::io`] traits.

#[cfg(feature = "embedded-io")]
pub mod blocking;
mod bluetooth;
mod command;
mod config;
mod delivery;
mod doze;
mod engine;
mod escape;
mod fault;
mod files;
pub mod guide;
mod ipv6;
mod line;
mod link;
mod net;
mod passthrough;
mod peripherals;
mod profile;
mod raw;
pub mod realtime;
mod regular_expression;
mod request;
mod script;
mod send;
#[cfg(feature = "embedded-io-async")]
pub mod serial;
#[cfg(feature = "services")]
mod services;
mod settings;
mod simulator;
mod sntp;
mod station;
#[cfg(feature = "services")]
mod stream;
mod tls;
mod uart;
#[cfg(feature = "virtual-time")]
pub mod virtual_time;
mod world;

pub use bluetooth::{
    Air, BleAction, BlePeer, BleReceived, BtAction, BtClass, BtPeer, BtProfile, BtReceived, GattCharacteristic,
    GattDescriptor, GattService, InquiryResponse, IoCapability, PairingAnswer, Uuid,
};
pub use config::{AccessPoint, Builder, Latency, LineNoise, ReceiveCommand, Variant};
pub use fault::{Fault, FaultNotApplicable, ResetMoment, ShownFault, UnknownFault, UnknownWhen, When};
pub use link::LinkInfo;
pub use net::{
    ConnectState, HostNetwork, JointNetwork, Lookup, LookupId, MemoryNetwork, Network, NetworkError, Peer, PeerSocket,
    Ping, PingId, Received, SocketId, UdpHandler,
};
pub use peripherals::{I2cDevice, PwmOutput};
pub use profile::{CommandForms, Dialect, UnknownDialect};
pub use script::{Action, Hook, Point};
pub use simulator::{Activity, Counters, LoggedCommand, Simulator};
pub use tls::CertificateStore;
#[cfg(feature = "world")]
pub use world::WorldError;
pub use world::{
    Client, EnterpriseAccess, Ethernet, Event, Host, JoinedStation, Lease, MdnsService, SmartConfig, SmartConfigKind,
    World,
};
