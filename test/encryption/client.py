"""A client of an app whose messages are encrypted, with jwcrypto, another implementation of JWE.

Reads a job as JSON: where the app is, the tenant, its keys as JWKs, and what to send. Writes what came back as JSON.
"""

import http.client
import json
import sys
import time
import uuid

from jwcrypto import jwe, jwk

job = json.load(sys.stdin)
keys = {key["kid"]: jwk.JWK(**key) for key in job["keys"]}
kid = job["keys"][0]["kid"]

header = {
    "alg": "dir",
    "enc": "A256GCM",
    "kid": kid,
    "typ": "request+jwe",
    "cty": "application/json",
    "sub": job["tenant"],
    "iat": time.time(),
    "jti": str(uuid.uuid4()),
    "htm": "POST",
    "htu": job["target"],
}
message = jwe.JWE(json.dumps(job["body"]).encode(), protected=json.dumps(header))
message.add_recipient(keys[kid])

connection = http.client.HTTPConnection("127.0.0.1", job["port"])
connection.request(
    "POST",
    job["target"],
    message.serialize(compact=True),
    {"Host": job["host"], "Content-Type": "application/jose"},
)
response = connection.getresponse()
text = response.read().decode()

answer = jwe.JWE()
answer.deserialize(text)
answer.decrypt(keys[answer.jose_header["kid"]])
told = answer.jose_header
assert told["typ"] == "response+jwe" and told["sub"] == job["tenant"], told
assert told["rid"] == header["jti"] and told["status"] == response.status, told
json.dump({"status": response.status, "body": json.loads(answer.payload)}, sys.stdout)
