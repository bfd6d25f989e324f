"""Trains a network under one kind of supervision, to ask later what emerges in it.

  partsjax supervision --supervision=object
      ImageNet's convolutions, finetuned on windows of shapeparts, drawn on the fly: works at once.
  partsjax supervision --supervision=cam --dataset=coco_parts --data_dir=DIR --classes=horse,dog
      From image-level labels alone, on photographs in COCO JSON.
  partsjax supervision --supervision=image --weights=random
      From scratch.

What it can learn from (--supervision):
  object  windows around objects and background, as R-CNN
  image   whole images, several labels each
  mil     the same labels, by the strongest position of a map per class (multiple instance learning)
  cam     the same labels, by the mean over positions (class activation maps)
  wsddn   the same labels, by windows weighed against each other (weakly supervised detection)

It writes checkpoint/ (for --weights=W/checkpoint of every other experiment), metrics.csv, tensorboard/ and
manifest.json into --workdir. If the run is stopped, the same command resumes it from the newest
checkpoint, and ends with the same parameters.

Several machines train together where each starts the same command with --coordinator, --num_processes and
--process_id, or all are tasks of one srun, or workers of one TPU slice, which is found by itself. A batch is
divided over all their devices; process 0 alone writes, and its --workdir need not be seen by the others.
"""

import dataclasses

from absl import flags

from partsjax.cli import flags as shared
from partsjax.cli import half_flag, host_flags, training_flags
from partsjax.cli.terminal import Terminal
from partsjax.errors import InputError
from partsjax.progress import silent
from partsjax.runs.context import Notes

flags.adopt_module_key_flags(training_flags)
flags.adopt_module_key_flags(half_flag)
flags.adopt_module_key_flags(host_flags)

before_devices = host_flags.join


def main() -> None:
    from partsjax.cli.asking import ask
    from partsjax.networks.hosts import is_first
    from partsjax.reporting.training_table import training_table
    from partsjax.runs import supervision

    if flags.FLAGS.layers:
        raise InputError("--layers: training has no layers to measure; --train_from says which are trained")
    options = dataclasses.replace(training_flags.training_options(), half=half_flag.half_asked())
    training_flags.refuse_idle_training_flags({options.supervision})
    shared.refuse_idle(["memory_budget", "keep"], "in training, which keeps checkpoints, and holds batches")

    def question(folder):
        return supervision.supervision_question(options, folder)

    def tables(trained, width):
        yield training_table(trained.headline, trained.validation(), trained.baselines)
        yield f"network: --net={options.net} --weights={shared.workdir('supervision', options)}/checkpoint"

    with host_flags.ending_together():
        if is_first():
            ask("supervision", options, question, tables)
        else:  # it gives its share of every batch, and leaves saying and writing to the first
            context = dataclasses.replace(
                shared.surroundings(Terminal()), progress=silent, notes=Notes(), say=lambda text: None
            )
            question(None).prepare(context)(context)
