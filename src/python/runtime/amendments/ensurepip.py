

# Added by flavor. Distributions keep the wheels of pip outside the standard library; in the package they are inside it.
if globals().get("_WHEEL_PKG_DIR"):
    _WHEEL_PKG_DIR = type(_WHEEL_PKG_DIR)(os.path.join(os.path.dirname(os.path.abspath(__file__)), "_bundled"))
