//! What only the module knows of a link: its addresses.

use core::net::{IpAddr, SocketAddr};

use super::tcp::AddressError;
use crate::command::tcpip::{InterfaceAddresses, LinkState, QueryLocalAddresses};
use crate::command::{Command, CommandError, End, Record, ended_with_ok};
use crate::control::send;
use crate::engine::{LinkId, Piece, Span};
use crate::exchange::{Request, exchange};
use crate::resources::AccessExt;
use crate::runner::Shared;

/// Asks for the state of a link. `None` if the module has no such link.
pub(super) async fn link_state(shared: Shared<'_>, link: LinkId) -> Result<Option<LinkState>, CommandError> {
    let access = shared.0;
    let queries: &'static [&'static str] = access.get(|engine| engine.core.profile().link_queries);
    let mut result = Ok(None);
    for query in queries {
        let mut found = None;
        let encode = |line: &mut crate::at::Encoder<'_>| _ = line.name(query);
        let request = Request {
            encode: &encode,
            line_end: true,
            timeout: const { Span::of(<QueryLocalAddresses as Command>::TIMEOUT) },
            connecting: None,
            end: End::Ok,
            takes_data: false,
            counter: None,
            data: &[],
        };
        let mut find = |piece: Piece<'_>| {
            if let Piece::Line(line) = piece
                && let Some(Ok(state)) = LinkState::parse_line(line)
                && state.link == Some(link)
            {
                found = Some(state);
            }
        };
        let ended = exchange(access, &request, &mut find).await?;
        result = ended_with_ok(ended.outcome).map(|()| found);
        // Which of the commands the firmware has is its own secret.
        if !matches!(result, Err(CommandError::Refused(_))) {
            break;
        }
    }
    result
}

/// The module's own address as the peer's kind of network sees it.
pub(super) async fn own_address(shared: Shared<'_>, ipv6: bool) -> Result<IpAddr, AddressError> {
    let addresses = send(shared, &QueryLocalAddresses, "AT+CIFSR").await.map_err(AddressError::Command)?;
    let unnamed = addresses.unnamed.last().copied();
    let of = |interface: &InterfaceAddresses| {
        if ipv6 {
            interface.ipv6_global.or(interface.ipv6_link_local).map(IpAddr::V6)
        } else {
            interface.ipv4.map(IpAddr::V4)
        }
    };
    let address = of(&addresses.station).or_else(|| of(&addresses.ethernet)).or_else(|| of(&addresses.soft_ap));
    let address = address.or(unnamed).filter(|address| address.is_ipv6() == ipv6 && !address.is_unspecified());
    address.ok_or(AddressError::NoAddress)
}

/// The module's end of a link.
pub(super) async fn local_address(shared: Shared<'_>, link: LinkId) -> Result<SocketAddr, AddressError> {
    let state = link_state(shared, link).await.map_err(AddressError::Command)?.ok_or(AddressError::NotConnected)?;
    let address = own_address(shared, state.remote_address.is_ipv6()).await?;
    Ok(SocketAddr::new(address, state.local_port))
}
