"""Whether more of a metric is better, as far as its name tells."""

from __future__ import annotations

import re

_LOWER = """
    loss losses error errors err mse rmse mae mape smape msle rmsle mad nll bce ce crossentropy
    perplexity ppl wer cer fid kid ece brier divergence kl deviance regret cost latency
    time seconds duration aic bic eer fpr fnr distance rank gap hinge inertia residual
    misclassification discrepancy
"""
_HIGHER = """
    acc accuracy f1 fbeta precision recall auc auroc roc ap map score r2 ndcg mrr iou dice jaccard
    bleu rouge meteor sensitivity specificity tpr tnr mcc kappa hits reward return win
    similarity silhouette psnr ssim likelihood elbo gain lift gini throughput purity homogeneity
    completeness correlation pearson spearman coverage variance
"""
_IS_HIGHER = dict.fromkeys(_LOWER.split(), False) | dict.fromkeys(_HIGHER.split(), True)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d?|[A-Z]+\d?|\d+")


def higher_is_better(metric: str) -> bool | None:
    """``True``, ``False``, or ``None`` where the name does not tell (``epoch``, ``n_iter``).

    The last telling word decides: ``val_loss`` is a loss, ``neg_mean_squared_error``
    is negated, ``score/error_rate`` is an error. But of a score's rank, or its deviation over
    folds, less is better: ``rank_test_score``, ``std_test_score``.
    """
    words = [word.lower() for word in _WORD.findall(metric)]
    if words and words[0] in ("rank", "std"):
        return False
    # scikit-learn's scorers of errors are negated, so that more is better.
    is_negated = "neg" in words or "negative" in words
    for word in reversed(words):
        if word in _IS_HIGHER:
            return _IS_HIGHER[word] != is_negated
    return None
