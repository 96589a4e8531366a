//! IP addresses, DHCP and name servers.

use core::net::IpAddr;

use heapless::Vec;

use super::Wifi;
use super::dialect::{Dhcp, DhcpDialect, Interface, NameServerDialect, WifiDialect};
use crate::command::wifi::{
    Ipv4Config, Ipv4Network, Ipv6Config, QuerySoftApAddress, QueryStationAddress, QueryStationIpv6, SetSoftApAddress,
    SetStationAddress,
};
use crate::command::{CommandError, On};

/// Router and mask, unless both are left to the module.
fn network_of(config: Ipv4Config) -> Option<Ipv4Network> {
    let Ipv4Config { gateway, netmask, .. } = config;
    let told = !(gateway.is_unspecified() && netmask.is_unspecified());
    told.then_some(Ipv4Network { gateway, netmask })
}

impl<D: WifiDialect> Wifi<'_, D> {
    /// The station's addresses. `None` while it has none.
    ///
    /// # Errors
    /// The command's.
    pub async fn address(&self) -> Result<Option<Ipv4Config>, CommandError>
    where
        QueryStationAddress: On<D>,
    {
        let config = self.control.send(&QueryStationAddress).await?;
        Ok((!config.address.is_unspecified()).then_some(config))
    }

    /// The station's IPv6 addresses, which it has after `AT+CIPV6=1` only.
    ///
    /// # Errors
    /// The command's.
    pub async fn ipv6_addresses(&self) -> Result<Ipv6Config, CommandError>
    where
        QueryStationIpv6: On<D>,
    {
        self.control.send(&QueryStationIpv6).await
    }

    /// Gives the station a fixed address, and so switches its DHCP off; [`set_dhcp`](Self::set_dhcp) undoes this.
    ///
    /// The module chooses router and mask if both are `0.0.0.0`.
    ///
    /// # Errors
    /// The command's.
    pub async fn set_static_address(&self, config: Ipv4Config) -> Result<(), CommandError>
    where
        SetStationAddress: On<D>,
    {
        self.control.send(&SetStationAddress { address: config.address, network: network_of(config) }).await
    }

    /// The SoftAP's addresses.
    ///
    /// # Errors
    /// The command's. Some firmware refuses while the module is no SoftAP.
    pub async fn soft_ap_address(&self) -> Result<Ipv4Config, CommandError>
    where
        QuerySoftApAddress: On<D>,
    {
        self.control.send(&QuerySoftApAddress).await
    }

    /// Gives the SoftAP another address. Only ESP-AT and the IDF firmware take other addresses than those of class C.
    ///
    /// The module chooses router and mask if both are `0.0.0.0`.
    ///
    /// # Errors
    /// The command's.
    pub async fn set_soft_ap_address(&self, config: Ipv4Config) -> Result<(), CommandError>
    where
        SetSoftApAddress: On<D>,
    {
        self.control.send(&SetSoftApAddress { address: config.address, network: network_of(config) }).await
    }
}

impl<D: DhcpDialect> Wifi<'_, D> {
    /// Switches the station's DHCP client or the SoftAP's DHCP server on or off. The other one stays as it is.
    ///
    /// # Errors
    /// The command's.
    pub async fn set_dhcp(&self, interface: Interface, enabled: bool) -> Result<(), CommandError> {
        self.control.send(&D::set(interface, enabled)).await
    }

    /// Where DHCP is on.
    ///
    /// # Errors
    /// The command's.
    pub async fn dhcp(&self) -> Result<Dhcp, CommandError> {
        Ok(self.control.send(&D::QUERY).await?.into())
    }
}

impl<D: NameServerDialect> Wifi<'_, D> {
    /// Sets which name servers are asked; none for those that DHCP tells. The router may change them later.
    ///
    /// ESP-AT and the IDF firmware take up to three, ESP-AT also with IPv6; NONOS up to two; the WizFi360 two, which
    /// differ.
    ///
    /// # Errors
    /// [`CommandError::Encode`] for another number of them, [`CommandError::Unsupported`] for IPv6 where there is none.
    pub async fn set_name_servers(&self, servers: &[IpAddr]) -> Result<(), CommandError> {
        D::set_servers(self.control, servers).await
    }

    /// The name servers that are asked.
    ///
    /// # Errors
    /// The command's.
    pub async fn name_servers(&self) -> Result<Vec<IpAddr, 3>, CommandError> {
        D::servers(self.control).await
    }
}
