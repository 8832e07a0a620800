"""The installation's settings: the only place that reads the environment (`MYMEDIC_…`)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from mymedic.errors import Refused


class Settings(BaseSettings):
    """Where things are kept. Everything that a run produces lies under `home`."""

    model_config = SettingsConfigDict(env_prefix="MYMEDIC_", env_ignore_empty=True, extra="ignore")

    home: Path = Field(default=Path("var"), description="Folder of everything that a run produces")
    ledger_url: str | None = Field(default=None, description="The event store; default: a SQLite file under home")
    read_url: str | None = Field(default=None, description="The live views; default: a SQLite file under home")
    threads: int = Field(default=2, ge=1, le=64, description="Threads of a warehouse build")
    mode: Literal["development", "production"] = Field(
        default="development", description="production: nobody signs in with a token of this installation's own making"
    )
    jwt_issuer: str | None = Field(default=None, description="The identity provider whose tokens are believed (`iss`)")
    jwt_audience: str = Field(default="mymedic", description="What its tokens must be meant for (`aud`)")
    jwks: str | None = Field(default=None, description="The provider's public keys: a path, or an https URL")
    jwt_claim_prefix: str = Field(default="", description="What the provider puts before our claims' names")
    webhook_secrets: dict[str, list[str]] = Field(
        default={}, description="`<tenant>/<gateway>` -> the endpoint's secrets: the present one, then the one before"
    )
    nats_url: str | None = Field(
        default=None, description="The bus: URLs of NATS servers, comma-separated; without it there is none"
    )
    nats_credentials: Path | None = Field(default=None, description="File of the credentials for NATS")
    nats_stream: str = Field(default="MED", description="The JetStream that events are published to")
    nats_keep_days: float = Field(default=30, gt=0, description="How long the bus keeps an event; the log keeps it")
    webhook_networks: list[IPv4Network | IPv6Network] = Field(
        default=[], description="Networks (CIDR) that webhooks may go to though they are not of the public internet"
    )
    webhook_plain_http: bool = Field(default=False, description="Whether webhooks may go without TLS")
    lease_seconds: float = Field(
        default=5,
        gt=0,
        description="How long a worker has its tenants unless it renews; a dead one is replaced after it",
    )
    rate_tenant: float = Field(default=2_000, gt=0, description="Commands a second that a tenant may send, on average")
    rate_caller: float = Field(default=500, gt=0, description="The same for one caller; 4 s of it may come at once")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="info: one line per request"
    )
    data: Path | None = Field(default=None, description="Folder of real sample files, for tests")
    peers: Path | None = Field(default=None, description="Folder of peer benchmarks, for bench/")

    @property
    def resolved_home(self) -> Path:
        return self.home.expanduser().resolve()

    @property
    def event_store_url(self) -> str:
        return self.ledger_url or f"sqlite:///{self.resolved_home / 'ledger' / 'ledger.sqlite'}"

    @property
    def read_database_url(self) -> str:
        return self.read_url or f"sqlite:///{self.resolved_home / 'live' / 'read.sqlite'}"

    @property
    def keys_path(self) -> Path:
        return self.resolved_home / "keys" / "keys.sqlite"

    @property
    def master_key_path(self) -> Path:
        return self.resolved_home / "keys" / "master.key"

    @property
    def landing_dir(self) -> Path:
        return self.resolved_home / "landing"

    @property
    def warehouse_dir(self) -> Path:
        return self.resolved_home / "warehouse"

    @property
    def aside_dir(self) -> Path:
        """Replays of a part of a log: live views and warehouses that nobody else reads."""
        return self.resolved_home / "aside"

    @property
    def exports_dir(self) -> Path:
        return self.resolved_home / "exports"


def settings_of(home: Path | None) -> Settings:
    """What the environment says, for a home if one is given; VALIDATION_FAILED with the setting that is wrong."""
    try:
        return Settings() if home is None else Settings(home=home)
    except ValidationError as error:
        wrong = error.errors()[0]
        field = f"MYMEDIC_{str(wrong['loc'][0]).upper()}" if wrong["loc"] else None
        raise Refused(
            "VALIDATION_FAILED", f"the environment says {wrong['input']!r}: {wrong['msg']}", field=field
        ) from error
    except SettingsError as error:
        raise Refused("VALIDATION_FAILED", f"the environment holds no JSON where it should: {error}") from error
