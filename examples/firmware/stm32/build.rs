//! The linker's scripts; the memory's layout comes from embassy-stm32.

fn main() {
    for script in ["--nmagic", "-Tlink.x", "-Tdefmt.x"] {
        println!("cargo:rustc-link-arg-bins={script}");
    }
}
