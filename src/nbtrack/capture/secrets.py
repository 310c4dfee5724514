"""Secrets are replaced before anything is written: in sources, outputs, diffs, addresses, values.

Shapes that issuers give their keys are recognised wherever they stand; anything else
only by the name it is given, and only where it looks like a value: `password = getpass()`
and `max_tokens=4096` are left alone. detect-secrets finds the lines that hold secrets,
and cannot replace them in place; so the shapes are written down here.
"""

from __future__ import annotations

import re

REPLACEMENT = "[redacted]"

_WORD = r"(?<![A-Za-z0-9_-])"
_END = r"(?![A-Za-z0-9_-])"

# What issuers put in front of their keys. Each shape is whole: prefix, alphabet, length.
_SHAPES = {
    "AWS access key": r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    "GitHub": r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,244}",
    "GitLab": r"gl(?:pat|ptt|dt|rt|cbt|ft|oas|soat|imt|agent)-[A-Za-z0-9_-]{20,}",
    "Slack": r"xox[abeprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}",
    "Stripe": r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{24,}",
    "OpenAI, Anthropic and others": r"sk-(?=[A-Za-z_-]*\d)(?:[a-z]+-)*[A-Za-z0-9_-]{20,}",
    "Hugging Face": r"hf_[A-Za-z0-9]{30,}|api_org_[A-Za-z0-9]{30,}",
    "Google": r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{28}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "PyPI": r"pypi-[A-Za-z0-9_-]{50,}",
    "SendGrid": r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "Mailgun": r"key-[a-f0-9]{32}",
    "Mailchimp": r"[a-f0-9]{32}-us\d{1,2}",
    "Twilio": r"SK[a-f0-9]{32}",
    "Telegram": r"\d{8,10}:AA[A-Za-z0-9_-]{33}",
    "Discord": r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}",
    "Databricks": r"dapi[a-f0-9]{32}(?:-\d)?",
    "DigitalOcean": r"do[opr]_v1_[a-f0-9]{64}",
    "Shopify": r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    "Square": r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,43}|EAAA[A-Za-z0-9_-]{60}",
    "Grafana": r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}",
    "New Relic": r"NRAK-[A-Z0-9]{27}",
    "Linear": r"lin_api_[A-Za-z0-9]{40}",
    "Notion": r"(?:secret|ntn)_[A-Za-z0-9]{43,}",
    "Figma": r"figd_[A-Za-z0-9_-]{40}",
    "Replicate, Groq": r"r8_[A-Za-z0-9]{37}|gsk_[A-Za-z0-9]{48,}",
    "Docker": r"dckr_pat_[A-Za-z0-9_-]{27}",
    "Vault": r"hv[sbr]\.[A-Za-z0-9_-]{24,}",
    "Age": r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    "JSON web token": r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
}
_SHAPE = re.compile(
    _WORD + "(?:" + "|".join(f"(?:{shape})" for shape in _SHAPES.values()) + ")" + _END
)
# A text without any of these holds no shape: it is looked at once, quickly.
_HINTS = re.compile(
    r"A[KSBC][IC]A[A-Z0-9]|gh[pousr]_|github_pat_|gl[a-z]+-|xox|xapp-|k_(?:live|test)_|whsec_|sk-|hf_|"
    r"api_org_|AIza|ya29\.|GOCSPX|npm_|pypi-|SG\.|key-|-us\d|SK[a-f0-9]|:AA|[MNO][\w-]{23,27}\.|"
    r"dapi|do[opr]_v1|shp|sq0|EAAA|glsa_|NRAK|lin_api|secret_|ntn_|figd_|r8_|gsk_|dckr_|hv[sbr]\.|"
    r"AGE-SECRET|eyJ"
)

_PEM = re.compile(
    r"(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)(.*?)"
    r"(-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
# scheme://user:password@host, where the password is no placeholder.
_ADDRESS = re.compile(
    r"(?P<head>\b[a-zA-Z][\w+.-]{1,30}://[^\s:/@'\"<>{}]{0,128}:)"
    r"(?P<secret>[^\s/'\"<>{}$@][^\s/'\"<>{}]{0,256})(?P<tail>@[\w.\[-])"
)
_QUERY = re.compile(
    r"(?P<head>[?&;](?:sig|signature|token|access_token|refresh_token|id_token|auth|apikey|api_key|"
    r"key|secret|client_secret|password|passwd|pwd|X-Amz-Signature|X-Amz-Credential|"
    r"X-Amz-Security-Token|X-Goog-Signature|sv_sig|code)=)(?P<secret>[^\s&'\"<>{}#$\[]{8,})",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"(?P<head>\b(?:Authorization|Proxy-Authorization|X-Api-Key|X-Auth-Token|Cookie|Set-Cookie)"
    r"['\"]?\s{0,4}[:=,]\s{0,4}['\"]?(?:(?:Bearer|Basic|Token|Digest|ApiKey)\s+)?)"
    r"(?P<secret>[A-Za-z0-9+/._~=-][^\s'\"{}\[$]{7,})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<head>\b(?:Bearer|Basic)\s+)(?P<secret>[A-Za-z0-9+/._~-]{16,}={0,2})")
# Semicolon-separated connection strings: ODBC, Azure, ADO.NET.
_CONNECTION = re.compile(
    r"(?P<head>\b(?:Pwd|Password|AccountKey|SharedAccessKey|SharedAccessSignature|"
    r"User Id Password|ClientSecret)\s?=\s?)(?P<secret>[^\s;'\"{}\[<$][^;'\"{}\n]{3,})",
    re.IGNORECASE,
)
_NAME = (
    r"(?:[\w.-]{0,64}?(?:password|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?key|"
    r"auth[_-]?key|secret[_-]?key|private[_-]?key|account[_-]?key|encryption[_-]?key|"
    r"(?:access|auth|api|bearer|refresh|session|security|bot|id|user|admin|service|hf|wandb|github|"
    r"gitlab|slack|npm|pypi|mlflow|neptune|comet)[_-]?token|token|credentials?|"
    r"connection[_-]?string|conn[_-]?str|wandb[_-]?key|authkey|apikey)\w{0,16})"
)
# name = "literal", "name": "literal", name="literal" in a call; the literal may be prefixed.
_LITERAL = re.compile(
    rf"(?P<head>(?<![\w.-])(?P<name>{_NAME})['\"]?\]?\s{{0,4}}(?::\s?str\s?)?[=:]\s{{0,4}}[rbuf]{{0,2}})"
    r"(?P<quote>'''|\"\"\"|'|\")(?P<secret>(?:(?!(?P=quote))[^\\\n]|\\.){4,4096}?)(?P=quote)",
    re.IGNORECASE,
)
# NAME=value of shells, .env files and YAML, on a line of its own or behind export or set.
_BARE = re.compile(
    rf"(?P<head>^[ \t+-]{{0,12}}(?:export\s+|set\s+|setx\s+|ENV\s+|%env\s+|%set_env\s+|- )?"
    rf"(?P<name>{_NAME})(?:=|:[ \t]+|[ \t]*=[ \t]*))"
    r"(?P<secret>[A-Za-z0-9+/_!@#%^&*.~=-]{8,})(?P<tail>[ \t]*(?:#.*)?$)",
    re.IGNORECASE | re.MULTILINE,
)
_FLAG = re.compile(
    rf"(?P<head>(?<![\w-])--?{_NAME}[= ])(?P<secret>[^\s'\"$<>{{}}-][^\s'\"<>{{}}]{{3,}})",
    re.IGNORECASE,
)
_USER = re.compile(
    r"(?P<head>\bcurl\b[^\n]{0,200}?\s-u\s?['\"]?[\w.@-]+:)(?P<secret>[^\s'\"$]{3,})"
)
_NETRC = re.compile(r"(?P<head>\bmachine\s+\S+\s+login\s+\S+\s+password\s+)(?P<secret>\S+)")
_SERVICE_ACCOUNT = re.compile(r"(?P<head>\"private_key(?:_id)?\"\s*:\s*\")(?P<secret>[^\"]{8,})")
_NAMED = re.compile(_NAME + r"\Z", re.IGNORECASE)

# Names in which a word such as token or key says something else.
_INNOCENT = re.compile(
    r"tokens\b|tokeni[sz]|token_?(?:dropout|count|ids?|type|len|limit|embedding|mixing|class|"
    r"level|index|prob|weight|freq|size|pos|mask|map|str|name|pattern|file|path|url|uri|env|var)|"
    r"(?<![a-z])(?:max|min|num|n|pad|eos|bos|unk|mask|sep|cls|special|next|last|first|stop|new|per|image|"
    r"start|end|patch|word)_?token|secret_?(?:santa|name|id|arn|path|file|count|version)|"
    r"(?:password|passwd|pwd|secret|key|credentials?)_?(?:length|len|field|hash|policy|file|path|"
    r"name|prompt|env|var|manager|input|strength|widget|regex|pattern|url|reset|type|size|provider)",
    re.IGNORECASE,
)
# Values that stand for one that is elsewhere.
_PLACEHOLDER = re.compile(
    r"\[redacted\]|<[^>]*>|\$\{?\w|\{\{?|%\(|x{3,}|X{3,}|\*{3,}|\.{3}|\[[^\]]*\]\Z|"
    r"(?:your|my|the|an?|some|insert|enter|change|replace|put|example|dummy|fake|test|sample|none|"
    r"null|true|false|todo|secret|password|token|key|optional|required|str|string|int|bool|default|"
    r"hidden|empty|unset|missing|auto|disabled|enabled)(?:[\s_-]|\Z)",
    re.IGNORECASE,
)
_CODE = re.compile(r"\A(?:[A-Za-z_][\w.]*[(\[]|environ\b|getenv|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z)")
_PLAIN_NAME = re.compile(r"[A-Za-z_]+")
# A line without any of these holds no secret: it is looked at once, quickly.
_ANY = re.compile(
    rf"{_HINTS.pattern}|://[^\s/'\"]{{0,300}}@|[?&;][\w-]+=|(?i:passw|passphrase|pwd|secret|token|"
    r"credential|conn(?:ection)?[_-]?str|(?:api|access|auth|account|encryption|private|wandb|shared)[_-]?"
    r"(?:access)?[_-]?key|authorization|bearer\s|basic\s|cookie|curl\b)"
)
_IN_LINES = (
    *(_SHAPE, _ADDRESS, _QUERY, _CONNECTION, _HEADER, _BEARER, _USER, _NETRC),
    *(_SERVICE_ACCOUNT, _LITERAL, _BARE, _FLAG),
)


def redact(text: str) -> str:
    """``text`` with every secret replaced; names, quotes and line numbers stay as they are."""
    return redact_counted(text)[0]


def redact_counted(text: str) -> tuple[str, int]:
    """As `redact`, with how many secrets were replaced."""
    count = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal count
        groups = match.groupdict()
        secret, name = groups.get("secret", ""), groups.get("name") or ""
        if secret and (_is_placeholder(secret) or (name and _INNOCENT.search(name))):
            return match[0]
        if match.re is _BARE and match["head"][-1] == " " and _PLAIN_NAME.fullmatch(secret):
            return match[0]  # Another name of the program.
        count += 1
        if not secret:
            return REPLACEMENT
        start, end = match.span("secret")
        whole = match.start()
        kept = "\n" * secret.count("\n")
        return match[0][: start - whole] + REPLACEMENT + kept + match[0][end - whole :]

    def block(match: re.Match[str]) -> str:
        nonlocal count
        count += REPLACEMENT not in match[2]
        # As many lines as before; a key that stands in one line has none.
        lines = match[2].count("\n")
        kept = f"\n{REPLACEMENT}" + "\n" * (lines - 1) if lines else REPLACEMENT
        return f"{match[1]}{kept}{match[3]}"

    if "PRIVATE KEY" in text:
        text = _PEM.sub(block, text)
    if not _ANY.search(text):
        return text, count
    lines = text.split("\n")
    for place, line in enumerate(lines):
        if _ANY.search(line):
            for pattern in _IN_LINES:
                line = pattern.sub(replaced, line)
            lines[place] = line
    text = "\n".join(lines)
    return text, count


def looks_secret(name: str, value: object) -> bool:
    """Whether a variable or setting of that name, with that value, is one to keep to oneself."""
    if isinstance(value, (bool, int, float)) or value is None:
        return False
    text = str(value) if isinstance(value, str) else ""
    if text and redact_counted(text)[1]:
        return True
    last = name.rpartition(".")[2]
    named = bool(_NAMED.match(last)) and not _INNOCENT.search(last)
    return named and (not text or not _is_placeholder(text))


def _is_placeholder(secret: str) -> bool:
    return bool(
        _PLACEHOLDER.match(secret)
        or _CODE.match(secret)
        or "{" in secret[:1]
        or len(set(secret)) <= 2
    )
