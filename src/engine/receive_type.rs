//! Makes UDP links receive actively, and TCP links passively.
//!
//! In passive mode some firmware runs datagrams together, cuts them, and forgets who sent them. In active mode each
//! comes as one `+IPD` with its sender's address. TCP is the other way round: in passive mode the module holds the
//! data back until there is room.

use super::exchange::Owner;
use super::socket::{LinkId, MAX_LINKS};
use super::{ActiveReceive, Core};

const ALL_LINKS: u8 = (1 << MAX_LINKS) - 1;

impl Core {
    /// Whether data of this link comes without being asked for.
    pub(super) const fn receives_actively(&self, link: LinkId) -> bool {
        !self.settings.passive || self.settings.active_links & (1 << link) != 0
    }

    /// Bit n: link n has a UDP socket.
    fn datagram_links(&self) -> u8 {
        let sockets = self.sockets.iter().filter(|socket| socket.is_datagram() && socket.is_live());
        sockets.filter_map(|socket| socket.link).fold(0, |links, link| links | 1 << link)
    }

    /// Tells the module the receive mode of a link, if it has the wrong one. That is before the command goes out that
    /// opens the link.
    pub(super) fn begin_receive_type(&mut self) -> bool {
        let wanted = self.datagram_links();
        let active = self.settings.active_links;
        let timeout = self.config.command_timeout;
        match self.settings.active {
            ActiveReceive::Fixed => false,
            ActiveReceive::Link(_) if wanted == active => false,
            ActiveReceive::Link(name) => {
                let link = (wanted ^ active).trailing_zeros();
                let mode = active >> link & 1;
                let owner = Owner::ReceiveType(active ^ 1 << link);
                self.begin_own(owner, name, &[link as usize, mode.into()], timeout);
                true
            }
            ActiveReceive::Module(_) if (wanted != 0) == (active != 0) => false,
            ActiveReceive::Module(name) => {
                let links = if wanted != 0 { ALL_LINKS } else { 0 };
                self.begin_own(Owner::ReceiveType(links), name, &[usize::from(wanted == 0)], timeout);
                true
            }
        }
    }

    /// The module has agreed, or not.
    pub(super) const fn receive_type_done(&mut self, links: u8, success: bool) {
        if success {
            self.settings.active_links = links;
        } else {
            // It will not agree the next time, either.
            self.settings.active = ActiveReceive::Fixed;
        }
    }
}
