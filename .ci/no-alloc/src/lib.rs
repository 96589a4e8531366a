//! Depends on `wifi-at`, has a panic handler and no global allocator.
#![no_std]

use wifi_at as _;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
