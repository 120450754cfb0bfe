"""Every setting there is: its name, its default, what it means. The table in docs/settings.md is made from this."""

from __future__ import annotations

from dataclasses import dataclass

FILE_SUFFIX = "_FILE"
"""Ends the names of the settings that name a file."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An empty `default` means that there is none."""

    name: str
    default: str
    meaning: str
    secret: bool = False
    file: bool = False
    """Whether NAME_FILE may name a file with the value instead."""
    shown_default: str = ""
    """Markdown for a default that is worked out."""


CATALOGUE = (
    Setting("REVWRIGHT_GITHUB_APP_ID", "", "The App's numeric id. Needed by `up`, `web` and `worker`."),
    Setting(
        "REVWRIGHT_GITHUB_PRIVATE_KEY",
        "",
        "The App's private key, the text of the PEM file; line ends may be typed as `\\n`. Needed by `up`, `web` and "
        "`worker`.",
        secret=True,
        file=True,
    ),
    Setting(
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET",
        "",
        "The App's webhook secret, at least 32 bytes: `openssl rand -hex 32`. Needed by `up`, `web` and `worker`.",
        secret=True,
        file=True,
    ),
    Setting(
        "REVWRIGHT_GITHUB_WEBHOOK_SECRET_PREVIOUS",
        "",
        "A second webhook secret that is accepted while the first one is being changed.",
        secret=True,
        file=True,
    ),
    Setting(
        "REVWRIGHT_GITHUB_API_URL",
        "https://api.github.com",
        "GitHub's REST API. On GitHub Enterprise Server: `https://HOST/api/v3`.",
    ),
    Setting("REVWRIGHT_GITHUB_URL", "https://github.com", "Where git fetches from and where links point to."),
    Setting(
        "REVWRIGHT_ALLOWED_ACCOUNTS",
        "",
        "Numeric ids of the accounts whose installations are served, separated by commas. Empty: all accounts.",
    ),
    Setting(
        "REVWRIGHT_REDIS_URL",
        "",
        "`redis://`, `rediss://`, `unix://` or `redis+sentinel://`. Unset: `up` runs an embedded server.",
        secret=True,
    ),
    Setting(
        "REVWRIGHT_DATA_DIR",
        "",
        "Absolute path of the directory for repository mirrors, the embedded Redis, and the keys of receipts.",
        shown_default="`$XDG_STATE_HOME/revwright`, or `~/.local/state/revwright`",
    ),
    Setting("REVWRIGHT_HOST", "127.0.0.1", "Address that `up` and `web` listen on; `--host` wins."),
    Setting("REVWRIGHT_PORT", "8000", "Port that `up` and `web` listen on; `--port` wins."),
    Setting(
        "REVWRIGHT_PUBLIC_URL",
        "",
        "The address at which people reach this server: checks link to [receipts](receipts.md) there. Unset: they name "
        "the command that prints one.",
    ),
    Setting(
        "REVWRIGHT_MODEL_API",
        "auto",
        "`responses`, `chat` or `auto`: the API to speak. `auto`: `responses` with OpenAI itself, else `chat`.",
    ),
    Setting(
        "OPENAI_API_KEY",
        "",
        "Key of the model endpoint. Without it and without `OPENAI_BASE_URL` only the static rules run.",
        secret=True,
    ),
    Setting(
        "OPENAI_BASE_URL",
        "",
        "Base URL of another OpenAI-compatible endpoint; with it the key may be left out. Unset: OpenAI itself.",
    ),
    Setting("REVWRIGHT_MODEL_FAST", "gpt-5.4-mini", "Model of the tier `light`."),
    Setting("REVWRIGHT_MODEL_MAIN", "gpt-5.4", "Model of the tier `standard`."),
    Setting("REVWRIGHT_MODEL_DEEP", "gpt-5.4", "Model of the tier `core`."),
    Setting(
        "REVWRIGHT_MODEL_FALLBACKS",
        "",
        "Models of the same endpoint, separated by commas: when the model of a tier does not answer, they are asked in "
        "this order.",
    ),
    Setting(
        "REVWRIGHT_MODEL_CONTEXT_TOKENS",
        "128000",
        "Tokens that fit into one call, input and output together; that of the smallest model. At least 8000.",
    ),
    Setting(
        "REVWRIGHT_MODEL_OUTPUT_TOKENS",
        "16000",
        "Tokens of one answer at most, with those of its reasoning. At most half of REVWRIGHT_MODEL_CONTEXT_TOKENS.",
    ),
    Setting(
        "REVWRIGHT_MODEL_PRICES",
        "",
        "USD per million tokens, as JSON or as the path of a file with it. Unset: costs are reported as unknown.",
    ),
    Setting(
        "REVWRIGHT_USD_PER_PULL_REQUEST",
        "",
        "At most so many USD for the models of one pull request, over its whole life. `limits.usd_per_pull_request` of "
        "a policy counts where it is less. Unset: the policy's alone.",
    ),
    Setting(
        "REVWRIGHT_USD_PER_REPOSITORY_DAY",
        "",
        "At most so many USD for the models of one repository on one day (UTC). Unset: no such cap.",
    ),
    Setting("REVWRIGHT_USD_PER_INSTALLATION_DAY", "", "The same for one installation of the App."),
    Setting(
        "REVWRIGHT_SANDBOX",
        "bubblewrap",
        "`bubblewrap`, or `off`: nothing of a pull request is ever executed. See [the sandbox](sandbox.md).",
    ),
    Setting(
        "REVWRIGHT_SANDBOX_ROOT",
        "",
        "Absolute path of a root file system whose programs sandboxes have. Unset: the `/usr` of this machine.",
    ),
    Setting("REVWRIGHT_SANDBOX_MINUTES", "10", "Time limit of one command in a sandbox."),
    Setting("REVWRIGHT_SANDBOX_MEMORY_MB", "1024", "Memory of one sandbox, with its `/tmp`."),
    Setting("REVWRIGHT_SANDBOX_DISK_MB", "1024", "Space for the files of one sandbox."),
    Setting(
        "REVWRIGHT_SANDBOXES_AT_ONCE",
        "4",
        "Sandboxes that one runner keeps at the same time. A fix needs two, so a worker makes half as many fixes at "
        "once; with `1` it makes none. A worker and a runner that was started apart get the same number.",
    ),
    Setting(
        "REVWRIGHT_RUNNER_SOCKET",
        "",
        "Path of the socket of a `revwright runner` that was started apart. Unset: each worker starts its own runner.",
    ),
    Setting(
        "REVWRIGHT_RUNNER_USER",
        "",
        "User that the runner becomes when root starts it, by name or number.",
        shown_default="`revwright-runner` if there is such a user, else the id 58217",
    ),
    Setting(
        "REVWRIGHT_WORKSPACES_DIR",
        "",
        "Absolute path of the directory for the files of sandboxes.",
        shown_default="`/var/lib/revwright-runner` when root starts it, else `workspaces` in the data directory",
    ),
    Setting(
        "REVWRIGHT_FIX_COMMITS",
        "git",
        "`git`: commits of [fixes](fix.md) are made here and pushed. `api`: GitHub makes and signs them.",
    ),
    Setting(
        "REVWRIGHT_KEPT_WORKSPACE_HOURS",
        "72",
        "So long a workspace that was kept for a pull request stays when nobody uses it.",
    ),
    Setting(
        "REVWRIGHT_KEPT_WORKSPACES_MB",
        "4096",
        "Space for all workspaces that are kept; the ones that were not used for longest go first.",
    ),
    Setting(
        "REVWRIGHT_ENVIRONMENT_DAYS",
        "14",
        "So long an environment that a project's `setup` made stays when nobody uses it.",
    ),
    Setting(
        "REVWRIGHT_ENVIRONMENTS_MB",
        "8192",
        "Space for all prepared environments; the ones that were not used for longest go first.",
    ),
    Setting(
        "REVWRIGHT_SETUP_HOSTS",
        "",
        "Hosts that `fix.setup` may reach, separated by commas, such as `pypi.org, *.pythonhosted.org`. A setting of "
        "the runner; see [the network of setup](sandbox.md#the-network-of-setup). Unset: setup has no network.",
    ),
    Setting(
        "REVWRIGHT_POLICY_FILE",
        "",
        "Path of a file in the form of a repository's policy, read at the start: a ceiling for every repository, see "
        "[layers](policy.md#layers).",
    ),
    Setting(
        "REVWRIGHT_POLICY_BRANCHES",
        "",
        "Patterns of branches, separated by commas, such as `release/*`: for pull requests to these the policy of the "
        "default branch is no floor.",
    ),
    Setting(
        "REVWRIGHT_RECEIPT_KEY",
        "",
        "The private key that signs [receipts](receipts.md): `openssl genpkey -algorithm ed25519`. Give it where "
        "workers do not share a data directory. Unset: a key in the data directory, made at the first start.",
        secret=True,
        file=True,
    ),
    Setting(
        "REVWRIGHT_DEBOUNCE_SECONDS",
        "2",
        "So long a push waits for another one, which then gets the one review; at most five times as long in all.",
    ),
    Setting("REVWRIGHT_REVIEWS_AT_ONCE", "4", "Reviews that one worker process runs at the same time."),
    Setting(
        "REVWRIGHT_REVIEW_MINUTES",
        "25",
        "Time limit of one attempt at a review. The job of a worker that died is taken over within ten seconds, "
        "whatever this says.",
    ),
    Setting(
        "REVWRIGHT_RUNNING_PER_REPOSITORY",
        "10",
        "At most so many jobs of one repository run at once, over all workers.",
    ),
    Setting("REVWRIGHT_RUNNING_PER_INSTALLATION", "20", "The same for one installation of the App."),
    Setting(
        "REVWRIGHT_KEEP_DELIVERIES_HOURS",
        "72",
        "So long a delivery that comes again is known. GitHub redelivers for three days.",
    ),
    Setting(
        "REVWRIGHT_KEEP_RUNS_DAYS", "14", "So long the record and log of a run are kept after the last word in it."
    ),
    Setting(
        "REVWRIGHT_TRANSCRIPTS_MB",
        "128",
        "Space in Redis for the transcripts of all [fixes](fix.md#the-transcript), at least 16; the ones to which "
        "nothing was added for longest go first.",
    ),
    Setting(
        "REVWRIGHT_KEEP_ROWS_DAYS", "90", "So long the ledger remembers a pull request of which nothing is wanted."
    ),
    Setting("REVWRIGHT_LOG_FORMAT", "text", "`text` for people, `json` for machines."),
)

BY_NAME = {setting.name: setting for setting in CATALOGUE}

NAMES = frozenset(BY_NAME) | {setting.name + FILE_SUFFIX for setting in CATALOGUE if setting.file}
"""All names that the environment may hold."""


def markdown_table() -> str:
    """The table for the documentation."""
    rows = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for setting in CATALOGUE:
        name = f"`{setting.name}`" + (f", `{setting.name}{FILE_SUFFIX}`" if setting.file else "")
        default = setting.shown_default or (f"`{setting.default}`" if setting.default else "none")
        rows.append(f"| {name} | {default} | {setting.meaning} |")
    return "\n".join(rows)
