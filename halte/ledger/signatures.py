"""Checking signatures of anchors, away from AWS: all it takes is the public key."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from halte.ledger.findings import NotALedger

Signed = Callable[[bytes, str], bool]


def checker(pem: str) -> tuple[Signed, str]:
    """What says whether a signature is the key's, and the key's fingerprint (SHA-256 of its DER form, hex).

    Raises:
        NotALedger: it is no public key on a curve.
    """
    public = _public(pem)

    def signed(header: bytes, signature: str) -> bool:
        try:
            plain = base64.b64decode(signature, validate=True)
            public.verify(plain, header, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        # Before the padding some bits say nothing: there is one way to write a signature too.
        return base64.b64encode(plain).decode() == signature

    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return signed, hashlib.sha256(der).hexdigest()


def _public(pem: str) -> ec.EllipticCurvePublicKey:
    """There is one way to write a key: another one was changed on its way."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotALedger("the public key can't be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise NotALedger("the public key is of another kind than anchors are signed with")
    if key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip() != pem.strip():
        raise NotALedger("the public key is not as it was written")
    return key
