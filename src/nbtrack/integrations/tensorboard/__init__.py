"""TensorBoard's writer on our store: change the import line, and a script's summaries are a run.

::

    from nbtrack.integrations.tensorboard import SummaryWriter
"""

from nbtrack.integrations.tensorboard.writer import SummaryWriter

__all__ = ["SummaryWriter"]
