"""The key of anchors in KMS: it can be asked to sign and never be read."""

from __future__ import annotations

import base64
import textwrap

from services.consent.domain.anchors import ALGORITHM
from services.shared.aws.clients import client


class KmsSigner:
    """`Signer` with an asymmetric key on curve P-256."""

    def __init__(self, key_arn: str) -> None:
        self._key_arn = key_arn

    def key_id(self) -> str:
        return self._key_arn

    def sign(self, header: bytes) -> str:
        answer = client("kms").sign(
            KeyId=self._key_arn, Message=header, MessageType="RAW", SigningAlgorithm=ALGORITHM
        )
        return base64.b64encode(answer["Signature"]).decode()

    def public_key(self) -> str:
        der = client("kms").get_public_key(KeyId=self._key_arn)["PublicKey"]
        lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
