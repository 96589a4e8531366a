//! `embedded_nal_async` on the stack.

use core::net::{IpAddr, SocketAddr};

use embedded_nal_async::{AddrType, Dns, TcpConnect};

use super::tcp::{self, TcpSocket};
use super::{Stack, dns};
use crate::command::tcpip::AddressKind;

impl<'a> TcpConnect for Stack<'a> {
    type Error = tcp::Error;
    type Connection<'c>
        = TcpSocket<'a>
    where
        Self: 'c;

    async fn connect<'c>(&'c self, remote: SocketAddr) -> Result<TcpSocket<'a>, tcp::Error> {
        TcpSocket::connect(*self, remote).await.map_err(tcp::Error::Connect)
    }
}

impl Dns for Stack<'_> {
    type Error = dns::Error;

    async fn get_host_by_name(&self, host: &str, addr_type: AddrType) -> Result<IpAddr, dns::Error> {
        let kind = match addr_type {
            AddrType::IPv4 => AddressKind::Ipv4,
            AddrType::IPv6 => AddressKind::Ipv6,
            AddrType::Either => AddressKind::PreferIpv4,
        };
        self.resolve(host, kind).await
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, dns::Error> {
        Err(dns::Error::Unsupported)
    }
}
