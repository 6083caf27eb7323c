"""Opens a page in headless Chromium and does what a story tells, over the DevTools protocol.

usage: drive.py PAGE < STORY

The story is a JSON list of steps; each is one of
    {"click": SELECTOR}     a real click in the middle of the element that comes first
    {"hover": SELECTOR}     the pointer goes there
    {"type": TEXT}          keys, to what has the focus
    {"key": KEY}            one key by its name
    {"read": EXPRESSION}    the value of an expression in the page
Standard output: a JSON object with `read` (what the readings gave, in order), `requests` (addresses that the page asked for,
itself apart) and `complaints` (what it wrote to its console, and exceptions).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import websocket


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    sys.exit("there is no chromium; tests/setup/run installs it")


class Browser:
    def __init__(self, profile, page):
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
                     "--remote-allow-origins=*", "--window-size=1280,1000", "--user-data-dir=" + profile, "about:blank"]
        self.process = subprocess.Popen([chromium(), *arguments], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = os.path.join(profile, "DevToolsActivePort")
        end = time.monotonic() + 120
        while not (os.path.exists(port_file) and open(port_file).read().count("\n")):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit("chromium did not start")
            time.sleep(0.05)
        port = open(port_file).read().split("\n")[0]
        with urllib.request.urlopen("http://127.0.0.1:%s/json/list" % port, timeout=60) as answer:
            pages = [one for one in json.load(answer) if one["type"] == "page"]
        self.socket = websocket.create_connection(pages[0]["webSocketDebuggerUrl"], timeout=120)
        self.last, self.requests, self.complaints, self.loaded = 0, [], [], False
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.page = "file://" + os.path.abspath(page)
        self.call("Page.navigate", url=self.page)
        while not self.loaded:
            self.take()

    def take(self):
        message = json.loads(self.socket.recv())
        method, params = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Network.requestWillBeSent" and params["request"]["url"] != self.page:
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        return message

    def call(self, method, **params):
        self.last += 1
        self.socket.send(json.dumps({"id": self.last, "method": method, "params": params}))
        while True:
            message = self.take()
            if message.get("id") == self.last:
                if "error" in message:
                    sys.exit("%s: %s" % (method, message["error"]))
                return message["result"]

    def read(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            sys.exit("%s: %s" % (expression, result["exceptionDetails"]))
        return result["result"].get("value")

    def middle(self, selector):
        place = self.read("(() => { const e = document.querySelector(%s); if (!e) return null; e.scrollIntoView({block: 'nearest'});"
                          " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
                          % json.dumps(selector))
        if not place:
            sys.exit("there is no " + selector)
        return {"x": place[0], "y": place[1]}

    def do(self, step):
        (verb, what), = step.items()
        if verb in ("click", "hover"):
            at = self.middle(what)
            self.call("Input.dispatchMouseEvent", type="mouseMoved", **at)
            if verb == "click":
                for kind in ("mousePressed", "mouseReleased"):
                    self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)
        elif verb == "type":
            self.call("Input.insertText", text=what)
        elif verb == "key":
            for kind in ("keyDown", "keyUp"):
                self.call("Input.dispatchKeyEvent", type=kind, key=what)
        elif verb == "read":
            return [self.read(what)]
        else:
            sys.exit("no such step: " + verb)
        return []


def main():
    story = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(prefix="flavor-browser-", ignore_cleanup_errors=True) as profile:
        browser = Browser(profile, sys.argv[1])
        try:
            read = [value for step in story for value in browser.do(step)]
            json.dump({"read": read, "requests": browser.requests, "complaints": browser.complaints}, sys.stdout)
        finally:
            browser.process.terminate()
            browser.process.wait()


main()
