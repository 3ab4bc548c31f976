"""moto's server (PyPI, moto[server]) on a port that is free, which its first line names, with the two things repaired that stand between it and AWS here.

KMS signs a digest as it is when MessageType is DIGEST (API Reference, Sign); moto 5.2 parses MessageType, ignores it, and hashes the digest once more
(getmoto/moto pull request 10202 mends that). AWS's answers are of the type application/x-amz-json-1.1 (Smithy, "AWS JSON 1.1 protocol"), moto's of
text/html. Everything else is moto's own.
"""

import os
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms import responses, utils
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}

signed_by_moto = responses.KmsResponse.sign
request = threading.local()


def sign(self):
    """Notes the message's type for the key that signs."""
    request.has_digest = self._get_param("MessageType") == "DIGEST"
    return signed_by_moto(self)


def of_a_digest(moto):
    """The key's own way for a message, ours for a digest."""

    def sign_message(self, message, signing_algorithm):
        if not request.has_digest:
            return moto(self, message, signing_algorithm)
        chosen = HASHES[signing_algorithm[-3:]]()
        if len(message) != chosen.digest_size:
            raise utils.ValidationException(f"Digest is invalid length for algorithm {signing_algorithm}.")
        if isinstance(self, utils.RSAPrivateKey):
            assert signing_algorithm.startswith("RSASSA_PKCS1_V1_5_"), signing_algorithm
            return self.private_key.sign(message, padding.PKCS1v15(), Prehashed(chosen))
        utils.validate_signing_algorithm(signing_algorithm, self.valid_signing_algorithms)
        return self.private_key.sign(message, ec.ECDSA(Prehashed(chosen)))

    return sign_message


responses.KmsResponse.sign = sign
for key in (utils.RSAPrivateKey, utils.ECDSAPrivateKey):
    key.sign = of_a_digest(key.sign)


def labelled(application):
    """The application, with its answers' type as AWS has it."""

    def call(environ, start_response):
        def start(status, headers, exc_info=None):
            others = [(name, value) for name, value in headers if name.lower() != "content-type"]
            return start_response(status, [*others, ("Content-Type", "application/x-amz-json-1.1")], exc_info)

        return application(environ, start if "HTTP_X_AMZ_TARGET" in environ else start_response)

    return call


def serve():
    """What `moto_server` does, which says on which port only if it is told one: and one that was free before need not be free any more."""
    application = DomainDispatcherApplication(create_backend_app)
    application.debug = True
    server = make_server("127.0.0.1", 0, labelled(application), threaded=True, request_handler=MotoRequestHandler)
    os.environ["MOTO_PORT"] = str(server.port)
    print(f"listening on 127.0.0.1:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve()
