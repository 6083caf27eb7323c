

# Added by flavor. The paths below are compiled into OpenSSL and are those of the machine where it was built. Where neither the
# file nor the directory is of use, the first known location of another distribution is used. SSL_CERT_FILE and SSL_CERT_DIR
# win, as they do in OpenSSL.

_CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch, Gentoo, NixOS, distroless
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/var/lib/ca-certificates/ca-bundle.pem",  # openSUSE, SLES
    "/etc/ssl/ca-bundle.pem",  # openSUSE, SLES
    "/etc/ssl/cert.pem",  # Alpine, OpenBSD
    "/etc/pki/tls/cert.pem",  # RHEL
    "/etc/pki/tls/cacert.pem",  # OpenELEC
    "/etc/ca-certificates/extracted/tls-ca-bundle.pem",  # Arch
    "/usr/local/etc/ssl/cert.pem",  # FreeBSD
    "/usr/local/share/certs/ca-root-nss.crt",  # FreeBSD
    "/run/current-system/profile/etc/ssl/certs/ca-certificates.crt",  # Guix
)
_CA_DIRECTORIES = (
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted/pem/directory-hash",
    "/var/lib/ca-certificates/openssl",
    "/var/lib/ca-certificates/pem",
)


def _is_ca_directory(path):
    """Whether OpenSSL would find a certificate in the directory: by the hash of a name, as in `3513523f.0`."""
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                stem, _, number = entry.name.partition(".")
                if len(stem) == 8 and number.isdigit() and not stem.strip("0123456789abcdefABCDEF") and entry.is_file():
                    return True
    except OSError:
        pass
    return False


def _other_ca_paths():
    """Files and directories, of which the first that loads replaces what OpenSSL does not find."""
    file_variable, file, directory_variable, directory = _ssl.get_default_verify_paths()
    if file_variable in os.environ or directory_variable in os.environ:
        return []
    if os.path.isfile(file) or _is_ca_directory(directory):
        return []
    bundles = [(path, None) for path in _CA_BUNDLES if os.path.isfile(path) and os.access(path, os.R_OK)]
    return bundles + [(None, path) for path in _CA_DIRECTORIES if _is_ca_directory(path)]


def _set_default_verify_paths(self):
    """Use the default locations of certificate authorities."""
    _SSLContext.set_default_verify_paths(self)
    for cafile, capath in _other_ca_paths():
        try:
            return self.load_verify_locations(cafile, capath)
        except OSError:
            continue


_set_default_verify_paths.__name__ = "set_default_verify_paths"
_set_default_verify_paths.__qualname__ = "SSLContext.set_default_verify_paths"
SSLContext.set_default_verify_paths = _set_default_verify_paths
_compiled_verify_paths = get_default_verify_paths


def get_default_verify_paths():
    """Return paths to default cafile and capath.
    """
    paths = _compiled_verify_paths()
    for cafile, capath in _other_ca_paths():
        return paths._replace(cafile=cafile or paths.cafile, capath=capath or paths.capath)
    return paths
