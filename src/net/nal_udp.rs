//! `embedded_nal_async`'s UDP on the stack.

use core::net::SocketAddr;

use embedded_nal_async::{ConnectedUdp, UdpStack, UnconnectedUdp};

use super::udp::{Error, UdpSocket};
use super::{Stack, links};

impl<'a> Stack<'a> {
    /// Opens a socket without a peer for the family of `local`.
    pub(super) async fn bind_udp(&self, local: SocketAddr) -> Result<UdpSocket<'a>, Error> {
        let socket = match local {
            SocketAddr::V4(_) => UdpSocket::bind(*self, local.port()).await,
            SocketAddr::V6(_) => UdpSocket::bind_ipv6(*self, local.port()).await,
        };
        socket.map_err(Error::Open)
    }

    /// Gives the socket its whole local address: that of the module, which has but one of each kind.
    pub(super) async fn name_socket(&self, local: SocketAddr, socket: &mut UdpSocket<'a>) -> Result<SocketAddr, Error> {
        let own = links::own_address(self.shared, local.is_ipv6()).await.map_err(Error::LocalAddress)?;
        if !local.ip().is_unspecified() && local.ip() != own {
            return Err(Error::InvalidAddress);
        }
        socket.set_local(SocketAddr::new(own, socket.local_port()));
        Ok(socket.local())
    }
}

/// Sockets are bound to the module's address of the station (or the access point, if that has the only one), which is
/// asked for when they are opened. Port 0 leaves the choice to the driver.
impl<'a> UdpStack for Stack<'a> {
    type Error = Error;
    type Connected = UdpSocket<'a>;
    type UniquelyBound = UdpSocket<'a>;
    type MultiplyBound = UdpSocket<'a>;

    async fn connect_from(&self, local: SocketAddr, remote: SocketAddr) -> Result<(SocketAddr, UdpSocket<'a>), Error> {
        if local.is_ipv6() != remote.is_ipv6() {
            return Err(Error::InvalidAddress);
        }
        let mut socket = UdpSocket::connect_from(*self, local.port(), remote).await.map_err(Error::Open)?;
        Ok((self.name_socket(local, &mut socket).await?, socket))
    }

    async fn bind_single(&self, local: SocketAddr) -> Result<(SocketAddr, UdpSocket<'a>), Error> {
        let mut socket = self.bind_udp(local).await?;
        Ok((self.name_socket(local, &mut socket).await?, socket))
    }

    /// The local address that comes with datagrams is `local`, with the port that was chosen if that has none.
    async fn bind_multiple(&self, local: SocketAddr) -> Result<UdpSocket<'a>, Error> {
        let mut socket = self.bind_udp(local).await?;
        if !local.ip().is_unspecified() {
            self.name_socket(local, &mut socket).await?;
        }
        Ok(socket)
    }
}

impl ConnectedUdp for UdpSocket<'_> {
    type Error = Error;

    async fn send(&mut self, data: &[u8]) -> Result<(), Error> {
        Self::send(self, data).await
    }

    async fn receive_into(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.receive(buffer).await.map(|(length, _)| length)
    }
}

impl UnconnectedUdp for UdpSocket<'_> {
    type Error = Error;

    async fn send(&mut self, local: SocketAddr, remote: SocketAddr, data: &[u8]) -> Result<(), Error> {
        let own = self.local();
        let port_fits = local.port() == 0 || local.port() == own.port();
        let address_fits = local.ip().is_unspecified() || own.ip().is_unspecified() || local.ip() == own.ip();
        if !port_fits || !address_fits || local.is_ipv6() != own.is_ipv6() {
            return Err(Error::InvalidAddress);
        }
        self.send_to(data, remote).await
    }

    async fn receive_into(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr, SocketAddr), Error> {
        let (length, remote) = self.receive(buffer).await?;
        Ok((length, self.local(), remote))
    }
}
