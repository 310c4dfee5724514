"""A model made ready for where it will run: a container's context, Kubernetes' manifests."""
