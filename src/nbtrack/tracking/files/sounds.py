"""Samples of sound as a WAV file."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue


def audio_bytes(audio: Any, path: str, sample_rate: int | None) -> bytes:
    """The bytes of a sound: of a file as they are, of samples as 16-bit WAV."""
    if isinstance(audio, (bytes, bytearray, memoryview)):
        return bytes(audio)
    if isinstance(audio, (str, os.PathLike)):
        return Path(audio).read_bytes()
    if sample_rate is None or not path.lower().endswith(".wav"):
        raise InvalidValue(
            "Samples are kept as WAV: log_audio(samples, 'name.wav', sample_rate=16_000)."
        )
    import numpy as np

    samples = np.asarray(audio)
    if samples.ndim not in (1, 2) or samples.dtype.kind not in "if":
        raise InvalidValue(
            f"Samples are numbers of shape (n,) or (n, channels), got {samples.dtype} "
            f"of shape {samples.shape}."
        )
    if samples.dtype.kind == "f":
        if not np.isfinite(samples).all() or np.abs(samples).max(initial=0) > 1:
            raise InvalidValue("Samples that are floats lie between -1 and 1.")
        samples = (samples * 32767).round()
    elif samples.size and (samples.min() < -32768 or samples.max() > 32767):
        raise InvalidValue("Samples that are integers have 16 bits.")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(int(sample_rate))
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()
