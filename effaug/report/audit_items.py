"""The items of the audit: ACM's badges, ReScience C's criteria, and the ten rules of Sandve et al., in our words."""

from __future__ import annotations

from dataclasses import dataclass

ACM, RESCIENCE, RULES = "acm", "rescience", "rules"
_NO_ARCHIVE = "Nothing is deposited in an archive that gives a permanent identifier, such as a DOI."


@dataclass(frozen=True)
class Item:
    """One item of a list.

    Attributes
    ----------
    source : {"acm", "rescience", "rules"}
    name : str
    says : str
        What it asks for, in our words.
    evidence : tuple of str
        Tests, as pytest names them, and commands.
    lacking : str
        What is not there; needed where there is no evidence.
    claims_under : str
        The protocol under which the paper's claims decide the item.
    """

    source: str
    name: str
    says: str
    evidence: tuple[str, ...] = ()
    lacking: str = ""
    claims_under: str = ""


def _tests(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_{file}.py::test_{name}" for name in names)


ITEMS = (
    Item(ACM, "Artifacts Available", "They lie in a public archive for good.", lacking=_NO_ARCHIVE),
    Item(
        ACM,
        "Artifacts Evaluated",
        "Reviewers who are not the authors have checked them.",
        lacking="Nobody outside the project has reviewed it. The next items are the reviewers' questions, asked by us.",
    ),
    Item(
        ACM,
        "Functional: documented",
        "It is said what there is and how to use it.",
        (
            *_tests("book", "readme_command_runs", "readme_python_runs_as_it_stands"),
            *_tests("book", "the_books_own_data_example_runs_as_it_stands"),
            *_tests("house", "public_functions_say_what_they_do"),
        ),
    ),
    Item(
        ACM,
        "Functional: consistent",
        "They are those of the paper, and lead to its results.",
        (
            *_tests("catalogue", "all_tables_and_figures_are_there_once_on_pages_that_exist"),
            *_tests("paper", "published_aucs_are_the_papers_numbers"),
        ),
    ),
    Item(
        ACM,
        "Functional: complete",
        "As far as possible, everything that the paper needs is included.",
        (
            *_tests("stored", "every_curve_is_stored", "the_appendices_policies_are_stored"),
            *_tests("datasets", "download_of_wrong_content_is_not_kept_as_archive"),
        ),
        lacking="Small NORB's images come from a JPEG export, 80 of CIFAR-10's were unavailable to its networks, and "
        "the networks were trained for fewer epochs than the paper's.",
    ),
    Item(
        ACM,
        "Functional: exercisable",
        "What is included runs, and gives the results.",
        (
            "make book",
            "make test",
            *_tests("stored", "digits_recompute_to_the_stored_curves"),
            *_tests("notebooks", "papermill_recomputes_a_task_with_other_parameters"),
        ),
    ),
    Item(
        ACM,
        "Reusable",
        "Others can build on it: structure, licence and documentation are made for that.",
        (
            *_tests("house", "wings_import_downwards_only", "the_method_runs_where_no_extra_is_installed"),
            *_tests("contributing", "a_score_takes_one_file_of_code_one_of_tests_and_one_line"),
            *_tests("own", "full_augmentation_is_that_of_explicit_copies"),
            *_tests("supply", "every_part_has_a_licence"),
        ),
    ),
    Item(
        ACM,
        "Results Reproduced",
        "Others obtain the paper's results with what its authors released.",
        (*_tests("scorecard", "each_claim_measures_what_it_says"), "effaug report"),
        lacking="The settings are the released code's. The released scripts themselves are not run.",
        claims_under="released-code",
    ),
    Item(
        ACM,
        "Results Replicated",
        "Others obtain the paper's results without what its authors released.",
        (*_tests("scorecard", "each_claim_measures_what_it_says"), "effaug report"),
        claims_under="paper",
    ),
    Item(
        RESCIENCE,
        "An implementation of one's own",
        "The code is written anew, and it is shown to do what the original describes.",
        (
            *_tests("experiment", "curve_is_that_of_loops_over_explicit_copies"),
            *_tests("diversity", "draws_are_distributed_as_dppys"),
            *_tests("policies", "ordered_selections_have_their_exact_probabilities"),
        ),
    ),
    Item(
        RESCIENCE,
        "Open source",
        "The code has a licence that lets anyone use it, and says how to cite it.",
        (
            *_tests("supply", "archives_hold_every_room_the_papers_tables_and_the_licence"),
            *_tests("project", "citation_names_the_version_and_the_paper"),
        ),
    ),
    Item(
        RESCIENCE,
        "Others can run it",
        "A reviewer gets the numbers on a machine of their own.",
        (
            *_tests("project", "the_lock_pins_every_dependency_with_hashes_and_this_environment_is_it"),
            *_tests("project", "the_workflow_makes_what_there_is_under_every_python_that_is_supported"),
            *_tests("book", "make_reproduce_finds_stored_results_again"),
        ),
    ),
    Item(
        RESCIENCE,
        "Differences are told",
        "Where the original is silent or contradicts itself, it is said what was assumed and what it changes.",
        (
            *_tests("stored", "what_swapped_choices_change_is_what_the_page_says"),
            *_tests("caveats", "every_view_that_shows_such_results_says_so"),
        ),
    ),
    Item(
        RESCIENCE,
        "Results are compared",
        "The new numbers stand beside the published ones, and it is said which results replicate and which do not.",
        (
            *_tests("cli", "compare_lists_all_198_pairs_and_counts_what_is_stored"),
            *_tests("judging", "verdicts_mean_what_their_names_say_in_every_combination"),
        ),
    ),
    Item(RESCIENCE, "Archived", "Code and data have permanent identifiers.", lacking=_NO_ARCHIVE),
    Item(
        RESCIENCE,
        "An article, reviewed in public",
        "A short article describes the replication, and its review is open.",
        lacking="There is this book, and no article; nothing was submitted.",
    ),
    Item(
        RULES,
        "1. How each result was made",
        "For every result it is known how it was produced.",
        (
            *_tests("runner", "the_record_tells_what_was_used"),
            *_tests("labels", "experiments_come_back_from_their_records_whatever_their_labels"),
            *_tests("tables", "provenance_names_code_and_seeds"),
        ),
    ),
    Item(
        RULES,
        "2. No steps by hand",
        "No data are edited by hand between the images and the pages.",
        (
            *_tests("validation", "every_edit_of_a_single_digit_is_caught"),
            *_tests("notebooks", "nbval_fails_when_a_stored_number_is_altered"),
        ),
        lacking="The published numbers were copied from the paper; a test compares them with checksums of the copy.",
    ),
    Item(
        RULES,
        "3. Exact versions of programs",
        "The versions of everything that was used are kept.",
        (
            *_tests("project", "the_lock_pins_every_dependency_with_hashes_and_this_environment_is_it"),
            *_tests("supply", "the_bill_of_materials_lists_what_the_lock_pins"),
        ),
    ),
    Item(
        RULES,
        "4. Version control",
        "The project's own code has a history, and results name their place in it.",
        _tests("results", "the_record_names_every_commit_that_added_curves"),
    ),
    Item(
        RULES,
        "5. Intermediate results",
        "What lies between input and output is stored in plain formats.",
        (
            *_tests("runner", "each_points_value_of_a_score_is_stored_with_the_curves_by_it_and_none_is_lost"),
            *_tests("experiment", "compute_full_keeps_what_the_figures_show"),
        ),
        lacking="Features of CIFAR-10 and small NORB are computed again from the stored networks, not stored.",
    ),
    Item(
        RULES,
        "6. Random seeds",
        "Where chance has a part, the seeds are noted.",
        (
            *_tests("stored", "seeds_are_all_from_0_to_the_last"),
            *_tests("policies", "policies_of_a_seed_share_their_random_numbers"),
            *_tests("own", "workers_do_not_change_the_numbers"),
        ),
    ),
    Item(
        RULES,
        "7. Data behind the figures",
        "The numbers that a figure draws are stored.",
        (
            *_tests("plots", "figure_3_draws_the_stored_means_and_intervals_in_percent"),
            *_tests("catalogue", "every_table_is_csv_and_latex_and_every_figure_svg_and_pdf"),
        ),
    ),
    Item(
        RULES,
        "8. Layers of detail",
        "From a summary a reader gets to more and more detail.",
        (
            *_tests("scorecard", "the_strip_has_a_mark_for_each_claim_under_each_protocol_that_leads_to_it"),
            *_tests("scorecard", "each_claim_tells_its_comparisons_and_how_many_seeds_would_decide_them"),
            *_tests("exhibits", "an_origin_links_the_file_and_says_what_computes_it"),
        ),
    ),
    Item(
        RULES,
        "9. Statements tied to results",
        "Each statement in the text is connected with the result behind it.",
        (
            *_tests("scorecard", "the_words_count_every_claim"),
            *_tests("tables", "the_main_claim_agrees_with_the_curves"),
            *_tests("stored", "what_swapped_choices_change_is_what_the_page_says"),
        ),
        lacking="Some sentences between the tables hold numbers that were written by hand and have no test.",
    ),
    Item(
        RULES,
        "10. Public access",
        "Scripts, runs and results can be had by anyone.",
        (
            *_tests("stored", "files_are_sorted_and_described"),
            *_tests("supply", "archives_hold_every_room_the_papers_tables_and_the_licence"),
        ),
        lacking="Code, results and networks are one checkout under the MIT licence. No test can tell whether its "
        "address is public, and there is no archive.",
    ),
)
