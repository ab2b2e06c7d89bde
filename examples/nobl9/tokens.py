"""Proving an RS256 token with the published keys, by what Python has. Use a library in your product."""
import base64
import hashlib
import hmac
import json
import time
import urllib.request

# What stands before a SHA-256 in a signature (RFC 8017, section 9.2).
SHA_256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
KEYS_KEPT_SECONDS = 300
REFETCH_SECONDS_MIN = 5


class InvalidToken(Exception):
    pass


class Verifier:
    def __init__(self, issuer):
        self.issuer = issuer
        self.keys = {}
        self.fetched_at = float("-inf")

    def prove(self, token):
        """The claims of a token that this issuer signed and whose time is not over."""
        try:
            signed, _, signature = token.rpartition(".")
            header, claims = (json.loads(decoded(part)) for part in signed.split("."))
            kid, algorithm, kind = header["kid"], header["alg"], header.get("typ")
        except (ValueError, KeyError, TypeError) as fault:
            raise InvalidToken("The token cannot be read") from fault
        key = self.find(kid)
        if algorithm != "RS256" or kind != "at+jwt" or key is None:
            raise InvalidToken("The token is of another issuer")
        if not is_signed(key, signed.encode(), decoded(signature)):
            raise InvalidToken("The token's signature does not hold")
        if claims.get("iss") != self.issuer or not isinstance(claims.get("cid"), str):
            raise InvalidToken("The token is of another issuer")
        if not isinstance(claims.get("exp"), int) or claims["exp"] <= time.time():
            raise InvalidToken("The token's time is over")
        return claims

    def find(self, kid):
        age = time.monotonic() - self.fetched_at
        is_stale = age > KEYS_KEPT_SECONDS
        # A new key signs only when this copy is old; one that is missing may have been hurried.
        if is_stale or (kid not in self.keys and age > REFETCH_SECONDS_MIN):
            with urllib.request.urlopen(f"{self.issuer}/v1/keys", timeout=5) as answer:
                keys = json.load(answer)["keys"]
            self.keys = {it["kid"]: it for it in keys if it["kty"] == "RSA" and it["use"] == "sig"}
            self.fetched_at = time.monotonic()
        return self.keys.get(kid)


def is_signed(key, message, signature):
    modulus, exponent = (int.from_bytes(decoded(key[name])) for name in ("n", "e"))
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size:
        return False
    opened = pow(int.from_bytes(signature), exponent, modulus).to_bytes(size)
    digest = SHA_256_INFO + hashlib.sha256(message).digest()
    # Made anew and compared whole: reading what was opened is how signatures are forged.
    expected = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return hmac.compare_digest(opened, expected)


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
