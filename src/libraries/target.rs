//! Which libraries must come from the target machine. See
//! `docs/adr/0032-libraries-of-the-machine.md` for the reasons.

use std::path::Path;

/// Libraries of glibc itself (and of musl), which every machine has and which must match its own
/// loader. A trailing `*` matches any suffix.
const GLIBC: &[&str] = &[
    "ld-linux*",
    "ld64.so.*",
    "ld.so.*",
    "ld-musl-*",
    "libc.so",
    "libc.musl-*",
    "libc.so.6",
    "libm.so.6",
    "libmvec.so.1",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libanl.so.1",
    "libnsl.so.1",
    "libnss_*",
    "libthread_db.so.1",
    "libBrokenLocale.so.1",
    "linux-vdso*",
];

/// Libraries that have to match components of the target: its graphics driver, display server,
/// kernel modules or sound server. A copy from another machine loads, but finds no driver or speaks
/// another version of a private protocol.
const TARGET: &[&str] = &[
    // OpenGL, Vulkan, OpenCL: dispatchers that load the driver of the machine, and the drivers' own
    // parts.
    "libGL.so.*",
    "libGLX.so.*",
    "libGLX_*",
    "libOpenGL.so.*",
    "libGLdispatch.so.*",
    "libEGL.so.*",
    "libEGL_*",
    "libGLESv1_CM.so.*",
    "libGLESv1_CM_*",
    "libGLESv2.so.*",
    "libGLESv2_*",
    "libGLU.so.*",
    "libglapi.so.*",
    "libgbm.so.*",
    "libdrm.so.*",
    "libdrm_*",
    "libvulkan.so.*",
    "libOpenCL.so.*",
    "libva.so.*",
    "libva-*",
    "libvdpau.so.*",
    // Compute drivers: their version must be that of the kernel module.
    "libcuda.so.*",
    "libcudadebugger.so.*",
    "libnvidia*",
    "libnvcuvid.so.*",
    "libnvoptix.so.*",
    "libhsa-runtime64.so.*",
    "libze_loader.so.*",
    // X11 and Wayland: drivers link against these libraries too, and two copies in one process
    // cannot share a connection.
    "libX11.so.*",
    "libX11-xcb.so.*",
    "libxcb.so.*",
    "libxcb-dri2.so.*",
    "libxcb-dri3.so.*",
    "libxcb-glx.so.*",
    "libxcb-present.so.*",
    "libxcb-sync.so.*",
    "libxcb-xfixes.so.*",
    "libxshmfence.so.*",
    "libXext.so.*",
    "libXfixes.so.*",
    "libXdamage.so.*",
    "libXxf86vm.so.*",
    "libwayland-client.so.*",
    "libwayland-egl.so.*",
    "libwayland-server.so.*",
    // Sound: the server is part of the same installation, or configures plug-ins.
    "libasound.so.*",
    "libjack.so.*",
    "libpipewire-0.3.so.*",
    // Authentication: the library's version has to match plug-ins and settings of the machine.
    "libpam.so.*",
    "libpam_misc.so.*",
];

/// Whether `name` is a library that comes with glibc.
pub fn is_part_of_glibc(name: &str) -> bool {
    matches_any(name, GLIBC)
}

/// Whether a package leaves `name` to the target machine, even if it could be carried.
pub fn must_come_from_target(name: &str) -> bool {
    matches_any(name, TARGET)
}

/// Whether a pattern matches the name. A trailing `*` matches any suffix.
pub fn matches_any(name: &str, patterns: &[impl AsRef<str>]) -> bool {
    patterns
        .iter()
        .map(AsRef::as_ref)
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        })
}

/// Whether a file has the name of a shared library by the convention of linkers: `libz.so.1`,
/// `libopenblas-r0.so`; not `_ssl.cpython-313-x86_64-linux-gnu.so`.
pub fn is_shared_library_name(name: &str) -> bool {
    let is_plain = Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "so");
    name.starts_with("lib") && (is_plain || name.contains(".so."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_glibc_is_left_to_the_machine() {
        for name in [
            "libc.so.6",
            "ld-linux-x86-64.so.2",
            "libnss_dns.so.2",
            "libresolv.so.2",
            "libnsl.so.1",
        ] {
            assert!(is_part_of_glibc(name), "{name}");
        }
        for name in [
            "libz.so.1",
            "libgcc_s.so.1",
            "libstdc++.so.6",
            "libcrypt.so.1",
            "libnsl.so.2",
            "libcurses.so.6",
        ] {
            assert!(!is_part_of_glibc(name), "{name}");
        }
    }

    #[test]
    fn drivers_and_displays_are_the_target_s() {
        for name in [
            "libGL.so.1",
            "libcuda.so.1",
            "libnvidia-ml.so.1",
            "libX11.so.6",
            "libwayland-client.so.0",
        ] {
            assert!(must_come_from_target(name), "{name}");
        }
        for name in [
            "libstdc++.so.6",
            "libxcb-cursor.so.0",
            "libxkbcommon.so.0",
            "libglib-2.0.so.0",
            "libz.so.1",
        ] {
            assert!(!must_come_from_target(name), "{name}");
        }
    }
}
