//! Names, MAC addresses, protocols, country, mDNS.

use super::dialect::{Interface, WifiDialect};
use super::{Wifi, radio};
use crate::command::wifi::{
    Country, HostName, Mdns, MdnsService, OwnMac, Protocols, QueryCountry, QueryHostName, QuerySoftApMac,
    QuerySoftApProtocols, QueryStationMac, QueryStationProtocols, QueryWifiMode, SetCountry, SetHostName, SetMdns,
    SetSoftApMac, SetSoftApProtocols, SetStationMac, SetStationProtocols, SetWifiMode, WifiMode,
};
use crate::command::{CommandError, Mac, On};

impl<D: WifiDialect> Wifi<'_, D> {
    /// What the radio does.
    ///
    /// # Errors
    /// The command's.
    pub async fn mode(&self) -> Result<WifiMode, CommandError>
    where
        QueryWifiMode: On<D>,
    {
        Ok(self.control.send(&QueryWifiMode).await?.mode)
    }

    /// Sets what the radio does. [`join`](Self::join), [`scan`](Self::scan) and
    /// [`start_soft_ap`](Self::start_soft_ap) switch on what they need by themselves.
    ///
    /// # Errors
    /// The command's. Only ESP-AT and the IDF firmware know [`WifiMode::Off`].
    pub async fn set_mode(&self, mode: WifiMode) -> Result<(), CommandError>
    where
        SetWifiMode: On<D>,
    {
        self.control.send(&SetWifiMode { mode }).await
    }

    /// Sets the station's host name, 1 to 32 bytes, until the next reset. To be set before joining, as DHCP tells it.
    ///
    /// # Errors
    /// The command's.
    pub async fn set_host_name<'c>(&self, name: &'c str) -> Result<(), CommandError>
    where
        SetHostName<'c>: On<D>,
    {
        // Firmware refuses while there is no station.
        self.switch_on(radio::STATION).await?;
        self.control.send(&SetHostName { name }).await
    }

    /// The station's host name. `None` inside while the module is no station.
    ///
    /// # Errors
    /// The command's.
    pub async fn host_name(&self) -> Result<HostName, CommandError>
    where
        QueryHostName: On<D>,
    {
        self.control.send(&QueryHostName).await
    }

    /// The MAC address of station or SoftAP.
    ///
    /// # Errors
    /// The commands'.
    pub async fn mac(&self, interface: Interface) -> Result<Mac, CommandError>
    where
        QueryStationMac: On<D>,
        QuerySoftApMac: On<D>,
    {
        match interface {
            Interface::Station => Ok(self.control.send(&QueryStationMac).await?.mac),
            Interface::SoftAp => Ok(self.control.send(&QuerySoftApMac).await?.mac),
        }
    }

    /// Sets the MAC address of station or SoftAP, which must differ.
    ///
    /// # Errors
    /// [`CommandError::Encode`] for an address of a group or of zeros.
    pub async fn set_mac(&self, interface: Interface, mac: Mac) -> Result<(), CommandError>
    where
        SetStationMac: On<D>,
        SetSoftApMac: On<D>,
    {
        let mac = OwnMac(mac);
        match interface {
            Interface::Station => self.control.send(&SetStationMac { mac }).await,
            Interface::SoftAp => self.control.send(&SetSoftApMac { mac }).await,
        }
    }

    /// The 802.11 variants that station or SoftAP uses.
    ///
    /// # Errors
    /// The commands'.
    pub async fn protocols(&self, interface: Interface) -> Result<Protocols, CommandError>
    where
        QueryStationProtocols: On<D>,
        QuerySoftApProtocols: On<D>,
    {
        match interface {
            Interface::Station => Ok(self.control.send(&QueryStationProtocols).await?.protocols),
            Interface::SoftAp => Ok(self.control.send(&QuerySoftApProtocols).await?.protocols),
        }
    }

    /// Sets the 802.11 variants that station or SoftAP uses. B, G and N from the factory.
    ///
    /// # Errors
    /// The commands'.
    pub async fn set_protocols(&self, interface: Interface, protocols: Protocols) -> Result<(), CommandError>
    where
        SetStationProtocols: On<D>,
        SetSoftApProtocols: On<D>,
    {
        match interface {
            Interface::Station => self.control.send(&SetStationProtocols { protocols }).await,
            Interface::SoftAp => self.control.send(&SetSoftApProtocols { protocols }).await,
        }
    }

    /// The country that the radio follows, which may be that of the access point.
    ///
    /// # Errors
    /// The command's.
    pub async fn country(&self) -> Result<Country, CommandError>
    where
        QueryCountry: On<D>,
    {
        self.control.send(&QueryCountry).await
    }

    /// Sets the country that the radio follows.
    ///
    /// # Errors
    /// The command's.
    pub async fn set_country<'c>(&self, country: SetCountry<'c>) -> Result<(), CommandError>
    where
        SetCountry<'c>: On<D>,
    {
        self.control.send(&country).await
    }

    /// Lets the module be found by mDNS. The station needs an address.
    ///
    /// # Errors
    /// The command's.
    pub async fn start_mdns<'c>(&self, service: MdnsService<'c>) -> Result<(), CommandError>
    where
        SetMdns<'c>: On<D>,
    {
        self.control.send(&SetMdns { service: Mdns::On(service) }).await
    }

    /// Ends what [`start_mdns`](Self::start_mdns) began.
    ///
    /// # Errors
    /// The command's.
    pub async fn stop_mdns(&self) -> Result<(), CommandError>
    where
        SetMdns<'static>: On<D>,
    {
        self.control.send(&SetMdns { service: Mdns::Off }).await
    }
}
