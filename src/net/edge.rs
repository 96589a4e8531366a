//! `edge_nal` on the stack.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use edge_nal::{
    AddrType, Close, Dns, MulticastV4, MulticastV6, Readable, TcpAccept, TcpBind, TcpConnect, TcpShutdown, TcpSplit,
    UdpBind, UdpConnect, UdpReceive, UdpSend, UdpSplit, UdpSplitMulticast,
};
use embedded_io_async::ErrorType;

use super::listener::{BindError, ListenOptions, TcpListener};
use super::tcp::{self, AddressError, TcpReader, TcpSocket, TcpWriter};
use super::udp::{self, UdpSocket};
use super::{Stack, dns, links};

/// Of [`TcpSocket::connect`].
impl<'a> TcpConnect for Stack<'a> {
    type Error = tcp::Error;
    type Socket<'s>
        = TcpSocket<'a>
    where
        Self: 's;

    async fn connect(&self, remote: SocketAddr) -> Result<TcpSocket<'a>, tcp::Error> {
        TcpSocket::connect(*self, remote).await.map_err(tcp::Error::Connect)
    }
}

/// Of [`TcpListener::bind`], for as many clients as there are links and sockets. The module has but one server, and it
/// listens on all addresses of the family of `local`; an address in `local` that is not the module's own is refused.
impl<'a> TcpBind for Stack<'a> {
    type Error = tcp::Error;
    type Accept<'s>
        = TcpListener<'a>
    where
        Self: 's;

    async fn bind(&self, local: SocketAddr) -> Result<TcpListener<'a>, tcp::Error> {
        if !local.ip().is_unspecified() {
            match links::own_address(self.shared, local.is_ipv6()).await {
                Ok(own) if own == local.ip() => {}
                Ok(_) | Err(AddressError::NoAddress | AddressError::NotConnected) => {
                    return Err(tcp::Error::Bind(BindError::InvalidOption));
                }
                Err(AddressError::Command(error)) => return Err(tcp::Error::Bind(BindError::Command(error))),
            }
        }
        let options = ListenOptions::new(local.port());
        let options = if local.is_ipv6() { options.ipv6() } else { options };
        TcpListener::bind(*self, options).await.map_err(tcp::Error::Bind)
    }
}

impl<'a> TcpAccept for TcpListener<'a> {
    type Error = tcp::Error;
    type Socket<'s>
        = TcpSocket<'a>
    where
        Self: 's;

    async fn accept(&self) -> Result<(SocketAddr, TcpSocket<'a>), tcp::Error> {
        Self::accept(self).await.map(|(socket, remote)| (remote, socket))
    }
}

impl Readable for TcpSocket<'_> {
    async fn readable(&mut self) -> Result<(), tcp::Error> {
        Self::readable(self).await;
        Ok(())
    }
}

impl Readable for TcpReader<'_> {
    async fn readable(&mut self) -> Result<(), tcp::Error> {
        Self::readable(self).await;
        Ok(())
    }
}

impl TcpSplit for TcpSocket<'_> {
    type Read<'s>
        = TcpReader<'s>
    where
        Self: 's;
    type Write<'s>
        = TcpWriter<'s>
    where
        Self: 's;

    fn split(&mut self) -> (TcpReader<'_>, TcpWriter<'_>) {
        Self::split(self)
    }
}

/// The firmware has no half-close: see [`TcpSocket::shutdown`] for what `Close::Write` does. `Close::Read` reads and
/// throws away until the peer has closed. `Close::Both` is [`TcpSocket::close`], which does not wait for the peer.
impl TcpShutdown for TcpSocket<'_> {
    async fn close(&mut self, what: Close) -> Result<(), tcp::Error> {
        match what {
            Close::Write => self.shutdown().await,
            Close::Both => Self::close(self).await,
            Close::Read => {
                let mut rest = [0; 32];
                while self.read(&mut rest).await? > 0 {}
                Ok(())
            }
        }
    }

    /// As [`TcpSocket::abort`], and waits until the module has closed. Whether that sends an RST is the firmware's
    /// choice.
    async fn abort(&mut self) -> Result<(), tcp::Error> {
        self.abort_and_wait().await;
        Ok(())
    }
}

/// Of [`UdpSocket::bind`]: the local address is that of the module, or unspecified, and port 0 leaves the choice to the
/// driver.
impl<'a> UdpBind for Stack<'a> {
    type Error = udp::Error;
    type Socket<'s>
        = UdpSocket<'a>
    where
        Self: 's;

    async fn bind(&self, local: SocketAddr) -> Result<UdpSocket<'a>, udp::Error> {
        let mut socket = self.bind_udp(local).await?;
        self.check_local(local, &mut socket).await?;
        Ok(socket)
    }
}

/// Of [`UdpSocket::connect_from`]. The socket hears its peer only.
impl<'a> UdpConnect for Stack<'a> {
    type Error = udp::Error;
    type Socket<'s>
        = UdpSocket<'a>
    where
        Self: 's;

    async fn connect(&self, local: SocketAddr, remote: SocketAddr) -> Result<UdpSocket<'a>, udp::Error> {
        if local.is_ipv6() != remote.is_ipv6() {
            return Err(udp::Error::InvalidAddress);
        }
        let socket = UdpSocket::connect_from(*self, local.port(), remote).await;
        let mut socket = socket.map_err(udp::Error::Open)?;
        self.check_local(local, &mut socket).await?;
        Ok(socket)
    }
}

impl<'a> Stack<'a> {
    /// Refuses a local address that is not the module's.
    async fn check_local(&self, local: SocketAddr, socket: &mut UdpSocket<'a>) -> Result<(), udp::Error> {
        if !local.ip().is_unspecified() {
            self.name_socket(local, socket).await?;
        }
        Ok(())
    }
}

/// The halves of a UDP socket are the socket itself.
macro_rules! udp_traits {
    ($($type:ty),+) => {$(
        impl UdpReceive for $type {
            async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), udp::Error> {
                UdpSocket::receive(self, buffer).await
            }
        }

        impl UdpSend for $type {
            async fn send(&mut self, remote: SocketAddr, data: &[u8]) -> Result<(), udp::Error> {
                match self.remote_address() {
                    Some(_) => UdpSocket::send(self, data).await,
                    None => self.send_to(data, remote).await,
                }
            }
        }

        impl Readable for $type {
            async fn readable(&mut self) -> Result<(), udp::Error> {
                UdpSocket::readable(self).await;
                Ok(())
            }
        }

        /// Fails: no firmware joins multicast groups.
        impl MulticastV4 for $type {
            async fn join_v4(&mut self, _: Ipv4Addr, _: Ipv4Addr) -> Result<(), udp::Error> {
                Err(udp::Error::Unsupported)
            }

            async fn leave_v4(&mut self, _: Ipv4Addr, _: Ipv4Addr) -> Result<(), udp::Error> {
                Err(udp::Error::Unsupported)
            }
        }

        /// Fails: no firmware joins multicast groups.
        impl MulticastV6 for $type {
            async fn join_v6(&mut self, _: Ipv6Addr, _: u32) -> Result<(), udp::Error> {
                Err(udp::Error::Unsupported)
            }

            async fn leave_v6(&mut self, _: Ipv6Addr, _: u32) -> Result<(), udp::Error> {
                Err(udp::Error::Unsupported)
            }
        }
    )+};
}

udp_traits!(UdpSocket<'_>, &UdpSocket<'_>);

impl ErrorType for UdpSocket<'_> {
    type Error = udp::Error;
}

impl ErrorType for &UdpSocket<'_> {
    type Error = udp::Error;
}

impl<'a> UdpSplit for UdpSocket<'a> {
    type Receive<'s>
        = &'s Self
    where
        Self: 's;
    type Send<'s>
        = &'s Self
    where
        Self: 's;

    fn split(&mut self) -> (&Self, &Self) {
        (self, self)
    }
}

impl<'a> UdpSplitMulticast for UdpSocket<'a> {
    type MulticastV4<'s>
        = &'s Self
    where
        Self: 's;
    type MulticastV6<'s>
        = &'s Self
    where
        Self: 's;

    fn split_multicast(&mut self) -> (&Self, &Self, &Self, &Self) {
        (self, self, self, self)
    }
}

impl Dns for Stack<'_> {
    type Error = dns::Error;

    async fn get_host_by_name(&self, host: &str, addr_type: AddrType) -> Result<IpAddr, dns::Error> {
        let kind = match addr_type {
            AddrType::IPv4 => super::AddressKind::Ipv4,
            AddrType::IPv6 => super::AddressKind::Ipv6,
            AddrType::Either => super::AddressKind::PreferIpv4,
        };
        self.resolve(host, kind).await
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, dns::Error> {
        Err(dns::Error::Unsupported)
    }
}
