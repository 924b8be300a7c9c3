"""An nginx with TLS and HTTP/2 in front of the scripted server."""

import shutil
import ssl
import subprocess
import tempfile
import urllib.request

from checking import Skipped, wait_until
from chromium import free_port

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
    location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_buffering off; proxy_http_version 1.1; }}
  }}
}}
"""


class Front:
    def __init__(self, behind):
        if not (shutil.which("nginx") and shutil.which("openssl")):
            raise Skipped("nginx or openssl is not installed")
        self.folder = tempfile.mkdtemp(prefix="oriel-front-")
        port = free_port()
        self.address = f"https://127.0.0.1:{port}"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-keyout", f"{self.folder}/key.pem", "-out", f"{self.folder}/certificate.pem"], check=True, capture_output=True)
        with open(f"{self.folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(folder=self.folder, port=port, behind=behind))
        self.process = subprocess.Popen(
            ["nginx", "-p", self.folder, "-c", f"{self.folder}/nginx.conf", "-e", "stderr"], stderr=subprocess.DEVNULL)

    def _responds(self):
        try:
            return urllib.request.urlopen(self.address + "/status", timeout=2, context=ssl._create_unverified_context()).status == 200
        except OSError:
            return False

    def __enter__(self):
        wait_until(self._responds, "a response over TLS")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
