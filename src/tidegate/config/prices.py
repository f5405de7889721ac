"""The price file: the packaged one, with what the user's own says instead."""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tidegate.errors import ConfigError
from tidegate.model.prices import Prices, RetrievalPrice, TierPrices
from tidegate.model.tiers import Retrieval, Tier

_PACKAGED = "prices.toml"


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    amount = Decimal(value)
    if not amount.is_finite() or amount < 0:
        raise ValueError("must be 0 or more")
    return amount


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise ValueError('must be a day such as "2026-01-31"') from error


Amount = Annotated[Decimal, BeforeValidator(_amount)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Retrieval(_Part):
    gb: Amount = Decimal(0)
    requests: Amount = Decimal(0)


class _Tier(_Part):
    storage: Amount
    transition: Amount = Decimal(0)
    retrieval: dict[Retrieval, _Retrieval] = Field(default_factory=dict)


class _Warehouse(_Part):
    storage: Amount


class _File(_Part):
    date: Annotated[str, AfterValidator(_day)]
    region: str
    currency: str
    warehouse: _Warehouse
    tiers: dict[Tier, _Tier]


_KEYS = sorted({key for part in (_File, _Warehouse, _Tier, _Retrieval) for key in part.model_fields})


def load_prices(file: Path | None) -> Prices:
    """The packaged prices, each replaced by the one that `file` has.

    Raises:
        ConfigError: the file cannot be read, or holds what is no price.
    """
    packaged = _read(files("tidegate.config").joinpath(_PACKAGED).read_text(encoding="utf-8"), Path(_PACKAGED))
    if file is None:
        return _prices(packaged, Path(_PACKAGED))
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"cannot read the prices in {file}: {reason}", hint="Check [prices] file.") from error
    own = _read(text, file)
    return _prices(_merged(packaged, own), file)


def _read(text: str, file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}", hint="Correct the file at that line.") from error


def _merged(base: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _prices(document: Mapping[str, object], file: Path) -> Prices:
    try:
        known = _File.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"{file}: {_sentence(error)}", hint=f"Correct {file.name}.") from error
    return Prices(
        date=known.date,
        region=known.region,
        currency=known.currency,
        warehouse=known.warehouse.storage,
        tiers={tier: _tier(price) for tier, price in known.tiers.items()},
    )


def _tier(price: _Tier) -> TierPrices:
    ways = {way: RetrievalPrice(one.gb, one.requests) for way, one in price.retrieval.items()}
    return TierPrices(price.storage, price.transition, ways)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"] if part != "[key]")
    if first["type"] == "extra_forbidden":
        close = get_close_matches(str(first["loc"][-1]), _KEYS, n=1)
        return f"unknown key {where}" + (f", did you mean {close[0]}?" if close else "")
    if first["type"] == "enum":
        return f"{where} must be {first['ctx']['expected']}"
    return f"{where} {first['ctx']['error'] if first['type'] == 'value_error' else first['msg'].lower()}"
