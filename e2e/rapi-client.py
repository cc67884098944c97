"""Drives Slipway by Debian's python3-ganeti-rapi and prints what came of it as one JSON object.

usage: rapi-client.py RAPI_URL CA_FILE USER PASSWORD_FILE INSTANCE
"""

import json
import sys
from urllib.parse import urlsplit

from ganeti.rapi import client

url, ca_file, user, password_file, instance = sys.argv[1:]
with open(password_file, encoding="utf-8") as file:
    password = file.read().strip()
address = urlsplit(url)
rapi = client.GanetiRapiClient(
    address.hostname,
    port=address.port,
    username=user,
    password=password,
    curl_config_fn=client.GenericCurlConfig(cafile=ca_file, verify_hostname=True, timeout=90),
)
result = {
    "version": rapi.GetVersion(),
    "features": rapi.GetFeatures(),
    "info": rapi.GetInfo()["name"],
    "os": rapi.GetOperatingSystems(),
    "nodes": rapi.GetNodes(),
}


def follow(name, job_id):
    """Waits by GET /2/jobs/ID/wait, and keeps the status in which the job ended."""
    seen, serial = None, None
    while True:
        change = rapi.WaitForJobChange(job_id, ["status"], seen, serial)
        if change is None:
            continue
        seen = change["job_info"]
        for entry in change["log_entries"] or []:
            serial = entry[0]
        if seen[0] in ("success", "error", "canceled"):
            break
    job = rapi.GetJobStatus(job_id)
    result[name] = job["status"]
    return job


secret = {"passphrase": "value-of-the-client secret"}
private = {"remark": "value-of-the-client private"}
follow(
    "create",
    rapi.CreateInstance(
        "create", instance, "file", [{"size": 64}], [{}], os="speaker+default", beparams={"memory": 128},
        ip_check=False, name_check=False,
        osparams={"word": "rapi"}, osparams_private=private, osparams_secret=secret,
    ),
)
result["instance"] = rapi.GetInstance(instance)
result["bulk"] = [each["name"] for each in rapi.GetInstances(bulk=True)]
# The client's own method drops private and secret parameters, as Ganeti does; its request doesn't.
body = {"start": True, "osparams": {"word": "again"}, "osparams_private": private, "osparams_secret": secret}
job = follow("reinstall", rapi._SendRequest("POST", f"/2/instances/{instance}/reinstall", [], body))
result["reinstall_ops"] = job["ops"]
follow("missing", rapi.ReinstallInstance("nosuch.example.test"))
# What the script installs never boots, so it would not notice that it is asked to go.
follow("shutdown", rapi.ShutdownInstance(instance, timeout=0))
follow("startup", rapi.StartupInstance(instance))
follow("delete", rapi.DeleteInstance(instance))
print(json.dumps(result, separators=(",", ":")))
