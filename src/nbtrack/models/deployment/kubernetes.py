"""Kubernetes' manifests of a served model: a Deployment, a Service, and their autoscaler."""

from __future__ import annotations

import re
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.deployment.container import PORT

# A DNS label, as Kubernetes names things.
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


def manifests(
    name: str,
    image: str,
    *,
    min_replicas: int = 1,
    max_replicas: int = 4,
    cpu: str = "500m",
    memory: str = "1Gi",
    target_cpu_percent: int = 70,
    namespace: str | None = None,
) -> list[dict[str, Any]]:
    """The manifests, in the order in which they are applied.

    ``cpu`` and ``memory`` are what each replica asks for; memory is also its limit.
    """
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"Kubernetes names things with small letters, digits and -, got {name!r}."
        )
    if not 1 <= min_replicas <= max_replicas:
        raise InvalidValue(
            "Replicas go from 1 up, the least before the most, "
            f"got {min_replicas} to {max_replicas}."
        )
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "nbtrack"}
    selector = {"app.kubernetes.io/name": name}
    about: dict[str, Any] = {"name": name, "labels": labels}
    if namespace is not None:
        about["namespace"] = namespace
    container = {
        "name": "model",
        "image": image,
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        # A model may take minutes to load: until then it is neither ready nor dead.
        "startupProbe": _probe(period_s=5, failures=120),
        "readinessProbe": _probe(period_s=5, failures=2),
        "livenessProbe": _probe(period_s=10, failures=6),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
    }
    pod = {
        "containers": [container],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
        # A model needs nothing of the cluster's own API.
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": about,
        "spec": {
            # No replicas: they are the autoscaler's, and applying again must not undo it.
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": about,
        "spec": {
            "selector": selector,
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
    }
    cpu_target = {"type": "Utilization", "averageUtilization": target_cpu_percent}
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": about,
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": min_replicas,
            "maxReplicas": max_replicas,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": cpu_target}}],
        },
    }
    return [deployment, service, autoscaler]


def to_yaml(documents: list[dict[str, Any]]) -> str:
    """The documents as one text, as ``kubectl apply -f`` takes it."""
    import yaml

    class Plain(yaml.SafeDumper):
        """Writes what stands in two places twice: an anchor is hard to read, and to edit."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    text: str = yaml.dump_all(documents, Dumper=Plain, sort_keys=False, explicit_start=True)
    return text


def _probe(*, period_s: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": "/ping", "port": "http"},
        "periodSeconds": period_s,
        "failureThreshold": failures,
        "timeoutSeconds": 2,
    }
