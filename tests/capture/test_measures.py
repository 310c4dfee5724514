"""Which cells `%track on` tracks."""

import pytest

from nbtrack.capture import measures


@pytest.mark.parametrize(
    "source",
    [
        "model.fit(X, y)",
        "acc = model.score(X, y)",
        "print(accuracy_score(y, p))",
        "for epoch in range(3):\n    loss = step()",
        "with torch.no_grad():\n    trainer.train()",
        "scores = cross_val_score(model, X, y)",
        "loss.backward()",
    ],
)
def test_a_cell_that_trains_or_measures(source):
    assert measures(source)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np",
        "def train():\n    model.fit(X, y)",
        "class Net:\n    def forward(self):\n        return self.fit()",
        "plt.plot(losses)\nplt.show()",
        "x = 1",
        "for row in rows:\n    total = row['a'] + 1",
        "",
        "x = = 1",
        "df.head()",
    ],
)
def test_a_cell_that_does_not(source):
    assert not measures(source)
