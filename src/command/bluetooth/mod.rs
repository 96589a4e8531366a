//! Classic Bluetooth commands (`ESP-AT 3.5`).
//!
//! Only the ESP32 has Classic Bluetooth, and the standard firmware does not: these commands need one that was built
//! with them. There is one connection of each kind, with number 0.

pub mod a2dp;
pub mod base;
pub mod security;
pub mod spp;

pub use a2dp::{
    A2dpConnection, A2dpDisconnection, A2dpRole, A2dpSource, ConnectA2dp, ControlSink, ControlSource, CurrentA2dpRole,
    DisconnectA2dp, QueryA2dpConnection, QueryA2dpRole, QueryA2dpSource, SetA2dpRole, SetA2dpSource, SinkControl,
    SourceControl,
};
pub use base::{
    BluetoothState, DeviceName, FindDevices, FoundDevice, InquiryMode, MajorDeviceClass, QueryBluetooth,
    QueryDeviceName, QueryTransmitPower, ScanMode, ServiceClasses, SetBluetooth, SetDeviceClass, SetDeviceName,
    SetScanMode, SetTransmitPower, TransmitPower,
};
pub use security::{
    BluetoothIoCapability, BluetoothSecurity, BondedDevice, ConfirmComparison, EnterPasskey, EnterPin, Pin, PinType,
    QueryBonds, QuerySecurity, RemoveBond, RemoveBonds, SetSecurity,
};
pub use spp::{
    ConnectSpp, CurrentSppRole, DisconnectSpp, QuerySppConnection, QuerySppRole, SendSpp, SetSppRole, SppConnection,
    SppDisconnection, SppRole, SppSecurity, StartSpp, StartSppPassthrough,
};
