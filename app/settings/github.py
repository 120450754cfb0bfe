"""Who we are on GitHub, and where GitHub is."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.settings.environment import Environment
from app.settings.secret import Secret
from app.settings.values import positive, web_url, webhook_secret

APP_ID = "REVWRIGHT_GITHUB_APP_ID"
PRIVATE_KEY = "REVWRIGHT_GITHUB_PRIVATE_KEY"
WEBHOOK_SECRET = "REVWRIGHT_GITHUB_WEBHOOK_SECRET"  # noqa: S105 - a name, not a value
NEEDED = (APP_ID, PRIVATE_KEY, WEBHOOK_SECRET)


@dataclass(frozen=True, slots=True)
class GitHubSettings:
    app_id: int
    private_key: Secret
    """A PEM text, checked."""
    webhook_secret: Secret
    previous_webhook_secret: Secret | None
    api_url: str
    url: str

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """Every secret that a delivery may be signed with, the current one first."""
        secrets = (self.webhook_secret, self.previous_webhook_secret)
        return tuple(s.expose().encode("utf-8", "surrogateescape") for s in secrets if s is not None)


def read_github(env: Environment) -> GitHubSettings | None:
    """None when anything that is needed is missing or wrong; what is wrong is noted in `env`."""
    app_id = env.read(APP_ID, positive)
    key = env.read(PRIVATE_KEY, private_key)
    secret = env.read(WEBHOOK_SECRET, webhook_secret)
    previous = env.read(f"{WEBHOOK_SECRET}_PREVIOUS", webhook_secret)
    api_url = env.read("REVWRIGHT_GITHUB_API_URL", web_url)
    url = env.read("REVWRIGHT_GITHUB_URL", web_url)
    if app_id is None or key is None or secret is None or api_url is None or url is None:
        return None
    return GitHubSettings(
        app_id=app_id,
        private_key=Secret(key),
        webhook_secret=Secret(secret),
        previous_webhook_secret=Secret(previous) if previous is not None else None,
        api_url=api_url,
        url=url,
    )


def private_key(text: str) -> str:
    """The PEM text of an RSA private key, whose line ends may be typed as a backslash and an n."""
    pem = text.replace("\\n", "\n").strip() + "\n"
    remedy = "download one in the App's settings and use the whole file, from -----BEGIN to -----END"
    try:
        key = load_pem_private_key(pem.encode("utf-8", "replace"), password=None)
    except TypeError:
        raise ValueError(f"the key is locked with a passphrase; {remedy}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"this is not a private key in PEM form; {remedy}") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"GitHub Apps have RSA keys, and this is a key of another kind; {remedy}")
    return pem
