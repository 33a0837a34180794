"""A run as one PyTorch script: the data, the network, its initial weights, and the training with the same seeds.

The script draws what the program draws, from the same random streams: how data, initial weights, order of samples and
schedule come about is the catalogue's own source (`source_of`), and network, loss, penalties and constraints are
written down by the recorder. Data that no formula makes (images, tables, points drawn by hand) lies beside the script
as one `.npz`, split and made ready: so a table of the user's own, a folder of images and a published set are read in
the same three lines, and the script finds the very samples of the run wherever it is taken.
"""

from __future__ import annotations

import io
from pathlib import PurePath

import numpy as np

from engine.catalog.constraints import NoConstraint
from engine.catalog.schedules import Schedule
from engine.catalog.stopping import Look
from engine.document.errors import PlaygroundError
from engine.export.folding import NotExtractable
from engine.export.pytorch_data import ScriptData
from engine.export.pytorch_network import identifier, joined, network_classes, state_names
from engine.export.pytorch_steps import searching_parts, training_parts
from engine.export.source_of import Extraction
from engine.plan.copying import initial_weights
from engine.plan.data import epoch_order, random_stream, split
from engine.plan.plan import Plan
from engine.training.judging import JUDGED
from engine.training.watch import moves_momentum

_THREADED = 20_000_000
"""Multiply-adds of a batch from which several threads pay, as in training here."""
_TAKEN = (
    *(
        "Network",
        "SEED",
        "DATA_SEED",
        "EPOCHS",
        "TRAIN",
        "data",
        "initial_weights",
        "loss",
        "optimizer_of",
        "train_step",
    ),
    *(
        "evaluate",
        "report",
        "main",
        "targets",
        "inputs",
        "network",
        "optimizer",
        "step",
        "order",
        "rate",
        "file",
        "scaled",
    ),
)
"""Names that the script has already."""


def script_files(plan: Plan, title: str, name: str) -> dict[str, bytes]:
    """The script, and what it reads, by file name; the script, `name`, first.

    Raises PlaygroundError for a plan that cannot be trained, and for what no script can repeat.
    """
    if plan.problems:
        raise PlaygroundError("this network cannot be exported: {problem}", problem=plan.problems[0].sentence)
    return _Script(plan, title, name).files()


class _Script:
    """Writes one script."""

    def __init__(self, plan: Plan, title: str, name: str) -> None:
        self._plan, self._title, self._name = plan, title, name
        self._document = plan.document
        self._training = plan.document.training
        self._parts = split(plan.document.data)
        self._train = len(self._parts.train)
        self._draws = any(plan.nodes[node].layer.draws for node in plan.order)
        self._rate, self._momentum, self._watch, self._adapts, self._rule = "", "", "", "", ""
        self._functions = Extraction(_TAKEN)
        self._samples = ScriptData(plan, self._functions, f"{PurePath(name).stem}_data.npz")

    def files(self) -> dict[str, bytes]:
        """The script and the data beside it."""
        self._functions.function(random_stream)
        data = [*self._functions.newest(), self._samples.source()]
        network = [*network_classes(self._plan), *self._initial()]
        training = [*self._step(), *self._schedule(), self._evaluate(), *self._order(), self._main()]
        sections = (("Data", data), ("Network", network), ("Training", training))
        body = [part for heading, parts in sections for part in (f"# --- {heading} ---", *parts)]
        source = joined([self._head(), *body, 'if __name__ == "__main__":\n    main()'])
        found = {self._name: source.replace(" ---\n\n\n", " ---\n\n").encode()}
        if self._samples.beside:
            stored = io.BytesIO()
            np.savez_compressed(stored, **self._samples.beside)  # type: ignore[arg-type]  # its stub wants a flag here
            found[self._samples.name] = stored.getvalue()
        return found

    # --- head --------------------------------------------------------------------------------------------------------

    def _head(self) -> str:
        beside = f" It reads {self._samples.name} beside it." if self._samples.beside else ""
        words = [
            f'"""{self._title}: data, network and training, exported by Neural Playground.',
            "",
            f"    python {self._name} --out model.pt",
            "",
            f"It needs PyTorch and NumPy, nothing else.{beside} The seeds are those of the run, and so are",
            "the data, the initial weights and the order of the samples.",
            '"""',
        ]
        if self._draws:
            words[-1:] = [
                "What the layers draw at random while training (dropout, noise) is what the program's PyTorch engine",
                "draws on a processor; its compiled kernels draw other numbers.",
                '"""',
            ]
        used = {"argparse", *self._functions.imports} - {"numpy"} | ({"zlib"} if self._draws else set())
        used |= {"pathlib"} if self._samples.beside else set()
        imports = [f"import {module}" for module in sorted(used)]
        training = self._training
        settings = [
            f"SEED, DATA_SEED = {self._document.seed}, {self._document.data.seed}",
            f"EPOCHS, BATCH_SIZE, LEARNING_RATE = {training.epochs}, {self._batch_size}, "
            f"{training.optimizer.learning_rate!r}",
            f"TRAIN = {self._train}  # samples to learn from, the first of {len(self._parts.values)}",
        ]
        if training.optimizer.closure_based:
            imports.append("from types import SimpleNamespace")
        libraries = ["import numpy as np", "import torch", "from torch import nn"]
        return "\n".join([*words, "", *imports, "", *libraries, "", *settings])

    @property
    def _batch_size(self) -> int:
        return min(self._document.batch_size, self._train)

    # --- network -----------------------------------------------------------------------------------------------------

    def _initial(self) -> list[str]:
        """The function `initial_weights()`, and what it draws with."""
        names, functions, lines = state_names(self._plan), self._functions, []
        stored = list[str]()
        for name, parameter in self._plan.parameters.items():
            stream = f'random_stream(SEED, "weights", "{name}")'
            drawn = parameter.initializer
            try:
                if parameter.rate_factor and not isinstance(parameter.constraint, NoConstraint):
                    call = f"{functions.method(parameter, 'start', 'start_within_limits')}({stream})"
                else:
                    made = functions.method(drawn, "draw", identifier(drawn.name), drawn.description)
                    call = f"{made}({stream}, {parameter.shape}, {parameter.fan_in}, {parameter.fan_out})"
            except NotExtractable:
                stored.append(name)
                call = f'file["initial {names[name]}"]'
            lines.append(f'"{names[name]}": {call},')
        if stored:
            start = initial_weights(self._plan)
            self._samples.beside |= {f"initial {names[name]}": start[name] for name in stored}
            opened = [f'    file = np.load(pathlib.Path(__file__).with_name("{self._samples.name}"))']
        else:
            opened = []
        words = '    """The weights that training starts from: each array is drawn from a stream of its own."""'
        body = ["    drawn = {", *(f"        {line}" for line in lines), "    }"]
        last = "    return {name: torch.from_numpy(values) for name, values in drawn.items()}"
        return [*self._functions.newest(), "\n".join(["def initial_weights():", words, *opened, *body, last])]

    # --- training ----------------------------------------------------------------------------------------------------

    def _step(self) -> list[str]:
        """The functions that take a step."""
        optimizer = self._training.optimizer
        if not optimizer.closure_based:
            return training_parts(self._plan)
        try:
            name = self._functions.method(optimizer, "search", "search", optimizer.description)
        except NotExtractable as error:
            raise PlaygroundError(
                "{optimizer} cannot be exported; choose another optimizer", optimizer=optimizer.label
            ) from error
        return [*self._functions.newest(), *searching_parts(self._plan, name)]

    def _schedule(self) -> list[str]:
        """The functions of schedule and stopping rule, as far as there are any."""
        schedule, training, functions = self._training.schedule, self._training, self._functions
        words = "What the learning rate is multiplied by at an epoch, a running one in parts."
        try:
            at = np.linspace(0, training.epochs, 1001)
            if not (schedule.factor(at, training.epochs) == 1).all():
                plain = not schedule.warmup_epochs and type(schedule).factor is Schedule.factor
                self._rate = functions.method(schedule, "course" if plain else "factor", "rate_factor", words)
            if moves_momentum(training):
                self._momentum = functions.method(schedule, "momentum", "momentum_at")
            if schedule.adaptive:
                self._watch = functions.method(schedule, "look", "watch_loss")
                self._adapts = functions.method(schedule, "adapted", "adapted_factor")
            rule = training.stopping
            if rule.next_look(0) <= training.epochs:
                functions.record(Look)
                self._rule = functions.method(rule, "look", "reason_to_stop")
                if not all(rule.next_look(epoch) == epoch + 1 for epoch in range(min(training.epochs, 1000))):
                    functions.method(rule, "next_look", "next_look")
        except NotExtractable as error:
            raise PlaygroundError(
                "the schedule or the stopping rule cannot be exported ({reason}); choose another", reason=error.sentence
            ) from error
        found = self._functions.newest()
        if self._rule and any(".seconds" in source for source in found):
            raise PlaygroundError(
                "a run that ends after some time ends elsewhere on another machine; choose another stopping rule"
            )
        return found

    def _order(self) -> list[str]:
        self._functions.function(epoch_order)
        return self._functions.newest()

    def _given(self, batch: str, *, augmented: bool = False) -> str:
        """What the network is called with for some of the samples."""
        if self._parts.scaling is None:
            return f"[x[{batch}] for x in inputs]" if self._samples.several else f"inputs[{batch}]"
        if self._samples.several:
            return f"[scaled(x[{batch}]) for x in inputs]"
        if not augmented or not self._document.data.dataset.augments:
            return f"scaled(inputs[{batch}])"
        return f'scaled(torch.from_numpy(augmented(inputs[{batch}].numpy(), random_stream(SEED, "augment", step))))'

    def _wanted(self, batch: str) -> str:
        return f"[t[{batch}] for t in targets]" if len(self._plan.outputs) > 1 else f"targets[{batch}]"

    def _evaluate(self) -> str:
        """The function `evaluate`."""
        star, chunk = "*" if self._samples.several else "", 1000
        lines = ["network.eval()", "total, count = 0.0, last - first", "with torch.no_grad():"]
        lines.append(f"    for start in range(first, last, {chunk}):")
        lines.append(f"        some = slice(start, min(start + {chunk}, last))")
        given, wanted = self._given("some"), self._wanted("some")
        lines.append(f"        found = loss(network({star}{given}), {wanted})")
        lines.append("        total += found.item() * (some.stop - start)")
        words = '"""The mean loss of the samples from `first` to `last` as at test time, without penalties."""'
        head = "def evaluate(network, inputs, targets, first, last):"
        evaluate = "\n    ".join([head, words, *lines, "return total / count"])
        return f"{evaluate}\n\n\n{self._report()}"

    def _report(self) -> str:
        """The function `report`."""
        judged = min(self._train, JUDGED) if self._parts.scaling is not None else self._train
        lines = [f"train = evaluate(network, inputs, targets, 0, {'TRAIN' if judged == self._train else judged})"]
        if len(self._parts.values) > self._train:
            words = '"""Print the losses at the end of an epoch; returns that of the test samples."""'
            lines += [
                f"test = evaluate(network, inputs, targets, TRAIN, {len(self._parts.values)})",
                'print(f"epoch {epoch}: loss {train:.8g}, test loss {test:.8g}", flush=True)',
                "return test",
            ]
        else:
            words = '"""Print the loss at the end of an epoch, and return it."""'
            lines += ['print(f"epoch {epoch}: loss {train:.8g}", flush=True)', "return train"]
        return "\n    ".join(["def report(epoch, network, inputs, targets):", words, *lines])

    def _main(self) -> str:
        """The function `main()`."""
        plan, training = self._plan, self._training
        busy = 3 * plan.cost.multiply_adds * self._document.batch_size
        rate = self._rate_now()
        rates = [] if training.optimizer.closure_based else self._rate_lines(rate)
        lines = [
            "arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])",
            f'arguments.add_argument("--out", default="{PurePath(self._name).stem}.pt", help="file of the weights")',
            "out = arguments.parse_args().out",
        ]
        if busy < _THREADED:
            lines.append("torch.set_num_threads(1)  # so small a network is faster so")
        lines += [
            "inputs, targets = data()",
            "network = Network()",
            "network.load_state_dict(initial_weights(), strict=False)",
        ]
        searches = self._training.optimizer.closure_based
        lines.append("state = {}  # what the search remembers" if searches else "optimizer = optimizer_of(network)")
        counts = searches or self._draws or self._document.data.dataset.augments
        lines += ["step = 0"] if counts else []
        lines += ["watched = {}  # what the schedule remembers"] if self._adapts else []
        lines += ["kept = {}  # what the stopping rule remembers"] if self._rule else []
        lines.append("for epoch in range(EPOCHS):")
        inner = [
            "network.train()",
            "order = torch.from_numpy(epoch_order(SEED, epoch, TRAIN).astype(np.int64))",
            "for start in range(0, TRAIN, BATCH_SIZE):",
            "    batch = order[start : start + BATCH_SIZE]",
            *(f"    {line}" for line in rates),
        ]
        if self._draws:
            inner.append('    torch.manual_seed(zlib.crc32(f"{SEED} {step}".encode()))')
        given = f"{self._given('batch', augmented=True)}, {self._wanted('batch')}"
        if searches:
            inner.append(f"    rate = {rate}")
            inner.append(f'    train_step(network, state, {given}, rate, random_stream(SEED, "search", step))')
        else:
            inner.append(f"    train_step(network, optimizer, {given})")
        inner += ["    step += 1"] if counts else []
        each = training.epochs // 20
        report = "report(epoch + 1, network, inputs, targets)"
        if self._rule or self._adapts:
            inner.append(f"seen = {report}")
        elif each < 2:
            inner.append(report)
        else:
            inner += [f"if (epoch + 1) % {each} == 0 or epoch + 1 == EPOCHS:", f"    {report}"]
        inner += self._looks("seen", report)
        lines += [f"    {line}" for line in inner]
        lines.append("torch.save(network.state_dict(), out)")
        return "\n    ".join(["def main():", '"""Train the network from the start and save its weights."""', *lines])

    def _rate_now(self) -> str:
        """The learning rate of a step."""
        rate = "LEARNING_RATE"
        if self._adapts:
            rate += f" * {self._adapts}(watched)"
        if self._rate:
            rate += f" * float({self._rate}(epoch + start / TRAIN, EPOCHS))"
        return rate

    def _rate_lines(self, rate: str) -> list[str]:
        """The lines that set learning rate and momentum before a step."""
        found = []
        if rate != "LEARNING_RATE":
            found.append(f'optimizer.param_groups[0]["lr"] = {rate}')
        if self._momentum:
            momentum = f"float({self._momentum}(epoch + start / TRAIN, EPOCHS))"
            if self._training.optimizer.momentum_name == "momentum":
                found.append(f'optimizer.param_groups[0]["momentum"] = {momentum}')
            else:
                second = 'optimizer.param_groups[0]["betas"][1]'
                found.append(f'optimizer.param_groups[0]["betas"] = {momentum}, {second}')
        return found

    def _looks(self, loss: str, report: str) -> list[str]:
        """The lines at the end of an epoch that follow the loss."""
        found = []
        if self._adapts:
            found.append(f"{self._watch}(epoch + 1, {loss}, watched)")
        if not self._rule:
            return found
        rule = self._training.stopping
        look = f"reason = {self._rule}(Look(epoch + 1, {loss}, 0.0), kept)"
        if any(rule.next_look(epoch) != epoch + 1 for epoch in range(min(self._training.epochs, 1000))):
            look = look.replace("reason = ", "reason = next_look(epoch) == epoch + 1 and ")
        found.append(look)
        if rule.keeps_best:
            found += [
                'if kept.get("best_epoch") == epoch + 1:',
                "    best = {name: values.clone() for name, values in network.state_dict().items()}",
            ]
        found += ["if reason:", "    print(reason.template.format(**reason.values))"]
        if rule.keeps_best:
            found += ["    network.load_state_dict(best)", f"    {report}"]
        return [*found, "    break"]
