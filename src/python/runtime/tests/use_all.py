import asyncio, bz2, ctypes, curses, dbm, decimal, email, hashlib, json, lzma, multiprocessing, readline, sqlite3, ssl
import subprocess, sys, sysconfig, tempfile, threading, unittest, uuid, venv, xml.etree.ElementTree, zlib, zoneinfo
assert lzma.decompress(lzma.compress(b"x" * 999)) == b"x" * 999
assert bz2.decompress(bz2.compress(b"x")) == zlib.decompress(zlib.compress(b"x"))
assert sqlite3.connect(":memory:").execute("select sum(x) from (select 1 x union select 2)").fetchone() == (3,)
assert hashlib.new("sha256", b"").hexdigest().startswith("e3b0c442")
assert hashlib.blake2b(b"").digest_size == 64
ssl.create_default_context()
assert ctypes.CDLL(None).abs(-3) == 3
assert xml.etree.ElementTree.fromstring("<a><b/></a>")[0].tag == "b"
assert decimal.Decimal("0.1") * 3 == decimal.Decimal("0.3")
async def one(): return 1
assert asyncio.run(one()) == 1
assert sysconfig.get_config_vars()["EXT_SUFFIX"]
child = subprocess.run([sys.executable, "-I", "-c", "print(6 * 7)"], capture_output=True, check=True)
assert child.stdout == b"42\n" and child.stderr == b"", child
with tempfile.TemporaryDirectory() as directory:
    venv.create(directory, symlinks=True)
    inner = subprocess.run([directory + "/bin/python", "-c", "import sys, ssl; print(sys.prefix)"],
                           capture_output=True, text=True, check=True)
    assert inner.stdout.strip() == directory, inner
worker = multiprocessing.get_context("spawn").Process(target=abs, args=(1,))
worker.start(); worker.join()
assert worker.exitcode == 0
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ok", sys.prefix)
