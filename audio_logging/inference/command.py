"""audio-logging predict: predictions for a folder or a list of files, from the command line.

Models and decoders load when the command runs, so that the other commands start without them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_logging.errors import AudioLoggingError, AudioValueError

if TYPE_CHECKING:
    from audio_logging.inference.bulk import BulkReport
    from audio_logging.inference.classifier import AudioClassifier
    from audio_logging.inference.embedder import AudioEmbedder

__all__ = ["add_predict_command", "run_predict"]

SHOWN = 10
"""Bad inputs that are named on the terminal; all are in the report."""

SUCCESS, FAILED, INTERRUPTED = 0, 1, 130

AGGREGATES = ("mean", "max", "vote", "none")
FUNCTIONS = ("softmax", "sigmoid", "none")
PAD_POLICIES = ("zero", "shift", "drop", "short")
FORMATS = (".jsonl", ".csv", ".parquet")
"""Words of the modules that are loaded later; a test compares them."""


def add_predict_command(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command to a parser.

    Parameters
    ----------
    subparsers : object
        What ``ArgumentParser.add_subparsers()`` returned.

    Returns
    -------
    ArgumentParser
        Its default ``run`` is :func:`run_predict`.
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "predict",
        help="classify or embed all audio files of a folder or list",
        description="Classify or embed all audio files of a folder (with all below it) or of a list (one path a line).",
        epilog="Exit status: 0 all went well, 1 a file could not be used (it is named) or nothing was done.",
    )
    parser.add_argument("inputs", metavar="DIR_OR_LIST", help="a folder, an audio file, or a text file of paths")
    _add_model_arguments(parser)
    _add_prediction_arguments(parser)
    _add_output_arguments(parser)
    parser.set_defaults(run=run_predict)
    return parser


def run_predict(args: argparse.Namespace) -> int:
    """Run the command.

    Parameters
    ----------
    args : Namespace
        Of the parser that :func:`add_predict_command` made.

    Returns
    -------
    int
        Exit status: 0; 1 when some inputs could not be used, or nothing was done; 130 when interrupted.
    """
    try:
        report = _predict(args)
    except KeyboardInterrupt:
        print("stopped; the same command with --resume goes on from here", file=sys.stderr)
        return INTERRUPTED
    except (AudioLoggingError, OSError) as error:
        print(f"audio-logging predict: {error}", file=sys.stderr)
        return FAILED
    _print_report(report, args)
    return FAILED if report.bad else SUCCESS


def _predict(args: argparse.Namespace) -> BulkReport:
    from audio_logging.inference.bulk import predict_dataset

    return predict_dataset(
        args.inputs,
        _model(args),
        out=args.out,
        embeddings=args.embeddings,
        top_k=args.top_k,
        window=args.window,
        hop=args.hop,
        pad=args.pad,
        aggregate=args.aggregate,
        function_to_apply=args.function,
        threshold=args.threshold,
        engine=args.engine,
        workers=args.workers,
        address=args.address,
        resume=args.resume,
        overwrite=args.overwrite,
        progress=not args.quiet,
    )


def _model(args: argparse.Namespace) -> AudioClassifier | AudioEmbedder:
    if args.embed_only:
        from audio_logging.inference.embedder import AudioEmbedder

        return AudioEmbedder.create_from_file(args.model, output=args.embedding, sample_rate=args.sample_rate)
    from audio_logging.inference.classifier import AudioClassifier

    return AudioClassifier.from_pretrained(
        args.model,
        quantized=args.quantized,
        labels=None if args.labels is None else _labels(args.labels),
        sample_rate=args.sample_rate,
        embedding=args.embedding,
    )


def _labels(path: str) -> list[str]:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise AudioValueError(f"cannot read the labels in {path!r}: {error}") from error
    return [line for line in lines if line.strip()]


def _print_report(report: BulkReport, args: argparse.Namespace) -> None:
    for item in report.bad[:SHOWN]:
        print(f"could not be used: {item.path}: {item.error}", file=sys.stderr)
    if len(report.bad) > SHOWN:
        print(f"... and {len(report.bad) - SHOWN} more; all are in {args.out}.report.json", file=sys.stderr)
    print(report)


def _top_k(text: str) -> int | None:
    if text == "all":
        return None
    try:
        count = int(text)
    except ValueError:
        count = -1
    if count < 0:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a number from 0, or all")
    return count


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="a Hugging Face ONNX folder, an .onnx or a .tflite file")
    parser.add_argument("--quantized", action="store_true", help="take model_quantized.onnx where a folder has both")
    parser.add_argument("--labels", metavar="FILE", help="names of the classes, one a line; default: the model's own")
    parser.add_argument("--sample-rate", type=int, metavar="HZ", help="what the model wants, if nothing else says so")
    parser.add_argument("--embed-only", action="store_true", help="the model is an embedder: vectors, no labels")
    parser.add_argument("--embedding", metavar="NAME", help="output that is the embedding (TFLite: any tensor)")


def _add_prediction_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--top-k", type=_top_k, default=5, metavar="N", help="classes a row, or all; default: 5")
    parser.add_argument("--window", type=float, metavar="SECONDS", help="default: what the model takes")
    parser.add_argument("--hop", type=float, metavar="SECONDS", help="default: the window")
    parser.add_argument("--pad", choices=PAD_POLICIES, help="what becomes of the end of a clip; default: zero")
    parser.add_argument("--aggregate", choices=AGGREGATES, default="mean", help="none: a row a window")
    parser.add_argument("--function", choices=FUNCTIONS, help="default: as the model says")
    parser.add_argument("--threshold", type=float, metavar="SCORE", help="leave out lower scores")


def _add_output_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="FILE", help=f"ends in {', '.join(FORMATS)}")
    parser.add_argument("--embeddings", metavar="FILE", help="a .npy file for the vectors")
    parser.add_argument("--engine", choices=["threads", "ray"], default="threads")
    parser.add_argument("--workers", type=int, metavar="N", help="default: one a processor")
    parser.add_argument("--address", metavar="ADDRESS", help="of a running Ray cluster")
    parser.add_argument("--resume", action="store_true", help="go on where the same command was stopped")
    parser.add_argument("--overwrite", action="store_true", help="throw earlier results away")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
