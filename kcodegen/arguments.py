"""The arguments of the command line: what they are called, what they may be."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from kcodegen import __version__, words
from kcodegen.diagnostics import Diagnostic, UsageError
from kcodegen.options import LINE_LENGTH, Options

STDIN = "-"
STDOUT = ("-", "/dev/stdout")
NARROWEST, WIDEST = 40, 320
LARGEST_AXIS = 2**31 - 1
SHOW_HELP = "kcodegen --help shows every option"

DESCRIPTION = """\
Turn a serialized Keras model into the Python file that a careful engineer would have written,
and prove that it is the same model before a byte is written."""

EPILOG = """\
examples:
  kcodegen arch.json                               print the page
  kcodegen arch.json -o model_def.py               write it
  unzip -p model.keras config.json | kcodegen -    read the architecture of a saved model
  kcodegen arch.json -o model_def.py --check       is the page still true? for CI
  kcodegen model.keras -o model_def.py             and model_def_weights/, which the page loads
  kcodegen arch.json --weights w.h5 -o model_def.py
                                                   the weights from another file
  kcodegen flat.json --input-shape 28,28,1         a file that does not know its input
  kcodegen arch.json --custom Scale=shop.layers:Scale
                                                   import your own classes

exit codes:
  0 written   1 --check found a difference   2 usage   3 input rejected   4 file system
  70 a bug in kcodegen"""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises what every other part raises."""

    def error(self, message: str) -> NoReturn:
        """Raise the one-line error for arguments that make no sense."""
        raise _usage(message, SHOW_HELP)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Leave after --help or --version; a failure to print them is noticed here."""
        if sys.stdout is not None:
            sys.stdout.flush()
        super().exit(status, message)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments; raises UsageError, or SystemExit after --help and --version."""
    arguments = _parser().parse_args(argv)
    arguments.command = ("kcodegen", *(sys.argv[1:] if argv is None else argv))
    if "" in (arguments.file, arguments.output, arguments.report, arguments.verify_report):
        raise _usage("the name of a file is empty")
    if "-" in (arguments.report, arguments.verify_report):
        raise _usage("a report goes to a file, not to standard output", "name a file")
    if arguments.output in STDOUT:
        arguments.output = None
    if (arguments.check or arguments.diff) and arguments.output is None:
        option = "--check" if arguments.check else "--diff"
        raise _usage(f"{option} has nothing to compare with", "add -o FILE")
    if arguments.weights is not None:
        from kcodegen.weights.files.checkpoint_files import located  # few runs name weights

        arguments.weights = located(arguments.weights)
    _check_weights(arguments)
    _check_verify(arguments)
    _check_custom(arguments.custom)
    arguments.custom = [*arguments.custom, *_of_project(arguments.custom)]
    return arguments


def options(arguments: argparse.Namespace) -> Options:
    """Return what the compiler needs to know of the arguments."""
    return Options(
        target=arguments.target,
        input_shape=arguments.input_shape,
        weights=arguments.weights,
        weights_out=arguments.weights_out,
        custom=tuple(dict.fromkeys(arguments.custom)),
        stubs=arguments.stubs,
        names=arguments.names,
        flat=arguments.flat,
        explain=arguments.explain,
        fast_load=arguments.fast_load,
        line_length=arguments.line_length or LINE_LENGTH,
        template_dir=arguments.template_dir,
        source="" if arguments.file == STDIN else Path(arguments.file).name,
        output="" if arguments.output is None else Path(arguments.output).name,
        command=arguments.command,
    )


def _parser() -> Parser:
    """Return the parser; its help has the same width on every terminal."""
    look = partial(argparse.RawDescriptionHelpFormatter, max_help_position=27, width=88)
    parser = Parser(
        "kcodegen",
        usage="kcodegen FILE [-o FILE] [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=look,
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        help="the serialized model, a JSON file; - reads standard input",
    )
    _add_page(parser.add_argument_group("the page"))
    _add_model(parser.add_argument_group("the model"))
    _add_weights(parser.add_argument_group("the weights"))
    _add_proof(parser.add_argument_group("the proof"))
    _add_rest(parser.add_argument_group("the rest"))
    return parser


def _add_page(group: argparse._ArgumentGroup) -> None:
    """Add where the page goes and how it looks."""
    group.add_argument(
        "-o", "--output", metavar="FILE", help="write the page to FILE (default: print it)"
    )
    group.add_argument(
        "--check",
        action="store_true",
        help="write nothing; when FILE is missing or out of date, print a diff and exit with 1",
    )
    group.add_argument(
        "--diff",
        action="store_true",
        help="write nothing; print what would change in FILE, and exit with 0 (1 with --check)",
    )
    group.add_argument(
        "--names",
        choices=("auto", "keep", "drop"),
        default="auto",
        help="layer names: leave out those that Keras gives again by itself (auto, the default), "
        "keep all, or drop every automatic-looking one",
    )
    group.add_argument(
        "--flat",
        action="store_true",
        help="write every layer on a line of its own: no helper functions, no loops",
    )
    group.add_argument(
        "--explain",
        action="store_true",
        help="say on standard error what each helper function stands for",
    )
    group.add_argument(
        "--fast-load",
        action="store_true",
        help="give the page a faster load_model, which draws no random numbers for weights that "
        "are about to be loaded",
    )
    group.add_argument(
        "--line-length", metavar="N", type=line_length, help=f"columns (default: {LINE_LENGTH})"
    )
    group.add_argument(
        "--format", action="store_true", help="run the installed Black, with your settings"
    )
    group.add_argument(
        "--template-dir", metavar="DIR", type=Path, help="your own templates, for any of the pages"
    )


def _add_model(group: argparse._ArgumentGroup) -> None:
    """Add what the input does not say."""
    group.add_argument(
        "--target",
        choices=("keras3", "keras2"),
        default="keras3",
        help="the Keras that runs the page: keras3 (the default), or keras2 (TensorFlow 2.15, "
        "or the package tf_keras)",
    )
    group.add_argument(
        "--input-shape",
        metavar="SHAPE",
        type=input_shape,
        help="the shape of one sample, when the file does not know it: 784, or 28,28,1, "
        "or None,None,3",
    )
    group.add_argument(
        "--custom",
        metavar="NAME=PACKAGE.MODULE:ATTR",
        type=custom,
        action="append",
        default=[],
        help="import your class for the name in the file; may be repeated, or stand in the "
        "[tool.kcodegen.custom] of your pyproject.toml",
    )
    group.add_argument(
        "--stubs",
        action="store_true",
        help="write a skeleton for every other class and function of yours, to be filled in",
    )


def _add_weights(group: argparse._ArgumentGroup) -> None:
    """Add where the weights come from, and where they go."""
    group.add_argument(
        "--weights",
        metavar="PATH",
        type=Path,
        help="a folder of weight_0.npy, weight_1.npy, ..., or a file of weights: .h5, .keras, "
        ".npz, model.json of TensorFlow.js, a checkpoint of TensorFlow; what FILE itself holds "
        "needs no --weights",
    )
    group.add_argument(
        "--weights-out",
        metavar="DIR",
        type=Path,
        help="convert the weights into DIR, which the page loads (default, if they are in a file: "
        "model_def_weights beside -o model_def.py)",
    )
    group.add_argument(
        "--no-weights", action="store_true", help="leave the weights that FILE holds where they are"
    )
    group.add_argument(
        "--weights-backend",
        choices=("tensorflow", "theano"),
        help="what computed when the weights were saved, if their file doesn't tell (Keras 1): "
        "Theano turned the kernels of convolutions",
    )
    group.add_argument(
        "--checksums",
        action="store_true",
        help="put the SHA-256 sum of each converted weight into the manifest",
    )
    group.add_argument(
        "--verify-weights",
        metavar="DIR",
        type=Path,
        action=_VerifyWeights,
        help="hold a folder of converted weights against its manifest, and exit",
    )


class _VerifyWeights(argparse.Action):
    """The action of --verify-weights, which needs no FILE."""

    def __call__(
        self, parser: argparse.ArgumentParser, _space: object, value: Any, *_: Any
    ) -> None:
        """Check the folder and leave; CompileError tells what is wrong with it."""
        from kcodegen.weights import manifest  # only here

        files, summed = manifest.verify(value)
        sums = f"{summed} by their sums" if summed else "but it has no sums: see --checksums"
        sys.stdout.write(f"{files} weights are as the manifest says, {sums}\n")
        parser.exit()


def _add_proof(group: argparse._ArgumentGroup) -> None:
    """Add what needs Keras."""
    group.add_argument(
        "--verify",
        action="store_true",
        help="build the page with the installed Keras before it is written, and compare it with "
        "the file and with what Keras' own loader makes of that: configuration, weights, outputs",
    )
    group.add_argument(
        "--verify-report", metavar="FILE", help="write what --verify found to FILE, as JSON"
    )


def _add_rest(group: argparse._ArgumentGroup) -> None:
    """Add what has nothing to do with models."""
    group.add_argument("-h", "--help", action="help", help="show this help")
    group.add_argument(
        "--version", action="version", version=f"kcodegen {__version__}", help="show the version"
    )
    group.add_argument(
        "--report",
        metavar="FILE",
        help="write all that is said about the model to FILE, as JSON",
    )
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")


# Values; argparse puts the name of the option before what they raise


def input_shape(text: str) -> tuple[int | None, ...]:
    """Return the shape of one sample: `28,28,1 -> (28, 28, 1)`, `None,3 -> (None, 3)`."""
    axes = [axis.strip() for axis in text.removesuffix(",").split(",")]
    return tuple(_axis(axis, text) for axis in axes)


def _axis(axis: str, text: str) -> int | None:
    """Return one axis of a shape."""
    if axis in ("None", "?"):
        return None
    if re.fullmatch("[1-9][0-9]{0,9}", axis) is None or int(axis) > LARGEST_AXIS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a shape: write positive integers with commas, and None for an axis "
            "of any size, as in 784 or 28,28,1 or None,None,3 (the batch axis is not part of it)"
        )
    return int(axis)


def line_length(text: str) -> int:
    """Return a line length that a page can have."""
    if re.fullmatch("[0-9]{1,4}", text) is None or not NARROWEST <= int(text) <= WIDEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not from {NARROWEST} to {WIDEST}")
    return int(text)


def custom(text: str) -> tuple[str, str]:
    """Return a name in the file and the place to import it from: `Scale=shop.layers:Scale`."""
    name, _, place = text.partition("=")
    module, _, attribute = place.partition(":")
    if not (name and module and attribute):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form NAME=package.module:attr, as in Scale=shop.layers:Scale"
        )
    for word in (*module.split("."), attribute):
        if not words.is_identifier(word) or (word.startswith("__") and word.endswith("__")):
            raise argparse.ArgumentTypeError(
                f"{word!r} in {text!r} cannot be imported: it is no plain Python name"
            )
    return name, place


def _of_project(given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what the project maps besides; what is typed goes before it."""
    from kcodegen import project  # a folder up from here may have one

    found = []
    for name, place in project.custom_pairs(Path.cwd()):
        if name in dict(given):
            continue
        try:
            found.append(custom(f"{name}={place}"))
        except argparse.ArgumentTypeError as error:
            raise _usage(f"{project.NAME}: {error}") from None
    return found


def _check_weights(arguments: argparse.Namespace) -> None:
    """Reject options for weights that contradict each other, or that lead nowhere."""
    if arguments.no_weights and (arguments.weights or arguments.weights_out):
        raise _usage("--no-weights contradicts --weights and --weights-out", "keep one")
    source, nowhere = arguments.weights, (arguments.output, arguments.weights_out) == (None, None)
    if source is not None and nowhere and source.exists() and not source.is_dir():
        raise _usage("nothing says where the weights go", "add -o FILE, or --weights-out DIR")


def _check_verify(arguments: argparse.Namespace) -> None:
    """Reject what cannot be verified."""
    if arguments.verify_report is not None and not arguments.verify:
        raise _usage("--verify-report has nothing to report", "add --verify")
    if arguments.verify and arguments.file == STDIN:
        raise _usage(
            "--verify reads the file again, and standard input is read once", "name a file"
        )
    if arguments.verify and arguments.stubs:
        raise _usage("--verify cannot run skeletons", "fill them in and name them with --custom")


def _check_custom(pairs: Sequence[tuple[str, str]]) -> None:
    """Reject a name that is given two meanings."""
    known: dict[str, str] = {}
    for name, place in pairs:
        if known.setdefault(name, place) != place:
            raise _usage(
                f"--custom gives {name!r} two meanings: {known[name]} and {place}", "keep one"
            )


def _usage(message: str, hint: str = "") -> UsageError:
    """Return the error for arguments that make no sense."""
    return UsageError(Diagnostic("", message, hint=hint))
