"""Sends requests through one requests.Session from several threads, until enough are sent and standard input ends.

Prints how many requests were sent and which of them failed, as JSON. Nothing is sent twice: that is how requests works
unless it is told otherwise.
"""

import json
import os
import sys
import threading
import time

import requests
from requests.adapters import HTTPAdapter

THREADS = int(os.environ["CLIENTS"])
REQUESTS_EACH = int(os.environ["REQUESTS"]) / THREADS
PAUSE_S = int(os.environ["PAUSE_MS"]) / 1000

session = requests.Session()
session.trust_env = False
session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
session.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]
sent = [0] * THREADS
failures = []
told_to_end = threading.Event()


def send_requests(thread):
    while sent[thread] < REQUESTS_EACH or not told_to_end.is_set():
        try:
            status = session.get(os.environ["URL"], timeout=10).status_code
            if status != 200:
                failures.append(f"status {status}")
        except requests.RequestException as error:
            failures.append(repr(error))
        sent[thread] += 1
        time.sleep(PAUSE_S)


threads = [threading.Thread(target=send_requests, args=(thread,)) for thread in range(THREADS)]
for thread in threads:
    thread.start()
sys.stdin.read()
told_to_end.set()
for thread in threads:
    thread.join()
print(json.dumps({"requests.Session": {"sent": sum(sent), "failures": failures}}))
