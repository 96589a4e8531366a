//! Partitions and manufacturing data.

use wifi_at::command::HexNumber;
use wifi_at::command::basic::*;
use wifi_at::dialect::EspAt;

use crate::Cases;

pub(super) fn cases(cases: &mut Cases) {
    partitions(cases);
    let (namespace, key) = ("client_cert", "client_cert.0");
    cases.wire::<EspAt, _>(EraseManufacturingNamespace { namespace });
    cases.wire::<EspAt, _>(EraseManufacturingKey { namespace, key });
    cases.wire::<EspAt, _>(ListManufacturingNamespaces);
    cases.wire::<EspAt, _>(ListManufacturingKeys { namespace });
    cases.wire::<EspAt, _>(ReadManufacturingValue { namespace, key });
    cases.wire::<EspAt, _>(ReadManufacturingData { namespace, key, offset: 100, length: 200 });
    let kind = ManufacturingDataType::Binary;
    cases.wire::<EspAt, _>(WriteManufacturingData { namespace, key, kind, length: 1164 });
    cases.wire::<EspAt, _>(WriteManufacturingNumber { namespace, key, value: ManufacturingNumber::I16(-2) });

    let lines = ["+SYSMFG:\"client_cert\"", "+SYSMFG:\"factory_param\""];
    let namespaces = cases.answer::<EspAt, QueryManufacturingNamespaces>(&lines).unwrap();
    assert_eq!(namespaces.records[1].name, "factory_param");
    assert_eq!(cases.answer::<EspAt, ListManufacturingNamespaces>(&lines).unwrap(), namespaces);
    let lines = ["+SYSMFG:\"client_cert\",\"client_cert.0\",8", "+SYSMFG:\"client_cert\",\"count\",1"];
    let keys = cases.answer::<EspAt, ListManufacturingKeys>(&lines).unwrap();
    assert_eq!((keys.records[0].key.as_str(), keys.records[0].kind), (key, ManufacturingType::Binary));
    assert_eq!((keys.records[1].key.as_str(), keys.records[1].kind), ("count", ManufacturingType::U8));

    let line = "+SYSMFG:\"factory_param\",\"power\",2,1,-78";
    let entry = cases.answer::<EspAt, ReadManufacturingValue>(&[line]).unwrap();
    assert_eq!((entry.namespace.as_str(), entry.key.as_str()), ("factory_param", "power"));
    assert_eq!(entry.value, ManufacturingValue::Number(ManufacturingNumber::I8(-78)));
    let line = "+SYSMFG:\"factory_param\",\"name\",7,5,a,\"b ";
    let entry = cases.answer::<EspAt, ReadManufacturingValue>(&[line]).unwrap();
    assert!(matches!(entry.value, ManufacturingValue::String(text) if text == b"a,\"b "));
    let line = "+SYSMFG:\"client_cert\",\"client_cert.0\",8,4,12";
    assert!(cases.answer::<EspAt, ReadManufacturingData>(&[line]).is_err());
}

fn partitions(cases: &mut Cases) {
    let partition = "mfg_nvs";
    cases.wire::<EspAt, _>(EraseFlashPartition { partition });
    cases.wire::<EspAt, _>(EraseFlash { partition, offset: 4096, length: 8192 });
    cases.wire::<EspAt, _>(WriteFlash { partition, offset: 0, length: HexNumber(0x1c000) });
    cases.wire::<EspAt, _>(ReadFlash { partition, offset: 0, length: 240 });

    for line in ["+SYSFLASH:\"mfg_nvs\",1,2,0x21000,0x1c000", "+SYSFLASH:mfg_nvs,1,2,135168,114688"] {
        let partitions = cases.answer::<EspAt, QueryFlashPartitions>(&[line]).unwrap();
        let first = &partitions.records[0];
        assert_eq!((first.name.as_str(), first.kind, first.subtype), ("mfg_nvs", 1, 2));
        assert_eq!((first.address, first.size), (0x21000, 0x1c000));
    }
    let read = cases.answer::<EspAt, ReadFlash>(&["+SYSFLASH:6,a:b,\"c"]).unwrap();
    assert_eq!(read.data, b"a:b,\"c");
}
