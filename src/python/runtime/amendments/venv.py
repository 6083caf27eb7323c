

# Added by flavor. The interpreter of a package finds its libraries beside itself, so that a copy of it finds none: the
# environment gets a link. Without pip's wheels it is said what to do before anything is made.

_create, _setup_python = EnvBuilder.create, EnvBuilder.setup_python


def _create_with_pip(self, env_dir):
    if self.with_pip:
        import ensurepip
    return _create(self, env_dir)


def _setup_linked_python(self, context):
    asked, self.symlinks = self.symlinks, True
    try:
        return _setup_python(self, context)
    finally:
        self.symlinks = asked


_create_with_pip.__doc__, _setup_linked_python.__doc__ = _create.__doc__, _setup_python.__doc__
EnvBuilder.create, EnvBuilder.setup_python = _create_with_pip, _setup_linked_python
