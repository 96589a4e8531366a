//! The radio: joining an access point or being one, looking for others, addresses.
//!
//! Everything here is a method of [`Wifi`], which [`Control::wifi`](crate::Control::wifi) gives. A method that the
//! firmware has no command for does not compile for its dialect; an option that it does not have is refused with
//! [`CommandError::Unsupported`].
//!
//! | | |
//! |---|---|
//! | station | [`join`](Wifi::join), [`stay_joined`](Wifi::stay_joined), [`join_enterprise`](Wifi::join_enterprise), [`leave`](Wifi::leave), [`status`](Wifi::status), [`access_point`](Wifi::access_point), [`rssi`](Wifi::rssi) |
//! | scan | [`scan`](Wifi::scan) gives a [`Scan`], which hands out one access point at a time |
//! | SoftAP | [`start_soft_ap`](Wifi::start_soft_ap), [`stop_soft_ap`](Wifi::stop_soft_ap), [`stations`](Wifi::stations), [`kick`](Wifi::kick), [`set_dhcp_pool`](Wifi::set_dhcp_pool) |
//! | addresses | [`address`](Wifi::address), [`set_static_address`](Wifi::set_static_address), [`set_dhcp`](Wifi::set_dhcp), [`set_name_servers`](Wifi::set_name_servers) |
//! | settings | [`set_host_name`](Wifi::set_host_name), [`set_country`](Wifi::set_country), [`set_mac`](Wifi::set_mac), [`set_protocols`](Wifi::set_protocols), [`start_mdns`](Wifi::start_mdns) |
//! | provisioning | [`smart_config`](Wifi::smart_config), [`wps`](Wifi::wps), [`web_provisioning`](Wifi::web_provisioning) |
//!
//! What happens meanwhile comes as [`Event`](crate::Event)s from [`Control::events`](crate::Control::events);
//! [`wait_for_link`](Wifi::wait_for_link) and its kin wait for the state itself.

mod addresses;
mod dialect;
mod provisioning;
mod rejoin;
mod scan;
mod settings;
mod soft_ap;
mod station;

pub use crate::command::wifi::{
    AccessPoint, Ipv4Config, JoinError, JoinedAccessPoint, JoinedStation, ManagementFrameProtection, Protocols,
    Reconnection, ScanKind, Security, SoftApSecurity, Ssid, WhichMatch, WifiMode,
};
pub use dialect::{Dhcp, DhcpDialect, Interface, NameServerDialect, WifiDialect};
pub use provisioning::{Credentials, ProvisioningError, SmartConfigOptions};
pub use rejoin::RejoinPolicy;
pub use scan::{Scan, ScanOptions};
pub use soft_ap::SoftApOptions;
pub use station::{JoinOptions, LinkStatus};

use crate::command::CommandError;
use crate::command::wifi::SetWifiMode;
use crate::control::{Control, send};
use crate::resources::AccessExt;

/// Bits of what the radio does.
mod radio {
    pub(super) const STATION: u8 = 1;
    pub(super) const SOFT_AP: u8 = 2;
}

/// The handle for the radio. Copies are as good as the original.
#[derive(Debug, Clone, Copy)]
pub struct Wifi<'a, D> {
    control: Control<'a, D>,
}

impl<'a, D> Wifi<'a, D> {
    pub(crate) const fn new(control: Control<'a, D>) -> Self {
        Self { control }
    }
}

impl<D: WifiDialect> Wifi<'_, D> {
    /// What the radio was told to do since the module's last restart, by whomever. 0 if nothing.
    fn radio(&self) -> u8 {
        self.control.shared.0.get(|engine| engine.core.radio)
    }

    /// Switches a part of the radio on, and leaves the other as it was told to be.
    async fn set_radio(&self, part: u8) -> Result<(), CommandError> {
        let mode = match self.radio() | part {
            radio::STATION => WifiMode::Station,
            radio::SOFT_AP => WifiMode::SoftAp,
            _ => WifiMode::StationAndSoftAp,
        };
        send(self.control.shared, &SetWifiMode { mode }, D::FORMS.mode_name).await
    }

    /// The same, unless it is known to be on.
    async fn switch_on(&self, part: u8) -> Result<(), CommandError> {
        if self.radio() & part == part { Ok(()) } else { self.set_radio(part).await }
    }
}
