//! Two stacks instead of one, so that the depth of tasks does not depend on which interrupt came when: what runs in
//! tasks has a stack of its own, interrupts have the other. Real firmware needs room for both together.

use core::arch::global_asm;

// Runs before anything else: the process stack, 1 MB below the other one, from here on.
global_asm!(
    ".syntax unified",
    ".section .text.__pre_init,\"ax\"",
    ".global __pre_init",
    ".type __pre_init,%function",
    ".thumb_func",
    "__pre_init:",
    "ldr r0, =0x20300000",
    "msr psp, r0",
    "movs r0, #2",
    "msr control, r0",
    "isb",
    "bx lr",
    ".pool",
    ".size __pre_init, . - __pre_init",
);
