"""What names say: which read as metrics, which calls only report, which name a secret."""

from __future__ import annotations

import re

_METRICS = """
    acc accuracy auc auroc auprc ap map mrr ndcg loss losses nll elbo error err score scores
    f1 precision recall specificity sensitivity rmse mse mae mape msle r2 r bleu rouge
    meteor wer cer iou dice psnr ssim fid perplexity ppl kappa mcc brier gini logloss top1
    top5 hits reward return correct coverage bias variance silhouette inertia
"""

# Words that a metric's name may hold, but that are settings when a constant is assigned to them.
_AMBIGUOUS = """
    r bias variance coverage return map ap gini inertia error err correct precision
"""

# Words that make a setting of a constant, whatever metric the name speaks of: `loss_weight = 0.5`.
_SETTINGS = """
    threshold weight weights scale rate ratio fn func function type kind coef tol tolerance
    target margin penalty smoothing eps epsilon alpha beta min max goal name metric every
    interval
"""

# Calls that show or keep a number: a number given to them is still a result, not a setting.
_REPORTS = """
    print display round float int str repr format abs len min max sum sorted isinstance type
    append extend insert add log info debug warning error write set_postfix set_description
    update add_scalar add_scalars log_metric log_metrics item mean std sqrt exp log10 log2
    isnan isfinite tolist allclose isclose bool zip enumerate list tuple dict set put title
    text annotate set_title axhline axvline plot bar scatter show hist
"""

_CLOCKS = """
    time time_ns perf_counter perf_counter_ns monotonic monotonic_ns process_time
    process_time_ns thread_time thread_time_ns default_timer timeit
"""

_METRIC_WORDS = frozenset(_METRICS.split())
_CONSTANT_WORDS = frozenset((_AMBIGUOUS + _SETTINGS).split())
REPORTING = frozenset(_REPORTS.split())
CLOCKS = frozenset(_CLOCKS.split())

_SECRET_NAMES = re.compile(
    r"(^|_)(password|passwd|pwd|passphrase|secret|token|credentials?|api_?key|access_?key|"
    r"private_?key|secret_?key|auth_?key|apikey)s?(_|$)",
    re.IGNORECASE,
)
# What the issuers of keys put before them, and passwords within addresses.
_SECRET_TEXTS = re.compile(
    r"^(sk-|ghp_|gho_|ghs_|github_pat_|glpat-|hf_|xox[abp]-|AKIA|ASIA|AIza|eyJ[\w-]{10,}\.)"
    r"|://[^/\s]*:[^/\s]*@|-----BEGIN [A-Z ]*PRIVATE KEY"
)


def says_metric(name: str) -> bool:
    """Whether a name reads as that of a metric: ``val_loss``, ``accuracy``, ``f1``, ``loss2``."""
    return not _METRIC_WORDS.isdisjoint(_words(name))


def states_metric(name: str, value: object) -> bool:
    """Whether a constant is a result written down (``accuracy = 0.93``) rather than a setting."""
    if not isinstance(value, float) or not says_metric(name):
        return False
    return _CONSTANT_WORDS.isdisjoint(_words(name))


def is_secret(name: str, value: object) -> bool:
    """Whether a text looks like a password or a key: by its name, or by what it begins with."""
    if not isinstance(value, str):
        return False
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace(".", "_"))
    return bool(_SECRET_NAMES.search(snake) or _SECRET_TEXTS.search(value))


def _words(name: str) -> set[str]:
    """A name in lower case, split at underscores, dots and capitals; ``loss2`` is ``loss`` too."""
    found = re.findall(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*", name)
    words = {word.lower() for word in found}
    return words | {word.rstrip("0123456789") for word in words}
