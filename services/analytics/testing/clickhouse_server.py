"""ClickHouse's own engine (the package chdb) behind as much of its HTTP protocol as the client of analytics speaks. For tests: one thing at a time,
one user, no `readonly` and no `kill query`. Prints its port, ends with its standard input."""
import http.server
import os
import re
import sys
import tempfile
import threading
import urllib.parse

from chdb import session

engine = session.Session(tempfile.mkdtemp(prefix="cartwright-clickhouse-"))
turn = threading.Lock()
# What the transport means, not the query; a session of chdb cannot take `readonly` back.
not_settings = {"query", "database", "query_id", "session_id", "default_format", "readonly", "enable_http_compression", "wait_end_of_query", "role"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, b"Ok.\n")

    def do_POST(self):
        asked = urllib.parse.urlsplit(self.path)
        parameters = dict(urllib.parse.parse_qsl(asked.query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("content-length") or 0)) if "content-length" in self.headers else self.chunks()
        query = (parameters["query"] + "\n" if "query" in parameters else "") + body.decode()
        if re.match(r"\s*kill\s+query", query, re.I):
            return self.answer(200, b"")
        settings = [(name, value) for name, value in parameters.items() if name not in not_settings]
        try:
            with turn:
                if "database" in parameters and not query.lower().startswith("create database"):
                    engine.query("use `%s`" % parameters["database"])
                for name, value in settings:
                    engine.query("set %s = '%s'" % (name, value.replace("'", "\\'")))
                self.answer(200, engine.query(query, parameters.get("default_format", "TabSeparated")).bytes())
        except Exception as error:
            text = str(error)
            code = re.search(r"Code: (\d+)", text)
            self.answer(500, text.encode(), code.group(1) if code else "0")

    def chunks(self):
        parts = []
        while True:
            size = int(self.rfile.readline().strip() or b"0", 16)
            if size == 0:
                self.rfile.readline()
                return b"".join(parts)
            parts.append(self.rfile.read(size))
            self.rfile.readline()

    def answer(self, status, body, code=None):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if code is not None:
            self.send_header("x-clickhouse-exception-code", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
# Not by the interpreter's own end: the engine's threads do not always let go.
os._exit(0)
