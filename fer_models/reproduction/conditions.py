"""Under what conditions our numbers were got, in words: every sentence comes from recipes and results."""

from collections.abc import Mapping, Sequence

from fer_models.data.ferplus import RULES as FERPLUS_RULES
from fer_models.reproduction.result import Result
from fer_models.reproduction.runs import SEEDS, Form, runs
from fer_models.reproduction.table import Study, Table
from fer_models.training.recipe import Recipe
from fer_models.training.start.published import start_text

INTERVALS = (
    "Intervals are 95 %: of the faces (Wilson's for shares, the bootstrap for F1 and averages) and, with several "
    "seeds, of their mean."
)
_FORM_TEXT = {
    "short": "Short form, not the paper's recipe but one for two CPU cores",
    "full": "Full form, the paper's recipe on official parts without leaked rows",
}
_OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}


def conditions(
    table: Table,
    form: Form,
    split: str,
    by_study: Mapping[Study, Sequence[Result]],
    missing: Mapping[Study, str],
) -> tuple[str, ...]:
    """One sentence or more for each data set of a table, then what the intervals are; nothing for a table of costs."""
    lines = []
    for dataset in dict.fromkeys(study.dataset for study in table.studies):
        studies = [study for study in table.studies if study.dataset == dataset]
        results = [result for study in studies for result in by_study[study]]
        if not results:
            lines.append(f"Ours, {dataset}: {missing[studies[0]]}. {_recipe_text(studies, form)}")
            continue
        lines.append(f"Ours, {dataset}: {_recipe_text(studies, form)} {_result_text(results, split)}")
        partial = [study for study in studies if len(by_study[study]) < len(SEEDS[form])]
        if partial:
            done = sum(len(by_study[study]) for study in studies)
            lines.append(f"{dataset}: {done} of {len(studies) * len(SEEDS[form])} runs are there; the rest is missing.")
    return (*lines, INTERVALS) if lines else ()


def _recipe_text(studies: Sequence[Study], form: Form) -> str:
    recipes = [runs(study, form)[0].recipe for study in studies]
    first, seeds = recipes[0], SEEDS[form]
    stages = ", then ".join(f"{stage.epochs} epochs at {stage.side} px" for stage in first.stages)
    rates: dict[float, list[str]] = {}
    for recipe in recipes:
        rates.setdefault(recipe.learning_rate, []).append(recipe.network)
    rate = " and ".join(
        f"{value:g}" + (f" ({', '.join(dict.fromkeys(networks))})" if len(rates) > 1 else "")
        for value, networks in rates.items()
    )
    return (
        f"{_FORM_TEXT[form]}: {stages}, batches of {first.batch_size}, {_OPTIMIZERS[first.optimizer]} at {rate}, "
        f"{_start(recipes)}, {_labels(first)}; {len(seeds)} seed{'s' if len(seeds) > 1 else ''}."
    )


def _start(recipes: Sequence[Recipe]) -> str:
    return " or ".join(sorted({start_text(recipe.start) for recipe in recipes}))


def _labels(recipe: Recipe) -> str:
    votes = recipe.soft_targets and recipe.label_rule in FERPLUS_RULES
    learnt = "the shares of votes" if votes else "one label a face"
    weighted = ", rare labels weighing more" if recipe.loss.class_weights == "balanced" else ""
    return f"learning {learnt}{weighted}"


def _result_text(results: Sequence[Result], split: str) -> str:
    first = results[0]
    name = first.split_name(split)
    score = first.on(split)
    assert name is not None and score is not None  # results are those scored on `split`
    rows = sorted({result.training_rows for result in results})
    leaks = first.leaked_rows_left_out
    left_out = "" if leaks is None else f", {leaks:,} that repeat a picture of another part left out"
    return (
        f"{' or '.join(f'{count:,}' for count in rows)} training rows{left_out}; the epoch was chosen on "
        f"{first.chosen_on} ({first.chosen_count:,} faces); scored on {name}, {score.count:,} faces labelled by the "
        f"rule {first.recipe.label_rule}."
    )
