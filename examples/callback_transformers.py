"""Transformers: one line more for the trainer, and the run that it starts has predictions to listen to.

The model is a tiny Wav2Vec2 with random weights, so that nothing is downloaded. Run it with:
python examples/callback_transformers.py
"""

from __future__ import annotations

import os
from typing import Any

import torch
from transformers import (
    Trainer,
    TrainingArguments,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForSequenceClassification,
)

from audio_logging.callbacks.transformers import AudioCallback
from audio_logging.demo.recordings import Recording
from audio_logging.demo.sounds import CLASS_NAMES, SAMPLE_RATE, make_sounds

FRAMES = SAMPLE_RATE // 2


def make_model() -> Wav2Vec2ForSequenceClassification:
    """Return a classifier of half a second that knows the names of its classes."""
    return Wav2Vec2ForSequenceClassification(
        Wav2Vec2Config(
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            conv_dim=(16, 32),
            conv_kernel=(64, 16),
            conv_stride=(32, 8),
            num_conv_pos_embeddings=8,
            num_conv_pos_embedding_groups=2,
            apply_spec_augment=False,
            id2label=dict(enumerate(CLASS_NAMES)),
            label2id={name: number for number, name in enumerate(CLASS_NAMES)},
        )
    )


def main(epochs: int = 5, per_class: int = 20) -> None:
    """Train for a few epochs."""
    os.environ.setdefault("WANDB_MODE", "offline")
    os.environ.setdefault("WANDB_PROJECT", "callbacks")
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=SAMPLE_RATE)

    def collate(sounds: list[Recording]) -> dict[str, Any]:
        waves = [sound.clip.samples.mean(axis=1) for sound in sounds]
        inputs = extractor(
            waves,
            sampling_rate=SAMPLE_RATE,
            padding="max_length",
            truncation=True,
            max_length=FRAMES,
            return_tensors="pt",
        )
        labels = torch.tensor([CLASS_NAMES.index(sound.label) for sound in sounds])
        return {"input_values": inputs["input_values"], "labels": labels}

    held_out = make_sounds(per_class=2, seed=1)
    samples = [{"audio": sound.clip, "label": sound.label, "id": sound.name} for sound in held_out]
    trainer = Trainer(
        model=make_model(),
        args=TrainingArguments(
            output_dir=os.path.join(os.environ.get("WANDB_DIR", "."), "trainer"),  # noqa: PTH118 - what it takes
            num_train_epochs=epochs,
            per_device_train_batch_size=16,
            learning_rate=1e-3,
            eval_strategy="epoch",
            logging_strategy="epoch",
            save_strategy="no",
            remove_unused_columns=False,
            disable_tqdm=True,
            report_to=["wandb"],
        ),
        data_collator=collate,
        train_dataset=make_sounds(per_class=per_class),
        eval_dataset=held_out,
        processing_class=extractor,
    )
    trainer.add_callback(AudioCallback(samples, select="stratified", max_seconds=0.5))
    trainer.train()


if __name__ == "__main__":
    main()
