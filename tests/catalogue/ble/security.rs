//! Pairing, and the module as an input device.

use wifi_at::command::ble::*;
use wifi_at::dialect::EspAt;

use super::mac;
use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    let security = SetSecurity {
        authentication: Authentication::Bond,
        io_capability: IoCapability::KeyboardDisplay,
        key_size: 16,
        initiator_keys: Keys::ENCRYPTION | Keys::IDENTITY,
        responder_keys: Keys::ENCRYPTION | Keys::IDENTITY,
        strict: None,
    };
    cases.wire::<EspAt, _>(SetSecurity { strict: Some(false), ..security });
    cases.wire::<EspAt, _>(SetSecurity { io_capability: IoCapability::DisplayOnly, ..security });
    for io_capability in [IoCapability::KeyboardOnly, IoCapability::KeyboardDisplay] {
        let authentication = Authentication::SecureConnectionsProtectionBond;
        cases.wire::<EspAt, _>(SetSecurity { authentication, io_capability, ..security });
    }
    assert_eq!(
        cases.answer::<EspAt, QuerySecurity>(&["+BLESECPARAM:13,3,16,3,11,1"]).unwrap(),
        SecurityParameters {
            authentication: Authentication::SecureConnectionsProtectionBond,
            io_capability: IoCapability::NoInputNoOutput,
            key_size: 16,
            initiator_keys: Keys::ENCRYPTION | Keys::IDENTITY,
            responder_keys: Keys::ENCRYPTION | Keys::IDENTITY | Keys::LINK,
            strict: Some(true),
        }
    );

    cases.wire::<EspAt, _>(Encrypt { connection: 0, action: SecurityAction::EncryptProtected });
    cases.wire::<EspAt, _>(AnswerPairing { connection: 0, accept: true });
    for key in [649_784, 793_718, 231_518] {
        cases.wire::<EspAt, _>(EnterPasskey { connection: 0, key: Passkey(key) });
    }
    cases.wire::<EspAt, _>(ConfirmComparison { connection: 0, equal: true });

    cases.wire::<EspAt, _>(QueryBonds);
    let lines = [r#"+BLEENCDEV:0,"24:0a:c4:09:34:23""#, "+BLEENCDEV:14,24:0a:c4:d6:e4:46"];
    let bonds = cases.answer::<EspAt, QueryBonds>(&lines).unwrap();
    let bond = |bond, address| BondedDevice { bond, address: mac(address) };
    assert_eq!(bonds.records, [bond(0, "24:0a:c4:09:34:23"), bond(14, "24:0a:c4:d6:e4:46")]);
    cases.wire::<EspAt, _>(RemoveBonds);

    cases.wire::<EspAt, _>(SetStaticPasskey { key: Passkey(123_456) });
    let set = StaticPasskey { key: MaybePasskey(Some(Passkey(123_456))) };
    assert_eq!(cases.answer::<EspAt, QueryStaticPasskey>(&["+BLESETKEY:123456"]), Ok(set));
    let unset = StaticPasskey { key: MaybePasskey(None) };
    assert_eq!(cases.answer::<EspAt, QueryStaticPasskey>(&["+BLESETKEY:-1"]), Ok(unset));

    cases.wire::<EspAt, _>(SetHid { enabled: true });
    for (line, enabled) in [("+BLEHIDINIT:0", false), ("+BLEHIDINIT:1", true)] {
        assert_eq!(cases.answer::<EspAt, QueryHid>(&[line]), Ok(HidState { enabled }));
    }
    cases.wire::<EspAt, _>(SendKeys { modifiers: Modifiers::NONE, keys: PressedKeys([4, 0, 0, 0, 0, 0]) });
    cases.wire::<EspAt, _>(SendMouse { buttons: MouseButtons::NONE, x: 10, y: 10, wheel: 0 });
    cases.wire::<EspAt, _>(SendConsumerKey { usage: 233 });
}
